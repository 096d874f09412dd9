"""What the terminal can show: all colours, its own sixteen, or none at all; and how the dashboard fits itself to it.

What Textual draws is drawn in full colour. Filters then turn it into what there is, a line at a time:

    sixteen   every colour becomes one of the terminal's own, for themes that are made of these
    none      every filled ground becomes reverse video, and nothing else is left of colour (no-color.org)
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter, Monochrome, NoColor

from burn_tui.tui.colour_vision import contrast
from burn_tui.tui.theme import SIXTEEN, Palette

Colours = Literal["all", "sixteen", "none"]

FILLED = 1.5
"""A ground with more contrast than this to the screen's own means something, such as which tab is open."""

_MONOCHROME = re.compile(r"(dumb|unknown|)|vt\d+.*|.*-(mono|m)")
"""Values of TERM, as terminfo's names go. It is not asked, since small containers have none of its files."""

_MANY = re.compile(r".*(256color|direct|truecolor|kitty|ghostty|alacritty|wezterm).*")


def colours_of(environ: Mapping[str, str]) -> Colours:
    """What the terminal of a process with these variables can show."""
    term = environ.get("TERM", "").strip().lower()
    if environ.get("NO_COLOR") or _MONOCHROME.fullmatch(term):
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"} or _MANY.fullmatch(term):
        return "all"
    return "sixteen"


def filters(usual: Sequence[LineFilter], colours: Colours, palette: Palette) -> Sequence[LineFilter]:
    """Textual's filters, and the one that this terminal and this palette need."""
    if colours == "none":
        # Textual's own answer to NO_COLOR is shades of grey, which are colours to whoever asked for none.
        kept = [one for one in usual if not isinstance(one, Monochrome | NoColor)]
        return [*kept, Uncoloured(palette.interface.background)]
    return [*usual, Sixteen()] if palette.is_ansi else usual


class Uncoloured(LineFilter):
    """Bold, underline and italics stay; what stands on a ground of its own is reversed."""

    def __init__(self, background: str) -> None:
        super().__init__()
        self._background = background

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Take the colours out of a line."""
        return [
            Segment(text, None if style is None else _uncoloured(style, self._background), control)
            for text, style, control in segments
        ]


class Sixteen(LineFilter):
    """Each colour by the number that the terminal knows it by."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """Number the colours of a line."""
        return [
            Segment(text, None if style is None else _numbered(style), control) for text, style, control in segments
        ]


@lru_cache(1024)
def _uncoloured(style: Style, background: str) -> Style:
    is_filled = style.bgcolor is not None and not style.bgcolor.is_default
    if is_filled and style.bgcolor is not None:
        is_filled = contrast(style.bgcolor.get_truecolor().hex, background) > FILLED
    return Style(
        bold=style.bold,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        reverse=is_filled != bool(style.reverse),
        meta=style.meta,
    )


@lru_cache(1024)
def _numbered(style: Style) -> Style:
    return style + Style.from_color(_number(style.color), _number(style.bgcolor))


@lru_cache(1024)
def _number(colour: RichColor | None) -> RichColor | None:
    if colour is None or colour.triplet is None:
        return colour
    wanted = colour.triplet
    distances = [sum((a - b) ** 2 for a, b in zip(wanted, _rgb(known), strict=True)) for known in SIXTEEN]
    return RichColor.from_ansi(distances.index(min(distances)))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
