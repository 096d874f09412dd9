"""How the dashboard tells something, and what moves, as the settings want it."""

import pytest
from msgspec import structs
from support.dashboard import dashboard
from support.scripted import ScriptedRuntime, quiet_day

from burn_tui.engine.settings_schema import Notify, TerminalSettings
from burn_tui.tui.app import BurnApp


def runtime(**terminal: object) -> ScriptedRuntime:
    made = ScriptedRuntime(burn=quiet_day())
    made.settings = structs.replace(made.settings, terminal=structs.replace(TerminalSettings(), **terminal))
    return made


@pytest.mark.parametrize(
    ("ways", "rings", "sent", "is_shown"),
    [
        (("toast",), 0, [], True),
        (("bell",), 1, [], False),
        (("osc9",), 0, ["\x1b]9;An answer came. ␛]0;evil␇\x07"], False),
        (("toast", "bell"), 1, [], True),
        ((), 0, [], False),
    ],
)
async def test_something_is_told_in_the_ways_that_the_settings_want(
    ways: tuple[Notify, ...], rings: int, sent: list[str], is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[bool] = []
    written: list[str] = []
    async with dashboard(runtime(notify=ways)) as running:
        monkeypatch.setattr(BurnApp, "bell", lambda _: rung.append(True))
        monkeypatch.setattr(BurnApp, "_send", lambda _, sequence: written.append(sequence))
        running.app.notify("An answer\ncame. \x1b]0;evil\x07", markup=False)
        await running.pilot.pause()
        assert (len(rung), written) == (rings, sent)
        assert ("An answer" in running.text()) is is_shown


async def test_with_reduced_motion_nothing_moves_until_the_settings_say_otherwise() -> None:
    made = runtime(reduced_motion=True)
    async with dashboard(made) as running:
        running.app._usual_motion = "full"
        assert running.app.animation_level == "none"
        made.settings = structs.replace(made.settings, terminal=TerminalSettings())
        await running.until(lambda: running.app.animation_level == "full")


async def test_a_dashboard_in_a_test_marks_nobodys_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/somebody-elses,1,0")
    monkeypatch.setenv("TMUX_PANE", "%0")
    async with dashboard(runtime(tab_colour=True)) as running:
        assert running.app._marks is None
