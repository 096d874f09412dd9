"""What differs between two texts, word by word, white space included. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from msgspec import Struct

Kind = Literal["same", "gone", "new"]

_TOKEN = re.compile(r"\n|[ \t]+|\w+|[^\w\s]|\s")


class Piece(Struct, frozen=True):
    """A stretch of one of the texts, or of both."""

    kind: Kind
    text: str


def words(before: str, after: str) -> list[Piece]:
    """Both texts as one: what stands in both, what is gone and what is new."""
    pieces = [
        piece
        for gone, new in _blocks(before.splitlines(keepends=True), after.splitlines(keepends=True))
        for piece in _within(gone, new)
    ]
    return [
        Piece(kind, "".join(piece.text for piece in group)) for kind, group in groupby(pieces, lambda piece: piece.kind)
    ]


def lines(before: str, after: str) -> list[list[Piece]]:
    """The same, cut into lines; a line's end is not part of it, unless it is what differs."""
    found: list[list[Piece]] = [[]]
    for piece in words(before, after):
        *whole, rest = piece.text.split("\n")
        for text in whole:
            mark = "" if piece.kind == "same" else "\n"
            if text or mark:
                found[-1].append(Piece(piece.kind, text + mark))
            found.append([])
        if rest:
            found[-1].append(Piece(piece.kind, rest))
    return found if found[-1] else found[:-1]


def shown(piece: Piece) -> str:
    """As a person can see it: white space that differs has marks (· for a space, → for a tab, ↵ for a line's end)."""
    if piece.kind == "same":
        return piece.text
    text = piece.text.replace("\t", "→").replace("\n", "↵")
    if not piece.text.strip():
        return text.replace(" ", "·")
    return re.sub(r"^ +| +(?=↵|$)|(?<= ) +", lambda found: "·" * len(found[0]), text)


def is_same(pieces: Sequence[Piece]) -> bool:
    """Whether nothing differs."""
    return all(piece.kind == "same" for piece in pieces)


def _blocks(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Stretches of lines that stand for each other, in order: equal ones in pairs, changed ones against each other."""
    for kind, at, until, to_at, to_until in _opcodes(before, after):
        gone, new = "".join(before[at:until]), "".join(after[to_at:to_until])
        yield (gone, gone) if kind == "equal" else (gone, new)


def _within(gone: str, new: str) -> Iterator[Piece]:
    if gone == new:
        yield Piece("same", gone)
        return
    old, young = _TOKEN.findall(gone), _TOKEN.findall(new)
    for kind, at, until, to_at, to_until in _opcodes(old, young):
        if kind == "equal":
            yield Piece("same", "".join(old[at:until]))
            continue
        if at < until:
            yield Piece("gone", "".join(old[at:until]))
        if to_at < to_until:
            yield Piece("new", "".join(young[to_at:to_until]))


def _opcodes(before: list[str], after: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    from difflib import SequenceMatcher  # noqa: PLC0415 - wanted by few, and slow to import

    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
