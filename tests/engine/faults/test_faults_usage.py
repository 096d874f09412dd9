"""What every attempt is billed with: to the nano-dollar where the provider counted, estimated and marked where not."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from support.waiting import until
from support.world import BACKUP, FINE, INPUT_NANOUSD, OUTPUT_NANOUSD, PRIMARY, Scripts, World, caller_of, world

from burn_tui.core.chat import ChatRequest, estimate_tokens, said
from burn_tui.core.events import AttemptStarted, Event, ReasoningDelta, TextDelta
from burn_tui.core.failure import Failure
from burn_tui.core.money import Price, Rates
from burn_tui.core.policy import TimeLimits
from burn_tui.core.usage import Usage, UsageRecord
from burn_tui.simulator.script import Action, Answer, Cut, Refuse, Stall, rate_limited

TEXT = "Rivers carry silt from the hills to the delta, year after year."

CACHED = Price(
    rates=Rates(
        input_rate=3_000_000_000,
        output_rate=15_000_000_000,
        cache_read_rate=300_000_000,
        cache_write_rate=3_750_000_000,
        cache_write_1h_rate=6_000_000_000,
    )
)
"""Anthropic's Sonnet: $3 and $15 a million, reads at a tenth, writes at 1.25 and 2 times the input."""

COUNTED: list[tuple[str, Usage, int]] = [
    ("openai-chat", Usage(input_tokens=1_234, output_tokens=567), 1_234 * 3_000 + 567 * 15_000),
    (
        "openai-chat",
        Usage(input_tokens=2_000, output_tokens=300, cache_read_input_tokens=1_501, reasoning_output_tokens=250),
        499 * 3_000 + 1_501 * 300 + 300 * 15_000,
    ),
    (
        "openai-responses",
        Usage(input_tokens=2_000, output_tokens=300, cache_read_input_tokens=1_501, reasoning_output_tokens=250),
        499 * 3_000 + 1_501 * 300 + 300 * 15_000,
    ),
    (
        "anthropic-messages",
        Usage(
            input_tokens=1_010,
            output_tokens=77,
            cache_read_input_tokens=600,
            cache_creation_input_tokens=400,
            cache_creation_1h_input_tokens=150,
        ),
        10 * 3_000 + 600 * 300 + 250 * 3_750 + 150 * 6_000 + 77 * 15_000,
    ),
    (
        "gemini-generate",
        Usage(input_tokens=900, output_tokens=120, cache_read_input_tokens=333, reasoning_output_tokens=100),
        567 * 3_000 + 333 * 300 + 120 * 15_000,
    ),
    ("ollama-chat", Usage(input_tokens=41, output_tokens=7), 41 * 3_000 + 7 * 15_000),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("dialect", "usage", "nanousd"), COUNTED)
async def test_24_what_the_provider_counted_is_billed_to_the_nanodollar(
    tmp_path: Path, dialect: str, usage: Usage, nanousd: int, stream: bool
) -> None:
    answer = Answer(text=TEXT, usage=usage)
    request = ChatRequest(messages=(said("user", "Is all well?"),), stream=stream)
    async with world(tmp_path, {"primary": answer}, dialects={"primary": dialect}, prices={PRIMARY: CACHED}) as running:
        await running.ask(request)
        (row,) = await running.rows()
        for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "reasoning_output_tokens"):
            assert (getattr(row.usage, name) or 0) == (getattr(usage, name) or 0)
        assert (row.cost_nanousd, row.cost_source, row.usage.estimated) == (nanousd, "price", False)


@pytest.mark.parametrize("stream", [True, False])
async def test_24_missing_counts_are_estimated_and_marked(tmp_path: Path, stream: bool) -> None:
    answer = Answer(text=TEXT, usage=Usage())
    request = ChatRequest(messages=(said("user", "Is all well?"),), stream=stream)
    async with world(tmp_path, {"primary": answer}) as running:
        await running.ask(request)
        (row,) = await running.rows()
        assert row.usage == Usage(input_tokens=7, output_tokens=estimate_tokens(TEXT), estimated=True)
        assert row.cost_source == "estimated"
        assert row.cost_nanousd == 7 * INPUT_NANOUSD + estimate_tokens(TEXT) * OUTPUT_NANOUSD


async def test_24_a_model_without_a_price_costs_an_unknown_amount_and_not_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}, prices={}) as running:
        await running.ask()
        (row,) = await running.rows()
        assert (row.cost_nanousd, row.cost_source) == (None, None)


@pytest.mark.parametrize("action", [rate_limited(), Refuse(Failure("auth", "", 401))])
async def test_24_a_call_that_was_turned_away_costs_nothing(tmp_path: Path, action: Action) -> None:
    async with world(tmp_path, {"primary": action}) as running:
        await running.ask()
        (row,) = await running.rows()
        assert (row.cost_nanousd, row.usage) == (0, Usage(input_tokens=0, output_tokens=0))


EARLY = Usage(input_tokens=25, output_tokens=1)
"""What Anthropic states before the first word."""


def _is_billed_as_partial(row: UsageRecord, text: str, *, input_tokens: int = 25) -> None:
    written = estimate_tokens(text)
    assert written > 1
    assert row.usage == Usage(input_tokens=input_tokens, output_tokens=written, estimated=True)
    assert row.cost_nanousd == input_tokens * INPUT_NANOUSD + written * OUTPUT_NANOUSD
    assert row.cost_source == "estimated"


@pytest.mark.parametrize("fault", [Cut(), Stall(30.0)])
async def test_24_the_count_at_the_beginning_of_a_broken_stream_is_not_taken_for_the_bill(
    tmp_path: Path, fault: Cut | Stall
) -> None:
    answer = Answer(text=TEXT, early_usage=EARLY, faults={5: fault})
    dialects = {"primary": "anthropic-messages"}
    async with world(tmp_path, {"primary": answer}, dialects=dialects, limits=TimeLimits(idle_s=0.6)) as running:
        story = await running.ask()
        (row,) = await running.rows()
        _is_billed_as_partial(row, story.text)


async def test_24_a_broken_stream_of_a_provider_that_counts_at_the_end_is_estimated(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": Answer(text=TEXT, faults={4: Cut()})}) as running:
        story = await running.ask()
        (row,) = await running.rows()
        _is_billed_as_partial(row, story.text, input_tokens=7)


async def test_24_thoughts_of_a_broken_stream_are_billed_as_well(tmp_path: Path) -> None:
    thoughts = "Let me think about rivers for a while before I say anything at all. " * 3
    answer = Answer(text=TEXT, reasoning=thoughts, usage=Usage())
    async with world(tmp_path, {"primary": answer}) as running:
        story = await running.ask()
        (row,) = await running.rows()
        seen = sum(len(delta.text) for delta in story.of(ReasoningDelta))
        assert row.usage.output_tokens == estimate_tokens(TEXT) + seen // 4


async def _leave_after(running: World, texts: int) -> str:
    """Send a request and close it once so many pieces of text have come; the text that was seen."""
    seen: list[str] = []
    request = ChatRequest(messages=(said("user", "Is all well?"),))
    async with aclosing(running.runtime.router.send(request, caller_of())) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                seen.append(event.text)
                if len(seen) == texts:
                    break
    return "".join(seen)


SLOW = Answer(text=TEXT, early_usage=EARLY, chunk_s=0.05, faults={4: Stall(30.0)})


async def test_25_who_leaves_closes_the_connection_and_what_came_is_billed_as_estimated(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": SLOW}, dialects={"primary": "anthropic-messages"}) as running:
        text = await _leave_after(running, 3)
        await until(running.providers["primary"].was_left.is_set)
        (row,) = await running.rows()
        assert (row.error_type, row.http_status) == ("cancelled", 200)
        _is_billed_as_partial(row, text)


async def test_25_a_cancelled_task_closes_the_connection_as_well(tmp_path: Path) -> None:
    texts: list[Event] = []
    async with world(tmp_path, {"primary": SLOW, "backup": FINE}) as running:
        task = asyncio.create_task(
            running.ask(each=lambda event: texts.append(event) if isinstance(event, TextDelta) else None)
        )
        await until(lambda: len(texts) >= 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(running.providers["primary"].was_left.is_set)
        (row,) = await running.rows()
        assert (row.error_type, row.usage.estimated, running.calls("backup")) == ("cancelled", True, 0)
        assert running.state() == ("closed", 0)


async def test_25_who_leaves_before_the_call_has_left_is_billed_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}) as running:
        request = ChatRequest(messages=(said("user", "Is all well?"),))
        async with aclosing(running.runtime.router.send(request, caller_of())) as events:
            async for event in events:
                if isinstance(event, AttemptStarted):
                    break
        (row,) = await running.rows()
        assert (row.error_type, row.cost_nanousd, running.calls()) == ("cancelled", 0, 0)


async def test_25_who_leaves_while_a_session_answers_leaves_the_session_usable(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": SLOW, "backup": FINE}) as running:
        session = running.runtime.session("main")
        async with aclosing(session.send("Tell me.")) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        assert not session.is_busy
        running.script("primary", FINE)
        assert [event.text async for event in session.send("Again?") if isinstance(event, TextDelta)]
        assert running.providers["primary"].seen[1].request.messages == (said("user", "Again?"),)


async def test_an_answer_of_the_backup_and_what_the_primary_had_begun_are_billed_apart(tmp_path: Path) -> None:
    scripts: Scripts = {"primary": Answer(text=TEXT, faults={4: Cut()}), "backup": FINE}
    async with world(tmp_path, scripts) as running:
        story = await running.ask()
        first, second = await running.rows()
        assert (first.usage.estimated, second.usage.estimated) == (True, False)
        assert story.served == BACKUP
        total = await running.runtime.ledger.spent(since=0, until=running.clock.now() + 1)
        assert total == (first.cost_nanousd or 0) + (second.cost_nanousd or 0)
