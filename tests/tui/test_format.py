"""Figures as a person reads them."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.tui import format as fmt

amounts = st.integers(1, 10**15)


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (None, "unknown"),
        (0, "$0"),
        (1, "$0.0000000010"),
        (12_100_000, "$0.0121"),
        (400_000, "$0.00040"),
        (10_000_000, "$0.010"),
        (999_000_000, "$0.999"),
        (4_820_000_000, "$4.82"),
        (20_000_000_000, "$20"),
        (20_500_000_000, "$20.50"),
        (1_000_000_000, "$1.00"),
        (1_234_567_000_000_000, "$1,234,567"),
    ],
)
def test_money_has_as_many_digits_as_help(nanousd: int | None, text: str) -> None:
    assert fmt.money(nanousd) == text


@given(amounts)
def test_an_amount_above_zero_is_never_shown_as_nothing_and_is_off_by_a_twentieth_at_most(nanousd: int) -> None:
    shown = float(fmt.money(nanousd).removeprefix("$").replace(",", "")) * 1e9
    assert shown > 0
    assert shown == pytest.approx(nanousd, rel=0.05)


@given(st.integers(0, 10**14))
def test_a_rate_in_dollars_takes_at_most_nine_cells_and_is_nothing_only_if_it_is(nanousd: int) -> None:
    shown = fmt.money_rate(nanousd)
    assert len(shown) <= 9
    assert (shown == "$0") == (nanousd == 0)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "unknown"),
        (0, "0"),
        (840, "840"),
        (999, "999"),
        (1_000, "1k"),
        (12_400, "12.4k"),
        (812_000, "812k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (1_230_000, "1.23M"),
        (7_000_000_000, "7G"),
        (12.4, "12"),
    ],
)
def test_tokens_have_a_unit_from_a_thousand_on(count: float | None, text: str) -> None:
    assert fmt.tokens(count) == text


@given(st.integers(0, 10**14))
def test_tokens_take_at_most_five_cells_and_are_off_by_less_than_a_hundredth(count: int) -> None:
    text = fmt.tokens(count)
    units = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
    shown = float(text.rstrip("kMGT")) * units.get(text[-1], 1)
    assert len(text) <= 5
    assert shown == pytest.approx(count, rel=0.01)


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.001, "<0.01 s"),
        (0.31, "0.31 s"),
        (0.994, "0.99 s"),
        (1.9, "1.9 s"),
        (15.4, "15.4 s"),
        (99.94, "99.9 s"),
        (100, "1 min 40 s"),
        (125, "2 min 5 s"),
        (120, "2 min"),
    ],
)
def test_durations_are_exact_where_they_are_short(duration_s: float | None, text: str) -> None:
    assert fmt.seconds(duration_s) == text


@pytest.mark.parametrize(
    ("times", "text"),
    [(0, "0x"), (0.001, "<0.01x"), (0.05, "0.05x"), (0.1, "0.1x"), (2.14, "2.1x"), (9.96, "10x"), (1234.5, "1,234x")],
)
def test_a_ratio_is_zero_only_if_it_is(times: float, text: str) -> None:
    assert fmt.ratio(times) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(0, "0 %"), (0.001, "<1 %"), (0.24, "24 %"), (0.996, "99 %"), (1, "100 %"), (1.5, "150 %")],
)
def test_a_share_says_neither_nothing_while_there_is_some_nor_all_while_some_is_left(part: float, text: str) -> None:
    assert fmt.share(part) == text


@pytest.mark.parametrize(
    ("left_s", "text"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (43, "43 s"),
        (60, "60 s"),
        (61, "2 min"),
        (3_540, "59 min"),
        (3_541, "1 h"),
        (5_400, "1 h 30 min"),
    ],
)
def test_a_countdown_is_rounded_up_so_that_zero_means_now(left_s: float, text: str) -> None:
    assert fmt.countdown(left_s) == text


def test_the_time_of_day_is_that_of_the_zone_that_was_asked_for() -> None:
    assert fmt.clock_time(1_772_460_120.0, UTC) == "14:02"


@pytest.mark.parametrize(
    ("times", "text"), [(0, "0x"), (2.14, "2.1x"), (20.4, "20x"), (20.5, "over 20x"), (9_999.0, "over 20x")]
)
def test_how_many_times_hotter_is_counted_up_to_twenty(times: float, text: str) -> None:
    assert fmt.burn(times) == text
