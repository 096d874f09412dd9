"""Blocks of streamed Markdown are the same however the text arrives, and nothing gets lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.token import Token

from burn_tui.tui.markdown_blocks import CODE_LINES, MOST_CODE_LINES, Block, BlockStream, parser

LINES = st.sampled_from(
    [
        "",
        "",
        "word",
        "two words, **bold** and `code`",
        "# heading",
        "===",
        "---",
        "- item",
        "  - nested",
        "  more of the item",
        "1. one",
        "2. two",
        "> quoted",
        "    indented",
        "```python",
        "```",
        "~~~",
        "| a | b |",
        "|---|---|",
        "<div>",
        "[x]: http://example.invalid",
        "\tx",
        '"""',
        "é 漢字 \u2028",
    ]
)
DOCUMENTS = st.lists(LINES, max_size=60).map("\n".join)
LONG_CODE = st.lists(st.sampled_from(["x = 1", "", '"""', "/*", "*/", "`"]), min_size=60, max_size=200).map(
    lambda lines: "\n".join(["```python", *lines, "```", "after"])
)


def blocks_of(text: str, *cuts: int) -> list[Block]:
    stream, blocks, start = BlockStream(), [], 0
    for cut in sorted(cuts):
        blocks += stream.feed(text[start:cut])
        start = cut
    return blocks + stream.feed(text[start:]) + stream.finish()


def shape(tokens: list[Token]) -> list[tuple[str, str, str]]:
    return [(token.type, token.markup, token.content) for token in tokens]


@given(st.one_of(DOCUMENTS, LONG_CODE, st.text(alphabet="ab\n #-*`>|1. ", max_size=200)), st.data())
def test_blocks_do_not_depend_on_how_the_text_arrives(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    assert blocks_of(text, *cuts) == blocks_of(text)


@given(DOCUMENTS)
def test_blocks_mean_together_what_the_text_means_as_a_whole(text: str) -> None:
    whole = parser().parse(text)
    pieces = [token for block in blocks_of(text) for token in parser().parse(block.source)]
    assert shape(pieces) == shape(whole)


@given(LONG_CODE)
def test_the_pieces_of_a_long_code_block_hold_its_lines_once_and_in_order(text: str) -> None:
    *pieces, _after = blocks_of(text)
    code = [parser().parse(piece.source)[0] for piece in pieces]
    assert "".join(token.content for token in code) == text.removeprefix("```python\n").removesuffix("```\nafter")
    assert {token.info for token in code} == {"python"}
    assert [piece.continues for piece in pieces] == [False, *[True] * (len(pieces) - 1)]
    assert max(piece.source.count("\n") for piece in pieces) <= MOST_CODE_LINES + 3


def test_a_block_is_finished_when_the_next_one_begins() -> None:
    stream = BlockStream()
    assert stream.feed("# Why\n\nBecause it") == []
    assert stream.live == Block("# Why\n\nBecause it")
    assert stream.feed(" is so.\n") == [Block("# Why\n\n")]
    assert stream.live == Block("Because it is so.\n")


def test_a_line_that_may_still_become_something_else_finishes_nothing() -> None:
    stream = BlockStream()
    assert stream.feed("| a | b |\n|---|---|\n| 1 | 2 |\n#") == []
    assert stream.feed("3 | 4 |\n") == []


def test_white_space_is_no_live_block() -> None:
    stream = BlockStream()
    stream.feed("\n\n  ")
    assert stream.live is None
    assert stream.finish() == []


def test_a_long_code_block_is_cut_at_a_blank_line() -> None:
    code = "x = 1\n" * CODE_LINES
    first, second = blocks_of(f"```python\n{code}\n{code}```\n")
    assert first == Block(f"```python\n{code}\n")
    assert second == Block(f"```python\n{code}```\n", continues=True)


@pytest.mark.parametrize("delimiter", ['"""', "'''", "`"])
def test_a_code_block_is_not_cut_within_a_string(delimiter: str) -> None:
    code = f"x = {delimiter}\n" + "text\n" * CODE_LINES
    assert len(blocks_of(f"```python\n{code}\nmore\n{delimiter}\n```\n")) == 1


def test_markup_that_cannot_be_drawn_stays_as_it_was_typed() -> None:
    text = '<b>bold</b> ![alt](http://x.invalid/y.png)\n\n[x]: http://example.invalid "t"\n'
    shown = " ".join(token.content for token in parser().parse(text) if token.type == "inline")
    assert "<b>bold</b>" in shown
    assert "[x]: http://example.invalid" in shown
