"""A row reserves its estimate: never more than the budgets hold, and not for longer than its call is wanted."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.attempts import NOW, opened, settled
from support.ledgers import ALIVE, ledger_in, ledger_with, rows_on_disk

from burn_tui.core.budget import Budget, Exceeds, Fits, Spent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


DAILY = Budget(name="daily", limit_nanousd=30, timezone=UTC)


async def test_of_many_that_ask_at_once_exactly_those_are_let_through_whom_the_budget_holds(file: Path) -> None:
    async with ledger_in(file) as one, ledger_in(file, owner=ALIVE) as other:
        asking = (
            ledger.reserve(opened(cost_estimate_nanousd=10), (DAILY,)) for _ in range(16) for ledger in (one, other)
        )
        verdicts = await asyncio.gather(*asking)
        assert sum(isinstance(verdict, Fits) for verdict in verdicts) == 3
        assert await one.open_attempts() == 3
        assert await other.spent_in_period(DAILY, at=NOW) == Spent(DAILY, 30)


async def test_what_does_not_fit_leaves_no_row(file: Path) -> None:
    async with ledger_in(file) as ledger:
        assert await ledger.reserve(opened(cost_estimate_nanousd=31), (DAILY,)) == Exceeds(Spent(DAILY, 0))
    assert rows_on_disk(file) == []


async def test_what_a_call_did_not_use_up_is_free_for_the_next(file: Path) -> None:
    async with ledger_in(file) as ledger:
        first = opened(cost_estimate_nanousd=30)
        assert await ledger.reserve(first, (DAILY,)) == Fits((Spent(DAILY, 0),))
        assert isinstance(await ledger.reserve(opened(cost_estimate_nanousd=30), (DAILY,)), Exceeds)
        await ledger.settle(settled(first, cost_nanousd=0))
        assert isinstance(await ledger.reserve(opened(cost_estimate_nanousd=30), (DAILY,)), Fits)


async def test_a_budget_counts_what_its_scope_names_in_its_own_period(file: Path) -> None:
    scoped = [
        structs.replace(DAILY, name=scope, scope=scope)
        for scope in ("all", "provider:openai", "environment:production", "session:s1", "project:p1")
    ]
    ours = opened(environment="production", session_id="s1", project="p1")
    theirs = opened(provider_name="ollama", environment="local", session_id="s2", project="p2")
    yesterday = structs.replace(ours, event_id="yesterday", started_at=NOW - 86_400)
    async with ledger_in(file) as ledger:
        await ledger.record([settled(ours), settled(theirs), settled(yesterday)])
        spent = [await ledger.spent_in_period(budget, at=NOW) for budget in scoped]
        weekly = await ledger.spent_in_period(structs.replace(DAILY, period="month"), at=NOW)
    assert [each.spent_nanousd for each in spent] == [10, 5, 5, 5, 5]
    assert weekly.spent_nanousd == 15


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(0, 20)), max_size=15),
    st.lists(st.integers(0, 60), min_size=1, max_size=3),
)
def test_what_is_reserved_and_spent_never_passes_any_limit(
    calls: list[tuple[int, int | None]], limits: list[int]
) -> None:
    budgets = tuple(structs.replace(DAILY, name=f"b{n}", limit_nanousd=limit) for n, limit in enumerate(limits))

    async def check() -> None:
        async with ledger_with([], []) as ledger:
            for estimate, saved in calls:
                attempt = opened(cost_estimate_nanousd=estimate)
                verdict = await ledger.reserve(attempt, budgets)
                if isinstance(verdict, Fits) and saved is not None:
                    await ledger.settle(settled(attempt, cost_nanousd=max(estimate - saved, 0)))
                assert await ledger.spent(since=NOW, until=NOW + 60) <= min(limits)

    asyncio.run(check())


# --- openings that are cancelled ----------------------------------------------------------------


@pytest.mark.parametrize("turns", range(10))
async def test_whenever_an_opening_is_cancelled_no_row_stays_open(file: Path, turns: int) -> None:
    async with ledger_in(file) as ledger:
        opening = asyncio.create_task(ledger.reserve(opened(), ()))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        assert await ledger.open_attempts() == (0 if opening.cancelled() else 1)


async def test_an_opening_that_is_cancelled_while_another_process_writes_reserves_nothing(file: Path) -> None:
    async with ledger_in(file) as ledger:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            opening = asyncio.create_task(ledger.reserve(opened(cost_estimate_nanousd=9), ()))
            await asyncio.sleep(0)
            opening.cancel()
            other.execute("ROLLBACK")
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert await ledger.open_attempts() == 0
        assert await ledger.spent(since=NOW, until=NOW + 60) == 0
        await ledger.settle(settled())


async def test_a_row_that_was_on_disk_when_its_opening_was_cancelled_is_settled(file: Path) -> None:
    async with ledger_in(file) as ledger:
        opening = asyncio.create_task(ledger.reserve(opened(cost_estimate_nanousd=9), ()))
        await asyncio.sleep(0)
        while not rows_on_disk(file):
            pass  # the loop stands still, so the task cannot have heard of its success
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        (record,) = await ledger.records()
        assert (record.error_type, record.cost_nanousd) == ("cancelled", 0)
        assert await ledger.spent(since=NOW, until=NOW + 60) == 0
