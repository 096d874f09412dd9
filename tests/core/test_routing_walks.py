"""However a request fares, the walk over its plan ends, and never leaves it."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.catalog import Target
from burn_tui.core.environment import Denied
from burn_tui.core.failure import FALLS_BACK, IN_WORDS, Failure
from burn_tui.core.policy import Policy
from burn_tui.core.routing import (
    MAX_ATTEMPTS,
    QUICK_RETRY_S,
    GiveUp,
    Outlook,
    Route,
    Try,
    next_step,
    plan,
    quick_retry_s,
)

NOW = 1_000_000.0
TARGETS = tuple(Target(f"provider-{letter}", "model") for letter in "abcdef")

targets = st.lists(st.sampled_from(TARGETS), max_size=8).map(tuple)
plans = st.permutations(TARGETS).flatmap(lambda order: st.integers(1, 6).map(lambda length: tuple(order[:length])))
failures = st.builds(Failure, st.sampled_from(sorted(IN_WORDS)), st.just("no"))
policies = st.builds(
    Policy, on_cut=st.sampled_from(["continue", "restart", "ask"]), on_filter=st.sampled_from(["stop", "fall_back"])
)
outlooks = st.builds(
    Outlook,
    denied=st.none() | st.just(Denied("Not from here.", "Switch.")),
    missing_key=st.none() | st.just("SOME_KEY"),
    is_admitted=st.booleans(),
    rests_until=st.none() | st.floats(NOW, NOW + 1_000),
    is_exhausted=st.booleans(),
    context_window=st.none() | st.integers(1, 1_000),
    unable=st.none() | st.just("It takes no images."),
)
knowledge = st.fixed_dictionaries(dict.fromkeys(TARGETS, outlooks))


@given(plans, st.lists(st.tuples(failures, st.booleans()), min_size=MAX_ATTEMPTS), policies, st.data())
def test_a_walk_ends_within_its_attempts_and_stays_within_its_plan(
    planned: tuple[Target, ...], fates: list[tuple[Failure, bool]], policy: Policy, data: st.DataObject
) -> None:
    target, asked = planned[0], [planned[0]]
    for attempts, (failure, was_cut) in enumerate(fates, 1):
        admitting = data.draw(st.sets(st.sampled_from(TARGETS)))
        step = next_step(
            failure,
            failed=target,
            targets=planned,
            attempts=attempts,
            admits=admitting.__contains__,
            policy=policy,
            was_cut=was_cut,
        )
        if isinstance(step, GiveUp):
            break
        assert step.target in admitting
        assert planned.index(step.target) >= planned.index(target)
        target = step.target
        asked.append(target)
    else:
        raise AssertionError("it never ended")
    assert len(asked) <= MAX_ATTEMPTS
    assert set(asked) <= set(planned)


@given(plans, failures, st.integers(1, MAX_ATTEMPTS - 1), policies)
def test_the_failed_target_is_asked_again_only_where_another_key_may_help(
    planned: tuple[Target, ...], failure: Failure, attempts: int, policy: Policy
) -> None:
    step = next_step(
        failure, failed=planned[0], targets=planned, attempts=attempts, admits=lambda _target: True, policy=policy
    )
    if step == Try(planned[0]):
        assert failure.error_type in {"rate_limited", "quota_exhausted", "auth"}


@given(plans, failures, st.integers(1, MAX_ATTEMPTS - 1))
def test_a_target_that_does_not_admit_is_never_next(
    planned: tuple[Target, ...], failure: Failure, attempts: int
) -> None:
    step = next_step(failure, failed=planned[0], targets=planned, attempts=attempts, admits=lambda _target: False)
    assert isinstance(step, GiveUp)


@given(plans, failures, policies)
def test_what_another_provider_would_refuse_as_well_goes_nowhere(
    planned: tuple[Target, ...], failure: Failure, policy: Policy
) -> None:
    step = next_step(
        failure, failed=planned[0], targets=planned, attempts=1, admits=lambda _target: True, policy=policy
    )
    may_fall_back = failure.error_type in FALLS_BACK or (
        failure.error_type == "content_filter" and policy.on_filter == "fall_back"
    )
    if not may_fall_back:
        assert isinstance(step, GiveUp)


@given(failures, st.integers(0, 3), st.booleans(), st.floats(0, 1))
def test_a_quick_retry_is_short_and_never_a_second_one_nor_after_text(
    failure: Failure, earlier_attempts: int, was_cut: bool, chance: float
) -> None:
    pause = quick_retry_s(failure, earlier_attempts=earlier_attempts, was_cut=was_cut, chance=chance)
    if pause is not None:
        assert QUICK_RETRY_S[0] <= pause <= QUICK_RETRY_S[1]
        assert (earlier_attempts, was_cut) == (0, False)


@given(targets, knowledge, st.integers(0, 1_000))
def test_a_plan_has_every_target_of_its_route_once_as_chosen_or_as_skipped_with_the_reason(
    listed: tuple[Target, ...], known: Mapping[Target, Outlook], tokens: int
) -> None:
    decided = plan(Route("default", listed), known, tokens=tokens, now=NOW)
    skipped = [skip.target for skip in decided.skipped]
    assert sorted([*decided.targets, *skipped]) == sorted(set(listed))
    assert all(skip.why for skip in decided.skipped)


@given(targets, knowledge, st.integers(0, 1_000))
def test_nobody_is_planned_who_may_not_cannot_or_should_not_be_asked(
    listed: tuple[Target, ...], known: Mapping[Target, Outlook], tokens: int
) -> None:
    decided = plan(Route("default", listed), known, tokens=tokens, now=NOW)
    for target in decided.targets:
        outlook = known[target]
        assert (outlook.denied, outlook.missing_key, outlook.unable, outlook.is_admitted) == (None, None, None, True)
        assert outlook.context_window is None or outlook.context_window >= tokens


@given(targets, knowledge, st.integers(0, 1_000))
def test_the_routes_order_is_kept_but_for_those_that_have_nothing_left(
    listed: tuple[Target, ...], known: Mapping[Target, Outlook], tokens: int
) -> None:
    decided = plan(Route("default", listed), known, tokens=tokens, now=NOW)
    rank = [(known[target].is_exhausted, listed.index(target)) for target in decided.targets]
    assert rank == sorted(rank)
