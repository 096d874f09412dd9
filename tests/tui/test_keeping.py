"""What was said is there again, however burn-tui ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.dashboard import Dashboard, dashboard
from support.scripted import SONNET, ScriptedRuntime, answers, begins, quiet_day

from burn_tui.core.events import TextDelta
from burn_tui.core.transcript import Answer, Asked
from burn_tui.engine.conversations import Conversations, Kept
from burn_tui.engine.ownership import this_process

DEAD = "pid:999999999:1@" + this_process().rpartition("@")[2]


def next_process(runtime: ScriptedRuntime) -> Conversations:
    """The same database, seen by a process that starts after this one was killed."""
    runtime.database.execute("UPDATE sessions SET owner = ? WHERE owner IS NOT NULL", DEAD)
    return Conversations(runtime.database, owner=this_process(), clock=runtime.clock)


async def kept(running: Dashboard, name: str = "api-refactor") -> Kept:
    tabs = await next_process(running.runtime).tabs_of_last_time()
    return next(tab for tab in tabs if tab.name == name)


@asynccontextmanager
async def restarted(runtime: ScriptedRuntime) -> AsyncIterator[Dashboard]:
    """The dashboard over what is in the database of `runtime`."""
    after = ScriptedRuntime(burn=quiet_day())
    after.database, after.conversations, after.ids = runtime.database, next_process(runtime), runtime.ids
    async with dashboard(after, continues=True) as running:
        yield running


async def test_an_answer_is_on_disk_as_soon_as_it_is_on_screen() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append(answers(SONNET, "Because."))
        await running.send("why")
        await running.until(lambda: "Because." in running.text("#transcript"))
        await running.settled()
        entries = (await kept(running)).entries
        assert [entry.text for entry in entries if isinstance(entry, Asked | Answer)] == ["why", "Because."]


async def test_a_question_is_on_disk_before_it_is_answered() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*begins(SONNET), asyncio.Event()])
        await running.send("why")
        await running.until(lambda: running.main.deck.active.transcript.answering)
        assert (await kept(running)).draft == "why"


async def test_half_an_answer_is_on_disk_a_second_later() -> None:
    async with dashboard() as running:
        running.runtime.router.scripts.append([*begins(SONNET), TextDelta("half of it"), asyncio.Event()])
        await running.send("why")
        await running.until(lambda: "half of it" in running.text("#transcript"))
        async with asyncio.timeout(10):
            while not (await kept(running)).entries:
                running.runtime.database.execute("UPDATE sessions SET owner = ?", this_process())
                await running.pilot.pause(0.05)
        assert (await kept(running)).entries[1].text == "half of it"


async def test_a_draft_is_on_disk_when_burn_tui_ends() -> None:
    async with dashboard() as running:
        await running.type("unsent")
        running.app.exit()
    assert (await kept(running)).draft == "unsent"


async def test_who_leaves_is_told_how_many_sessions_can_be_gone_on_with() -> None:
    async with dashboard() as running:
        running.runtime.keeps_conversations = True
        await running.type("unsent")
        running.app.exit()
    assert running.app.continued == 3


async def test_who_leaves_without_having_written_anything_is_told_nothing() -> None:
    async with dashboard() as running:
        running.runtime.keeps_conversations = True
        running.app.exit()
    assert running.app.continued == 0


async def test_what_is_not_kept_is_not_said_to_be_kept() -> None:
    async with dashboard() as running:
        running.runtime.keeps_conversations = False
        await running.type("unsent")
        running.app.exit()
    assert running.app.continued == 0


async def test_everything_stands_where_it_stood_after_a_restart() -> None:
    async with dashboard() as running:
        await running.send("why")
        await running.settled()
        await running.pilot.press("alt+right", "alt+2", "alt+l")
        await running.type("unsent")
        await running.main.keep_all()
    async with restarted(running.runtime) as again:
        sessions = again.main.deck.sessions
        assert [session.name for session in sessions] == ["scratch", "api-refactor", "terraform"]
        assert again.main.deck.active.name == "api-refactor"
        assert again.main.deck.active.privacy == "local"
        assert again.prompt == "unsent"
        await again.until(lambda: "Fine." in again.text("#transcript"))
        await again.pilot.press("enter")
        await again.settled()
        assert [m.text for m in again.runtime.router.requests[-1][0].messages] == ["why", "Fine.", "unsent"]


async def test_a_restart_without_anything_to_continue_says_so() -> None:
    async with restarted(ScriptedRuntime(burn=quiet_day())) as running:
        await running.until(lambda: "There is nothing to continue" in running.text())
        assert len(running.main.deck.sessions) == 3


async def test_a_session_that_was_closed_is_not_continued() -> None:
    async with dashboard() as running:
        await running.send("why")
        await running.settled()
        await running.pilot.press("f3")
        await running.until(lambda: len(running.main.deck.sessions) == 2)
        await running.settled()
        await running.main.keep_all()
    async with restarted(running.runtime) as again:
        assert [session.name for session in again.main.deck.sessions] == ["scratch", "terraform"]


async def test_drafts_that_are_kept_are_no_reason_to_stay() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.keeps_conversations = True
    async with dashboard(runtime) as running:
        await running.type("unsent")
        await running.pilot.press("ctrl+q")
        await running.pilot.pause()
    assert runtime.is_closed


async def test_where_nothing_can_be_kept_a_notice_says_so_once_and_goes_when_it_can() -> None:
    async with dashboard() as running:
        running.runtime.database.is_broken = True
        await running.type("unsent")
        await running.until(lambda: "the disk is full" in running.text("#notice"))
        await running.pilot.press("escape")
        await running.until(lambda: not running.main.query_one("#notice").display)
        await running.main.keep_all()
        await running.pilot.pause()
        assert not running.main.query_one("#notice").display
        running.runtime.database.is_broken = False
        await running.main.keep_all()
        running.runtime.database.is_broken = True
        await running.type("more")
        await running.until(lambda: "the disk is full" in running.text("#notice"))
        running.runtime.database.is_broken = False
        await running.until(lambda: not running.main.query_one("#notice").display)


async def test_old_sessions_are_dropped_at_the_start() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    async with dashboard(runtime) as running:
        await running.send("why")
        await running.settled()
    runtime.database.execute("UPDATE sessions SET owner = NULL, changed_at_us = 0")
    async with restarted(runtime) as again:
        await again.until(lambda: runtime.database.number("SELECT count(*) FROM session_entries") == 0)
