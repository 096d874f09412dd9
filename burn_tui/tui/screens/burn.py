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


class BurnScreen(ModalScreen[str | None]):
    """Follows the figures as the dashboard does. Dismisses with the action that leads on; None = back."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("burn")

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
        self.query_one(KeyLine).show(tuple(actions_of("burn")))
        if self._facts is not None:
            self.show(self._facts)

    def show(self, facts: PanelFacts) -> None:
        """Draw newer figures."""
        for panel in self.query(Panel):
            panel.show(facts)

    def action_cancel(self) -> None:
        """Back to the dashboard."""
        self.dismiss(None)

    def action_lead(self, what: str) -> None:
        """To the requests behind the figures."""
        self.dismiss(f"show_{what}")

    def action_lead_to_report(self, number: int) -> None:
        """To a report, by its number from 1."""
        from burn_tui.tui.screens.report import NAMES  # noqa: PLC0415 - not needed to paint

        self.dismiss(f"show_report('{NAMES[number - 1]}')")
