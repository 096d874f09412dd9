"""From a stream of events to the message that it was: what a conversation keeps of an answer."""

from burn_tui.core.chat import Message, Part, Reasoning, Text, ToolCall
from burn_tui.core.events import ReasoningDelta, TextDelta, ToolCallDelta


class AnswerBuilder:
    """Takes the deltas of one answer, also of one that several attempts wrote in turn."""

    def __init__(self) -> None:
        self._parts: list[_Growing] = []
        self._calls: dict[int, _Growing] = {}

    @property
    def text(self) -> str:
        """The visible text up to now."""
        return "".join(part.joined for part in self._parts if part.kind == "text")

    @property
    def has_calls(self) -> bool:
        """Whether it calls tools."""
        return bool(self._calls)

    def take(self, event: object) -> None:
        """Add a delta; any other event is no part of an answer."""
        match event:
            case TextDelta(text):
                self._last("text").pieces.append(text)
            case ReasoningDelta(text, signature):
                part = self._last("reasoning")
                part.pieces.append(text)
                if signature is not None:
                    # A signature closes its block: what follows is another thought with a proof of its own.
                    part.signature, part.is_closed = signature, True
            case ToolCallDelta():
                self._call(event)
            case _:
                pass

    def cut(self, provider_name: str) -> None:
        """The attempt at `provider_name` broke off and another goes on: its thinking stays its own, its calls go."""
        self._parts = [part for part in self._parts if part.kind != "tool_call"]
        self._calls.clear()
        for part in self._parts:
            part.writer = part.writer or provider_name
            # The next one's thinking is no more of this one's, though its text goes on in mid-sentence.
            part.is_closed |= part.kind == "reasoning"

    def clear(self) -> None:
        """The answer begins anew."""
        self._parts.clear()
        self._calls.clear()

    def message(self, provider_name: str) -> Message:
        """The answer as a turn of the conversation; `provider_name` wrote what nobody before it has written."""
        return Message(
            "assistant", tuple(part.finished(provider_name) for part in self._parts if part.is_worth_keeping)
        )

    def _last(self, kind: str) -> "_Growing":
        if not self._parts or self._parts[-1].kind != kind or self._parts[-1].is_closed:
            self._parts.append(_Growing(kind))
        return self._parts[-1]

    def _call(self, delta: ToolCallDelta) -> None:
        if delta.index not in self._calls:
            self._calls[delta.index] = _Growing("tool_call")
            self._parts.append(self._calls[delta.index])
        call = self._calls[delta.index]
        call.id = call.id or delta.id
        call.name = call.name or delta.name
        call.signature = call.signature or delta.signature
        call.pieces.append(delta.arguments)


class _Growing:
    """A part that is still being written."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.pieces: list[str] = []
        self.signature: str | None = None
        self.writer: str | None = None
        """None = whoever is writing now."""
        self.is_closed = False
        self.id = ""
        self.name = ""

    @property
    def joined(self) -> str:
        return "".join(self.pieces)

    @property
    def is_worth_keeping(self) -> bool:
        return self.kind == "tool_call" or self.signature is not None or bool(self.joined)

    def finished(self, provider_name: str) -> Part:
        match self.kind:
            case "text":
                return Text(self.joined)
            case "reasoning":
                return Reasoning(self.joined, self.signature, self.writer or provider_name)
            case _:
                signer = provider_name if self.signature is not None else None
                return ToolCall(self.id, self.name, self.joined or "{}", self.signature, signer)
