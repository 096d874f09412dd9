"""While the file cannot be written calls go on: their rows wait, it is said, and nothing is lost or counted twice."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest
from support.attempts import NOW, opened, settled
from support.ledgers import ALIVE, ledger_in, rows_on_disk

from burn_tui.core.breaker import Breaker
from burn_tui.core.budget import Budget, Exceeds, Fits
from burn_tui.core.errors import LedgerError, LedgerUnavailableError
from burn_tui.core.health import Scope
from burn_tui.core.usage import Feedback, GuardOverride
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import read
from burn_tui.engine.tables.migrations import MIGRATIONS
from burn_tui.engine.yaml_source import parse

DAILY = Budget(name="daily", limit_nanousd=30, timezone=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


async def _fill_the_disk(ledger: Ledger) -> None:
    (row,) = await ledger.read("PRAGMA page_count", {})
    await ledger.read(f"PRAGMA max_page_count = {row[0]}", {})
    while ledger.trouble is None:  # until the pages that there are have no room left
        await ledger.settle(settled(opened(route_reason="x" * 500), cost_nanousd=0))


async def _make_room(ledger: Ledger) -> None:
    await ledger.read("PRAGMA max_page_count = 1000000", {})


async def test_on_a_full_disk_calls_go_on_and_their_rows_are_written_once_there_is_room(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _fill_the_disk(ledger)
        assert "1 attempt not written yet" in str(ledger.trouble)
        assert "the disk is full. Free some space" in str(ledger.trouble)
        calls = [opened(f"call-{number}") for number in range(20)]
        for call in calls:
            assert await ledger.reserve(call, ()) == Fits()
        for call in calls[:10]:
            await ledger.settle(settled(call, cost_nanousd=1))
        assert "call-0" not in {row["event_id"] for row in rows_on_disk(file)}
        await _make_room(ledger)
        await ledger.settle(settled(calls[10], cost_nanousd=1))
        assert ledger.trouble is None
        assert await ledger.open_attempts() == 9
        assert await ledger.spent(since=NOW, until=NOW + 60) == 11
        records = await ledger.records(limit=1_000_000)
        assert sum(record.cost_nanousd or 0 for record in records) == 11


async def test_trouble_is_told_when_it_begins_grows_and_ends(file: Path) -> None:
    async with ledger_in(file) as ledger:
        told: list[str | None] = []
        await _fill_the_disk(ledger)
        ledger.on_trouble = lambda: told.append(ledger.trouble)
        await ledger.reserve(opened(), ())
        assert "2 attempts not written yet" in str(told[-1])
        await _make_room(ledger)
        await ledger.settle(settled())
        assert told[-1] is None


async def test_what_waits_in_memory_counts_against_budgets(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.settle(settled(cost_nanousd=10))
        await _fill_the_disk(ledger)
        first = opened(cost_estimate_nanousd=15)
        assert isinstance(await ledger.reserve(first, (DAILY,)), Fits)
        assert isinstance(await ledger.reserve(opened(cost_estimate_nanousd=10), (DAILY,)), Exceeds)
        await ledger.settle(settled(first, cost_nanousd=5))
        assert isinstance(await ledger.reserve(opened(cost_estimate_nanousd=10), (DAILY,)), Fits)
        assert (await ledger.spent_in_period(DAILY, at=NOW)).spent_nanousd == 25
        await _make_room(ledger)
        await ledger.settle(settled(cost_nanousd=0))
        assert (await ledger.spent_in_period(DAILY, at=NOW)).spent_nanousd == 25


async def test_rests_overrides_and_feedback_wait_as_well(file: Path) -> None:
    override = GuardOverride(
        event_id="e1", at=NOW, environment="production", session_id=None, why="paid", unlocked=False
    )
    thumb = Feedback(event_id="e1", at=NOW, verdict=1, note="exact")
    scope = Scope("openai", 0, "gpt-5-mini")
    async with ledger_in(file) as ledger:
        await _fill_the_disk(ledger)
        await ledger.note_override(override)
        await ledger.add_feedback(thumb)
        await ledger.keep_rest(scope, Breaker(3, NOW + 60, "rate_limited"), None)
        await _make_room(ledger)
        await ledger.settle(settled())
        assert await ledger.overrides() == [override]
        assert await ledger.feedback("e1") == [thumb]
        assert list(await ledger.rests()) == [scope]


async def test_a_row_that_can_never_be_written_does_not_hold_up_the_others(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _fill_the_disk(ledger)
        await ledger.settle(settled(opened("whole")))
        await ledger.settle(settled(opened("broken"), cost_nanousd=2**63))
        await _make_room(ledger)
        await ledger.settle(settled(opened("next")))
        assert ledger.trouble is None
        found = {row["event_id"] for row in rows_on_disk(file)}
    assert {"whole", "next"} <= found
    assert "broken" not in found


async def test_what_was_never_written_is_left_beside_the_ledger_and_taken_in_by_the_next(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _fill_the_disk(ledger)
        lost_call = opened("open", cost_estimate_nanousd=7)
        await ledger.reserve(lost_call, ())
        await ledger.settle(settled(opened("settled"), cost_nanousd=3))
    (left,) = file.parent.glob("*-unwritten-*.json")
    if sys.platform != "win32":
        assert left.stat().st_mode & 0o777 == 0o600
    async with ledger_in(file) as ledger:
        found = {record.opened.event_id: record for record in await ledger.records(limit=1_000_000)}
        assert (found["settled"].cost_nanousd, found["settled"].error_type) == (3, None)
        assert (found["open"].cost_nanousd, found["open"].error_type) == (7, "interrupted")
        assert await ledger.spent(since=NOW, until=NOW + 60) == 10
    assert list(file.parent.glob("*-unwritten-*.json")) == []


async def test_an_import_is_refused_as_a_whole_and_not_kept(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await _fill_the_disk(ledger)
        with pytest.raises(LedgerUnavailableError, match="disk is full"):
            await ledger.take_over(
                [settled(opened(f"import-{n}", route_reason=f"{n}" * 500)) for n in range(50)], now=NOW
            )
        await _make_room(ledger)
        await ledger.settle(settled())
        assert not any(str(row["event_id"]).startswith("import") for row in rows_on_disk(file))


WRITE_UNTIL_IT_FAILS = """
import asyncio, resource, sys
from pathlib import Path
from support.attempts import settled
from burn_tui.engine.ledger import Ledger

async def main():
    ledger = await Ledger.open(Path(sys.argv[1]), now=0.0)
    limit = 600_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    written = 0
    while ledger.trouble is None:
        await ledger.settle(settled(cost_nanousd=1))
        written += 1
    for _ in range(5):
        await ledger.settle(settled(cost_nanousd=1))
    print(written + 5, ledger.trouble)
    await ledger.close()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limit on the size of files")
def test_a_file_that_may_not_grow_is_said_and_nothing_is_lost(file: Path) -> None:
    support = Path(__file__).parents[2]
    code = f"import sys; sys.path.insert(0, {str(support)!r})\n{WRITE_UNTIL_IT_FAILS}"
    command = [sys.executable, "-c", code, str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    written, _, trouble = said.partition(" ")
    assert trouble.startswith("6 attempts not written yet, kept in memory.")
    assert "--data-dir" in trouble
    assert len(asyncio.run(_all_records(file))) == int(written)
    assert _number(file, "SELECT sum(cost_nanousd) FROM hours") == int(written)
    assert _number(file, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0


async def _all_records(file: Path) -> list[object]:
    async with ledger_in(file, now=0.0) as ledger:
        return list(await ledger.records(limit=1_000_000))


def _number(file: Path, statement: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(statement).fetchone()[0])


async def test_a_page_that_is_damaged_in_mid_run_is_said_and_calls_go_on(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record([settled() for _ in range(300)])
        await ledger.read("PRAGMA wal_checkpoint(TRUNCATE)", {})
    async with ledger_in(file) as ledger:
        _damage(file, "attempt_rows")
        assert await ledger.reserve(opened("goes on"), ()) == Fits()
        await ledger.settle(settled(opened("goes on")))
        assert "is damaged. Run burn-tui doctor --repair" in str(ledger.trouble)
        with pytest.raises(LedgerError, match="is damaged"):
            await ledger.records(limit=1_000_000)
    assert len(list(file.parent.glob("*-unwritten-*.json"))) == 1


def _damage(file: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    page = _number(file, f"SELECT rootpage FROM sqlite_master WHERE name = '{table}'")
    size = _number(file, "PRAGMA page_size")
    with file.open("r+b") as pages:
        pages.seek((page - 1) * size)
        pages.write(b"\x99" * size)


# --- a file that is held or replaced ------------------------------------------------------------


async def test_while_somebody_else_holds_the_ledger_calls_go_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burn_tui.engine.ledger.BUSY_S", 0.0)
    async with ledger_in(file) as ledger:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await ledger.settle(settled())
            assert "held by another program" in str(ledger.trouble)
        await ledger.settle(settled())
        assert ledger.trouble is None
        assert len(await ledger.records()) == 2


def _sound_ledger(file: Path) -> Path:
    async def make() -> None:
        async with ledger_in(file, owner=ALIVE) as ledger:
            await ledger.settle(settled(opened("repaired")))

    asyncio.run(make())
    return file


@pytest.mark.parametrize(
    "ask", [lambda ledger: ledger.settle(settled()), lambda ledger: ledger.records()], ids=["writes", "reads"]
)
def test_whoever_has_it_open_goes_over_to_the_file_that_takes_its_place(
    file: Path, tmp_path: Path, ask: Callable[[Ledger], object]
) -> None:
    other = _sound_ledger(tmp_path / "other" / "ledger.sqlite3")

    async def check() -> None:
        async with ledger_in(file) as ledger:
            await ledger.settle(settled(opened("old")))
            other.replace(file)
            for suffix in ("-wal", "-shm"):
                file.with_name(file.name + suffix).unlink()
            await ask(ledger)  # type: ignore[misc]
            names = {record.opened.event_id for record in await ledger.records()}
            assert "repaired" in names
            assert "old" not in names
            assert [row[0] for row in await ledger.read("PRAGMA user_version", {})] == [len(MIGRATIONS)]

    asyncio.run(check())


async def test_closing_with_nothing_but_trouble_is_no_error(file: Path) -> None:
    ledger = await Ledger.open(file, now=NOW)
    await _fill_the_disk(ledger)
    file.parent.joinpath("in the way").touch()
    await ledger.close()


async def test_trouble_with_the_ledger_stands_as_a_notice_as_long_as_it_lasts(tmp_path: Path) -> None:
    runtime = await Runtime.open(read(parse("{}", file="config.yaml")), data_dir=tmp_path, environ={})
    try:
        before = list(runtime.notices)
        (row,) = await runtime.ledger.read("PRAGMA page_count", {})
        await runtime.ledger.read(f"PRAGMA max_page_count = {row[0]}", {})
        while runtime.ledger.trouble is None:
            await runtime.ledger.settle(settled())
        await runtime.ledger.settle(settled())
        (notice,) = (one for one in runtime.notices if one not in before)
        assert notice.startswith("2 attempts not written yet, kept in memory.")
        await runtime.ledger.read("PRAGMA max_page_count = 1000000", {})
        await runtime.ledger.settle(settled())
        assert runtime.notices == before
    finally:
        await runtime.close()


async def test_rests_that_cannot_be_read_are_said_and_keep_nobody_from_starting(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.keep_rest(Scope("openai", 0, "gpt-5-mini"), Breaker(3, NOW + 60, "rate_limited"), None)
        await ledger.read("PRAGMA wal_checkpoint(TRUNCATE)", {})
    _damage(file, "rests")
    runtime = await Runtime.open(read(parse("{}", file="config.yaml")), data_dir=file.parent, environ={})
    try:
        assert any("is damaged. Run burn-tui doctor --repair" in notice for notice in runtime.notices)
        await runtime.ledger.settle(settled())
        assert len(await runtime.ledger.records()) == 1
    finally:
        await runtime.close()


async def test_a_budget_is_asked_of_the_repaired_file_while_rows_still_wait(file: Path, tmp_path: Path) -> None:
    other = await asyncio.to_thread(_sound_ledger, tmp_path / "other" / "ledger.sqlite3")
    async with ledger_in(file) as ledger:
        await _fill_the_disk(ledger)
        await ledger.reserve(opened(), (DAILY,))
        other.replace(file)
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink()
        verdicts = await asyncio.gather(*(ledger.reserve(opened(cost_estimate_nanousd=1), (DAILY,)) for _ in range(5)))
        assert all(isinstance(verdict, Fits) for verdict in verdicts)
        assert ledger.trouble is None
        assert (await ledger.spent_in_period(DAILY, at=NOW)).spent_nanousd == 10
