"""Answers of the Gemini API, read: ai.google.dev/api/generate-content#generatecontentresponse.

Every piece of a stream is a whole response that holds only what is new, but for its usage: that is all that was
counted so far, may go down again, and leaves out what has not changed.
"""

import re
from collections.abc import Iterable, Iterator

from burn_tui.core.chat import FinishReason
from burn_tui.core.events import (
    FinishSeen,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import Failure, redacted
from burn_tui.core.usage import Usage
from burn_tui.providers.decoding import LineDecoder, SseDecoder, WholeDecoder
from burn_tui.providers.dialect import Decoder
from burn_tui.providers.gemini_errors import error_in_answer, stray_error
from burn_tui.providers.reading import compact, count, mapping, mappings, text

_FINISHES: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MALFORMED_FUNCTION_CALL": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "MALFORMED_RESPONSE": "error",
}
"""What is not in it is "other"."""

_NUMBERED = (
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "IMAGE_SAFETY",
    "UNEXPECTED_TOOL_CALL",
)
"""The order of the enum, for answers that were asked for with `enum-encoding=int`."""

_STRUCTURE = re.compile(rb'\\.?|["\[\]{}]', re.DOTALL)
"""What tells where an element of an array ends. A backslash alone is the last byte of a piece."""

_Value = dict[str, object]


class Reader:
    """Reads one response, in pieces or whole."""

    def __init__(self) -> None:
        self._model = ""
        self._calls = 0

    def read(self, value: object, name: str = "") -> Iterable[WireEvent]:
        """What one piece means; `name` is that of its event, of which there is none."""
        del name
        if isinstance(value, list):
            return [event for piece in value for event in self.read(piece)]
        if not isinstance(value, dict):
            return ()
        if "error" in value and (failure := error_in_answer(value)) is not None:
            return (failure,)
        return self._read_piece(value)

    def _read_piece(self, value: _Value) -> Iterator[WireEvent]:
        if not self._model and (model := text(value, "modelVersion")):
            self._model = model
            yield ModelSeen(model)
        candidate = next((one for one in mappings(value, "candidates") if not one.get("index")), None)
        if candidate is not None:
            for part in mappings(candidate, "content", "parts"):
                yield from self._read_part(part, text(value, "responseId"))
        if (usage := _usage(mapping(value, "usageMetadata"))) != Usage():
            yield UsageSeen(usage)
        if candidate is not None:
            yield from _finish(candidate)
        else:
            yield from _block(mapping(value, "promptFeedback"))

    def _read_part(self, part: _Value, response_id: str) -> Iterator[WireEvent]:
        words, signature = text(part, "text"), text(part, "thoughtSignature") or None
        if call := mapping(part, "functionCall"):
            yield self._call(call, signature, response_id)
        elif part.get("thought") is True:
            if words or signature is not None:
                yield ReasoningDelta(words, signature)
        elif "text" in part:
            if words:
                yield TextDelta(words)
            if signature is not None:
                # The proof of the text's own thinking: kept beside it, as a thought without words.
                yield ReasoningDelta("", signature)

    def _call(self, call: _Value, signature: str | None, response_id: str) -> WireEvent:
        """A call, which always comes in one piece. Without an id it is given one that no other answer has."""
        index, self._calls = self._calls, self._calls + 1
        own_id = text(call, "id") or "_".join(["call", *filter(None, [response_id]), str(index)])
        return ToolCallDelta(index, own_id, text(call, "name"), compact(mapping(call, "args")), signature)


def whole_decoder() -> Decoder:
    """A reader for an answer that is not streamed."""
    return WholeDecoder(Reader().read)


class StreamDecoder:
    """A stream: server-sent events, or what comes where a proxy lost `alt=sse`, an array that grows."""

    def __init__(self) -> None:
        self._decoder: Decoder | None = None

    def feed(self, data: bytes) -> list[WireEvent]:
        """The events that `data` completes."""
        if self._decoder is None:
            data = data.lstrip()
            if not data:
                return []
            self._decoder = _decoder_for(data)
        return self._decoder.feed(data)

    def finish(self) -> list[WireEvent]:
        """The events that were still waiting, and a Failure unless the model said that it was done."""
        return (self._decoder or whole_decoder()).finish()


def _decoder_for(start: bytes) -> Decoder:
    if start.startswith(b"["):
        return _ArrayDecoder()
    return whole_decoder() if start.startswith(b"{") else SseDecoder(Reader().read, stray_error)


class _ArrayDecoder:
    """A JSON array whose elements are read as soon as each is complete: it is made into one element a line."""

    def __init__(self) -> None:
        self._lines = LineDecoder(Reader().read)
        self._depth = 0
        """Brackets and braces that are open; an element stands at 2."""
        self._is_in_string = False
        self._is_escaping = False
        """Whether the last byte was a backslash, so that the next one means nothing."""

    def feed(self, data: bytes) -> list[WireEvent]:
        """The events of the elements that `data` completes."""
        return self._lines.feed(b"".join(self._cut(data))) if data else []

    def finish(self) -> list[WireEvent]:
        """A Failure unless the model said that it was done."""
        return self._lines.finish()

    def _cut(self, data: bytes) -> Iterator[bytes]:
        begin, token = 0, b""
        for mark in _STRUCTURE.finditer(data, int(self._is_escaping)):
            token = mark[0]
            if token == b'"':
                self._is_in_string = not self._is_in_string
            elif self._is_in_string or token.startswith(b"\\"):
                continue
            elif token in b"[{":
                self._depth += 1
                begin = mark.start() if self._depth == 2 else begin
            else:
                self._depth -= 1
                if self._depth == 1:
                    yield _on_one_line(data[begin : mark.end()]) + b"\n"
        self._is_escaping = token == b"\\"
        if self._depth > 1:
            yield _on_one_line(data[begin:])


def _on_one_line(data: bytes) -> bytes:
    return data.translate(None, b"\r\n")


def _finish(candidate: _Value) -> Iterator[WireEvent]:
    raw = candidate.get("finishReason")
    if isinstance(raw, int) and 0 <= raw < len(_NUMBERED):
        raw = _NUMBERED[raw]
    if raw and raw != "FINISH_REASON_UNSPECIFIED":
        yield FinishSeen(_FINISHES.get(str(raw), "other"), str(raw))


def _block(feedback: _Value) -> Iterator[WireEvent]:
    """A prompt that was blocked: a success without any candidate."""
    if reason := feedback.get("blockReason"):
        words = text(feedback, "blockReasonMessage")
        yield Failure("content_filter", redacted(f"the prompt was blocked: {reason}. {words}").strip())


def _usage(raw: _Value) -> Usage:
    """The counts in our terms. Google counts thoughts apart from the answer and tools' output apart from the prompt."""
    sent = _sum(count(raw, "promptTokenCount"), count(raw, "toolUsePromptTokenCount"))
    cached, thoughts = count(raw, "cachedContentTokenCount"), count(raw, "thoughtsTokenCount")
    return Usage(
        input_tokens=sent,
        output_tokens=_sum(count(raw, "candidatesTokenCount"), thoughts),
        cache_read_input_tokens=cached if cached is None or sent is None else min(cached, sent),
        reasoning_output_tokens=thoughts,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    """None only if both are."""
    return other if one is None else one + (other or 0)
