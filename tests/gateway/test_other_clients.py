"""Clients that others wrote, unmodified and pointed at the gateway as `burn-tui run` does it: each is tested where it
is installed, with an empty standard input and no way out but loopback. The provider behind speaks another dialect than
the client, so that all that it asks and all that it is told is translated.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.gateways import Doorway, gateway
from support.programs import Ended, beyond, command, python_with, run

from burn_tui.core.usage import UsageRecord
from burn_tui.gateway.client_variables import arguments, variables
from burn_tui.simulator.script import Answer

WORDS = "Everything is well with the counter."
QUESTION = "Is all well?"

STAYS_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "AIDER_ANALYTICS_DISABLE": "1",
    "AIDER_CHECK_UPDATE": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "GEMINI_CLI_TRUST_WORKSPACE": "true",
}
"""For those that would call home."""


async def told(
    tmp_path: Path, asking: list[str], *, dialect: str, more: Mapping[str, str] | None = None
) -> tuple[Ended, list[UsageRecord]]:
    """What the client ended with, and the rows that it left."""
    place = tmp_path / "project"
    place.mkdir()
    async with gateway(tmp_path, {"primary": Answer(text=WORDS)}, dialects={"primary": dialect}) as door:
        ended = await run(arguments(asking, url=door.url), _surroundings(asking, door, more or {}), within=place)
        rows = await door.world.rows()
    return ended, rows


def _surroundings(asking: list[str], door: Doorway, more: Mapping[str, str]) -> dict[str, str]:
    return variables(asking, beyond({**STAYS_QUIET, **more}), url=door.url, secret=door.secret)


def assert_was_served(ended: Ended, rows: list[UsageRecord]) -> None:
    assert WORDS in ended.out, (ended.code, ended.out[-2_000:], ended.errors[-2_000:])
    assert ended.code == 0
    assert rows
    assert {row.error_type for row in rows} == {None}
    assert {row.opened.source for row in rows} == {"gateway"}


# --- agents --------------------------------------------------------------------------------------


async def test_claude_code_is_served_and_its_own_session_is_the_session(tmp_path: Path) -> None:
    ended, rows = await told(tmp_path, [command("claude"), "-p", QUESTION], dialect="openai-chat")
    assert_was_served(ended, rows)
    assert len({row.opened.session_id for row in rows}) == 1
    assert rows[-1].opened.session_id != "tester"


async def test_codex_is_served(tmp_path: Path) -> None:
    asking = [command("codex"), "exec", "--skip-git-repo-check", QUESTION]
    ended, rows = await told(tmp_path, asking, dialect="anthropic-messages")
    assert_was_served(ended, rows)
    assert rows[-1].opened.session_id != "tester"


async def test_opencode_is_served(tmp_path: Path) -> None:
    ended, rows = await told(tmp_path, [command("opencode"), "run", QUESTION], dialect="anthropic-messages")
    assert_was_served(ended, rows)


async def test_gemini_cli_is_served(tmp_path: Path) -> None:
    settings = Path(os.environ["HOME"]) / ".gemini" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}}))
    asking = [command("gemini"), "-m", "gemini-2.5-pro", "-p", QUESTION]
    ended, rows = await told(tmp_path, asking, dialect="anthropic-messages")
    assert_was_served(ended, rows)


async def test_aider_is_served(tmp_path: Path) -> None:
    asking = [command("aider"), "--model", "openai/auto", "--no-git", "--yes-always", "--no-show-model-warnings"]
    ended, rows = await told(tmp_path, [*asking, "--message", QUESTION], dialect="anthropic-messages")
    assert_was_served(ended, rows)


# --- libraries and commands in Python ------------------------------------------------------------

PYDANTIC_AI = """
import sys
from pydantic_ai import Agent
print(Agent(sys.argv[1]).run_sync(sys.argv[2]).output)
"""

PYDANTIC_AI_STREAMED = """
import asyncio, sys
from pydantic_ai import Agent
async def main():
    async with Agent(sys.argv[1]).run_stream(sys.argv[2]) as result:
        print("".join([piece async for piece in result.stream_text(delta=True)]))
asyncio.run(main())
"""

LITELLM = """
import sys
import litellm
messages = [{"role": "user", "content": sys.argv[2]}]
print(litellm.completion(model=sys.argv[1], messages=messages).choices[0].message.content)
pieces = litellm.completion(model=sys.argv[1], messages=messages, stream=True)
print("streamed: " + "".join(piece.choices[0].delta.content or "" for piece in pieces))
"""


async def test_llm_is_served(tmp_path: Path) -> None:
    asking = [command("llm"), "-m", "gpt-4o-mini", QUESTION]
    ended, rows = await told(tmp_path, asking, dialect="anthropic-messages", more={"LLM_USER_PATH": str(tmp_path)})
    assert_was_served(ended, rows)


@pytest.mark.parametrize("script", [PYDANTIC_AI, PYDANTIC_AI_STREAMED], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        ("openai-chat:gpt-5", "anthropic-messages"),
        ("openai-responses:gpt-5", "anthropic-messages"),
        ("anthropic:claude-opus-4-6", "openai-chat"),
    ],
)
async def test_pydantic_ai_is_served(tmp_path: Path, model: str, dialect: str, script: str) -> None:
    asking = [python_with("pydantic_ai", beside="pai"), "-c", script, model, QUESTION]
    ended, rows = await told(tmp_path, asking, dialect=dialect)
    assert_was_served(ended, rows)


@pytest.mark.parametrize(
    ("model", "dialect"), [("openai/auto", "anthropic-messages"), ("anthropic/claude-opus-4-6", "openai-chat")]
)
async def test_litellm_is_served(tmp_path: Path, model: str, dialect: str) -> None:
    asking = [python_with("litellm", beside="litellm"), "-c", LITELLM, model, QUESTION]
    ended, rows = await told(tmp_path, asking, dialect=dialect)
    assert_was_served(ended, rows)
    assert f"streamed: {WORDS}" in ended.out


# --- Node ----------------------------------------------------------------------------------------

AI_SDK = """
const { generateText, streamText } = require("ai");
const { createOpenAICompatible } = require("@ai-sdk/openai-compatible");
const burn = createOpenAICompatible({
  name: "burn", baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY,
  headers: { "x-burn-project": "site" },
});
(async () => {
  const prompt = process.argv[1];
  console.log((await generateText({ model: burn("auto"), prompt })).text);
  let said = "";
  for await (const piece of streamText({ model: burn("auto"), prompt }).textStream) said += piece;
  console.log("streamed: " + said);
})();
"""


async def test_the_vercel_ai_sdk_is_served(tmp_path: Path) -> None:
    node = command("node")
    looking = [node, "-e", "require.resolve('ai'); require.resolve('@ai-sdk/openai-compatible')"]
    if (await run(looking, beyond({}), within=tmp_path)).code != 0:
        pytest.skip("the packages ai and @ai-sdk/openai-compatible are not installed where NODE_PATH says")
    ended, rows = await told(tmp_path, [node, "-e", AI_SDK, QUESTION], dialect="anthropic-messages")
    assert_was_served(ended, rows)
    assert f"streamed: {WORDS}" in ended.out
    assert {row.opened.project for row in rows} == {"site"}
