"""The last thing before the terminal: whatever a line says, it cannot act.

A widget that forgot `legible` does no harm.
"""

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
        if all(_is_inert(segment) for segment in segments):
            return segments
        return [
            Segment(
                "".join(character for character in text if _is_harmless(character)),
                style.update_link(None) if style is not None and style.link else style,
                control,
            )
            for text, style, control in segments
        ]


def _is_inert(segment: Segment) -> bool:
    return _is_harmless(segment.text) and (segment.style is None or not segment.style.link)


def _is_harmless(text: str) -> bool:
    if text.isascii():
        return text.isprintable()
    return legible(text) == text and "\n" not in text and "\t" not in text
