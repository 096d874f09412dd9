"""How the dashboard opens what is told about burning and waiting. The screens are loaded when first opened."""

from typing import TYPE_CHECKING

from textual import work

from burn_tui.tui.screens.frame import Frame
from burn_tui.tui.telling import cause, headline

if TYPE_CHECKING:
    from burn_tui.tui.screens.report import Desk


class Reporting(Frame):
    """Everything about burning and waiting that has a screen of its own."""

    def action_show_report(self, name: str) -> None:
        """The report of that name."""
        from burn_tui.tui.screens.reports import REPORTS  # noqa: PLC0415 - not needed to paint

        self.app.push_screen(REPORTS[name](self._desk()))

    def action_show_replay(self) -> None:
        """What other policies of auto would have cost."""
        from burn_tui.tui.screens.replay import ReplayScreen  # noqa: PLC0415 - not needed to paint

        self.app.push_screen(ReplayScreen(self._desk()))

    def action_show_costliest(self) -> None:
        """The requests that cost most, of whichever session."""
        from burn_tui.tui.screens.requests import costliest  # noqa: PLC0415 - not needed to paint

        self.app.push_screen(costliest(self._desk()))

    @work
    async def action_show_cause(self) -> None:
        """The requests that caused the latest alert."""
        from burn_tui.tui.screens.requests import RequestsScreen  # noqa: PLC0415 - not needed to paint

        told = await self._runtime.watch.told()
        if not told:
            self.notify("Nothing out of the usual was found yet.")
            return
        standing = next((one for one in told if not one.is_dismissed), told[0])
        self.app.push_screen(RequestsScreen(self._desk(), cause(standing), headline(standing.what)))

    def _desk(self) -> "Desk":
        from burn_tui.tui.screens.report import Desk  # noqa: PLC0415 - not needed to paint

        return Desk(self._runtime, self._palette, tuple(self.deck.sessions), self.deck.active)
