"""Answers of Ollama's chat API, both ways: github.com/ollama/ollama/blob/main/docs/api.md.

One JSON object a line, each with a piece of the message; the last one says done, why, and how many tokens. An answer
that is not streamed is the last object with the whole message in it.
"""

from collections.abc import Iterator, Mapping

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
from burn_tui.core.failure import Failure, classify, redacted
from burn_tui.core.usage import Usage
from burn_tui.providers.reading import compact, count, mapping, mappings, parsed, text

_FINISH_REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length", "": "stop"}
"""Versions before 0.3 gave no reason; calls for tools end with "stop" as well."""

_Fields = dict[str, object]

# --- read -------------------------------------------------------------------------------


class Reader:
    """Reads the objects of one answer: a line each, or the whole in one."""

    def __init__(self) -> None:
        self._has_model = False
        self._calls = 0

    def read(self, value: object, _name: str) -> Iterator[WireEvent]:
        """The meaning of one object."""
        if words := error_words(value):
            yield Failure(classify(count(value, "status_code") or 500, words), redacted(words))
            return
        if (model := text(value, "model")) and not self._has_model:
            self._has_model = True
            yield ModelSeen(model)
        message = mapping(value, "message")
        # The older generate API has its text at the top; servers that imitate one often mix in the other.
        if thought := text(message, "thinking") or text(value, "thinking"):
            yield ReasoningDelta(thought)
        if words := text(message, "content") or text(value, "response"):
            yield TextDelta(words)
        for call in mappings(message, "tool_calls"):
            call_id = text(call, "id") or f"call_{self._calls}"
            yield ToolCallDelta(self._calls, call_id, text(call, "function", "name"), call_arguments(call))
            self._calls += 1
        if mapping(value).get("done") is True:
            yield from _read_end(value)


def _read_end(value: object) -> Iterator[WireEvent]:
    """A prompt that is wholly in the cache has no count: the count is unknown then, not 0."""
    usage = Usage(input_tokens=count(value, "prompt_eval_count"), output_tokens=count(value, "eval_count"))
    if usage != Usage():
        yield UsageSeen(usage)
    reason = text(value, "done_reason")
    yield FinishSeen(_FINISH_REASONS.get(reason, "other"), reason)


def call_arguments(call: object) -> str:
    """Of a call, as text: an object in the API itself, a text in some that imitate it."""
    return text(call, "function", "arguments") or compact(mapping(call, "function", "arguments"))


def error_words(value: object) -> str:
    """What went wrong; "" if `value` is no error."""
    return text(value, "error") or text(value, "error", "message") or text(value, "error", "error")


# --- written ----------------------------------------------------------------------------


class _Calls:
    """Tool calls, which the API gives whole: collected until the end."""

    def __init__(self) -> None:
        self._calls: dict[int, ToolCallDelta] = {}
        self._arguments: dict[int, list[str]] = {}

    def add(self, delta: ToolCallDelta) -> None:
        self._calls.setdefault(delta.index, delta)
        self._arguments.setdefault(delta.index, []).append(delta.arguments)

    def written(self) -> list[_Fields]:
        """As the message takes them. Parsed and written anew, because a line end inside would end the line."""
        return [
            {"id": call.id, "function": {"index": place, "name": call.name, "arguments": self._parsed(call.index)}}
            for place, call in enumerate(self._calls.values())
        ]

    def _parsed(self, index: int) -> _Fields:
        arguments = "".join(self._arguments[index])
        try:
            value = parsed(arguments or "{}")
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {"invalid_arguments": arguments}


class _End:
    """What the last object says."""

    def __init__(self) -> None:
        self._usage = Usage()
        self._finish: FinishSeen | None = None

    def note(self, event: UsageSeen | FinishSeen) -> None:
        if isinstance(event, UsageSeen):
            self._usage = self._usage.updated(event.usage)
        else:
            self._finish = event

    def fields(self) -> _Fields:
        """Like Ollama's own, without what is not known. The API has two reasons to stop."""
        reason = "length" if self._finish is not None and self._finish.finish_reason == "length" else "stop"
        counts = {"prompt_eval_count": self._usage.input_tokens, "eval_count": self._usage.output_tokens}
        stated = {name: tokens for name, tokens in counts.items() if tokens is not None}
        return {"done_reason": reason, "done": True, **stated}


class LineEncoder:
    """One object a line, as it comes."""

    def __init__(self, head: Mapping[str, object]) -> None:
        self._head = head
        self._calls = _Calls()
        self._end = _End()
        self._has_failed = False

    def encode(self, event: WireEvent) -> bytes:
        """The line that `event` adds."""
        match event:
            case TextDelta(words):
                return self._line({"content": words}) if words else b""
            case ReasoningDelta(words):
                return self._line({"content": "", "thinking": words}) if words else b""
            case ToolCallDelta():
                self._calls.add(event)
            case UsageSeen() | FinishSeen():
                self._end.note(event)
            case ModelSeen() | Malformed():
                pass
            case Failure():
                self._has_failed = True
                return error_body(event) + b"\n"
        return b""

    def finish(self) -> bytes:
        """Tool calls, if there are any, and the last line."""
        if self._has_failed:
            return b""
        calls = self._calls.written()
        before = self._line({"content": "", "tool_calls": calls}) if calls else b""
        return before + self._line({"content": ""}, self._end.fields())

    def _line(self, message: _Fields, end: _Fields | None = None) -> bytes:
        said = {"role": "assistant", **message}
        return msgspec.json.encode({**self._head, "message": said, **(end or {"done": False})}) + b"\n"


class WholeEncoder:
    """One object, at the end."""

    def __init__(self, head: Mapping[str, object]) -> None:
        self._head = head
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._calls = _Calls()
        self._end = _End()
        self._has_failed = False

    def encode(self, event: WireEvent) -> bytes:
        """Nothing yet, unless it is a Failure."""
        match event:
            case TextDelta(words):
                self._text.append(words)
            case ReasoningDelta(words):
                self._thoughts.append(words)
            case ToolCallDelta():
                self._calls.add(event)
            case UsageSeen() | FinishSeen():
                self._end.note(event)
            case ModelSeen() | Malformed():
                pass
            case Failure():
                self._has_failed = True
                return error_body(event)
        return b""

    def finish(self) -> bytes:
        """The answer."""
        if self._has_failed:
            return b""
        message: _Fields = {"role": "assistant", "content": "".join(self._text)}
        if thoughts := "".join(self._thoughts):
            message["thinking"] = thoughts
        if calls := self._calls.written():
            message["tool_calls"] = calls
        return msgspec.json.encode({**self._head, "message": message, **self._end.fields()})


def error_body(failure: Failure) -> bytes:
    """The one object that every error is, as a body and as a line."""
    return msgspec.json.encode({"error": failure.message})
