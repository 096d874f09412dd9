"""What experience adds to the rule."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.route_learning import (
    EVIDENCE,
    LABELS_FOR_HALF,
    LABELS_NEEDED,
    STRONG_FAILS_LESS,
    WINDOW,
    Foretold,
    Learner,
    Record,
    features,
    gain_of,
)


def _trained(learner: Learner, count: int, *, is_honest: bool = True) -> Learner:
    """Prompts about tables fail, those about lists do not; or nobody can tell."""
    chance = random.Random(1)
    for number in range(count):
        fails = chance.random() < 0.5
        word = "table" if fails or not is_honest else "list"
        seen, found = features(f"make a {word} of item {number}")
        learner.learn(seen, found, failed=float(fails))
    return learner


def test_a_learner_that_has_seen_nothing_says_what_the_rule_says() -> None:
    seen, found = features("Design the storage of this service.")
    learner = Learner()
    assert learner.learned(seen, found) == learner.rule(seen) == learner.chance(seen, found)


def test_it_is_not_trusted_before_it_has_labels_enough() -> None:
    assert not _trained(Learner(), LABELS_NEEDED - 1).record.is_trusted
    assert _trained(Learner(), LABELS_NEEDED).record.is_trusted


def test_what_it_has_learned_tells_prompts_apart() -> None:
    learner = _trained(Learner(), 400)
    bad, good = (features(f"make a {word} of item x") for word in ("table", "list"))
    assert learner.chance(*bad) > 0.8
    assert learner.chance(*good) < 0.2


def test_it_falls_back_to_the_rule_as_soon_as_the_rule_is_the_better_prophet() -> None:
    learner = _trained(Learner(), 300)
    learner.record = Record(300, [Foretold(failed=True, weight=1.0, by_rule=0.60, by_learner=0.61)] * WINDOW)
    seen, found = features("make a table of item 1")
    assert learner.chance(seen, found) == learner.learned(seen, found)
    learner.record.note(Foretold(failed=False, weight=1.0, by_rule=0.2, by_learner=0.99))
    assert not learner.record.is_trusted
    assert learner.chance(seen, found) == learner.rule(seen)


def test_each_label_was_foretold_before_it_was_learned_from() -> None:
    learner = Learner()
    seen, found = features("make a table")
    before = learner.learned(seen, found)
    learner.learn(seen, found, failed=1.0)
    assert learner.record.latest[-1].by_learner == before
    assert learner.learned(seen, found) > before


def test_a_frozen_learner_foretells_and_learns_nothing_more() -> None:
    learner = _trained(Learner(), 50)
    learner.is_frozen = True
    seen, found = features("make a table of item 7")
    before = learner.learned(seen, found)
    learner.learn(seen, found, failed=0.0)
    assert learner.learned(seen, found) == before


def test_weights_that_were_kept_go_on_where_they_were() -> None:
    learner = _trained(Learner(), 50)
    again = Learner(learner.weights, learner.gradients)
    seen, found = features("make a table of item 7")
    assert again.learned(seen, found) == learner.learned(seen, found)


_CHANCES = st.floats(0, 1)


@given(_CHANCES, _CHANCES, _CHANCES)
def test_without_labels_the_gain_is_what_the_rule_says(by_rule: float, cheap: float, strong: float) -> None:
    assert gain_of(by_rule, cheap, strong, labels=0) == by_rule * (1 - STRONG_FAILS_LESS)


@given(_CHANCES, _CHANCES, _CHANCES, st.integers(0, 50_000), st.integers(1, 50_000))
def test_more_labels_bring_the_gain_nearer_to_experience(
    by_rule: float, cheap: float, strong: float, labels: int, more: int
) -> None:
    few, many = (gain_of(by_rule, cheap, strong, labels=count) for count in (labels, labels + more))
    assert abs(many - (cheap - strong)) <= abs(few - (cheap - strong)) + 1e-12


def test_with_the_labels_for_half_rule_and_experience_have_the_same_say() -> None:
    assert gain_of(0.8, 0.3, 0.1, labels=LABELS_FOR_HALF) == pytest.approx((0.8 * (1 - STRONG_FAILS_LESS) + 0.2) / 2)


def test_what_every_prompt_has_is_learned_more_slowly_than_a_word_that_is_new() -> None:
    learner = Learner()
    seen, found = features("make a table")
    learner.learn(seen, found, failed=1.0)
    assert 0 < learner.weights[-1] < min(learner.weights[bucket] for bucket in found.words)


@given(st.text(max_size=3_000))
def test_every_prompt_gives_chances_between_0_and_1(prompt: str) -> None:
    seen, found = features(prompt)
    learner = Learner()
    for failed in (0.0, 1.0):
        learner.learn(seen, found, failed=failed)
    assert 0 < learner.learned(seen, found) < 1
    assert 0 < learner.rule(seen) < 1


@given(st.text(max_size=500))
def test_features_do_not_depend_on_white_space_around(prompt: str) -> None:
    assert features(f"  {prompt}\n\n") == features(prompt)


def test_a_quiet_yes_counts_less_than_a_spoken_word() -> None:
    assert EVIDENCE["silence"] == (False, 0.3)
    assert EVIDENCE["retried"] == (True, 0.7)
    assert EVIDENCE["failed_check"] == EVIDENCE["escalated"] == EVIDENCE["thumbs_down"] == (True, 1.0)
