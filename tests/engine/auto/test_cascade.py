"""A cheap answer that fails a check is followed by a strong one, once, and everything of it is told."""

import io
import json
import sys
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.world import FINE, Story, World, as_kept, caller_of, world

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.budget import Budget
from burn_tui.core.cascade import FEWEST
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, JsonFormat, said
from burn_tui.core.checks import CommandCheck
from burn_tui.core.environment import Environment
from burn_tui.core.events import AttemptStarted, Escalated, FellBack, NotEscalated, RouteDecided
from burn_tui.core.failure import Failure
from burn_tui.core.money import Price, Rates
from burn_tui.core.policy import TimeLimits
from burn_tui.core.routing_rules import Rule
from burn_tui.engine.ask import ask
from burn_tui.engine.auto.command import explain
from burn_tui.simulator.script import Action, Answer, Cut, Refuse, Script, in_order

CHEAP, STRONG = Target("cheap", "big"), Target("strong", "big")
SORRY = Answer(text="I'm sorry, but I can't help with that.")
GOOD = Answer(text='{"team": "billing"}')
EASY = "Rename foo to bar."


def _price(usd_per_million: int) -> Price:
    rate = usd_per_million * 1_000_000_000
    return Price(rates=Rates(input_rate=rate, output_rate=rate))


PRICES = {CHEAP: _price(1), STRONG: _price(100)}


def _world(path: Path, cheap: Any = SORRY, strong: Any = GOOD, **more: Any) -> Any:
    policy = more.pop("auto", AutoPolicy(explore=0.0))
    return world(path, {"cheap": cheap, "strong": strong}, prices=more.pop("prices", PRICES), auto=policy, **more)


async def _labels(running: World) -> list[tuple[str, str]]:
    rows = await running.runtime.ledger.read("SELECT tier, sign FROM auto_labels ORDER BY id", {})
    return [(row["tier"], row["sign"]) for row in rows]


async def _samples(running: World) -> list[dict[str, Any]]:
    return [dict(row) for row in await running.runtime.ledger.read("SELECT * FROM cascades ORDER BY id", {})]


def _json_request(prompt: str = "@cheap Which team?") -> ChatRequest:
    return ChatRequest(messages=(said("user", prompt),), model="auto", response_format=JsonFormat())


async def test_a_refusal_is_followed_by_the_strong_target_with_both_costs(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        story = await running.ask(EASY, model="auto")
        rows = await running.rows()
        labels = await _labels(running)
    (escalated,) = story.of(Escalated)
    assert (story.asked, story.served) == ([CHEAP, STRONG], STRONG)
    assert (escalated.from_target, escalated.to_target) == (CHEAP, STRONG)
    assert escalated.why == "cheap/big was asked first, and its answer was a refusal."
    assert escalated.from_nanousd == story.finished.records[0].cost_nanousd
    assert escalated.to_nanousd is not None
    assert "That cost $0.0000" in escalated.costs
    assert story.finished.failure is None
    assert rows == as_kept(story.finished.records)
    assert rows[1].opened.route_reason.startswith("escalated: cheap/big was asked first")
    assert rows[1].opened.fell_back_from is None
    assert labels == [("cheap", "escalated")]


async def test_it_escalates_once_whatever_the_strong_answer_is(tmp_path: Path) -> None:
    async with _world(tmp_path, strong=SORRY) as running:
        story = await running.ask(EASY, model="auto")
    assert (story.asked, len(story.of(Escalated)), story.served) == ([CHEAP, STRONG], 1, STRONG)


async def test_a_good_answer_is_the_end(tmp_path: Path) -> None:
    async with _world(tmp_path, cheap=FINE) as running:
        story = await running.ask(EASY, model="auto")
    assert (story.asked, story.of(Escalated)) == ([CHEAP], [])


async def test_below_the_ratio_of_prices_nobody_is_asked_after_a_failed_check(tmp_path: Path) -> None:
    async with _world(tmp_path, auto=AutoPolicy(explore=0.0, cascade_ratio=101.0)) as running:
        story = await running.ask(EASY, model="auto")
        assert (story.asked, await _labels(running)) == ([CHEAP], [("cheap", "failed_check")])


async def test_who_wrote_at_cheap_gets_the_cheap_answer(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        assert (await running.ask(f"@cheap {EASY}", model="auto")).asked == [CHEAP]


async def test_a_pinned_target_is_never_checked(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        assert (await running.ask(EASY, model="cheap/big")).asked == [CHEAP]
        assert await _labels(running) == []


async def test_a_check_that_a_rule_names_holds_also_where_it_names_the_tier(tmp_path: Path) -> None:
    failing = CommandCheck(name="lint", run=(sys.executable, "-I", "-c", "raise SystemExit('E501')"))
    policy = AutoPolicy(rules=(Rule(project="p", tier="cheap", check="lint"),), checks=(failing,))
    async with _world(tmp_path, cheap=FINE, auto=policy) as running:
        story = await running.ask(EASY, model="auto", project="p")
        (sample,) = await _samples(running)
    assert story.asked == [CHEAP, STRONG]
    assert story.of(Escalated)[0].why.endswith("its answer failed check lint: E501.")
    assert [waiting.why for waiting in story.waits] == ["Check lint runs, at most that long."]
    assert (sample["has_failed"], sample["strong_target"]) == (1, "strong/big")
    assert sample["strong_nanousd"] == story.finished.records[1].cost_nanousd


async def test_a_check_that_cannot_be_run_changes_nothing(tmp_path: Path) -> None:
    missing = CommandCheck(name="lint", run=("no-such-program",), tasks=("other", "code_edit", "quick_snippet"))
    async with _world(tmp_path, cheap=FINE, auto=AutoPolicy(explore=0.0, checks=(missing,))) as running:
        story = await running.ask(EASY, model="auto")
        assert (story.asked, await _labels(running)) == ([CHEAP], [])
        assert any("no-such-program" in notice for notice in running.runtime.notices)


async def test_a_checked_cheap_answer_comes_before_the_strong_one_where_strong_seems_worth_it(tmp_path: Path) -> None:
    policy = AutoPolicy(explore=0.0, strong_share=1.0, mid_share=0.0, local_share=0.0, premium_cap=1.0)
    request = _json_request("Which team owns the invoices, and why would that ever change?")
    async with _world(tmp_path, cheap=GOOD, auto=policy) as running:
        story = await running.ask(request)
        (sample,) = await _samples(running)
        unchecked = await running.ask("Which team owns the invoices, and why would that change?", model="auto")
    assert story.asked == [CHEAP]
    assert "cheap/big first, since whether it is JSON is checked" in ", ".join(story.of(RouteDecided)[0].why)
    assert sample["strong_nanousd"] == 100 * sample["cheap_nanousd"]
    assert unchecked.asked == [STRONG]


async def test_where_the_strong_target_fails_the_first_answer_stands_and_is_said_again(tmp_path: Path) -> None:
    broken = Refuse(Failure("rate_limited", "slow down", 429, 60.0))
    async with _world(tmp_path, strong=broken) as running:
        story = await running.ask(EASY, model="auto")
        assert {row.opened.event_id for row in await running.rows()} == {
            record.opened.event_id for record in story.finished.records
        }
    assert (story.asked, story.served) == ([CHEAP, STRONG], CHEAP)
    assert story.banner.why.endswith("The first answer stands.")
    after = story.events[story.events.index(story.banner) :]
    assert Story(after).text == SORRY.text
    assert story.finished.records[-1].opened.provider_name == "cheap"


async def test_an_escalation_never_leaves_the_budget_the_privacy_class_or_the_environment(tmp_path: Path) -> None:
    tight = Budget(name="b", limit_nanousd=1_500_000, timezone=UTC)
    async with _world(tmp_path, budgets=(tight,)) as running:
        story = await running.ask(EASY, model="auto")
        assert (story.asked, story.served) == ([CHEAP], CHEAP)
    shapes = {"cheap": {"is_local": True}}
    async with _world(tmp_path / "2", shapes=shapes, prices={STRONG: _price(100)}) as running:
        assert (await running.ask(EASY, model="auto", privacy="local")).asked == [CHEAP]
        walled = Environment(name="walled", hue="blue", allow=("cheap",))
        assert (await running.ask(EASY, model="auto", environment=walled)).asked == [CHEAP]
        asking = Environment(name="asking", hue="blue", confirm_over_nanousd=1)
        assert (await running.ask(EASY, model="auto", environment=asking)).asked == [CHEAP]
        assert (await running.ask(EASY, model="auto")).asked == [CHEAP, STRONG]


async def test_it_switches_itself_off_where_it_loses_money_tells_so_and_stays_off_after_a_restart(
    tmp_path: Path,
) -> None:
    policy = AutoPolicy(explore=0.0, premium_cap=1.0)
    async with _world(tmp_path, cheap=Answer(text="no json"), auto=policy) as running:
        request = _json_request(EASY)
        for _ in range(FEWEST):
            assert (await running.ask(request)).asked == [CHEAP, STRONG]
        off = [notice for notice in running.runtime.notices if notice.startswith("Cascading is off for")]
        assert len(off) == 1
        await running.restart()
        assert [notice for notice in running.runtime.notices if notice in off] == off
        story = await running.ask(request)
        assert story.asked == [CHEAP]
        assert "cascading is off for" in ", ".join(story.of(RouteDecided)[0].why)
        out = io.StringIO()
        await explain(
            "Reply in JSON: rename foo.", boot=lambda: _same(running), environment=None, as_json=False, out=out
        )
        await running.start()
    assert f"off: {FEWEST} of {FEWEST} checked answers failed" in out.getvalue()


async def _same(running: World) -> Any:
    return running.runtime


async def test_ask_tells_of_it_in_words_and_in_json(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        out, told = io.StringIO(), io.StringIO()
        code = await ask(
            EASY,
            boot=lambda: _same(running),
            environment=None,
            target="auto",
            privacy="any",
            confirmed=False,
            as_json=True,
            out=out,
            narration=told,
        )
        await running.start()
    report = json.loads(out.getvalue())
    assert (code, report["text"]) == (0, GOOD.text)
    assert report["escalated"]["from_target"] == "cheap/big"
    assert report["escalated"]["from_cost_nanousd"] == report["attempts"][0]["cost_nanousd"]
    assert report["escalated"]["to_cost_nanousd"] == report["attempts"][1]["cost_nanousd"]
    assert "its answer was a refusal. Now strong/big. That cost $0.0000" in told.getvalue()


async def test_a_session_keeps_the_second_answer_and_shows_both(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        session = running.runtime.session("main")
        session.requested = "auto"
        async for _ in session.send(EASY):
            pass
    assert session.messages[-1].text == GOOD.text
    assert [entry.text for entry in session.transcript.entries if hasattr(entry, "target")] == [SORRY.text, GOOD.text]
    assert len(session.transcript.unseen_fallbacks) == 1


async def test_what_cannot_be_taken_back_any_more_is_only_learned_from_and_no_command_runs_on_it(
    tmp_path: Path,
) -> None:
    failing = CommandCheck(name="lint", run=(sys.executable, "-I", "-c", "raise SystemExit(1)"), tasks=("code_edit",))
    policy = AutoPolicy(explore=0.0, checks=(failing,))
    request = ChatRequest(messages=(said("user", EASY),), model="auto")
    async with _world(tmp_path, in_order([SORRY, FINE]), auto=policy) as running:
        for _ in range(2):
            sent = running.runtime.router.send(request, caller_of(source="gateway"), is_out=lambda: True)
            events = tuple([event async for event in sent])
            assert (Story(events).asked, Story(events).waits) == ([CHEAP], [])
        assert await _labels(running) == [("cheap", "failed_check")]


async def test_an_escalation_counts_under_the_cap_and_at_the_cap_it_is_not_made_and_that_is_said(
    tmp_path: Path,
) -> None:
    policy = AutoPolicy(explore=0.0, premium_cap=0.1)
    async with _world(tmp_path, auto=policy) as running:
        assert [(await running.ask(EASY, model="auto")).asked for _ in range(2)] == [[CHEAP, STRONG]] * 2
        capped = "2 of 3 prompts today were strong already, the cap is 10 %"
        story = await running.ask(EASY, model="auto")
        assert (story.asked, story.served) == ([CHEAP], CHEAP)
        assert story.of(NotEscalated) == [
            NotEscalated(
                CHEAP, STRONG, f"The answer of cheap/big was a refusal, and strong/big is not asked: {capped}."
            )
        ]
        assert story.of(RouteDecided)[0].why[-1].startswith("no escalation to strong/big: 2 of 2 prompts today")
        assert (await running.rows())[-1].opened.route_reason.endswith("the cap is 10 %")
        assert [sign for _, sign in await _labels(running)] == ["escalated", "escalated", "failed_check"]
        await running.restart()
        story = await running.ask(EASY, model="auto")
        assert (story.asked, len(story.of(NotEscalated))) == ([CHEAP], 1)


async def test_what_keeps_a_stronger_target_from_being_asked_is_said(tmp_path: Path) -> None:
    tight = Budget(name="b", limit_nanousd=1_500_000, timezone=UTC)
    async with _world(tmp_path, budgets=(tight,)) as running:
        (standing,) = (await running.ask(EASY, model="auto")).of(NotEscalated)
    assert "strong/big is not asked: Budget b has $" in standing.why


async def test_a_call_of_a_tool_is_no_answer_to_be_checked(tmp_path: Path) -> None:
    calling = Answer(text="", tool_calls=(("look", "{}"),), finish_reason="tool_call")
    async with _world(tmp_path, cheap=calling) as running:
        assert (await running.ask(_json_request(EASY))).asked == [CHEAP]


ACTIONS: list[Action] = [
    FINE,
    GOOD,
    SORRY,
    Answer(text=""),
    Answer(text="cut", finish_reason="length"),
    Refuse(Failure("transient", "no", 500)),
    Refuse(Failure("rate_limited", "no", 429)),
    Answer(text="Rivers carry silt from the hills to the delta.", faults={2: Cut()}),
]
scripted = st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3)


def _from_now(before: int, actions: list[Action]) -> Script:
    script = in_order(actions)
    return lambda request, count: script(request, count - before)


@pytest.fixture
async def two(tmp_path: Path) -> Any:
    async with _world(tmp_path, limits=TimeLimits(first_chunk_s=5.0, idle_s=5.0)) as running:
        yield running


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(scripted, scripted, st.booleans())
async def test_the_target_changes_only_where_it_is_said_at_most_one_escalation_and_no_row_stays_open(
    two: World, cheap: list[Action], strong: list[Action], is_json: bool
) -> None:
    for name, actions in (("cheap", cheap), ("strong", strong)):
        two.script(name, _from_now(two.calls(name), actions))
    router = two.runtime.router
    router.health = router.health.without(router.health.breakers)
    story = await two.ask(_json_request(EASY) if is_json else EASY, model="auto")
    target = None
    for event in story.events:
        match event:
            case RouteDecided(targets=targets):
                target = targets[0]
            case FellBack(from_target=former, to_target=following) | Escalated(former, following):
                assert former == target != following
                target = following
            case AttemptStarted():
                assert event.target == target
            case _:
                pass
    assert story.served in {None, target}
    assert len(story.of(Escalated)) <= 1
    assert len(story.asked) == len(story.finished.records)
    assert await two.runtime.ledger.open_attempts() == 0
    if story.served is not None:
        assert story.finished.records[-1].opened.provider_name == story.served.provider_name
