"""What could not be written yet: it waits in memory for better times, and beside the ledger if the process ends."""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from burn_tui.core.budget import Budget, period_of
from burn_tui.core.usage import AttemptOpened, UsageRecord, interrupted
from burn_tui.engine.ledger_writing import Writing


class Backlog:
    """Attempts by their event_id, and whatever else there is to write, in its order."""

    def __init__(self) -> None:
        self.opened: dict[str, AttemptOpened] = {}
        self.settled: dict[str, UsageRecord] = {}
        self.others: list[Callable[[Writing], object]] = []

    def __len__(self) -> int:
        return len(self.opened) + len(self.settled) + len(self.others)

    @property
    def attempts(self) -> int:
        """How many attempts are waiting."""
        return len(self.opened) + len(self.settled)

    def open(self, opened: AttemptOpened) -> None:
        """The row of a call that is about to leave."""
        self.opened[opened.event_id] = opened

    def settle(self, record: UsageRecord) -> None:
        """What an attempt came to."""
        self.opened.pop(record.opened.event_id, None)
        self.settled.setdefault(record.opened.event_id, record)

    def add(self, work: Callable[[Writing], object]) -> None:
        """Anything else."""
        self.others.append(work)

    def taken(self) -> "Backlog":
        """What is in it now."""
        copy = Backlog()
        copy.opened, copy.settled, copy.others = dict(self.opened), dict(self.settled), list(self.others)
        return copy

    def drop(self, written: "Backlog") -> None:
        """Take out what has been written; an attempt that was settled meanwhile stays."""
        for event_id in written.opened:
            self.opened.pop(event_id, None)
        for event_id in written.settled:
            self.settled.pop(event_id, None)
        del self.others[: len(written.others)]

    def write(self, writing: Writing) -> None:
        """Into the database, within a transaction."""
        for work in self._works():
            try:
                work(writing)
            except (OverflowError, UnicodeEncodeError, sqlite3.IntegrityError):
                continue  # it could never have been written, and must not keep the others from it

    def spent(self, budget: Budget, *, at: float) -> int:
        """Nano-USD that wait here and count against the budget's period around `at`, seconds since the epoch."""
        start, end = (edge.timestamp() for edge in period_of(budget, datetime.fromtimestamp(at, UTC)))
        costs = [(opened, opened.cost_estimate_nanousd) for opened in self.opened.values()]
        costs += [(record.opened, record.cost_nanousd) for record in self.settled.values()]
        return sum(cost or 0 for opened, cost in costs if start <= opened.started_at < end and _covers(budget, opened))

    def leave_beside(self, ledger: Path) -> None:
        """Write the attempts into a file that the next ledger opened there takes in. OSError if that fails, too."""
        records = [*self.settled.values(), *map(interrupted, self.opened.values())]
        path = ledger.with_name(f"{_prefix(ledger)}{secrets.token_hex(8)}.json")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(records))
            file.flush()
            os.fsync(file.fileno())

    def take_in(self, path: Path) -> None:
        """What a process left in this file; nothing if it is gone or was not written to its end."""
        try:
            records = msgspec.json.decode(path.read_bytes(), type=list[UsageRecord])
        except (OSError, msgspec.DecodeError):
            return
        for record in records:
            self.settle(record)

    def _works(self) -> Iterator[Callable[[Writing], object]]:
        yield from (partial(Writing.open, opened=opened) for opened in self.opened.values())
        yield from (partial(Writing.settle, record=record) for record in self.settled.values())
        yield from self.others


def left_beside(ledger: Path) -> list[Path]:
    """What processes left that could not write into this ledger."""
    return sorted(ledger.parent.glob(f"{_prefix(ledger)}*.json"))


def _prefix(ledger: Path) -> str:
    return f"{ledger.stem}-unwritten-"


def _covers(budget: Budget, opened: AttemptOpened) -> bool:
    return budget.covers(
        provider_name=opened.provider_name,
        environment=opened.environment,
        session_id=opened.session_id,
        project=opened.project,
    )
