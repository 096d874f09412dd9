"""A row is on the disk before its call leaves; what the call came to is there a moment later."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from support.attempts import opened, settled
from support.ledgers import ledger_in
from support.waiting import until

from burn_tui.core.budget import Budget, Exceeds, Fits
from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.engine import ledger_flushing
from burn_tui.engine.ledger_writing import Writing
from burn_tui.engine.ownership import this_process

NORMAL, FULL = 1, 2
"""What sqlite.org/pragma.html#pragma_synchronous calls them: whether a commit waits for the disk."""

DEAD = this_process().replace("@", "0@")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch, file: Path) -> list[bool]:
    """One entry for each time that a file was flushed by us: whether it was the ledger's log."""
    found: list[bool] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        found.append(os.path.samestat(os.fstat(descriptor), file.with_name(f"{file.name}-wal").stat()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    return found


@pytest.fixture
def never_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_flushing, "FLUSH_S", 3600.0)


async def test_each_row_waits_for_the_disk_before_its_call_leaves_and_a_settlement_does_not(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[tuple[str, int]] = []
    reserve, settle = Writing.reserve, Writing.settle

    def reserved(self: Writing, row: AttemptOpened, budgets: tuple[Budget, ...]) -> Fits | Exceeds:
        waited.append(("reserve", self.connection.execute("PRAGMA synchronous").fetchone()[0]))
        return reserve(self, row, budgets)

    def settled_by(self: Writing, record: UsageRecord) -> None:
        waited.append(("settle", self.connection.execute("PRAGMA synchronous").fetchone()[0]))
        settle(self, record)

    monkeypatch.setattr(Writing, "reserve", reserved)
    monkeypatch.setattr(Writing, "settle", settled_by)
    async with ledger_in(file) as ledger:
        for name in ("e1", "e2"):
            await ledger.reserve(opened(name), ())
            await ledger.settle(settled(opened(name)))
    assert waited == [("reserve", FULL), ("settle", NORMAL)] * 2


async def test_a_settlement_is_flushed_to_the_disk_by_itself(file: Path, flushed: list[bool]) -> None:
    async with ledger_in(file) as ledger:
        await ledger.settle(settled(opened("e1")))
        await until(lambda: flushed)
        assert all(flushed)


@pytest.mark.usefixtures("never_by_itself")
async def test_all_that_wait_share_one_flush_and_have_it_when_the_ledger_is_closed(
    file: Path, flushed: list[bool]
) -> None:
    async with ledger_in(file) as ledger:
        for number in range(20):
            await ledger.settle(settled(opened(f"e{number}")))
        assert flushed == []
    assert flushed == [True]


async def test_where_nothing_was_settled_nothing_is_flushed(file: Path, flushed: list[bool]) -> None:
    async with ledger_in(file) as ledger:
        await ledger.reserve(opened("e1"), ())
    assert flushed == []


@pytest.mark.usefixtures("never_by_itself")
async def test_if_the_power_goes_before_the_flush_the_attempt_costs_what_was_estimated(
    file: Path, tmp_path: Path
) -> None:
    """What is on the disk for certain is what was there when the row's own commit had waited for it."""
    row = opened("e1", cost_estimate_nanousd=7)
    on_disk = tmp_path / "after the power cut"
    on_disk.mkdir()
    async with ledger_in(file, owner=DEAD) as ledger:
        await ledger.reserve(row, ())
        for part in (file.name, f"{file.name}-wal"):
            shutil.copy(tmp_path / part, on_disk)
        await ledger.settle(settled(row, cost_nanousd=5))
    async with ledger_in(on_disk / file.name) as ledger:
        (found,) = await ledger.records()
    assert (found.error_type, found.cost_nanousd, found.cost_source) == ("interrupted", 7, "estimated")


async def test_a_disk_that_cannot_flush_is_trouble_until_something_is_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async with ledger_in(file) as ledger:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", broken)
            await ledger.settle(settled(opened("e1")))
            await until(lambda: ledger.trouble)
        assert "the disk reports an error" in (ledger.trouble or "")
        await ledger.reserve(opened("e2"), ())
        assert ledger.trouble is None
        assert len(await ledger.records()) == 1
