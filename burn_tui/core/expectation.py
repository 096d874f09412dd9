"""What a day usually costs, and how that spreads over its hours: what every alarm about spending is measured by.

    sums of past hours ──> local days ──> the last active ones of today's class ──┬─ winsorised mean ──> E, a usual day
                                          (weekday or weekend)                    └─ mean shares, prior ──> profile

The amounts are nano-USD, or tokens where prices are unknown: nothing here depends on which.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import accumulate
from typing import Literal

from msgspec import Struct

Measure = Literal["nanousd", "tokens"]
"""What is counted: money, or the tokens of requests whose price is unknown."""

REMEMBERED_DAYS = 20
"""Active days of one class that are learned from: four working weeks."""

LEARNED_DAYS = 10
"""From so many active days on a class of days is known."""

FEW_DAYS_MARGIN = 1.1
"""Before that so many times E is at stake: a few days do not show how dear a usual one may be. Without it there are
0.08 false alarms a week in tests/bench/burn_alarms.py (seeds 1 to 6, days that differ by 18-20 %) and a runaway has
burnt 0.31 of a day when it is found; with 1.05 it is 0.04 and 0.32, with 1.1 it is 0.02 and 0.34.
"""

WINSOR_MEDIANS = 3.0
"""A day counts for no more than this many median days: one runaway must not make the next one look usual."""

PRIOR_DAYS = 5
"""The prior profile weighs as much as this many days that were seen."""

OFFICE_HOURS = range(8, 19)
"""Local hours from 08:00 to 19:00."""

PRIOR_OFFICE_SHARE = 0.9
"""Of the prior's day so much falls evenly into the OFFICE_HOURS, the rest evenly into all 24."""

FLOOR_SHARE = 0.1
"""An hour is expected to cost at least this share of an even 24th of the day: at night nothing would be infinitely
many times the usual.
"""

_HOUR_S = 3600.0
_HOURS = range(24)
_SATURDAY = 5


class HourSum(Struct, frozen=True):
    """What the attempts that started in one hour came to. Hours without any may be missing."""

    hour: int
    """Whole hours since the epoch, in UTC."""
    amount: int
    """Late rows included: they are as true as any other once the day is over."""


class Expectation(Struct, frozen=True, kw_only=True):
    """What is usual for one local day. Times are seconds since the epoch.

    It knows the day before and the day after as well, as if they were of the same class: windows reach back over
    midnight, and nobody learns anew in the very second of it.
    """

    measure: Measure = "nanousd"
    usual: float | None
    """E: what an active day of this class costs, and until it is learned at least what one of any class does; None =
    nothing is known, so nothing can be unusual.
    """
    stake: float | None = None
    """By what it is measured whether spending matters: E, or what an active day of any class costs where that is more,
    as twice the little that a Sunday costs is still little; with a margin until the class is learned. None = nothing
    is known.
    """
    days_learned: int
    """Active days of this class behind it, at most REMEMBERED_DAYS; 0 = `usual` comes from elsewhere."""
    profile: tuple[float, ...]
    """Shares of the day by local hour, 24 of them; they sum to 1."""
    day_start: float
    """Local midnight."""
    day_end: float
    """The next one, 23 to 25 hours later."""
    edges: tuple[float, ...]
    """When the local hours begin, from the day before to the day after: an hour may come twice a day, or not at all."""
    shares_by: tuple[float, ...]
    """For each edge the usual days that are expected from the first edge up to it."""

    @property
    def is_learned(self) -> bool:
        """Whether there are enough days of this class to judge by."""
        return self.days_learned >= LEARNED_DAYS

    def expected(self, since: float, until: float) -> float:
        """The amount that is usual between two times; 0 while nothing is known."""
        return (self._shares_by(until) - self._shares_by(since)) * (self.usual or 0.0)

    def by(self, now: float) -> float:
        """The amount that is usual from the start of the day to `now`."""
        return self.expected(self.day_start, now)

    def elapsed(self, now: float) -> float:
        """The share of the day that has passed, 0 to 1."""
        return min(max((now - self.day_start) / (self.day_end - self.day_start), 0.0), 1.0)

    def _shares_by(self, at: float) -> float:
        if not self.edges[0] < at < self.edges[-1]:
            return self.shares_by[0 if at <= self.edges[0] else -1]
        after = bisect_right(self.edges, at)
        start, end = self.edges[after - 1], self.edges[after]
        low, high = self.shares_by[after - 1], self.shares_by[after]
        return low + (high - low) * (at - start) / (end - start)


def learn(
    hours: Iterable[HourSum],
    *,
    timezone: tzinfo,
    now: float,
    measure: Measure = "nanousd",
    day_limit: int | None = None,
) -> Expectation:
    """What is usual for the day around `now`, from the hours of the days before it.

    `timezone` is the budget's: its midnight starts the day. `day_limit` stands in for a usual day while no active
    day is known at all; None = there is no limit.
    """
    today = datetime.fromtimestamp(now, timezone).date()
    days = sorted(_days_before(today, hours, timezone).items())
    alike = [spent for day, spent in days if _is_weekend(day) == _is_weekend(today)][-REMEMBERED_DAYS:]
    profile = _profile(alike)
    edges, shares_by = _curve(profile, _midnight(today, timezone, -1), _midnight(today, timezone, 2), timezone)
    all_days = [spent for _, spent in days][-REMEMBERED_DAYS:]
    usual = _usual(alike, all_days, day_limit)
    return Expectation(
        measure=measure,
        usual=usual,
        stake=_stake(usual, alike, all_days),
        days_learned=len(alike),
        profile=profile,
        day_start=_midnight(today, timezone),
        day_end=_midnight(today, timezone, 1),
        edges=edges,
        shares_by=shares_by,
    )


def _days_before(today: date, hours: Iterable[HourSum], timezone: tzinfo) -> dict[date, list[float]]:
    """The active days before `today`, each as its 24 local hours."""
    days: dict[date, list[float]] = {}
    for spent in hours:
        # An hour of UTC lies in two local ones where clocks differ by half an hour: each gets its part.
        start = spent.hour * _HOUR_S
        for local, since, until in _local_hours(start, start + _HOUR_S, timezone):
            if local.date() < today:
                day = days.setdefault(local.date(), [0.0] * len(_HOURS))
                day[local.hour] += spent.amount * (until - since) / _HOUR_S
    return {day: spent for day, spent in days.items() if sum(spent) > 0}


def _usual(alike: list[list[float]], all_days: list[list[float]], day_limit: int | None) -> float | None:
    """E. Until the class is learned it is not less than that of all days: somebody who asked two questions on one
    Saturday has not shown that a third is a runaway.
    """
    if not all_days:
        return day_limit
    if len(alike) >= LEARNED_DAYS:
        return _winsorised_mean(alike)
    return max(_winsorised_mean(days) for days in (alike, all_days) if days)


def _stake(usual: float | None, alike: list[list[float]], all_days: list[list[float]]) -> float | None:
    if usual is None or not all_days:
        return usual
    return max(usual, _winsorised_mean(all_days)) * (1.0 if len(alike) >= LEARNED_DAYS else FEW_DAYS_MARGIN)


def _winsorised_mean(days: list[list[float]]) -> float:
    # Learning is done once a day, and a status line need not wait for what it takes.
    from statistics import fmean, median  # noqa: PLC0415

    amounts = [sum(day) for day in days]
    ceiling = WINSOR_MEDIANS * median(amounts)
    return fmean(min(amount, ceiling) for amount in amounts)


def _profile(days: list[list[float]]) -> tuple[float, ...]:
    """Mean shares of the hours, each day counting alike however much it cost, drawn towards the prior."""
    seen = [sum(day[hour] / sum(day) for day in days) for hour in _HOURS]
    return tuple((seen[hour] + PRIOR_DAYS * _prior(hour)) / (len(days) + PRIOR_DAYS) for hour in _HOURS)


def _prior(hour: int) -> float:
    anywhere = (1.0 - PRIOR_OFFICE_SHARE) / len(_HOURS)
    return anywhere + (PRIOR_OFFICE_SHARE / len(OFFICE_HOURS) if hour in OFFICE_HOURS else 0.0)


def _curve(
    profile: tuple[float, ...], since: float, until: float, timezone: tzinfo
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Edges of the local hours, and the sum of their shares up to each."""
    stretches = list(_local_hours(since, until, timezone))
    floor = FLOOR_SHARE / len(_HOURS)
    shares = (max(profile[local.hour], floor) * (end - start) / _HOUR_S for local, start, end in stretches)
    return (since, *(end for _, _, end in stretches)), tuple(accumulate(shares, initial=0.0))


def _local_hours(since: float, until: float, timezone: tzinfo) -> Iterator[tuple[datetime, float, float]]:
    """The stretches of one local clock hour each between two times: local time at its start, start, end.

    Lengths are counted in UTC, so the hour that a clock repeats in autumn comes twice and the one it leaps over never.
    """
    while since < until:
        local = datetime.fromtimestamp(since, timezone)
        end = min(since + _HOUR_S - (local.minute * 60 + local.second), until)
        yield local, since, end
        since = end


def _midnight(day: date, timezone: tzinfo, days_later: int = 0) -> float:
    return datetime.combine(day + timedelta(days=days_later), time(tzinfo=timezone)).timestamp()


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY
