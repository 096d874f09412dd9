"""How the Gemini API says no, with a status or in the middle of a stream, read and written.

    {"error": {"code": 429, "message": "...", "status": "RESOURCE_EXHAUSTED", "details": [{"@type": ..., ...}]}}

Format: cloud.google.com/apis/design/errors. A stream that was not asked for as events puts the object into an array.
"""

import re
from collections.abc import Mapping

import msgspec

from burn_tui.core.failure import ErrorType, Failure, classify, redacted
from burn_tui.core.rate_limits import retry_after_s
from burn_tui.providers.dialect import HttpResponse
from burn_tui.providers.reading import compact, count, items, mapping, mappings, parsed, text

_REFUSALS: dict[ErrorType, tuple[int, str, str]] = {
    "transient": (500, "INTERNAL", ""),
    "overloaded": (503, "UNAVAILABLE", ""),
    "rate_limited": (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
    "quota_exhausted": (402, "RESOURCE_EXHAUSTED", "BILLING_DISABLED"),
    "auth": (401, "UNAUTHENTICATED", "API_KEY_INVALID"),
    "permission": (403, "PERMISSION_DENIED", ""),
    "model_gone": (404, "NOT_FOUND", ""),
    "context_length": (413, "INVALID_ARGUMENT", ""),
    "content_filter": (400, "INVALID_ARGUMENT", "CONTENT_FILTER"),
    "caller_fault": (400, "INVALID_ARGUMENT", ""),
    "bad_answer": (502, "INTERNAL", "BAD_ANSWER"),
    "truncated": (502, "DATA_LOSS", "TRUNCATED"),
    "timeout": (504, "DEADLINE_EXCEEDED", ""),
    "cancelled": (499, "CANCELLED", ""),
    "refused": (403, "PERMISSION_DENIED", "REFUSED"),
    "interrupted": (500, "ABORTED", "INTERRUPTED"),
    "unknown": (500, "UNKNOWN", "UNKNOWN"),
}
"""HTTP status, Google's status, and the reason in the details ("" = none): Google's own words where it has one."""

_REASONS: dict[str, ErrorType] = {reason: kind for kind, (_, _, reason) in _REFUSALS.items() if reason} | {
    "API_KEY_EXPIRED": "auth",
    "API_KEY_SERVICE_BLOCKED": "permission",
    "SERVICE_DISABLED": "permission",
}

_STATUSES: dict[str, ErrorType] = {"CANCELLED": "cancelled", "DEADLINE_EXCEEDED": "timeout"}
"""Google's statuses that mean more than the HTTP status does."""

_MONEY_WORDS = re.compile(
    r"prepa(?:id|y)[^.]*credits|credits[^.]*depleted|spend(?:ing)?[ _](?:limit|cap)", re.IGNORECASE
)
"""A 429 that does not pass by itself. "You exceeded your current quota, please check your plan and billing" is the
free plan's limit per minute."""

_MODEL_WORDS = re.compile(r"\b(?:in)?valid\b[^.]*\bmodel\b|\bmodel does not match\b", re.IGNORECASE)
"""A 400 that is about the model which was asked, where others say 404."""

_LIMIT_TOKENS = re.compile(r"maximum number of (?:input )?tokens allowed \(?(\d{3,9})")
_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
    """Why a response that is no 2xx refused."""
    whole = body.decode("utf-8", "replace")
    try:
        error = _error_in(parsed(body))
    except ValueError:
        error = {}
    words = text(error, "message") or whole
    kind = _kind(status, error, whole)
    wait_s = _retry_delay_s(error)
    return Failure(
        kind,
        redacted(words) or f"status {status} without a word of explanation",
        status,
        retry_after_s(headers, now=now) if wait_s is None else wait_s,
        _limit_tokens(words) if kind == "context_length" else None,
    )


def error_in_answer(value: object) -> Failure | None:
    """The error that stands in a 200, whole or in the middle of a stream; None if `value` is no error."""
    error = _error_in(value)
    if not error:
        return None
    words = text(error, "message")
    kind = _kind(count(error, "code") or 500, error, compact(error))
    return Failure(kind, redacted(words) or "an error without a word of explanation", None, _retry_delay_s(error))


def stray_error(data: bytes) -> Failure:
    """The failure of a stream in which something stands that is no event."""
    try:
        found = error_in_answer(parsed(data))
    except ValueError:
        found = None
    words = data.decode("utf-8", "replace")
    return found or Failure("bad_answer", f"the stream holds something else than events: {redacted(words)}")


def error_object(failure: Failure) -> dict[str, object]:
    """The body of a refusal, and of an error in mid-stream."""
    status, word, reason = _REFUSALS[failure.error_type]
    details: list[dict[str, object]] = []
    if reason:
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason})
    if failure.retry_after_s is not None:
        delay = f"{failure.retry_after_s:.9f}".rstrip("0").rstrip(".") + "s"
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return {"error": {"code": status, "message": failure.message, "status": word, "details": details}}


def encoded_error(failure: Failure) -> HttpResponse:
    """The refusal as Google's clients expect it."""
    status, _, _ = _REFUSALS[failure.error_type]
    headers = {"content-type": "application/json; charset=UTF-8"}
    return HttpResponse(status, headers, msgspec.json.encode(error_object(failure)))


def _error_in(value: object) -> Mapping[str, object]:
    if isinstance(value, list):
        return _error_in(value[0]) if value else {}
    return mapping(value, "error")


def _kind(status: int, error: Mapping[str, object], everything: str) -> ErrorType:
    reasons = (text(detail, "reason") for detail in mappings(items(error, "details")))
    known = [_REASONS[reason] for reason in reasons if reason in _REASONS]
    if known:
        return known[0]
    if (word := text(error, "status")) in _STATUSES:
        return _STATUSES[word]
    if status == 429:
        return "quota_exhausted" if _MONEY_WORDS.search(everything) else "rate_limited"
    if status == 400 and _MODEL_WORDS.search(text(error, "message")):
        return "model_gone"
    return classify(status, everything)


def _retry_delay_s(error: Mapping[str, object]) -> float | None:
    """Of the RetryInfo in the details, which is in no header."""
    for detail in mappings(items(error, "details")):
        if delay := _DELAY.fullmatch(text(detail, "retryDelay")):
            return float(delay[1])
    return None


def _limit_tokens(words: str) -> int | None:
    found = _LIMIT_TOKENS.search(words)
    return int(found[1]) if found else None
