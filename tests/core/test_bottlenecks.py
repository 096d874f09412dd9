"""Where the waiting is, and what the ledger says would make it shorter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.bottlenecks import FEWEST_CALLS, SLOW_S, Advice, Speed, Work, bottlenecks
from burn_tui.core.latency import bucket_of, seconds_of


def _work(
    operation: str = "review", provider: str = "anthropic", *, call_s: float, calls: int = 10, **fields: Any
) -> Work:
    """An operation all of whose answers took the same time, a fifth of it until the first chunk."""
    given: dict[str, Any] = {
        "answers": calls,
        "attempts": calls,
        "failures": 0,
        "first_chunk_s": 0.2 * call_s * calls,
        "duration_s": call_s * calls,
        "failed_s": 0.0,
        "output_tokens": 1_000 * calls,
        "cost_nanousd": 0,
        "durations": {bucket_of(call_s): calls} if calls else {},
    }
    return Work(operation_name=operation, provider_name=provider, **(given | fields))


def _speed(target: str, *, first_chunk_s: float, tokens_per_s: float, calls: int = 40) -> Speed:
    return Speed(target=target, first_chunk={bucket_of(first_chunk_s): calls}, speed={bucket_of(tokens_per_s): calls})


def _advice(works: list[Work], speeds: list[Speed] | None = None) -> Advice | None:
    """For the first of them."""
    found = bottlenecks(works, speeds or [])
    return next(one.advice for one in found if one.provider_name == works[0].provider_name)


def test_what_takes_most_time_stands_first() -> None:
    works = [_work("short", call_s=1.0), _work("long", call_s=9.0), _work("failing", call_s=1.0, failed_s=200.0)]
    assert [one.operation_name for one in bottlenecks(works, [])] == ["failing", "long", "short"]


def test_the_time_is_split_into_waiting_generating_and_retrying() -> None:
    (found,) = bottlenecks([_work(call_s=10.0, calls=10, failed_s=7.0, failures=2)], [])
    assert (found.waiting_s, found.generating_s, found.retrying_s) == (20.0, 80.0, 7.0)
    assert found.wall_s == 107.0


@pytest.mark.parametrize(
    ("call_s", "calls", "is_slow"),
    [(20.0, FEWEST_CALLS, True), (20.0, FEWEST_CALLS - 1, False), (10.0, 100, False)],
    ids=["slow", "too few calls to be consistent", "fast enough"],
)
def test_slow_is_a_high_median_over_enough_calls(call_s: float, calls: int, is_slow: bool) -> None:
    (found,) = bottlenecks([_work(call_s=call_s, calls=calls)], [])
    assert found.is_slow == is_slow
    assert (found.advice is not None) == is_slow


def test_what_slow_means_can_be_set() -> None:
    work = _work(call_s=5.0)
    assert [bottlenecks([work], [], slow_s=slow_s)[0].is_slow for slow_s in (4.0, 6.0, SLOW_S)] == [True, False, False]


def test_somebody_who_does_the_same_faster_is_recommended_with_what_was_seen_there() -> None:
    advice = _advice([_work(call_s=20.0, calls=10), _work(provider="groq", call_s=4.0, calls=7)])
    assert advice is not None
    assert (advice.kind, advice.instead, advice.known_from) == ("same elsewhere", "groq", 7)
    assert advice.call_s == seconds_of(bucket_of(4.0))
    assert advice.saved_s == pytest.approx(10 * (seconds_of(bucket_of(20.0)) - advice.call_s))


def test_otherwise_a_faster_model_is_recommended_by_the_length_of_these_answers() -> None:
    advice = _advice([_work(call_s=20.0)], [_speed("groq/llama", first_chunk_s=0.5, tokens_per_s=500.0)])
    assert advice is not None
    assert (advice.kind, advice.instead) == ("faster model", "groq/llama")
    assert advice.call_s == pytest.approx(0.5 + 1_000 / 500, rel=0.06)


@pytest.mark.parametrize(
    "speed",
    [
        _speed("groq/llama", first_chunk_s=0.5, tokens_per_s=500.0, calls=FEWEST_CALLS - 1),
        _speed("groq/llama", first_chunk_s=8.0, tokens_per_s=100.0),
        _speed("anthropic/haiku", first_chunk_s=0.5, tokens_per_s=500.0),
    ],
    ids=["hardly known", "hardly faster", "of the same provider"],
)
def test_without_anybody_better_the_answers_should_be_shorter(speed: Speed) -> None:
    advice = _advice([_work(call_s=20.0, calls=10)], [speed])
    assert advice is not None
    assert (advice.kind, advice.instead, advice.saved_s) == ("shorter answers", "", 80.0)
    assert advice.call_s == 12.0


def test_time_lost_in_failures_is_the_first_to_be_saved_where_it_is_most() -> None:
    advice = _advice([_work(call_s=20.0, calls=10, failures=30, failed_s=600.0)])
    assert advice is not None
    assert (advice.kind, advice.saved_s, advice.known_from) == ("fewer failures", 600.0, 30)


works = st.lists(
    st.builds(
        _work,
        st.sampled_from(["review", "chat"]),
        st.sampled_from(["anthropic", "openai", "groq"]),
        call_s=st.floats(0.01, 600),
        calls=st.integers(0, 50),
        failed_s=st.floats(0, 1_000),
        failures=st.integers(0, 50),
    ),
    max_size=6,
)
speeds = st.lists(
    st.builds(_speed, st.just("groq/llama"), first_chunk_s=st.floats(0.01, 60), tokens_per_s=st.floats(1, 2_000)),
    max_size=2,
)


@given(works, speeds)
def test_no_advice_promises_more_than_all_of_the_time_nor_makes_a_call_longer(
    given_works: list[Work], given_speeds: list[Speed]
) -> None:
    for one in bottlenecks(given_works, given_speeds):
        if one.advice is not None:
            assert one.p50_s is not None
            # A median from a bucket is within 4.5 % of the truth, in either direction.
            assert 0.0 < one.advice.saved_s <= one.wall_s * 1.1
            assert one.advice.call_s <= one.p50_s * 1.1
