"""Driving the dashboard as a person does, and reading what stands on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from support.scripted import ScriptedRuntime, quiet_day
from textual._context import visible_screen_stack
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from burn_tui.tui.app import BurnApp
from burn_tui.tui.screens.main import MainScreen
from burn_tui.tui.widgets.prompt import Prompt

GIVE_UP_S = 30.0

NAMES = {" ": "space", "?": "question_mark", ".": "full_stop", ",": "comma", "-": "minus"}
LETTERS = {name: letter for letter, name in NAMES.items()}


class Dashboard:
    """A running app with its runtime."""

    def __init__(self, runtime: ScriptedRuntime, app: BurnApp, pilot: Pilot[int]) -> None:
        self.runtime = runtime
        self.app = app
        self.pilot = pilot
        self.calm = runtime.figures

    @property
    def main(self) -> MainScreen:
        """The dashboard's own screen, whatever stands above it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, MainScreen))

    @property
    def prompt(self) -> str:
        """What stands in the prompt."""
        return self.main.query_one(Prompt).text

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the app work until `condition` holds."""
        async with asyncio.timeout(GIVE_UP_S):
            while not condition():
                await self.pilot.pause()
                await asyncio.sleep(0)

    @property
    def toasts(self) -> list[str]:
        """What they say, oldest first."""
        return [notification.message for notification in self.app._notifications]

    async def type(self, text: str) -> None:
        """Press one key after the other."""
        await self.hit(*(NAMES.get(letter, letter) for letter in text))
        await self.pilot.pause()

    async def hit(self, *keys: str) -> None:
        """Press keys as fast as a terminal hands them over; the pilot's own `press` rests after each of them."""
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            event = Key(key, LETTERS.get(key, key if len(key) == 1 else None))
            event.set_sender(self.app)
            driver.send_message(event)
        await self._drained()

    async def _drained(self) -> None:
        """Until nobody has a message left for several turns of the loop, which is what following a key may take."""
        calm_turns = 0
        async with asyncio.timeout(GIVE_UP_S):
            while calm_turns < 10:
                await asyncio.sleep(0)
                pumps = [self.app, *self.app.screen_stack, *self.app.screen.walk_children()]
                calm_turns = 0 if any(pump.message_queue_size for pump in pumps) else calm_turns + 1

    async def send(self, text: str) -> None:
        """Type and press Enter."""
        await self.type(text)
        await self.pilot.press("enter")

    async def settled(self) -> None:
        """Until nothing is being answered and every message was handled."""
        await self.until(lambda: not any(session.is_busy for session in self.main.deck.sessions))
        await self.pilot.pause()

    def text(self, selector: str | None = None) -> str:
        """The text of the whole screen on top, or of the one part of the dashboard that `selector` finds."""
        if selector is None:
            return "\n".join(strip.text for strip in self._strips(self.app.screen))
        region = self.main.query_one(selector).region
        strips = self._strips(self.main)[region.y : region.bottom]
        return "\n".join(strip.crop(region.x, region.right).text for strip in strips)

    def _strips(self, screen: Screen[Any]) -> list[Strip]:
        """The lines of a screen, with those that shine through a dialog.

        Textual keeps what it draws here. Without the screens below, it would keep a dialog on nothing, and show that.
        """
        visible_screen_stack.set(self.app._background_screens if screen is self.app.screen else [])
        return screen._compositor.render_strips()


@asynccontextmanager
async def dashboard(
    runtime: ScriptedRuntime | None = None, *, size: tuple[int, int] = (120, 40), continues: bool = False
) -> AsyncIterator[Dashboard]:
    """An app that has booted; without a runtime of the test's own, with three environments and four providers."""
    runtime = runtime or ScriptedRuntime(burn=quiet_day())
    app = BurnApp(boot=runtime.boot, continues=continues)
    # Also what the app goes back to once it has read the settings: a lamp that blinks is no picture.
    app.animation_level = app._usual_motion = "none"
    async with app.run_test(size=size, notifications=True) as pilot:
        running = Dashboard(runtime, app, pilot)
        await running.until(lambda: isinstance(app.screen, MainScreen) and "\n" in running.text())
        await pilot.pause()
        yield running
