"""One gauge, which stands where the worst of its four strains stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.tension import FEWEST_ATTEMPTS, Drift, Strain, Tension, tension, word_of


def _tension(
    *,
    ratio: float | None = None,
    share_left: float | None = None,
    attempts: int = 0,
    failures: int = 0,
    drift: float | None = None,
) -> Tension:
    return tension(
        ratio=ratio,
        share_left=None if share_left is None else ("openai", share_left),
        attempts=attempts,
        failures=failures,
        drift=None if drift is None else Drift("openai/gpt-5-mini", drift),
    )


def test_where_nothing_is_known_it_is_calm() -> None:
    gauge = _tension()
    assert (gauge.level, gauge.word) == (0.0, "calm")
    assert all(strain.value is None for strain in gauge.strains)


@pytest.mark.parametrize(
    ("gauge", "level", "word", "name"),
    [
        pytest.param(_tension(ratio=1.0), 0.0, "calm", "burn", id="as usual"),
        pytest.param(_tension(ratio=2.0), 0.5, "warm", "burn", id="twice the usual"),
        pytest.param(_tension(ratio=9.0), 1.0, "hot", "burn", id="far more"),
        pytest.param(_tension(share_left=0.5), 0.0, "calm", "burn", id="half of the limit left"),
        pytest.param(_tension(share_left=0.25), 0.5, "warm", "rate limits", id="a quarter left"),
        pytest.param(_tension(share_left=0.0), 1.0, "hot", "rate limits", id="nothing left"),
        pytest.param(_tension(attempts=100, failures=10), 0.5, "warm", "errors", id="a tenth fails"),
        pytest.param(_tension(attempts=100, failures=20), 1.0, "hot", "errors", id="a fifth fails"),
        pytest.param(_tension(drift=2.0), 0.5, "warm", "latency", id="twice as slow"),
        pytest.param(_tension(ratio=1.2, drift=3.0), 1.0, "hot", "latency", id="the worst speaks for all"),
    ],
)
def test_each_strain_goes_from_calm_to_hot(gauge: Tension, level: float, word: str, name: str) -> None:
    assert gauge.level == pytest.approx(level)
    assert [gauge.word, gauge.worst.name] == [word, name]


def test_a_few_attempts_make_no_error_rate() -> None:
    few, enough = (_tension(attempts=count, failures=count) for count in (FEWEST_ATTEMPTS - 1, FEWEST_ATTEMPTS))
    assert (few.word, enough.word) == ("calm", "hot")


def test_whoever_is_to_blame_is_named() -> None:
    worst = _tension(share_left=0.25).worst
    assert worst == Strain("rate limits", 0.25, 0.5, "openai")


@given(st.floats(0, 20), st.floats(0, 1), st.integers(0, 50), st.integers(0, 50), st.floats(0, 20))
def test_the_level_is_within_its_bounds_and_never_below_any_strain(
    ratio: float, left: float, failures: int, answers: int, drift: float
) -> None:
    gauge = _tension(ratio=ratio, share_left=left, attempts=failures + answers, failures=failures, drift=drift)
    assert all(0.0 <= strain.level <= gauge.level <= 1.0 for strain in gauge.strains)
    assert gauge.word == word_of(gauge.level)
