"""Verdicts, notes, and other answers to the same question."""

import asyncio

from msgspec import structs
from support.dashboard import Dashboard, dashboard
from support.scripted import GPT, QWEN, SONNET, answers, asks_first, begins, settled
from textual.widgets import Input

from burn_tui.core.cascade import Earlier
from burn_tui.core.errors import LedgerError
from burn_tui.core.events import AttemptFinished, Escalated, Refused, RequestFinished, TextDelta
from burn_tui.core.transcript import Answer, Asked, Notice
from burn_tui.tui.screens.choose_provider import ChooseProviderScreen
from burn_tui.tui.screens.compare import CompareScreen
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.question import QuestionScreen


async def talk(running: Dashboard, question: str = "why", answer: str = "Because.") -> None:
    running.runtime.router.scripts.append(answers(SONNET, answer))
    await running.send(question)
    await running.settled()


def sent(running: Dashboard) -> list[str]:
    return [message.text for message in running.runtime.router.requests[-1][0].messages]


def texts(running: Dashboard) -> list[str]:
    entries = running.main.deck.active.transcript.entries
    return [entry.text for entry in entries if isinstance(entry, Asked | Answer)]


def context(running: Dashboard) -> list[str]:
    return [message.text for message in running.main.deck.active.messages]


async def choose(running: Dashboard, key: str) -> None:
    await running.pilot.press(key)
    await running.until(lambda: isinstance(running.app.screen, ChooseProviderScreen))
    await running.pilot.press("4")


async def test_thumbs_up_is_kept_with_the_attempt_and_shown_at_the_answer() -> None:
    async with dashboard() as running:
        await talk(running)
        await running.pilot.press("tab", "plus")
        await running.until(lambda: "▲ good" in running.text("#transcript"))
        (heard,) = running.runtime.ledger.heard
        assert (heard.event_id, heard.verdict) == ("e", 1)


async def test_the_same_thumb_once_more_takes_it_back_and_the_other_one_changes_it() -> None:
    async with dashboard() as running:
        await talk(running)
        await running.pilot.press("tab", "minus", "plus", "plus")
        await running.until(lambda: len(running.runtime.ledger.heard) == 3)
        assert [heard.verdict for heard in running.runtime.ledger.heard] == [-1, 1, None]
        await running.until(lambda: "good" not in running.text("#transcript"))
        assert running.toasts == []


async def test_a_verdict_whose_heading_is_out_of_sight_is_told_in_a_toast() -> None:
    async with dashboard(size=(80, 24)) as running:
        await talk(running, "why", "line\n\n" * 40)
        await running.pilot.press("tab", "minus")
        await running.until(lambda: running.toasts == ["Judged bad. n adds a note."])


async def test_a_note_stands_below_its_answer_and_can_be_emptied() -> None:
    async with dashboard() as running:
        await talk(running)
        await running.pilot.press("tab", "n")
        await running.until(lambda: isinstance(running.app.screen, NameSessionScreen))
        assert running.app.screen.query_one(Input).placeholder == "note"
        await running.type("too short")
        await running.pilot.press("enter")
        await running.until(lambda: "your note: too short" in running.text("#transcript"))
        assert running.runtime.ledger.heard[-1].note == "too short"
        await running.pilot.press("n")
        await running.until(lambda: isinstance(running.app.screen, NameSessionScreen))
        await running.pilot.press("backspace", "enter")
        await running.until(lambda: "your note" not in running.text("#transcript"))


async def test_a_verdict_that_cannot_be_kept_is_not_shown() -> None:
    async with dashboard() as running:
        await talk(running)
        running.runtime.ledger.trouble = LedgerError("is locked.", file="ledger.sqlite3", mend="Close it.")
        await running.pilot.press("tab", "plus")
        await running.until(lambda: "is locked." in running.text("#notice"))
        assert "good" not in running.text("#transcript")


async def test_a_question_cannot_be_judged() -> None:
    async with dashboard() as running:
        await talk(running)
        await running.pilot.press("tab", "k", "k", "plus")
        await running.until(lambda: "There is no answer here that could be judged." in running.toasts)


async def test_the_last_question_is_answered_again_and_the_earlier_answer_is_not_sent_along() -> None:
    async with dashboard() as running:
        await talk(running, "first", "One.")
        await talk(running, "why", "Because.")
        running.runtime.router.scripts.append(answers(GPT, "Since."))
        await running.pilot.press("tab")
        await choose(running, "r")
        await running.until(lambda: "Since." in texts(running))
        await running.settled()
        assert running.runtime.router.requests[-1][0].model == str(GPT)
        assert sent(running) == ["first", "One.", "why"]
        assert context(running) == ["first", "One.", "why", "Since."]
        assert texts(running) == ["first", "One.", "why", "Because.", "why", "Since."]
        await running.until(lambda: "Asked again" in running.text("#transcript"))
        await running.until(lambda: running.runtime.ledger.outcomes == [("e", "replaced")])


async def test_a_failed_second_attempt_leaves_the_conversation_as_it_was() -> None:
    async with dashboard() as running:
        await talk(running)
        await running.type("draft")
        running.runtime.router.scripts.append(
            [Refused("budget", "Budget daily is full.", "Raise it."), RequestFinished("r", None, None, ())]
        )
        await running.pilot.press("tab")
        await choose(running, "r")
        await running.until(lambda: "Raise it." in running.text("#transcript"))
        await running.settled()
        assert context(running) == ["why", "Because."]
        assert running.prompt == "draft"
        assert running.runtime.ledger.outcomes == []


async def test_a_paid_second_attempt_is_asked_about_and_sent_after_a_yes() -> None:
    async with dashboard() as running:
        await talk(running)
        running.runtime.router.scripts += [asks_first(GPT, "production"), answers(GPT, "Since.")]
        await running.pilot.press("tab")
        await choose(running, "r")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("y")
        await running.until(lambda: context(running) == ["why", "Since."])
        assert running.runtime.router.requests[-1][1].is_confirmed_now
        assert running.prompt == ""


async def test_the_marked_question_is_asked_again_and_what_came_after_it_is_not_sent_along() -> None:
    async with dashboard(size=(120, 60)) as running:
        for question, answer in (("first", "One."), ("second", "Two."), ("why", "Because.")):
            await talk(running, question, answer)
        running.runtime.router.scripts.append(answers(GPT, "Deux."))
        await running.pilot.press("tab", "k", "k", "k", "k")
        await choose(running, "r")
        await running.until(lambda: "Deux." in texts(running))
        await running.settled()
        assert sent(running) == ["first", "One.", "second"]
        assert context(running) == ["first", "One.", "second", "Deux."]
        words = "the earlier one and the question after it are not sent along any more"
        await running.until(lambda: words in " ".join(running.text("#transcript").split()))


async def test_what_is_not_sent_along_any_more_is_not_asked_again() -> None:
    async with dashboard() as running:
        await talk(running, "first", "One.")
        await talk(running, "why", "Because.")
        running.main.deck.active.messages = running.main.deck.active.messages[2:]
        await running.pilot.press("tab", "k", "k", "k", "r")
        wanted = "The marked message is not sent along any more. Mark another question."
        await running.until(lambda: wanted in running.toasts)


async def test_a_comparison_may_go_on_from_another_answer_to_the_marked_question() -> None:
    async with dashboard(size=(120, 60)) as running:
        for question, answer in (("first", "One."), ("second", "Two."), ("why", "Because.")):
            await talk(running, question, answer)
        running.runtime.router.scripts.append(answers(GPT, "Un."))
        await running.pilot.press("tab", *"kkkkkk")
        await choose(running, "s")
        await running.until(lambda: "Un." in running.text())
        await running.pilot.press("2")
        await running.until(lambda: context(running) == ["first", "Un."])
        assert texts(running)[-2:] == ["first", "Un."]
        assert [turn.answer.text for turn in running.main.deck.active.turns()] == ["Un."]
        words = "the other and the 2 questions after it are not sent along any more"
        await running.until(lambda: words in " ".join(running.text("#transcript").split()))


async def test_a_comparison_of_an_earlier_question_may_change_nothing() -> None:
    async with dashboard() as running:
        await talk(running, "first", "One.")
        await talk(running, "why", "Because.")
        running.runtime.router.scripts.append(answers(GPT, "Un."))
        await running.pilot.press("tab", "k", "k", "k")
        await choose(running, "s")
        await running.until(lambda: "Un." in running.text())
        await running.pilot.press("1")
        await running.until(lambda: "It goes on as before" in running.text("#transcript"))
        assert context(running) == ["first", "One.", "why", "Because."]


async def by_auto(running: Dashboard) -> None:
    """An answer that auto has chosen a cheap model for, and a strong one behind it."""
    running.runtime.router.strong = SONNET
    record = settled(QWEN)
    cheap = structs.replace(record, opened=structs.replace(record.opened, route="auto"))
    finished = RequestFinished("r", None, QWEN, (cheap,))
    running.runtime.router.scripts.append([*begins(QWEN), TextDelta("Maybe."), AttemptFinished(cheap), finished])
    await running.send("why")
    await running.settled()


async def test_a_thumb_down_on_a_cheap_answer_of_auto_says_which_key_gets_a_stronger_one_and_spends_nothing() -> None:
    async with dashboard() as running:
        await by_auto(running)
        await running.pilot.press("tab", "minus")
        await running.until(lambda: f"e has {SONNET} answer it once, for about $0.00040." in running.toasts)
        assert len(running.runtime.router.requests) == 1
        await running.pilot.press("minus", "plus")
        await running.until(lambda: len(running.runtime.ledger.heard) == 3)
        assert len(running.toasts) == 1


async def test_one_key_has_the_strong_tier_answer_once_and_both_costs_are_told() -> None:
    async with dashboard(size=(120, 60)) as running:
        await by_auto(running)
        why = f"{QWEN} had answered this, and you asked for a stronger answer."
        escalated = Escalated(QWEN, SONNET, why, from_nanousd=12_100_000, to_nanousd=400_000)
        running.runtime.router.scripts.append([escalated, *answers(SONNET, "Because.")])
        await running.pilot.press("tab", "e")
        await running.until(lambda: context(running) == ["why", "Because."])
        request, caller = running.runtime.router.requests[-1]
        assert (request.model, sent(running)) == ("auto", ["why"])
        assert caller.instead_of == Earlier(target=QWEN, nanousd=12_100_000, is_said=True)
        shown = " ".join(running.text("#transcript").split())
        assert "That cost $0.0121" in shown
        await running.until(lambda: running.runtime.ledger.outcomes == [("e", "replaced")])


async def test_where_nobody_stronger_may_be_asked_the_key_says_so_and_a_thumb_says_nothing() -> None:
    async with dashboard() as running:
        await by_auto(running)
        running.runtime.router.strong = None
        await running.pilot.press("tab", "minus", "e")
        await running.until(lambda: f"Nobody stronger than {QWEN} may be asked." in running.toasts)
        assert len(running.toasts) == 1
        assert len(running.runtime.router.requests) == 1


async def test_a_thumb_down_on_an_answer_that_was_chosen_by_the_person_offers_nothing() -> None:
    async with dashboard() as running:
        await talk(running)
        running.runtime.router.strong = SONNET
        await running.pilot.press("tab", "minus")
        await running.until(lambda: "▼" in running.text("#transcript"))
        assert running.toasts == []


async def test_without_an_answer_there_is_nothing_to_ask_again() -> None:
    async with dashboard() as running:
        await running.main.run_action("again")
        await running.until(lambda: "Nothing has been answered here that could be asked again." in running.toasts)


async def comparing(running: Dashboard) -> None:
    await talk(running)
    running.runtime.router.scripts.append(answers(GPT, "Since."))
    await running.pilot.press("tab")
    await choose(running, "s")
    await running.until(lambda: isinstance(running.app.screen, CompareScreen))
    await running.until(lambda: "Since." in running.text())


async def test_two_answers_stand_side_by_side_and_the_second_can_be_kept() -> None:
    async with dashboard() as running:
        await comparing(running)
        assert any(line.count("why") == 2 for line in running.text().splitlines())
        assert sent(running) == ["why"]
        await running.pilot.press("2")
        await running.until(lambda: running.app.screen is running.main)
        assert context(running) == ["why", "Since."]
        assert texts(running) == ["why", "Because.", "Since."]
        await running.until(lambda: [one for _, one in running.runtime.ledger.outcomes] == ["kept", "replaced"])


async def test_where_there_is_no_room_one_stands_above_the_other() -> None:
    async with dashboard(size=(60, 30)) as running:
        await comparing(running)
        lines = running.text().splitlines()
        assert not any(line.count("why") == 2 for line in lines)


async def test_escape_goes_on_from_the_first_answer_and_both_stay_on_screen() -> None:
    async with dashboard() as running:
        await comparing(running)
        await running.pilot.press("escape")
        await running.until(lambda: running.app.screen is running.main)
        assert context(running) == ["why", "Because."]
        assert texts(running) == ["why", "Because.", "Since."]
        assert isinstance(running.main.deck.active.transcript.entries[-1], Notice)


async def test_leaving_a_comparison_stops_the_answer_that_is_still_being_written() -> None:
    async with dashboard() as running:
        await talk(running)
        running.runtime.router.scripts.append([*begins(GPT), TextDelta("half"), asyncio.Event()])
        await running.pilot.press("tab")
        await choose(running, "s")
        await running.until(lambda: "half" in running.text())
        await running.pilot.press("2")
        await running.until(lambda: running.app.screen is running.main)
        assert context(running) == ["why", "Because."]


async def test_a_paid_comparison_is_asked_about_too() -> None:
    async with dashboard() as running:
        await talk(running)
        running.runtime.router.scripts += [asks_first(GPT, "production"), answers(GPT, "Since.")]
        await running.pilot.press("tab")
        await choose(running, "s")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("y")
        await running.until(lambda: "Since." in running.text())
        await running.pilot.press("2")
        await running.until(lambda: context(running) == ["why", "Since."])


async def test_no_to_a_paid_comparison_leads_back() -> None:
    async with dashboard() as running:
        await talk(running)
        running.runtime.router.scripts.append(asks_first(QWEN, "production"))
        await running.pilot.press("tab")
        await choose(running, "s")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("n")
        await running.until(lambda: running.app.screen is running.main)
        assert context(running) == ["why", "Because."]
