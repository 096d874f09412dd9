"""Transactions on one open ledger file. Everything here runs in the database's thread."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar

from burn_tui.engine.ledger_file import file_number, keep_private, prepare, recognise
from burn_tui.engine.ledger_writing import Writing

IN_MEMORY = ":memory:"

Kind = Literal["IMMEDIATE", "DEFERRED"]
"""With the write lock from the start, or only to read what is of one moment."""

T = TypeVar("T")


class FileReplacedError(Exception):
    """Another file stands where the ledger's was: nothing was done, and nothing should be done to the old one."""


class Transactions:
    """On a connection whose file is made a ledger of this version first."""

    def __init__(self, connection: sqlite3.Connection, *, file: str, owner: str) -> None:
        self._file = file
        self._number = file_number(file)
        if file != IN_MEMORY:
            recognise(Path(file))
        prepare(connection)
        if file != IN_MEMORY:
            keep_private(Path(file))
        self._connection = connection
        self._waits_for_disk = True
        self._writing = Writing(connection, owner=owner)

    def run(self, kind: Kind, work: Callable[[Writing], T], *, waits_for_disk: bool = True) -> T:
        """Do `work`, all or nothing. `waits_for_disk`: what it writes is there on return, with all that was before."""
        if waits_for_disk != self._waits_for_disk:
            # NORMAL keeps the file whole as well, whenever the power goes: see sqlite.org/pragma.html on synchronous.
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if waits_for_disk else 'NORMAL'}")
            self._waits_for_disk = waits_for_disk
        self._connection.execute(f"BEGIN {kind}")
        try:
            # Looked at behind the lock: whoever repairs the ledger holds it until the repaired one is in its place.
            if self.is_replaced:
                raise FileReplacedError  # noqa: TRY301 - to roll back, as for any other trouble
            result = work(self._writing)
            self._connection.execute("COMMIT")
        except BaseException:
            self._writing.names.forget()
            with suppress(sqlite3.Error):  # what has gone wrong is told by the error that is on its way already
                self._connection.rollback()
            raise
        return result

    @property
    def is_replaced(self) -> bool:
        """Whether another file has taken the place. A file that is only gone has been replaced by nothing."""
        number = file_number(self._file)
        return number is not None and number != self._number
