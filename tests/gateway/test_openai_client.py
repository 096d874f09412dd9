"""The official openai client, unmodified, through the gateway: chat and responses, whoever serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.conversations import PNG
from support.gateways import Doorway, gateway
from support.saying import CALLS, TEXT, Saying, settled
from support.world import FINE

from burn_tui.core.chat import Image
from burn_tui.core.failure import Failure
from burn_tui.simulator.script import Action, Answer, Break, Refuse, Script

if TYPE_CHECKING:
    import openai
else:
    openai = pytest.importorskip("openai", reason="the official openai client is not installed")

ASKED: Any = [{"role": "user", "content": "Is all well?"}]
TOOLS: Any = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
RESPONSE_TOOLS: Any = [{"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": False}]

DIALECTS = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate", "ollama-chat"]


@asynccontextmanager
async def client(
    tmp_path: Path, primary: Script | Action = FINE, *, dialect: str = "openai-chat", retries: int = 0, **more: Any
) -> AsyncIterator[tuple["openai.AsyncOpenAI", Doorway]]:
    scripts = {"primary": primary, **more.pop("others", {})}
    async with (
        gateway(tmp_path, scripts, dialects={"primary": dialect}, **more) as door,
        openai.AsyncOpenAI(base_url=f"{door.url}/v1", api_key=door.secret, max_retries=retries) as asking,
    ):
        yield asking, door


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_whole_answer_comes_from_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    async with client(tmp_path, Saying(wire=TEXT), dialect=dialect) as (asking, _):
        answer = await asking.chat.completions.create(model="gpt-5", messages=ASKED)
    assert answer.choices[0].message.content == "Grüße, Welt 🔥"
    assert answer.model == "big"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (30, 7)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_stream_comes_from_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    async with client(tmp_path, Saying(wire=TEXT), dialect=dialect) as (asking, _):
        stream = await asking.chat.completions.create(model="auto", messages=ASKED, stream=True)
        chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Grüße, Welt 🔥"
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert {chunk.model for chunk in chunks} == {"big"}


async def test_who_did_not_ask_for_the_counts_is_not_sent_them_and_they_are_in_the_ledger(tmp_path: Path) -> None:
    async with client(tmp_path, Saying(wire=TEXT)) as (asking, door):
        stream = await asking.chat.completions.create(model="auto", messages=ASKED, stream=True)
        chunks = [chunk async for chunk in stream]
        (row,) = await settled(door)
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert (row.usage.input_tokens, row.usage.output_tokens) == (30, 7)


async def test_who_asks_for_the_counts_is_sent_them(tmp_path: Path) -> None:
    async with client(tmp_path, Saying(wire=TEXT)) as (asking, _):
        stream = await asking.chat.completions.create(
            model="auto", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        *_, last = [chunk async for chunk in stream]
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (30, 7)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_tool_calls_come_whole_from_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    async with client(tmp_path, Saying(wire=CALLS), dialect=dialect) as (asking, _):
        answer = await asking.chat.completions.create(model="auto", messages=ASKED, tools=TOOLS)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert [(call.function.name, call.function.arguments) for call in _functions(choice.message.tool_calls)] == [
        ("add", '{"a":1}'),
        ("sub", '{"b":2}'),
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_tool_calls_come_in_a_stream_from_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    async with (
        client(tmp_path, Saying(wire=CALLS), dialect=dialect) as (asking, _),
        asking.chat.completions.stream(model="auto", messages=ASKED, tools=TOOLS) as stream,
    ):
        answer = await stream.get_final_completion()
    calls = _functions(answer.choices[0].message.tool_calls)
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        ("add", '{"a":1}'),
        ("sub", '{"b":2}'),
    ]


def _functions(calls: Any) -> list[Any]:
    return list(calls)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_responses_api_answers_whole_and_streamed(tmp_path: Path, dialect: str) -> None:
    async with client(tmp_path, Saying(wire=TEXT), dialect=dialect) as (asking, _):
        whole = await asking.responses.create(model="gpt-5-codex", input="Is all well?")
        stream = await asking.responses.create(model="auto", input="Is all well?", stream=True)
        events = [event async for event in stream]
    assert whole.output_text == "Grüße, Welt 🔥"
    assert whole.model == "big"
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == "Grüße, Welt 🔥"


async def test_the_responses_api_calls_tools(tmp_path: Path) -> None:
    async with client(tmp_path, Saying(wire=CALLS)) as (asking, _):
        whole = await asking.responses.create(model="auto", input="Add.", tools=RESPONSE_TOOLS)
    assert [(item.name, item.arguments) for item in whole.output if item.type == "function_call"] == [
        ("add", '{"a":1}'),
        ("sub", '{"b":2}'),
    ]


async def test_the_answer_says_who_served_it_in_headers(tmp_path: Path) -> None:
    refusing = Refuse(Failure("rate_limited", "too fast", 429, 60.0))
    async with client(tmp_path, refusing, others={"backup": FINE}) as (asking, _):
        raw = await asking.chat.completions.with_raw_response.create(model="auto", messages=ASKED)
    assert raw.headers["x-burn-served-by"] == "backup/big"
    assert raw.headers["x-burn-fallback-from"] == "primary/big"
    assert raw.headers["x-burn-attempts"] == "2"
    assert "rate limited" in raw.headers["x-burn-reason"]
    assert float(raw.headers["x-burn-cost-usd"]) > 0


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure("caller_fault", "temperature is out of range", 400), "BadRequestError"),
        (Failure("context_length", "maximum context length is 8192 tokens", 400), "BadRequestError"),
        (Failure("content_filter", "blocked by content_filter", 400), "BadRequestError"),
        (Failure("model_gone", "The model `big` does not exist", 404), "NotFoundError"),
        (Failure("rate_limited", "slow down", 429, 60.0), "RateLimitError"),
        (Failure("quota_exhausted", "insufficient_quota", 429), "RateLimitError"),
        (Failure("overloaded", "full", 503, 60.0), "InternalServerError"),
        (Failure("auth", "Incorrect API key provided", 401), "InternalServerError"),
    ],
    ids=lambda value: value.error_type if isinstance(value, Failure) else value,
)
async def test_a_failure_is_the_right_exception_and_is_asked_for_once(
    tmp_path: Path, failure: Failure, error: str
) -> None:
    async with client(tmp_path, Refuse(failure), retries=5) as (asking, door):
        with pytest.raises(openai.APIStatusError) as raised:
            await asking.chat.completions.create(model="auto", messages=ASKED)
        requests = {row.opened.request_id for row in await door.world.rows()}
    assert type(raised.value).__name__ == error
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert len(requests) == 1


async def test_what_a_provider_of_another_dialect_has_no_word_for_is_left_out_and_said(tmp_path: Path) -> None:
    async with client(tmp_path, dialect="anthropic-messages") as (asking, door):
        raw = await asking.chat.completions.with_raw_response.create(
            model="auto", messages=ASKED, extra_body={"logit_bias": {"50256": -100}}
        )
        (seen,) = door.world.providers["primary"].seen
    assert raw.headers["x-burn-left-out"] == "what only openai-chat has words for: logit_bias"
    assert seen.request.extras is None


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_picture_reaches_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    url = {"url": f"data:image/png;base64,{PNG}"}
    shown: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": url}]
    async with client(tmp_path, dialect=dialect) as (asking, door):
        await asking.chat.completions.create(model="auto", messages=[{"role": "user", "content": shown}])
        (seen,) = door.world.providers["primary"].seen
    assert [part.data for message in seen.request.messages for part in message.parts if isinstance(part, Image)] == [
        PNG
    ]


async def test_when_all_rest_the_client_is_told_for_how_long(tmp_path: Path) -> None:
    async with client(tmp_path, Refuse(Failure("rate_limited", "slow down", 429, 60.0)), retries=5) as (asking, door):
        for _ in range(2):
            with pytest.raises(openai.RateLimitError) as raised:
                await asking.chat.completions.create(model="auto", messages=ASKED)
    assert 50 <= int(raised.value.response.headers["retry-after"]) <= 60
    assert door.world.calls() == 1


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_a_stream_that_fails_ends_with_an_error(tmp_path: Path, dialect: str, api: str) -> None:
    breaking = Answer(text="This will not be the whole answer, I fear.", faults={2: Break(Failure("transient", "oh"))})
    async with client(tmp_path, breaking, dialect=dialect) as (asking, door):
        pieces: list[str] = []
        with pytest.raises(openai.APIError):
            await _read(asking, api, pieces)
        (row,) = await settled(door)
    assert "".join(pieces)
    assert row.error_type == "truncated"


async def _read(asking: "openai.AsyncOpenAI", api: str, pieces: list[str]) -> None:
    if api == "chat":
        async for chunk in await asking.chat.completions.create(model="auto", messages=ASKED, stream=True):
            pieces.append(chunk.choices[0].delta.content or "")  # noqa: PERF401 - what came before the error counts
    else:
        async for event in await asking.responses.create(model="auto", input="well?", stream=True):
            pieces.append(getattr(event, "delta", ""))  # noqa: PERF401


async def test_a_client_that_goes_away_stops_the_call(tmp_path: Path) -> None:
    slow = Answer(text="word " * 2_000, chunk_s=0.01)
    async with client(tmp_path, slow) as (asking, door):
        stream = await asking.chat.completions.create(model="auto", messages=ASKED, stream=True)
        async for _ in stream:
            break
        await stream.close()
        (row,) = await settled(door)
    assert row.error_type == "cancelled"


async def test_embeddings_are_passed_on_and_metered(tmp_path: Path) -> None:
    async with client(tmp_path) as (asking, door):
        with pytest.raises(openai.BadRequestError):  # the simulated provider speaks chat only: its no is passed on
            await asking.embeddings.create(model="primary/embed", input="some words")
        (row,) = await settled(door)
    assert row.opened.request_model == "embed"
    assert (row.error_type, row.cost_nanousd) == ("caller_fault", 0)


async def test_all_that_may_be_asked_is_listed(tmp_path: Path) -> None:
    async with client(tmp_path) as (asking, _):
        models = [model.id async for model in asking.models.list()]
        one = await asking.models.retrieve("primary/big")
    assert models == ["auto", "default", "primary/big"]
    assert one.owned_by == "primary"
