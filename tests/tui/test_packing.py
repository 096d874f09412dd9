"""Short pieces side by side."""

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from burn_tui.tui.widgets.packing import packed, spread

words = st.lists(st.text("abcdefgh", min_size=1, max_size=30), min_size=1, max_size=8)


@given(words, st.integers(1, 60))
def test_nothing_is_wider_than_the_line(texts: list[str], width: int) -> None:
    lines = packed(map(Content, texts), width).plain.split("\n")
    assert all(len(line) <= width for line in lines)


@given(words, st.integers(1, 60))
def test_nothing_is_lost(texts: list[str], width: int) -> None:
    assert "".join(packed(map(Content, texts), width).plain.split()) == "".join(texts)


@given(words, st.integers(30, 60))
def test_no_piece_is_cut_in_two_where_the_line_is_wide_enough(texts: list[str], width: int) -> None:
    assert packed(map(Content, texts), width).plain.split() == texts


def test_two_ends_of_a_line_are_flush() -> None:
    assert spread(Content("left"), Content("right"), 12).plain == "left   right"


def test_without_room_for_both_the_left_end_stays() -> None:
    assert spread(Content("left"), Content("right"), 9).plain == "left"
