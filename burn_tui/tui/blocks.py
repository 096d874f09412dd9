"""Numbers as block characters. Pure."""

from collections.abc import Sequence
from itertools import pairwise

_BLOCKS = " ▁▂▃▄▅▆▇█"
"""By height in eighths of a row."""


def sparkline(values: Sequence[float], width: int) -> str:
    """`values`, oldest first, as one line of `width` columns against their own maximum: see `chart`."""
    return chart(values, width, 1)[0]


def chart(values: Sequence[float], width: int, rows: int) -> list[str]:
    """`values`, oldest first, as columns against their own maximum, the top row first.

    More values than columns are averaged, fewer leave the left blank; 0 is a line at the foot.
    """
    columns = _gathered(values, width)
    highest = max(columns, default=0.0)
    eighths = [_eighths(value, highest, rows) for value in columns]
    return [
        "".join(_BLOCKS[min(max(height - 8 * below, 0), 8)] for height in eighths).rjust(width)
        for below in reversed(range(rows))
    ]


def _gathered(values: Sequence[float], width: int) -> list[float]:
    if width <= 0:
        return []
    if len(values) <= width:
        return list(values)
    edges = [len(values) * column // width for column in range(width + 1)]
    return [sum(values[start:end]) / (end - start) for start, end in pairwise(edges)]


def _eighths(value: float, highest: float, rows: int) -> int:
    # A minute without any burn must look different from one with a little, so 0 alone is one eighth high.
    return 1 if value <= 0 else max(round(value / highest * 8 * rows), 2)


def meter(share: float, width: int) -> tuple[str, str]:
    """A bar of `width` cells as its full and its empty part; a share above 1 fills it, one above 0 shows.

    The two differ without any colour.
    """
    full = min(max(round(share * width), 1 if share > 0 else 0), width)
    return "━" * full, "─" * (width - full)
