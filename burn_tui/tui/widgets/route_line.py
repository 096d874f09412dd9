"""What will happen if Enter is pressed now: the way a prompt takes, its price, and who is asked first."""

from typing import Literal

from msgspec import Struct
from textual.content import Content

from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.packing import packed

Tone = Literal["plain", "quiet", "good", "attention", "stop"]

_STYLES: dict[Tone, str] = {
    "plain": "$foreground",
    "quiet": "$foreground-muted",
    "good": "$text-success",
    "attention": "bold $text-warning",
    "stop": "bold $text-error",
}


_ROOMY_CELLS = 60


class Fact(Struct, frozen=True):
    """One thing that will be so."""

    text: str
    short: str = ""
    """For narrow lines; "" = the text is short enough."""
    tone: Tone = "plain"


class RouteLine(Drawn[tuple[Fact, ...]]):
    """Takes a second line where one is too short."""

    DEFAULT_CSS = """
    RouteLine { min-height: 1; padding: 0 1 0 3; }
    """

    def draw(self, view: tuple[Fact, ...], width: int) -> Content:
        """Facts side by side."""
        is_narrow = width < _ROOMY_CELLS
        texts = (Content.styled((is_narrow and fact.short) or fact.text, _STYLES[fact.tone]) for fact in view)
        return packed(texts, width, gap=2 if is_narrow else 3)
