"""What the database says, said to a person: the problem, and what mends it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from burn_tui.core.errors import LedgerError, LedgerUnavailableError

_MOVE = "Move it away or name another directory with --data-dir; a new ledger is made at the next start."
_REPAIR = "Run burn-tui doctor --repair: it keeps what can be read."
_PERMIT = "Make the file and its directory writable for you, or name another directory with --data-dir."
_SPACE = "Free some space, or name a directory on another disk with --data-dir."
_DISK = "Check the disk, or name a directory on another one with --data-dir."

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_NOTADB: ("is not a burn-tui ledger.", _MOVE),
    sqlite3.SQLITE_CORRUPT: ("is damaged.", _REPAIR),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened.", _PERMIT),
    sqlite3.SQLITE_READONLY: ("cannot be written.", _PERMIT),
    sqlite3.SQLITE_PERM: ("cannot be written.", _PERMIT),
    sqlite3.SQLITE_FULL: ("cannot be written, the disk is full.", _SPACE),
    sqlite3.SQLITE_IOERR: ("cannot be read or written, the disk reports an error.", _DISK),
    sqlite3.SQLITE_BUSY: ("is held by another program.", "Close the program that has the file open."),
    sqlite3.SQLITE_LOCKED: ("is held by another program.", "Close the program that has the file open."),
}
"""What is wrong with the file or its place; none of it is wrong with what was to be written."""

_BY_ERRNO = {
    errno.ENOSPC: ("cannot be made, the disk is full.", _SPACE),
    errno.EDQUOT: ("cannot be made, your disk quota is used up.", _SPACE),
    errno.EIO: ("cannot be made, the disk reports an error.", _DISK),
    errno.EISDIR: ("is a directory.", _MOVE),
}

_AGAIN = "Run burn-tui again; if it stays, move the file away."

_PRIMARY_CODE = 0xFF
"""SQLite puts details into the higher bits of its codes."""


@contextmanager
def explained(file: str) -> Iterator[None]:
    """Turn whatever the database, the file system or a figure too large for both raises into a LedgerError.

    LedgerUnavailableError where it may pass, and another attempt at the same may succeed.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY_CODE
        if code in _BY_SQLITE_CODE:
            problem, mend = _BY_SQLITE_CODE[code]
            raise LedgerUnavailableError(problem, file=file, mend=mend) from error
        raise LedgerError(f"cannot be used: {error}.", file=file, mend=_AGAIN) from error
    except OSError as error:
        problem, mend = _BY_ERRNO.get(error.errno or 0, (f"cannot be made: {error.strerror}.", _PERMIT))
        raise LedgerUnavailableError(problem, file=file, mend=mend) from error
    except (OverflowError, UnicodeEncodeError) as error:
        mend = "A provider reported a figure or a name that cannot be true; the attempt was not settled."
        raise LedgerError(f"cannot hold what it was given: {error}.", file=file, mend=mend) from error
    except ValueError as error:  # aiosqlite's word for a connection that was closed
        raise LedgerError(f"cannot be used: {error}.", file=file, mend=_AGAIN) from error
