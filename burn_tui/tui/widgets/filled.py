"""Text on a coloured ground."""

from textual.color import Color


def text_on(colour: str) -> str:
    """Black or white, whichever is easier to read on `colour`."""
    return "#000000" if Color.parse(colour).get_contrast_text(1.0).brightness < 0.5 else "#ffffff"


def filled(colour: str) -> str:
    """The style of bold text on a ground of `colour`."""
    return f"bold {text_on(colour)} on {colour}"
