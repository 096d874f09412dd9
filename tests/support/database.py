"""A database in memory, as conversations see the ledger."""

import sqlite3
from collections.abc import Mapping, Sequence
from weakref import finalize

from burn_tui.core.errors import LedgerError
from burn_tui.engine.conversations import Change
from burn_tui.engine.tables.conversations import CONVERSATIONS


class MemoryDatabase:
    """Gone with the object. While `is_broken`, it can neither be read nor written."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        # From Python 3.13 on a connection that is only forgotten is a warning, and so an error of whichever test.
        finalize(self, self._connection.close)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA foreign_keys = ON")
        for statement in CONVERSATIONS:
            self._connection.execute(statement)
        self.is_broken = False
        self.writes = 0
        """Statements so far."""

    async def read(self, statement: str, values: Mapping[str, object]) -> list[sqlite3.Row]:
        """As Ledger.read."""
        self._refuse_if_broken()
        return list(self._connection.execute(statement, values))

    async def write(self, changes: Sequence[Change]) -> None:
        """As Ledger.write."""
        self._refuse_if_broken()
        with self._connection:
            for statement, values in changes:
                self._connection.execute(statement, values)
                self.writes += 1

    def execute(self, statement: str, *values: object) -> None:
        """Do something behind the back of whoever uses it."""
        self._connection.execute(statement, values)

    def number(self, question: str) -> int:
        """The one number that is the answer."""
        (number,) = self._connection.execute(question).fetchone()
        return int(number)

    def _refuse_if_broken(self) -> None:
        if self.is_broken:
            raise LedgerError("cannot be written, the disk is full.", file="ledger.sqlite3", mend="Free some space.")
