"""What has not left for the team yet, and the cursor that says so. Both in the machine's own ledger.

A cursor moves only after the server has committed. Whoever is killed in between sends the same rows again, and the
server takes each only once. Rows settle in another order than they begin: what was open when the cursor passed it is
written down and looked for again.
"""

import sqlite3
from typing import Literal, get_args

from msgspec import Struct

from burn_tui.core.team import SharedRow, SharedVerdict, Sharing
from burn_tui.engine.tables import team_cursor as sql
from burn_tui.engine.team.rows import attempt_of, correction_of, verdict_of

Source = Literal["attempts", "corrections", "feedback"]

SOURCES: tuple[Source, ...] = get_args(Source)

BATCH = 2_000
"""Rows that leave in one transaction."""


class Batch(Struct, frozen=True, kw_only=True):
    """What leaves next of one source."""

    source: Source
    rows: tuple[SharedRow, ...] = ()
    verdicts: tuple[SharedVerdict, ...] = ()
    through: int
    """Where the cursor stands when they have left."""
    settled: tuple[int, ...] = ()
    """Those among them that were waited for."""
    still_open: tuple[int, ...] = ()
    """Those that the cursor passes and that must be waited for."""


class Known(Struct, frozen=True):
    """What the server said when it was last asked."""

    team_id: str
    has_budgets: bool


def next_batch(connection: sqlite3.Connection, source: Source, sharing: Sharing, *, limit: int = BATCH) -> Batch | None:
    """The next rows that have not left; None = all have, and the cursor stands at the end."""
    through = _cursors(connection, sharing.team_id)[source]
    values = {"team_id": sharing.team_id, "through": through, "limit": limit}
    match source:
        case "attempts":
            return _attempts(connection, sharing, values)
        case "corrections":
            found = connection.execute(sql.CORRECTIONS_AFTER, values).fetchall()
            rows = tuple(correction_of(row, sharing) for row in found)
            return Batch(source=source, rows=rows, through=found[-1]["id"]) if found else None
        case "feedback":
            found = connection.execute(sql.FEEDBACK_AFTER, values).fetchall()
            verdicts = tuple(verdict_of(row, sharing) for row in found)
            return Batch(source=source, verdicts=verdicts, through=found[-1]["id"]) if found else None


def _attempts(connection: sqlite3.Connection, sharing: Sharing, values: dict[str, object]) -> Batch | None:
    waited_for = connection.execute(sql.ATTEMPTS_WAITING, values).fetchall()
    following = connection.execute(sql.ATTEMPTS_AFTER, values).fetchall()
    if not waited_for and not following:
        return None
    settled = [row for row in following if row["settled_at_us"] is not None]
    return Batch(
        source="attempts",
        rows=tuple(attempt_of(row, sharing) for row in (*waited_for, *settled)),
        through=following[-1]["id"] if following else int(str(values["through"])),
        settled=tuple(row["id"] for row in waited_for),
        still_open=tuple(row["id"] for row in following if row["settled_at_us"] is None),
    )


def move(connection: sqlite3.Connection, batch: Batch, team_id: str) -> None:
    """The batch is with the server: go on behind it."""
    anchor = _anchor(connection, batch.source, batch.through)
    cursor = {"team_id": team_id, "source": batch.source, "through": batch.through, "anchor": anchor}
    connection.execute(sql.MOVE, cursor)
    for statement, ids in ((sql.NO_LONGER_WAIT_FOR, batch.settled), (sql.WAIT_FOR, batch.still_open)):
        connection.executemany(statement, [{"team_id": team_id, "id": row_id} for row_id in ids])


def start_over(connection: sqlite3.Connection, team_id: str) -> None:
    """Forget what has left: all of it leaves again, and the server takes what it lacks."""
    for statement in sql.START_OVER:
        connection.execute(statement, {"team_id": team_id})


def left_to_send(connection: sqlite3.Connection, team_id: str) -> int:
    """Settled attempts that have not left yet."""
    values = {"team_id": team_id, "through": _cursors(connection, team_id)["attempts"]}
    return int(connection.execute(sql.LEFT_TO_SEND, values).fetchone()["rows_left"])


def latest(connection: sqlite3.Connection, sharing: Sharing, limit: int) -> list[SharedRow]:
    """The newest settled attempts as they leave or have left, the newest first."""
    return [attempt_of(row, sharing) for row in connection.execute(sql.LATEST_ATTEMPTS, {"limit": limit}).fetchall()]


def known(connection: sqlite3.Connection, address: str) -> Known | None:
    """What is remembered of the server; None = it was never reached."""
    row = connection.execute(sql.KNOWN, {"address": address}).fetchone()
    return Known(row["team_id"], bool(row["has_budgets"])) if row else None


def know(connection: sqlite3.Connection, address: str, said: Known) -> None:
    """Remember it for when the server is away."""
    values = {"address": address, "team_id": said.team_id, "has_budgets": said.has_budgets}
    connection.execute(sql.KNOW, values)


def _cursors(connection: sqlite3.Connection, team_id: str) -> dict[Source, int]:
    """Where each source stands; 0 = at the beginning."""
    cursors: dict[Source, int] = dict.fromkeys(SOURCES, 0)
    for row in connection.execute(sql.CURSORS, {"team_id": team_id}).fetchall():
        if _anchor(connection, row["source"], row["through"]) == row["anchor"]:
            cursors[row["source"]] = row["through"]
    return cursors


def _anchor(connection: sqlite3.Connection, source: Source, through: int) -> object:
    row = connection.execute(sql.ANCHORS[source], {"through": through}).fetchone()
    return row["event_id"] if row else None
