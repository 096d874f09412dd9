"""What is written along with something else: it has no commit of its own, and nothing that is read misses it."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from support.attempts import opened, settled
from support.ledgers import ledger_in

from burn_tui.engine.ledger import Ledger

MAKE = "CREATE TABLE IF NOT EXISTS notes (words TEXT PRIMARY KEY)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def note(words: str, connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO notes VALUES (?)", (words,))


def notes_on_disk(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT words FROM notes ORDER BY words")]


async def _with_notes(ledger: Ledger, *words: str) -> None:
    await ledger.writing(lambda connection: connection.execute(MAKE))
    for one in words:
        ledger.write_along(partial(note, one))


async def test_it_is_on_disk_with_the_row_that_is_written_next(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _with_notes(ledger, "a", "b")
        assert notes_on_disk(file) == []
        await ledger.reserve(opened(), ())
        assert notes_on_disk(file) == ["a", "b"]


async def test_whoever_reads_finds_it(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _with_notes(ledger, "a")
        assert [row["words"] for row in await ledger.read("SELECT words FROM notes", {})] == ["a"]


async def test_it_is_written_at_the_latest_when_the_ledger_is_closed(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _with_notes(ledger, "a")
    assert notes_on_disk(file) == ["a"]


async def test_what_cannot_be_written_does_not_keep_the_row_from_the_disk(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _with_notes(ledger, "a", "a", "b")
        await ledger.settle(settled(opened(), cost_nanousd=7))
        assert notes_on_disk(file) == ["a", "b"]
        assert [record.cost_nanousd for record in await ledger.records()] == [7]


async def test_while_the_file_is_locked_it_waits_with_the_rows(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _with_notes(ledger, "a")
        await ledger.read("PRAGMA busy_timeout = 1", {})
        await _with_notes(ledger, "b")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await ledger.settle(settled(opened(), cost_nanousd=7))
            assert "1 attempt not written yet" in str(ledger.trouble)
            other.execute("ROLLBACK")
        await ledger.settle(settled(opened(), cost_nanousd=8))
        assert ledger.trouble is None
        assert notes_on_disk(file) == ["a", "b"]
        assert {record.cost_nanousd for record in await ledger.records()} == {7, 8}
