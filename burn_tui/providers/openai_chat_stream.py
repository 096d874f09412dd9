"""Answers of OpenAI's Chat Completions API, streamed and whole, both ways.

Streamed: developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events, as `data:`
lines that end in [DONE]. Whole: one chat.completion object. Only the first choice is read: we never ask for more.
"""

from collections.abc import Iterator

import msgspec

from burn_tui.core.chat import FinishReason
from burn_tui.core.events import (
    FinishSeen,
    Malformed,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import Failure
from burn_tui.core.usage import Usage
from burn_tui.providers.openai_errors import error_in_answer, error_object
from burn_tui.providers.openai_usage import read_usage, write_usage
from burn_tui.providers.reading import compact, count, mapping, mappings, text

_FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_call",
    "tool_call": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "sensitive": "content_filter",
    "error": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
}
"""In lower case. Beside OpenAI's own: those of Mistral, Z.ai, DeepSeek, Cohere and of providers behind a gateway."""

_WRITTEN_REASONS: dict[FinishReason, str] = {
    "length": "length",
    "tool_call": "tool_calls",
    "content_filter": "content_filter",
    "error": "error",
}
"""OpenAI knows no more of them; every other end is a "stop"."""

_UNFINISHED = frozenset({"", "null"})
"""What some servers write instead of null in every chunk."""


class AnswerReader:
    """Turns the JSON of one answer into wire events, whichever way it comes."""

    def __init__(self) -> None:
        self._calls = _Calls()
        self._raw_usage: dict[str, object] = {}
        self._has_model = False
        self._has_spoken = False
        self._is_finished = False

    def read_chunk(self, value: object, event_name: str) -> Iterator[WireEvent]:
        """What one event of a stream adds."""
        if (failure := error_in_answer(value, event_name)) is not None:
            yield failure
            return
        yield from self._model(value)
        choice = _first_choice(value)
        if (failure := error_in_answer(choice)) is not None:
            yield failure
            return
        # Perplexity repeats the whole message so far beside each delta.
        delta = mapping(choice, "delta")
        if "delta" not in choice and not self._has_spoken:
            delta = mapping(choice, "message")
        yield from self._said(delta)
        for call in mappings(delta, "tool_calls"):
            yield from self._calls.read(call, count(call, "index"))
        yield from self._finish(text(choice, "finish_reason"))
        yield from self._usage(value, choice)

    def read_done(self) -> Iterator[WireEvent]:
        """[DONE] ends an answer whose provider gives no finish_reason (Snowflake), if there is an answer."""
        if self._has_spoken or self._calls:
            yield from self._end("")

    def read_whole(self, value: object) -> Iterator[WireEvent]:
        """Everything that a chat.completion object says."""
        if (failure := error_in_answer(value)) is not None:
            yield failure
            return
        yield from self._model(value)
        choice = _first_choice(value)
        if (failure := error_in_answer(choice)) is not None:
            yield failure
            return
        message = mapping(choice, "message")
        yield from self._said(message)
        # Some number all calls of a whole answer 0, so only their order counts.
        for position, call in enumerate(mappings(message, "tool_calls")):
            yield from self._calls.read(call, position)
        if _calls_nothing(message):
            yield self._calls.nameless()
        yield from self._usage(value, choice)
        if choice:
            yield from self._end(text(choice, "finish_reason"))
        else:
            yield Failure("bad_answer", "the body is JSON, but holds no answer")

    def _model(self, value: object) -> Iterator[WireEvent]:
        # Azure's first chunk, about the prompt, has an empty model.
        if not self._has_model and (model := text(value, "model")):
            self._has_model = True
            yield ModelSeen(model)

    def _said(self, part: dict[str, object]) -> Iterator[WireEvent]:
        """The thinking and the text in a delta or a message."""
        for event in (*_reasoning(part), *_content(part)):
            self._has_spoken = True
            yield event
        if refusal := text(part, "refusal"):
            self._has_spoken = True
            yield TextDelta(refusal)
        function = mapping(part, "function_call")
        if text(function, "name") or text(function, "arguments"):
            yield from self._calls.read({"function": function}, 0)

    def _finish(self, raw: str) -> Iterator[WireEvent]:
        if raw not in _UNFINISHED:
            yield from self._end(raw)

    def _end(self, raw: str) -> Iterator[WireEvent]:
        """Why the model stopped; said once, though some repeat it."""
        if not self._is_finished:
            self._is_finished = True
            yield FinishSeen(_FINISH_REASONS.get(raw.lower(), "other"), raw)

    def _usage(self, value: object, choice: object) -> Iterator[WireEvent]:
        """What was counted: beside the choices, inside one (Moonshot) or apart (older Groq)."""
        raw = mapping(value, "usage") or mapping(choice, "usage") or mapping(value, "x_groq", "usage")
        if raw:
            self._raw_usage |= {name: stated for name, stated in raw.items() if stated is not None}
            usage = read_usage(self._raw_usage)
            if usage != Usage():
                yield UsageSeen(usage)


class _Calls:
    """The tool calls of one answer so far. Fragments find their call by index, by id, or as the last one begun."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        """As the provider gave them, "" where it gave none."""
        self._is_named: list[bool] = []
        self._at: dict[int, int] = {}
        """Our index of the provider's."""

    def __bool__(self) -> bool:
        return bool(self._ids)

    def read(self, call: dict[str, object], place: int | None) -> Iterator[ToolCallDelta]:
        """One fragment, or one whole call, that the provider numbers `place`."""
        function = mapping(call, "function")
        if not text(function, "name") and (custom := mapping(call, "custom")):
            function = {"name": text(custom, "name"), "arguments": text(custom, "input")}
        call_id, name, arguments = text(call, "id"), text(function, "name"), _arguments(function.get("arguments"))
        index = self._known(place, call_id, name)
        is_new = index is None
        if index is None:
            index = self._begin(call_id)
        if place is not None:
            self._at[place] = index
        shown_name = "" if self._is_named[index] else name
        self._is_named[index] |= bool(name)
        signature = text(call, "extra_content", "google", "thought_signature") or None
        if is_new or shown_name or arguments or signature:
            shown_id = (call_id or f"call_{index}") if is_new else ""
            yield ToolCallDelta(index, shown_id, shown_name, arguments, signature)

    def nameless(self) -> ToolCallDelta:
        """A call that calls nothing: said as it was read, and passed on to nobody."""
        return ToolCallDelta(self._begin(""))

    def _known(self, place: int | None, call_id: str, name: str) -> int | None:
        """The call that a fragment continues; None if it begins one."""
        if place is None:
            if call_id:
                return self._ids.index(call_id) if call_id in self._ids else None
            return None if name or not self._ids else len(self._ids) - 1
        index = self._at.get(place)
        if index is not None and name and call_id and self._ids[index] not in {"", call_id}:
            return None  # Another call under the same number: Gemini's endpoint numbers all of them 0.
        return index

    def _begin(self, call_id: str) -> int:
        self._ids.append(call_id)
        self._is_named.append(False)
        return len(self._ids) - 1


def _calls_nothing(message: dict[str, object]) -> bool:
    """Snowflake puts a function_call without name or arguments beside every answer."""
    function = message.get("function_call")
    return isinstance(function, dict) and not any(function.values())


def _first_choice(value: object) -> dict[str, object]:
    return next((choice for choice in mappings(value, "choices") if not count(choice, "index")), {})


def _reasoning(part: dict[str, object]) -> Iterator[WireEvent]:
    """Thinking stands in one of many places; where it stands in two, they say the same."""
    details = list(mappings(part, "reasoning_details"))
    words = text(part, "reasoning_content") or text(part, "reasoning")
    words = words or "".join(text(detail, "text") for detail in details)
    signature = "".join(text(detail, "signature") for detail in details) or None
    if words or signature:
        yield ReasoningDelta(words, signature)


def _content(part: dict[str, object]) -> Iterator[WireEvent]:
    """Visible text; Mistral's list of parts holds thinking as well."""
    if said := text(part, "content"):
        yield TextDelta(said)
    for item in mappings(part, "content"):
        thought = text(item, "thinking") or "".join(text(piece, "text") for piece in mappings(item, "thinking"))
        if thought:
            yield ReasoningDelta(thought)
        if said := text(item, "text"):
            yield TextDelta(said)


def _arguments(value: object) -> str:
    """JSON text; some local servers give the object itself."""
    return compact(value) if isinstance(value, dict) else text(value)


class _Completion:
    """What the writers of both forms share."""

    def __init__(self, kind: str, *, response_model: str, response_id: str, created: int) -> None:
        self._kind = kind
        self._id = response_id if response_id.startswith("chatcmpl-") else f"chatcmpl-{response_id}"
        self._created = created
        self._response_model = response_model
        self._usage = Usage()

    def _object(self, choices: list[dict[str, object]]) -> dict[str, object]:
        return {
            "id": self._id,
            "object": self._kind,
            "created": self._created,
            "model": self._response_model,
            "choices": choices,
        }


class ChunkWriter(_Completion):
    """Writes a stream of chat.completion.chunk objects."""

    def __init__(self, *, response_model: str, response_id: str, created: int) -> None:
        super().__init__(
            "chat.completion.chunk", response_model=response_model, response_id=response_id, created=created
        )
        self._has_begun = False
        self._has_called = False
        self._is_over = False

    def encode(self, event: WireEvent) -> bytes:
        """The chunk that says it; the first one is preceded by the one that names the role."""
        match event:
            case TextDelta(said):
                return self._delta({"content": said})
            case ReasoningDelta(said):
                return self._delta({"reasoning_content": said}) if said else b""
            case ToolCallDelta():
                self._has_called = True
                return self._delta({"tool_calls": [_call_fragment(event)]})
            case FinishSeen(reason):
                return self._delta({}, _written_reason(reason, has_called=self._has_called))
            case UsageSeen(usage):
                self._usage = self._usage.updated(usage)
                return b""
            case ModelSeen(model):
                self._response_model = model
                return b""
            case Malformed():
                return b""
            case Failure():
                self._is_over = True
                return _event(error_object(event))

    def finish(self) -> bytes:
        """The counts, in a chunk of their own as OpenAI has it, and [DONE]; nothing after a Failure."""
        if self._is_over:
            return b""
        usage = write_usage(self._usage)
        counts = _event({**self._object([]), "usage": usage}) if usage else b""
        return counts + b"data: [DONE]\n\n"

    def _delta(self, delta: dict[str, object], finish_reason: str | None = None) -> bytes:
        begin = b""
        if not self._has_begun:
            self._has_begun = True
            begin = self._delta({"role": "assistant", "content": ""})
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return begin + _event(self._object([choice]))


class WholeWriter(_Completion):
    """Writes one chat.completion object."""

    def __init__(self, *, response_model: str, response_id: str, created: int) -> None:
        super().__init__("chat.completion", response_model=response_model, response_id=response_id, created=created)
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, list[str]] = {}
        """id, name and arguments by index."""
        self._finish_reason: str | None = None
        self._is_over = False

    def encode(self, event: WireEvent) -> bytes:
        """Nothing until the end, but for an error."""
        match event:
            case TextDelta(said):
                self._text.append(said)
            case ReasoningDelta(said):
                self._reasoning.append(said)
            case ToolCallDelta(index, call_id, name, arguments):
                call = self._calls.setdefault(index, ["", "", ""])
                self._calls[index] = [call[0] + call_id, call[1] + name, call[2] + arguments]
            case FinishSeen(reason):
                self._finish_reason = _written_reason(reason, has_called=bool(self._calls))
            case UsageSeen(usage):
                self._usage = self._usage.updated(usage)
            case ModelSeen(model):
                self._response_model = model
            case Malformed():
                pass
            case Failure():
                self._is_over = True
                return msgspec.json.encode(error_object(event))
        return b""

    def finish(self) -> bytes:
        """The object; nothing after a Failure."""
        if self._is_over:
            return b""
        choice = {"index": 0, "message": self._message(), "logprobs": None, "finish_reason": self._finish_reason}
        whole = self._object([choice])
        if usage := write_usage(self._usage):
            whole["usage"] = usage
        return msgspec.json.encode(whole)

    def _message(self) -> dict[str, object]:
        said = "".join(self._text)
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if self._calls and not said else said,
            "refusal": None,
        }
        if reasoning := "".join(self._reasoning):
            message["reasoning_content"] = reasoning
        if self._calls:
            message["tool_calls"] = [
                {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments or "{}"}}
                for call_id, name, arguments in self._calls.values()
            ]
        return message


def _written_reason(reason: FinishReason, *, has_called: bool) -> str:
    """In OpenAI's words. Some have one word for every good end, but agents run tools only where they are waited for."""
    return _WRITTEN_REASONS.get("tool_call" if has_called and reason == "stop" else reason, "stop")


def _call_fragment(call: ToolCallDelta) -> dict[str, object]:
    if not call.id and not call.name:
        return {"index": call.index, "function": {"arguments": call.arguments}}
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": call.index, "id": call.id, "type": "function", "function": function}


def _event(value: dict[str, object]) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"
