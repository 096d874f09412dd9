"""What response headers say about a provider's limits: how much is left, and how long to stay away.

    retry-after, retry-after-ms                                  every provider that sends a 429
    x-ratelimit-{limit,remaining,reset}-{requests,tokens}        OpenAI, Groq: resets as Go durations, "6m0s"
    x-ratelimit-{limit,remaining,reset}[-NAME-WINDOW]            Mistral, Cerebras, Together, OpenRouter (epoch, in ms)
    anthropic-ratelimit-{requests,tokens,...}-{limit,...}        Anthropic: resets as RFC 3339 times
    ratelimit: "NAME";r=LEFT;t=SECONDS                           the IETF's draft (draft-ietf-httpapi-ratelimit-headers)

Headers are hints from outside: whatever cannot be read counts as not said, and nothing raises.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

LimitName = Literal["requests", "tokens", "input_tokens", "output_tokens"]

LONGEST_WAIT_S = 32 * 86400.0
"""The longest period that a limit is known to have is a month; a longer wait is a misunderstanding and ignored."""


class Headroom(Struct, frozen=True, kw_only=True):
    """One limit of a provider, as it stood after a response."""

    name: LimitName
    limit: int | None = None
    """None = not said."""
    remaining: int | None = None
    """None = not said; 0 = nothing left."""
    reset_s: float | None = None
    """Seconds until all of it is there again; None = not said."""


def retry_after_s(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds until the provider wants to be asked again; None = it did not say, 0 = at once.

    `headers` have lower-case names; `now` is seconds since the epoch. Without a retry-after the limit that is
    used up speaks; a reset time alone says nothing, because it also stands on responses that were let through.
    """
    exact_ms = _number(headers.get("retry-after-ms", ""))
    exact = None if exact_ms is None or exact_ms / 1000.0 > LONGEST_WAIT_S else exact_ms / 1000.0
    # Azure rounds a wait below a millisecond down to 0 and tells the truth in seconds.
    told = [wait for wait in (exact, _seconds_until(headers.get("retry-after", ""), now)) if wait is not None]
    if told:
        return next((wait for wait in told if wait > 0.0), 0.0)
    used_up = (limit.reset_s for limit in _limits(headers, now) if limit.remaining == 0)
    return max((reset_s for reset_s in used_up if reset_s is not None), default=None)


def headroom(headers: Mapping[str, str], *, now: float) -> tuple[Headroom, ...]:
    """Every limit that `headers` (lower-case names) tell of; of several periods, the one with the least left."""
    tightest: dict[LimitName, Headroom] = {}
    for limit in _limits(headers, now):
        known = tightest.get(limit.name)
        if known is None or _share_left(limit) < _share_left(known):
            tightest[limit.name] = limit
    return tuple(tightest.values())


def _share_left(limit: Headroom) -> float:
    if limit.remaining is None:
        return 2.0
    return limit.remaining / limit.limit if limit.limit else float(limit.remaining > 0)


_FIELD_FIRST = re.compile(r"(?:x-)?(ratelimit|tokenlimit)-(limit|remaining|reset|renewalperiod)(?:-(.+))?")
_FIELD_LAST = re.compile(r"anthropic-(ratelimit)-(requests|tokens|input-tokens|output-tokens)-(limit|remaining|reset)")
_WINDOW = re.compile(r"(?:-(?:\d+-)?(?:second|minute|hour|day|month))?$")
_NAMES: dict[str, LimitName] = {
    "requests": "requests",
    "req": "requests",
    "tokens": "tokens",
    "input-tokens": "input_tokens",
    "tokens-prompt": "input_tokens",
    "output-tokens": "output_tokens",
    "tokens-generated": "output_tokens",
}
_DRAFT = re.compile(r"(?:^|[;,\s])(r|remaining|t|reset|q|limit)=(\d{1,15})(?![\w.])", re.ASCII)
_DRAFT_FIELDS = {"r": "remaining", "t": "reset", "q": "limit"}


def _limits(headers: Mapping[str, str], now: float) -> list[Headroom]:
    """One for each name and period."""
    stated: defaultdict[tuple[LimitName, str], dict[str, str]] = defaultdict(dict)
    for header, value in headers.items():
        if "ratelimit" not in header and "tokenlimit" not in header:
            continue
        if (placed := _placed(header)) is not None:
            name, window, field = placed
            stated[name, window][field] = value
        elif header == "ratelimit":
            stated["requests", ""].update(_draft_fields(value))
    limits = (_limit(name, fields, now) for (name, _), fields in stated.items())
    return [limit for limit in limits if limit != Headroom(name=limit.name)]


def _placed(header: str) -> tuple[LimitName, str, str] | None:
    """The limit's name, its period ("" = the only one) and the field that `header` states; None if it states none."""
    if found := _FIELD_LAST.fullmatch(header):
        _, subject, field = found.groups()
    elif found := _FIELD_FIRST.fullmatch(header):
        what, field, subject = found.groups(default="tokens" if header.startswith("x-tokenlimit") else "requests")
        if what == "tokenlimit" and subject != "tokens":
            return None
    else:
        return None
    window = _WINDOW.search(subject)
    window_name = window.group() if window else ""
    name = _NAMES.get(subject.removesuffix(window_name))
    return None if name is None else (name, window_name, field)


def _draft_fields(value: str) -> dict[str, str]:
    """Of the first policy: the IETF's header may list several, of which the first is the one that binds."""
    fields: dict[str, str] = {}
    for field, number in _DRAFT.findall(value):
        fields.setdefault(_DRAFT_FIELDS.get(field, field), number)
    return fields


def _limit(name: LimitName, fields: Mapping[str, str], now: float) -> Headroom:
    reset_s = _seconds_until(fields.get("reset", ""), now)
    period_s = _number(fields.get("renewalperiod", ""))
    if reset_s is not None and period_s is not None:
        # Azure states some resets in milliseconds without saying so; none is further off than one period.
        reset_s = min(reset_s, period_s)
    return Headroom(
        name=name,
        limit=_count(fields.get("limit", "")),
        remaining=_count(fields.get("remaining", "")),
        reset_s=reset_s,
    )


_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_DURATION = re.compile(r"(?:\d{1,15}(?:\.\d{1,15})?(?:ns|us|µs|ms|d|h|m|s))+", re.ASCII)
_DURATION_PART = re.compile(r"([\d.]+)(ns|us|µs|ms|d|h|m|s)", re.ASCII)
_UNIT_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

_EPOCH_FROM_S = 1e9
"""A plain number from here on is a time of this century and not a duration of decades."""
_EPOCH_FROM_MS = 1e11


def _count(value: str) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: str) -> float | None:
    value = value.strip()
    return float(value) if _NUMBER.fullmatch(value) else None


def _seconds_until(value: str, now: float) -> float | None:
    """Seconds from `now` to what `value` states in whichever notation; 0 if that is past."""
    value = value.strip()
    seconds = _duration(value, now)
    if seconds is None:
        at = _time(value)
        seconds = None if at is None else at - now
    return None if seconds is None or seconds > LONGEST_WAIT_S else max(seconds, 0.0)


def _duration(value: str, now: float) -> float | None:
    """Of a plain number, or in Go's notation: 6m0s, 12ms, 1h2m3.5s."""
    number = _number(value)
    if number is None:
        if not _DURATION.fullmatch(value):
            return None
        return sum(float(amount) * _UNIT_S[unit] for amount, unit in _DURATION_PART.findall(value))
    if number >= _EPOCH_FROM_MS:
        return number / 1000.0 - now
    return number - now if number >= _EPOCH_FROM_S else number


def _time(value: str) -> float | None:
    """Seconds since the epoch of a time as RFC 3339 or HTTP writes it."""
    # It takes longer to import than the rest of this file to run, and a status line needs none of it.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = read(value)
            # A time without a zone is meant in UTC, and so is HTTP's GMT.
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
