"""auto at work: with a real router, ledger and wire."""

import io
import json
import re
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from support.world import FINE, Story, World, caller_of, world

from burn_tui.core.auto import AutoDecision, AutoPolicy
from burn_tui.core.budget import Budget
from burn_tui.core.capabilities import Capabilities
from burn_tui.core.catalog import Model, Target
from burn_tui.core.chat import ChatRequest, Image, JsonFormat, Message, Text, said
from burn_tui.core.errors import WrongCallError
from burn_tui.core.events import RouteDecided
from burn_tui.core.failure import Failure
from burn_tui.core.latency import Histogram, bucket_of
from burn_tui.core.money import Price, Rates
from burn_tui.core.route_learning import FIRST_GRADIENT, Learner, features
from burn_tui.core.routing_rules import Rule
from burn_tui.core.usage import Usage
from burn_tui.engine.auto.choosing import FEWEST_TIMED, Auto
from burn_tui.engine.auto.command import explain, freeze, replayed, reset
from burn_tui.simulator.script import Answer, Refuse

CHEAP, MID, STRONG = Target("cheap", "big"), Target("mid", "big"), Target("strong", "big")
RENAME = said("user", "Rename foo to bar.")
SCRIPTS = {"strong": FINE, "cheap": FINE, "mid": FINE}


def _price(usd_per_million: int) -> Price:
    rate = usd_per_million * 1_000_000_000
    return Price(rates=Rates(input_rate=rate, output_rate=rate))


PRICES = {CHEAP: _price(1), MID: _price(10), STRONG: _price(100)}


def _world(path: Path, *, auto: AutoPolicy | None = None, **more: Any) -> Any:
    policy = auto or AutoPolicy(explore=0.0)
    return world(path, more.pop("scripts", SCRIPTS), prices=PRICES, auto=policy, **more)


def _decided(story: Story) -> RouteDecided:
    (decided,) = story.of(RouteDecided)
    return decided


async def _labels(running: World) -> list[tuple[str, str, bool]]:
    rows = await running.runtime.ledger.read("SELECT tier, sign, failed FROM auto_labels ORDER BY id", {})
    return [(row["tier"], row["sign"], bool(row["failed"])) for row in rows]


async def test_auto_asks_by_worth_and_not_in_the_order_of_the_default_route(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        assert (await running.ask("Rename foo to bar.")).served == STRONG  # the default route's first
        assert (await running.ask("Rename foo to bar.", model="auto")).served == CHEAP
        assert (await running.ask("@strong Rename foo.", model="auto")).served == STRONG


async def test_without_a_default_route_nothing_asked_for_is_auto(tmp_path: Path) -> None:
    async with _world(tmp_path, routes={}) as running:
        story = await running.ask("Rename foo to bar.")
        assert (_decided(story).route, story.served) == ("auto", CHEAP)


async def test_every_reason_stands_in_the_ledger(tmp_path: Path) -> None:
    rules = (Rule(path="**/*.tf", tier="mid"),)
    async with _world(tmp_path, auto=AutoPolicy(rules=rules)) as running:
        story = await running.ask("Add a subnet to net/main.tf", model="auto")
        assert story.served == MID
        (row,) = await running.rows()
    assert row.opened.route == "auto"
    assert row.opened.route_reason == ", ".join(_decided(story).why)
    assert "your rule for path **/*.tf" in row.opened.route_reason
    assert "deterministic profile" in row.opened.route_reason


async def test_the_deterministic_profile_reaches_the_wire(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        await running.ask("Change the terraform module", model="auto")
        await running.ask("Tell me a story", model="auto")
        asked = [seen.request for one in running.providers.values() for seen in one.seen]
    assert {(request.temperature, request.seed) for request in asked} == {(0.0, 7), (None, None)}


async def test_when_the_tier_fails_a_dearer_one_is_asked(tmp_path: Path) -> None:
    refusing = {**SCRIPTS, "cheap": Refuse(Failure("rate_limited", "slow", 429, 60.0))}
    async with _world(tmp_path, scripts=refusing) as running:
        assert (await running.ask("Rename foo to bar.", model="auto")).asked == [CHEAP, MID]
        again = await running.ask("Rename foo to bar.", model="auto")
    assert again.asked == [MID]
    assert "nobody of the cheap tier may be asked" in _decided(again).why


async def test_who_cannot_do_what_is_asked_for_is_left_out_on_every_route_and_says_why(tmp_path: Path) -> None:
    blind = {"cheap": {"models": (Model("big", capabilities=Capabilities(images=False, json=False)),)}}
    picture = Message("user", (Text("Rename what you see."), Image(data="aGk=")))
    async with _world(tmp_path, shapes=blind) as running:
        seen = await running.ask(ChatRequest(messages=(picture,), model="auto"))
        held = await running.ask(ChatRequest(messages=(RENAME,), model="auto", response_format=JsonFormat()))
        pinned = await running.ask(ChatRequest(messages=(picture,), model="cheap/big"))
        plain = await running.ask("Rename foo to bar.", model="auto")
    assert (seen.served, _decided(held).targets[0], plain.served) == (MID, MID, CHEAP)
    assert [(one.target, one.why) for one in _decided(seen).skipped] == [
        (CHEAP, "It takes no images, and this has one.")
    ]
    assert "It takes no images" in pinned.refused.reason
    assert pinned.refused.mend.startswith("Choose a model that can.")


async def test_asked_once_more_is_a_failure_and_going_on_is_a_quiet_yes(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        for prompt in ("Rename foo to bar.", "Rename foo to bar, please.", "And now something else entirely"):
            await running.ask(prompt, model="auto", conversation_id="c")
        await running.ask("Elsewhere nothing is said of it.", model="auto", conversation_id="d")
        assert await _labels(running) == [("cheap", "retried", True), ("cheap", "silence", False)]


async def test_a_thumb_is_the_only_label_of_its_answer(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        story = await running.ask("@strong Rename foo.", model="auto", conversation_id="c")
        event_id = story.finished.records[-1].opened.event_id
        await running.runtime.router.auto.judged(event_id, "bad")
        await running.runtime.router.auto.judged(event_id, "good")
        await running.ask("Something else", model="auto", conversation_id="c")
        assert await _labels(running) == [("strong", "thumbs_down", True)]


async def test_what_was_learned_is_there_after_a_restart_without_any_word_of_a_prompt(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        for prompt in ("Rename xylophone.", "Rename xylophone!"):
            await running.ask(prompt, model="auto", conversation_id="c")
        before = running.runtime.router.auto.learners["cheap"]
        await running.restart()
        after = running.runtime.router.auto.learners["cheap"]
        assert (after.weights, after.gradients) == (before.weights, before.gradients)
        assert (after.record.labels, after.record.losses) == (1, before.record.losses)
        rows = await running.runtime.ledger.read("SELECT * FROM auto_decisions", {})
    assert len(rows) == 2
    assert "xylophone" not in str([tuple(row) for row in rows])


async def test_two_processes_that_learn_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = Learner(), Learner()
    one.learn(*features("Rename foo."), failed=1.0)
    other.learn(*features("Rename foo to bar."), failed=1.0)
    async with _world(tmp_path) as running:
        first = running.runtime.router.auto
        second = Auto(running.runtime.ledger, running.clock.now)
        await second.remember(running.runtime.ledger)
        story = await running.ask("Rename foo.", model="auto")
        await second.took("elsewhere", ChatRequest(messages=(RENAME,)), caller_of(), _decided(story).auto)
        second.finished(structs.replace(story.finished, request_id="elsewhere"))
        await first.learn(story.finished.request_id, "thumbs_down")
        await second.learn("elsewhere", "thumbs_down")
        await running.restart()
        kept, live = running.runtime.router.auto.learners["cheap"], second.learners["cheap"]
    assert kept.record.labels == live.record.labels == 2
    for bucket in one.weights | other.weights:
        moved = [learner.moved[bucket] for learner in (one, other) if bucket in learner.moved]
        assert kept.weights[bucket] == pytest.approx(sum(by.weight for by in moved))
        assert kept.gradients[bucket] == pytest.approx(FIRST_GRADIENT + sum(by.gradient for by in moved))
    assert {bucket: live.weights[bucket] for bucket in other.weights} == {
        bucket: kept.weights[bucket] for bucket in other.weights
    }


async def test_a_correction_holds_for_prompts_like_it_also_after_a_restart(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        await running.runtime.router.auto.correct("Explain the sharding of our store", "architecture")
        await running.restart()
        story = await running.ask("Explain the sharding of our store now", model="auto")
    assert _decided(story).why[0] == "architecture: as you said of a prompt like it"


async def test_where_no_text_is_kept_corrections_are_not_either(tmp_path: Path) -> None:
    async with _world(tmp_path, store_text=False) as running:
        await running.runtime.router.auto.correct("Explain the sharding of our store", "architecture")
        assert await running.runtime.ledger.read("SELECT * FROM auto_corrections", {}) == []


async def test_a_budget_spent_twice_too_fast_leaves_cheap_models_and_asks_before_strong_ones(tmp_path: Path) -> None:
    long_answer = Answer(text="Done.", usage=Usage(input_tokens=7, output_tokens=200))
    budget = Budget(name="day", limit_nanousd=80_000_000, timezone=UTC)
    async with _world(tmp_path, scripts={**SCRIPTS, "strong": long_answer}, budgets=(budget,)) as running:
        # At one in the morning a tenth of the day counts as gone, and one strong answer is a quarter of the budget.
        now = running.clock.now()
        running.ahead_s = (now // 86_400 + 1) * 86_400 + 3_600 - now
        assert (await running.ask("@strong Rename foo.", model="auto")).served == STRONG
        running.ahead_s += 60
        proof = await running.ask("Prove that no x = y^2 exists, unless z is both odd and prime.", model="auto")
        assert proof.served == CHEAP
        refused = (await running.ask("@strong Rename foo.", model="auto")).refused
        assert (refused.kind, "2.6 times too fast" in refused.reason) == ("confirmation", True)
        pinned = await running.ask("Rename foo.", model="strong/big")
        assert pinned.served == STRONG
        at_the_cap = await running.ask("Rename foo.", model="strong/big")
        assert at_the_cap.refused.kind == "budget"


def _auto(story: Story) -> AutoDecision:
    decided = _decided(story).auto
    assert decided is not None
    return decided


async def test_from_one_and_a_half_times_the_pace_on_nothing_is_tried_out_and_that_is_said(tmp_path: Path) -> None:
    long_answer = Answer(text="Done.", usage=Usage(input_tokens=7, output_tokens=130))
    budget = Budget(name="day", limit_nanousd=80_000_000, timezone=UTC)
    curious = AutoPolicy(explore=1.0, strong_share=1.0, mid_share=0.0, local_share=0.0)
    scripts = {**SCRIPTS, "strong": long_answer}
    async with _world(tmp_path, scripts=scripts, budgets=(budget,), auto=curious) as running:
        now = running.clock.now()
        running.ahead_s = (now // 86_400 + 1) * 86_400 + 3_600 - now
        running.runtime.router.chance = lambda: 0.5
        assert _auto(await running.ask("Rename foo.", model="auto")).is_explored
        assert (await running.ask("@strong Rename foo.", model="auto")).served == STRONG
        running.ahead_s += 60
        decided = _auto(await running.ask("Prove that no x = y^2 exists.", model="auto"))
        assert not decided.is_explored
        assert any(why.endswith("x: nothing is tried out") for why in decided.why)


async def test_who_agrees_has_the_strong_tier_however_fast_the_budget_is_spent(tmp_path: Path) -> None:
    long_answer = Answer(text="Done.", usage=Usage(input_tokens=7, output_tokens=200))
    budget = Budget(name="day", limit_nanousd=80_000_000, timezone=UTC)
    async with _world(tmp_path, scripts={**SCRIPTS, "strong": long_answer}, budgets=(budget,)) as running:
        now = running.clock.now()
        running.ahead_s = (now // 86_400 + 1) * 86_400 + 3_600 - now
        await running.ask("@strong Rename foo.", model="auto")
        running.ahead_s += 60
        agreed = await running.ask("@strong Rename foo.", model="auto", is_confirmed_now=True)
        assert agreed.served == STRONG


async def test_the_mark_before_a_prompt_is_not_sent(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        await running.ask("@strong Rename foo.", model="auto")
        (seen,) = running.providers["strong"].seen
    assert seen.request.messages == (said("user", "Rename foo."),)


async def _same(running: World) -> Any:
    """What a command boots: this world's runtime, left open for the test."""
    return running.runtime


async def test_explaining_sends_nothing_and_names_every_reason(tmp_path: Path) -> None:
    out = io.StringIO()
    async with _world(tmp_path) as running:
        code = await explain(
            "Why does pytest fail?", boot=lambda: _same(running), environment=None, as_json=True, out=out
        )
        assert running.calls("cheap") == 0
    told = json.loads(out.getvalue())
    assert (code, told["task"], told["targets"][0]) == (0, "test_or_debug", "cheap/big")
    assert told["tiers"] == {"strong/big": "strong", "cheap/big": "cheap", "mid/big": "mid"}
    assert len(told["why"]) >= 4


async def test_a_replay_compares_money_and_time_under_another_policy(tmp_path: Path) -> None:
    out = io.StringIO()
    async with _world(tmp_path) as running:
        for _ in range(3):
            await running.ask("@strong Rename foo.", model="auto")
        await replayed(
            "rules:\n  - tier: cheap\n",
            file="policy.yaml",
            boot=lambda: _same(running),
            since="7d",
            as_json=True,
            out=out,
        )
    told = json.loads(out.getvalue())
    assert told["then"]["by_target"] == {"strong/big": 3}
    assert told["other"]["by_target"] == {"cheap/big": 3}
    assert told["other"]["cost_nanousd"] * 100 == told["then"]["cost_nanousd"]
    assert told["unmeasured"] == 3


async def test_a_replay_of_nothing_says_so(tmp_path: Path) -> None:
    async with _world(tmp_path) as running:
        with pytest.raises(WrongCallError, match="No request since then"):
            await replayed("", file="p.yaml", boot=lambda: _same(running), since="7d", as_json=False, out=io.StringIO())


async def test_reset_forgets_what_was_learned_and_freeze_stops_learning(tmp_path: Path) -> None:
    out = io.StringIO()
    async with _world(tmp_path) as running:
        for prompt in ("Rename foo to bar.", "Rename foo to bar!"):
            await running.ask(prompt, model="auto", conversation_id="c")
        await reset(boot=lambda: _same(running), out=out)
        await running.start()
        assert await _labels(running) == []
        assert running.runtime.router.auto.learners["cheap"].weights == {}
        await freeze(boot=lambda: _same(running), is_frozen=True, out=out)
        await running.start()
        for prompt in ("Rename foo to bar.", "Rename foo to bar!"):
            await running.ask(prompt, model="auto", conversation_id="c")
        assert await _labels(running) == []
    assert "1 labels and 0 corrections" in out.getvalue()
    assert "Nothing more is learned." in out.getvalue()


async def test_measured_latencies_and_not_the_order_decide_between_targets_of_one_tier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Target("first", "big"), Target("second", "big")
    measured = {first: {bucket_of(9.0): FEWEST_TIMED}, second: {bucket_of(0.1): FEWEST_TIMED}}

    async def first_chunks(target: Target, *, now: float) -> Histogram:
        return measured[target]

    prices, goals = {first: _price(1), second: _price(1)}, AutoPolicy(explore=0.0, p95_s=5.0)
    async with world(tmp_path, {"first": FINE, "second": FINE}, prices=prices, auto=goals) as running:
        assert (await running.ask(model="auto")).served == first  # nobody has been measured yet
        monkeypatch.setattr(running.runtime.ledger, "first_chunks", first_chunks)
        running.ahead_s += 60
        story = await running.ask(model="auto")
        assert story.served == second
        (why,) = [why for why in story.of(RouteDecided)[0].why if "too slow" in why]
        assert re.fullmatch(r"first/big is too slow \(95 % \d+\.\d s, goal 5 s\)", why)
        assert why in (await running.rows())[-1].opened.route_reason
