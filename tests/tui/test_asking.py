"""From the prompt to the answer, and what happens when there is none."""

import asyncio

import pytest
from msgspec import structs
from support.dashboard import Dashboard, dashboard
from support.scripted import (
    FLASH,
    GPT,
    QWEN,
    RATE_LIMITED,
    SONNET,
    Step,
    answers,
    asks_first,
    begins,
    ends,
    falls_back,
    settled,
)
from textual.widgets import TextArea

from burn_tui.core.errors import LedgerError
from burn_tui.core.events import AttemptFailed, AttemptFinished, Refused, RequestFinished, TextDelta, TooLong
from burn_tui.core.transcript import Answer, Asked
from burn_tui.tui.messages import PromptSubmitted
from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.widgets.session_tabs import SessionTabs

REFUSED: list[Step] = [
    Refused("budget", "Budget daily has $20 of $20 spent or reserved.", "Raise it."),
    RequestFinished("r", None, None, ()),
]
UNANSWERED: list[Step] = [
    *begins(QWEN),
    AttemptFailed(1, QWEN, RATE_LIMITED),
    AttemptFinished(settled(QWEN, failure=RATE_LIMITED)),
    RequestFinished("r", None, None, (settled(QWEN, failure=RATE_LIMITED),), RATE_LIMITED),
]
BROKEN_LEDGER = LedgerError("is locked by another program.", file="ledger.sqlite3", mend="Close it.")


def answer_of(running: Dashboard) -> str:
    entries = running.main.deck.active.transcript.entries
    return next((entry.text for entry in reversed(entries) if isinstance(entry, Answer)), "")


def is_red(running: Dashboard, position: int = 0) -> bool:
    view = running.main.query_one(SessionTabs).view
    return view is not None and view.tabs[position].is_calling


async def test_enter_sends_the_prompt_and_empties_it() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(answers(SONNET, "Because it is ", "re-read."))
        await running.send("why")
        await running.settled()
        assert answer_of(running) == "Because it is re-read."
        assert running.prompt == ""


async def test_an_empty_prompt_is_not_sent() -> None:
    async with dashboard() as running:
        await running.send("  ")
        assert running.runtime.router.requests == []


async def test_alt_enter_begins_a_new_line_and_sends_nothing() -> None:
    async with dashboard() as running:
        await running.type("one")
        await running.pilot.press("alt+enter")
        await running.type("two")
        assert running.prompt == "one\ntwo"
        assert running.runtime.router.requests == []


async def test_the_answer_stands_in_the_conversation_while_it_is_still_being_written() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([*begins(SONNET), TextDelta("first half"), go_on, *ends(SONNET)])
        await running.send("hello")
        await running.until(lambda: "first half" in running.text("#transcript"))
        go_on.set()
        await running.settled()


async def test_the_tab_is_red_while_a_provider_is_called_and_not_afterwards() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([*begins(SONNET), go_on, *ends(SONNET)])
        await running.send("hello")
        await running.until(lambda: is_red(running))
        assert "●" in running.text("#tabs")
        assert "calling" in running.text("#status")
        go_on.set()
        await running.settled()
        await running.until(lambda: not is_red(running))
        assert "●" not in running.text("#tabs")


async def test_a_second_prompt_waits_in_its_place_until_the_first_is_answered() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([*begins(SONNET), go_on, *ends(SONNET)])
        await running.send("one")
        await running.until(lambda: is_red(running))
        await running.send("two")
        assert running.prompt == "two"
        assert len(running.runtime.router.requests) == 1
        go_on.set()
        await running.settled()


async def test_a_session_that_is_not_on_screen_goes_on_and_shows_its_answer_later() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([*begins(SONNET), go_on, TextDelta("meanwhile"), *ends(SONNET)])
        await running.send("hello")
        await running.until(lambda: is_red(running))
        await running.pilot.press("alt+2")
        assert is_red(running, 0)
        go_on.set()
        await running.settled()
        assert "meanwhile" not in running.text()
        await running.pilot.press("alt+1")
        await running.until(lambda: "meanwhile" in running.text("#transcript"))


async def test_a_prompt_belongs_to_the_session_in_which_enter_was_pressed() -> None:
    async with dashboard() as running:
        first = running.main.deck.active
        await running.pilot.press("alt+2")
        running.main.post_message(PromptSubmitted(first.id, "for the first"))
        await running.until(lambda: first.transcript.entries)
        await running.settled()
        _, caller = running.runtime.router.requests[0]
        assert caller.session_id == first.id


async def test_escape_stops_the_answer_and_the_tab_is_no_longer_red() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*begins(SONNET), TextDelta("half"), asyncio.Event()])
        await running.send("hello")
        await running.until(lambda: answer_of(running) == "half")
        await running.pilot.press("escape")
        await running.settled()
        await running.until(lambda: not is_red(running))
        assert answer_of(running) == "half"
        assert running.prompt == ""


async def test_a_prompt_that_was_stopped_before_any_answer_comes_back() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*begins(SONNET), asyncio.Event()])
        await running.send("hello")
        await running.until(lambda: is_red(running))
        await running.pilot.press("escape")
        await running.until(lambda: running.prompt == "hello")


async def test_a_refused_prompt_comes_back_with_the_reason_in_the_conversation() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(list(REFUSED))
        await running.send("hello")
        await running.until(lambda: running.prompt == "hello")
        assert "Raise it." in running.text("#transcript")


async def test_a_refused_prompt_is_put_before_what_was_typed_meanwhile() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([go_on, *REFUSED])
        await running.send("hello")
        await running.type("next")
        go_on.set()
        await running.until(lambda: running.prompt == "hello\n\nnext")


async def test_a_prompt_that_nobody_answered_comes_back() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(list(UNANSWERED))
        await running.send("hello")
        await running.until(lambda: running.prompt == "hello")


async def test_the_banner_does_not_say_that_somebody_serves_who_failed_as_well() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*falls_back(SONNET, QWEN), *UNANSWERED])
        await running.send("hello")
        await running.settled()
        await running.until(lambda: "did not answer either" in " ".join(running.text("#fallback").split()))
        assert "Now" not in running.text("#fallback")


async def test_what_was_typed_meanwhile_is_not_overwritten_by_an_unanswered_prompt() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([go_on, *UNANSWERED])
        await running.send("hello")
        await running.type("next")
        go_on.set()
        await running.settled()
        assert running.prompt == "next"
        assert any(isinstance(entry, Asked) for entry in running.main.deck.active.transcript.entries)


async def test_an_error_of_the_ledger_is_a_notice_and_the_prompt_comes_back() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*begins(SONNET), BROKEN_LEDGER])
        await running.send("hello")
        await running.until(lambda: "is locked by another program" in running.text("#notice"))
        assert running.prompt == "hello"
        assert not is_red(running)


async def test_a_notice_stays_until_escape() -> None:
    async with dashboard() as running:
        running.runtime.figures = BROKEN_LEDGER
        await running.until(lambda: "Close it." in running.text("#notice"))
        running.runtime.figures = running.calm
        await running.send("hello")
        await running.settled()
        assert "Close it." in running.text("#notice")
        await running.pilot.press("escape")
        await running.until(lambda: not running.main.query_one("#notice").display)


async def test_the_banner_after_a_fallback_says_from_whom_to_whom_and_why() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*falls_back(SONNET, GPT), *ends(GPT)])
        await running.send("hello")
        await running.settled()
        banner = " ".join(running.text("#fallback").split())
        assert "anthropic refused: rate limited, back in 43 s." in banner
        assert "Now openai/gpt-5-mini, not anthropic/claude-sonnet-4-5." in banner


async def test_banner_and_amber_mark_stay_until_the_person_dismisses_them() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*falls_back(SONNET, GPT), *ends(GPT)])
        await running.send("hello")
        await running.settled()
        await running.send("again")
        await running.settled()
        assert "⚠" in running.text("#tabs")
        assert running.main.query_one("#fallback").display
        await running.pilot.press("escape")
        await running.until(lambda: not running.main.query_one("#fallback").display)
        assert "⚠" not in running.text("#tabs")


async def test_the_banner_can_be_clicked_away() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*falls_back(SONNET, GPT), *ends(GPT)])
        await running.send("hello")
        await running.settled()
        await running.pilot.click("#fallback")
        await running.until(lambda: not running.main.query_one("#fallback").display)


async def test_outside_the_prompt_d_dismisses_the_banner() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*falls_back(SONNET, GPT), *ends(GPT)])
        await running.send("hello")
        await running.settled()
        await running.pilot.press("tab", "d")
        await running.until(lambda: not running.main.query_one("#fallback").display)
        assert running.prompt == ""


async def test_a_paid_call_from_a_guarded_environment_is_asked_about_with_all_its_facts() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(asks_first(SONNET, "production"))
        await running.send("hello")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.pause()
        shown = running.text()
        for fact in ("anthropic/claude-sonnet-4-5", "production", "ANTHROPIC_API_KEY", "$0.0076"):
            assert fact in shown


async def test_y_sends_what_was_asked_about() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts += [asks_first(SONNET, "production"), answers(SONNET, "Done.")]
        await running.send("hello")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("y")
        await running.until(lambda: answer_of(running) == "Done.")
        request, caller = running.runtime.router.requests[-1]
        assert (request.messages[-1].text, caller.is_confirmed_now) == ("hello", True)
        assert running.prompt == ""


async def test_neither_enter_nor_any_other_key_says_yes() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(asks_first(SONNET, "production"))
        await running.send("hello")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("enter", "space", "a", "f2", "ctrl+t")
        assert isinstance(running.app.screen, QuestionScreen)
        assert len(running.runtime.router.requests) == 1


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_n_and_escape_lead_back_to_the_prompt_with_its_words(key: str) -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(asks_first(SONNET, "production"))
        await running.send("hello")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press(key)
        await running.until(lambda: running.app.screen is running.main)
        assert running.prompt == "hello"
        assert len(running.runtime.router.requests) == 1


async def test_no_dialog_opens_over_somebody_who_is_typing() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([go_on, *asks_first(SONNET, "production")])
        await running.send("hello")
        await running.type("y")
        go_on.set()
        await running.until(lambda: running.prompt == "hello\n\ny")
        assert running.app.screen is running.main


async def test_who_sends_a_prompt_sees_the_end_again() -> None:
    async with dashboard(size=(80, 24)) as running:
        running.runtime.router.scripts.append(answers(SONNET, "line\n\n" * 80))
        await running.send("hello")
        await running.settled()
        transcript = running.main.query_one("#transcript")
        await running.until(lambda: transcript.scroll_offset.y > 0)
        await running.pilot.press("pageup", "pageup")
        await running.send("and now")
        await running.until(lambda: "Fine." in running.text("#transcript"))


async def test_the_route_line_says_what_will_happen_and_follows_the_typing() -> None:
    async with dashboard() as running:
        route = running.text("#route")
        assert "default > anthropic/claude-sonnet-4-5" in route
        assert "PROD locked" in route
        assert "est." not in route
        await running.type("hello")
        await running.until(lambda: "est. $0.0004" in running.text("#route"))


async def test_a_key_locks_paid_calls_again_and_else_tells_how_to_unlock_them() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+y")
        await running.until(lambda: "PROD is locked. Send the prompt" in running.text())
        running.main.deck.active.unlock()
        await running.pilot.press("alt+y")
        await running.until(lambda: "PROD is locked: the" in running.text())
        await running.until(lambda: "PROD locked" in running.text("#route"))
        await running.pilot.press("alt+3", "alt+y")
        await running.until(lambda: "STAGE has no lock." in running.text())


async def test_where_there_is_little_room_the_banner_leaves_the_answer_in_sight() -> None:
    async with dashboard(size=(40, 15)) as running:
        running.runtime.router.scripts.append([*falls_back(SONNET, GPT), *answers(GPT, "Here it is.")])
        await running.send("why")
        await running.settled()
        band = running.text("#fallback")
        assert "Now openai/gpt-5-mini." in " ".join(band.replace("▌", " ").split())
        assert len([line for line in band.splitlines() if line.strip()]) <= 4
        assert "Here it is." in running.text("#transcript")


async def test_while_escape_would_stop_the_answer_the_banner_does_not_promise_it_for_itself() -> None:
    async with dashboard() as running:
        go_on = asyncio.Event()
        running.runtime.router.scripts.append([*falls_back(SONNET, GPT), go_on, *ends(GPT)])
        await running.send("why")
        await running.until(lambda: "Now openai/gpt-5-mini" in running.text("#fallback"))
        assert "Escape" not in running.text("#fallback")
        assert "Escape stop" in running.text("#keys")
        go_on.set()
        await running.settled()
        await running.until(lambda: "Escape dismisses" in running.text("#fallback"))


async def test_a_free_call_is_said_to_be_free() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+2")
        await running.type("hello")
        await running.until(lambda: "free" in running.text("#route"))
        assert "ollama/qwen3:8b" in running.text("#route")


async def test_page_keys_in_the_prompt_scroll_the_conversation() -> None:
    async with dashboard(size=(80, 24)) as running:
        running.runtime.router.scripts.append(answers(SONNET, "line\n\n" * 80))
        await running.send("hello")
        await running.settled()
        transcript = running.main.query_one("#transcript")
        await running.until(lambda: transcript.scroll_offset.y > 0)
        before = transcript.scroll_offset.y
        await running.pilot.press("pageup")
        await running.until(lambda: transcript.scroll_offset.y < before)
        assert isinstance(running.app.focused, TextArea)


LONG = TooLong(
    tokens_needed=212_000,
    window=128_000,
    shorten_to=120_000,
    shortest=900,
    carrier=FLASH,
    carrier_window=1_000_000,
    carrier_cost_nanousd=120_000_000,
)


def too_long(facts: TooLong = LONG) -> list[Step]:
    return [
        Refused("context_length", "The conversation needs about 212,000 tokens.", "Shorten it.", too_long=facts),
        RequestFinished("r", None, None, ()),
    ]


async def asks_about_length(running: Dashboard, facts: TooLong = LONG) -> None:
    running.runtime.router.scripts += [too_long(facts), answers(FLASH, "Done.")]
    await running.send("hello")
    await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
    await running.pilot.pause()


async def test_a_conversation_that_is_too_long_is_asked_about_with_the_price_of_carrying_all() -> None:
    async with dashboard() as running:
        await asks_about_length(running)
        shown = running.text()
        for fact in ("about 212k tokens", "128k", "the newest 120k", "gemini/gemini-2.5-flash, for about $0.12"):
            assert fact in shown


async def test_nothing_is_forgotten_before_the_person_says_yes() -> None:
    async with dashboard() as running:
        session = running.main.deck.active
        running.runtime.router.scripts += [answers(SONNET, "Hi. " * 200_000), answers(SONNET, "Short.")]
        for prompt in ("first", "second"):
            await running.send(prompt)
            await running.settled()
        await asks_about_length(running)
        assert len(session.messages) == 4
        await running.pilot.press("y")
        await running.until(lambda: answer_of(running) == "Done.")
        request, _ = running.runtime.router.requests[-1]
        assert [message.text for message in request.messages] == ["second", "Short.", "hello"]


async def test_the_other_way_sends_everything_to_the_larger_model_this_once() -> None:
    async with dashboard() as running:
        await asks_about_length(running)
        await running.pilot.press("o")
        await running.until(lambda: answer_of(running) == "Done.")
        request, _ = running.runtime.router.requests[-1]
        assert (request.model, request.messages[-1].text) == (str(FLASH), "hello")
        assert running.main.deck.active.requested is None


async def test_where_forgetting_is_no_help_it_is_not_offered() -> None:
    async with dashboard() as running:
        await asks_about_length(running, structs.replace(LONG, shortest=121_000))
        assert "forget the oldest turns" not in running.text()
        await running.pilot.press("y")
        assert isinstance(running.app.screen, QuestionScreen)


async def test_where_nothing_would_help_nothing_is_asked() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(too_long(structs.replace(LONG, shortest=121_000, carrier=None)))
        await running.send("hello")
        await running.until(lambda: running.prompt == "hello")
        assert running.app.screen is running.main
        assert "Shorten it." in running.text("#transcript")


async def test_a_name_before_the_prompt_says_who_answers_it_once() -> None:
    async with dashboard() as running:
        await running.type("@quick ")
        await running.send("why")
        await running.settled()
        request, _ = running.runtime.router.requests[-1]
        assert (request.model, request.messages[-1].text) == ("quick", "why")
        await running.send("and now")
        await running.settled()
        assert running.runtime.router.requests[-1][0].model is None


async def test_a_prompt_for_somebody_comes_back_with_the_name_before_it() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(list(REFUSED))
        await running.send("@quick why")
        await running.until(lambda: running.prompt == "@quick why")


async def test_the_route_line_says_who_is_meant_and_when_nobody_is() -> None:
    async with dashboard() as running:
        await running.type("@quick why")
        await running.until(lambda: "this once > quick > " in running.text("#route"))
        await running.pilot.press("ctrl+u")
        await running.type("@quack why")
        await running.until(lambda: "nobody is called @quack" in running.text("#route"))


async def test_a_name_alone_is_not_sent() -> None:
    async with dashboard() as running:
        await running.send("@quick")
        await running.pilot.press("enter")
        await running.until(lambda: "Type the question behind @quick." in running.text())
        assert running.runtime.router.requests == []
        assert running.prompt == "@quick "


async def test_a_session_can_be_kept_on_this_machine_and_says_so() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+l")
        await running.until(lambda: "local only" in running.text("#status"))
        assert "local only" in running.text("#route")
        await running.send("hello")
        await running.settled()
        assert running.runtime.router.requests[-1][1].privacy == "local"
        await running.pilot.press("alt+l")
        await running.until(lambda: "local only" not in running.text("#status"))
        assert running.main.deck.active.privacy == "any"


async def test_in_a_local_session_nobody_elsewhere_can_be_chosen() -> None:
    async with dashboard() as running:
        await running.pilot.press("alt+l", "f2")
        await running.until(lambda: "not on this machine" in running.text())
        await running.pilot.press("4")
        assert running.main.deck.active.requested is None


async def test_a_notice_that_no_longer_holds_goes_away_by_itself() -> None:
    async with dashboard() as running:
        running.runtime.notices.append("config.yaml, line 3: no such key.")
        await running.until(lambda: "no such key" in running.text("#notice"))
        running.runtime.notices.clear()
        await running.until(lambda: not running.main.query_one("#notice").display)
