"""Answers of Anthropic's Messages API, written as its own clients expect them."""

from msgspec import Struct
from msgspec.json import encode as json

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
from burn_tui.core.failure import ErrorType, Failure, classify
from burn_tui.core.usage import Usage
from burn_tui.providers.anthropic_reading import FINISH_REASONS, REDACTED, STATUS_OF_ERROR
from burn_tui.providers.dialect import Encoder
from burn_tui.providers.reading import json_object

_Fields = dict[str, object]

_STOP_REASONS: dict[FinishReason, str] = {reason: raw for raw, reason in reversed(FINISH_REASONS.items())}

_ERROR_NAMES: dict[ErrorType, str] = {
    "overloaded": "overloaded_error",
    "rate_limited": "rate_limit_error",
    "quota_exhausted": "billing_error",
    "auth": "authentication_error",
    "permission": "permission_error",
    "refused": "permission_error",
    "model_gone": "not_found_error",
    "context_length": "invalid_request_error",
    "content_filter": "invalid_request_error",
    "caller_fault": "invalid_request_error",
    "timeout": "timeout_error",
}
"""Whatever else happens is an api_error."""

_TELLING_WORDS: dict[ErrorType, str] = {
    "context_length": "prompt is too long: ",
    "content_filter": "Output blocked by content filtering policy: ",
}
"""What tells a client which invalid_request_error it is, put before a message that does not say it."""


def encoder(*, streamed: bool, response_model: str, response_id: str) -> Encoder:
    """A writer for one 200 response."""
    return _Streamed(response_model, response_id) if streamed else _Whole(response_model, response_id)


def error_body(failure: Failure) -> tuple[int, _Fields]:
    """The HTTP status and the error object that say what `failure` is."""
    name = _ERROR_NAMES.get(failure.error_type, "api_error")
    status = STATUS_OF_ERROR[name]
    message = failure.message
    if classify(status, message) != failure.error_type:
        message = _TELLING_WORDS.get(failure.error_type, "") + message
    return status, {"type": "error", "error": {"type": name, "message": message}, "request_id": None}


class _Ending:
    """How a message ended, and what it came to: said in pieces, written at the end."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        """None = nothing was counted."""
        self.has_calls = False
        self._finish: FinishSeen | None = None

    def note(self, event: FinishSeen | UsageSeen) -> None:
        if isinstance(event, FinishSeen):
            self._finish = event
        else:
            self.usage = (self.usage or Usage()).updated(event.usage)

    @property
    def stop_reason(self) -> str:
        """In the API's words. Agents run tools only if they are told that the model stopped for them."""
        reason = "stop" if self._finish is None else self._finish.finish_reason
        if reason == "stop" and self.has_calls:
            return "tool_use"
        if self._finish is not None and FINISH_REASONS.get(self._finish.raw) == reason:
            return self._finish.raw
        return _STOP_REASONS.get(reason, "end_turn")

    @property
    def counts(self) -> _Fields:
        """The usage object: empty if nothing was counted."""
        return {} if self.usage is None else _counts(self.usage)


def _counts(usage: Usage) -> _Fields:
    """The API's input_tokens leave out what the cache holds."""
    read, created, for_1h = (
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.cache_creation_1h_input_tokens,
    )
    fields: _Fields = {
        "input_tokens": None
        if usage.input_tokens is None
        else max(usage.input_tokens - (read or 0) - (created or 0), 0),
        "cache_creation_input_tokens": created,
        "cache_read_input_tokens": read,
        "output_tokens": usage.output_tokens,
    }
    if for_1h is not None:
        fields["cache_creation"] = {
            "ephemeral_5m_input_tokens": max((created or 0) - for_1h, 0),
            "ephemeral_1h_input_tokens": for_1h,
        }
    if usage.reasoning_output_tokens is not None:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning_output_tokens}
    return {name: tokens for name, tokens in fields.items() if tokens is not None}


def _message(response_id: str, model: str, content: list[_Fields], stop_reason: str | None, usage: _Fields) -> _Fields:
    return {
        "id": response_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


# --- streamed ------------------------------------------------------------------------------------


class _Open(Struct):
    """The block that is being written."""

    place: int
    kind: str
    """text, thinking, redacted_thinking or tool_use."""


class _Streamed:
    """Writes events as they come; one block is open at a time, as with the API itself."""

    def __init__(self, model: str, response_id: str) -> None:
        self._model = model
        self._id = response_id
        self._ending = _Ending()
        self._open: _Open | None = None
        self._blocks = 0
        self._place_of_call: dict[int, int] = {}
        self._has_started = False
        self._has_failed = False

    def encode(self, event: WireEvent) -> bytes:
        """The bytes that `event` adds."""
        match event:
            case TextDelta(words):
                return self._in_block("text", {"type": "text_delta", "text": words}) if words else b""
            case ReasoningDelta(words, signature):
                return self._thought(words, signature)
            case ToolCallDelta():
                return self._call(event)
            case UsageSeen() | FinishSeen():
                self._ending.note(event)
                return b""
            case ModelSeen() | Malformed():
                return b""
            case Failure():
                self._has_failed = True
                return _sse(error_body(event)[1])

    def finish(self) -> bytes:
        """The bytes that end the message."""
        if self._has_failed:
            return b""
        delta = {"stop_reason": self._ending.stop_reason, "stop_sequence": None}
        return b"".join(
            (
                self._start(),
                self._close(),
                _sse({"type": "message_delta", "delta": delta, "usage": self._ending.counts}),
                _sse({"type": "message_stop"}),
            )
        )

    def _start(self) -> bytes:
        """The message's head, once. Clients count on numbers in it, so what is not known yet is 0."""
        if self._has_started:
            return b""
        self._has_started = True
        usage = {"input_tokens": 0, "output_tokens": 0, **self._ending.counts}
        return _sse({"type": "message_start", "message": _message(self._id, self._model, [], None, usage)})

    def _in_block(self, kind: str, delta: _Fields) -> bytes:
        """One more piece of the open block, which is opened if it is another."""
        opening = b""
        if self._open is None or self._open.kind != kind:
            blank = {"thinking": "", "signature": ""} if kind == "thinking" else {"text": ""}
            opening = self._begin(_Open(self._blocks, kind), {"type": kind, **blank})
        assert self._open is not None
        return opening + _sse({"type": "content_block_delta", "index": self._open.place, "delta": delta})

    def _thought(self, words: str, signature: str | None) -> bytes:
        """A signature ends its block."""
        if signature is not None and signature.startswith(REDACTED):
            block: _Fields = {"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)}
            before = self._in_block("thinking", {"type": "thinking_delta", "thinking": words}) if words else b""
            return before + self._begin(_Open(self._blocks, "redacted_thinking"), block) + self._close()
        written = self._in_block("thinking", {"type": "thinking_delta", "thinking": words}) if words else b""
        if signature:
            written += self._in_block("thinking", {"type": "signature_delta", "signature": signature}) + self._close()
        return written

    def _call(self, delta: ToolCallDelta) -> bytes:
        """A call's head when it is new, then its arguments. Pieces of a call whose block is closed still find it."""
        written = b""
        if delta.index not in self._place_of_call:
            self._ending.has_calls = True
            self._place_of_call[delta.index] = self._blocks
            head: _Fields = {"type": "tool_use", "id": delta.id, "name": delta.name, "input": {}}
            written = self._begin(_Open(self._blocks, "tool_use"), head)
        if delta.arguments:
            piece = {"type": "input_json_delta", "partial_json": delta.arguments}
            place = self._place_of_call[delta.index]
            written += _sse({"type": "content_block_delta", "index": place, "delta": piece})
        return written

    def _begin(self, block: _Open, head: _Fields) -> bytes:
        before = self._start() + self._close()
        self._open = block
        self._blocks += 1
        return before + _sse({"type": "content_block_start", "index": block.place, "content_block": head})

    def _close(self) -> bytes:
        closed, self._open = self._open, None
        return b"" if closed is None else _sse({"type": "content_block_stop", "index": closed.place})


def _sse(event: _Fields) -> bytes:
    return b"event: " + str(event["type"]).encode() + b"\ndata: " + json(event) + b"\n\n"


# --- whole ---------------------------------------------------------------------------------------


class _Whole:
    """Collects the blocks and writes them at the end."""

    def __init__(self, model: str, response_id: str) -> None:
        self._model = model
        self._id = response_id
        self._ending = _Ending()
        self._content: list[_Fields] = []
        self._calls: dict[int, tuple[_Fields, list[str]]] = {}
        """The block of each call, and the pieces of its arguments."""
        self._is_signed = False
        self._has_failed = False

    def encode(self, event: WireEvent) -> bytes:
        """Nothing yet, unless it is a Failure."""
        match event:
            case TextDelta(words):
                self._extend("text", words)
            case ReasoningDelta(words, signature):
                self._think(words, signature)
            case ToolCallDelta():
                self._call(event)
            case UsageSeen() | FinishSeen():
                self._ending.note(event)
            case ModelSeen() | Malformed():
                pass
            case Failure():
                self._has_failed = True
                return json(error_body(event)[1])
        return b""

    def finish(self) -> bytes:
        """The message."""
        if self._has_failed:
            return b""
        for block, pieces in self._calls.values():
            arguments = "".join(pieces)
            block["input"] = json_object(arguments or "{}") or {"invalid_arguments": arguments}
        stop_reason = self._ending.stop_reason
        return json(_message(self._id, self._model, self._content, stop_reason, self._ending.counts))

    def _extend(self, kind: str, words: str) -> None:
        """More of the last block, or a new one if it is of another kind."""
        if not words:
            return
        if not self._content or self._content[-1]["type"] != kind or self._is_signed:
            self._content.append({"type": kind, kind: "", **({"signature": ""} if kind == "thinking" else {})})
            self._is_signed = False
        block = self._content[-1]
        block[kind] = f"{block[kind]}{words}"

    def _think(self, words: str, signature: str | None) -> None:
        self._extend("thinking", words)
        if not signature:
            return
        if signature.startswith(REDACTED):
            self._content.append({"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)})
        elif words or (self._content and self._content[-1]["type"] == "thinking" and not self._is_signed):
            self._content[-1]["signature"] = signature
        else:
            self._content.append({"type": "thinking", "thinking": "", "signature": signature})
        self._is_signed = True

    def _call(self, delta: ToolCallDelta) -> None:
        if delta.index not in self._calls:
            self._ending.has_calls = True
            block: _Fields = {"type": "tool_use", "id": delta.id, "name": delta.name, "input": {}}
            self._calls[delta.index] = (block, [])
            self._content.append(block)
        self._calls[delta.index][1].append(delta.arguments)
