"""Searching sessions, and taking up those of the past."""

from support.dashboard import Dashboard, dashboard
from support.scripted import SONNET, answers
from textual.widgets import Input

from burn_tui.tui.screens.past import PastScreen
from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.screens.search import SearchScreen
from burn_tui.tui.widgets.transcript_view import TranscriptView


async def talk(running: Dashboard, question: str, answer: str) -> None:
    running.runtime.router.scripts.append(answers(SONNET, answer))
    await running.send(question)
    await running.settled()


async def close(running: Dashboard) -> None:
    number = len(running.main.deck.sessions)
    await running.pilot.press("f3")
    await running.until(lambda: len(running.main.deck.sessions) < number)
    await running.settled()


async def search(running: Dashboard, words: str) -> None:
    await running.pilot.press("ctrl+r")
    await running.until(lambda: isinstance(running.app.screen, SearchScreen))
    running.app.screen.query_one(Input).value = words


async def test_words_of_another_session_are_found_while_they_are_typed() -> None:
    async with dashboard() as running:
        await talk(running, "why", "The counter is re-read after the sleep.")
        await running.pilot.press("alt+2")
        await search(running, "counter")
        await running.until(lambda: "re-read after the sleep" in running.text())
        await running.pilot.press("enter")
        await running.until(lambda: running.app.screen is running.main)
        assert running.main.deck.active.name == "api-refactor"


async def test_the_place_that_was_found_is_scrolled_to() -> None:
    async with dashboard(size=(80, 24)) as running:
        await talk(running, "where is the needle", "Here.")
        await talk(running, "more", "line\n\n" * 200)
        await search(running, "needle")
        await running.until(lambda: "where is the" in running.text())
        await running.pilot.press("enter")
        await running.until(lambda: "where is the needle" in running.text("#transcript"))
        assert running.main.query_one(TranscriptView).scroll_offset.y == 0


async def test_the_arrows_mark_another_place() -> None:
    async with dashboard() as running:
        await talk(running, "counter one", "Yes.")
        await running.pilot.press("alt+2")
        await talk(running, "counter two", "Yes.")
        await running.pilot.press("alt+3")
        await search(running, "counter")
        await running.until(lambda: "two" in running.text() and "one" in running.text())
        await running.pilot.press("down", "enter")
        await running.until(lambda: running.app.screen is running.main)
        assert running.main.deck.position in {0, 1}


async def test_what_nobody_said_is_not_found() -> None:
    async with dashboard() as running:
        await search(running, "xyzzy")
        await running.until(lambda: "Nobody has said that." in running.text())
        await running.pilot.press("enter", "escape")
        await running.until(lambda: running.app.screen is running.main)


async def test_a_found_session_of_the_past_is_opened() -> None:
    async with dashboard() as running:
        await talk(running, "why", "The counter is re-read.")
        await close(running)
        await search(running, "counter")
        await running.until(lambda: "re-read" in running.text())
        await running.pilot.press("enter")
        await running.until(lambda: running.main.deck.active.name == "api-refactor")
        assert len(running.main.deck.active.messages) == 2
        await running.until(lambda: "re-read" in running.text("#transcript"))


async def test_a_past_session_is_listed_and_taken_up_again() -> None:
    async with dashboard() as running:
        await talk(running, "why does it never stop", "Because.")
        await close(running)
        await running.pilot.press("ctrl+o")
        await running.until(lambda: "why does it never stop" in running.text())
        assert "1 question" in running.text()
        await running.pilot.press("enter")
        await running.until(lambda: running.main.deck.active.name == "api-refactor")
        await running.until(lambda: "Because." in running.text("#transcript"))
        await running.pilot.press("alt+t")
        await running.pilot.pause()
        assert [session.name for session in running.main.deck.sessions].count("api-refactor") == 1


async def test_without_past_sessions_the_list_says_when_there_will_be_some() -> None:
    async with dashboard() as running:
        await running.pilot.press("ctrl+o")
        await running.until(lambda: "There are none yet." in running.text())
        await running.pilot.press("enter", "x")
        assert isinstance(running.app.screen, PastScreen)


async def test_a_past_session_is_erased_only_after_a_yes() -> None:
    async with dashboard() as running:
        await talk(running, "a secret", "Yes.")
        await close(running)
        await running.pilot.press("ctrl+o")
        await running.until(lambda: "a secret" in running.text())
        await running.pilot.press("x")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("n")
        await running.until(lambda: isinstance(running.app.screen, PastScreen))
        await running.pilot.press("x")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("y")
        await running.until(lambda: "There are none yet." in running.text())
        await running.pilot.press("escape", "alt+t")
        await running.pilot.pause()
        assert "api-refactor" not in [session.name for session in running.main.deck.sessions]


async def test_the_past_list_leads_to_the_search() -> None:
    async with dashboard() as running:
        await running.pilot.press("ctrl+o")
        await running.until(lambda: isinstance(running.app.screen, PastScreen))
        await running.pilot.press("slash")
        await running.until(lambda: isinstance(running.app.screen, SearchScreen))
