"""What the alarms remember and what they have told, in two tables of the ledger's file.

All processes that share the file share the memory: whoever sees a runaway first tells of it, once.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from burn_tui.core.alarms import States
from burn_tui.core.alerts import Notification, Told

BURN_MEMORY = (
    # One document: it is small, and always read and written as a whole. States and notifications are JSON.
    "CREATE TABLE alarm_states (id INTEGER PRIMARY KEY CHECK (id = 1), states TEXT NOT NULL)",
    "CREATE TABLE told (id INTEGER PRIMARY KEY, what TEXT NOT NULL, dismissed_at_us INTEGER)",
    "CREATE INDEX told_standing ON told (id) WHERE dismissed_at_us IS NULL",
)
"""Of migrations.py. The id of what was told is when that was, in microseconds since the epoch."""

MOST_TOLD = 50
"""The latest that are shown."""


def states(connection: sqlite3.Connection) -> States:
    """What is remembered; the beginning of everything if nothing is, or if a later version wrote it."""
    row = connection.execute("SELECT states FROM alarm_states").fetchone()
    if row is None:
        return States()
    try:
        return msgspec.json.decode(row[0], type=States)
    except msgspec.DecodeError:
        return States()


def keep(connection: sqlite3.Connection, kept: States) -> None:
    """Remember these from now on."""
    connection.execute(
        "INSERT INTO alarm_states VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET states = excluded.states",
        (msgspec.json.encode(kept).decode(),),
    )


def tell(connection: sqlite3.Connection, told: Sequence[Told]) -> None:
    """Write down what a person is told."""
    rows = [(one.id, msgspec.json.encode(one.what).decode()) for one in told]
    connection.executemany("INSERT OR IGNORE INTO told (id, what) VALUES (?, ?)", rows)


def dismiss(connection: sqlite3.Connection, told_id: int, at_us: int) -> None:
    """A person has seen it."""
    statement = "UPDATE told SET dismissed_at_us = ? WHERE id = ? AND dismissed_at_us IS NULL"
    connection.execute(statement, (at_us, told_id))


def told(connection: sqlite3.Connection, *, standing_only: bool) -> list[Told]:
    """The latest MOST_TOLD, the latest first; what a later version told in words of its own is left out."""
    which = "WHERE dismissed_at_us IS NULL" if standing_only else ""
    statement = f"SELECT id, what, dismissed_at_us FROM told {which} ORDER BY id DESC LIMIT ?"  # noqa: S608
    found = []
    for told_id, what, dismissed_at_us in connection.execute(statement, (MOST_TOLD,)):
        try:
            notification = msgspec.json.decode(what, type=Notification)
        except msgspec.DecodeError:
            continue
        is_dismissed = dismissed_at_us is not None
        found.append(Told(id=told_id, at=told_id / 1e6, what=notification, is_dismissed=is_dismissed))
    return found
