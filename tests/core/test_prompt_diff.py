"""What differs between two texts, word by word, with white space that can be seen."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.prompt_diff import Piece, is_same, lines, shown, words

TEXTS = st.text(st.sampled_from("ab .\t\n{}"), max_size=40)


def marked(before: str, after: str) -> str:
    signs = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
    return "\n".join("".join(signs[piece.kind].format(shown(piece)) for piece in line) for line in lines(before, after))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == after
    assert is_same(pieces) == (before == after)


@given(TEXTS, TEXTS)
def test_no_line_holds_a_line_end_that_did_not_change(before: str, after: str) -> None:
    assert not [piece for line in lines(before, after) for piece in line if piece.kind == "same" and "\n" in piece.text]


def test_a_word_is_the_smallest_thing_that_changes() -> None:
    assert marked("You sort tickets.\nBe kind.\n", "You sort letters.\nBe kind.\n") == (
        "You sort [-tickets-][+letters+].\nBe kind."
    )


def test_white_space_that_changed_can_be_seen() -> None:
    assert marked("a b\n", "a  b\n") == "a[- -][+··+]b".replace("[- -]", "[-·-]")
    assert marked("a b\n", "a\tb\n") == "a[-·-][+→+]b"
    assert marked("a\nb\n", "a\n\nb\n") == "a\n[+↵+]\nb"


def test_a_blank_at_the_end_of_new_words_can_be_seen() -> None:
    assert shown(Piece("new", "the team ")) == "the team·"
    assert shown(Piece("same", "the team ")) == "the team "
