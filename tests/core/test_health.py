"""A rest is the model's or the key's, whoever is to blame; and of several lanes the one that is best off is taken."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.breaker import UNTIL_CHANGED_S
from burn_tui.core.catalog import Target
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.health import USUAL_RESET_S, Health, Scope, scope_of
from burn_tui.core.rate_limits import Headroom

NOW = 1_000_000.0
BIG, SMALL = Target("openai", "big"), Target("openai", "small")
FIRST, SECOND = scope_of(BIG, 0), scope_of(BIG, 1)


def _left(share: float, reset_s: float | None = 30.0) -> tuple[Headroom, ...]:
    return (Headroom(name="requests", limit=100, remaining=round(100 * share), reset_s=reset_s),)


@pytest.mark.parametrize(
    ("error_type", "is_the_keys"),
    [("auth", True), ("quota_exhausted", True), ("rate_limited", False), ("overloaded", False), ("model_gone", False)],
)
def test_a_failure_rests_the_model_or_everything_behind_the_key(error_type: ErrorType, is_the_keys: bool) -> None:
    health = Health().on_failure(FIRST, NOW, Failure(error_type, "no"))
    assert not health.admits(FIRST, NOW)
    assert health.admits(scope_of(SMALL, 0), NOW) is not is_the_keys
    assert health.admits(SECOND, NOW)


def test_of_a_models_rest_and_its_keys_the_later_one_is_told() -> None:
    health = Health().on_failure(FIRST, NOW, Failure("rate_limited", "no", 429, 20.0))
    assert (health.rests_until(FIRST), health.rests_for(FIRST)) == (NOW + 20.0, "rate_limited")
    health = health.on_failure(FIRST, NOW, Failure("auth", "no", 401))
    assert (health.rests_until(FIRST), health.rests_for(FIRST)) == (NOW + UNTIL_CHANGED_S, "auth")


def test_who_never_failed_is_closed_and_rests_for_nothing() -> None:
    health = Health()
    assert (health.state(FIRST, NOW), health.rests_until(FIRST), health.rests_for(FIRST)) == ("closed", None, None)


def test_an_answer_closes_the_model_and_its_key() -> None:
    health = Health().on_failure(FIRST, NOW, Failure("quota_exhausted", "no", 402))
    later = NOW + 3_600.0
    assert health.state(FIRST, later) == "half_open"
    assert health.on_start(FIRST, later).on_success(FIRST, later) == Health()


def test_a_key_that_is_being_probed_admits_none_of_its_models() -> None:
    health = Health().on_failure(FIRST, NOW, Failure("quota_exhausted", "no", 402)).on_start(FIRST, NOW + 3_600.0)
    assert not health.admits(scope_of(SMALL, 0), NOW + 3_600.0)


def test_a_probe_that_did_not_leave_makes_room_for_another() -> None:
    resting = Health().on_failure(FIRST, NOW, Failure("rate_limited", "no", 429, 20.0))
    assert resting.on_start(FIRST, NOW + 20).released(FIRST) == resting


def test_settings_that_concern_a_scope_forget_it_and_nothing_else() -> None:
    no = Failure("rate_limited", "no", 429, 20.0)
    health = Health().on_failure(FIRST, NOW, no).on_failure(SECOND, NOW, no).without([FIRST])
    assert (health.admits(FIRST, NOW), health.admits(SECOND, NOW)) == (True, False)


def test_what_is_left_is_known_until_the_limit_is_full_again() -> None:
    health = Health().on_headroom(FIRST, NOW, _left(0.0))
    assert health.is_exhausted(FIRST, NOW + 29)
    assert health.share_left(FIRST, NOW + 30) is None


def test_a_limit_without_a_reset_is_taken_for_one_by_the_minute() -> None:
    health = Health().on_headroom(FIRST, NOW, _left(0.0, None))
    assert health.is_exhausted(FIRST, NOW + USUAL_RESET_S - 1)
    assert not health.is_exhausted(FIRST, NOW + USUAL_RESET_S)


def test_limits_are_the_keys_so_they_hold_for_all_its_models() -> None:
    health = Health().on_headroom(FIRST, NOW, _left(0.0))
    assert health.is_exhausted(scope_of(SMALL, 0), NOW)
    assert not health.is_exhausted(SECOND, NOW)


def test_a_response_that_states_no_limits_leaves_what_is_known() -> None:
    health = Health().on_headroom(FIRST, NOW, _left(0.4))
    assert health.on_headroom(FIRST, NOW + 1, ()) == health
    assert health.limits(FIRST) == (NOW, _left(0.4))


def test_the_tightest_of_several_limits_counts() -> None:
    tokens = Headroom(name="tokens", limit=1_000, remaining=100, reset_s=5.0)
    assert Health().on_headroom(FIRST, NOW, (*_left(0.9), tokens)).share_left(FIRST, NOW) == 0.1


def test_a_limit_that_nobody_states_tells_only_whether_anything_is_left() -> None:
    some, none = (Headroom(name="requests", remaining=remaining) for remaining in (7, 0))
    assert Health().on_headroom(FIRST, NOW, (some,)).share_left(FIRST, NOW) == 1.0
    assert Health().on_headroom(FIRST, NOW, (none,)).is_exhausted(FIRST, NOW)


def test_a_straggler_of_another_trouble_leaves_the_probe_its_place() -> None:
    rested = NOW + 20.0
    probing = Health().on_failure(FIRST, NOW, Failure("rate_limited", "no", 429, 20.0)).on_start(FIRST, rested)
    after = probing.on_failure(FIRST, rested, Failure("caller_fault", "no", 400), is_probe=False)
    assert not after.admits(FIRST, rested)


def test_without_an_admitted_lane_there_is_none() -> None:
    health = Health().on_failure(FIRST, NOW, Failure("rate_limited", "no"))
    assert health.lane(BIG, [0], NOW, uses={}) is None
    assert health.lane(BIG, [], NOW, uses={}) is None
    assert health.lane(BIG, [0, 1], NOW, uses={}) == 1


def test_the_lane_with_most_left_is_taken_and_among_equals_the_least_used() -> None:
    health = Health().on_headroom(FIRST, NOW, _left(0.2)).on_headroom(SECOND, NOW, _left(0.8))
    assert health.lane(BIG, [0, 1], NOW, uses={}) == 1
    assert Health().lane(BIG, [0, 1], NOW, uses={FIRST.key: 3, SECOND.key: 2}) == 1


@given(st.integers(1, 6), st.integers(1, 60))
def test_requests_are_spread_evenly_over_lanes_that_are_equally_well(lanes: int, requests: int) -> None:
    uses: Counter[Scope] = Counter()
    for _ in range(requests):
        lane = Health().lane(BIG, range(lanes), NOW, uses=uses)
        assert lane is not None
        uses[scope_of(BIG, lane).key] += 1
    assert max(uses.values()) - min(uses[scope_of(BIG, lane).key] for lane in range(lanes)) <= 1


failures = st.builds(
    Failure,
    st.sampled_from(["rate_limited", "overloaded", "auth", "quota_exhausted", "transient"]),
    st.just("no"),
    st.none(),
    st.none() | st.floats(0, 100),
)


@given(st.lists(st.tuples(st.integers(0, 3), failures), max_size=12), st.floats(0, 200))
def test_the_lane_that_is_taken_always_admits_and_there_is_one_as_long_as_any_does(
    happened: list[tuple[int, Failure]], later: float
) -> None:
    health = Health()
    for lane, failure in happened:
        health = health.on_failure(scope_of(BIG, lane), NOW, failure)
    now = NOW + later
    admitting = {lane for lane in range(4) if health.admits(scope_of(BIG, lane), now)}
    taken = health.lane(BIG, range(4), now, uses={})
    assert (taken in admitting) if admitting else (taken is None)
