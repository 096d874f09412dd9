"""The list above the prompt while a command or a name is being typed."""

from msgspec import Struct
from rich.cells import cell_len
from textual.content import Content

from burn_tui.tui.completion import Candidate
from burn_tui.tui.widgets.drawn import Drawn

ROWS, FEW_ROWS = 6, 3
"""At most, and where the terminal has few."""

_LOW = 20
"""Rows of a terminal that has few."""


class Offer(Struct, frozen=True):
    """What is offered, and which of it Tab would take."""

    candidates: tuple[Candidate, ...]
    marked: int = 0


class Completions(Drawn[Offer]):
    """Takes no room while there is nothing to offer."""

    DEFAULT_CSS = """
    Completions { display: none; padding: 0 1 0 3; background: $surface; }
    """

    def show(self, view: Offer) -> None:
        """Appear with it, or make room."""
        self.display = bool(view.candidates)
        super().show(view)

    def draw(self, view: Offer, width: int) -> Content:
        """Those round the marked one, each on a line of its own."""
        rows = FEW_ROWS if self.app.size.height < _LOW else ROWS
        first = min(max(view.marked - rows // 2, 0), max(len(view.candidates) - rows, 0))
        shown = view.candidates[first : first + rows]
        indent = max((cell_len(one.text) for one in shown if one.about), default=0) + 2
        return Content("\n").join(
            _line(one, indent, width, is_marked=first + at == view.marked) for at, one in enumerate(shown)
        )


def _line(one: Candidate, indent: int, width: int, *, is_marked: bool) -> Content:
    sign = "▸ " if is_marked else "  "
    name = Content.styled(f"{sign}{one.text}", "bold $text-accent" if is_marked else "$text-accent")
    about = Content.styled(one.about, "$foreground" if is_marked else "$foreground-muted")
    line = Content.assemble(name.pad_right(max(indent + 2 - name.cell_length, 1)), about)
    return line.truncate(width, ellipsis=True) if line.cell_length > width else line
