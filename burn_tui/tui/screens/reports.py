"""The reports by name, and how the dashboard opens them. A new one is a file here and its name in REPORTS and NAMES."""

from typing import Any

from textual import work

from burn_tui.tui.screens.bottlenecks import BottlenecksScreen
from burn_tui.tui.screens.budgets import BudgetsScreen
from burn_tui.tui.screens.frame import Frame
from burn_tui.tui.screens.inspector import InspectorScreen
from burn_tui.tui.screens.latency import LatencyScreen
from burn_tui.tui.screens.pressure import PressureScreen
from burn_tui.tui.screens.providers import ProvidersScreen
from burn_tui.tui.screens.report import Desk, ReportScreen
from burn_tui.tui.screens.requests import RequestsScreen
from burn_tui.tui.telling import cause, headline

REPORTS: dict[str, type[ReportScreen[Any]]] = {
    screen.name_of: screen
    for screen in (
        InspectorScreen,
        BottlenecksScreen,
        LatencyScreen,
        ProvidersScreen,
        BudgetsScreen,
        PressureScreen,
    )
}
"""In the order of NAMES."""


class Reports(Frame):
    """Everything about burning and waiting that has a screen of its own."""

    def action_show_report(self, name: str) -> None:
        """The report of that name."""
        self.app.push_screen(REPORTS[name](self._desk()))

    @work
    async def action_show_cause(self) -> None:
        """The requests that caused the latest alert."""
        told = await self._runtime.watch.told()
        if not told:
            self.notify("Nothing out of the usual was found yet.")
            return
        standing = next((one for one in told if not one.is_dismissed), told[0])
        self.app.push_screen(RequestsScreen(self._desk(), cause(standing), headline(standing.what)))

    def _desk(self) -> Desk:
        return Desk(self._runtime, self._palette, tuple(self.deck.sessions), self.deck.active)
