"""Typing: history, commands, names, long texts and the editor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dashboard import Dashboard, dashboard
from textual import events

from burn_tui.tui.completion import Candidate, candidates
from burn_tui.tui.folding import FOLD_FROM, Folds
from burn_tui.tui.screens.help import HelpScreen
from burn_tui.tui.screens.sessions import SessionsScreen
from burn_tui.tui.widgets.prompt import Prompt

COMMANDS = {"new": "Open another session.", "provider": "Choose.", "rename": "Rename."}
NAMES = {"quick": "gemini", "openai/gpt-5-mini": ""}


async def say(running: Dashboard, *prompts: str) -> None:
    for prompt in prompts:
        await running.send(prompt)
        await running.settled()


async def test_up_brings_back_what_was_sent_and_down_the_draft() -> None:
    async with dashboard() as running:
        await say(running, "one", "two")
        await running.type("draft")
        await running.pilot.press("up")
        assert running.prompt == "two"
        await running.pilot.press("up")
        assert running.prompt == "one"
        await running.pilot.press("up")
        assert running.prompt == "one"
        await running.pilot.press("down", "down")
        assert running.prompt == "draft"


async def test_within_a_text_of_several_lines_the_arrows_move_the_cursor() -> None:
    async with dashboard() as running:
        await say(running, "sent")
        await running.type("one")
        await running.pilot.press("alt+enter")
        await running.type("two")
        await running.pilot.press("up")
        assert running.prompt == "one\ntwo"
        await running.pilot.press("up")
        assert running.prompt == "sent"


async def test_the_history_of_this_session_comes_before_that_of_the_others() -> None:
    async with dashboard() as running:
        await say(running, "in the first")
        await running.pilot.press("alt+2")
        await say(running, "in the second")
        await running.pilot.press("up", "up")
        assert running.prompt == "in the first"


async def test_without_a_history_up_stays_in_the_draft() -> None:
    async with dashboard() as running:
        await running.type("draft")
        await running.pilot.press("up")
        assert running.prompt == "draft"


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("/", ["/new", "/provider", "/rename"]),
        ("/n", ["/new", "/rename"]),
        ("/REN", ["/rename"]),
        ("/usr/bin", []),
        ("/new ", []),
        ("@", ["@quick", "@openai/gpt-5-mini"]),
        ("@gpt", ["@openai/gpt-5-mini"]),
        ("new", []),
        ("", []),
        ("/new\n", []),
    ],
)
def test_what_a_beginning_could_become(prompt: str, texts: list[str]) -> None:
    assert [one.text for one in candidates(prompt, commands=COMMANDS, names=NAMES)] == texts


def test_a_candidate_says_what_it_means() -> None:
    assert candidates("@q", commands=COMMANDS, names=NAMES) == (Candidate("@quick", "gemini"),)


async def test_a_slash_lists_the_commands_and_enter_does_the_marked_one() -> None:
    async with dashboard() as running:
        await running.type("/hel")
        await running.until(lambda: "Show every key." in running.text("#completions"))
        await running.pilot.press("enter")
        await running.until(lambda: isinstance(running.app.screen, HelpScreen))
        assert running.prompt == ""
        assert running.runtime.router.requests == []


async def test_a_command_typed_in_one_go_is_done_at_once() -> None:
    async with dashboard() as running:
        await running.hit("/", *"sessions", "enter")
        await running.until(lambda: isinstance(running.app.screen, SessionsScreen))


async def test_the_arrows_choose_among_the_candidates_and_tab_takes_one() -> None:
    async with dashboard() as running:
        await running.type("@o")
        await running.until(lambda: running.main.query_one("#completions").display)
        await running.pilot.press("down", "up", "tab")
        assert running.prompt.startswith("@o")
        assert running.prompt.endswith(" ")
        await running.until(lambda: not running.main.query_one("#completions").display)
        assert running.main.focused is running.main.query_one(Prompt)


async def test_a_name_that_is_completed_is_not_sent_by_the_same_enter() -> None:
    async with dashboard() as running:
        await running.type("@quic")
        await running.pilot.press("enter")
        assert running.prompt == "@quick "
        await say(running, "why")
        assert running.runtime.router.requests[-1][0].model == "quick"


async def test_escape_hides_the_candidates_and_the_text_is_sent_as_it_is() -> None:
    async with dashboard() as running:
        await running.type("/new")
        await running.until(lambda: running.main.query_one("#completions").display)
        await running.pilot.press("escape")
        await running.until(lambda: not running.main.query_one("#completions").display)
        await running.pilot.press("enter")
        await running.settled()
        assert running.runtime.router.requests[-1][0].messages[-1].text == "/new"


async def test_a_path_is_no_command() -> None:
    async with dashboard() as running:
        await say(running, "/usr/bin/env fails")
        assert running.runtime.router.requests[-1][0].messages[-1].text == "/usr/bin/env fails"


async def test_every_command_of_the_palette_can_be_typed() -> None:
    async with dashboard() as running:
        await running.type("/")
        await running.until(lambda: "/help" in running.text("#completions"))


LONG = "a line of a log\n" * 65_536
"""One megabyte."""


async def paste(running: Dashboard, text: str) -> None:
    running.app.post_message(events.Paste(text))
    await running.until(lambda: running.main.query_one(Prompt).whole_text.endswith(text))


async def test_a_megabyte_is_pasted_as_a_mark_and_sent_as_a_whole() -> None:
    async with dashboard() as running:
        await running.type("look: ")
        await paste(running, LONG)
        assert running.prompt == "look: [text 1: 65,537 lines, 1,048,576 characters]"
        await running.pilot.press("enter")
        await running.settled()
        assert running.runtime.router.requests[-1][0].messages[-1].text == f"look: {LONG}"
        await running.until(lambda: "lines more" in running.text("#transcript"))


async def test_a_long_draft_stays_a_mark_when_the_tab_changes() -> None:
    async with dashboard() as running:
        await running.type("look: ")
        await paste(running, LONG)
        await running.pilot.press("alt+2")
        assert running.prompt == ""
        await running.pilot.press("alt+1")
        assert running.prompt.startswith("look: [text 1:")
        assert running.main.deck.active.draft == f"look: {LONG}"


async def test_a_mark_is_deleted_as_a_whole() -> None:
    async with dashboard() as running:
        await running.type("look: ")
        await paste(running, LONG)
        await running.pilot.press("backspace")
        assert running.prompt == "look: "


async def test_a_short_text_is_pasted_as_it_is() -> None:
    async with dashboard() as running:
        await paste(running, "two\nlines")
        assert running.prompt == "two\nlines"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_what_is_folded_unfolds_to_what_it_was(parts: list[str]) -> None:
    folds = Folds()
    text = "".join(parts)
    marked = "".join(folds.mark_for(part * FOLD_FROM) for part in parts)
    assert folds.unfold(marked) == "".join(part * FOLD_FROM for part in parts)
    assert folds.unfold(folds.fold(text * FOLD_FROM)) == text * FOLD_FROM


async def test_the_editor_is_given_the_draft_and_gives_it_back() -> None:
    async with dashboard() as running:
        await running.type("draft")
        await running.pilot.press("ctrl+g")
        # A terminal that exists only in a test cannot be lent to anybody.
        await running.until(lambda: running.toasts)
        assert running.prompt == "draft"


async def test_the_route_line_shows_the_estimated_tokens() -> None:
    async with dashboard() as running:
        await running.type("hello")
        await running.until(lambda: "~12 tokens" in running.text("#route"))
