"""How the dashboard looks in this terminal: its theme, its colours, and what the terminal and tmux are told of it."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.app import App
from textual.filter import LineFilter
from textual.notifications import SeverityLevel

from burn_tui.core.errors import UnknownNameError
from burn_tui.tui.inert import Inert
from burn_tui.tui.legible import legible
from burn_tui.tui.one_filter import OneFilter
from burn_tui.tui.palette_theme import PaletteTheme, palette_of
from burn_tui.tui.terminal_colours import colours_of, filters
from burn_tui.tui.theme import DEFAULT, Palette, choose

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.settings import Settings
    from burn_tui.engine.settings_schema import Notify, TerminalSettings
    from burn_tui.tui.terminal_marks import TerminalMarks
    from burn_tui.tui.terminal_tab import TabColour
    from burn_tui.tui.wardrobe import Wardrobe

ANSI_THEME = "ansi16"
"""Worn where the terminal has no more colours and the settings name no theme."""


_LEAVE_THE_MOUSE = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
"""Ends what Textual asked the terminal for when it started (invisible-island.net/xterm/ctlseqs, Mouse Tracking)."""


class DressedApp(App[int]):
    """An app that wears a theme from the first frame on, and follows the files of the user's themes."""

    def __init__(self) -> None:
        super().__init__()
        self._colours = colours_of(os.environ)
        self._filter: OneFilter | None = None
        self._filtered: tuple[object, ...] = ()
        """What `_filter` was made for."""
        self._wardrobe: Wardrobe | None = None
        self._marks: TerminalMarks | None = None
        self._tab: TabColour | None = None
        self._notify: tuple[Notify, ...] = ("toast",)
        self._usual_motion = self.animation_level
        self.put_on(DEFAULT)

    # --- the theme -------------------------------------------------------------------------------

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
        usual, palette = super().get_line_filters(), self.palette
        filtered = (*usual, palette)
        if self._filter is None or filtered != self._filtered:
            self._filter = OneFilter([*filters(usual, self._colours, palette), Inert()])
            self._filtered = filtered
        return [self._filter]

    def dress(self, runtime: "Runtime") -> Palette:
        """Put on the theme of the settings and follow it; what is wrong with any theme is a notice."""
        from burn_tui.tui.wardrobe import Wardrobe  # noqa: PLC0415 - the first frame is painted without YAML

        directory = runtime.settings.directory
        wardrobe = self._wardrobe = Wardrobe(directory / "themes" if directory else None)
        wardrobe.tell(runtime.notices)
        self._wear_wanted(runtime, wardrobe)
        used = runtime.settings
        self._use_terminal(used.terminal)
        self._use_keys(used, runtime.notices)

        self.run_worker(self._keep_dressed(runtime, wardrobe, used))
        return self.palette

    async def _keep_dressed(self, runtime: "Runtime", wardrobe: "Wardrobe", used: "Settings") -> None:
        """Follow the files of the themes, and the settings, of which `used` are worn."""
        from burn_tui.engine.beat import beat  # noqa: PLC0415 - the first frame needs none of it
        from burn_tui.tui.wardrobe import LOOK_S  # noqa: PLC0415

        while True:
            await beat(LOOK_S)
            if wardrobe.look():
                wardrobe.tell(runtime.notices)
                self.wear(self.palette.name)
            now, before = runtime.settings, used
            if now is not before:
                used = now
                self._follow(now, before, runtime, wardrobe)

    def _follow(self, now: "Settings", before: "Settings", runtime: "Runtime", wardrobe: "Wardrobe") -> None:
        """Do as other settings want."""
        if now.theme != before.theme:
            self._wear_wanted(runtime, wardrobe)
        if now.terminal != before.terminal:
            self._use_terminal(now.terminal)
        if now.key_changes != before.key_changes:
            self._use_keys(now, runtime.notices)
        self.dressed(self.palette)

    def wear(self, name: str) -> None:
        """Put on the theme of that name, the default one if there is none."""
        palettes = self._wardrobe.palettes if self._wardrobe else {}
        palette = palettes.get(name, DEFAULT)
        if palette != self.palette:
            self.put_on(palette)
        self.dressed(palette)

    def put_on(self, palette: Palette) -> None:
        """Wear these colours."""
        # Textual takes a theme for the same as long as its name is.
        self.theme = "textual-dark"
        self.register_theme(PaletteTheme(palette))
        self.theme = palette.name

    def dressed(self, palette: Palette) -> None:
        """Called with what is worn from now on."""

    def _wear_wanted(self, runtime: "Runtime", wardrobe: "Wardrobe") -> None:
        usual = ANSI_THEME if self._colours == "sixteen" else None
        try:
            self.wear(choose(wardrobe.palettes, runtime.settings.theme or usual).name)
        except UnknownNameError as error:
            runtime.notices.append(f"{runtime.settings.origin}: theme: {error}")
            self.wear(DEFAULT.name)

    # --- the terminal ----------------------------------------------------------------------------

    def mark(self, sign: str, colour: str) -> None:
        """Let tmux, and the terminal's tab if that is wanted, show where the session on screen stands."""
        if self._marks is not None and self._marks.show(sign, colour) and self._tab is not None:
            self._send(self._tab.set_to(colour))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say it in the ways that the settings want."""
        if "bell" in self._notify:
            self.bell()
        if "osc9" in self._notify:
            self._send(f"\x1b]9;{' '.join(legible(message).split())}\x07")
        if "toast" in self._notify:
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    async def on_unmount(self) -> None:
        """Take back what tmux and the terminal were told."""
        if self._marks is not None:
            self._marks.close()

    def _use_terminal(self, settings: "TerminalSettings") -> None:
        from burn_tui.engine.tmux.client import Tmux  # noqa: PLC0415 - the first frame needs none of it
        from burn_tui.tui.terminal_marks import TerminalMarks  # noqa: PLC0415
        from burn_tui.tui.terminal_tab import tab_colour  # noqa: PLC0415

        self._notify = settings.notify
        self.animation_level = "none" if settings.reduced_motion else self._usual_motion
        if self._marks is not None:
            self._marks.close()
        if self.is_headless or sys.__stderr__ is None:
            return
        if not settings.mouse:
            self._send(_LEAVE_THE_MOUSE)
        self._tab = tab_colour(os.environ) if settings.tab_colour else None
        self._marks = TerminalMarks(
            pane=Tmux(os.environ).own_pane,
            reset=self._tab.reset if self._tab else "",
            terminal=sys.__stderr__.fileno(),
            environ=os.environ,
        )

    def _use_keys(self, settings: "Settings", notices: list[str]) -> None:
        from burn_tui.tui.actions import move_keys, own_keys  # noqa: PLC0415 - the first frame needs none of it
        from burn_tui.tui.keymap import keymap, prefix_of_tmux, shown  # noqa: PLC0415

        changes = settings.key_changes
        prefix = prefix_of_tmux(os.environ) if changes else None
        found = keymap(changes, own_keys(), file=settings.origin, prefix=prefix)
        notices += [str(problem) for problem in found.problems]
        self.set_keymap(move_keys(found.keys, shown))

    def _send(self, sequence: str) -> None:
        """Straight to the terminal, between two frames: anything else may end up in the middle of one."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)
