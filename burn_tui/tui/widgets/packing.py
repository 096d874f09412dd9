"""Laying short pieces of text side by side, so that none is cut in two. Pure."""

from collections.abc import Iterable

from textual.content import Content


def packed(pieces: Iterable[Content], width: int, gap: int = 3) -> Content:
    """The pieces in order, `gap` columns apart, on as few lines as hold them; a longer piece is wrapped."""
    lines: list[Content] = []
    for piece in pieces:
        if lines and lines[-1].cell_length + gap + piece.cell_length <= width:
            lines[-1] = Content.assemble(lines[-1], " " * gap, piece)
        else:
            lines += [line.rstrip() for line in piece.wrap(max(width, 1))]
    return Content("\n").join(lines)


def spread(left: Content, right: Content, width: int) -> Content:
    """`left` and `right` at the two ends of one line; without room for both, `left` alone."""
    between = width - left.cell_length - right.cell_length
    if between < 1 or not right:
        return left.truncate(width, ellipsis=True) if left.cell_length > width else left
    return Content.assemble(left, " " * between, right)
