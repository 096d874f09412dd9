"""Refusals in the shape of OpenAI's API, both ways, and in the many shapes of those who imitate it.

{"error": {"message", "type", "param", "code"}}      OpenAI: developers.openai.com/api/docs/guides/error-codes
{"error": {..., "code": 429, "metadata": {...}}}     OpenRouter: the upstream provider's words are in metadata.raw
{"error": "words"}    {"message": ...}    {"detail": ...}    [{"error": {...}}]     local servers, Mistral, Gemini
"""

import re
from collections.abc import Mapping
from math import ceil

import msgspec

from burn_tui.core.failure import ErrorType, Failure, classify, redacted
from burn_tui.core.rate_limits import retry_after_s
from burn_tui.providers.dialect import HttpResponse
from burn_tui.providers.reading import compact, count, items, mapping, parsed, text

_REFUSALS: dict[ErrorType, tuple[int, str, str]] = {
    "transient": (500, "server_error", "server_error"),
    "overloaded": (503, "server_error", "server_is_overloaded"),
    "rate_limited": (429, "rate_limit_error", "rate_limit_exceeded"),
    "quota_exhausted": (429, "insufficient_quota", "insufficient_quota"),
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "permission": (403, "invalid_request_error", "permission_denied"),
    "model_gone": (404, "invalid_request_error", "model_not_found"),
    "context_length": (400, "invalid_request_error", "context_length_exceeded"),
    "content_filter": (400, "invalid_request_error", "content_filter"),
    "caller_fault": (400, "invalid_request_error", "invalid_request"),
    "bad_answer": (502, "server_error", "bad_answer"),
    "truncated": (502, "server_error", "truncated"),
    "timeout": (504, "server_error", "timeout"),
    "cancelled": (499, "server_error", "cancelled"),
    "refused": (403, "invalid_request_error", "refused"),
    "interrupted": (500, "server_error", "interrupted"),
    "unknown": (500, "server_error", "unknown"),
}
"""Status, type and code: OpenAI's own words where it has one, so that its clients raise the right exception."""

_CODES: dict[str, ErrorType] = {code: error_type for error_type, (_, _, code) in _REFUSALS.items()} | {
    "billing_hard_limit_reached": "quota_exhausted",
    "billing_not_active": "quota_exhausted",
    "content_policy_violation": "content_filter",
    "invalid_prompt": "content_filter",  # The Responses API about a prompt that its policy forbids.
    "slow_down": "overloaded",
    "usage_not_included": "permission",  # ChatGPT's backend about a plan without Codex.
}
"""What a code or a type means whatever the status is: a free plan's rate limit speaks of billing, and Groq sends
one with a 413."""

del _CODES["server_error"], _CODES["unknown"]  # These leave it to the status: a 503 says server_error as well.

_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "bad_request_error": 400,
    "validation_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "too_many_requests": 429,
    "server_error": 500,
    "api_error": 500,
    "service_unavailable_error": 503,
    "overloaded_error": 529,
}
"""For an error in mid-stream, which has no status."""

_LIMIT_TOKENS = re.compile(
    r"(?:context (?:length|window|size)|prompt length)(?: is| of|:)? ([0-9][0-9,]{2,11})", re.IGNORECASE
)
_TAG = re.compile(r"<(?:style|script|head)\b.*?</(?:style|script|head)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def decoded_error(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
    """Why a response with this status refused."""
    try:
        value = parsed(body)
    except ValueError:
        value = _plain(body.decode("utf-8", "replace"))
    error = _error_in(value)
    words, everything = _words(error)
    told = mapping(error, "metadata", "headers")
    all_headers = {name.lower(): said for name, said in told.items() if isinstance(said, str)} | dict(headers)
    error_type = _kind(error, status, everything)
    return Failure(
        error_type,
        redacted(words) or f"status {status} without a word of explanation",
        status,
        retry_after_s(all_headers, now=now),
        _limit_tokens(everything) if error_type == "context_length" else None,
    )


def error_in_answer(value: object, event_name: str = "") -> Failure | None:
    """The error that stands in a 200, whole or one event of a stream; None if `value` is no error."""
    if not _is_error(value, event_name):
        return None
    error = _error_in(value)
    words, everything = _words(error)
    error_type = _kind(error, _stated_status(error), everything)
    message = redacted(words) or "an error without a word of explanation"
    return Failure(
        error_type, message, limit_tokens=_limit_tokens(everything) if error_type == "context_length" else None
    )


def stray_error(data: bytes) -> Failure:
    """The failure of a stream in which something stands that is no event: an error object, or a gateway's words."""
    try:
        found = error_in_answer(parsed(data))
    except ValueError:
        found = None
    words = _plain(data.decode("utf-8", "replace"))
    return found or Failure("bad_answer", f"the stream holds something else than events: {redacted(words)}")


def encoded_error(failure: Failure) -> HttpResponse:
    """The refusal as OpenAI's clients expect it."""
    status, _, _ = _REFUSALS[failure.error_type]
    if status >= 500 and failure.http_status is not None and 500 <= failure.http_status <= 599:
        status = failure.http_status
    headers = {"content-type": "application/json"}
    if failure.retry_after_s is not None:
        headers["retry-after"] = str(ceil(failure.retry_after_s))
        headers["retry-after-ms"] = str(ceil(failure.retry_after_s * 1000.0))
    return HttpResponse(status, headers, msgspec.json.encode(error_object(failure)))


def error_object(failure: Failure) -> dict[str, object]:
    """The body of a refusal, and of an error in mid-stream."""
    _, type_, code = _REFUSALS[failure.error_type]
    return {"error": {"message": failure.message, "type": type_, "param": None, "code": code}}


def _is_error(value: object, event_name: str) -> bool:
    if event_name == "error" or text(value, "object") == "error":
        return True
    if isinstance(value, list):
        return bool(value) and _is_error(value[0], "")
    error = mapping(value).get("error")
    return any(error.values()) if isinstance(error, dict) else isinstance(error, str) and bool(error)


def _error_in(value: object) -> object:
    """The innermost thing that says what went wrong: an object with a message, or plain words."""
    if isinstance(value, list):
        return _error_in(value[0]) if value else ""
    inner = mapping(value).get("error")
    return inner if inner and isinstance(inner, dict | str) else value


def _words(error: object) -> tuple[str, str]:
    """What a person should read, and with it everything that tells what kind of error it is."""
    if isinstance(error, str):
        return error, error
    message = text(error, "message") or text(error, "detail") or _first_message(error)
    upstream = text(error, "metadata", "raw")
    words = f"{message} {upstream}".strip()
    return words, " ".join([words, text(error, "code"), text(error, "type"), text(error, "status")])


def _first_message(error: object) -> str:
    """Of FastAPI's list of details, or an object that nests its message deeper; the object itself if all else fails."""
    for item in [*items(error, "detail"), *items(error, "message"), *items(error, "errors"), mapping(error, "message")]:
        if words := text(item, "msg") or text(item, "message") or text(item):
            return words
    return compact(error) if error else ""


def _kind(error: object, status: int, everything: str) -> ErrorType:
    for word in (text(error, "code"), text(error, "type")):
        if word in _CODES:
            return _CODES[word]
    return classify(status, everything)


def _stated_status(error: object) -> int:
    """The HTTP status that an error inside a 200 would have had; 500 if it says nothing."""
    for field in ("status_code", "code", "status", "raw_status_code"):
        stated = count(error, field)
        if stated is None and text(error, field).isdecimal():
            stated = int(text(error, field)[:6])
        if stated is not None and 400 <= stated <= 599:
            return stated
    return _STATUS_OF_TYPE.get(text(error, "type"), 500)


def _limit_tokens(words: str) -> int | None:
    found = _LIMIT_TOKENS.search(words)
    return int(found[1].replace(",", "")) if found else None


def _plain(words: str) -> str:
    """A page's visible text."""
    return _TAG.sub(" ", words) if words.lstrip()[:1] == "<" else words
