"""The conversation on screen: follows its end, stays where the person scrolled to, and never repaints in a hurry."""

from collections.abc import Callable
from datetime import tzinfo
from textwrap import wrap
from time import monotonic, time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from burn_tui.core.transcript import Transcript
from burn_tui.tui.palette_theme import palette_of

if TYPE_CHECKING:
    from burn_tui.tui.widgets.entry_rendering import Brush
    from burn_tui.tui.widgets.transcript_drawing import Place, TranscriptDrawing

REPAINT_S = 1 / 20
"""At least so long from one repaint to the next."""

KEPT_DRAWINGS = 3
"""Of so many transcripts what was drawn is kept, so that going to and fro costs nothing."""

_SHARE_OF_DRAWING = 1 / 4
"""Of all time, however slow the machine is: the rest is for keys."""

_LATER_S = 0.3
"""After the dashboard is there, until what Markdown needs is loaded: who starts it wants to type."""

_CLOCK_S = 1.0
"""Between two looks at how long an answer is awaited."""

_HINT = "Type a question below and press Enter. F1 shows every key."

_MORE_BELOW = ("more below ↓ PageDown", "more below ↓", "↓")
"""The longest that has room is shown."""


class TranscriptView(ScrollView, can_focus=True):
    """Draws one Transcript at a time; what it has drawn of others is kept as long as they are."""

    DEFAULT_CSS = """
    TranscriptView { background: $background; overflow-x: hidden; overflow-y: scroll; }
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time,
        timezone: tzinfo | None = None,
        hint: str = _HINT,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._now = now
        """Seconds since the epoch, by the clock that entries are stamped with."""
        self._timezone = timezone
        """In which times are shown; None = the local one."""
        self._hint_words = hint
        """What is shown while nothing has been said."""
        self._transcript: Transcript | None = None
        self._drawings: WeakKeyDictionary[Transcript, TranscriptDrawing] = WeakKeyDictionary()
        """The latest ones, the one on screen last."""
        self._left_at: WeakKeyDictionary[Transcript, Place] = WeakKeyDictionary()
        """Where the person was reading in transcripts that are not on screen; those read at their end are not here."""
        self._brush: Brush | None = None
        self._hint_lines: list[Strip] = []
        """What is shown while there is nothing to scroll through."""
        self._in_sight: tuple[int, list[Strip | None]] = (0, [])
        """The line on top, and how those in sight looked when they were last looked at."""
        self._is_showing = False
        """Whether it scrolls by itself at the moment."""
        self._is_at_end = True
        """Whether the end is in sight, and what comes is scrolled to."""
        self._is_repaint_due = False
        self._repaint_after = 0.0
        self._clock: Timer | None = None

    def on_mount(self) -> None:
        """Colours change with the theme. What Markdown needs is loaded while nobody waits for it."""
        self.set_timer(_LATER_S, lambda: self.run_worker(_load_markdown, thread=True))
        self.app.theme_changed_signal.subscribe(self, lambda _: self.notice_change())

    def bind(self, transcript: Transcript | None) -> None:
        """Show `transcript` from now on, where the person left it; None = nothing."""
        if transcript is not self._transcript:
            self._remember_place()
            self._transcript = transcript
            self._is_at_end = transcript is None or transcript not in self._left_at
            self.refresh()
        self._repaint()

    def show_entry(self, position: int) -> None:
        """Scroll to the entry at `position`, from 0."""
        if self._transcript is not None:
            self._left_at[self._transcript] = _place_of(position)
            self._is_at_end = False
            self._repaint()

    def follow(self) -> None:
        """Show the end from now on, wherever the person was reading."""
        self._is_at_end = True
        self._repaint()

    def notice_change(self) -> None:
        """Repaint soon: now if the last time is long past, else when it is."""
        if self._is_repaint_due or not self.is_attached:
            return
        self._is_repaint_due = True
        wait_s = self._repaint_after - monotonic()
        if wait_s > 0:
            self.set_timer(wait_s, self._repaint)
        else:
            self.call_later(self._repaint)

    @property
    def _room(self) -> Size:
        """Columns and rows beside the scrollbar."""
        return self.scrollable_content_region.size

    # --- painting --------------------------------------------------------------------------------

    def _repaint(self) -> None:
        """Take over what has changed and show it."""
        self._is_repaint_due = False
        if self._room.width == 0:
            return
        started = monotonic()
        transcript = self._transcript
        if transcript is not None and transcript.entries:
            self._draw(transcript)
        else:
            self._hint_lines = self._hint() if transcript is not None else []
            self._show(len(self._hint_lines), 0)
        self._keep_time()
        self._repaint_after = started + max(REPAINT_S, (monotonic() - started) / _SHARE_OF_DRAWING)

    def _draw(self, transcript: Transcript) -> None:
        drawing = self._drawing(transcript)
        here = self.scroll_offset.y
        was_here = drawing.place(here)
        place = None if self._is_at_end else self._left_at.pop(transcript, None) or was_here
        top = drawing.update(
            transcript.entries, self._current_brush(), now=self._now(), place=place, rows=self._room.height
        )
        if was_here is not None and place in {None, was_here}:
            self._moved(drawing.line(was_here) - here)
        self._show(drawing.height, top)
        if not drawing.is_complete:
            self.notice_change()

    def _moved(self, lines: int) -> None:
        """What is in sight stands so many lines further down than before: what lies above has another height."""

    def _have_height(self, height: int) -> None:
        size, room = Size(self._room.width, height), self._room.height
        if self.show_vertical_scrollbar and min(height, self.virtual_size.height) > room:
            # Setting it lays out the whole screen, which only a bar that comes or goes makes necessary.
            self.set_reactive(TranscriptView.virtual_size, size)
            self._scroll_update(size)
        else:
            self.virtual_size = size

    def _show(self, height: int, top: int) -> None:
        """Scroll through `height` lines from now on, with `top` as the first in sight, and paint those that changed."""
        self._is_showing = True
        self._have_height(height)
        top = min(top, self.max_scroll_y)
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)
        self._is_showing = False
        self._look_for_the_end()
        was_on_top, before = self._in_sight
        now = [self._strip(top + row) for row in range(self._room.height)]
        self._in_sight = (top, now)
        if top == was_on_top:
            row = next((row for row, pair in enumerate(zip(before, now, strict=False)) if pair[0] is not pair[1]), None)
            row = min(len(before), len(now)) if row is None and len(before) != len(now) else row
            if row is not None:
                self.refresh(Region(0, row, self._room.width, self._room.height - row))

    def render_line(self, y: int) -> Strip:
        """The line in row `y` of what is in sight."""
        if y == self._room.height - 1 and not self._is_at_end:
            return self._more_below()
        line = self.scroll_offset.y + y
        strip = self._strip(line)
        return Strip.blank(self._room.width, self.rich_style) if strip is None else self._dressed(strip, line)

    def _strip(self, line: int) -> Strip | None:
        """How the line looks; None = there is nothing to show."""
        if self._transcript is None or not self._transcript.entries:
            return self._hint_lines[line] if line < len(self._hint_lines) else None
        return self._drawing(self._transcript).strip(line)

    def _dressed(self, strip: Strip, line: int) -> Strip:  # noqa: ARG002 - for subclasses
        """The line as it is painted."""
        return strip

    def _drawing(self, transcript: Transcript) -> "TranscriptDrawing":
        from burn_tui.tui.widgets import transcript_drawing  # noqa: PLC0415 - the first frame is painted without Markdown

        drawing = self._drawings.pop(transcript, None) or transcript_drawing.TranscriptDrawing()
        self._drawings[transcript] = drawing
        while len(self._drawings) > KEPT_DRAWINGS:
            del self._drawings[next(iter(self._drawings))]
        return drawing

    def _current_brush(self) -> "Brush":
        """Another one where width or colours are not what they were."""
        from burn_tui.tui.widgets import entry_rendering  # noqa: PLC0415 - the first frame is painted without Markdown

        width, palette = self._room.width, palette_of(self.app.current_theme)
        if self._brush is None or self._brush.width != width or self._brush.palette is not palette:
            self._brush = entry_rendering.Brush(width, palette, self._timezone)
        return self._brush

    def _hint(self) -> list[Strip]:
        """What an empty transcript shows, in the middle."""
        width, height = self._room
        style = self.rich_style + Style(color=palette_of(self.app.current_theme).interface.muted)
        lines = [Strip([Segment(line.center(width), style)]) for line in wrap(self._hint_words, width)]
        return [*[Strip.blank(width, self.rich_style)] * ((height - len(lines)) // 2), *lines]

    def _more_below(self) -> Strip:
        palette, width = palette_of(self.app.current_theme), self._room.width
        words = next((words for words in _MORE_BELOW if len(words) <= width), "")
        style = Style(color=palette.attention, bgcolor=palette.interface.surface)
        return Strip([Segment(words.center(width), style)])

    def _keep_time(self) -> None:
        """Look at the clock while somebody is awaited, and only then."""
        answer = self._transcript.answering if self._transcript is not None else None
        is_waiting = answer is not None and answer.state == "waiting"
        if is_waiting and self._clock is None:
            self._clock = self.set_interval(_CLOCK_S, self.notice_change)
        elif not is_waiting and self._clock is not None:
            self._clock.stop()
            self._clock = None

    # --- scrolling -------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Everything flows anew, round what is in sight."""
        self._repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Know whether the end is in sight, however it was scrolled there, and draw what has come into sight."""
        super().watch_scroll_y(old_value, new_value)
        if self._is_showing:
            return
        self._look_for_the_end()
        if self._has_gaps:
            self._repaint()
        else:
            self.notice_change()

    @property
    def _has_gaps(self) -> bool:
        """Whether anything in sight was never drawn."""
        top = self.scroll_offset.y
        lines = range(top, min(top + self._room.height, self.virtual_size.height))
        return any(self._strip(line) is None for line in lines)

    def _look_for_the_end(self) -> None:
        was_at_end = self._is_at_end
        self._is_at_end = self.scroll_offset.y >= self.max_scroll_y
        if self._is_at_end != was_at_end:
            self.refresh()

    def _remember_place(self) -> None:
        transcript = self._transcript
        if transcript is None or transcript not in self._drawings or self._is_at_end:
            return
        if (place := self._drawings[transcript].place(self.scroll_offset.y)) is not None:
            self._left_at[transcript] = place

    def on_click(self, event: events.Click) -> None:
        """On the line that says that there is more."""
        if event.y == self._room.height - 1 and not self._is_at_end:
            self.action_scroll_end()

    def action_page_up(self) -> None:
        """Back, so that the first line becomes the last."""
        self._scroll_pages(-1)

    def action_page_down(self) -> None:
        """On, so that the last line, where the end is pointed to, becomes the first."""
        self._scroll_pages(1)

    def action_scroll_home(self) -> None:
        """To the first question."""
        self.scroll_to(y=0, animate=False)

    def action_scroll_end(self) -> None:
        """To the end, which is followed from then on."""
        self.scroll_to(y=self.max_scroll_y, animate=False)

    def _scroll_pages(self, pages: int) -> None:
        self.scroll_relative(y=pages * max(self._room.height - 1, 1), animate=False)


def _place_of(entry: int) -> "Place":
    """Where the entry at this position begins, below the gap above it."""
    from burn_tui.tui.widgets import transcript_drawing  # noqa: PLC0415 - the first frame is painted without Markdown

    return transcript_drawing.Place(entry, 1, 0.0)


def _load_markdown() -> None:
    from burn_tui.tui.widgets import transcript_drawing  # noqa: F401, PLC0415 - the first frame is painted without it
