"""A network that fails, a provider that hangs, and answers that are none."""

import asyncio
import socket
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from support.waiting import until
from support.world import BACKUP, FINE, PRIMARY, Scripts, nobody_home, world

from burn_tui.core.breaker import TRIP_AFTER
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.events import ReasoningDelta, TextDelta
from burn_tui.core.failure import Failure
from burn_tui.core.policy import TimeLimits
from burn_tui.core.usage import Usage
from burn_tui.simulator.script import Action, Answer, Break, Hang, HangUp, Held, Raw, Reset, Stall, in_order

SOON = TimeLimits(first_chunk_s=0.6, idle_s=0.6, total_s=10.0)

SILENT = Hang(30.0)
"""Longer than any limit here."""

UNREACHABLE: dict[str, dict[str, Any]] = {
    "refused": {"base_url": nobody_home()},
    "no such name": {"base_url": "http://nowhere.invalid/v1"},
    "not even a name": {"base_url": "http://nowhere:port/v1"},
}


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name service that knows nobody: the addresses here are numbers."""
    look_up = asyncio.BaseEventLoop.getaddrinfo

    async def knows_nobody(loop: asyncio.BaseEventLoop, host: Any, *rest: Any, **more: Any) -> Any:
        if host in {"nowhere.invalid", b"nowhere.invalid"}:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return await look_up(loop, host, *rest, **more)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", knows_nobody)


@pytest.mark.parametrize("name", ["refused", "no such name"])
async def test_6_who_cannot_be_reached_is_replaced_at_once_and_the_breaker_counts_it(tmp_path: Path, name: str) -> None:
    async with world(tmp_path, {"primary": FINE, "backup": FINE}, shapes={"primary": UNREACHABLE[name]}) as running:
        for _ in range(TRIP_AFTER):
            story = await running.ask()
            assert (story.asked, story.served, story.waits) == ([PRIMARY, BACKUP], BACKUP, [])
            assert story.banner.error_type == "transient"
        assert running.state()[0] == "resting"
        assert (await running.ask()).asked == [BACKUP]


async def test_6_a_call_that_never_reached_anybody_costs_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}, shapes={"primary": UNREACHABLE["refused"]}) as running:
        (record,) = (await running.ask()).finished.records
        assert (record.cost_nanousd, record.usage) == (0, Usage(input_tokens=0, output_tokens=0))


async def test_6_an_address_that_is_none_is_told_and_rests_nobody(tmp_path: Path) -> None:
    shapes = {"primary": UNREACHABLE["not even a name"]}
    async with world(tmp_path, {"primary": FINE, "backup": FINE}, shapes=shapes) as running:
        failure = (await running.ask()).finished.failure
        assert failure is not None
        assert "base_url is no address" in failure.message


@pytest.mark.parametrize("action", [Reset(), HangUp()])
async def test_6_a_reset_connection_is_replaced_at_once_and_the_breaker_counts_it(
    tmp_path: Path, action: Action
) -> None:
    async with world(tmp_path, {"primary": action, "backup": FINE}) as running:
        for _ in range(TRIP_AFTER):
            story = await running.ask()
            assert (story.asked, story.served, story.waits) == ([PRIMARY, BACKUP], BACKUP, [])
        assert running.calls() == TRIP_AFTER
        assert running.state()[0] == "resting"


@pytest.mark.parametrize("action", [Reset(), HangUp()])
async def test_a_kept_connection_that_the_server_closes_just_then_is_no_failure(tmp_path: Path, action: Action) -> None:
    script = in_order([FINE, action, FINE])
    async with world(tmp_path, {"primary": script, "backup": FINE}) as running:
        await running.ask()
        story = await running.ask()
        assert (story.asked, story.served, story.errors) == ([PRIMARY], PRIMARY, [None])
        assert running.calls() == 3


async def test_a_server_that_closes_every_connection_is_asked_on_a_new_one_once_and_then_fails(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": in_order([FINE, HangUp()]), "backup": FINE}) as running:
        await running.ask()
        story = await running.ask()
        assert (story.asked, running.calls()) == ([PRIMARY, BACKUP], 3)


async def test_many_kept_connections_that_went_stale_together_are_no_failure(tmp_path: Path) -> None:
    gate = Event()
    async with world(tmp_path, {"primary": Held(gate, FINE), "backup": FINE}) as running:
        together = asyncio.gather(*(running.ask() for _ in range(8)))
        await until(lambda: running.calls() == 8)
        gate.set()
        await together
        running.script("primary", lambda _request, count: HangUp() if count < 16 else FINE)
        story = await running.ask()
        assert (story.asked, story.errors) == ([PRIMARY], [None])


async def test_7_who_hangs_is_waited_for_once_and_then_replaced(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": SILENT, "backup": FINE}, limits=SOON) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls()) == ([PRIMARY, BACKUP], BACKUP, 1)
        assert story.banner.error_type == "timeout"
        failed = story.finished.records[0]
        assert failed.duration_s >= SOON.first_chunk_s


async def test_7_headers_without_a_first_word_are_a_hang_as_well(tmp_path: Path) -> None:
    answer = Answer(text="Too late.", first_chunk_s=30.0)
    async with world(tmp_path, {"primary": answer, "backup": FINE}, limits=SOON) as running:
        story = await running.ask()
        assert story.errors == ["timeout", None]
        assert (story.finished.records[0].http_status, running.calls()) == (200, 1)


async def test_7_the_limit_for_the_first_word_does_not_limit_the_whole_answer(tmp_path: Path) -> None:
    answer = Answer(text="One word after the other, and all of them slowly. " * 6, chunk_s=0.05)
    async with world(tmp_path, {"primary": answer, "backup": FINE}, limits=SOON) as running:
        story = await running.ask()
        assert story.errors == [None]
        assert story.finished.records[0].duration_s > SOON.first_chunk_s


async def test_7_the_whole_answer_has_a_limit_of_its_own(tmp_path: Path) -> None:
    answer = Answer(text="word " * 200, chunk_s=0.1)
    limits = TimeLimits(first_chunk_s=5.0, idle_s=5.0, total_s=0.5)
    async with world(tmp_path, {"primary": answer, "backup": FINE}, limits=limits) as running:
        story = await running.ask()
        assert story.errors == ["truncated", None]
        assert story.banner.continues


async def test_7_an_answer_that_is_not_streamed_may_take_as_long_as_a_whole_one(tmp_path: Path) -> None:
    answer = Answer(text="All at once.", first_chunk_s=1.0)
    request = ChatRequest(messages=(said("user", "Is all well?"),), stream=False)
    async with world(tmp_path, {"primary": answer, "backup": FINE}, limits=SOON) as running:
        assert (await running.ask(request)).errors == [None]


EMPTY: dict[str, Action] = {
    "empty body": Raw(content_type="text/event-stream"),
    "empty body of JSON": Raw(content_type="application/json"),
    "a page": Raw(body=b"<html><body>Welcome to nginx!</body></html>"),
    "broken JSON": Raw(content_type="application/json", body=b'{"choices": [{"mess'),
    "JSON that is no answer": Raw(content_type="application/json", body=b"{}"),
    "empty text": Answer(text=""),
    "nothing but thoughts": Answer(text="", reasoning="Hm, what could I say?"),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", EMPTY)
async def test_13_a_200_without_an_answer_is_a_bad_answer_and_the_backup_is_asked(
    tmp_path: Path, name: str, stream: bool
) -> None:
    request = ChatRequest(messages=(said("user", "Is all well?"),), stream=stream)
    async with world(tmp_path, {"primary": EMPTY[name], "backup": FINE}) as running:
        story = await running.ask(request)
        assert (story.asked, story.served) == ([PRIMARY, BACKUP], BACKUP)
        assert story.banner.error_type == "bad_answer"
        assert story.text == FINE.text


async def test_13_an_answer_that_ran_out_of_room_while_thinking_is_one(tmp_path: Path) -> None:
    answer = Answer(text="", reasoning="Hm, what could I say?", finish_reason="length")
    async with world(tmp_path, {"primary": answer, "backup": FINE}) as running:
        story = await running.ask()
        assert story.served == PRIMARY
        assert story.of(ReasoningDelta)


async def test_13_a_tool_call_without_words_is_an_answer(tmp_path: Path) -> None:
    answer = Answer(text="", tool_calls=(("look", "{}"),), finish_reason="tool_call")
    async with world(tmp_path, {"primary": answer, "backup": FINE}) as running:
        assert (await running.ask()).served == PRIMARY


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"])
async def test_14_a_stream_that_begins_with_an_error_shows_nothing_of_the_primary(tmp_path: Path, dialect: str) -> None:
    answer = Answer(text="Never said.", faults={0: Break(Failure("overloaded", "Overloaded", 529))})
    scripts: Scripts = {"primary": answer, "backup": FINE}
    async with world(tmp_path, scripts, dialects={"primary": dialect}) as running:
        story = await running.ask()
        assert (story.asked, story.served) == ([PRIMARY, BACKUP], BACKUP)
        first, *_ = [event for event in story.events if isinstance(event, TextDelta)]
        assert story.events.index(first) > story.events.index(story.banner)
        assert story.text == FINE.text


async def test_a_stall_before_the_first_word_counts_for_the_first_word(tmp_path: Path) -> None:
    answer = Answer(text="Late.", faults={0: Stall(30.0)})
    async with world(tmp_path, {"primary": answer, "backup": FINE}, limits=SOON) as running:
        assert (await running.ask()).errors == ["timeout", None]
