"""A question that comes once more is escalated once, and what only looks like that is not."""

from datetime import UTC
from pathlib import Path
from typing import Any

from support.world import FINE, World, world

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.budget import Budget
from burn_tui.core.cascade import Earlier
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, Message, ToolCall, ToolResult, said
from burn_tui.core.environment import Environment
from burn_tui.core.events import AttemptStarted, Escalated, FellBack, RouteDecided
from burn_tui.core.failure import Failure
from burn_tui.core.money import Price, Rates
from burn_tui.engine.auto.retries import WITHIN_S
from burn_tui.simulator.script import Answer, Refuse

CHEAP, STRONG = Target("cheap", "big"), Target("strong", "big")
QUESTION = "Rename foo to bar in all of the files."
BETTER = Answer(text="In each of the files it is bar now.")


def _price(usd: int) -> Price:
    return Price(rates=Rates(input_rate=usd * 10**9, output_rate=usd * 10**9))


PRICES = {CHEAP: _price(1), STRONG: _price(100)}


def _world(path: Path, cheap: Any = FINE, strong: Any = BETTER, **more: Any) -> Any:
    policy = more.pop("auto", AutoPolicy(explore=0.0))
    return world(path, {"cheap": cheap, "strong": strong}, prices=more.pop("prices", PRICES), auto=policy, **more)


async def _asked(running: World, *messages: Message, **caller: Any) -> list[Target]:
    caller = {"conversation_id": "c", "session_id": "s", **caller}
    request = ChatRequest(messages=messages or (said("user", QUESTION),), model="auto")
    return (await running.ask(request, **caller)).asked


async def test_the_same_question_again_is_escalated_with_both_costs_once(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        first = await running.ask(QUESTION, model="auto", conversation_id="c")
        second = await running.ask(QUESTION, model="auto", conversation_id="c")
        third = await running.ask(QUESTION, model="auto", conversation_id="c")
        rows = await running.rows()
        signs = await running.runtime.ledger.read("SELECT sign FROM auto_labels ORDER BY id", {})
    (escalated,) = second.of(Escalated)
    assert [story.asked for story in (first, second, third)] == [[CHEAP], [STRONG], [CHEAP]]
    assert (escalated.from_target, escalated.to_target) == (CHEAP, STRONG)
    assert escalated.why == "cheap/big had answered this, and the same question was asked again."
    assert escalated.from_nanousd == first.finished.records[0].cost_nanousd
    assert escalated.costs.startswith("That cost $0.0000")
    assert "asked again: strong/big after cheap/big" in second.of(RouteDecided)[0].why
    assert second.events.index(escalated) < second.events.index(second.of(AttemptStarted)[0])
    assert rows[1].opened.route_reason.startswith("escalated: cheap/big had answered this")
    assert [row["sign"] for row in signs] == ["retried", "retried"]


async def test_an_answer_made_anew_after_the_same_history_is_a_retry_and_so_is_a_question_typed_again(
    tmp_path: Path,
) -> None:
    history = (said("user", "Hello."), said("assistant", "Hello."), said("user", "Go on."))
    typed_again = (said("user", QUESTION), said("assistant", FINE.text), said("user", QUESTION))
    async with _world(tmp_path) as running:
        assert await _asked(running, *history) == [CHEAP]
        assert await _asked(running, *history) == [STRONG]
        assert await _asked(running) == [CHEAP]
        assert await _asked(running, *typed_again) == [STRONG]


async def test_going_on_is_no_retry(tmp_path: Path) -> None:
    call = Message("assistant", (ToolCall("1", "look", "{}"),))
    step = (said("user", QUESTION), call, Message("user", (ToolResult("1", "found"),)))
    go_on = (said("user", "Go on."), said("assistant", "So far."), said("user", "Go on."))
    async with _world(tmp_path) as running:
        for messages in ((said("user", QUESTION),), step, step, go_on[:1], go_on):
            assert await _asked(running, *messages) == [CHEAP]


async def test_another_conversation_later_or_another_wording_is_no_retry(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        assert await _asked(running) == [CHEAP]
        assert await _asked(running, conversation_id="d") == [CHEAP]
        assert await _asked(running, said("user", f"{QUESTION} Please.")) == [CHEAP]
        running.ahead_s = WITHIN_S + 60
        assert await _asked(running) == [CHEAP]


async def test_who_names_no_conversation_is_known_by_its_history_and_never_by_a_first_question(tmp_path: Path) -> None:
    history = (said("user", "Hello."), said("assistant", "Hello."), said("user", QUESTION))
    async with _world(tmp_path) as running:
        for _ in range(3):
            assert await _asked(running, conversation_id=None, source="gateway") == [CHEAP]
        assert await _asked(running, *history, conversation_id=None, source="gateway") == [CHEAP]
        assert await _asked(running, *history, conversation_id=None, source="gateway") == [STRONG]


async def test_who_said_who_answers_gets_that_one_again(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        for prompt in (f"@cheap {QUESTION}", f"@cheap {QUESTION}"):
            assert await _asked(running, said("user", prompt)) == [CHEAP]
        for _ in range(2):
            story = await running.ask(QUESTION, model="cheap/big", conversation_id="e")
            assert story.asked == [CHEAP]


async def test_below_the_ratio_of_prices_and_at_the_cap_a_retry_stays_what_it_was(tmp_path: Path) -> None:
    async with _world(tmp_path, auto=AutoPolicy(explore=0.0, cascade_ratio=101.0)) as running:
        assert [await _asked(running) for _ in range(2)] == [[CHEAP], [CHEAP]]
    async with _world(tmp_path / "2", auto=AutoPolicy(explore=0.0, premium_cap=0.0)) as running:
        await running.ask(QUESTION, model="auto", conversation_id="c")
        story = await running.ask(QUESTION, model="auto", conversation_id="c")
        assert story.asked == [CHEAP]
        assert any(
            why == "asked again, and not escalated: 0 of 1 prompts today were strong already, the cap is 0 %"
            for why in story.of(RouteDecided)[0].why
        )


async def test_where_nobody_is_there_to_be_asked_a_guarded_target_is_not_asked(tmp_path: Path) -> None:
    asking = Environment(name="asking", hue="blue", confirm_over_nanousd=1_000_000)
    async with _world(tmp_path) as running:
        for _ in range(2):
            assert await _asked(running, environment=asking, source="gateway") == [CHEAP]


async def test_where_the_strong_one_does_not_fit_the_budget_or_fails_the_question_is_answered_all_the_same(
    tmp_path: Path,
) -> None:
    tight = Budget(name="b", limit_nanousd=1_600_000, timezone=UTC)
    async with _world(tmp_path, budgets=(tight,)) as running:
        assert await _asked(running) == [CHEAP]
        story = await running.ask(QUESTION, model="auto", conversation_id="c")
        assert (story.served, [fell.to_target for fell in story.of(FellBack)]) == (CHEAP, [CHEAP])
    async with _world(tmp_path / "2", strong=Refuse(Failure("rate_limited", "slow", 429, 60.0))) as running:
        assert await _asked(running) == [CHEAP]
        assert await _asked(running) == [STRONG, CHEAP]


async def test_who_asks_for_a_stronger_answer_gets_it_whatever_cap_and_ratio_say(tmp_path: Path) -> None:
    policy = AutoPolicy(explore=0.0, premium_cap=0.0, cascade_ratio=101.0)
    async with _world(tmp_path, auto=policy) as running:
        first = await running.ask(QUESTION, model="auto")
        earlier = Earlier(target=CHEAP, nanousd=first.finished.records[0].cost_nanousd, is_said=True)
        story = await running.ask(QUESTION, model="auto", instead_of=earlier)
        again = Earlier(target=STRONG, nanousd=0, is_said=True)
        last = await running.ask(QUESTION, model="auto", instead_of=again)
    (escalated,) = story.of(Escalated)
    assert (story.asked, escalated.why) == (
        [STRONG],
        "cheap/big had answered this, and you asked for a stronger answer.",
    )
    assert "you asked for a stronger answer" in story.of(RouteDecided)[0].why
    assert last.of(Escalated) == []


async def test_the_preview_says_it_before_anything_is_sent(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        session = running.runtime.session("main")
        session.requested = "auto"
        async for _ in session.send(QUESTION):
            pass
        assert session.preview(QUESTION).target == STRONG
        assert "asked again: strong/big after cheap/big" in session.preview(QUESTION).why
        assert session.preview("Why is that so?").target == CHEAP


async def test_a_session_has_a_question_answered_by_the_strong_tier_once_and_goes_on_as_before(tmp_path: Path) -> None:
    async with _world(tmp_path, auto=AutoPolicy(explore=0.0, premium_cap=0.0)) as running:
        session = running.runtime.session("main")
        session.requested = "auto"
        async for _ in session.send(QUESTION):
            pass
        (turn,) = session.turns()
        preview = session.preview_stronger(turn)
        assert (preview.target, preview.is_escalated) == (STRONG, True)
        async for _ in session.send(QUESTION, requested="auto", before=turn.before, instead_of=turn.earlier):
            pass
        assert [message.text for message in session.messages] == [QUESTION, BETTER.text]
        assert "estimated at $0.05" in " ".join(entry.text for entry in session.transcript.entries)
        (turn,) = session.turns()
        assert not session.preview_stronger(turn).is_escalated
        assert session.preview("Why is that so?").target == CHEAP
