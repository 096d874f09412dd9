"""A budget is never passed: not by many at once, not by a fallback, and not on the wrong side of a midnight."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Gate
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.waiting import until
from support.world import BACKUP, FINE, OUTPUT_NANOUSD, PRIMARY, THIRD, Scripts, World, as_kept, world

from burn_tui.core.budget import Budget, WhenFull
from burn_tui.core.environment import Environment
from burn_tui.core.events import BudgetWarned, Event, FellBack, Waiting
from burn_tui.core.failure import Failure
from burn_tui.core.usage import Usage
from burn_tui.engine.admission import EXPECTED_OUTPUT_TOKENS
from burn_tui.simulator.script import Answer, Cut, Held, Refuse, rate_limited

ESTIMATE = 7 * 1_000 + EXPECTED_OUTPUT_TOKENS * OUTPUT_NANOUSD
"""Nano-USD that "Is all well?" reserves."""

CHEAP = Answer(text="Yes.", usage=Usage(input_tokens=7, output_tokens=1))


def _budget(limit_nanousd: int, **fields: Any) -> Budget:
    return Budget(name="daily", limit_nanousd=limit_nanousd, timezone=UTC, **fields)


def _kept(events: list[Event], kind: type[Event]) -> Callable[[Event], None]:
    """What puts the events of one kind into a list as they come."""
    return lambda event: events.append(event) if isinstance(event, kind) else None


async def test_26_of_thirty_two_at_once_a_budget_for_three_lets_exactly_three_leave(tmp_path: Path) -> None:
    gate = Gate()
    dear = Answer(text="Yes.", usage=Usage(input_tokens=7, output_tokens=EXPECTED_OUTPUT_TOKENS))
    async with world(tmp_path, {"primary": Held(gate, dear)}, budgets=(_budget(3 * ESTIMATE),)) as running:
        gate.set()
        stories = await asyncio.gather(*(running.ask() for _ in range(32)))
        assert running.calls() == 3
        assert sum(story.served == PRIMARY for story in stories) == 3
        refused = [story.refused for story in stories if story.served is None]
        assert {refusal.kind for refusal in refused} == {"budget"}
        assert len(refused) == 29


async def test_26_by_policy_the_others_queue_and_leave_as_what_was_reserved_turns_out_cheaper(tmp_path: Path) -> None:
    gate = Gate()
    budget = _budget(3 * ESTIMATE, when_full="queue")
    async with world(tmp_path, {"primary": Held(gate, CHEAP)}, budgets=(budget,)) as running:
        waiting: list[Event] = []
        together = asyncio.gather(*(running.ask(each=_kept(waiting, Waiting)) for _ in range(32)))
        await until(lambda: (len(waiting), running.calls()) == (29, 3))
        gate.set()
        assert [story.served for story in await together] == [PRIMARY] * 32
        spent = await running.runtime.ledger.spent_in_period(budget, at=running.clock.now())
        assert spent.spent_nanousd <= budget.limit_nanousd


async def test_26_who_queues_says_so_once(tmp_path: Path) -> None:
    gate = Gate()
    budget = _budget(2 * ESTIMATE - 1, when_full="queue")
    waiting: list[Event] = []
    async with world(tmp_path, {"primary": Held(gate, CHEAP)}, budgets=(budget,)) as running:
        looks = _count_looks(running)
        first = asyncio.create_task(running.ask())
        await until(lambda: running.calls() == 1)
        second = asyncio.create_task(running.ask(each=_kept(waiting, Waiting)))
        await until(lambda: len(looks) >= 4)
        gate.set()
        stories = await asyncio.gather(first, second)
        assert [wait.why for wait in waiting if isinstance(wait, Waiting)] == [
            "budget daily is full of calls in flight."
        ]
        assert [story.served for story in stories] == [PRIMARY, PRIMARY]


def _count_looks(running: World) -> list[int]:
    """Grows with every look at the calls in flight."""
    looks: list[int] = []
    ledger = running.runtime.ledger
    count = ledger.open_attempts

    async def counted(budget: Budget | None = None, *, at: float = 0.0) -> int:
        looks.append(1)
        return await count(budget, at=at)

    ledger.open_attempts = counted  # type: ignore[method-assign]
    return looks


async def test_26_who_queues_is_refused_once_nothing_is_in_flight_that_could_make_room(tmp_path: Path) -> None:
    gate = Gate()
    dear = Answer(text="Yes.", usage=Usage(input_tokens=7, output_tokens=EXPECTED_OUTPUT_TOKENS))
    budget = _budget(ESTIMATE, when_full="queue")
    async with world(tmp_path, {"primary": Held(gate, dear)}, budgets=(budget,)) as running:
        first = asyncio.create_task(running.ask())
        await until(lambda: running.calls() == 1)
        second = asyncio.create_task(running.ask())
        gate.set()
        assert (await first).served == PRIMARY
        assert (await second).refused.kind == "budget"


async def test_26_who_queued_for_a_provider_that_began_to_rest_is_told_and_served_by_the_next(tmp_path: Path) -> None:
    gate = Gate()
    budget = _budget(ESTIMATE, when_full="queue", scope="provider:primary")
    scripts: Scripts = {"primary": Held(gate, rate_limited(60)), "backup": FINE}
    async with world(tmp_path, scripts, budgets=(budget,)) as running:
        first = asyncio.create_task(running.ask())
        await until(lambda: running.calls() == 1)
        second = await running.ask(each=lambda event: gate.set() if isinstance(event, Waiting) else None)
        await first
        assert (second.asked, running.calls()) == ([BACKUP], 1)
        assert second.banner.error_type == "rate_limited"


ENVIRONMENT = Environment(name="staging", hue="green")


@pytest.mark.parametrize(
    ("scope", "label"),
    [
        ("provider:primary", {}),
        ("environment:staging", {"environment": ENVIRONMENT}),
        ("session:s1", {"session_id": "s1"}),
        ("project:p1", {"project": "p1"}),
        ("all", {}),
    ],
)
async def test_26_each_scope_of_a_budget_holds_for_its_own(tmp_path: Path, scope: str, label: dict[str, Any]) -> None:
    async with world(tmp_path, {"primary": FINE}, budgets=(_budget(ESTIMATE, scope=scope),)) as running:
        await running.ask(**label)
        assert (await running.ask(**label)).refused.kind == "budget"
        others: dict[str, Any] = {} if scope in {"all", "provider:primary"} else {"session_id": "s2", "project": "p2"}
        if others:
            assert (await running.ask(**others)).served == PRIMARY
        assert running.calls() == (2 if others else 1)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("period", "before", "after"),
    [
        ("day", datetime(2026, 3, 29, 23, 59, tzinfo=BERLIN), datetime(2026, 3, 30, 0, 1, tzinfo=BERLIN)),
        ("day", datetime(2026, 10, 25, 23, 59, tzinfo=BERLIN), datetime(2026, 10, 26, 0, 1, tzinfo=BERLIN)),
        ("week", datetime(2026, 3, 29, 23, 59, tzinfo=BERLIN), datetime(2026, 3, 30, 0, 1, tzinfo=BERLIN)),
        ("month", datetime(2026, 10, 31, 23, 59, tzinfo=BERLIN), datetime(2026, 11, 1, 0, 1, tzinfo=BERLIN)),
    ],
)
async def test_26_a_budget_is_whole_again_at_midnight_in_its_own_time_zone(
    tmp_path: Path, period: str, before: datetime, after: datetime
) -> None:
    budget = Budget(name="ours", limit_nanousd=ESTIMATE, timezone=BERLIN, period=period)  # type: ignore[arg-type]
    async with world(tmp_path, {"primary": FINE}, budgets=(budget,)) as running:
        running.ahead_s = before.timestamp() - running.clock.now()
        await running.ask()
        assert (await running.ask()).refused.kind == "budget"
        running.ahead_s = after.timestamp() - before.timestamp() + running.ahead_s
        assert (await running.ask()).served == PRIMARY


async def test_26_the_hour_that_autumn_repeats_belongs_to_the_same_day(tmp_path: Path) -> None:
    budget = Budget(name="ours", limit_nanousd=ESTIMATE, timezone=BERLIN)
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=BERLIN).timestamp()
    async with world(tmp_path, {"primary": FINE}, budgets=(budget,)) as running:
        running.ahead_s = begin - running.clock.now()
        await running.ask()
        running.ahead_s += 24 * 3600.0  # 23:30 of the same day, which has 25 hours
        assert (await running.ask()).refused.kind == "budget"
        running.ahead_s += 3600.0
        assert (await running.ask()).served == PRIMARY


async def test_26_a_reservation_is_replaced_by_what_the_call_really_cost(tmp_path: Path) -> None:
    budget = _budget(2 * ESTIMATE)
    async with world(tmp_path, {"primary": CHEAP}, budgets=(budget,)) as running:
        await running.ask()
        spent = await running.runtime.ledger.spent_in_period(budget, at=running.clock.now())
        assert spent.spent_nanousd == 7 * 1_000 + OUTPUT_NANOUSD


async def test_a_budget_that_is_nearly_used_up_warns_and_lets_pass(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": CHEAP}, budgets=(_budget(ESTIMATE),)) as running:
        story = await running.ask()
        assert (story.served, len(story.of(BudgetWarned))) == (PRIMARY, 1)


@pytest.mark.parametrize("when_full", ["refuse", "queue"])
async def test_27_a_fallback_asks_the_budget_of_the_backup_as_well(tmp_path: Path, when_full: WhenFull) -> None:
    budget = _budget(ESTIMATE - 1, scope="provider:backup", when_full=when_full)
    scripts: Scripts = {"primary": Refuse(Failure("auth", "no", 401)), "backup": FINE}
    async with world(tmp_path, scripts, budgets=(budget,)) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls("backup")) == ([PRIMARY], None, 0)
        assert story.refused.kind == "budget"
        assert "backup/big" in story.refused.reason


async def test_27_a_backup_that_cannot_be_paid_is_passed_over_for_the_next_that_can(tmp_path: Path) -> None:
    budget = _budget(ESTIMATE - 1, scope="provider:backup")
    scripts: Scripts = {"primary": Refuse(Failure("auth", "no", 401)), "backup": FINE, "third": FINE}
    async with world(tmp_path, scripts, budgets=(budget,)) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls("backup")) == ([PRIMARY, THIRD], THIRD, 0)
        told = [(event.from_target, event.to_target, event.error_type) for event in story.of(FellBack)]
        assert told == [(PRIMARY, BACKUP, "auth"), (BACKUP, THIRD, "refused")]
        assert "Budget daily" in story.of(FellBack)[1].why


async def test_27_a_cut_answer_is_carried_on_by_the_first_backup_that_can_be_paid(tmp_path: Path) -> None:
    budget = _budget(ESTIMATE - 1, scope="provider:backup")
    broken = Answer(text="All is well, says nobody to the very end.", faults={2: Cut()})
    scripts: Scripts = {"primary": broken, "backup": FINE, "third": FINE}
    async with world(tmp_path, scripts, budgets=(budget,)) as running:
        story = await running.ask()
        assert (story.served, [fell_back.continues for fell_back in story.of(FellBack)]) == (THIRD, [True, True])
        assert [message.role for message in running.providers["third"].seen[0].request.messages] == [
            "user",
            "assistant",
            "user",
        ]


async def test_27_nobody_is_tried_whom_the_same_full_budget_covers(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": Refuse(Failure("auth", "no", 401)), "backup": FINE, "third": FINE}
    spent_by_primary = _budget(ESTIMATE - 1)
    shapes = {"primary": {"is_local": True}}
    async with world(tmp_path, scripts, shapes=shapes, budgets=(spent_by_primary,)) as running:
        story = await running.ask()
        assert (story.served, [fell_back.to_target for fell_back in story.of(FellBack)]) == (None, [BACKUP])
        assert "backup/big" in story.refused.reason


async def test_26_who_queues_waits_for_calls_that_hold_a_part_of_that_budget_only(tmp_path: Path) -> None:
    gate = Gate()
    budget = _budget(ESTIMATE - 1, scope="provider:primary", when_full="queue")
    async with world(tmp_path, {"primary": FINE, "backup": Held(gate, FINE)}, budgets=(budget,)) as running:
        other = asyncio.create_task(running.ask(model=str(BACKUP)))
        await until(lambda: running.calls("backup") == 1)
        assert (await running.ask()).refused.kind == "budget"
        gate.set()
        assert (await other).served == BACKUP


async def test_a_refusal_for_money_is_a_row_and_costs_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}, budgets=(_budget(0),)) as running:
        story = await running.ask()
        rows = await running.rows()
        assert rows == as_kept(story.finished.records)
        assert [(row.error_type, row.cost_nanousd) for row in rows] == [("refused", 0)]
        assert rows[0].opened.route_reason == story.refused.reason
