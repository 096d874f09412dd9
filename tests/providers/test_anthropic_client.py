"""The official client, unmodified, over loopback against the simulator: what it understands, other clients do too."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct

from burn_tui.core.chat import ChatRequest, Image, Message, Text, ToolCall, ToolResult, said
from burn_tui.core.events import FinishSeen, ReasoningDelta, TextDelta, ToolCallDelta, UsageSeen, WireEvent
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.usage import Usage
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Action, Answer, Refuse
from burn_tui.simulator.server import SimulatedProvider

anthropic = pytest.importorskip("anthropic", reason="the anthropic package is not installed")

MODEL = "claude-simulated"
WEATHER = {"name": "weather", "description": "", "input_schema": {"type": "object", "properties": {}}}
USAGE = Usage(
    input_tokens=120,
    output_tokens=30,
    cache_read_input_tokens=80,
    cache_creation_input_tokens=10,
    cache_creation_1h_input_tokens=4,
    reasoning_output_tokens=7,
)


class Told(Answer, frozen=True, kw_only=True):
    """An answer of exactly these events."""

    text: str = ""
    exactly: tuple[WireEvent, ...]

    def events(self, request: ChatRequest) -> list[WireEvent]:
        """As they were told."""
        return list(self.exactly)


class Peer(Struct):
    """A simulated provider and the official client that talks to it."""

    client: Any
    provider: SimulatedProvider
    actions: list[Action]
    """What the provider does next; set by the test."""

    def ask(self, **fields: Any) -> Any:
        """One call, not streamed."""
        return self.client.messages.create(**{**QUESTION, **fields})


QUESTION: dict[str, Any] = {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def _served() -> Iterator[Peer]:
    actions: list[Action] = []
    provider = SimulatedProvider("anthropic", "anthropic-messages", lambda _request, _count: actions[0])
    with Host([provider]) as host:
        client = anthropic.Anthropic(base_url=host.base_url("anthropic"), api_key="sk-ant-test", max_retries=0)
        with client:
            yield Peer(client, provider, actions)


@pytest.fixture
def peer(_served: Peer) -> Peer:
    """With nothing said yet."""
    _served.actions.clear()
    _served.provider.seen.clear()
    return _served


def test_the_client_reads_a_whole_answer_and_its_usage(peer: Peer) -> None:
    peer.actions.append(Answer(text="Hello there.", usage=USAGE))
    message = peer.ask()
    assert [(block.type, block.text) for block in message.content] == [("text", "Hello there.")]
    assert (message.role, message.type, message.model, message.stop_reason) == (
        "assistant",
        "message",
        MODEL,
        "end_turn",
    )
    _check_usage(message.usage)
    assert message.usage.cache_creation.ephemeral_1h_input_tokens == 4
    assert message.usage.cache_creation.ephemeral_5m_input_tokens == 6


def test_the_client_puts_a_streamed_answer_together(peer: Peer) -> None:
    peer.actions.append(Answer(text="Hello there, all of you.", reasoning="They greet.", usage=USAGE))
    with peer.client.messages.stream(**QUESTION) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text == "Hello there, all of you."
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.content[0].thinking == "They greet."
    assert message.stop_reason == "end_turn"
    _check_usage(message.usage)


def _check_usage(usage: Any) -> None:
    assert usage.input_tokens == 120 - 80 - 10
    assert usage.cache_read_input_tokens == 80
    assert usage.cache_creation_input_tokens == 10
    assert usage.output_tokens == 30
    assert usage.output_tokens_details.thinking_tokens == 7


CALLING = Told(
    exactly=(
        UsageSeen(Usage(input_tokens=12)),
        ReasoningDelta("hm", "sig-1"),
        TextDelta("Let me look."),
        ToolCallDelta(0, "toolu_1", "weather", '{"city":'),
        ToolCallDelta(0, arguments='"Rome"}'),
        ToolCallDelta(1, "toolu_2", "weather", "{}"),
        FinishSeen("tool_call", "tool_use"),
        UsageSeen(Usage(output_tokens=5)),
    )
)


@pytest.mark.parametrize("streamed", [True, False])
def test_the_client_reads_thoughts_text_and_calls_in_order(peer: Peer, streamed: bool) -> None:
    peer.actions.append(CALLING)
    if streamed:
        with peer.client.messages.stream(**QUESTION, tools=[WEATHER]) as stream:
            message = stream.get_final_message()
    else:
        message = peer.ask(tools=[WEATHER])
    thought, words, first, second = message.content
    assert (thought.type, thought.thinking, thought.signature) == ("thinking", "hm", "sig-1")
    assert words.text == "Let me look."
    assert (first.type, first.id, first.name, first.input) == ("tool_use", "toolu_1", "weather", {"city": "Rome"})
    assert (second.id, second.input) == ("toolu_2", {})
    assert message.stop_reason == "tool_use"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (12, 5)


def test_the_raw_stream_is_the_sequence_that_the_client_knows(peer: Peer) -> None:
    peer.actions.append(CALLING)
    kinds = [event.type for event in peer.ask(stream=True)]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 4


def test_what_the_client_sends_arrives(peer: Peer) -> None:
    peer.actions.append(Answer(text="ok"))
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "aGk="}}
    call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}
    peer.ask(
        model="claude-sonnet-4-6",  # which can still be cooled
        system="Be brief.",
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "see"}, picture]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
        tools=[WEATHER],
        tool_choice={"type": "any"},
        extra_body={"temperature": 0.5},  # newer clients have no name for it any more
        stop_sequences=["END"],
    )
    (seen,) = peer.provider.seen
    assert seen.path == "/v1/messages"
    assert "sk-ant-test" in seen.headers.get("x-api-key", "") + seen.headers.get("authorization", "")
    assert seen.request.messages == (
        said("system", "Be brief."),
        Message("user", (Text("see"), Image("image/jpeg", "aGk="))),
        Message("assistant", (ToolCall("toolu_1", "weather", '{"city":"Rome"}'),)),
        Message("tool", (ToolResult("toolu_1", "sunny"),)),
    )
    assert (seen.request.tool_choice, seen.request.temperature, seen.request.stop_sequences) == (
        "required",
        0.5,
        ("END",),
    )
    assert (seen.request.max_output_tokens, seen.request.stream) == (100, False)


@pytest.mark.parametrize(
    ("error_type", "exception"),
    [
        ("caller_fault", "BadRequestError"),
        ("context_length", "BadRequestError"),
        ("content_filter", "BadRequestError"),
        ("auth", "AuthenticationError"),
        ("quota_exhausted", "PaymentRequiredError"),
        ("permission", "PermissionDeniedError"),
        ("refused", "PermissionDeniedError"),
        ("model_gone", "NotFoundError"),
        ("rate_limited", "RateLimitError"),
        ("overloaded", "OverloadedError"),
        ("timeout", "GatewayTimeoutError"),
        ("transient", "InternalServerError"),
    ],
)
def test_each_refusal_raises_the_clients_own_exception(peer: Peer, error_type: ErrorType, exception: str) -> None:
    peer.actions.append(Refuse(Failure(error_type, "So it is.", retry_after_s=3)))
    with pytest.raises(anthropic.APIStatusError, match="So it is") as raised:
        peer.ask()
    # Older versions of the client have no classes of their own for some of them.
    wanted = getattr(anthropic, exception, None) or getattr(anthropic._exceptions, exception, anthropic.APIStatusError)
    assert isinstance(raised.value, wanted)
    assert raised.value.response.headers["retry-after"] == "3"
    assert raised.value.body["type"] == "error"


def test_an_error_in_mid_stream_raises_after_the_text_before_it(peer: Peer) -> None:
    peer.actions.append(Told(exactly=(TextDelta("Hel"), TextDelta("lo"), Failure("overloaded", "Overloaded"))))
    heard: list[str] = []
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"), peer.client.messages.stream(**QUESTION) as stream:
        heard.extend(stream.text_stream)
    assert heard == ["Hel", "lo"]


def test_the_client_waits_and_asks_again_as_it_is_told(peer: Peer) -> None:
    peer.actions.append(Refuse(Failure("rate_limited", "slow down", retry_after_s=0)))
    with pytest.raises(anthropic.RateLimitError):
        peer.client.with_options(max_retries=0).messages.create(**QUESTION)
    assert len(peer.provider.seen) == 1
    peer.actions[0] = Refuse(Failure("auth", "no"))
    with pytest.raises(anthropic.AuthenticationError):
        peer.client.with_options(max_retries=2).messages.create(**QUESTION)
    assert len(peer.provider.seen) == 2, "a refusal that does not pass by itself must not be asked twice"
