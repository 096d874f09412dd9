"""How the dashboard looks in this terminal: which theme it wears, and what becomes of its colours there."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.app import App
from textual.filter import LineFilter

from burn_tui.core.errors import UnknownNameError
from burn_tui.tui.palette_theme import PaletteTheme, palette_of
from burn_tui.tui.terminal_colours import colours_of, filters
from burn_tui.tui.theme import DEFAULT, Palette, choose

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime
    from burn_tui.tui.wardrobe import Wardrobe

ANSI_THEME = "ansi16"
"""Worn where the terminal has no more colours and the settings name no theme."""


class DressedApp(App[int]):
    """An app that wears a theme from the first frame on, and follows the files of the user's themes."""

    def __init__(self) -> None:
        super().__init__()
        self._colours = colours_of(os.environ)
        self._wardrobe: Wardrobe | None = None
        self._wanted: str | None = None
        """As the settings have it."""
        self.register_theme(PaletteTheme(DEFAULT))
        self.theme = DEFAULT.name

    @property
    def palette(self) -> Palette:
        """What is worn."""
        return palette_of(self.current_theme)

    @property
    def theme_names(self) -> Iterable[str]:
        """Those that can be worn."""
        return tuple(self._wardrobe.palettes) if self._wardrobe else ()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What is drawn as this terminal can show it."""
        return filters(super().get_line_filters(), self._colours, self.palette)

    def dress(self, runtime: "Runtime") -> Palette:
        """Put on the theme of the settings and follow it; what is wrong with any theme is a notice."""
        from burn_tui.tui.wardrobe import LOOK_S, Wardrobe  # noqa: PLC0415 - the first frame is painted without YAML

        directory = runtime.settings.directory
        wardrobe = self._wardrobe = Wardrobe(directory / "themes" if directory else None)
        wardrobe.tell(runtime.notices)
        self._wear_wanted(runtime, wardrobe)

        def look() -> None:
            if wardrobe.look():
                wardrobe.tell(runtime.notices)
                self.wear(self.palette.name)
            if runtime.settings.theme != self._wanted:
                self._wear_wanted(runtime, wardrobe)

        self.set_interval(LOOK_S, look)
        return self.palette

    def wear(self, name: str) -> None:
        """Put on the theme of that name, the default one if there is none."""
        palettes = self._wardrobe.palettes if self._wardrobe else {}
        palette = palettes.get(name, DEFAULT)
        if palette != self.palette:
            # Textual takes a theme for the same as long as its name is.
            self.theme = "textual-dark"
            self.register_theme(PaletteTheme(palette))
            self.theme = palette.name
        self.dressed(palette)

    def dressed(self, palette: Palette) -> None:
        """Called with what is worn from now on."""

    def _wear_wanted(self, runtime: "Runtime", wardrobe: "Wardrobe") -> None:
        self._wanted = runtime.settings.theme
        try:
            usual = ANSI_THEME if self._colours == "sixteen" else None
            self.wear(choose(wardrobe.palettes, self._wanted or usual).name)
        except UnknownNameError as error:
            runtime.notices.append(f"{runtime.settings.origin}: theme: {error}")
            self.wear(DEFAULT.name)
