"""Wires the interface to the engine. What it shows is decided in views, how in widgets, what happens in screens."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.app import SystemCommand
from textual.screen import Screen

from burn_tui.core.errors import BurnError, LedgerError
from burn_tui.tui.action import Action
from burn_tui.tui.actions import ACTIONS
from burn_tui.tui.badges import badge
from burn_tui.tui.copying import CopyingApp
from burn_tui.tui.legacy_keys import understand_legacy_alt
from burn_tui.tui.screens.starting import StartingScreen
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.too_small import HORIZONTAL, VERTICAL

if TYPE_CHECKING:
    from burn_tui.engine.conversations import Kept
    from burn_tui.engine.runtime import Runtime
    from burn_tui.tui.screens.main import MainScreen
    from burn_tui.tui.screens.question import Word

FIRST_FRAME_S = 0.02
"""What the first frame is given to reach the terminal before all else is loaded."""

LATER_S = 0.3
"""After the dashboard is there, until what it can do without is loaded: who starts it wants to type."""

LOOK_AGAIN_S = 3.0
"""Between two looks for a server on this machine, while there is nobody to ask."""

WRONG_SETTINGS = 2
"""Exit code when burn-tui could not start."""


class BurnApp(CopyingApp):
    """The dashboard. `boot` is awaited after the first frame is painted."""

    TITLE = "burn-tui"
    CSS_PATH = "burn.tcss"
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL

    def __init__(
        self,
        boot: "Callable[[], Awaitable[Runtime]]",
        *,
        once_it_stands: "Callable[[Runtime], Awaitable[None]] | None" = None,
        continues: bool = False,
        farewell: Callable[[BaseException], str] | None = None,
    ) -> None:
        """`once_it_stands`: awaited when the dashboard is on screen. `continues`: open the sessions of last time.
        `farewell`: what to say when the dashboard itself fails.
        """
        super().__init__()
        self._farewell = farewell
        understand_legacy_alt()
        self._boot = boot
        self._once_it_stands = once_it_stands
        self._continues = continues
        self._runtime: Runtime | None = None
        self._main: MainScreen | None = None
        self.continued = 0
        """Once it has ended: how many sessions are kept and `--continue` will open; 0 = there is nothing to go on with.
        """
        self._exit_code = 0
        self._was_warned = False

    def on_mount(self) -> None:
        """The first frame."""
        self.push_screen(StartingScreen())

    @work
    async def on_ready(self) -> None:
        """Boot now that the first frame is made."""
        # It is written by a thread, which would not get a word in while the imports below hold the interpreter.
        await asyncio.sleep(FIRST_FRAME_S)
        from burn_tui.tui.screens.boot_error import BootErrorScreen  # noqa: PLC0415 - nothing of it is on that frame
        from burn_tui.tui.screens.main import MainScreen  # noqa: PLC0415

        try:
            runtime = await self._boot()
        except BurnError as error:
            self._exit_code = WRONG_SETTINGS
            _look_for_garbage()
            await self.switch_screen(BootErrorScreen(str(error)))
            return
        self._runtime = runtime
        typed = self.screen.typed if isinstance(self.screen, StartingScreen) else ""
        self._main = MainScreen(runtime, self.dress(runtime), await self._tabs_of_last_time(runtime))
        self._main.deck.active.draft += typed
        await self.switch_screen(self._main)
        _look_for_garbage()
        await asyncio.sleep(LATER_S)
        if self._once_it_stands is not None:
            await self._once_it_stands(runtime)
        await self._look_around(runtime)

    async def _look_around(self, runtime: "Runtime") -> None:
        """Once; while nobody can be asked again and again, since a server may be about to be started."""
        while True:
            for name in await runtime.discover():
                self.notify(f"{name} runs on this machine and can be asked.")
            if runtime.router.catalog.providers or not runtime.settings.finds_providers:
                return
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _tabs_of_last_time(self, runtime: "Runtime") -> "list[Kept]":
        if not self._continues:
            return []
        try:
            tabs = await runtime.conversations.tabs_of_last_time()
        except LedgerError as error:
            runtime.notices.append(str(error))
            return []
        if not tabs:
            self.notify("There is nothing to continue, so these are new sessions.")
        return tabs

    async def on_unmount(self) -> None:
        """Close connections and the ledger, however the dashboard ended."""
        if self._runtime is not None:
            if self._main is not None:
                self.continued = await self._main.keep_all_at_the_end()
            await self._runtime.close()

    async def action_quit(self) -> None:
        """Ask first if anything would be lost; a second time leaves at once."""
        from burn_tui.tui.screens.question import QuestionScreen, about_leaving  # noqa: PLC0415

        lost = self._main.deck.unfinished() if self._main is not None else []
        if not lost or self._was_warned:
            self.exit(self._exit_code)
            return
        self._was_warned = True
        self.push_screen(QuestionScreen(about_leaving(lost)), self._leave)

    def _leave(self, word: "Word | None") -> None:
        self._was_warned = False
        if word == "yes":
            self.exit(self._exit_code)

    def action_command_palette(self) -> None:
        """Commands act on the dashboard, so it has to be on top."""
        if self.screen is self._main:
            super().action_command_palette()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What ctrl+p finds: every action by its sentence, every session and every theme by its name."""
        for action in ACTIONS.values():
            if action.palette is not None:
                yield SystemCommand(action.palette, _with_key(action), partial(screen.run_action, action.handler))
        if self._main is None:
            return
        for position, session in enumerate(self._main.deck.sessions):
            title = f"Go to {position + 1} {badge(session.environment)} {session.name}"
            yield SystemCommand(title, "Session", partial(self._main.action_go_to_tab, position + 1))
        for name in self.theme_names:
            yield SystemCommand(f"Theme: {name}", "Colours of the whole dashboard", partial(self.wear, name))

    def _fatal_error(self) -> None:
        """Textual would print the values of all variables, and with them keys and prompts."""
        if self._farewell is None or self._exception is None:
            super()._fatal_error()
        else:
            self.panic(Text(self._farewell(self._exception)))

    def dressed(self, palette: Palette) -> None:
        """The dashboard shows colours that style sheets do not know."""
        if self._main is not None:
            self._main.dress(palette)


def _with_key(action: Action) -> str:
    """What it does behind the key that does it; those of a conversation work once that has the focus."""
    before = f"{ACTIONS['to-conversation'].shown} " if action.place == "conversation" else ""
    return f"{before}{action.shown}: {action.tooltip}"


def _look_for_garbage() -> None:
    """From now on, among what is new: looking through what a start made would hold up the keys by 40 ms."""
    gc.freeze()
    gc.enable()
