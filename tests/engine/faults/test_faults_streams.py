"""Streams that break, stall, err or come in pieces: what was shown stays, and somebody goes on from it."""

from collections.abc import AsyncIterator
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.world import BACKUP, FINE, PRIMARY, Scripts, Story, World, as_kept, world

from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.context import GO_ON
from burn_tui.core.events import (
    AttemptFailed,
    FellBack,
    FinishSeen,
    Malformed,
    TextDelta,
    ToolCallDelta,
    Truncated,
)
from burn_tui.core.failure import Failure
from burn_tui.core.policy import OnCut, Policy, TimeLimits
from burn_tui.providers import DIALECTS
from burn_tui.simulator.script import Answer, Break, Cut, End, Fault, Garble, Stall

WORDS = "Rivers carry silt from the hills to the delta, year after year."
REST = "And so the delta grows."
IDLE = TimeLimits(idle_s=0.6)

FAULTS: dict[str, Fault] = {
    "15 cut": Cut(),
    "16 stalled": Stall(30.0),
    "17 an error": Break(Failure("overloaded", "Overloaded", 529)),
    "19 ended without a finish": End(),
}


def _broken(fault: Fault) -> Answer:
    return Answer(text=WORDS, faults={3: fault})


def _before(story: Story, event: object) -> str:
    """The text that was shown before `event`."""
    earlier = takewhile(lambda one: one is not event, story.events)
    return "".join(one.text for one in earlier if isinstance(one, TextDelta))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", FAULTS)
async def test_a_broken_stream_is_marked_and_the_backup_goes_on_from_its_text(
    tmp_path: Path, name: str, dialect: str
) -> None:
    scripts: Scripts = {"primary": _broken(FAULTS[name]), "backup": Answer(text=REST)}
    async with world(tmp_path, scripts, dialects={"primary": dialect}, limits=IDLE) as running:
        story = await running.ask()
        (truncated,) = story.of(Truncated)
        shown = _before(story, truncated)
        assert shown
        assert WORDS.startswith(shown)
        assert (truncated.target, truncated.characters) == (PRIMARY, len(shown))
        assert (story.served, story.banner.error_type, story.banner.continues) == (BACKUP, "truncated", True)
        assert story.text == shown + REST
        assert running.providers["backup"].seen[0].request.messages == (
            said("user", "Is all well?"),
            said("assistant", shown),
            said("user", GO_ON),
        )


@pytest.mark.parametrize("name", FAULTS)
async def test_both_attempts_of_a_broken_stream_are_in_the_ledger(tmp_path: Path, name: str) -> None:
    scripts: Scripts = {"primary": _broken(FAULTS[name]), "backup": Answer(text=REST)}
    async with world(tmp_path, scripts, limits=IDLE) as running:
        story = await running.ask()
        rows = await running.rows()
        assert [(row.opened.provider_name, row.error_type) for row in rows] == [
            ("primary", "truncated"),
            ("backup", None),
        ]
        assert rows == as_kept(story.finished.records)
        assert rows[1].opened.fell_back_from == "primary/big"


@pytest.mark.parametrize("name", FAULTS)
async def test_by_policy_the_backup_begins_anew(tmp_path: Path, name: str) -> None:
    scripts: Scripts = {"primary": _broken(FAULTS[name]), "backup": FINE}
    async with world(tmp_path, scripts, limits=IDLE, policy=Policy(on_cut="restart")) as running:
        story = await running.ask()
        assert (story.served, story.banner.continues) == (BACKUP, False)
        assert running.providers["backup"].seen[0].request.messages == (said("user", "Is all well?"),)


@pytest.mark.parametrize("name", FAULTS)
async def test_by_policy_nobody_is_asked_after_a_broken_stream(tmp_path: Path, name: str) -> None:
    scripts: Scripts = {"primary": _broken(FAULTS[name]), "backup": FINE}
    async with world(tmp_path, scripts, limits=IDLE, policy=Policy(on_cut="ask")) as running:
        story = await running.ask()
        assert (story.asked, story.served, running.calls("backup")) == ([PRIMARY], None, 0)
        assert len(story.of(Truncated)) == 1
        assert story.finished.failure is not None
        assert story.finished.failure.error_type == "truncated"


async def test_an_answer_that_is_cut_twice_is_carried_on_as_one(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": _broken(Cut()), "backup": _broken(Cut()), "third": Answer(text=REST)}
    async with world(tmp_path, scripts) as running:
        story = await running.ask()
        shown = story.text.removesuffix(REST)
        assert running.providers["third"].seen[0].request.messages == (
            said("user", "Is all well?"),
            said("assistant", shown),
            said("user", GO_ON),
        )
        assert [fell_back.continues for fell_back in story.of(FellBack)] == [True, True]


async def test_a_blank_beginning_is_not_carried_on(tmp_path: Path) -> None:
    blank = Answer(text=" " * 60, faults={2: Cut()})
    async with world(tmp_path, {"primary": blank, "backup": FINE}) as running:
        assert (await running.ask()).banner.continues is False


async def test_a_lone_provider_whose_stream_broke_is_not_asked_again_behind_the_persons_back(tmp_path: Path) -> None:
    policy = Policy(patience_s=60.0)
    async with world(tmp_path, {"primary": _broken(Cut())}, policy=policy) as running:
        story = await running.ask()
        assert (story.asked, story.served, story.waits) == ([PRIMARY], None, [])


def test_16_the_idle_limit_is_twenty_seconds_unless_the_settings_say_otherwise() -> None:
    assert TimeLimits().idle_s == 20.0


@pytest.mark.parametrize("on_cut", ["continue", "restart"])
async def test_a_session_keeps_the_whole_answer_that_two_providers_wrote(tmp_path: Path, on_cut: OnCut) -> None:
    scripts: Scripts = {"primary": _broken(Cut()), "backup": Answer(text=REST)}
    async with world(tmp_path, scripts, policy=Policy(on_cut=on_cut)) as running:
        session = running.runtime.session("main")
        shown = "".join([event.text async for event in session.send("Tell me.") if isinstance(event, TextDelta)])
        async for _ in session.send("And then?"):
            pass
        kept = running.providers["primary"].seen[1].request.messages[1]
        assert kept == said("assistant", shown if on_cut == "continue" else REST)


GARBAGE = {
    "openai-chat": b"data: {not json}\n\n",
    "openai-responses": b"event: response.output_text.delta\ndata: {not json}\n\n",
    "anthropic-messages": b"event: content_block_delta\ndata: {not json}\n\n",
    "gemini-generate": b"data: {not json}\n\n",
    "ollama-chat": b"{not json}\n",
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_18_a_malformed_event_in_a_good_stream_is_skipped_and_counted(tmp_path: Path, dialect: str) -> None:
    answer = Answer(text=WORDS, faults={2: Garble(GARBAGE[dialect])})
    async with world(tmp_path, {"primary": answer}, dialects={"primary": dialect}) as running:
        story = await running.ask()
        assert (story.text, story.served) == (WORDS, PRIMARY)
        assert len(story.of(Malformed)) == 1
        assert [row.malformed_events for row in await running.rows()] == [1]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_19_a_stream_without_a_finish_is_never_complete(tmp_path: Path, dialect: str) -> None:
    async with world(tmp_path, {"primary": _broken(End())}, dialects={"primary": dialect}) as running:
        story = await running.ask()
        assert (story.served, story.errors) == (None, ["truncated"])
        assert len(story.of(Truncated)) == 1
        assert not story.of(FinishSeen)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_cut_in_an_answer_that_is_not_streamed_is_no_answer(tmp_path: Path, stream: bool) -> None:
    request = ChatRequest(messages=(said("user", "Is all well?"),), stream=stream)
    answer = Answer(text=WORDS, faults={0: Cut()})
    async with world(tmp_path, {"primary": answer, "backup": FINE}) as running:
        story = await running.ask(request)
        assert (story.served, story.text) == (BACKUP, FINE.text)
        assert story.of(AttemptFailed)[0].failure.error_type in {"transient", "bad_answer"}


@pytest.fixture
async def everybody(tmp_path: Path) -> AsyncIterator[World]:
    """A provider of each dialect."""
    async with world(tmp_path, dict.fromkeys(DIALECTS, FINE), dialects={name: name for name in DIALECTS}) as running:
        yield running


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=80).filter(
    lambda text: bool(text.strip())
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, piece_bytes=st.integers(1, 40), dialect=st.sampled_from(list(DIALECTS)))
async def test_20_utf8_and_lines_that_are_cut_anywhere_are_read_byte_for_byte(
    everybody: World, text: str, piece_bytes: int, dialect: str
) -> None:
    calls = (("look", '{"at":"Größe 🙂"}'),)
    everybody.script(dialect, Answer(text=text, tool_calls=calls, piece_bytes=piece_bytes))
    story = await everybody.ask(model=f"{dialect}/big")
    assert (story.text, story.errors) == (text, [None])
    assert "".join(delta.arguments for delta in story.of(ToolCallDelta)) == calls[0][1]
