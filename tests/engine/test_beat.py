"""Waiting for the beat that everything shares."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.engine.beat import beat, until_next

MOMENTS = st.floats(min_value=0.0, max_value=1e7)
PERIODS = st.sampled_from((0.15, 0.5, 1.0, 60.0))


@given(MOMENTS, PERIODS)
def test_the_next_beat_lies_ahead_and_not_farther_than_one_period(now: float, every_s: float) -> None:
    wait_s = until_next(now, every_s)
    assert 0.0 < wait_s <= every_s * (1 + 1e-6)


@given(MOMENTS)
def test_whoever_waits_for_whole_seconds_is_woken_with_those_who_wait_for_half_ones(now: float) -> None:
    next_s, next_half = now + until_next(now, 1.0), now + until_next(now, 0.5)
    assert min(abs(next_half - next_s), abs(next_half - next_s + 0.5)) < 1e-6


async def test_a_beat_passes() -> None:
    await beat(0.001)
