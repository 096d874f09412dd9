"""`burn-tui tmux switch`: the list of neighbours alone, for a popup of tmux."""

import os
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from burn_tui.core.errors import BurnError
from burn_tui.tui.dressing import DressedApp
from burn_tui.tui.screens.neighbours import NeighboursScreen
from burn_tui.tui.theme import DEFAULT, Palette
from burn_tui.tui.widgets.too_small import HORIZONTAL, VERTICAL


class SwitchApp(DressedApp):
    """Ends when a pane was gone to, or nobody wanted to go anywhere."""

    TITLE = "burn-tui"
    CSS_PATH = "burn.tcss"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+q", "quit", "quit")]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, config: Path) -> None:
        super().__init__()
        self._config = config

    def on_mount(self) -> None:
        """Show the list; settings that cannot be read make everybody unknown, which is what one has to know."""
        from burn_tui.engine.settings import load  # noqa: PLC0415
        from burn_tui.engine.tmux.neighbourhood import Neighbourhood  # noqa: PLC0415 - needs no first frame

        settings = None
        try:
            settings = load(self._config) if self._config.exists() else None
        except BurnError as error:
            self.notify(str(error), severity="error", timeout=60)
        palette = self._palette_of(settings.theme if settings else None)
        around = Neighbourhood(lambda: settings, os.environ)
        self.push_screen(NeighboursScreen(around.look, around.go_to, palette), lambda _: self.exit(0))

    def _palette_of(self, theme: str | None) -> Palette:
        from burn_tui.tui.wardrobe import Wardrobe  # noqa: PLC0415

        palette = Wardrobe(self._config.parent / "themes").palettes.get(theme or DEFAULT.name, DEFAULT)
        self.put_on(palette)
        return palette
