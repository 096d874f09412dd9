"""Text on a coloured ground."""

from burn_tui.tui.colour_vision import contrast


def text_on(colour: str) -> str:
    """Black or white, whichever is easier to read on `colour`, which is "#rrggbb"."""
    return max("#000000", "#ffffff", key=lambda text: contrast(text, colour))


def filled(colour: str) -> str:
    """The style of bold text on a ground of `colour`."""
    return f"bold {text_on(colour)} on {colour}"
