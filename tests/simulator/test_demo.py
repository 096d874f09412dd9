"""`--demo` shows everything there is to see, and leaves nothing behind."""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.waiting import until

from burn_tui.core.errors import LedgerError
from burn_tui.core.events import Event, FellBack, Refused, RequestFinished, TextDelta
from burn_tui.core.money import NANOUSD
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.session import Session
from burn_tui.simulator import demo as demo_module
from burn_tui.simulator.demo import Demo, DemoRuntime
from burn_tui.simulator.history import PRICES

CENT = NANOUSD // 100


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories are made."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.rglob("*")]


@asynccontextmanager
async def running() -> AsyncIterator[DemoRuntime]:
    with Demo() as demo:
        runtime = await demo.boot()
        try:
            yield runtime
        finally:
            await runtime.close()


async def _ask(session: Session, *, confirmed: bool = True) -> list[Event]:
    return [event async for event in session.send("why does the retry loop never stop?", confirmed=confirmed)]


async def test_it_says_that_it_is_a_demo_and_begins_in_three_environments() -> None:
    async with running() as runtime:
        sessions = runtime.opening_sessions()
        assert runtime.label == "DEMO"
        assert runtime.notices == []
    assert [session.environment.hue for session in sessions] == ["blue", "yellow", "green"]


async def test_the_day_already_has_a_history_with_spend_failures_and_latencies_of_every_provider() -> None:
    async with running() as runtime:
        burn = await runtime.burn()
    assert burn.spent_nanousd > CENT
    assert burn.limit_nanousd == 20 * NANOUSD
    assert sum(burn.tokens_per_minute) > 0
    assert {provider.provider_name for provider in burn.providers} == {target.provider_name for target in PRICES}
    assert all(provider.p95_first_chunk_s for provider in burn.providers)
    assert sum(provider.failures for provider in burn.providers) > 0


async def test_the_first_prompt_from_production_meets_a_rate_limit_and_is_answered_by_the_next() -> None:
    async with running() as runtime:
        production = runtime.opening_sessions()[0]
        before = (await runtime.burn()).spent_nanousd
        asked_first = await _ask(production, confirmed=False)
        events = await _ask(production)
        after = (await runtime.burn()).spent_nanousd
    (refused,) = [event for event in asked_first if isinstance(event, Refused)]
    assert refused.kind == "confirmation"
    (fallback,) = [event for event in events if isinstance(event, FellBack)]
    assert (fallback.from_target.provider_name, fallback.error_type) == ("anthropic", "rate_limited")
    finished = events[-1]
    assert isinstance(finished, RequestFinished)
    assert finished.served == fallback.to_target
    assert [event for event in events if isinstance(event, TextDelta)]
    assert after - before >= CENT, "a person must see the spend move"


async def test_other_programs_go_on_burning_until_the_runtime_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "_PAUSE_S", 0.0)
    async with running() as runtime:
        noted: list[UsageRecord] = []
        settle = runtime.ledger.settle

        async def note(record: UsageRecord) -> None:
            await settle(record)
            noted.append(record)

        monkeypatch.setattr(runtime.ledger, "settle", note)
        await until(lambda: len(noted) >= 3)
        programs = runtime._programs
    assert programs is not None
    assert programs.done()
    assert {record.opened.source for record in noted} == {"demo"}


async def test_its_ledger_and_its_servers_are_gone_afterwards(temporary: Path) -> None:
    before = set(threading.enumerate())
    async with running():
        assert "ledger.sqlite3" in _names(temporary)
    assert _names(temporary) == []
    await until(lambda: set(threading.enumerate()) <= before)


async def test_a_demo_that_cannot_begin_leaves_nothing_behind_either(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cannot(_ledger: Ledger, _records: object) -> None:
        raise LedgerError("is damaged.", file="ledger", mend="Move it away.")

    monkeypatch.setattr(Ledger, "record", cannot)
    before = set(threading.enumerate())
    with Demo() as demo, pytest.raises(LedgerError):
        await demo.boot()
    assert _names(temporary) == []
    await until(lambda: set(threading.enumerate()) <= before)


async def test_nothing_of_the_persons_own_is_read_or_written(tmp_path: Path) -> None:
    async with running() as runtime:
        await asyncio.sleep(0)
        assert runtime.settings.directory is None
    assert "home" not in _names(tmp_path)


async def test_it_has_a_prompt_that_was_changed_and_every_version_was_used() -> None:
    async with running() as runtime:
        working, pinned = (await runtime.prompts.history("review-diff")).uses
    assert (working.labels, pinned.labels) == (("working", "staging"), ("production",))
    assert working.answers > 0
    assert pinned.answers > 0
