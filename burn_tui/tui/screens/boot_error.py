"""burn-tui cannot start: what is wrong and how to mend it, in place of the dashboard."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from burn_tui.tui.widgets.too_small import TooSmall


class BootErrorScreen(Screen[None]):
    """Every way out of it ends burn-tui with the exit code for wrong settings."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,escape,enter", "app.quit", "quit")]

    def __init__(self, problem: str) -> None:
        super().__init__()
        self._problem = problem

    def compose(self) -> ComposeResult:
        """The error's own words: they name the file, the line and the mend."""
        with VerticalScroll(classes="dialog") as frame:
            frame.border_title = "burn-tui cannot start"
            yield Static(Content(self._problem), classes="problem")
            yield Static("q or Escape quits. Mend it and start again.", classes="text hint")
        yield TooSmall()
