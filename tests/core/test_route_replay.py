"""What the past would have been under another policy."""

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.catalog import Target
from burn_tui.core.route_replay import Past, Replay, replay
from burn_tui.core.routing_rules import Rule

CHEAP, STRONG = Target("p", "cheap"), Target("p", "strong")
RATES = {CHEAP: 1, STRONG: 100}


def _past(target: Target = STRONG) -> Past:
    return Past(
        day=1,
        task="other",
        score=5.0,
        gain=0.1,
        project="shop",
        operation="chat",
        target=target,
        input_tokens=100,
        output_tokens=100,
        cost_nanousd=RATES[target] * 200,
        duration_s=2.0 if target == STRONG else 1.0,
    )


def _replayed(past: list[Past], *rules: Rule) -> Replay:
    return replay(
        past,
        AutoPolicy(rules=rules),
        (STRONG, CHEAP),
        cost=lambda target, one: RATES[target] * (one.input_tokens + one.output_tokens),
        is_local=lambda _target: False,
    )


def test_each_request_is_priced_with_its_own_tokens_at_whom_the_policy_chooses() -> None:
    found = _replayed([_past(), _past(), _past(CHEAP)], Rule(tier="cheap"))
    assert (found.then.cost_nanousd, found.other.cost_nanousd) == (40_200, 600)
    assert found.then.by_target == {"p/strong": 2, "p/cheap": 1}
    assert found.other.by_target == {"p/cheap": 3}
    assert (found.then.median_s, found.other.median_s) == (2.0, 1.0)


def test_a_rule_for_a_project_holds_in_the_past_and_one_for_words_is_left_out() -> None:
    found = _replayed([_past()], Rule(regex="x", tier="cheap"), Rule(project="shop", tier="strong"))
    assert found.by_tier == {"strong": 1}
    assert found.skipped_rules == 1


def test_who_was_never_measured_has_no_duration() -> None:
    found = _replayed([_past()], Rule(tier="cheap"))
    assert (found.other.median_s, found.unmeasured) == (None, 1)
