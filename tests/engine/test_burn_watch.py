"""A runaway is told of once, by whichever process sees it first, also over a restart and beside an import."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from sqlite3 import SQLITE_FULL, OperationalError

import pytest
from support.attempts import HOUR_S, opened, settled
from support.ledgers import ledger_in

from burn_tui.core.alerts import Alert, BudgetAlert, Notification, Told
from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, Rates
from burn_tui.core.price_changes import PriceChange
from burn_tui.core.usage import Usage, UsageRecord
from burn_tui.engine.burn_watch import BurnWatch, Seen
from burn_tui.engine.ledger import Ledger

DAY_S = 24 * HOUR_S
NOON = 1_772_452_800.0
"""Monday 2026-03-02, 12:00 UTC."""
USUAL = 6_000_000
"""What a working day costs."""
DAILY = Budget(name="daily", limit_nanousd=4 * USUAL, timezone=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def _spent(at: float, nanousd: int, operation: str = "work", **fields: object) -> UsageRecord:
    return settled(
        opened(started_at=at, operation_name=operation), **({"cost_nanousd": nanousd, "duration_s": 1.0} | fields)
    )


def _history() -> list[UsageRecord]:
    """Six weeks of working days, evenly from nine to five."""
    days = (NOON - day * DAY_S for day in range(1, 43))
    return [
        _spent(noon + (hour - 12) * HOUR_S + 60, USUAL // 8)
        for noon in days
        for hour in range(9, 17)
        if int(noon // DAY_S + 3) % 7 < 5
    ]


def _runaway(until: float, minutes: int = 30) -> list[UsageRecord]:
    """Half a usual day within half an hour."""
    return [_spent(until - 60 * minute, USUAL // 2 // minutes, "loop") for minute in range(1, minutes + 1)]


async def _look(ledger: Ledger, now: float = NOON, watch: BurnWatch | None = None) -> Seen:
    return await (watch or BurnWatch(ledger)).look(now, daily=DAILY, budgets=(DAILY,), slow_s=15.0)


def _whats(told: Sequence[Told]) -> list[Notification]:
    return [one.what for one in told]


async def test_the_usual_day_is_learned_from_the_hours_of_half_a_year(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(_history())
        expectation = (await _look(ledger)).expectation
        assert expectation.is_learned
        assert expectation.usual == pytest.approx(USUAL)


async def test_a_runaway_is_told_of_with_its_evidence(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record([*_history(), *_runaway(NOON)])
        (alert,) = _whats((await _look(ledger)).told)
        assert isinstance(alert, Alert)
        assert alert.rule == "fast"
        assert alert.days_learned == 20
        assert [one.contributor for one in alert.contributors] == ["loop"]
        assert NOON - 31 * 60 < alert.since < NOON - 28 * 60


async def test_it_is_told_once_however_often_one_looks_and_whoever_looks(file: Path) -> None:
    async with ledger_in(file) as ledger, ledger_in(file, owner="another") as other:
        await ledger.record([*_history(), *_runaway(NOON)])
        watch = BurnWatch(ledger)
        for seconds in (0, 1, 60, 61, 120):
            await _look(ledger, NOON + seconds, watch)
        (told,) = await watch.told()
        assert (await _look(other, NOON + 130)).told == (told,)


async def test_it_is_not_told_again_after_a_restart_and_still_stands(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record([*_history(), *_runaway(NOON)])
        (told,) = (await _look(ledger)).told
    async with ledger_in(file) as ledger:
        assert (await _look(ledger, NOON + 60)).told == (told,)


async def test_what_was_dismissed_stands_no_longer_and_is_still_known(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record([*_history(), *_runaway(NOON)])
        watch = BurnWatch(ledger)
        (told,) = (await _look(ledger, watch=watch)).told
        await watch.dismiss(told, now=NOON)
        assert (await _look(ledger, watch=watch)).told == ()
        assert [(one.id, one.is_dismissed) for one in await watch.told()] == [(told.id, True)]


async def test_an_import_of_the_same_spending_alarms_nobody(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(_history())
        await ledger.take_over(_runaway(NOON), now=NOON + HOUR_S)
        seen = await _look(ledger, NOON + HOUR_S)
        assert seen.told == ()
        assert sum(seen.live.values()) == 0


async def test_calls_in_flight_count_with_their_estimates_before_they_are_settled(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(_history())
        attempt = opened(started_at=NOON - 600, operation_name="loop", cost_estimate_nanousd=USUAL)
        await ledger.reserve(attempt, ())
        seen = await _look(ledger)
        assert sum(seen.live.values()) == USUAL
        alert = _whats(seen.told)[0]
        assert isinstance(alert, Alert)
        assert alert.contributors[0].contributor == "loop"


async def test_unpriced_requests_alarm_by_their_tokens(file: Path) -> None:
    unpriced = {"cost_nanousd": None, "cost_source": None}
    async with ledger_in(file) as ledger:
        many = [_spent(one.opened.started_at, 0, "old", **unpriced, usage=Usage(1_000, 0)) for one in _history()]
        loop = [_spent(NOON - 60 * minute, 0, "loop", **unpriced, usage=Usage(500, 0)) for minute in range(1, 31)]
        await ledger.record([*many, *loop])
        (alert,) = _whats((await _look(ledger)).told)
        assert isinstance(alert, Alert)
        assert (alert.measure, alert.usual) == ("tokens", 8_000)


async def test_a_mark_of_a_budget_is_told_once(file: Path) -> None:
    async with ledger_in(file) as ledger:
        watch = BurnWatch(ledger)
        await ledger.record([_spent(NOON - 7 * HOUR_S, DAILY.limit_nanousd // 2)])
        for minute in range(3):
            await _look(ledger, NOON + 60 * minute, watch)
        marks = [what for what in _whats(await watch.told()) if isinstance(what, BudgetAlert)]
        assert [(mark.name, mark.mark) for mark in marks] == [("daily", 0.5)]


@pytest.mark.parametrize(
    "scope", ["all", "provider:openai", "environment:production", "project:burn", "session:s1"], ids=str
)
async def test_every_scope_of_a_budget_counts_its_own_spending(file: Path, scope: str) -> None:
    labels = {"environment": "production", "project": "burn", "session_id": "s1"}
    others = {"environment": "local", "project": "else", "session_id": "s2", "provider_name": "groq"}
    budget = Budget(name="b", limit_nanousd=100, timezone=UTC, scope=scope)
    async with ledger_in(file) as ledger:
        ours = settled(opened(started_at=NOON - 60, **labels), cost_nanousd=60)
        theirs = settled(opened(started_at=NOON - 60, **others), cost_nanousd=30)
        await ledger.record([ours, theirs])
        seen = await BurnWatch(ledger).look(NOON, daily=DAILY, budgets=(budget,), slow_s=15.0)
        mark = next(what for what in _whats(seen.told) if isinstance(what, BudgetAlert))
        assert mark.spent_nanousd == (90 if scope == "all" else 60)


async def test_a_ledger_that_cannot_be_written_does_not_silence_the_alarm_and_is_not_told_twice(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record([*_history(), *_runaway(NOON)])

        def fails(*_: object) -> None:
            error = OperationalError("database or disk is full")
            error.sqlite_errorcode = SQLITE_FULL
            raise error

        watch = BurnWatch(ledger)
        with monkeypatch.context() as broken:
            broken.setattr("burn_tui.engine.burn_memory.keep", fails)
            told = [(await _look(ledger, NOON + 60 * minute, watch)).told for minute in range(3)]
            assert [len(one) for one in told] == [1, 1, 1]
        seen = await _look(ledger, NOON + 240, watch)
        assert seen.told == told[0]
    async with ledger_in(file) as ledger:
        assert (await _look(ledger, NOON + 300)).told == told[0]


async def test_a_new_price_of_a_model_in_use_is_told_with_what_it_would_have_changed(file: Path) -> None:
    target = Target("openai", "gpt-5-mini")
    before, after = (Price(rates=Rates(input_rate=rate, output_rate=0)) for rate in (1_000_000, 3_000_000))
    async with ledger_in(file) as ledger:
        await ledger.record([_spent(NOON - DAY_S, 5, usage=Usage(1_000, 10))])
        watch = BurnWatch(ledger)
        await watch.note_prices({target: before}, now=NOON)
        assert await watch.told() == ()
        await watch.note_prices({target: after}, now=NOON)
        await watch.note_prices({target: after}, now=NOON + 60)
        (change,) = _whats(await watch.told())
        assert isinstance(change, PriceChange)
        assert (change.before_nanousd, change.after_nanousd) == (1_000, 3_000)


async def test_a_new_day_is_learned_anew_and_an_import_when_it_is_said(file: Path) -> None:
    async with ledger_in(file) as ledger:
        watch = BurnWatch(ledger)
        assert (await _look(ledger, watch=watch)).expectation.days_learned == 0
        await ledger.record(_history())
        assert (await _look(ledger, NOON + 60, watch)).expectation.days_learned == 0
        watch.relearn()
        assert (await _look(ledger, NOON + 120, watch)).expectation.days_learned == 20
        tomorrow = (await _look(ledger, NOON + DAY_S, watch)).expectation
        assert tomorrow.day_start == NOON + DAY_S / 2


async def test_a_look_at_what_nobody_has_written_to_is_the_last_look(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(_history())
        watch = BurnWatch(ledger)
        await _look(ledger, NOON, watch)
        seen = await _look(ledger, NOON + 1, watch)
        assert await _look(ledger, NOON + 2, watch) is seen
        await ledger.record([_spent(NOON, 5)])
        assert await _look(ledger, NOON + 3, watch) is not seen
