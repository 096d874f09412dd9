"""Whatever is pressed, the dashboard stays up."""

import asyncio

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.dashboard import dashboard
from support.foreign import full
from support.scripted import GPT, SONNET, ScriptedRuntime, asks_first, ends, falls_back, quiet_day
from support.watching import DEARER, HALF_SPENT, RUNAWAY, told

from burn_tui.tui.actions import ACTIONS

LEAVES = {"ctrl+q"}
KEYS = [
    *sorted({key for action in ACTIONS.values() for key in action.keys} - LEAVES),
    "up",
    "down",
    "left",
    "backspace",
]


# Not shrunk: a thousand keys more for every attempt at it, and the failing ones are listed anyway.
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(st.lists(st.sampled_from(KEYS), min_size=250, max_size=250))
def test_a_thousand_random_keys_do_no_harm(keys: list[str]) -> None:
    asyncio.run(press(keys))


async def press(keys: list[str]) -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.lens.fill((SONNET, GPT))
    runtime.foreign = full().foreign
    runtime.watch.kept = told(RUNAWAY, HALF_SPENT, DEARER)
    runtime.router.scripts += [[*falls_back(SONNET, GPT), *ends(GPT)], asks_first(SONNET, "production")]
    async with dashboard(runtime, size=(80, 24)) as running:
        for key in keys:
            await running.hit(key)
        await running.pilot.press("escape", "escape", "escape")
        assert running.main.deck.sessions
        assert running.app.is_running
