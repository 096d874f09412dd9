"""Numbers as block characters."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.tui.blocks import chart, meter, sparkline

series = st.lists(st.integers(0, 10**12), max_size=90)


@given(series, st.integers(0, 120), st.integers(1, 8))
def test_a_chart_has_exactly_its_rows_and_columns(values: list[int], width: int, rows: int) -> None:
    assert [len(row) for row in chart(values, width, rows)] == [width] * rows


@given(series.filter(any), st.integers(1, 8))
def test_the_highest_value_reaches_the_top_row(values: list[int], rows: int) -> None:
    assert "█" in chart(values, len(values), rows)[0]


@given(series.filter(bool), st.integers(1, 8))
def test_a_minute_with_a_little_is_higher_than_one_with_nothing(values: list[int], rows: int) -> None:
    foot = chart(values, len(values), rows)[-1]
    assert [drawn == "▁" for drawn in foot] == [value == 0 for value in values]


def test_the_newest_value_stands_at_the_right_end() -> None:
    assert sparkline([0, 0, 7], 5) == "  ▁▁█"


def test_more_values_than_columns_are_averaged() -> None:
    assert sparkline([8, 8, 4, 4], 2) == "█▄"


@given(st.floats(0, 10), st.integers(1, 80))
def test_a_meter_always_fills_its_width(share: float, width: int) -> None:
    full, empty = meter(share, width)
    assert len(full) + len(empty) == width


def test_full_and_empty_are_told_apart_without_colour() -> None:
    full, empty = meter(0.5, 4)
    assert set(full).isdisjoint(empty)


def test_a_tiny_share_is_seen_and_none_is_not() -> None:
    assert meter(0.0001, 10)[0] == "━"
    assert meter(0.0, 10)[0] == ""
