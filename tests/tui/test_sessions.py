"""Tabs, drafts, the choice of a provider, and the life of a session."""

import asyncio

from support.dashboard import Dashboard, dashboard
from support.scripted import GPT, SONNET, ScriptedRuntime, answers, begins, ends, quiet_day
from textual.color import Color

from burn_tui.tui.screens.choose_provider import ChooseProviderScreen
from burn_tui.tui.screens.gateway import GatewayScreen
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.screens.sessions import SessionsScreen
from burn_tui.tui.widgets.session_tabs import SessionTabs


def names(running: Dashboard) -> list[str]:
    return [session.name for session in running.main.deck.sessions]


async def opens(running: Dashboard, screen: type, *keys: str) -> None:
    await running.pilot.press(*keys)
    await running.until(lambda: isinstance(running.app.screen, screen))
    await running.pilot.pause()


async def test_the_tabs_carry_number_glyph_word_and_name() -> None:
    async with dashboard() as running:
        row = " ".join(running.text("#tabs").split())
        assert row == "▸1 ■ PROD api-refactor 2 ▲ LOCAL scratch 3 ◆ STAGE terraform"


async def test_tab_frame_and_status_line_have_the_colour_of_the_environment() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+3")
        await running.pilot.pause()
        view = running.main.query_one(SessionTabs).view
        assert view is not None
        colour = Color.parse(view.tabs[2].colour)
        assert running.main.query_one("#status").styles.background == colour
        assert running.main.query_one("#session").styles.border_top[1] == colour


async def test_f9_colours_the_tabs_by_provider_and_back() -> None:
    async with dashboard() as running:
        tabs = running.main.query_one(SessionTabs)
        running.runtime.router.scripts.append(answers(SONNET, "Hi."))
        await running.send("hello")
        await running.settled()
        by_environment = tabs.view
        await running.pilot.press("f9")
        await running.until(lambda: tabs.view != by_environment)
        await running.pilot.press("f9")
        await running.until(lambda: tabs.view == by_environment)


async def test_every_session_keeps_its_own_draft() -> None:
    async with dashboard() as running:
        await running.type("for prod")
        await running.pilot.press("alt+2")
        assert running.prompt == ""
        await running.type("for local")
        await running.pilot.press("alt+1")
        assert running.prompt == "for prod"
        await running.pilot.press("alt+2")
        assert running.prompt == "for local"


async def test_a_click_on_a_tab_goes_there() -> None:
    async with dashboard() as running:
        await running.pilot.click("#tabs", offset=(30, 0))
        await running.until(lambda: running.main.deck.position == 1)


async def test_outside_the_prompt_a_digit_goes_to_its_tab() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(answers(SONNET, "Hi."))
        await running.send("hello")
        await running.settled()
        await running.pilot.press("tab", "3")
        assert running.main.deck.position == 2


async def test_two_keys_choose_a_provider_and_draft_and_place_stay() -> None:
    async with dashboard(size=(80, 24)) as running:
        running.runtime.router.scripts.append(answers(SONNET, "line\n\n" * 80))
        await running.send("hello")
        await running.settled()
        transcript = running.main.query_one("#transcript")
        await running.until(lambda: transcript.scroll_offset.y > 0)
        await running.pilot.press("pageup")
        await running.type("draft")
        before = transcript.scroll_offset
        await running.pilot.press("f2", "4")
        await running.until(lambda: running.app.screen is running.main)
        assert running.main.deck.active.requested == str(GPT)
        assert running.prompt == "draft"
        assert transcript.scroll_offset == before
        await running.until(lambda: "pinned > openai/gpt-5-mini" in running.text("#route"))


async def test_the_default_route_is_one_key_away_too() -> None:
    async with dashboard() as running:
        await running.pilot.press("f2", "4")
        await running.pilot.press("f2", "0")
        await running.until(lambda: running.main.deck.active.requested is None)


async def test_a_route_can_be_chosen_by_its_name() -> None:
    async with dashboard() as running:
        await running.pilot.press("f2", "2")
        await running.until(lambda: "quick > " in running.text("#route"))


async def test_a_provider_that_the_environment_forbids_is_shown_and_cannot_be_chosen() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+2")
        await opens(running, ChooseProviderScreen, "f2")
        assert "not from LOCAL" in running.text()
        await running.pilot.press("3")
        assert isinstance(running.app.screen, ChooseProviderScreen)
        assert running.main.deck.active.requested is None


async def test_the_provider_list_says_who_rests_and_for_how_long() -> None:
    async with dashboard() as running:
        running.runtime.router.states[SONNET] = ("resting", 43.0)
        await opens(running, ChooseProviderScreen, "f2")
        assert "resting 43 s" in running.text()


async def test_escape_leaves_the_provider_as_it_is() -> None:
    async with dashboard() as running:
        await running.pilot.press("f2", "4", "f2", "escape")
        assert running.main.deck.active.requested == str(GPT)


async def test_a_new_session_begins_in_the_environment_that_does_not_ask() -> None:
    async with dashboard() as running:
        await opens(running, NameSessionScreen, "ctrl+t")
        await running.type("docs")
        await running.pilot.press("enter")
        await running.until(lambda: len(names(running)) == 4)
        session = running.main.deck.active
        assert (session.name, session.environment.name) == ("docs", "local")


async def test_the_arrows_choose_another_environment_for_a_new_session() -> None:
    async with dashboard() as running:
        await opens(running, NameSessionScreen, "ctrl+t")
        await running.pilot.press("down", "enter")
        await running.until(lambda: len(names(running)) == 4)
        assert running.main.deck.active.environment.name == "staging"


async def test_a_session_is_renamed() -> None:
    async with dashboard() as running:
        await opens(running, NameSessionScreen, "f4")
        await running.type("billing")
        await running.pilot.press("enter")
        await running.until(lambda: names(running)[0] == "billing")
        assert "billing" in running.text("#tabs")


async def test_a_session_without_anything_in_it_closes_at_once() -> None:
    async with dashboard() as running:
        await running.pilot.press("f3")
        await running.until(lambda: names(running) == ["scratch", "terraform"])


async def test_a_closed_session_comes_back_as_it_was() -> None:
    async with dashboard() as running:
        await running.send("hello")
        await running.settled()
        await running.type("unsent")
        session = running.main.deck.active
        await running.pilot.press("f3")
        await running.until(lambda: names(running) == ["scratch", "terraform"])
        await running.until(lambda: "alt+t brings it back" in running.text())
        await running.pilot.press("alt+t")
        await running.until(lambda: names(running) == ["api-refactor", "scratch", "terraform"])
        assert running.main.deck.active is session
        assert running.prompt == "unsent"
        await running.until(lambda: "Fine." in running.text("#transcript"))


async def test_without_a_closed_session_nothing_comes_back() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+t")
        await running.until(lambda: "No session was closed." in running.text())
        assert len(names(running)) == 3


async def test_closed_sessions_come_back_one_after_the_other() -> None:
    async with dashboard() as running:
        await running.pilot.press("f3", "f3")
        await running.until(lambda: names(running) == ["terraform"])
        await running.pilot.press("alt+t", "alt+t")
        await running.until(lambda: names(running) == ["api-refactor", "scratch", "terraform"])


async def test_a_tab_moves_left_and_right_and_stays_on_screen() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+right")
        await running.until(lambda: names(running) == ["scratch", "api-refactor", "terraform"])
        assert running.main.deck.active.name == "api-refactor"
        await running.pilot.press("alt+left", "alt+left")
        await running.until(lambda: names(running) == ["api-refactor", "scratch", "terraform"])
        assert running.main.deck.active.name == "api-refactor"


async def test_a_copy_of_a_session_goes_on_without_changing_it() -> None:
    async with dashboard() as running:
        await running.send("hello")
        await running.settled()
        original = running.main.deck.active
        await running.pilot.press("alt+d")
        await running.until(lambda: names(running)[1] == "api-refactor copy")
        copy = running.main.deck.active
        assert copy is not original
        assert copy.environment is original.environment
        await running.send("and then")
        await running.settled()
        assert [message.text for message in running.runtime.router.requests[-1][0].messages] == [
            "hello",
            "Fine.",
            "and then",
        ]
        assert len(original.messages) == 2
        assert len(original.transcript.entries) == 2


async def test_a_copy_leaves_out_what_is_still_being_answered() -> None:
    async with dashboard() as running:
        await running.send("hello")
        await running.settled()
        running.runtime.router.scripts.append([*begins(SONNET), asyncio.Event()])
        original = running.main.deck.active
        await running.send("and then")
        await running.until(lambda: original.transcript.answering)
        await running.pilot.press("alt+d")
        await running.until(lambda: running.main.deck.active is not original)
        assert len(running.main.deck.active.transcript.entries) == 2


async def test_an_answer_in_another_session_is_marked_as_unread_until_it_is_seen() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([*begins(SONNET), go_on, *ends(SONNET)])
        first = running.main.deck.active
        await running.send("hello")
        await running.until(lambda: first.is_busy)
        await running.pilot.press("alt+2")
        go_on.set()
        await running.settled()
        await running.until(lambda: "✱" in running.text("#tabs"))
        await opens(running, SessionsScreen, "f8")
        assert "unread" in running.text()
        await running.pilot.press("escape", "alt+1")
        await running.until(lambda: "✱" not in running.text("#tabs"))


async def test_an_answer_on_screen_is_not_unread() -> None:
    async with dashboard() as running:
        await running.send("hello")
        await running.settled()
        assert running.main.deck.unread == set()


async def test_closing_a_session_stops_its_answer() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*begins(SONNET), asyncio.Event()])
        session = running.main.deck.active
        await running.send("hello")
        await running.until(lambda: session.transcript.answering)
        await opens(running, QuestionScreen, "f3")
        await running.pilot.press("y")
        await running.until(lambda: not session.is_busy)
        assert names(running) == ["scratch", "terraform"]


async def test_after_the_last_session_comes_a_fresh_one() -> None:
    async with dashboard(ScriptedRuntime(environments={}, burn=quiet_day())) as running:
        await running.pilot.press("f3")
        await running.pilot.pause()
        assert names(running) == ["main"]


async def test_the_list_of_sessions_opens_renames_and_closes_them_with_plain_letters() -> None:
    async with dashboard() as running:
        await opens(running, SessionsScreen, "f8")
        await opens(running, NameSessionScreen, "down", "r")
        await running.type("notes")
        await opens(running, SessionsScreen, "enter")
        assert "notes" in running.text()
        await running.pilot.press("x")
        await running.until(lambda: names(running) == ["api-refactor", "terraform"])
        await running.until(lambda: isinstance(running.app.screen, SessionsScreen))
        await opens(running, NameSessionScreen, "n")
        await running.pilot.press("enter")
        await running.until(lambda: len(names(running)) == 3)


async def test_the_list_moves_copies_and_brings_back_sessions() -> None:
    async with dashboard() as running:
        await opens(running, SessionsScreen, "f8")
        await running.pilot.press("right_square_bracket")
        await running.until(lambda: names(running) == ["scratch", "api-refactor", "terraform"])
        await running.until(lambda: isinstance(running.app.screen, SessionsScreen))
        await running.pilot.press("left_square_bracket")
        await running.until(lambda: names(running) == ["api-refactor", "scratch", "terraform"])
        await running.until(lambda: isinstance(running.app.screen, SessionsScreen))
        await running.pilot.press("x")
        await running.until(lambda: names(running) == ["scratch", "terraform"])
        await running.until(lambda: isinstance(running.app.screen, SessionsScreen))
        await running.pilot.press("u")
        await running.until(lambda: names(running) == ["api-refactor", "scratch", "terraform"])
        await running.until(lambda: isinstance(running.app.screen, SessionsScreen))
        await running.pilot.press("d")
        await running.until(lambda: names(running)[1] == "api-refactor copy")


async def test_the_list_says_how_other_programs_come_in_and_leads_there() -> None:
    async with dashboard() as running:
        await opens(running, SessionsScreen, "f8")
        assert "alt+g let other programs in" in running.text()
        await opens(running, GatewayScreen, "alt+g")
        await running.pilot.press("escape")
        await running.until(lambda: running.app.screen is running.main)


async def test_enter_in_the_list_goes_to_the_marked_session() -> None:
    async with dashboard() as running:
        await opens(running, SessionsScreen, "f8")
        await running.pilot.press("down", "down", "enter")
        await running.until(lambda: running.main.deck.position == 2)


async def test_the_palette_finds_actions_and_sessions() -> None:
    async with dashboard() as running:
        await running.pilot.press("ctrl+p")
        await running.type("terraform")
        await running.until(lambda: "Go to 3" in running.text())
        await running.pilot.press("enter")
        await running.until(lambda: running.main.deck.position == 2)


async def test_the_palette_renames_a_session() -> None:
    async with dashboard() as running:
        await running.pilot.press("ctrl+p")
        await running.type("rename")
        await running.until(lambda: "Session: rename this one" in running.text())
        await running.pilot.press("enter")
        await running.until(lambda: isinstance(running.app.screen, NameSessionScreen))
