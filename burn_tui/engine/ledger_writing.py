"""What is done to the ledger's rows within one transaction: a row and its sums change together or not at all."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import msgspec
from msgspec import structs

from burn_tui.core.budget import Budget, Exceeds, Fits, reserve
from burn_tui.core.minutes import minute_of
from burn_tui.core.usage import AttemptOpened, Correction, UsageRecord
from burn_tui.engine.ledger_names import Names
from burn_tui.engine.ledger_reading import rows, spent_in_period
from burn_tui.engine.ledger_rows import identifier, microseconds, open_row, settled_row
from burn_tui.engine.ownership import may_live
from burn_tui.engine.tables import ledger as sql
from burn_tui.engine.tables.migrations import CORRECTED

MINUTES_KEPT = 2 * 24 * 60
"""The minutes that the live strip and the alarms may look back to, and some more."""

LONGEST_CALL_S = 86_400.0
"""A row that is open for longer is abandoned, whatever its process looks like: the bound on believing that the
owner of a row lives, when its process number may have been given to somebody else."""

BATCH = 10_000
"""Rows of an import that are added to the sums at once."""


class Writing:
    """For use within a transaction that holds the write lock."""

    def __init__(self, connection: sqlite3.Connection, *, owner: str) -> None:
        self.connection = connection
        self.names = Names(connection)
        self._owner = owner

    def tidy(self, now: float) -> None:
        """What is due when a ledger is opened."""
        owners = [row["owner"] for row in rows(self.connection, sql.OPEN_OWNERS)]
        dead = [owner for owner in owners if not may_live(owner)]
        if owners:
            self.interrupt(dead_owners=dead, abandoned_before=now - LONGEST_CALL_S)
        self.connection.execute(sql.FORGET_MINUTES, {"oldest_minute": minute_of(now) - MINUTES_KEPT})

    def open(self, opened: AttemptOpened) -> None:
        """The row of a call that is about to leave."""
        self.connection.execute(sql.OPEN_ATTEMPT, open_row(opened, self.names, owner=self._owner))

    def reserve(self, opened: AttemptOpened, budgets: Sequence[Budget]) -> Fits | Exceeds:
        """Open the row if its estimate fits into all of `budgets`, which cover it; else write nothing."""
        spent = [spent_in_period(self.connection, budget, opened.started_at) for budget in budgets]
        fits = reserve(opened.cost_estimate_nanousd, spent)
        if isinstance(fits, Fits):
            self.open(opened)
        return fits

    def settle(self, record: UsageRecord) -> None:
        """Complete the row, or write it whole, and add it to the sums; one that is settled stays as it is."""
        settled = self.connection.execute(sql.SETTLE, settled_row(record, self.names)).fetchone()
        if settled is not None:
            self._run(sql.ROLL_UP_ONE, {"id": settled[0], "oldest_minute": 0})

    def settle_all(self, records: Iterable[UsageRecord]) -> int:
        """The same for many; how many of them were new."""
        new, rest = 0, iter(records)
        while batch := list(islice(rest, BATCH)):
            values = (settled_row(record, self.names) for record in batch)
            settled = (self.connection.execute(sql.SETTLE, row).fetchone() for row in values)
            ids = [row[0] for row in settled if row is not None]
            self._add_to_sums(ids)
            new += len(ids)
        return new

    def interrupt(self, *, dead_owners: list[str], abandoned_before: float) -> None:
        """Settle what those owners left open, and whoever's that began before then, with their estimates."""
        values = {
            "dead_owners": msgspec.json.encode(dead_owners).decode(),
            "abandoned_before_us": microseconds(abandoned_before),
        }
        self._add_to_sums([row[0] for row in self.connection.execute(sql.INTERRUPT, values).fetchall()])

    def correct(self, correction: Correction) -> bool:
        """Write what is known better now, once; False if there is no such settled attempt."""
        corrects = {"corrects": identifier(correction.corrects)}
        row = self.connection.execute(sql.KNOWN_FIGURES, corrects).fetchone()
        if row is None:
            return False
        earlier = self.connection.execute(sql.EARLIER_CORRECTIONS, corrects).fetchone()
        columns = {
            **corrects,
            "event_id": identifier(correction.event_id),
            "at_us": microseconds(correction.at),
            "why": correction.why,
            **_differences(correction, dict(row), dict(earlier) if earlier else {}),
        }
        written = self.connection.execute(sql.CORRECT, columns).fetchone()
        if written is not None:
            self._run(sql.ROLL_UP_CORRECTION, {"id": written[0], "oldest_minute": 0})
        return True

    def rebuild_rollups(self) -> None:
        """Compute all sums anew from the rows; minutes only as far back as they are kept."""
        self._run(sql.REBUILD_ROLL_UPS, {"oldest_minute": self._oldest_minute()})

    def _add_to_sums(self, ids: list[int]) -> None:
        if len(ids) == 1:
            self._run(sql.ROLL_UP_ONE, {"id": ids[0], "oldest_minute": 0})
        elif ids:
            values = {"ids": msgspec.json.encode(ids).decode(), "oldest_minute": self._oldest_minute()}
            self._run(sql.ROLL_UP_MANY, values)

    def _oldest_minute(self) -> int:
        """Reckoned from the newest row, as nobody says what time it is."""
        return int(self.connection.execute(sql.NEWEST).fetchone()[0]) - MINUTES_KEPT

    def _run(self, statements: Sequence[str], values: Mapping[str, object]) -> None:
        for statement in statements:
            self.connection.execute(statement, values)


def _differences(correction: Correction, row: dict[str, int | None], earlier: dict[str, int]) -> dict[str, int]:
    """What must be added to the sums so that they hold what is known now."""
    known = {name: (row[name] or 0) + earlier.get(name, 0) for name in CORRECTED if name != "unpriced_tokens"}
    was_unpriced = bool(known["unpriced_requests"])
    known["unpriced_tokens"] = known["input_tokens"] + known["output_tokens"] if was_unpriced else 0
    stated = structs.asdict(correction.usage)
    true = {name: known[name] if stated.get(name) is None else stated[name] for name in known}
    is_unpriced = correction.cost_nanousd is None
    true["cost_nanousd"] = correction.cost_nanousd or 0
    true["unpriced_requests"] = int(is_unpriced)
    true["unpriced_tokens"] = true["input_tokens"] + true["output_tokens"] if is_unpriced else 0
    return {name: true[name] - known[name] for name in CORRECTED}
