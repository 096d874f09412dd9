"""Questions to the ledger, each within the transaction of whoever asks."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from burn_tui.core.budget import Budget, Spent, period_of
from burn_tui.core.burn import WINDOW_MINUTES, MinuteSample, ProviderSpending, Spending
from burn_tui.core.catalog import Target
from burn_tui.core.latency import Histogram
from burn_tui.core.minutes import minute_of
from burn_tui.engine.ledger_periods import HOUR_US, parts_of_period, up_to_now
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.ownership import may_live
from burn_tui.engine.tables import ledger as sql

_LABELS = {"provider": "provider_name", "environment": "environment", "session": "session_id", "project": "project"}
"""Of a budget's scope."""

Row = Mapping[str, Any]


def rows(connection: sqlite3.Connection, statement: str, values: Mapping[str, object] | None = None) -> list[Any]:
    """All rows of an answer, by column name."""
    return connection.execute(statement, values or {}).fetchall()


def spent(connection: sqlite3.Connection, since: float, until: float, labels: Mapping[str, object]) -> int:
    """Nano-USD of the attempts with these labels that started in [since, until), reservations included."""
    others = tuple(name for name in labels if name != "session_id")
    statement = sql.spent_by_session(others) if "session_id" in labels else sql.spent(others)
    (row,) = rows(connection, statement, {**labels, **parts_of_period(since, until)})
    return int(row["spent_nanousd"])


def spent_in_period(connection: sqlite3.Connection, budget: Budget, at: float) -> Spent:
    """What the budget's period around `at` (seconds since the epoch) has cost, reservations included."""
    start, end = period_of(budget, datetime.fromtimestamp(at, UTC))
    kind, _, name = budget.scope.partition(":")
    labels = {} if kind == "all" else {_LABELS[kind]: name}
    return Spent(budget, spent(connection, start.timestamp(), end.timestamp(), labels))


def open_in_period(connection: sqlite3.Connection, budget: Budget, at: float) -> int:
    """Calls in flight whose estimates the budget's period around `at` (seconds since the epoch) has reserved."""
    start, end = period_of(budget, datetime.fromtimestamp(at, UTC))
    kind, _, name = budget.scope.partition(":")
    labels = {} if kind == "all" else {_LABELS[kind]: name}
    edges = {"since_us": microseconds(start.timestamp()), "until_us": microseconds(end.timestamp())}
    (row,) = rows(connection, sql.open_in_period(tuple(labels)), {**edges, **labels})
    return int(row["open_attempts"])


def dead_owners(connection: sqlite3.Connection) -> list[str]:
    """Those with open attempts whose process is dead: the next to open the ledger for writing settles them."""
    return [row["owner"] for row in rows(connection, sql.OPEN_OWNERS) if not may_live(row["owner"])]


def spending(connection: sqlite3.Connection, day_start: float, now: float, *, without: Sequence[str] = ()) -> Spending:
    """What the burn panel needs of the ledger. Open attempts of the owners in `without` are not in flight."""
    times = {
        **up_to_now(day_start, now),
        "now_us": microseconds(now),
        "now_minute": minute_of(now),
        "now_hour": microseconds(now) // HOUR_US,
        "window": WINDOW_MINUTES,
    }
    samples = rows(connection, sql.MINUTE_SAMPLES, times)
    return Spending(
        minutes=tuple(MinuteSample(row["minute"], row["cost_nanousd"], row["tokens"]) for row in samples),
        providers=_providers(
            rows(connection, sql.PROVIDER_SUMS, times),
            rows(connection, sql.FIRST_CHUNKS, times),
            rows(connection, sql.LAST_ERRORS, times),
            rows(connection, sql.OPEN_ATTEMPTS, {"dead_owners": msgspec.json.encode(without).decode()}),
        ),
    )


def _providers(
    sums: Iterable[Row], first_chunks: Iterable[Row], last_errors: Iterable[Row], open_attempts: Iterable[Row]
) -> tuple[ProviderSpending, ...]:
    """One for each provider that was called today or is being called."""
    parts: dict[str, dict[str, Any]] = {row["provider_name"]: dict(row) for row in sums}
    for row in open_attempts:
        parts.setdefault(row["provider_name"], {}).update(dict(row))
    for row in last_errors:
        if row["provider_name"] in parts:  # always, unless the roll-ups have come to harm
            parts[row["provider_name"]]["last_error_type"] = row["error_type"]
    for row in first_chunks:
        if row["provider_name"] in parts:
            histogram = parts[row["provider_name"]].setdefault("first_chunk", {})
            histogram[row["bucket"]] = histogram.get(row["bucket"], 0) + row["samples"]
    return tuple(ProviderSpending(**part) for part in parts.values())


def first_chunks(connection: sqlite3.Connection, target: Target, now: float) -> Histogram:
    """The target's times to the first chunk over the last 24 hours."""
    values = {"provider_name": target.provider_name, "model": target.model, "now_hour": microseconds(now) // HOUR_US}
    return {row["bucket"]: row["samples"] for row in rows(connection, sql.FIRST_CHUNKS_OF_MODEL, values)}
