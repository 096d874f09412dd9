"""Percentiles from histograms are close to those of the samples, and histograms add up."""

from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.latency import SHORTEST_S, bucket_of, percentile, seconds_of

durations = st.floats(SHORTEST_S, 1e6)
samples = st.lists(durations, min_size=1, max_size=200)
percents = st.integers(0, 100)


def _histogram(durations: list[float]) -> Counter[int]:
    return Counter(bucket_of(duration) for duration in durations)


def _nearest_rank(durations: list[float], percent: int) -> float:
    return sorted(durations)[max(ceil(Fraction(percent, 100) * len(durations)), 1) - 1]


@given(samples, percents)
def test_a_percentile_is_within_five_percent_of_the_exact_one(durations: list[float], percent: int) -> None:
    found = percentile(_histogram(durations), percent / 100)
    assert found == pytest.approx(_nearest_rank(durations, percent), rel=0.05)


@given(samples, samples, percents)
def test_two_histograms_added_are_the_histogram_of_all_samples(
    here: list[float], there: list[float], percent: int
) -> None:
    added = _histogram(here) + _histogram(there)
    assert percentile(added, percent / 100) == percentile(_histogram(here + there), percent / 100)


@given(samples, percents, percents)
def test_a_higher_percentile_is_never_shorter(durations: list[float], one: int, other: int) -> None:
    lower, higher = (percentile(_histogram(durations), percent / 100) for percent in sorted((one, other)))
    assert lower is not None
    assert higher is not None
    assert lower <= higher


@given(durations)
def test_the_middle_of_a_bucket_lies_in_it(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert bucket_of(seconds_of(bucket)) == bucket


def test_without_samples_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-12])
def test_what_took_no_time_at_all_counts_as_the_shortest(seconds: float) -> None:
    assert bucket_of(seconds) == bucket_of(SHORTEST_S)


@pytest.mark.parametrize(("share", "rank"), [(0.07, 7), (0.29, 29), (0.5, 50), (0.95, 95), (1.0, 100)])
def test_the_rank_is_not_moved_by_binary_fractions(share: float, rank: int) -> None:
    hundred = dict.fromkeys(range(1, 101), 1)
    assert percentile(hundred, share) == seconds_of(rank)


def test_an_empty_bucket_is_passed_over() -> None:
    assert percentile({0: 0, 8: 1}, 0.5) == seconds_of(8)
