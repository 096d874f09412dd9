"""The panels on the whole screen, for terminals that have no room for them beside the conversation."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.panels import PANELS
from burn_tui.tui.panels.panel import Panel, PanelFacts
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import TooSmall


class BurnScreen(ModalScreen[None]):
    """Follows the figures as the dashboard does."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("reading")

    def __init__(self, facts: PanelFacts | None) -> None:
        super().__init__()
        self._facts = facts

    def compose(self) -> ComposeResult:
        """One panel below the other."""
        with Vertical(id="burn-screen"):
            with VerticalScroll():
                for panel in PANELS:
                    yield panel("full")
            yield KeyLine(max_lines=3)
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin with what is known."""
        self.query_one(KeyLine).show(tuple(actions_of("reading")))
        if self._facts is not None:
            self.show(self._facts)

    def show(self, facts: PanelFacts) -> None:
        """Draw newer figures."""
        for panel in self.query(Panel):
            panel.show(facts)

    def action_cancel(self) -> None:
        """Back to the dashboard."""
        self.dismiss(None)
