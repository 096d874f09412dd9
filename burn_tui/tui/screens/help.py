"""Every key, from the one registry."""

from itertools import groupby
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from burn_tui.tui.action import Action
from burn_tui.tui.actions import ACTIONS, actions_of, bindings
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import TooSmall

_ROOMY_CELLS = 60
"""Below it the column of keys is no wider than most of them are."""

_NARROW_INDENT = 10


class HelpScreen(ModalScreen[None]):
    """Scrolls with the arrows where it is longer than the screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("reading")

    def compose(self) -> ComposeResult:
        """A framed table."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = "Keys"
            with VerticalScroll():
                yield KeyTable()
            yield KeyLine(max_lines=3)
        yield TooSmall()

    def on_mount(self) -> None:
        """All actions, grouped by where they work."""
        self.query_one(KeyTable).show(tuple(ACTIONS.values()))
        self.query_one(KeyLine).show(tuple(actions_of("reading")))

    def action_cancel(self) -> None:
        """Back to the dashboard."""
        self.dismiss(None)


class KeyTable(Drawn[tuple[Action, ...]]):
    """Key and sentence; the sentence is wrapped in its own column."""

    def draw(self, view: tuple[Action, ...], width: int) -> Content:
        """One group a place, in the order of the registry."""
        widest = max(cell_len(action.shown) for action in view) + 3
        indent = widest if width >= _ROOMY_CELLS else min(widest, _NARROW_INDENT)
        lines: list[Content] = []
        for place, actions in groupby(view, key=lambda action: action.place):
            lines += [Content(), *_heading(place)] if lines else _heading(place)
            for action in actions:
                lines += _entry(action, indent, width)
        return Content("\n").join(lines)


def _heading(place: str) -> list[Content]:
    return [Content.styled(f"In the {place}".upper(), "bold $foreground-muted")]


def _entry(action: Action, indent: int, width: int) -> list[Content]:
    key = Content.styled(f" {action.shown}", "bold $text-accent")
    first, *rest = [line.rstrip() for line in Content(action.tooltip).wrap(max(width - indent, 1))]
    below = [line.pad_left(indent) for line in rest]
    if key.cell_length >= indent:
        return [key, first.pad_left(indent), *below]
    return [Content.assemble(key.pad_right(indent - key.cell_length), first), *below]
