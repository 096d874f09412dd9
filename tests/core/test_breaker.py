"""Rests are ordered by failures, kept to the second, and ended by a single probe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.breaker import FIRST_REST_S, LONGEST_REST_S, PROBE_LIMIT_S, TRIP_AFTER, UNTIL_CHANGED_S, Breaker
from burn_tui.core.failure import ErrorType, Failure

NOW = 1_000_000.0
TRANSIENT = Failure("transient", "502")
RATE_LIMITED = Failure("rate_limited", "slow down", 429)
ORDERED = {"rate_limited", "overloaded", "quota_exhausted", "auth"}
"""Failures that make a provider rest for as long as it says."""

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
    assert Breaker().on_failure(NOW, TRANSIENT).on_success(NOW) == Breaker()


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


@pytest.mark.parametrize("error_type", ["cancelled", "caller_fault", "content_filter", "transient", "timeout"])
def test_a_straggler_does_not_give_away_the_place_of_the_probe_that_is_out(error_type: ErrorType) -> None:
    probing = Breaker(TRIP_AFTER, NOW, "transient").on_start(NOW)
    assert probing.on_failure(NOW, Failure(error_type, ""), is_probe=False) == probing


def test_a_straggler_that_is_told_to_wait_still_orders_a_rest() -> None:
    probing = Breaker(TRIP_AFTER, NOW, "transient").on_start(NOW)
    assert probing.on_failure(NOW, Failure("rate_limited", "", 429, 60.0), is_probe=False).resting_until == NOW + 60.0


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


def test_calls_in_flight_that_fail_together_are_one_failure() -> None:
    breaker = Breaker()
    for _ in range(TRIP_AFTER + 10):
        breaker = breaker.on_failure(NOW, TRANSIENT)
    assert breaker.resting_until == NOW + FIRST_REST_S


def test_an_answer_that_had_left_before_the_rest_does_not_end_it() -> None:
    resting = Breaker().on_failure(NOW, Failure("rate_limited", "", 429, 60.0)).on_success(NOW + 1)
    assert not resting.admits(NOW + 59)
    assert resting.admits(NOW + 60)


def test_what_a_rest_is_for_is_said_by_the_one_that_lasts_longest() -> None:
    quota = Breaker().on_failure(NOW, Failure("quota_exhausted", "", 429))
    assert quota.on_failure(NOW, Failure("rate_limited", "", 429, 5.0)).resting_for == "quota_exhausted"
    assert RATE_LIMITED.retry_after_s is None
    limited = Breaker().on_failure(NOW, RATE_LIMITED)
    assert limited.on_failure(NOW, Failure("quota_exhausted", "", 429)).resting_for == "quota_exhausted"


@pytest.mark.parametrize("error_type", ["rate_limited", "overloaded", "quota_exhausted", "auth", "model_gone"])
def test_some_failures_rest_at_once_although_the_provider_names_no_time(error_type: ErrorType) -> None:
    assert not Breaker().on_failure(NOW, Failure(error_type, "")).admits(NOW)


@pytest.mark.parametrize("error_type", ["quota_exhausted", "auth", "permission", "model_gone"])
def test_what_does_not_pass_by_itself_rests_long_whatever_the_provider_says(error_type: ErrorType) -> None:
    resting = Breaker().on_failure(NOW, Failure(error_type, "", 429, 2.0))
    assert not resting.admits(NOW + 3_000)


def test_a_refused_key_rests_until_somebody_changes_it() -> None:
    assert not Breaker().on_failure(NOW, Failure("auth", "", 401)).admits(NOW + UNTIL_CHANGED_S - 1)


def test_a_provider_that_may_be_asked_again_at_once_is_probed_at_once() -> None:
    assert Breaker().on_failure(NOW, Failure("rate_limited", "", 429, 0.0)).state(NOW) == "half_open"


happenings = st.tuples(st.floats(0, 50), st.sampled_from(["answer", "cancel", "ask"]) | failures)


@given(st.lists(happenings, max_size=40))
def test_nothing_is_admitted_before_the_latest_time_that_any_provider_asked_for(
    steps: list[tuple[float, str | Failure]],
) -> None:
    breaker, now, ordered = Breaker(), NOW, NOW
    for pause, happening in steps:
        now += pause
        if isinstance(happening, Failure):
            breaker = breaker.on_failure(now, happening)
            if happening.error_type in ORDERED and happening.retry_after_s is not None:
                ordered = max(ordered, now + happening.retry_after_s)
        elif happening == "answer":
            breaker = breaker.on_success(now)
        elif happening == "cancel":
            breaker = breaker.on_failure(now, Failure("cancelled", ""))
        elif breaker.admits(now):
            breaker = breaker.on_start(now)
        assert now >= ordered or not breaker.admits(now)
        assert not (breaker.state(now) == "resting" and breaker.admits(now))


@given(st.lists(failures, min_size=TRIP_AFTER, max_size=10), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_of_all_that_come_while_it_is_half_open_exactly_one_is_let_through(
    causes: list[Failure], pauses: list[float]
) -> None:
    breaker = Breaker()
    for cause in causes:
        breaker = breaker.on_failure(NOW, cause)
    assert breaker.resting_until is not None
    now, admitted = breaker.resting_until, 0
    for pause in pauses:
        if breaker.admits(now):
            breaker, admitted = breaker.on_start(now), admitted + 1
        now += pause
    assert admitted == 1


@given(st.lists(failures, max_size=10), st.floats(0, 100_000))
def test_a_probe_that_answers_closes_it_for_good(causes: list[Failure], later: float) -> None:
    breaker = Breaker()
    for cause in causes:
        breaker = breaker.on_failure(NOW, cause)
    rested = (breaker.resting_until or NOW) + later
    assert breaker.on_start(rested).on_success(rested) == Breaker()
