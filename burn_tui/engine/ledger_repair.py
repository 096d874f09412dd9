"""Puts a sound ledger into the place of a damaged one: every row that can be read, and roll-ups made from those.

    damaged file ──rows that can be read──> new file beside it ──roll-ups──> checked ──> takes its place
          └─────────────────────────────── is kept under another name ──────────────────────┘

The damaged file is locked meanwhile. Whoever has it open goes over to the new one with the next transaction
(ledger_transactions.py), and writes there what waited in memory.
"""
# ruff: noqa: S608 - what is put into statements are names of tables and columns from the schema

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from burn_tui.core.errors import LedgerError
from burn_tui.engine.ledger_errors import explained
from burn_tui.engine.ledger_file import SIDE_FILES, beside, make_private_file, open_to_read, prepare
from burn_tui.engine.ledger_writing import Writing
from burn_tui.engine.tables.migrations import APPLICATION_ID

BUSY_S = 10.0

GIVE_UP_AFTER = 100_000
"""Row numbers in a row that cannot be read: what comes after them, if anything, is not looked for."""

_ROLL_UPS = {"minutes", "hours", "days", "session_hours", "commit_hours", "latencies"}

_COVERING = {"names": "sqlite_autoindex_names_1", "labels": "labels_by_name", "subjects": "subjects_by_name"}
"""Indexes that hold all of their table, so that either of the two will do. Without words the rows are only numbers."""

_APPLICATION_ID_AT = 68
"""Of a database file, see sqlite.org/fileformat.html: readable even where SQLite reads nothing."""


class Repaired(Struct, frozen=True):
    """What was done."""

    kept_as: Path
    """The damaged original."""
    attempts: int
    """Recovered ones."""
    lost: int | None
    """Attempts that could not be read; None = nobody knows how many there were."""
    others: dict[str, int]
    """Rows of other tables that were recovered, by table."""


def is_sound(path: Path) -> bool:
    """Whether SQLite finds no damage in the file."""
    try:
        with closing(open_to_read(path)) as connection:
            return str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) == "ok"
    except sqlite3.DatabaseError as error:
        if _primary_code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return False
        raise


def is_ours(path: Path) -> bool:
    """Whether the file says at its beginning that it is a ledger, however damaged the rest may be."""
    with path.open("rb") as file:
        file.seek(_APPLICATION_ID_AT)
        return int.from_bytes(file.read(4)) == APPLICATION_ID


def rebuild(path: Path) -> None:
    """Compute the roll-ups of a sound ledger anew."""
    with explained(str(path)), closing(_writable(path)) as connection:
        prepare(connection)
        connection.execute("BEGIN IMMEDIATE")
        Writing(connection, owner="").rebuild_rollups()
        connection.execute("COMMIT")


def repair(path: Path, *, now: float) -> Repaired:
    """Replace a damaged ledger by what can be read of it. `now`: seconds since the epoch."""
    stamp = f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"
    made, kept = beside(path, f".repaired-{stamp}"), beside(path, f".damaged-{stamp}")
    with explained(str(path)):
        _refuse_what_is_not_ours(path)
        with closing(_writable(path)) as damaged:
            _lock(damaged)
            try:
                make_private_file(made)
                with closing(_writable(made)) as sound:
                    prepare(sound)
                    recovered = {table: _copy(damaged, sound, table) for table in _tables(sound)}
                    _stand_in_for_lost_words(sound)
                    sound.execute("BEGIN IMMEDIATE")
                    Writing(sound, owner="").rebuild_rollups()
                    sound.execute("COMMIT")
                    sound.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                attempts = recovered.pop("attempt_rows")
                lost = _lost(damaged, attempts)
                _swap(path, made, kept)
            finally:
                made.unlink(missing_ok=True)
    others = {table: number for table, number in recovered.items() if number}
    return Repaired(kept_as=kept, attempts=attempts, lost=lost, others=others)


def _refuse_what_is_not_ours(path: Path) -> None:
    if not is_ours(path):
        mend = "Move it away or name another directory with --data-dir; a new ledger is made at the next start."
        raise LedgerError("is not a burn-tui ledger, or its very beginning is lost.", file=str(path), mend=mend)


def _writable(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def _lock(damaged: sqlite3.Connection) -> None:
    """Keep everybody else from writing. Where the damage forbids even that, nobody else can write either."""
    try:
        damaged.execute("BEGIN IMMEDIATE")
    except sqlite3.DatabaseError as error:
        if _primary_code(error) not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise


def _tables(sound: sqlite3.Connection) -> list[str]:
    """What is to be recovered, those that others refer to first, as they were made."""
    found = sound.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    return [row["name"] for row in found if row["name"] not in _ROLL_UPS]


def _copy(damaged: sqlite3.Connection, sound: sqlite3.Connection, table: str) -> int:
    """Every row of a table that can be read and makes sense; how many."""
    columns = _columns(damaged, sound, table)
    if not columns:
        return 0
    before = sound.total_changes
    statement = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    sound.execute("BEGIN")
    for row in _readable_rows(damaged, table, columns):
        with suppress(sqlite3.IntegrityError, OverflowError, UnicodeEncodeError):  # damage that looks like a row
            sound.execute(statement, row)
    sound.execute("COMMIT")
    return sound.total_changes - before


def _columns(damaged: sqlite3.Connection, sound: sqlite3.Connection, table: str) -> list[str]:
    """Those that both files have; none if the damaged one does not know the table any more."""
    wanted = [row["name"] for row in sound.execute(f"PRAGMA table_info({table})")]
    try:
        there = {row[1] for row in damaged.execute(f"PRAGMA table_info({table})")}
    except sqlite3.DatabaseError:
        return []
    return [name for name in wanted if name in there]


def _readable_rows(damaged: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[object, ...]]:
    listed = ", ".join(columns)
    if _has_row_numbers(damaged, table):
        yield from _by_row_number(damaged, table, listed)
    else:
        # From both ends up to the damage: what is met twice is written once.
        yield from _until_damage(damaged, f"SELECT {listed} FROM {table}")
        yield from _until_damage(damaged, f"SELECT {listed} FROM {table} ORDER BY {columns[0]} DESC")
    if table in _COVERING:
        yield from _until_damage(damaged, f"SELECT {listed} FROM {table} INDEXED BY {_COVERING[table]}")


def _has_row_numbers(damaged: sqlite3.Connection, table: str) -> bool:
    try:
        damaged.execute(f"SELECT rowid FROM {table} LIMIT 0")
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        pass
    return True


def _by_row_number(damaged: sqlite3.Connection, table: str, listed: str) -> Iterator[tuple[object, ...]]:
    """In their order, over every damaged page."""
    last = -1
    while True:
        try:
            rows = damaged.execute(f"SELECT rowid, {listed} FROM {table} WHERE rowid > ? ORDER BY rowid", (last,))
            for number, *row in rows:
                last = number
                yield tuple(row)
        except sqlite3.DatabaseError:
            following = _next_readable(damaged, table, last)
            if following is None:
                return
            last = following - 1
        else:
            return


def _next_readable(damaged: sqlite3.Connection, table: str, last: int) -> int | None:
    """The first number after the damage from which on rows can be read; None = there is none."""
    for number in range(last + 2, last + 2 + GIVE_UP_AFTER):
        try:
            row = damaged.execute(
                f"SELECT * FROM {table} WHERE rowid >= ? ORDER BY rowid LIMIT 1", (number,)
            ).fetchone()
        except sqlite3.DatabaseError:
            continue
        return number if row is not None else None
    return None


def _until_damage(damaged: sqlite3.Connection, statement: str) -> Iterator[tuple[object, ...]]:
    with suppress(sqlite3.DatabaseError):
        yield from damaged.execute(statement)


def _stand_in_for_lost_words(sound: sqlite3.Connection) -> None:
    """Rows whose words are gone keep their figures, under the name "lost"."""
    sound.execute("BEGIN")
    sound.execute("INSERT INTO subjects (provider_name, request_model) VALUES ('lost', 'lost')")
    sound.execute("INSERT INTO subjects (provider_name, operation_name) VALUES ('lost', 'lost')")
    sound.execute("""
        INSERT INTO labels (id, provider_name, request_model, environment, operation_name, source,
                            model_subject, operation_subject)
        SELECT DISTINCT labels, 'lost', 'lost', '', 'lost', 'lost',
               (SELECT max(id) FROM subjects WHERE request_model = 'lost'),
               (SELECT max(id) FROM subjects WHERE operation_name = 'lost')
        FROM attempt_rows WHERE labels NOT IN (SELECT id FROM labels)
    """)
    for column in ("route_reason", "session_id"):
        sound.execute(f"""
            INSERT OR IGNORE INTO names (id, name) SELECT DISTINCT {column}, 'lost-' || {column}
            FROM attempt_rows WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM names)
        """)
    sound.execute("COMMIT")


def _lost(damaged: sqlite3.Connection, recovered: int) -> int | None:
    """By how many attempts the indexes know of; they lie on other pages."""
    for column, index in (("started_at_us", "attempts_by_start"), ("event_id", "sqlite_autoindex_attempt_rows_1")):
        with suppress(sqlite3.DatabaseError):
            # count(*) would take whichever index is the smallest.
            row = damaged.execute(f"SELECT count({column}) FROM attempt_rows INDEXED BY {index}").fetchone()
            return max(int(row[0]) - recovered, 0)
    return None


def _swap(path: Path, made: Path, kept: Path) -> None:
    """The log and the locks of the old file first: they would be taken for those of the new one."""
    for suffix in SIDE_FILES:
        with suppress(FileNotFoundError):
            beside(path, suffix).rename(beside(kept, suffix))
    os.link(path, kept)
    made.replace(path)


def _primary_code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
