"""Text from outside cannot move the cursor, talk to the terminal or hide."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.tui.legible import legible

anything = st.text(st.characters(codec=None))


@given(anything)
def test_nothing_that_acts_on_a_terminal_or_hides_is_left(text: str) -> None:
    shown = legible(text)
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} and one not in "\n\t"]
    assert not [one for one in shown if unicodedata.bidirectional(one) in {"LRO", "RLO", "LRE", "RLE", "LRI", "RLI"}]


@given(anything)
def test_making_text_legible_twice_changes_nothing_more(text: str) -> None:
    assert legible(legible(text)) == legible(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_letters_digits_and_signs_stay_as_they_are(text: str) -> None:
    assert legible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("windows\r\nline", "windows\nline"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇"),
        ("\x9b31m", "�31m"),
        ("\x7f", "␡"),
        ("abc\u202edcba", "abc�dcba"),
        ("in\u200bvisi\ufeffble", "invisible"),
        ("one\u2028two", "one\ntwo"),
        ("\u2764\ufe0f", "\u2764"),
        ("\ud800", "�"),
    ],
)
def test_what_is_not_legible_is_shown_as_a_sign_or_left_out(text: str, shown: str) -> None:
    assert legible(text) == shown


def test_letters_that_are_made_of_several_signs_stay_whole() -> None:
    for text in ("e\u0301", "नमस्ते", "مرحبا", "👨"):
        assert legible(text) == text
