"""`burn-tui report`: the ledger's figures added up by something, read without writing."""
# ruff: noqa: S608 - what is put into statements are lists of columns and fragments from this package

import csv
import io
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from burn_tui.core.report import Figures, Grouping, Marker, Report, Row, local_days, ranked
from burn_tui.engine.ledger_errors import explained
from burn_tui.engine.ledger_file import open_to_read, recognise
from burn_tui.engine.ledger_periods import HOUR_US, parts_of_period
from burn_tui.engine.ledger_reading import rows
from burn_tui.engine.tables import ledger as sql
from burn_tui.engine.tables.migrations import SUMS

_KEYS: dict[Grouping, str] = {
    "provider": "provider_name",
    "model": "provider_name || '/' || request_model",
    "operation": "operation_name",
    "project": "project",
    "environment": "environment",
    "prompt": "prompt_name || '@' || substr(prompt_version, 1, 12)",
    "session": "(SELECT name FROM names WHERE id = session_id)",
    "commit": "(SELECT name FROM names WHERE id = git_commit)",
    "hour": "hour",
}
"""What a report groups by. Days are asked for one by one, as they begin when the clocks say so."""

_MARKED: dict[Marker, str] = {
    "fallback": "fallbacks",
    "truncated": "truncated",
    "estimated": "estimated",
    "unpriced": "unpriced_requests",
    "cached": "cached",
}

_COLUMNS = ", ".join(SUMS)
_IN_PERIOD = "started_at_us >= :since_us AND started_at_us < :until_us"


@contextmanager
def ledger_to_read(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that cannot write; None if there is no ledger yet. LedgerError for whatever goes wrong meanwhile."""
    if not path.exists():
        yield None
        return
    with explained(str(path)):
        recognise(path)
        connection = open_to_read(path)
        try:
            connection.execute("BEGIN")  # all figures are of one moment
            yield connection
        finally:
            connection.close()


def report(
    connection: sqlite3.Connection,
    *,
    since: float,
    until: float,
    by: Grouping,
    timezone: tzinfo,
    only: Marker | None = None,
) -> Report:
    """What the attempts that started in [since, until), seconds since the epoch, come to.

    `only`: those with this marker. `timezone`: of days and hours.
    """
    ask = _Asking(connection, only)
    found = _by_day(ask, since, until, timezone) if by == "day" else ask.figures(since, until, by)
    if by == "hour":
        found = {_hour(key, timezone): sums for key, sums in found.items()}
    if by in _OWN_HOURS and only is None:
        found |= _without(ask.figures(since, until)[None], found)
    listed = (Row(key=key, **structs.asdict(_figures(sums))) for key, sums in found.items())
    return Report(totals=_figures(_all(found.values())), rows=ranked(listed, by))


Sums = Mapping[str, int]


Found = dict[str | None, Sums]


class _Asking:
    def __init__(self, connection: sqlite3.Connection, only: Marker | None) -> None:
        self._connection = connection
        self._marked = _MARKED[only] if only else "true"
        self._is_filtered = only is not None

    def figures(self, since: float, until: float, by: Grouping | None = None) -> Found:
        """The sums and the accepted answers of a period, by key; of all under None."""
        key = _KEYS[by] if by else "NULL"
        values = parts_of_period(since, until)
        found = {row["key"]: dict(row) for row in rows(self._connection, self._statement(key, by), values)}
        for row in rows(self._connection, self._accepted(key), values):
            if row["key"] in found:
                found[row["key"]]["accepted"] = row["accepted"]
        if by is None:
            return {None: _all(found.values())}
        return {row_key: sums for row_key, sums in found.items() if sums["attempts"] or sums["cost_nanousd"]}

    def _statement(self, key: str, by: Grouping | None) -> str:
        """Roll-ups know all keys; they do not know which attempts have a marker."""
        if self._is_filtered:
            found = _with_marker(self._marked)
        elif by in _OWN_HOURS:
            table, column = _OWN_HOURS[by]
            columns = f"NULL AS labels, {column}, {_COLUMNS}"
            found = sql.by_hour_in_period(columns, table=table, where=f"{column} IS NOT NULL")
        elif by == "hour":
            found = sql.by_hour_in_period(f"labels, hour, {_COLUMNS}", table="hours")
        else:
            found = sql.in_period(f"labels, {_COLUMNS}")
        if by in {"session", "commit", "hour"} or by is None:
            return f"SELECT {key} AS key, {sql.summed()} FROM ({found}) GROUP BY key"
        # First by number: there are far fewer labels than rows to look the words up for.
        by_number = f"SELECT labels, {sql.summed()} FROM ({found}) GROUP BY labels"
        return f"""
            SELECT {key} AS key, {sql.summed()} FROM ({by_number}) AS numbered
            JOIN labels ON labels.id = numbered.labels GROUP BY key
        """

    def _accepted(self, key: str) -> str:
        return f"""
            SELECT {key} AS key, count(*) AS accepted
            FROM accepted CROSS JOIN counted_rows ON counted_rows.event_id = accepted.event_id
            JOIN labels ON labels.id = counted_rows.labels
            WHERE {_IN_PERIOD} AND {self._marked} GROUP BY key
        """


def _with_marker(marked: str) -> str:
    """The attempts with a marker. A request counts at the first of its attempts that have it: a fallback is never a
    request's first attempt.
    """
    others = ", ".join(f"marked.{name}" for name in SUMS if name != "requests")
    return f"""
        SELECT marked.labels, marked.session_id, marked.git_commit, marked.hour, {others}, iif(
            marked.attempts, row_number() OVER (PARTITION BY request_id ORDER BY attempt, attempt_rows.id) = 1, 0
        ) AS requests
        FROM (SELECT * FROM counted WHERE {_IN_PERIOD} AND {marked}) AS marked
        LEFT JOIN attempt_rows ON marked.attempts AND attempt_rows.id = marked.id
    """


_OWN_HOURS: dict[Grouping | None, tuple[str, str]] = {
    "session": ("session_hours", "session_id"),
    "commit": ("commit_hours", "git_commit"),
}
"""Roll-ups that hold the attempts with such a key and no others."""


def _by_day(ask: _Asking, since: float, until: float, timezone: tzinfo) -> Found:
    days = {day: ask.figures(start, end)[None] for day, start, end in local_days(since, until, timezone)}
    return {day: sums for day, sums in days.items() if sums["attempts"]}


def _all(found: Iterable[Sums]) -> Sums:
    sums = list(found)
    return {name: sum(one.get(name, 0) for one in sums) for name in (*SUMS, "accepted")}


def _without(totals: Sums, found: Found) -> Found:
    """What a roll-up of sessions or commits does not hold: the attempts that have none."""
    rest = {name: totals[name] - sum(sums[name] for sums in found.values()) for name in SUMS}
    rest["accepted"] = totals.get("accepted", 0) - sum(sums.get("accepted", 0) for sums in found.values())
    return {None: rest} if rest["attempts"] else {}


def _figures(sums: Sums) -> Figures:
    is_unknown = sums["attempts"] > 0 and sums["unpriced_requests"] >= sums["attempts"] and not sums["cost_nanousd"]
    cost, accepted = None if is_unknown else sums["cost_nanousd"], sums.get("accepted", 0)
    return Figures(
        requests=sums["requests"],
        attempts=sums["attempts"],
        input_tokens=sums["input_tokens"],
        output_tokens=sums["output_tokens"],
        cache_read_input_tokens=sums["cache_read_input_tokens"],
        cache_creation_input_tokens=sums["cache_creation_input_tokens"],
        reasoning_output_tokens=sums["reasoning_output_tokens"],
        cost_nanousd=cost,
        unpriced_requests=sums["unpriced_requests"],
        unpriced_tokens=sums["unpriced_tokens"],
        failures=sums["failures"],
        fallback_attempts=sums["fallbacks"],
        truncated_attempts=sums["truncated"],
        estimated_attempts=sums["estimated"],
        cached_attempts=sums["cached"],
        accepted_answers=accepted,
        cost_per_accepted_answer_nanousd=round(cost / accepted) if accepted and cost is not None else None,
    )


def _hour(key: object, timezone: tzinfo) -> str:
    start = datetime.fromtimestamp(int(str(key)) * HOUR_US / 1_000_000, timezone)
    return start.isoformat(timespec="minutes")


def as_json(made: Report) -> str:
    """One line. Amounts are integer nano-USD; null = unknown."""
    return msgspec.json.encode(made).decode()


def as_csv(made: Report) -> str:
    """A line for each key and none for the totals, which whoever reads it can add up; unknown costs are empty."""
    out = io.StringIO()
    columns = ["key", *Figures.__struct_fields__]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in made.rows:
        values: dict[str, Any] = structs.asdict(row)
        writer.writerow(_harmless(values[column]) for column in columns)
    return out.getvalue()


def _harmless(value: object) -> object:
    """A name that a spreadsheet would run as a formula, and nobody knows who has named it, is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
