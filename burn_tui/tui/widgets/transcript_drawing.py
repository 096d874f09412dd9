"""One transcript as drawn lines. Only what is near the screen is drawn; of all else the height is enough.

So it costs the same to look at a conversation of two questions and at one of two thousand. No call draws for long.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from msgspec import Struct
from textual.strip import Strip

from burn_tui.core.transcript import Entry
from burn_tui.tui.widgets.entry_rendering import Brush
from burn_tui.tui.widgets.transcript_pieces import DrawnEntry, Piece, drawn

CHARACTERS_AT_ONCE = 2_000
"""So much of what waits to be drawn is drawn in one call, so that keys are answered in between."""

NEAR = 1 / 2
"""Screens above and below the one in sight that are drawn beforehand, so that scrolling meets no gaps."""

FAR = 4
"""Screens from the one in sight at which what was drawn is dropped."""


class Place(Struct, frozen=True):
    """A line, told in a way that holds when everything is drawn with another width."""

    entry: int
    """Position of its entry, from 0."""
    piece: int
    """Position within the entry."""
    share: float
    """How much of the piece lies above: from 0, to 1 at its end."""


class TranscriptDrawing:
    """The lines of one transcript."""

    def __init__(self) -> None:
        self.height = 0
        """In lines, some of them perhaps only estimated."""
        self.is_complete = True
        """False = something near the screen waits to be drawn by another update."""
        self._entries: list[DrawnEntry] = []
        self._pieces: list[Piece] = []
        self._starts: list[int] = []
        """The first line of each piece."""
        self._first_pieces: list[int] = []
        """Of each entry, counted among all pieces."""

    def update(self, entries: Sequence[Entry], brush: Brush, *, now: float, place: Place | None, rows: int) -> int:
        """Bring the lines round `place` up to date, and give the line that stands on top of the screen.

        `place`: what is to stand there; None = the end is in sight. `rows`: of the screen. `now`: seconds since the
        epoch.
        """
        self._follow(entries, now)
        if place is not None and place.entry < len(self._entries):
            self._entries[place.entry].open(now)
        left = CHARACTERS_AT_ONCE
        while True:
            self._lay_out(brush)
            top = self._top(place, rows)
            waiting = self._waiting(brush, top, rows, now)
            if waiting is None:
                continue
            self.is_complete = not waiting
            if not waiting or left <= 0:
                break
            for piece in waiting:
                if left > 0 or not piece.weight:
                    piece.draw(brush)
                    left -= piece.weight
        if self.is_complete:
            self._drop_what_is_far(top, rows)
        return top

    def strip(self, line: int) -> Strip | None:
        """How `line` looks; None = it is not drawn yet, or there is no such line."""
        if not 0 <= line < self.height:
            return None
        position = self._at(line)
        return self._pieces[position].strip(line - self._starts[position])

    def place(self, line: int) -> Place | None:
        """Where `line` is; None while there is nothing."""
        if not self._pieces:
            return None
        position = self._at(line)
        entry = bisect_right(self._first_pieces, position) - 1
        share = (line - self._starts[position]) / max(self._pieces[position].height, 1)
        return Place(entry, position - self._first_pieces[entry], min(max(share, 0.0), 1.0))

    def line(self, place: Place) -> int:
        """Which line `place` is now; the one after the last if it is gone."""
        if place.entry >= len(self._entries):
            return self.height
        position = min(self._first_pieces[place.entry] + place.piece, self._after(place.entry) - 1)
        return self._starts[position] + round(place.share * self._pieces[position].height)

    def lines_of(self, entry: int) -> range:
        """Those of the entry at this position, without the gap above it; none if there is no such entry."""
        if not 0 <= entry < len(self._entries):
            return range(0)
        first, after = self._first_pieces[entry] + 1, self._after(entry)
        end = self._starts[after] if after < len(self._starts) else self.height
        return range(self._starts[first], end)

    def _after(self, entry: int) -> int:
        """The first piece that is not the entry's any more."""
        return self._first_pieces[entry + 1] if entry + 1 < len(self._first_pieces) else len(self._pieces)

    def _follow(self, entries: Sequence[Entry], now: float) -> None:
        """Know exactly these entries."""
        known = next(
            (at for at, (one, entry) in enumerate(zip(self._entries, entries, strict=False)) if one.entry is not entry),
            min(len(self._entries), len(entries)),
        )
        del self._entries[known:]
        self._entries += [drawn(entry) for entry in entries[known:]]
        previous: Entry | None = None
        for one in self._entries:
            one.stand_below(previous)
            one.follow(now)
            previous = one.entry

    def _lay_out(self, brush: Brush) -> None:
        self._pieces, self._first_pieces = [], []
        for entry in self._entries:
            self._first_pieces.append(len(self._pieces))
            self._pieces += entry.pieces
        for piece in self._pieces:
            piece.measure(brush)
        self._starts = list(accumulate((piece.height for piece in self._pieces[:-1]), initial=0))
        self.height = self._starts[-1] + self._pieces[-1].height if self._pieces else 0

    def _top(self, place: Place | None, rows: int) -> int:
        end = max(self.height - rows, 0)
        return end if place is None else min(self.line(place), end)

    def _waiting(self, brush: Brush, top: int, rows: int, now: float) -> list[Piece] | None:
        """What is to be drawn near the screen, the nearest first; None = entries were opened, so look again."""
        beyond = int(NEAR * rows)
        near = range(top - beyond, top + rows + beyond)
        is_opened = False
        for position in self._entries_within(near):
            is_opened |= self._entries[position].open(now)
        if is_opened:
            return None
        middle = top + rows // 2
        waiting = [position for position in self._within(near) if self._pieces[position].waits_for(brush)]
        return [self._pieces[at] for at in sorted(waiting, key=lambda at: abs(self._starts[at] - middle))]

    def _drop_what_is_far(self, top: int, rows: int) -> None:
        kept = range(top - FAR * rows, top + (FAR + 1) * rows)
        for position, entry in enumerate(self._entries):
            lines = self.lines_of(position)
            if lines and (lines.stop <= kept.start or lines.start >= kept.stop):
                entry.close(len(lines))

    def _within(self, lines: range) -> Iterator[int]:
        """The pieces that stand on any of these lines, and those of no height among them."""
        first = max(self._at(lines.start), 0)
        for position in range(first, len(self._pieces)):
            if self._starts[position] >= lines.stop:
                return
            yield position

    def _entries_within(self, lines: range) -> Iterator[int]:
        pieces = list(self._within(lines))
        if pieces:
            first, last = (bisect_right(self._first_pieces, at) - 1 for at in (pieces[0], pieces[-1]))
            yield from range(first, last + 1)

    def _at(self, line: int) -> int:
        """The piece that stands there, the first for what lies above."""
        return max(bisect_right(self._starts, line) - 1, 0)
