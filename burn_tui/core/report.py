"""What was used and what it cost, added up by something: the same figures for people, programs and spreadsheets."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Literal, get_args

from msgspec import Struct

from burn_tui.core.errors import WrongCallError

Grouping = Literal[
    "provider", "model", "session", "operation", "project", "environment", "prompt", "commit", "day", "hour"
]
"""model: "provider/model". prompt: "name@version", 12 digits of it. commit: of the working directory.
day and hour are local, and of the moment an attempt started."""

Marker = Literal["fallback", "truncated", "estimated", "unpriced", "cached"]
"""What must not be overlooked about an attempt. fallback: served in place of a target that failed. truncated: it
broke off. estimated: tokens are a guess. unpriced: the cost is unknown. cached: some input came from a cache."""

GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
MARKERS: tuple[Marker, ...] = get_args(Marker)


class Figures(Struct, frozen=True, kw_only=True):
    """Sums over settled attempts. Requests that our own guard refused are not in them."""

    requests: int = 0
    """Each is counted where its first attempt is."""
    attempts: int = 0
    input_tokens: int = 0
    """Cached ones included."""
    output_tokens: int = 0
    """Reasoning included."""
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    reasoning_output_tokens: int = 0
    cost_nanousd: int | None = 0
    """Known costs only; None = there were attempts, and the cost of none is known."""
    unpriced_requests: int = 0
    """Attempts of unknown cost: not 0 = the cost is a lower bound."""
    unpriced_tokens: int = 0
    """Input and output tokens of those."""
    failures: int = 0
    """Attempts without a whole answer that nobody stopped."""
    fallback_attempts: int = 0
    truncated_attempts: int = 0
    estimated_attempts: int = 0
    cached_attempts: int = 0
    accepted_answers: int = 0
    """With a thumb up, or preferred in a comparison and without a thumb down. One is none any more once its question
    was asked again and answered, or another answer was preferred to it: the conversation goes on without it.
    """
    cost_per_accepted_answer_nanousd: int | None = None
    """All that was spent here over the answers that were accepted; None = none was, or the cost is unknown."""


class Row(Figures, frozen=True, kw_only=True):
    """The figures of one key."""

    key: str | None
    """None = the attempts that have none, such as those of no project."""


class Report(Struct, frozen=True, kw_only=True):
    """As `burn-tui report --json` prints it."""

    totals: Figures
    rows: tuple[Row, ...]
    """The costliest first; days and hours in their order."""


def ranked(rows: Iterable[Row], by: Grouping) -> tuple[Row, ...]:
    """In the order of a report."""
    if by in {"day", "hour"}:
        return tuple(sorted(rows, key=lambda row: row.key or ""))
    return tuple(
        sorted(rows, key=lambda row: (-(row.cost_nanousd or 0), -(row.input_tokens + row.output_tokens), row.key or ""))
    )


def since_of(words: str, *, now: float, timezone: tzinfo) -> float:
    """The start of a period in seconds since the epoch: "90m", "24h", "7d", "2w" before `now`, or a local ISO date."""
    number, unit = words[:-1], words[-1:]
    units = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
    if number.isascii() and number.isdecimal() and unit in units:
        return max(now - int(number) * units[unit], 0.0)
    try:
        start = datetime.fromisoformat(words)
    except ValueError:
        raise WrongCallError(
            f"{words!r} is no period.", mend="Say 90m, 24h, 7d, 2w, or a date such as 2026-03-01."
        ) from None
    return (start if start.tzinfo else start.replace(tzinfo=timezone)).timestamp()


def local_days(since: float, until: float, timezone: tzinfo) -> Iterable[tuple[str, float, float]]:
    """The local days of a period: ISO date, start and end within the period; 23 or 25 hours where clocks change."""
    day = datetime.fromtimestamp(since, timezone).date()
    start = since
    while start < until:
        after = day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=timezone).timestamp()
        if end > start:
            yield day.isoformat(), start, min(end, until)
        day, start = after, max(end, start)
