"""Ledgers as tests need them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from support.attempts import NOW

from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.engine.ledger import Ledger

ALIVE = "pid:1:0@another-machine"
"""An owner on another machine, who cannot be told to be dead."""


@asynccontextmanager
async def ledger_in(file: Path, *, now: float = NOW, owner: str | None = None) -> AsyncIterator[Ledger]:
    """The ledger in a file."""
    ledger = await Ledger.open(file, now=now, owner=owner)
    try:
        yield ledger
    finally:
        await ledger.close()


@asynccontextmanager
async def ledger_with(written: list[UsageRecord], still_open: list[AttemptOpened]) -> AsyncIterator[Ledger]:
    """A ledger in memory that holds these, the finished ones by way of both doors."""
    ledger = await Ledger.in_memory()
    try:
        for record in written[::2]:
            await ledger.reserve(record.opened, ())
            await ledger.settle(record)
        await ledger.record(written[1::2])
        for attempt in still_open:
            await ledger.reserve(attempt, ())
        yield ledger
    finally:
        await ledger.close()


async def table(ledger: Ledger, name: str) -> list[dict[str, Any]]:
    """All rows of a table, sorted."""
    rows = [dict(row) for row in await ledger.read(f"SELECT * FROM {name}", {})]
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def rows_on_disk(file: Path) -> list[dict[str, Any]]:
    """All attempts, as another program sees them."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM attempts ORDER BY event_id")]
