"""The ledger's file: for its owner only, recognised before it is touched, and brought to this version's schema."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from burn_tui.core.errors import LedgerError
from burn_tui.engine.tables import ledger as sql
from burn_tui.engine.tables.migrations import APPLICATION_ID, MIGRATIONS

SIDE_FILES = ("-wal", "-shm")
"""What SQLite keeps beside a database, by what is appended to its name."""

_SETTINGS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY")


def make_private_file(path: Path) -> None:
    """Make file and directory, for this user only; what is there stays as it is. OSError if it cannot be written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def keep_private(path: Path) -> None:
    """Close the ledger's files to everybody else."""
    for file in (path, *(beside(path, suffix) for suffix in SIDE_FILES)):
        if file.exists() and file.stat().st_mode & 0o077:
            file.chmod(0o600)


def beside(path: Path, suffix: str) -> Path:
    """The file whose name has something appended."""
    return path.with_name(path.name + suffix)


def flush_log(path: Path) -> None:
    """Have the disk keep what was committed to the ledger in `path` without waiting for it. OSError if it cannot."""
    with suppress(FileNotFoundError):  # the log has been folded into the ledger, and that waits for the disk
        log = os.open(beside(path, "-wal"), os.O_RDWR)
        try:
            os.fsync(log)
        finally:
            os.close(log)


def file_number(path: str) -> int | None:
    """Tells one file from another that takes its place; None if there is none."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - asked before every statement, and a Path costs more than the question
    except OSError:
        return None


def recognise(path: Path) -> None:
    """LedgerError unless the file is empty or a ledger that this version knows.

    Looked at through a connection that cannot write: one that can would fold another program's log into its file.
    """
    with closing(open_to_read(path)) as connection:
        row = connection.execute(sql.IDENTITY).fetchone()
    if row["tables"] > 0 and row["application_id"] != APPLICATION_ID:
        mend = "Name another directory with --data-dir."
        raise LedgerError("is a database of another program.", file=str(path), mend=mend)
    if row["user_version"] > len(MIGRATIONS):
        problem = f"was written by a newer burn-tui (schema {row['user_version']}, this one knows {len(MIGRATIONS)})."
        raise LedgerError(problem, file=str(path), mend="Upgrade burn-tui, or name another --data-dir.")


def open_to_read(path: Path, *, busy_s: float = 10.0) -> sqlite3.Connection:
    """A connection that cannot write (sqlite.org/uri.html), for use by whichever thread."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, timeout=busy_s, isolation_level=None, uri=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Make what is there a ledger of this version."""
    connection.row_factory = sqlite3.Row
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}").fetchall()
    for version in range(_version(connection) + 1, len(MIGRATIONS) + 1):
        _migrate_to(connection, version)
    for statement in sql.FRESH:
        connection.execute(statement)


def _migrate_to(connection: sqlite3.Connection, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited for its turn.
        if _version(connection) < version:
            for statement in MIGRATIONS[version - 1]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
