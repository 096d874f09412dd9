"""Conversations on disk: what is kept, found again, and erased."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.database import MemoryDatabase
from support.scripted import GPT, SONNET, ScriptedRuntime, answers, begins, quiet_day

from burn_tui.core.chat import said
from burn_tui.core.events import TextDelta
from burn_tui.core.transcript import Answer, Asked, Entry, Notice
from burn_tui.engine.clock import Clock
from burn_tui.engine.conversation_rows import entry_of, entry_row, resumed
from burn_tui.engine.conversations import Conversations, Kept, excerpt
from burn_tui.engine.ownership import this_process
from burn_tui.engine.session import Session

NOW = 1_772_460_120.0
DEAD = "pid:999999999:1@" + this_process().rpartition("@")[2]
"""No process has that number, so its sessions are free to be taken over."""


class World:
    """One database, seen by processes that come and go."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.runtime = ScriptedRuntime(burn=quiet_day())
        self.now = NOW

    def process(self, owner: str = DEAD, *, keeps_text: bool = True) -> Conversations:
        clock = Clock(now=lambda: self.now)
        return Conversations(self.database, owner=owner, clock=clock, keeps_text=keeps_text)

    def session(self, name: str = "docs") -> Session:
        return self.runtime.session(name, "staging")

    async def talk(self, session: Session, question: str, *answer: str) -> None:
        self.runtime.router.scripts.append(answers(SONNET, *answer))
        async for _ in session.send(question):
            pass


async def keep(conversations: Conversations, *sessions: Session) -> None:
    for position, session in enumerate(sessions):
        await conversations.keep(session, position=position, is_on_screen=position == 0)


async def only_tab(conversations: Conversations) -> Kept:
    (kept,) = await conversations.tabs_of_last_time()
    return kept


async def test_everything_of_a_session_is_there_after_the_process_is_gone() -> None:
    world = World()
    session = world.session()
    session.requested, session.privacy, session.draft = "quick", "local", "and then"
    await world.talk(session, "why?", "Because ", "it is.")
    await keep(world.process(), session)

    kept = await only_tab(world.process(this_process()))
    assert (kept.id, kept.name, kept.environment) == (session.id, "docs", "staging")
    assert (kept.requested, kept.privacy, kept.draft) == ("quick", "local", "and then")
    assert kept.messages == (said("user", "why?"), said("assistant", "Because it is."))
    assert kept.entries == session.transcript.entries


async def test_only_what_changed_is_written_again() -> None:
    world = World()
    session, process = world.session(), world.process()
    await world.talk(session, "why?", "Because.")
    await keep(process, session)
    before = world.database.writes
    await keep(process, session)
    assert world.database.writes == before
    session.draft = "more"
    await keep(process, session)
    assert world.database.writes == before + 1


async def test_a_question_that_was_withdrawn_makes_room_for_the_next() -> None:
    world = World()
    session, process = world.session(), world.process()
    session.transcript.ask("first", at=NOW)
    session.transcript.ask("second", at=NOW)
    await keep(process, session)
    session.transcript.withdraw_ask()
    session.transcript.withdraw_ask()
    session.transcript.ask("third", at=NOW)
    session.draft = "typed"
    await keep(process, session)
    assert (await only_tab(world.process(this_process()))).entries == [Asked("third", NOW)]


async def test_a_shortened_context_is_kept_shortened() -> None:
    world = World()
    session, process = world.session(), world.process()
    for question in ("one", "two"):
        await world.talk(session, question, "Yes.")
    await keep(process, session)
    session.messages = session.messages[2:]
    await keep(process, session)
    assert (await only_tab(world.process(this_process()))).messages == (said("user", "two"), said("assistant", "Yes."))


async def test_the_tabs_of_last_time_come_back_in_their_order_with_the_one_on_screen() -> None:
    world = World()
    await keep(world.process(), world.session("first"), world.session("second"))
    tabs = await world.process(this_process()).tabs_of_last_time()
    assert [(kept.name, kept.is_on_screen) for kept in tabs] == [("first", True), ("second", False)]


async def test_tabs_of_a_process_that_still_runs_are_left_alone() -> None:
    world = World()
    session = world.session()
    await world.talk(session, "why?", "Because.")
    await keep(world.process(this_process()), session)
    stranger = world.process("pid:999999998:1@elsewhere")
    assert await stranger.tabs_of_last_time() == []
    assert await stranger.past() == []
    assert await stranger.search("why") == []


async def test_a_closed_session_is_no_tab_but_can_be_found_among_the_past_ones() -> None:
    world = World()
    session, process = world.session(), world.process(this_process())
    await world.talk(session, "why does it never stop?", "Because.")
    await keep(process, session)
    assert await process.past() == []
    await process.close(session)
    (past,) = await process.past()
    assert (past.id, past.questions, past.beginning) == (session.id, 1, "why does it never stop?")
    assert await world.process().tabs_of_last_time() == []


async def test_sessions_in_which_nothing_was_said_are_no_past_ones() -> None:
    world = World()
    await keep(world.process(), world.session())
    assert await world.process(this_process()).past() == []


async def test_words_are_found_wherever_they_were_said() -> None:
    world = World()
    session, process = world.session(), world.process()
    await world.talk(session, "why does it never stop?", "The counter is\nre-read after the sleep.")
    await keep(process, session)
    (found,) = await world.process(this_process()).search("COUNTER is")
    assert (found.session_id, found.kind, found.position) == (session.id, "answer", 1)
    assert (found.before, found.match, found.after) == ("The ", "counter is", " re-read after the sleep.")


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'"])
async def test_signs_that_mean_something_to_the_database_are_only_signs(sign: str) -> None:
    world = World()
    session, process = world.session(), world.process()
    await world.talk(session, f"what is a {sign}b?", "No idea.")
    await keep(process, session)
    (found,) = await process.search(f"{sign}b")
    assert found.match == f"{sign}b"


async def test_an_open_session_is_searched_as_it_is_now() -> None:
    world = World()
    session, process = world.session(), world.process(this_process())
    await world.talk(session, "why does it never stop?", "Because.")
    await keep(process, session)
    await world.talk(session, "and who WHY asked?", "Me.")
    found = await process.search("why", among=[session])
    assert [(one.position, one.match) for one in found] == [(0, "why"), (2, "WHY")]


async def test_without_text_the_tabs_are_kept_and_not_a_word_of_theirs() -> None:
    world = World()
    session = world.session()
    session.draft = "secret"
    await world.talk(session, "secret?", "A secret.")
    await keep(world.process(keeps_text=False), session)
    kept = await only_tab(world.process(this_process()))
    assert (kept.name, kept.draft, kept.entries, kept.messages) == ("docs", "", [], ())


async def test_turning_text_off_erases_what_was_kept_before() -> None:
    world = World()
    session = world.session()
    session.draft = "secret"
    await world.talk(session, "secret?", "A secret.")
    await keep(world.process(), session)
    await world.process(this_process(), keeps_text=False).prune(keep_days=90)
    kept = await only_tab(world.process(this_process()))
    assert (kept.draft, kept.entries, kept.messages) == ("", [], ())


async def test_what_nobody_touched_for_long_is_dropped_and_open_sessions_are_not() -> None:
    world = World()
    old, open_here = world.session("old"), world.session("open")
    here = world.process(this_process())
    for session in (old, open_here):
        await world.talk(session, "why?", "Because.")
    await keep(world.process(), old)
    await keep(here, open_here)
    world.now += 91 * 86_400
    await here.prune(keep_days=90)
    assert await here.load(old.id) is None
    assert await here.load(open_here.id) is not None


async def test_a_forgotten_session_leaves_nothing() -> None:
    world = World()
    session, process = world.session(), world.process()
    await world.talk(session, "secret?", "A secret.")
    await keep(process, session)
    await process.forget(session.id)
    assert await process.search("secret") == []
    assert await process.load(session.id) is None


async def test_an_answer_that_was_being_written_comes_back_marked_as_incomplete() -> None:
    world = World()
    session, process = world.session(), world.process()
    world.runtime.router.scripts.append([*begins(GPT), TextDelta("half of"), asyncio.Event()])
    events = session.send("why?")
    async for event in events:
        if isinstance(event, TextDelta):
            break
    await keep(process, session)
    asked, answer, notice = (await only_tab(world.process(this_process()))).entries
    assert isinstance(answer, Answer)
    assert (asked.text, answer.text, answer.state) == ("why?", "half of", "truncated")
    assert "burn-tui ended" in notice.text
    await events.aclose()


def test_a_question_whose_answer_had_not_begun_goes_back_to_where_it_was_typed() -> None:
    asked: list[Entry] = [Asked("why?", NOW), Answer(SONNET, NOW)]
    assert resumed(asked, "") == ([], "why?")
    assert resumed(asked, "typed meanwhile") == (asked[:1], "typed meanwhile")


texts = st.text(st.characters(codec=None)) | st.just("\ud800")
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Asked, texts, st.just(NOW)),
    st.builds(Notice, st.sampled_from(["fallback", "failure"]), texts, st.just(NOW)),
    st.builds(Answer, st.just(SONNET), st.just(NOW), texts, texts, st.sampled_from(["done", "cancelled"])),
)


@given(entries)
def test_every_entry_comes_back_as_it_was_but_for_what_no_file_can_hold(entry: Entry) -> None:
    back = entry_of(entry_row(entry))
    assert type(back) is type(entry)
    assert back.text == entry.text.encode("utf-8", "replace").decode()


def test_an_entry_of_another_version_keeps_its_words() -> None:
    row = entry_row(Asked("why?", NOW)) | {"kind": "dreamt"}
    assert "why?" in entry_of(row).text


@given(st.text(), st.text(min_size=1), st.text())
def test_an_excerpt_has_the_words_that_were_looked_for(before: str, words: str, after: str) -> None:
    text = before + words + after
    parts = excerpt(text, words)
    on_one_line = "".join(" " if letter.isspace() else letter for letter in words)
    assert parts[1].lower() == on_one_line.lower()
