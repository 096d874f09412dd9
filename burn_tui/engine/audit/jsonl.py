"""Lines of JSON, looked at as bytes first: only those that may be records are decoded."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from burn_tui.engine.audit.reader import Skipped

UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What decoding a line may raise, whatever the line is."""

Usd = Annotated[float, Meta(ge=0, le=1_000_000)]
"""The cost of one response, for the structs that a reader decodes into."""


class Lines:
    """Lines of a piece, with their numbers in the file."""

    def __init__(self, data: bytes, first: int) -> None:
        self.data = data
        self._first = first

    def number(self, start: int) -> int:
        """The number of the line that begins there."""
        return self._first + self.data.count(b"\n", 0, start)


def lines_with(needles: tuple[bytes, ...], lines: Lines) -> Iterator[tuple[int, int]]:
    """Start and end of each line that has one of the needles, in their order, each line once."""
    data = lines.data
    next_places = [(data.find(needle), needle) for needle in needles]
    after = 0
    while True:
        place = min((place for place, _ in next_places if place >= 0), default=-1)
        if place < 0:
            return
        start = data.rfind(b"\n", after, place) + 1 or after
        end = data.find(b"\n", place)
        end = len(data) if end < 0 else end
        yield start, end
        after = end
        next_places = [(data.find(needle, end) if 0 <= place < end else place, needle) for place, needle in next_places]


def skip(skipped: dict[int, Skipped], line: int, error: Exception) -> None:
    """Count a line as skipped, once, for the first reason that was found."""
    skipped.setdefault(line, Skipped(line, "nested too deeply" if isinstance(error, RecursionError) else str(error)))


def broken_lines(lines: Lines) -> dict[int, Skipped]:
    """Lines that cannot be an object, as they do not begin and end like one, by number; empty ones are nothing.

    What does not look like a record may be damaged, too, and whoever reads the sums must know.
    """
    data = lines.data
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    opening = data.count(b"\n{") + data.startswith(b"{")
    closing = data.count(b"}\n") + data.endswith(b"}")
    if opening == count == closing:
        return {}
    skipped = {}
    for number, line in enumerate(data.split(b"\n"), lines.number(0)):
        words = line.strip()
        if words and not (words.startswith(b"{") and words.endswith(b"}")):
            skipped[number] = Skipped(number, "not a JSON object")
    return skipped
