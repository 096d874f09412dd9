"""The last thing before the terminal: whatever a line says, it cannot act.

A widget that forgot `legible` does no harm.
"""

from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from burn_tui.tui.legible import legible


class Inert(LineFilter):
    """Takes out what would move the cursor, talk to the terminal, link or hide.

    Such characters are as wide as nothing, so what stands beside them stays where it is.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - Textual's signature
        """A line without them."""
        for text, style, _ in segments:
            if not _is_harmless(text) or (style is not None and style.link):
                return [_inert(segment) for segment in segments]
        return segments


def _inert(segment: Segment) -> Segment:
    text, style, control = segment
    return Segment(
        "".join(character for character in text if _is_harmless(character)),
        style.update_link(None) if style is not None and style.link else style,
        control,
    )


def _is_harmless(text: str) -> bool:
    return text.isprintable() if text.isascii() else _is_legible(text)


@lru_cache(4096)
def _is_legible(text: str) -> bool:
    return legible(text) == text and "\n" not in text and "\t" not in text
