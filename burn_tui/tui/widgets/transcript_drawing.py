"""One transcript as drawn lines: what has not changed is not drawn again, and no call draws for long."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from itertools import accumulate, chain

from msgspec import Struct
from textual.strip import Strip

from burn_tui.core.transcript import Answer, Asked, Entry, Notice
from burn_tui.tui.legible import legible
from burn_tui.tui.markdown_blocks import Block, BlockStream
from burn_tui.tui.widgets.entry_rendering import Brush

CHARACTERS_AT_ONCE = 2_000
"""So much of what waits to be drawn is drawn in one call, so that keys are answered in between."""

_SHORT = 100
"""Characters that a header or a notice counts for."""

Draw = Callable[[Brush], list[Strip]]


class Piece:
    """Lines that are drawn together. Until it is drawn anew it shows what it showed before."""

    def __init__(self) -> None:
        self.strips: list[Strip] = []
        self.weight = 0
        """Characters, if it may wait to be drawn; 0 = it never waits."""
        self._draw: Draw = _nothing
        self._content: Hashable = None
        self._brush: Brush | None = None

    def show(self, content: Hashable, draw: Draw, *, weight: int = _SHORT) -> None:
        """Look as `draw` says from now on; with an equal `content` it looks as it did."""
        if content != self._content:
            self._content, self._draw, self._brush = content, draw, None
        self.weight = weight

    def waits_for(self, brush: Brush) -> bool:
        """Whether it still has to be drawn."""
        return self._brush is not brush

    def draw(self, brush: Brush) -> None:
        """Draw it."""
        self.strips = self._draw(brush)
        self._brush = brush


class Place(Struct, frozen=True):
    """A line, told in a way that holds when everything is drawn with another width."""

    piece: Piece
    share: float
    """How much of the piece lies above: from 0, to 1 at its end."""


class TranscriptDrawing:
    """The lines of one transcript."""

    def __init__(self) -> None:
        self.strips: list[Strip] = []
        self.is_complete = True
        """False = something waits to be drawn by another update."""
        self._entries: list[_Fixed | _Growing] = []
        self._pieces: list[Piece] = []
        self._starts: list[int] = []
        """The first line of each piece."""

    def update(self, entries: Sequence[Entry], brush: Brush, *, now: float, at_line: int | None) -> int | None:
        """Bring the lines up to date and give the first that changed; None if none did.

        What is near `at_line` is drawn first; None = what is near the end. `now` is seconds since the epoch.
        """
        middle = None if at_line is None else self._position(at_line)
        self._follow(entries, now)
        self._draw_some(brush, len(self._pieces) if middle is None else middle)
        return self._lay_out()

    def place(self, line: int) -> Place | None:
        """Where `line` is; None while there is nothing."""
        if not self._pieces:
            return None
        position = self._position(line)
        piece = self._pieces[position]
        return Place(piece, min((line - self._starts[position]) / max(len(piece.strips), 1), 1.0))

    def line(self, place: Place) -> int:
        """Which line `place` is now; the one after the last if it is gone."""
        for piece, start in zip(self._pieces, self._starts, strict=True):
            if piece is place.piece:
                return start + round(place.share * len(piece.strips))
        return len(self.strips)

    def _position(self, line: int) -> int:
        return max(bisect_right(self._starts, line) - 1, 0)

    def _follow(self, entries: Sequence[Entry], now: float) -> None:
        """Have pieces for exactly these entries."""
        known = _same_at_the_start([drawn.entry for drawn in self._entries], entries)
        del self._entries[known:]
        self._entries += [_pieces_for(entry) for entry in entries[known:]]
        previous: Entry | None = None
        for drawn in self._entries:
            has_gap = _has_gap(previous, drawn.entry)
            drawn.gap.show(has_gap, _blank if has_gap else _nothing)
            drawn.follow(now)
            previous = drawn.entry
        self._pieces = [piece for drawn in self._entries for piece in drawn.pieces]

    def _draw_some(self, brush: Brush, middle: int) -> None:
        waiting = [position for position, piece in enumerate(self._pieces) if piece.waits_for(brush)]
        left = CHARACTERS_AT_ONCE
        self.is_complete = True
        for position in sorted(waiting, key=lambda position: abs(position - middle)):
            piece = self._pieces[position]
            if left > 0 or not piece.weight:
                piece.draw(brush)
                left -= piece.weight
            else:
                self.is_complete = False

    def _lay_out(self) -> int | None:
        before = self.strips
        self.strips = list(chain.from_iterable(piece.strips for piece in self._pieces))
        self._starts = list(accumulate((len(piece.strips) for piece in self._pieces[:-1]), initial=0))
        same = _same_at_the_start(before, self.strips)
        return None if same == len(before) == len(self.strips) else same


class _Fixed:
    """A question or a notice, which stay as they are."""

    def __init__(self, entry: Asked | Notice, draw: Draw) -> None:
        self.entry: Entry = entry
        self.gap, body = Piece(), Piece()
        body.show(True, draw, weight=max(len(entry.text), _SHORT))
        self.pieces = [self.gap, body]

    def follow(self, now: float) -> None:
        """Nothing changes."""


class _Growing:
    """An answer: header, reasoning, and its Markdown block by block."""

    def __init__(self, entry: Answer) -> None:
        self.entry: Entry = entry
        self.gap = Piece()
        self._answer = entry
        self._header = Piece()
        self._thought = Piece()
        self._blocks: list[Piece] = []
        self._stream = BlockStream()
        self._seen = 0
        """Characters of the text that the stream has."""
        self._finished = 0
        """Blocks that will not change; there may be one more, which is still being written."""

    @property
    def pieces(self) -> Iterable[Piece]:
        """In order."""
        return (self.gap, self._header, self._thought, *self._blocks)

    def follow(self, now: float) -> None:
        """Take over what has come since the last time."""
        answer = self._answer
        waited_s = int(max(now - answer.at, 0)) if answer.state == "waiting" else None
        self._header.show(
            (answer.state, bool(answer.text), id(answer.record), waited_s),
            lambda brush: brush.heading(answer, waited_s),
        )
        self._thought.show(
            (answer.state, bool(answer.text), len(answer.reasoning)), lambda brush: brush.thought(answer)
        )
        if len(answer.text) > self._seen or not _is_being_written(answer):
            self._take_over_text()

    def _take_over_text(self) -> None:
        more = legible(self._answer.text[self._seen :])
        self._seen = len(self._answer.text)
        blocks = self._stream.feed(more) if more else []
        if not _is_being_written(self._answer):
            blocks += self._stream.finish()
        for block in blocks:
            self._show(block, weight=len(block.source))
            self._finished += 1
        if (live := self._stream.live) is not None:
            self._show(live, weight=0)
        else:
            del self._blocks[self._finished :]

    def _show(self, block: Block, *, weight: int) -> None:
        """Show it behind those that are finished, where the unfinished one stood if there was one."""
        if len(self._blocks) == self._finished:
            self._blocks.append(Piece())
        draw = partial(Brush.block, block=block, is_first=self._finished == 0)
        self._blocks[self._finished].show(block, draw, weight=weight)


def _is_being_written(answer: Answer) -> bool:
    return answer.state in {"waiting", "streaming"}


def _pieces_for(entry: Entry) -> _Fixed | _Growing:
    match entry:
        case Asked():
            return _Fixed(entry, lambda brush: brush.asked(entry))
        case Notice():
            return _Fixed(entry, lambda brush: brush.notice(entry))
        case Answer():
            return _Growing(entry)


def _has_gap(previous: Entry | None, entry: Entry) -> bool:
    """Whether a blank line stands above `entry`. A notice about an answer without text stands right below it."""
    if previous is None:
        return False
    is_about_the_last = isinstance(previous, Notice) or (isinstance(previous, Answer) and not previous.text)
    return not (isinstance(entry, Notice) and is_about_the_last)


def _blank(brush: Brush) -> list[Strip]:
    return [brush.blank]


def _nothing(_: Brush) -> list[Strip]:
    return []


def _same_at_the_start(these: Sequence[object], those: Sequence[object]) -> int:
    """How many of the first ones are the very same objects."""
    both = enumerate(zip(these, those, strict=False))
    return next((position for position, (one, other) in both if one is not other), min(len(these), len(those)))
