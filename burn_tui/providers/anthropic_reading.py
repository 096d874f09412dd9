"""Answers of Anthropic's Messages API, read: platform.claude.com/docs/en/build-with-claude/streaming.

message_start                                    model, usage up to now
  content_block_start, ..._delta*, ..._stop      any number of blocks, each with an index
message_delta                                    stop_reason, usage, cumulative
message_stop

ping and error stand anywhere.
"""

import re
from collections.abc import Iterator

from msgspec import structs

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
from burn_tui.core.failure import Failure, classify, redacted
from burn_tui.core.usage import Usage
from burn_tui.providers.decoding import SseDecoder, WholeDecoder
from burn_tui.providers.dialect import Decoder
from burn_tui.providers.reading import compact, count, mapping, mappings, parsed, text

REDACTED = "redacted_thinking:"
"""Starts the signature of a thinking block that came encrypted and has no text."""

FINISH_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_call",
    "pause_turn": "pause",
    "refusal": "content_filter",
}

STATUS_OF_ERROR = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The HTTP status of each error type, which an error in mid-stream does not have: .../docs/en/api/errors."""


def decoder(*, streamed: bool) -> Decoder:
    """A reader for one 200 response."""
    if streamed:
        return SseDecoder(_Stream().read, _read_stray)
    return WholeDecoder(_read_message)


def failure_in(body: object, *, status: int | None = None, otherwise: str = "") -> Failure:
    """What an error object means. `status` None = it stands in a 200, and its type tells the status.

    `otherwise`: the words to keep where the object has none.
    """
    error = mapping(body, "error")
    kind = text(error, "type")
    message = text(error, "message") or text(body, "error") or text(body, "message") or otherwise or kind
    words = " ".join((message, kind, text(error, "details", "error_code"), text(error, "code")))
    told = STATUS_OF_ERROR.get(kind, 500) if status is None else status
    return Failure(classify(told, words), redacted(message) or "an error without a word of explanation", status)


_LIMIT = re.compile(r"> ?([\d,]+)(?: maximum)?")


def refusal(status: int, body: bytes, *, retry_after_s: float | None) -> Failure:
    """Why a response that is no 2xx refused."""
    words = body.decode("utf-8", "replace")
    try:
        value = parsed(body)
    except ValueError:
        value = None
    failure = failure_in(value, status=status, otherwise=words)
    limit = _LIMIT.search(failure.message) if failure.error_type == "context_length" else None
    return structs.replace(
        failure, retry_after_s=retry_after_s, limit_tokens=int(limit[1].replace(",", "")) if limit else None
    )


# --- streamed ------------------------------------------------------------------------------------


class _Stream:
    """What one stream has said so far."""

    def __init__(self) -> None:
        self._counts = _Counts()
        self._calls: dict[int | None, _Call] = {}
        """By the index of their block."""
        self._is_finished = False

    def read(self, value: object, name: str) -> Iterator[WireEvent]:
        """The meaning of one event."""
        event = mapping(value)
        match text(event, "type") or name:
            case "message_start":
                yield from self._start(mapping(event, "message"))
            case "content_block_start":
                yield from self._start_block(count(event, "index"), mapping(event, "content_block"))
            case "content_block_delta":
                yield from self._extend_block(count(event, "index"), mapping(event, "delta"))
            case "message_delta":
                yield from self._delta(event)
            case "message_stop":
                if not self._is_finished:
                    yield from self._finish("message_stop")
            case "error":
                yield failure_in(value, otherwise=compact(value))
            case _ if "error" in event:
                yield failure_in(value, otherwise=compact(value))
            case _:
                pass  # ping, content_block_stop, and what is yet to be invented

    def _start(self, message: dict[str, object]) -> Iterator[WireEvent]:
        if model := text(message, "model"):
            yield ModelSeen(model)
        yield from self._counts.at_start(mapping(message, "usage"))

    def _start_block(self, index: int | None, block: dict[str, object]) -> Iterator[WireEvent]:
        if block.get("type") == "tool_use":
            self._calls[index] = _Call(len(self._calls), mapping(block, "input"))
            place = self._calls[index].place
            yield ToolCallDelta(place, text(block, "id") or f"call_{place}", text(block, "name"))
        else:
            yield from _read_block(block)

    def _extend_block(self, index: int | None, delta: dict[str, object]) -> Iterator[WireEvent]:
        match delta.get("type"):
            case "text_delta":
                yield from _text(text(delta, "text"))
            case "thinking_delta":
                yield from _reasoning(text(delta, "thinking"), "")
            case "signature_delta":
                yield from _reasoning("", text(delta, "signature"))
            case "input_json_delta" if index in self._calls:
                yield from self._calls[index].more(text(delta, "partial_json"))
            case _:
                pass  # citations, and what is written for tools that run at Anthropic

    def _delta(self, event: dict[str, object]) -> Iterator[WireEvent]:
        yield from self._counts.later(mapping(event, "usage"))
        if reason := text(event, "delta", "stop_reason"):
            yield from self._finish(reason)

    def _finish(self, reason: str) -> Iterator[WireEvent]:
        self._is_finished = True
        for call in self._calls.values():
            yield from call.completed()
        yield FinishSeen(FINISH_REASONS.get(reason, "other"), reason)


class _Call:
    """One tool call. Some senders give its input whole with the start, the API itself gives it in pieces after it."""

    def __init__(self, place: int, given: dict[str, object]) -> None:
        self.place = place
        self._given = given
        self._has_arguments = False

    def more(self, arguments: str) -> Iterator[WireEvent]:
        if arguments:
            self._has_arguments = True
            yield ToolCallDelta(self.place, arguments=arguments)

    def completed(self) -> Iterator[WireEvent]:
        """The arguments of a call that got none in pieces."""
        if not self._has_arguments:
            yield from self.more(compact(self._given))


# --- whole ---------------------------------------------------------------------------------------


def _read_message(value: object) -> Iterator[WireEvent]:
    if text(value, "type") == "error" or mapping(value, "error"):
        yield failure_in(value, otherwise=compact(value))
        return
    if model := text(value, "model"):
        yield ModelSeen(model)
    calls = 0
    for block in mappings(value, "content"):
        if block.get("type") == "tool_use":
            arguments = compact(mapping(block, "input"))
            yield ToolCallDelta(calls, text(block, "id") or f"call_{calls}", text(block, "name"), arguments)
            calls += 1
        else:
            yield from _read_block(block)
    yield from _Counts().later(mapping(value, "usage"))
    if reason := text(value, "stop_reason"):
        yield FinishSeen(FINISH_REASONS.get(reason, "other"), reason)


# --- both ----------------------------------------------------------------------------------------


def _read_block(block: dict[str, object]) -> Iterator[WireEvent]:
    """What stands in a block that is no tool call of ours."""
    match block.get("type"):
        case "text":
            yield from _text(text(block, "text"))
        case "thinking":
            yield from _reasoning(text(block, "thinking"), text(block, "signature"))
        case "redacted_thinking":
            yield from _reasoning("", REDACTED + text(block, "data"))
        case _:
            pass  # The work of tools that run at Anthropic: the model tells of it in text.


def _text(words: str) -> Iterator[WireEvent]:
    if words:
        yield TextDelta(words)


def _reasoning(words: str, signature: str) -> Iterator[WireEvent]:
    if words or signature:
        yield ReasoningDelta(words, signature or None)


class _Counts:
    """Token counts as the API states them: input_tokens leave out what the cache holds, and a later word replaces
    an earlier one field by field, so that sums can only be made of what is merged.
    """

    def __init__(self) -> None:
        self._stated: dict[str, int] = {}

    def at_start(self, usage: dict[str, object]) -> Iterator[WireEvent]:
        """With zeros taken for placeholders: no prompt is empty, and gateways write 0 until they know better."""
        stated = _stated(usage)
        if not any(stated.get(name) for name in _INPUTS):
            stated = {name: tokens for name, tokens in stated.items() if name not in _INPUTS}
        if not stated.get("output_tokens"):
            stated.pop("output_tokens", None)
        return self._merge(stated)

    def later(self, usage: dict[str, object]) -> Iterator[WireEvent]:
        """With every word taken as it is."""
        return self._merge(_stated(usage))

    def _merge(self, stated: dict[str, int]) -> Iterator[WireEvent]:
        self._stated |= stated
        if stated:
            yield UsageSeen(self._usage())

    def _usage(self) -> Usage:
        counts = self._stated
        fresh, read, created = (counts.get(name) for name in _INPUTS)
        return Usage(
            input_tokens=None if fresh is None else fresh + (read or 0) + (created or 0),
            output_tokens=counts.get("output_tokens"),
            cache_read_input_tokens=read,
            cache_creation_input_tokens=created,
            cache_creation_1h_input_tokens=counts.get("for_1h"),
            reasoning_output_tokens=counts.get("thinking_tokens"),
        )


_INPUTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def _stated(usage: dict[str, object]) -> dict[str, int]:
    """The counts that `usage` states, flat."""
    counts: dict[str, int | None] = {name: count(usage, name) for name in (*_INPUTS, "output_tokens")}
    counts["for_1h"] = count(usage, "cache_creation", "ephemeral_1h_input_tokens")
    counts["thinking_tokens"] = count(usage, "output_tokens_details", "thinking_tokens")
    short = count(usage, "cache_creation", "ephemeral_5m_input_tokens")
    if counts["cache_creation_input_tokens"] is None and short is not None:
        counts["cache_creation_input_tokens"] = short + (counts["for_1h"] or 0)
    return {name: tokens for name, tokens in counts.items() if tokens is not None}


def _read_stray(data: bytes) -> Failure:
    """Text in a stream that is no event: an error in JSON, or something that only a person can read."""
    words = data.decode("utf-8", "replace")
    try:
        value = parsed(data)
    except ValueError:
        value = None
    if mapping(value, "error"):
        return failure_in(value, otherwise=words)
    return Failure("bad_answer", redacted(words))
