"""Google's dialect as its clients speak it, through the gateway: streams as one array or as events, and tools whose
names only Google takes.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.gateways import gateway
from support.saying import CALLS, TEXT, Saying, settled

from burn_tui.core.events import FinishSeen, ToolCallDelta
from burn_tui.core.failure import Failure
from burn_tui.simulator.script import Answer, Break
from burn_tui.simulator.server import SimulatedProvider

DIALECTS = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate", "ollama-chat"]

STREAMED = "/v1beta/models/auto:streamGenerateContent"
HI = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}

NAMED = {
    "contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"functionCall": {"id": "1", "name": "db.query", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "1", "name": "db.query", "response": {}}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "db.query", "description": ""}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["db.query"]}},
}


def texts(responses: list[Any]) -> str:
    parts = [part for one in responses for part in one["candidates"][0]["content"]["parts"]]
    return "".join(part.get("text", "") for part in parts)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_stream_is_one_array_unless_events_are_asked_for(tmp_path: Path, dialect: str) -> None:
    async with gateway(tmp_path, {"primary": Saying(wire=TEXT)}, dialects={"primary": dialect}) as door:
        array = await door.http.post(STREAMED, json=HI)
        events = await door.http.post(f"{STREAMED}?alt=sse", json=HI)
    assert array.headers["content-type"].startswith("application/json")
    assert events.headers["content-type"] == "text/event-stream"
    assert texts(array.json()) == "Grüße, Welt 🔥"
    assert array.json()[-1]["usageMetadata"]["promptTokenCount"] == 30
    lines = [line.removeprefix("data: ") for line in events.text.splitlines() if line.startswith("data: ")]
    assert texts([msgspec.json.decode(line) for line in lines]) == "Grüße, Welt 🔥"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_array_that_breaks_off_ends_with_an_error(tmp_path: Path, dialect: str) -> None:
    breaking = Answer(text="This will not be the whole answer, I fear.", faults={2: Break(Failure("transient", "oh"))})
    async with gateway(tmp_path, {"primary": breaking}, dialects={"primary": dialect}) as door:
        *said, last = (await door.http.post(STREAMED, json=HI)).json()
    assert texts(said)
    assert last["error"]["code"] >= 500


def _offered(provider: SimulatedProvider) -> str:
    (seen,) = provider.seen
    return seen.request.tools[0].name


@pytest.mark.parametrize(
    ("dialect", "offered"),
    [
        ("openai-chat", "db_query"),
        ("openai-responses", "db_query"),
        ("anthropic-messages", "db_query"),
        ("gemini-generate", "db.query"),
        ("ollama-chat", "db.query"),
    ],
)
@pytest.mark.parametrize("path", ["/v1beta/models/auto:generateContent", STREAMED])
async def test_a_tool_whose_name_a_provider_refuses_is_called_by_its_own(
    tmp_path: Path, dialect: str, offered: str, path: str
) -> None:
    calling = Saying(wire=(ToolCallDelta(0, "call_a", offered, "{}"), FinishSeen("tool_call", "tool_calls")))
    async with gateway(tmp_path, {"primary": calling}, dialects={"primary": dialect}) as door:
        answer = (await door.http.post(path, json=NAMED)).json()
        assert _offered(door.world.providers["primary"]) == offered
    responses = answer if isinstance(answer, list) else [answer]
    calls = [part["functionCall"]["name"] for one in responses for part in one["candidates"][0]["content"]["parts"]]
    assert calls == ["db.query"]


async def test_a_renamed_tool_is_called_by_its_own_name_also_in_the_clients_dialect(tmp_path: Path) -> None:
    calling = Saying(wire=(ToolCallDelta(0, "call_a", "db_query", "{}"), FinishSeen("tool_call", "tool_calls")))
    tools = [{"type": "function", "function": {"name": "db.query", "parameters": {"type": "object"}}}]
    async with gateway(tmp_path, {"primary": calling}) as door:
        answer = (await door.chat(tools=tools)).json()
    assert answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "db.query"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
async def test_whoever_has_one_word_for_every_end_is_understood_where_tools_are_waited_for(
    tmp_path: Path, dialect: str, stream: bool
) -> None:
    calling = Saying(wire=CALLS)
    async with gateway(tmp_path, {"primary": calling}, dialects={"primary": dialect}) as door:
        answer = await door.chat(stream=stream)
        await settled(door)
    assert '"finish_reason":"tool_calls"' in answer.text
