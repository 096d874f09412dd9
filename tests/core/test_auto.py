"""How auto puts targets in order."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.auto import (
    AutoDecision,
    AutoPolicy,
    Day,
    Standing,
    Weighed,
    decide_auto,
    is_dated,
    profiled,
    rank_of,
    tiers_of,
)
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.routing_rules import Rule, Tier
from burn_tui.core.task_class import Classified, TaskClass

LOCAL, CHEAP, MID, STRONG = (Target("p", name) for name in ("local", "cheap", "mid", "strong"))
ALL: dict[Target, tuple[Tier, int]] = {
    STRONG: ("strong", 10_000_000),
    LOCAL: ("local", 0),
    MID: ("mid", 2_000_000),
    CHEAP: ("cheap", 500_000),
}


def _standings(**more: float) -> list[Standing]:
    return [
        Standing(target=target, tier=tier, is_open=True, estimate_nanousd=cost, p95_s=more.get(target.model))
        for target, (tier, cost) in ALL.items()
    ]


def _decide(
    *,
    gain: float = 0.1,
    worths: Sequence[float] = (),
    task: TaskClass = "other",
    policy: AutoPolicy | None = None,
    day: Day | None = None,
    mark: Tier | None = None,
    rule: Rule | None = None,
    standings: Sequence[Standing] | None = None,
    chance: float = 1.0,
) -> AutoDecision:
    return decide_auto(
        Classified(task, "so it is"),
        Weighed(score=5.0, gain=gain, seen=("5 words",), learning="learning watches"),
        standings or _standings(),
        policy=policy or AutoPolicy(),
        day=day or Day(worths=sorted(worths)),
        mark=mark,
        rule=rule,
        resolve=lambda name: Target(*name.split("/")),
        chance=chance,
    )


HUNDRED = [share / 100 / 0.01 for share in range(100)]
"""Worths of which a gain of 0.5 is the middle: going from free to $0.01 costs one cent."""


@pytest.mark.parametrize(("gain", "tier"), [(0.9, "strong"), (0.7, "mid"), (0.35, "cheap"), (0.05, "local")])
def test_the_shares_of_the_latest_prompts_decide_the_tier(gain: float, tier: Tier) -> None:
    decision = _decide(gain=gain, worths=HUNDRED)
    assert decision.tier == tier
    assert ALL[decision.targets[0]][0] == tier


@given(st.integers(), st.floats(0.05, 0.6))
def test_as_many_go_to_the_strong_tier_as_the_user_wants(seed: int, share: float) -> None:
    chance = random.Random(seed)
    gains = [chance.betavariate(2, 5) for _ in range(300)]
    policy = AutoPolicy(strong_share=share, premium_cap=1.0)
    worths = [gain / 0.01 for gain in gains]
    strong = sum(_decide(gain=gain, worths=worths, policy=policy).tier == "strong" for gain in gains)
    assert abs(strong / 300 - share) <= 0.01


def test_a_dearer_way_to_the_same_gain_is_worth_less() -> None:
    dear = [Standing(target=STRONG, tier="strong", is_open=True, estimate_nanousd=50_000_000), *_standings()[1:]]
    assert _decide(standings=dear).worth < _decide().worth


def test_what_the_user_wrote_beats_everything_that_is_calculated() -> None:
    assert _decide(gain=0.0, worths=HUNDRED, mark="strong", rule=Rule(tier="cheap")).tier == "strong"
    assert _decide(gain=0.99, worths=HUNDRED, rule=Rule(project="x", tier="cheap")).tier == "cheap"
    assert _decide(gain=0.99, worths=HUNDRED, task="quick_snippet", mark="strong").is_explicit


def test_a_rule_may_name_who_answers_before_all_others() -> None:
    decision = _decide(gain=0.99, worths=HUNDRED, rule=Rule(use="p/mid"))
    assert decision.targets[0] == MID
    assert set(decision.targets) == set(ALL)


def test_the_class_sets_limits_to_the_tier() -> None:
    assert _decide(gain=0.01, worths=HUNDRED, task="architecture").tier == "mid"
    assert _decide(gain=0.99, worths=HUNDRED, task="quick_snippet").tier == "cheap"
    assert _decide(gain=0.99, worths=HUNDRED, task="docs").tier == "mid"


def test_a_days_share_of_the_strong_tier_is_capped() -> None:
    full = Day(worths=HUNDRED, asked=100, premium=40)
    decision = _decide(gain=0.99, day=full)
    assert decision.tier == "mid"
    assert "40 of 100 prompts today were strong already, the cap is 40 %" in decision.why
    assert _decide(gain=0.99, day=Day(worths=HUNDRED, asked=100, premium=30)).tier == "strong"
    assert _decide(gain=0.99, day=full, mark="strong").tier == "strong"


def test_above_one_and_a_half_times_the_pace_nothing_is_tried_out() -> None:
    calm, brisk = Day(worths=HUNDRED, pace=1.5), Day(worths=HUNDRED, pace=1.6)
    assert _decide(gain=0.99, day=calm, chance=0.0).is_explored
    assert not _decide(gain=0.99, day=brisk, chance=0.0).is_explored
    assert _decide(gain=0.99, day=brisk, chance=0.0).tier == "strong"


def test_above_twice_the_pace_only_cheap_models_are_asked_and_the_strong_tier_asks_first() -> None:
    hurried = Day(worths=HUNDRED, pace=2.5)
    decision = _decide(gain=0.99, day=hurried)
    assert decision.tier == "cheap"
    assert decision.asks_first is None
    assert decision.banner == "The budget is spent 2.5 times too fast: auto asks cheap models only."
    assert "2.5 times too fast" in (_decide(day=hurried, mark="strong").asks_first or "")
    assert _decide(day=Day(pace=2.0), mark="strong").asks_first is None


def test_infrastructure_is_deterministic_and_never_tried_out() -> None:
    decision = _decide(gain=0.99, worths=HUNDRED, task="infra_config", chance=0.0)
    assert decision.profile == "deterministic"
    assert not decision.is_explored
    assert _decide(task="infra_config", rule=Rule(profile="creative")).profile == "creative"


def test_the_deterministic_profile_prefers_a_dated_model() -> None:
    dated, plain = Target("p", "m-2025-01-31"), Target("p", "m-latest")
    standings = [
        Standing(target=plain, tier="cheap", is_open=True, estimate_nanousd=1),
        Standing(target=dated, tier="cheap", is_open=True, estimate_nanousd=2),
    ]
    assert _decide(task="infra_config", standings=standings).targets[0] == dated
    assert _decide(standings=standings).targets[0] == plain
    assert is_dated("claude-haiku-4-5-20251001")
    assert not is_dated("gpt-5-mini")


def test_who_misses_the_latency_goal_comes_after_the_others_of_the_tier() -> None:
    slow, quick = Target("p", "slow"), Target("p", "quick")
    standings = [
        Standing(target=slow, tier="cheap", is_open=True, estimate_nanousd=1, p50_s=1.0, p95_s=9.0),
        Standing(target=quick, tier="cheap", is_open=True, estimate_nanousd=2, p50_s=1.0, p95_s=2.0),
    ]
    assert _decide(standings=standings).targets == (slow, quick)
    assert _decide(standings=standings, policy=AutoPolicy(p95_s=5.0)).targets == (quick, slow)


def test_where_nobody_of_the_tier_may_be_asked_the_nearest_tier_is() -> None:
    standings = [
        Standing(target=one.target, tier=one.tier, is_open=one.tier != "strong", estimate_nanousd=one.estimate_nanousd)
        for one in _standings()
    ]
    decision = _decide(gain=0.99, worths=HUNDRED, standings=standings)
    assert decision.tier == "mid"
    assert "nobody of the strong tier may be asked" in decision.why


@pytest.mark.parametrize("tier", ["local", "cheap"])
def test_where_there_is_but_one_tier_it_is_said_so_instead_of_what_another_would_gain(tier: Tier) -> None:
    decision = _decide(standings=[one for one in _standings() if one.tier == tier])
    assert decision.because == f"every target is of the {tier} tier, so nothing is weighed"
    assert not any("would be better" in reason or "no target" in reason for reason in decision.why)


def test_what_is_weighed_is_the_dearest_tier_that_is_there() -> None:
    decision = _decide(standings=[one for one in _standings() if one.tier != "strong"])
    assert any(reason.startswith("mid would be better in 10 of 100 such prompts") for reason in decision.why)


def test_a_tier_that_nobody_is_of_is_named() -> None:
    decision = _decide(mark="mid", standings=[one for one in _standings() if one.tier != "mid"])
    assert (decision.tier, "no target is of the mid tier" in decision.why) == ("cheap", True)


def test_dearer_targets_are_asked_before_cheaper_ones_when_the_tier_fails() -> None:
    assert _decide(gain=0.35, worths=HUNDRED).targets == (CHEAP, MID, STRONG, LOCAL)


def test_tiers_are_equal_ratios_of_prices_unless_the_user_says_otherwise() -> None:
    prices = {CHEAP: 100, MID: 1_000, STRONG: 10_000, LOCAL: None}
    assert tiers_of(prices, {LOCAL}, {}) == {CHEAP: "cheap", MID: "mid", STRONG: "strong", LOCAL: "local"}
    assert tiers_of(prices, {LOCAL}, {MID: "strong"})[MID] == "strong"
    assert set(tiers_of({CHEAP: 100, MID: 250}, set(), {}).values()) == {"cheap"}
    assert tiers_of({CHEAP: None}, set(), {}) == {CHEAP: "mid"}


@given(st.floats(0, 100), st.floats(0, 20), st.lists(st.floats(0, 100), max_size=400).map(sorted))
def test_a_rank_is_a_share(worth: float, score: float, worths: list[float]) -> None:
    assert 0 <= rank_of(worth, score, worths) <= 1


def test_a_profile_changes_nothing_that_the_caller_asked_for() -> None:
    decision = _decide(task="infra_config")
    plain = ChatRequest(messages=(said("user", "x"),))
    own = ChatRequest(messages=(said("user", "x"),), temperature=0.7, seed=1)
    assert (profiled(plain, decision, CHEAP).temperature, profiled(plain, decision, CHEAP).seed) == (0.0, 7)
    assert profiled(own, decision, CHEAP) == own
    assert profiled(plain, None, CHEAP) == plain
    assert profiled(plain, decision, Target("openai", "gpt-5-mini")).temperature is None
