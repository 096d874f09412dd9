"""The list of the panes beside, as a person walks through it."""

import pytest
from support.dashboard import Dashboard, dashboard
from support.neighbours import PANES
from support.scripted import ScriptedRuntime, quiet_day
from textual.widgets import OptionList

from burn_tui.core.neighbours import Neighbour
from burn_tui.engine.tmux.client import TmuxError
from burn_tui.tui.screens.neighbours import NeighboursScreen


def runtime(*panes: Neighbour) -> ScriptedRuntime:
    made = ScriptedRuntime(burn=quiet_day())
    made.neighbourhood.panes = list(panes)
    return made


async def opened(running: Dashboard, *texts: str) -> None:
    await running.pilot.press("alt+n")
    await running.until(lambda: isinstance(running.app.screen, NeighboursScreen))
    await running.until(lambda: all(text in running.text() for text in texts))


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (40, 15)], ids=str)
async def test_each_pane_has_environment_kind_name_and_place_at_every_width(size: tuple[int, int]) -> None:
    async with dashboard(runtime(*PANES), size=size) as running:
        await opened(running, "? UNKNOWN", "■ PROD", "▲ LOCAL", "ssh", "pod", "script")
        shown = running.text()
        assert all(one.name in shown and one.where in shown for one in PANES)
        assert shown.index("who-knows") < shown.index("web-0") < shown.index("train.py")


async def test_enter_goes_to_the_marked_pane() -> None:
    async with dashboard(runtime(*PANES)) as running:
        await opened(running, "who-knows")
        await running.pilot.press("down", "enter")
        await running.until(lambda: running.app.screen is running.main)
        assert running.runtime.neighbourhood.gone_to == ["%3"]


async def test_the_mark_stays_on_its_pane_when_others_come_and_go() -> None:
    async with dashboard(runtime(*PANES)) as running:
        await opened(running, "who-knows")
        await running.pilot.press("down")
        running.runtime.neighbourhood.panes = PANES[1:]
        await running.until(lambda: "who-knows" not in running.text())
        assert running.app.screen.query_one(OptionList).highlighted == 0
        await running.pilot.press("enter")
        await running.until(lambda: running.app.screen is running.main)
        assert running.runtime.neighbourhood.gone_to == ["%3"]


async def test_without_anybody_the_list_says_so_and_escape_goes_back() -> None:
    async with dashboard(runtime()) as running:
        await opened(running, "No pane runs ssh, a container or a script.")
        await running.pilot.press("escape")
        await running.until(lambda: running.app.screen is running.main)
        assert running.runtime.neighbourhood.gone_to == []


async def test_outside_tmux_the_list_says_what_it_needs() -> None:
    made = runtime()
    made.neighbourhood.panes = TmuxError("This is not inside tmux.", mend="Start burn-tui in a pane.")
    async with dashboard(made) as running:
        await opened(running, "This is not inside tmux. Start burn-tui in a pane.")
