"""The conversation as something to work with: messages can be marked, and text selected by mouse and by key."""

from itertools import dropwhile
from textwrap import dedent

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from burn_tui.core.transcript import Answer, Asked, Transcript
from burn_tui.tui.actions import handler_at
from burn_tui.tui.palette_theme import palette_of
from burn_tui.tui.widgets.transcript_view import TranscriptView

_BAR = "▌"
_QUOTE = "▎ "
"""What stands before the lines of a question."""


class TranscriptReader(TranscriptView):
    """Marks at most one message; what concerns a message concerns that one, else the last answer."""

    _marked: int | None = None
    """Position of its entry."""
    _shift = 0
    """How many lines further down everything in sight has moved since it was bound: selections count without it."""
    _anchor: int | None = None
    """The line at which selecting by key began, counted like selections; None = nothing is selected by key."""
    _cursor = 0
    """The other end of it."""

    def bind(self, transcript: Transcript | None) -> None:
        """Show another conversation, with nothing marked or selected in it."""
        if transcript is not self._transcript:
            self._marked = None
            self.clear_selection()
        super().bind(transcript)

    def on_resize(self) -> None:
        """Other lines than those that were selected."""
        self.clear_selection()
        super().on_resize()

    async def _on_key(self, event: events.Key) -> None:
        """Tab at once: Textual looks bindings up later, and letters typed meanwhile would be taken for keys."""
        if self.screen.focused is not self:
            event.stop()
            event.prevent_default()
            self.app.post_message(events.Key(event.key, event.character))
        elif handler_at("conversation", event.key) == "app.focus_next":
            event.stop()
            event.prevent_default()
            self.screen.focus_next()

    def key_escape(self, event: events.Key) -> None:
        """First of all nothing is selected or marked any more; only then Escape means what it means elsewhere."""
        if self.text_selection is not None or self.is_marked:
            self.clear_selection()
            self._marked = None
            self.refresh()
            event.stop()

    # --- messages --------------------------------------------------------------------------------

    @property
    def message(self) -> Asked | Answer | None:
        """The marked one, else the last answer that has any text; None = there is none."""
        messages = self._messages()
        if self._marked in messages:
            return messages[self._marked]
        return next((one for one in reversed(messages.values()) if isinstance(one, Answer)), None)

    @property
    def is_marked(self) -> bool:
        """Whether the person has marked a message."""
        return self._marked in self._messages()

    def mark(self, by: int) -> bool:
        """Mark the message after (1) or before (-1) the marked one, from the end; False if there is none."""
        positions = list(self._messages())
        at = positions.index(self._marked) + by if self._marked in positions else len(positions) - 1
        if not 0 <= at < len(positions):
            return False
        self._marked = positions[at]
        if not self._begins_in_sight(self._marked):
            self.show_entry(self._marked)
        self.refresh()
        return True

    @property
    def is_heading_in_sight(self) -> bool:
        """Whether the heading of `message` can be read without scrolling."""
        message = self.message
        return any(self._begins_in_sight(position) for position, one in self._messages().items() if one is message)

    def _begins_in_sight(self, position: int) -> bool:
        lines, top = self._lines_of(position), self.scroll_offset.y
        return bool(lines) and top <= lines.start < top + self._room.height

    def _messages(self) -> dict[int, Asked | Answer]:
        """Questions and answers that have any text, by position."""
        entries = self._transcript.entries if self._transcript is not None else []
        return {at: one for at, one in enumerate(entries) if isinstance(one, Asked | Answer) and one.text.strip()}

    def _lines_of(self, position: int) -> range:
        return range(0) if self._transcript is None else self._drawing(self._transcript).lines_of(position)

    # --- selecting -------------------------------------------------------------------------------

    def select_lines(self, by: int) -> None:
        """Select the line in the middle of the screen, or what is marked; once more, `by` lines more or less."""
        if self._transcript is None or not self._transcript.entries:
            return
        last = self.virtual_size.height - 1
        if self._anchor is None:
            lines = self._lines_of(self._marked) if self._marked is not None else range(0)
            in_sight = self.scroll_offset.y + self._room.height // 2
            self._anchor = self._cursor = min(lines.start if lines else in_sight, last) - self._shift
        else:
            self._cursor = min(max(self._cursor + by, -self._shift), last - self._shift)
        first, end = sorted((self._anchor, self._cursor))
        self.screen.selections = {self: Selection(Offset(0, first), Offset(self._room.width, end))}
        self._bring_into_sight(self._cursor + self._shift)

    def clear_selection(self) -> None:
        """Select nothing."""
        self._anchor, self._shift = None, 0
        if self.is_attached and self in self.screen.selections:
            self.screen.clear_selection()

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint it."""
        if selection is None:
            self._anchor = None
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text without the margins it is drawn with, and what ends it."""
        if self._transcript is None:
            return None
        first = self.scroll_offset.y if selection.start is None else selection.start.y + self._shift
        last = self.scroll_offset.y + self._room.height - 1 if selection.end is None else selection.end.y + self._shift
        lines = []
        for line in range(max(first, 0), min(last, self.virtual_size.height - 1) + 1):
            span = selection.get_span(line - self._shift)
            strip = self._strip(line)
            if span is not None and strip is not None:
                lines.append(_cut(strip.text, *span))
        return _without_margins(lines), "\n"

    def _moved(self, lines: int) -> None:
        self._shift += lines

    def _bring_into_sight(self, line: int) -> None:
        top, rows = self.scroll_offset.y, self._room.height
        # The last row may be covered by the sign that more follows.
        if line < top:
            self.scroll_to(y=line, animate=False)
        elif line >= top + rows - 1:
            self.scroll_to(y=line - rows + 2, animate=False)

    # --- painting --------------------------------------------------------------------------------

    def _dressed(self, strip: Strip, line: int) -> Strip:
        """With the bar of the marked message, and what is selected in its colours."""
        selection = self.text_selection
        span = selection.get_span(line - self._shift) if selection is not None else None
        if span is not None:
            strip = self._highlighted(strip, *span)
        if self._marked is not None and line in self._lines_of(self._marked):
            strip = self._with_bar(strip, is_selected=span is not None)
        return strip.apply_offsets(0, line - self._shift)

    def _with_bar(self, strip: Strip, *, is_selected: bool) -> Strip:
        interface = palette_of(self.app.current_theme).interface
        if self._current_brush().edge:
            bar = Segment(_BAR, Style(color=interface.accent, bgcolor=interface.background))
            return Strip.join([Strip([bar]), strip.crop(1)])
        if is_selected:
            return strip
        strip = strip.adjust_cell_length(self._room.width)
        return Strip(Segment.apply_style(strip, post_style=Style(bgcolor=interface.panel)), strip.cell_length)

    def _highlighted(self, strip: Strip, start: int, end: int) -> Strip:
        if end == -1:
            strip = strip.adjust_cell_length(self._room.width)
        text = strip.text
        left = cell_len(text[:start])
        right = strip.cell_length if end == -1 else max(cell_len(text[:end]), left)
        interface = palette_of(self.app.current_theme).interface
        style = Style(color=interface.background, bgcolor=interface.accent)
        before, selected, after = strip.crop(0, left), strip.crop(left, right), strip.crop(right)
        marked = Strip(Segment.apply_style(selected, post_style=style), selected.cell_length)
        return Strip.join([before, marked, after])


def _cut(text: str, start: int, end: int) -> str:
    return text[start:] if end == -1 else text[start:end]


def _without_margins(lines: list[str]) -> str:
    """Without the bars of questions, the indentation of answers and what fills lines up."""
    bare = [line.lstrip(" ").removeprefix(_QUOTE) if line.lstrip(" ").startswith(_QUOTE) else line for line in lines]
    bare = [line.rstrip() for line in dropwhile(lambda line: not line.strip(), bare)]
    # The first line may begin in its middle, and then says nothing about the indentation of the others.
    rest = dedent("\n".join(bare[1:]))
    return "\n".join([bare[0].lstrip(" ") if bare else "", *([rest] if bare[1:] else [])]).rstrip()
