"""A terminal that a command prints to: what would act on it is shown as a sign instead."""

from io import TextIOWrapper

from burn_tui.tui.legible import legible


class LegibleTerminal(TextIOWrapper):
    """Made over the bytes of a terminal; a pipe or a file gets text as it is."""

    def write(self, text: str) -> int:
        """All of `text`, made legible."""
        super().write(legible(text))
        return len(text)
