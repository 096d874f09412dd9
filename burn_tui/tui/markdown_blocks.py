"""Cutting Markdown that is still being written into blocks that will not change any more. Pure.

CommonMark is read line by line and only what is open at the end can still change, so everything before the last
top-level block is finished. A code block can grow long, and is cut further, so that no piece is drawn often.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

CODE_LINES = 20
"""A code block is cut at the first blank line after so many lines, unless it stands within a string or comment."""

MOST_CODE_LINES = 80
"""And here in any case."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
"""As CommonMark sees it, unlike str.splitlines."""

_STRINGS = re.compile(r'"""|\'\'\'|`')
"""What begins and ends a text of several lines in one language or another."""


def parser() -> "MarkdownIt":
    """CommonMark with tables and ~~strikethrough~~ in which nothing that was written can vanish.

    HTML, pictures and link definitions stay as they were typed: they cannot be drawn, and a definition would change
    blocks that are finished.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415 - the dashboard stands before there is an answer

    dialect = MarkdownIt("commonmark", {"html": False})
    return dialect.enable(["table", "strikethrough"]).disable(["reference", "image"])


@cache
def _blocks_only() -> "MarkdownIt":
    return parser().disable("inline")


class Block(Struct, frozen=True):
    """A piece of Markdown that means the same without its neighbours."""

    source: str
    continues: bool = False
    """True = it goes on where the code block before it was cut."""


class BlockStream:
    """Takes Markdown in any pieces and gives its blocks, always the same ones."""

    def __init__(self) -> None:
        self._pending = ""
        self._continues = False

    @property
    def live(self) -> Block | None:
        """What is not finished yet; None where there is nothing but white space."""
        return Block(self._pending, self._continues) if self._pending.strip() else None

    def feed(self, more: str) -> list[Block]:
        """The blocks that `more` finishes. Only whole lines can finish one: `1` may become `1. one`."""
        self._pending += more
        if "\n" not in more:
            return []
        whole, _, unfinished_line = self._pending.rpartition("\n")
        *finished, last = self._blocks(f"{whole}\n")
        self._pending = last.source + unfinished_line
        self._continues = last.continues
        return finished

    def finish(self) -> list[Block]:
        """The blocks that were still waiting when the text ended."""
        rest = self._blocks(self._pending)
        self._pending, self._continues = "", False
        return [block for block in rest if block.source.strip()]

    def _blocks(self, text: str) -> list[Block]:
        """`text`, which begins with what was pending, cut as far as it can be; at least one block."""
        lines = _LINE.findall(text)
        tops = [token for token in _blocks_only().parse(text) if token.level == 0 and token.map]
        starts = [0, *(_first_line(token) for token in tops[1:]), len(lines)]
        blocks: list[Block] = []
        for position, (start, end) in enumerate(pairwise(starts)):
            continues = self._continues and position == 0
            here = lines[start:end]
            if tops and tops[position].type == "fence":
                skipped = _first_line(tops[position]) - start
                blocks += _cut_code(here[skipped:], tops[position].content.count("\n"), continues=continues)
            else:
                blocks.append(Block("".join(here), continues))
        return blocks


def code_blocks(markdown: str) -> list[str]:
    """The code of every fenced or indented block, without the end of its last line."""
    tokens = _blocks_only().parse(markdown)
    return [token.content.rstrip("\n") for token in tokens if token.type in {"fence", "code_block"}]


def _first_line(token: "Token") -> int:
    assert token.map is not None
    return token.map[0]


def _cut_code(lines: list[str], code_lines: int, *, continues: bool) -> Iterator[Block]:
    """The pieces of one fenced block; each begins with the line that names the language."""
    opening, *rest = lines
    piece: list[str] = []
    for line in rest[:code_lines]:
        piece.append(line)
        if line.endswith("\n") and _may_end_with(piece):
            yield Block("".join([opening, *piece]), continues)
            piece, continues = [], True
    yield Block("".join([opening, *piece, *rest[code_lines:]]), continues)


def _may_end_with(piece: list[str]) -> bool:
    """Whether the highlighter can be started afresh after `piece`."""
    if len(piece) < CODE_LINES or piece[-1].strip():
        return len(piece) >= MOST_CODE_LINES
    code = "".join(piece)
    quotes = _STRINGS.findall(code)
    is_inside = any(quotes.count(quote) % 2 for quote in set(quotes)) or code.count("/*") > code.count("*/")
    return not is_inside or len(piece) >= MOST_CODE_LINES
