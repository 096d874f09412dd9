"""Sessions of other programs: a tab each, to look at and not to type into."""

import pytest
from msgspec import structs
from support.dashboard import Dashboard, dashboard
from support.foreign import CODING, LOGGED, NIGHTLY, foreign, full
from support.scripted import NOW, QWEN, answers
from textual.widgets import OptionList

from burn_tui.tui.screens.inspector import InspectorScreen
from burn_tui.tui.screens.requests import RequestsScreen
from burn_tui.tui.widgets.session_tabs import SessionTabs, Tab


def tabs_of(running: Dashboard) -> list[Tab]:
    view = running.main.query_one(SessionTabs).view
    return list(view.tabs) if view else []


async def with_tabs(running: Dashboard, count: int) -> None:
    await running.until(lambda: len(tabs_of(running)) == count)


async def watching(running: Dashboard, key: str, *words: str) -> None:
    await with_tabs(running, 6)
    await running.pilot.press(key)
    await running.until(lambda: running.main.query_one("#watched").display)
    await running.until(lambda: all(word in running.text("#watched") for word in words))


async def test_every_session_of_another_program_is_a_tab_with_its_kind_and_environment() -> None:
    async with dashboard(full(), size=(200, 40)) as running:
        await with_tabs(running, 6)
        _, _, _, coding, nightly, logged = tabs_of(running)
        assert (coding.kind, coding.badge.word, coding.is_calling) == ("⇄", "PROD", False)
        assert (nightly.kind, nightly.badge.word, nightly.is_calling) == ("⇄", "STAGE", True)
        assert (logged.kind, logged.badge.word, logged.is_calling) == ("≡", "LOCAL", False)
        assert "⇄ claude-code@web" in running.text("#tabs")


async def test_an_environment_that_the_settings_do_not_have_is_marked_unknown() -> None:
    runtime = full()
    runtime.foreign.sessions = (foreign("who", environment="elsewhere"),)
    async with dashboard(runtime) as running:
        await with_tabs(running, 4)
        assert tabs_of(running)[-1].badge.glyph == "?"


async def test_the_lamp_goes_out_when_the_call_is_over() -> None:
    runtime = full()
    async with dashboard(runtime) as running:
        await with_tabs(running, 6)
        runtime.foreign.sessions = (CODING, structs.replace(NIGHTLY, in_flight=0), LOGGED)
        await running.until(lambda: not tabs_of(running)[4].is_calling)


async def test_a_tab_goes_when_its_session_is_over_unless_it_is_on_screen() -> None:
    runtime = full()
    async with dashboard(runtime) as running:
        await watching(running, "alt+5", "nightly-eval")
        runtime.foreign.sessions = ()
        await with_tabs(running, 4)
        assert tabs_of(running)[-1].name == "nightly-eval"
        assert not tabs_of(running)[-1].is_calling
        await running.pilot.press("escape")
        await with_tabs(running, 3)


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (40, 15)], ids=str)
async def test_its_tab_shows_rate_cost_errors_route_and_attempts(size: tuple[int, int]) -> None:
    async with dashboard(full(), size=size) as running:
        await watching(running, "alt+5", "$0.043/min", "$1.23", "errors 2", "openai/gpt-5-mini", "calling")


async def test_enter_takes_the_marked_attempt_apart() -> None:
    async with dashboard(full()) as running:
        await watching(running, "alt+5", "calling")
        await running.pilot.press("down", "enter")
        await running.until(lambda: isinstance(running.app.screen, InspectorScreen))


async def test_one_key_lists_its_costliest_requests() -> None:
    runtime = full()
    async with dashboard(runtime) as running:
        await watching(running, "alt+5", "calling")
        await running.pilot.press("r")
        await running.until(lambda: isinstance(running.app.screen, RequestsScreen))
        await running.until(lambda: runtime.lens.asked_for)
        assert runtime.lens.asked_for[-1].session_id == "nightly-eval"


@pytest.mark.parametrize("key", ["f2", "f4", "alt+d", "alt+l", "ctrl+g", "c"])
async def test_what_would_change_a_session_says_that_this_one_is_only_watched(key: str) -> None:
    async with dashboard(full()) as running:
        await watching(running, "alt+5", "calling")
        await running.pilot.press(key)
        await running.until(lambda: running.toasts)
        assert "can only be watched" in running.toasts[-1]
        assert running.app.screen is running.main
        assert len(running.main.deck.sessions) == 3


async def test_going_back_finds_draft_and_focus_as_they_were() -> None:
    async with dashboard(full()) as running:
        await running.type("half a thought")
        await watching(running, "alt+6", "read from the log of codex")
        await running.pilot.press("escape")
        await running.until(lambda: not running.main.query_one("#watched").display)
        await running.type("!")
        assert running.prompt == "half a thought!"


async def test_a_closed_tab_stays_closed_while_its_program_goes_on_and_can_be_brought_back() -> None:
    runtime = full()
    async with dashboard(runtime) as running:
        await watching(running, "alt+5", "calling")
        await running.pilot.press("x")
        await with_tabs(running, 5)
        runtime.foreign.sessions = (CODING, structs.replace(NIGHTLY, requests=58), LOGGED)
        await running.pilot.pause()
        assert "nightly-eval" not in [tab.name for tab in tabs_of(running)]
        await running.pilot.press("alt+t")
        await with_tabs(running, 6)


async def test_an_answer_that_ends_behind_a_watched_tab_is_unread() -> None:
    runtime = full()
    async with dashboard(runtime) as running:
        await watching(running, "alt+5", "calling")
        runtime.router.scripts.append(answers(QWEN, "Fine."))
        running.main._send(running.main.deck.active, "is all well?")
        await running.until(lambda: tabs_of(running)[0].is_unread)


async def test_the_list_of_sessions_has_them_and_goes_to_them() -> None:
    async with dashboard(full()) as running:
        await with_tabs(running, 6)
        await running.pilot.press("f8")
        await running.until(lambda: "nightly-eval" in running.text() and "Sessions" in running.text())
        running.app.screen.query_one(OptionList).highlighted = 4
        await running.pilot.press("enter")
        await running.until(lambda: running.main.query_one("#watched").display)
        assert running.main.deck.watched is not None
        assert running.main.deck.watched.last_at == NOW
