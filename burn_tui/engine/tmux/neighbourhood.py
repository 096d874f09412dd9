"""The panes beside, as the settings of this moment judge them."""

from collections.abc import Callable, Mapping

from burn_tui.core.neighbours import Neighbour, neighbours
from burn_tui.engine.settings import Settings
from burn_tui.engine.tmux.client import Tmux, TmuxError
from burn_tui.engine.tmux.panes import panes


class Neighbourhood:
    """Its methods block for as long as tmux takes, and raise TmuxError where it is not there."""

    def __init__(self, settings: Callable[[], Settings | None], environ: Mapping[str, str]) -> None:
        """`settings` gives those of the moment; None = there are none."""
        self._settings = settings
        self._tmux = Tmux(environ)
        self._is_inside = bool(environ.get("TMUX"))

    def look(self) -> list[Neighbour]:
        """Who is there now, the most dangerous first."""
        if not self._is_inside:
            raise TmuxError("This is not inside tmux.", mend="Start burn-tui in a pane to see who works beside it.")
        settings = self._settings()
        rules, environments = (settings.neighbours, settings.environments) if settings else ((), {})
        return neighbours(panes(self._tmux), rules, environments)

    def go_to(self, pane: str) -> None:
        """Bring the pane on screen."""
        self._tmux.run("switch-client", "-t", pane)
