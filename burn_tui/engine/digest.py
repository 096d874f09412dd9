"""`burn-tui digest`: what the ledger knows about the last seven days, gathered for the page that tells of it."""

import sqlite3
from datetime import datetime, timedelta

from msgspec import Struct

from burn_tui.core.bottlenecks import Bottleneck, bottlenecks
from burn_tui.core.budget import Budget
from burn_tui.core.expectation import learn
from burn_tui.core.report import Figures, Report
from burn_tui.engine import burn_queries as queries
from burn_tui.engine.reports import report

DAYS = 7


class Day(Struct, frozen=True, kw_only=True):
    """One local day."""

    date: str
    """ISO."""
    figures: Figures
    usual_nanousd: int | None
    """What a day of its class had cost before it; None = nothing was known."""
    days_learned: int
    """Active days that this is known from; 0 = it is the budget's limit."""


class Digest(Struct, frozen=True, kw_only=True):
    """The week that ended with yesterday's midnight or, where today is asked for, now."""

    days: tuple[Day, ...]
    budget: Budget
    """The day's; a limit of 0 = there is none."""
    before: Figures
    """The seven days before."""
    models: Report
    operations: Report
    prompts: Report
    bottlenecks: tuple[Bottleneck, ...]
    """Of the last 24 hours."""


def digest(connection: sqlite3.Connection, *, daily: Budget, now: float, slow_s: float) -> Digest:
    """The seven local days up to now, today included. `daily` says whose midnight begins a day, and its limit."""
    zone = daily.timezone
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=DAYS - 1)
    start, before = first.timestamp(), (first - timedelta(days=DAYS)).timestamp()
    hours = queries.past_hours(connection, now=now)["nanousd"]
    figures = {row.key: row for row in report(connection, since=start, until=now, by="day", timezone=zone).rows}
    days = []
    for number in range(DAYS):
        day = first + timedelta(days=number)
        usual = learn(hours, timezone=zone, now=day.timestamp(), day_limit=daily.limit_nanousd or None)
        days.append(
            Day(
                date=f"{day:%Y-%m-%d}",
                figures=figures.get(f"{day:%Y-%m-%d}", Figures()),
                usual_nanousd=None if usual.usual is None else round(usual.usual),
                days_learned=usual.days_learned,
            )
        )
    works, speeds = queries.works(connection, now=now)
    return Digest(
        days=tuple(days),
        budget=daily,
        before=report(connection, since=before, until=start, by="provider", timezone=zone).totals,
        models=report(connection, since=start, until=now, by="model", timezone=zone),
        operations=report(connection, since=start, until=now, by="operation", timezone=zone),
        prompts=report(connection, since=start, until=now, by="prompt", timezone=zone),
        bottlenecks=bottlenecks(works, speeds, slow_s=slow_s),
    )
