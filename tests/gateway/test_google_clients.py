"""Google's dialect as its clients speak it, through the gateway: streams as one array or as events with the cost in the
last of them, and tools whose names only Google takes.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.gateways import gateway
from support.programs import beyond, python_with, run
from support.saying import CALLS, TEXT, Saying, settled

from burn_tui.core.events import FinishSeen, ToolCallDelta
from burn_tui.core.failure import Failure
from burn_tui.core.money import NANOUSD
from burn_tui.gateway.client_variables import variables
from burn_tui.simulator.script import Answer, Break, Raw
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
    assert last["burn"]["x-burn-cost-usd"]


def in_events(body: str) -> list[Any]:
    """The responses of a stream of events."""
    return [msgspec.json.decode(line.removeprefix("data: ")) for line in body.splitlines() if line]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("path", [STREAMED, f"{STREAMED}?alt=sse"])
async def test_the_last_response_of_a_stream_says_what_it_cost_and_who_served_it(
    tmp_path: Path, dialect: str, path: str
) -> None:
    async with gateway(tmp_path, {"primary": Saying(wire=TEXT)}, dialects={"primary": dialect}) as door:
        answer = await door.http.post(path, json=HI)
        (row,) = await door.world.rows()
    *others, last = answer.json() if path == STREAMED else in_events(answer.text)
    assert row.cost_nanousd
    assert last["burn"]["x-burn-cost-usd"] == f"{row.cost_nanousd / NANOUSD:.9f}"
    assert last["burn"]["x-burn-served-by"] == "primary/big"
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert not any("burn" in one for one in others)


LAST_WORDS = (
    b'data: {"candidates":[{"content":{"parts":[{"text":"Fine, \\ud83d"}]}}],"modelVersion":"m"}\r\n\r\n'
    b'data: {"candidates":[{"content":{"parts":[{"text":"\\ude00."}]},"finishReason":"STOP"}], "more": {}}\r\n\r\n'
)


async def test_bytes_of_google_reach_the_client_as_they_are_but_for_that_field(tmp_path: Path) -> None:
    raw = Raw(content_type="text/event-stream", body=LAST_WORDS)
    async with gateway(tmp_path, {"primary": raw}, dialects={"primary": "gemini-generate"}) as door:
        answer = await door.http.post(f"{STREAMED}?alt=sse", json=HI)
    said, _, added = answer.content.partition(b',"burn":')
    assert said + b"}\r\n\r\n" == LAST_WORDS
    assert list(msgspec.json.decode(added.rstrip()[:-1])) == [
        "x-burn-request-id",
        "x-burn-served-by",
        "x-burn-reason",
        "x-burn-attempts",
        "x-burn-cost-usd",
    ]


GOOGLE_GENAI = """
import os, sys
from google import genai
client = genai.Client(api_key=os.environ["GEMINI_API_KEY"])
pieces = list(client.models.generate_content_stream(model="auto", contents=sys.argv[1]))
print("".join(piece.text or "" for piece in pieces))
print(pieces[-1].usage_metadata.prompt_token_count, pieces[-1].candidates[0].finish_reason.value)
"""


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_googles_own_client_reads_such_a_stream(tmp_path: Path, dialect: str) -> None:
    asking = [python_with("google.genai", beside="distro"), "-c", GOOGLE_GENAI, "Is all well?"]
    async with gateway(tmp_path, {"primary": Saying(wire=TEXT)}, dialects={"primary": dialect}) as door:
        surroundings = variables(asking, beyond({}), url=door.url, secret=door.secret)
        ended = await run(asking, surroundings, within=tmp_path)
    assert ended.out.split("\n")[:2] == ["Grüße, Welt 🔥", "30 STOP"], ended.errors[-2_000:]


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
