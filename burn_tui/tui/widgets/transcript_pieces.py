"""The entries of a transcript as pieces that are drawn one by one, and only while they are near the screen."""

from collections.abc import Callable, Hashable, Iterable
from functools import partial

from textual.strip import Strip

from burn_tui.core.transcript import Answer, Asked, Entry, Notice
from burn_tui.tui.folding import beginning_of
from burn_tui.tui.legible import legible
from burn_tui.tui.markdown_blocks import Block, BlockStream
from burn_tui.tui.widgets.entry_rendering import Brush

_SHORT = 100
"""Characters that a header or a notice counts for."""

Draw = Callable[[Brush], list[Strip]]


class Piece:
    """Lines that are drawn together. Until it is drawn anew it shows what it showed before."""

    def __init__(self) -> None:
        self.height = 0
        """In lines; estimated as long as nothing was drawn."""
        self.weight = 0
        """Characters, if it may wait to be drawn; 0 = it never waits."""
        self._strips: list[Strip] | None = None
        """None = not drawn."""
        self._draw: Draw = _nothing
        self._guess: Callable[[int], int] = _no_line
        self._content: Hashable = None
        self._brush: Brush | None = None
        self._width = 0
        """For which the height holds; 0 = for none."""

    def show(self, content: Hashable, draw: Draw, *, guess: Callable[[int], int], weight: int = _SHORT) -> None:
        """Look as `draw` says from now on, about `guess(columns)` lines high; with an equal `content` as it did."""
        if content != self._content:
            self._content, self._draw, self._guess, self._brush = content, draw, guess, None
            if self._strips is None:
                self._width = 0
        self.weight = weight

    def measure(self, brush: Brush) -> None:
        """Know the height, roughly if need be."""
        if self._strips is None and self._width != brush.width:
            self.height, self._width = self._guess(brush.width), brush.width

    def waits_for(self, brush: Brush) -> bool:
        """Whether it still has to be drawn."""
        return self._brush is not brush

    def draw(self, brush: Brush) -> None:
        """Draw it."""
        self._strips = self._draw(brush)
        self.height, self._width, self._brush = len(self._strips), brush.width, brush

    def strip(self, line: int) -> Strip | None:
        """Its line of that number, from 0; None = it is not drawn."""
        return self._strips[line] if self._strips is not None and line < len(self._strips) else None


class DrawnEntry:
    """A gap, and what stands below it. Closed, it is one piece that knows no more than its height."""

    def __init__(self, entry: Entry, shown: str) -> None:
        self.entry: Entry = entry
        self._gap = Piece()
        self._closed: Piece | None = _closed_piece(shown)
        """None = it is open."""

    @property
    def pieces(self) -> Iterable[Piece]:
        """In order."""
        return (self._gap, self._closed) if self._closed is not None else (self._gap, *self._open_pieces())

    def stand_below(self, previous: Entry | None) -> None:
        """Leave a blank line above where there has to be one."""
        has_gap = _has_gap(previous, self.entry)
        self._gap.show(has_gap, _blank if has_gap else _nothing, guess=_one_line if has_gap else _no_line, weight=0)

    def follow(self, now: float) -> None:
        """Take over what has come since the last time."""
        if self._closed is None:
            self._follow(now)
        elif isinstance(self.entry, Answer) and _is_being_written(self.entry):
            self._closed = _closed_piece(self.entry.text)

    def open(self, now: float) -> bool:
        """Have pieces that can be drawn; False if it had them before."""
        if self._closed is None:
            return False
        self._closed = None
        self._begin()
        self._follow(now)
        return True

    def close(self, height: int) -> None:
        """Forget everything but the height."""
        if self._closed is None:
            self._closed = _closed_piece(self.entry.text, height)
            self._end()

    def _open_pieces(self) -> Iterable[Piece]:
        raise NotImplementedError

    def _begin(self) -> None:
        raise NotImplementedError

    def _follow(self, now: float) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError


class _Fixed(DrawnEntry):
    """A question or a notice, which stay as they are."""

    def __init__(self, entry: Asked | Notice, draw: Draw, *, shown: str) -> None:
        super().__init__(entry, shown)
        self._draw = draw
        self._shown = shown
        self._body = Piece()

    def _open_pieces(self) -> Iterable[Piece]:
        return (self._body,)

    def _begin(self) -> None:
        weight = max(len(self._shown), _SHORT)
        self._body.show(True, self._draw, guess=partial(_lines_of, self._shown), weight=weight)

    def _follow(self, now: float) -> None:
        """Nothing changes."""

    def _end(self) -> None:
        self._body = Piece()


class _Growing(DrawnEntry):
    """An answer: header, reasoning, its Markdown block by block, and what the person says about it."""

    def __init__(self, entry: Answer) -> None:
        super().__init__(entry, entry.text)
        self._answer = entry
        self._begin()

    def _open_pieces(self) -> Iterable[Piece]:
        return (self._header, self._thought, *self._blocks, self._note)

    def _begin(self) -> None:
        self._header = Piece()
        self._thought = Piece()
        self._note = Piece()
        self._blocks: list[Piece] = []
        self._stream = BlockStream()
        self._seen = 0
        """Characters of the text that the stream has."""
        self._finished = 0
        """Blocks that will not change; there may be one more, which is still being written."""

    def _end(self) -> None:
        self._begin()

    def _follow(self, now: float) -> None:
        answer = self._answer
        waited_s = int(max(now - answer.at, 0)) if answer.state == "waiting" else None
        self._header.show(
            (answer.state, bool(answer.text), id(answer.record), answer.verdict, waited_s),
            lambda brush: brush.heading(answer, waited_s),
            guess=_one_line,
        )
        self._thought.show(
            (answer.state, bool(answer.text), len(answer.reasoning)),
            lambda brush: brush.thought(answer),
            guess=_one_line if answer.reasoning else _no_line,
        )
        self._note.show(answer.note, lambda brush: brush.note(answer), guess=partial(_lines_of, answer.note, besides=0))
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
        guess = partial(_lines_of, block.source, besides=0)
        self._blocks[self._finished].show(block, draw, guess=guess, weight=weight)


def drawn(entry: Entry) -> DrawnEntry:
    """The entry, closed."""
    match entry:
        case Asked():
            return _Fixed(entry, lambda brush: brush.asked(entry), shown=beginning_of(entry.text)[0])
        case Notice():
            return _Fixed(entry, lambda brush: brush.notice(entry), shown=entry.text)
        case Answer():
            return _Growing(entry)


def _closed_piece(text: str, height: int | None = None) -> Piece:
    """Stands for a whole entry; without a height that is known it is guessed."""
    piece = Piece()
    guess = partial(_lines_of, text) if height is None else lambda _: height
    piece.show(True, _nothing, guess=guess, weight=0)
    return piece


def _lines_of(text: str, columns: int, besides: int = 1) -> int:
    """About how many lines `text` takes, and `besides` more."""
    return besides + text.count("\n") + len(text) // max(columns, 1) + bool(text)


def _is_being_written(answer: Answer) -> bool:
    return answer.state in {"waiting", "streaming"}


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


def _one_line(_: int) -> int:
    return 1


def _no_line(_: int) -> int:
    return 0
