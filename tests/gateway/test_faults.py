"""The router's fault scenarios once more, through the gateway and the official clients: whoever fails, the client gets
a whole answer or the exception that fits, and never half an answer that looks whole.

The primary speaks the client's own dialect, so that its bytes are passed on, and the backup another, so that all it
says is translated: where it goes on in mid-answer both meet in one stream.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from support.gateways import Doorway, gateway
from support.saying import Saying, settled
from support.world import nobody_home

from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import FinishSeen, ReasoningDelta, TextDelta, ToolCallDelta
from burn_tui.core.failure import Failure
from burn_tui.core.policy import Policy, TimeLimits
from burn_tui.core.routing import Route
from burn_tui.core.usage import Usage
from burn_tui.simulator.script import (
    Action,
    Answer,
    Break,
    Cut,
    End,
    Garble,
    Hang,
    HangUp,
    Raw,
    Refuse,
    Reset,
    Script,
    Stall,
)

openai = pytest.importorskip("openai", reason="the official openai client is not installed")
anthropic = pytest.importorskip("anthropic", reason="the official anthropic client is not installed")

WORDS = "Rivers carry silt from the hills to the delta, year after year."
REST = "And so the delta grows."
ASKED: Any = [{"role": "user", "content": "Is all well?"}]
SHORT = TimeLimits(first_chunk_s=0.6, idle_s=0.6)

ClientName = Literal["openai", "anthropic"]
CLIENTS: list[ClientName] = ["openai", "anthropic"]


def _stumbling(request: ChatRequest, count: int) -> Action:
    return Refuse(Failure("transient", "oops", 500)) if count == 0 else Answer(text=REST)


REFUSALS: dict[str, Action] = {
    "rate limited": Refuse(Failure("rate_limited", "slow down", 429, 30.0)),
    "rate limited without a time": Refuse(Failure("rate_limited", "slow down", 429)),
    "overloaded": Refuse(Failure("overloaded", "Overloaded", 529, 5.0)),
    "a server error": Refuse(Failure("transient", "internal error", 500)),
    "out of credit": Refuse(Failure("quota_exhausted", "You exceeded your current quota, insufficient_quota", 429)),
    "a wrong key": Refuse(Failure("auth", "invalid api key", 401)),
    "not permitted": Refuse(Failure("permission", "not for you", 403)),
    "no such model": Refuse(Failure("model_gone", "The model `big` does not exist", 404)),
    "a page of a load balancer": Raw(status=502, body=b"<html><h1>502 Bad Gateway</h1></html>"),
    "a page with status 200": Raw(body=b"<html>Sign in</html>"),
    "broken JSON": Raw(content_type="application/json", body=b'{"id": "x", "choi'),
    "an empty body": Raw(content_type="application/json"),
    "an empty stream": Raw(content_type="text/event-stream"),
    "a redirect": Raw(status=302, headers={"location": "http://127.0.0.1:1/"}),
    "the connection closed": HangUp(),
    "the connection reset": Reset(),
    "an answer without words": Saying(wire=(FinishSeen("stop", "stop"),)),
    "nothing in time": Hang(30.0),
}

CUTS: dict[str, Action] = {
    "cut off": Answer(text=WORDS, faults={3: Cut()}),
    "an error in mid-stream": Answer(text=WORDS, faults={3: Break(Failure("overloaded", "Overloaded", 529))}),
    "ended without a finish": Answer(text=WORDS, faults={3: End()}),
    "stalled": Answer(text=WORDS, faults={3: Stall(30.0)}),
    "cut off in pieces": Answer(text=WORDS, piece_bytes=7, faults={3: Break(Failure("transient", "oh"))}),
}

HARMLESS: dict[str, Script | Action] = {
    "one stumble": _stumbling,
    "pieces of one byte": Answer(text=REST, piece_bytes=1),
    "no counts": Answer(text=REST, usage=Usage()),
    "rubbish in between": Answer(text=REST, faults={1: Garble(b"data: {broken\n\n")}),
    "a comment in between": Answer(text=REST, faults={1: Garble(b": keep-alive\n\n")}),
}


class Asking:
    """One of the two clients, and what it takes its answers for."""

    def __init__(self, name: ClientName, door: Doorway) -> None:
        self.name = name
        self.door = door
        self.openai = openai.AsyncOpenAI(base_url=f"{door.url}/v1", api_key=door.secret, max_retries=3)
        self.anthropic = anthropic.AsyncAnthropic(base_url=door.url, api_key=door.secret, max_retries=3)
        self.pieces: list[str] = []

    async def stream(self) -> str:
        """The text of a streamed answer that came to its end; `pieces` has what came in any case."""
        if self.name == "openai":
            async for chunk in await self.openai.chat.completions.create(model="auto", messages=ASKED, stream=True):
                self.pieces += [choice.delta.content or "" for choice in chunk.choices]
        else:
            async with self.anthropic.messages.stream(model="auto", max_tokens=99, messages=ASKED) as stream:
                async for event in stream:
                    self.pieces += [event.text] if event.type == "text" else []
                final = await stream.get_final_message()
                assert "".join(one.text for one in final.content if one.type == "text") == "".join(self.pieces)
        return "".join(self.pieces)

    async def whole(self) -> str:
        """The text of an answer that comes at once."""
        if self.name == "openai":
            answer = await self.openai.chat.completions.create(model="auto", messages=ASKED)
            return answer.choices[0].message.content or ""
        message = await self.anthropic.messages.create(model="auto", max_tokens=99, messages=ASKED)
        return "".join(block.text for block in message.content if block.type == "text")

    async def close(self) -> None:
        """Both of them."""
        await self.openai.close()
        await self.anthropic.close()


@asynccontextmanager
async def asking(
    tmp_path: Path, client: ClientName, scripts: dict[str, Script | Action], **more: Any
) -> AsyncIterator[Asking]:
    own, other = "openai-chat", "anthropic-messages"
    if client == "anthropic":
        own, other = other, own
    dialects = {"primary": own, "backup": other}
    async with gateway(tmp_path, scripts, dialects=dialects, limits=SHORT, **more) as door:
        one = Asking(client, door)
        try:
            yield one
        finally:
            await one.close()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", REFUSALS)
async def test_who_refuses_is_replaced_before_the_client_sees_anything(
    tmp_path: Path, name: str, client: ClientName
) -> None:
    scripts: dict[str, Script | Action] = {"primary": REFUSALS[name], "backup": Answer(text=REST)}
    async with asking(tmp_path, client, scripts) as one:
        assert await one.stream() == REST
        rows = await settled(one.door, 2)
    assert rows[-1].opened.fell_back_from == "primary/big"
    assert len({row.opened.request_id for row in rows}) == 1


@pytest.mark.parametrize("client", CLIENTS)
async def test_who_is_not_there_is_replaced(tmp_path: Path, client: ClientName) -> None:
    shapes = {"primary": {"base_url": nobody_home()}}
    async with asking(
        tmp_path, client, {"primary": Answer(text=WORDS), "backup": Answer(text=REST)}, shapes=shapes
    ) as one:
        assert await one.stream() == REST
        assert await one.whole() == REST


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", CUTS)
async def test_another_goes_on_in_the_same_stream(tmp_path: Path, name: str, client: ClientName) -> None:
    async with asking(tmp_path, client, {"primary": CUTS[name], "backup": Answer(text=REST)}) as one:
        text = await one.stream()
    begun = text.removesuffix(REST)
    assert begun
    assert WORDS.startswith(begun)
    assert text == begun + REST


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", CUTS)
async def test_half_an_answer_that_nobody_goes_on_with_ends_with_an_exception(
    tmp_path: Path, name: str, client: ClientName
) -> None:
    async with asking(tmp_path, client, {"primary": CUTS[name]}) as one:
        with pytest.raises((openai.APIError, anthropic.APIError)):
            await one.stream()
    shown = "".join(one.pieces)
    assert shown
    assert WORDS.startswith(shown)


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_was_sent_is_not_taken_back_where_the_settings_begin_anew(
    tmp_path: Path, client: ClientName
) -> None:
    async with asking(
        tmp_path, client, {"primary": CUTS["cut off"], "backup": Answer(text=REST)}, policy=Policy(on_cut="restart")
    ) as one:
        with pytest.raises((openai.APIError, anthropic.APIError)):
            await one.stream()
        assert one.door.world.calls("backup") == 0
    assert REST not in "".join(one.pieces)


@pytest.mark.parametrize("client", CLIENTS)
async def test_half_a_tool_call_is_never_put_together_with_anothers(tmp_path: Path, client: ClientName) -> None:
    half = Saying(
        wire=(ToolCallDelta(0, "call_a", "add", '{"a":'), ToolCallDelta(0, arguments="1}")), faults={1: Cut()}
    )
    async with asking(tmp_path, client, {"primary": half, "backup": Answer(text=REST)}) as one:
        with pytest.raises((openai.APIError, anthropic.APIError)):
            await one.stream()


@pytest.mark.parametrize("client", CLIENTS)
async def test_thinking_that_leads_nowhere_is_followed_by_the_answer_of_another(
    tmp_path: Path, client: ClientName
) -> None:
    thinking = Saying(wire=(ReasoningDelta("Hm. "), TextDelta("never")), faults={1: Cut()})
    async with asking(tmp_path, client, {"primary": thinking, "backup": Answer(text=REST)}) as one:
        assert await one.stream() == REST


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", HARMLESS)
async def test_what_does_no_harm_is_not_noticed(tmp_path: Path, name: str, client: ClientName) -> None:
    async with asking(tmp_path, client, {"primary": HARMLESS[name]}) as one:
        assert await one.stream() == REST


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_blocked_prompt_is_asked_of_nobody_else(tmp_path: Path, client: ClientName) -> None:
    blocked = Refuse(Failure("content_filter", "Your prompt was flagged by content_filter", 400))
    async with asking(tmp_path, client, {"primary": blocked, "backup": Answer(text=REST)}) as one:
        with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)):
            await one.whole()
        assert one.door.world.calls("backup") == 0


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_conversation_that_fits_nobody_is_a_bad_request_in_the_providers_words(
    tmp_path: Path, client: ClientName
) -> None:
    too_long = Refuse(Failure("context_length", "prompt is too long: 9000 tokens > 8192 maximum", 400, None, 8192))
    async with asking(tmp_path, client, {"primary": too_long}) as one:
        with pytest.raises((openai.BadRequestError, anthropic.BadRequestError), match="8192"):
            await one.whole()


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_route_is_asked_by_its_name(tmp_path: Path, client: ClientName) -> None:
    async with asking(tmp_path, client, {"primary": Answer(text=WORDS), "backup": Answer(text=REST)}) as one:
        targets = one.door.world.runtime.settings.catalog.targets
        routes = {"auto2": Route("auto2", targets[1:])}
        one.door.world.runtime.router.setup = _with_routes(one.door, routes)
        answer = await one.door.chat("auto2")
    assert answer.json()["choices"][0]["message"]["content"] == REST


def _with_routes(door: Doorway, routes: dict[str, Route]) -> Any:
    from msgspec import structs

    return structs.replace(door.world.runtime.router.setup, routes=routes)
