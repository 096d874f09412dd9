"""Rests are ordered by failures, kept to the second, and ended by a single probe."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.breaker import FIRST_REST_S, LONGEST_REST_S, PROBE_LIMIT_S, TRIP_AFTER, Breaker
from burn_tui.core.failure import Failure

NOW = 1_000_000.0
TRANSIENT = Failure("transient", "502")
RATE_LIMITED = Failure("rate_limited", "slow down", 429)

failures = st.builds(
    Failure,
    st.sampled_from(["transient", "rate_limited", "overloaded", "quota_exhausted", "auth", "timeout"]),
    st.just("no"),
    st.none(),
    st.none() | st.floats(0, 10_000),
)


def test_a_rate_limit_rests_exactly_as_long_as_the_provider_says() -> None:
    resting = Breaker().on_failure(NOW, Failure("rate_limited", "", 429, 120.0))
    assert not resting.admits(NOW + 119.9)
    assert resting.admits(NOW + 120.0)


def test_transient_failures_are_forgiven_until_there_are_too_many_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(TRIP_AFTER - 1):
        breaker = breaker.on_failure(NOW, TRANSIENT)
    assert breaker.admits(NOW)
    assert not breaker.on_failure(NOW, TRANSIENT).admits(NOW)


def test_a_success_forgets_every_failure() -> None:
    assert Breaker().on_failure(NOW, TRANSIENT).on_success() == Breaker()


def test_half_open_lets_one_probe_through_and_no_more() -> None:
    half_open = Breaker().on_failure(NOW, Failure("rate_limited", "", 429, 1.0))
    probing = half_open.on_start(NOW + 2)
    assert half_open.state(NOW + 2) == "half_open"
    assert not probing.admits(NOW + 2)


def test_a_probe_that_never_reports_is_given_up() -> None:
    probing = Breaker().on_failure(NOW, Failure("rate_limited", "", 429, 1.0)).on_start(NOW + 2)
    assert probing.admits(NOW + 2 + PROBE_LIMIT_S + 1)


def test_a_failed_probe_rests_again() -> None:
    half_open = Breaker(TRIP_AFTER, NOW, "transient")
    again = half_open.on_start(NOW).on_failure(NOW, TRANSIENT)
    assert again.resting_until == NOW + 2 * FIRST_REST_S


def test_a_cancelled_probe_leaves_its_place_to_the_next() -> None:
    probing = Breaker(TRIP_AFTER, NOW, "transient").on_start(NOW)
    assert probing.on_failure(NOW, Failure("cancelled", "")).admits(NOW)


def test_the_fault_of_the_caller_never_rests_the_provider() -> None:
    assert Breaker().on_failure(NOW, Failure("caller_fault", "bad request", 400)).state(NOW) == "closed"


@given(st.lists(st.tuples(failures, st.floats(0, 100)), max_size=30))
def test_of_two_rests_the_later_end_holds(steps: list[tuple[Failure, float]]) -> None:
    breaker, now = Breaker(), NOW
    for failure, pause in steps:
        before = breaker.resting_until or 0.0
        breaker = breaker.on_failure(now, failure)
        assert (breaker.resting_until or 0.0) >= before
        now += pause


@given(st.integers(1, 200))
def test_unasked_rests_grow_and_never_pass_the_longest(times: int) -> None:
    breaker, previous = Breaker(), 0.0
    for _ in range(times):
        now = breaker.resting_until or NOW
        breaker = breaker.on_failure(now, TRANSIENT)
        rest = (breaker.resting_until or now) - now
        assert previous <= rest <= LONGEST_REST_S
        previous = rest
