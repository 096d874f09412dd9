"""What is usual and what is burnt, read through any connection: also by processes that only look."""

import sqlite3
from collections.abc import Mapping

from burn_tui.core.alerts import Samples
from burn_tui.core.budget import Budget
from burn_tui.core.burn import BurnView, burn_view
from burn_tui.core.expectation import Expectation, Measure, learn
from burn_tui.engine.burn_queries import burnt, past_hours
from burn_tui.engine.ledger_reading import spending

Expectations = Mapping[Measure, Expectation]


def learned(connection: sqlite3.Connection, *, daily: Budget, now: float) -> Expectations:
    """What is usual for the day of `now`, seconds since the epoch, in both measures.

    `daily`: the budget whose days are learned; a limit of 0 = there is none, only a time zone.
    """
    hours = past_hours(connection, now=now)
    limits: dict[Measure, int | None] = {"nanousd": daily.limit_nanousd or None, "tokens": None}
    return {
        measure: learn(hours[measure], timezone=daily.timezone, now=now, measure=measure, day_limit=limit)
        for measure, limit in limits.items()
    }


def by_minute(samples: Samples) -> dict[int, int]:
    """What happened live in each minute."""
    sums: dict[int, int] = {}
    for spent in samples.minutes:
        sums[spent.minute] = sums.get(spent.minute, 0) + spent.live
    return sums


def burn_at(connection: sqlite3.Connection, *, daily: Budget, now: float) -> BurnView:
    """What the burn panel shows of spending, for whoever looks once: nothing is remembered and nobody alarmed."""
    expectation = learned(connection, daily=daily, now=now)["nanousd"]
    samples = burnt(connection, day_start=expectation.day_start, now=now)["nanousd"]
    return burn_view(
        spending(connection, expectation.day_start, now),
        now=now,
        expectation=expectation,
        limit_nanousd=daily.limit_nanousd or None,
        live=by_minute(samples),
    )
