"""Answers of the Gemini API, written: one response after the other in a stream, or all of it in one.

The last piece has the finish and all counts, for usage may be told after the finish. Calls are written whole, so they
wait until the end as well.
"""

import msgspec
from msgspec import Struct

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
from burn_tui.core.failure import Failure
from burn_tui.core.usage import Usage
from burn_tui.providers.gemini_errors import error_object
from burn_tui.providers.reading import json_object

_FINISHES: dict[FinishReason, str] = {
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "error": "MALFORMED_FUNCTION_CALL",
    "other": "OTHER",
}
""""STOP" for the rest: the API has no word for a stop at a tool call."""

_Part = dict[str, object]


class _Call(Struct):
    """A call that is still being written."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    signature: str | None = None

    def extend(self, delta: ToolCallDelta) -> None:
        """More of it."""
        self.id += delta.id
        self.name += delta.name
        self.arguments += delta.arguments
        self.signature = self.signature or delta.signature

    @property
    def part(self) -> _Part:
        """As Google writes it; arguments that are no object become one."""
        args = json_object(self.arguments) or ({"input": self.arguments} if self.arguments else {})
        call: _Part = {"functionCall": {"id": self.id, "name": self.name, "args": args}}
        return call if self.signature is None else {**call, "thoughtSignature": self.signature}


class StreamWriter:
    """Writes a response as server-sent events."""

    def __init__(self, *, response_model: str, response_id: str) -> None:
        self._model = response_model
        self._response_id = response_id
        self._calls: dict[int, _Call] = {}
        self._usage = Usage()
        self._finish: FinishReason = "stop"
        self._is_over = False

    def encode(self, event: WireEvent) -> bytes:
        """The event that `event` adds."""
        if self._is_over:
            return b""
        if isinstance(event, Failure):
            self._is_over = True
            return _sse(error_object(event))
        part = self.part(event)
        return b"" if part is None else _sse(self.response([part]))

    def finish(self) -> bytes:
        """The last event, with the calls, the finish and the counts."""
        return b"" if self._is_over else _sse(self.last([]))

    def part(self, event: WireEvent) -> _Part | None:
        """What `event` adds to the content; None = nothing now."""
        match event:
            case TextDelta(text) if text:
                return {"text": text}
            case ReasoningDelta(text, signature) if text or signature is not None:
                proof = {} if signature is None else {"thoughtSignature": signature}
                return {"text": text, **({"thought": True} if text else {}), **proof}
            case ToolCallDelta():
                self._calls.setdefault(event.index, _Call()).extend(event)
            case UsageSeen(usage):
                self._usage = self._usage.updated(usage)
            case ModelSeen(model):
                self._model = model
            case FinishSeen(reason):
                self._finish = reason
            case _:
                pass
        return None

    def response(self, parts: list[_Part], **more: object) -> _Part:
        """One piece of the response."""
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0, **more}
        return {"candidates": [candidate], "modelVersion": self._model, "responseId": self._response_id}

    def last(self, parts: list[_Part]) -> _Part:
        """The piece that ends the response."""
        calls = [call.part for _, call in sorted(self._calls.items())]
        response = self.response(parts + calls, finishReason=_FINISHES.get(self._finish, "STOP"))
        counts = _counts(self._usage)
        return {**response, "usageMetadata": counts} if counts else response


class WholeWriter:
    """Writes a response as one JSON object."""

    def __init__(self, stream: StreamWriter) -> None:
        self._stream = stream
        self._parts: list[_Part] = []
        self._failure: Failure | None = None

    def encode(self, event: WireEvent) -> bytes:
        """Nothing yet."""
        if isinstance(event, Failure):
            self._failure = event
        elif (part := self._stream.part(event)) is not None:
            self._parts.append(part)
        return b""

    def finish(self) -> bytes:
        """Everything."""
        whole = self._stream.last(_joined(self._parts)) if self._failure is None else error_object(self._failure)
        return msgspec.json.encode(whole)


def _joined(parts: list[_Part]) -> list[_Part]:
    """Pieces of the same text as one part; a proof ends its text."""
    joined: list[_Part] = []
    for part in parts:
        last = joined[-1] if joined else {"thoughtSignature": ""}
        if "thoughtSignature" not in last and last.get("thought") == part.get("thought") and part["text"]:
            joined[-1] = {**part, "text": f"{last['text']}{part['text']}"}
        else:
            joined.append(part)
    return joined


def _counts(usage: Usage) -> dict[str, int]:
    """As Google counts: thoughts apart from the answer. What is unknown is left out."""
    thoughts = usage.reasoning_output_tokens
    counts = {
        "promptTokenCount": usage.input_tokens,
        "cachedContentTokenCount": usage.cache_read_input_tokens,
        "candidatesTokenCount": None if usage.output_tokens is None else usage.output_tokens - (thoughts or 0),
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": (usage.input_tokens or 0) + (usage.output_tokens or 0),
    }
    return {} if usage == Usage() else {name: tokens for name, tokens in counts.items() if tokens is not None}


def _sse(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\r\n\r\n"
