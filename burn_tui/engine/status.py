"""How things stand, read from the ledger alone: for status lines, which ask often, briefly and from other processes.

It reads through a connection that cannot write, with the standard library's sqlite3 and without an event loop, since
a status line waits for it. Nothing here measures: what it shows is what the ledger holds.
"""

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

from msgspec import Struct

from burn_tui.core.budget import Budget, period_of
from burn_tui.core.burn import BurnView, burn_view
from burn_tui.core.errors import LedgerError
from burn_tui.core.expectation import Expectation, learn
from burn_tui.engine import burn_queries as queries
from burn_tui.engine.ledger_errors import explained
from burn_tui.engine.ledger_file import open_to_read, recognise
from burn_tui.engine.ledger_reading import dead_owners, rows, spending
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.tables import ledger as sql

BUSY_S = 0.05
"""How long another process's transaction is waited for: a late status is worth less than none."""


class LatestFallback(Struct, frozen=True, kw_only=True):
    """The last time today that somebody else had to serve a request."""

    at: float
    """Seconds since the epoch, when the call that replaced the failed one began."""
    from_target: str
    """provider/model"""
    to_target: str


class Standing(Struct, frozen=True, kw_only=True):
    """Today, as far as the ledger knows it."""

    burn: BurnView
    """Without tension, what is slow, and what was told."""
    environment: str | None
    """Where the latest call of today came from; None = nothing was asked today."""
    latest_fallback: LatestFallback | None
    """None = everybody who was asked first has answered today."""
    expectation: Expectation
    """What the day is held against, for the next time."""


def standing(path: Path, budget: Budget, now: float, *, expectation: Expectation | None = None) -> Standing:
    """How things stand at `now`, seconds since the epoch. `budget` is the day's; a limit of 0 means it has none.

    `expectation`: that of an earlier status, which saves learning it anew while its day lasts and the budget is the
    same. LedgerError if there is no ledger in `path`, or it cannot be read.
    """
    with explained(str(path)):
        if not path.exists():
            mend = "It is made with the first prompt; without --data-dir the usual place is looked at."
            raise LedgerError("is not there yet.", file=str(path), mend=mend)
        recognise(path)
        with closing(open_to_read(path, busy_s=BUSY_S)) as connection:
            if expectation is None or not expectation.day_start <= now < expectation.day_end:
                expectation = _learned(connection, budget, now)
            start, end = (edge.timestamp() for edge in period_of(budget, datetime.fromtimestamp(now, UTC)))
            today = {"since_us": microseconds(start), "until_us": microseconds(end)}
            latest = rows(connection, sql.LATEST_ENVIRONMENT, today)
            fallbacks = rows(connection, sql.LATEST_FALLBACK, today)
            burn = _burn(connection, budget, expectation, now)
    return Standing(
        burn=burn,
        environment=latest[0]["environment"] if latest else None,
        latest_fallback=_fallback(fallbacks[0]) if fallbacks else None,
        expectation=expectation,
    )


def _learned(connection: Connection, budget: Budget, now: float) -> Expectation:
    hours = queries.past_hours(connection, now=now)["nanousd"]
    return learn(hours, timezone=budget.timezone, now=now, day_limit=budget.limit_nanousd or None)


def _burn(connection: Connection, budget: Budget, expectation: Expectation, now: float) -> BurnView:
    live: Counter[int] = Counter()
    for minute in queries.burnt(connection, day_start=expectation.day_start, now=now)["nanousd"].minutes:
        live[minute.minute] += minute.live
    return burn_view(
        spending(connection, expectation.day_start, now, without=dead_owners(connection)),
        now=now,
        expectation=expectation,
        limit_nanousd=budget.limit_nanousd or None,
        live=live,
    )


def _fallback(row: dict[str, object]) -> LatestFallback:
    return LatestFallback(
        at=int(str(row["started_at_us"])) / 1_000_000,
        from_target=str(row["fell_back_from"]),
        to_target=f"{row['provider_name']}/{row['request_model']}",
    )
