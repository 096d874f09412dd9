"""All that a line passes on its way to the terminal, as one filter: a repaint makes one new line instead of several."""

from collections.abc import Sequence

from rich.color import Color as RichColor
from rich.segment import Segment
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter


class OneFilter(LineFilter):
    """These filters, one after the other.

    Textual keeps what a filter made of a line for as long as it is asked with the same filter, so this is kept too.
    """

    def __init__(self, filters: Sequence[LineFilter]) -> None:
        super().__init__()
        self._filters = [Sparing(one) if isinstance(one, ANSIToTruecolor) else one for one in filters]

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """A line as all of them leave it."""
        for one in self._filters:
            segments = one.apply(segments, background)
        return segments


class Sparing(LineFilter):
    """Textual's filter for the terminal's own colours, asked only about lines that have any or are dimmed."""

    def __init__(self, usual: ANSIToTruecolor) -> None:
        super().__init__()
        self._usual = usual

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Such a line as Textual would have it; any other as it is."""
        for _, style, _ in segments:
            if style is not None and (style.dim or _is_own(style.color) or _is_own(style.bgcolor)):
                return self._usual.apply(segments, background)
        return segments


def _is_own(colour: RichColor | None) -> bool:
    """Whether it is a colour of the terminal's own, which only the terminal knows."""
    return colour is not None and colour.triplet is None
