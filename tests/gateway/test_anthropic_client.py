"""The official anthropic client, unmodified, through the gateway, whoever serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.gateways import Doorway, gateway
from support.saying import CALLS, TEXT, Saying, settled
from support.world import FINE

from burn_tui.core.failure import Failure
from burn_tui.simulator.script import Action, Answer, Break, Refuse, Script

if TYPE_CHECKING:
    import anthropic
else:
    anthropic = pytest.importorskip("anthropic", reason="the official anthropic client is not installed")

ASKED: Any = [{"role": "user", "content": "Is all well?"}]
TOOLS: Any = [{"name": "add", "description": "", "input_schema": {"type": "object"}}]

DIALECTS = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate", "ollama-chat"]


@asynccontextmanager
async def client(
    tmp_path: Path, primary: Script | Action = FINE, *, dialect: str = "anthropic-messages", retries: int = 0
) -> AsyncIterator[tuple["anthropic.AsyncAnthropic", Doorway]]:
    async with (
        gateway(tmp_path, {"primary": primary}, dialects={"primary": dialect}) as door,
        anthropic.AsyncAnthropic(base_url=door.url, api_key=door.secret, max_retries=retries) as asking,
    ):
        yield asking, door


def said(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def called(message: Any) -> list[tuple[str, Any]]:
    return [(block.name, block.input) for block in message.content if block.type == "tool_use"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_whole_answer_comes_from_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    async with client(tmp_path, Saying(wire=TEXT), dialect=dialect) as (asking, _):
        message = await asking.messages.create(model="claude-opus-4-6", max_tokens=100, messages=ASKED)
    assert said(message) == "Grüße, Welt 🔥"
    assert message.model == "big"
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (30, 7)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_stream_comes_from_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    async with (
        client(tmp_path, Saying(wire=TEXT), dialect=dialect) as (asking, _),
        asking.messages.stream(model="auto", max_tokens=100, messages=ASKED) as stream,
    ):
        message = await stream.get_final_message()
    assert said(message) == "Grüße, Welt 🔥"
    assert message.stop_reason == "end_turn"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_tool_calls_come_from_a_provider_of_any_dialect(tmp_path: Path, dialect: str) -> None:
    async with client(tmp_path, Saying(wire=CALLS), dialect=dialect) as (asking, _):
        whole = await asking.messages.create(model="auto", max_tokens=100, messages=ASKED, tools=TOOLS)
        async with asking.messages.stream(model="auto", max_tokens=100, messages=ASKED, tools=TOOLS) as stream:
            streamed = await stream.get_final_message()
    for message in (whole, streamed):
        assert called(message) == [("add", {"a": 1}), ("sub", {"b": 2})]
        assert message.stop_reason == "tool_use"


async def test_a_bearer_token_is_as_good_as_an_api_key(tmp_path: Path) -> None:
    async with (
        gateway(tmp_path, {"primary": FINE}) as door,
        anthropic.AsyncAnthropic(base_url=door.url, auth_token=door.secret, api_key=None) as asking,
    ):
        message = await asking.messages.create(model="auto", max_tokens=100, messages=ASKED)
    assert said(message)


async def test_tokens_are_counted_without_asking_anybody(tmp_path: Path) -> None:
    async with client(tmp_path) as (asking, door):
        counted = await asking.messages.count_tokens(model="auto", messages=ASKED, tools=TOOLS)
        models = [model.id async for model in asking.models.list()]
    assert counted.input_tokens > 5
    assert models == ["auto", "default", "primary/big"]
    assert door.world.calls() == 0


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure("caller_fault", "temperature: out of range", 400), "BadRequestError"),
        (Failure("context_length", "prompt is too long: 9 tokens > 8 maximum", 400), "BadRequestError"),
        (Failure("model_gone", "model: big", 404), "NotFoundError"),
        (Failure("rate_limited", "slow down", 429, 60.0), "RateLimitError"),
        (Failure("overloaded", "Overloaded", 529, 60.0), "OverloadedError"),
        (Failure("auth", "invalid x-api-key", 401), "InternalServerError"),
    ],
    ids=lambda value: value.error_type if isinstance(value, Failure) else value,
)
async def test_a_failure_is_the_right_exception_and_is_asked_for_once(
    tmp_path: Path, failure: Failure, error: str
) -> None:
    async with client(tmp_path, Refuse(failure), retries=5) as (asking, door):
        with pytest.raises(anthropic.APIStatusError) as raised:
            await asking.messages.create(model="auto", max_tokens=100, messages=ASKED)
        requests = {row.opened.request_id for row in await door.world.rows()}
    assert type(raised.value).__name__ == error
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert len(requests) == 1


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_stream_that_fails_ends_with_an_error(tmp_path: Path, dialect: str) -> None:
    breaking = Answer(text="This will not be the whole answer, I fear.", faults={2: Break(Failure("transient", "oh"))})
    async with client(tmp_path, breaking, dialect=dialect) as (asking, door):
        pieces: list[str] = []
        with pytest.raises(anthropic.APIError):
            await _read(asking, pieces)
        (row,) = await settled(door)
    assert "".join(pieces)
    assert row.error_type == "truncated"


async def _read(asking: "anthropic.AsyncAnthropic", pieces: list[str]) -> None:
    async for event in await asking.messages.create(model="auto", max_tokens=100, messages=ASKED, stream=True):
        pieces.append(getattr(getattr(event, "delta", None), "text", ""))  # noqa: PERF401 - what came first counts


async def test_a_client_that_goes_away_stops_the_call(tmp_path: Path) -> None:
    async with client(tmp_path, Answer(text="word " * 2_000, chunk_s=0.01)) as (asking, door):
        stream = await asking.messages.create(model="auto", max_tokens=100, messages=ASKED, stream=True)
        async for _ in stream:
            break
        await stream.close()
        (row,) = await settled(door)
    assert row.error_type == "cancelled"


async def test_unknown_fields_and_beta_headers_reach_a_provider_of_the_same_dialect(tmp_path: Path) -> None:
    async with client(tmp_path) as (asking, door):
        await asking.messages.create(
            model="auto",
            max_tokens=100,
            messages=ASKED,
            extra_body={"context_management": {"edits": []}},
            extra_headers={"anthropic-beta": "context-management-2025-06-27"},
        )
        (seen,) = door.world.providers["primary"].seen
    assert seen.headers["anthropic-beta"] == "context-management-2025-06-27"
    assert seen.request.extras is not None
    assert seen.request.extras.fields["context_management"] == '{"edits":[]}'
