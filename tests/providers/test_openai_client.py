"""The official `openai` client, unmodified, against our server side: what it understands is what we meant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from burn_tui.core.chat import ChatRequest, NamedTool
from burn_tui.core.events import FinishSeen, ReasoningDelta, TextDelta, ToolCallDelta, UsageSeen, WireEvent
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.usage import Usage
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Action, Answer, Refuse
from burn_tui.simulator.server import SimulatedProvider

if TYPE_CHECKING:
    import openai
else:
    openai = pytest.importorskip("openai", reason="the official openai client is not installed")

USAGE = Usage(input_tokens=30, output_tokens=7, cache_read_input_tokens=10, reasoning_output_tokens=2)
TEXT: tuple[WireEvent, ...] = (
    ReasoningDelta("Hm. "),
    TextDelta("Grüße, "),
    TextDelta("Welt 🔥"),
    FinishSeen("stop", "end_turn"),
    UsageSeen(USAGE),
)
CALLS: tuple[WireEvent, ...] = (
    ToolCallDelta(0, "call_a", "add"),
    ToolCallDelta(0, arguments='{"a":'),
    ToolCallDelta(0, arguments="1}"),
    ToolCallDelta(1, "call_b", "sub", '{"b":2}'),
    FinishSeen("tool_call", "tool_use"),
    UsageSeen(USAGE),
)
ASKED: Any = [{"role": "user", "content": "hi"}]
TOOLS: Any = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]


class Saying(Answer, frozen=True, kw_only=True):
    """Answers with these very events."""

    text: str = ""
    wire: tuple[WireEvent, ...]

    def events(self, request: ChatRequest) -> list[WireEvent]:
        return list(self.wire)


class Peer:
    """A client, and the server that it talks to."""

    def __init__(self) -> None:
        self.action: Action = Saying(wire=TEXT)
        self.server = SimulatedProvider("primary", "openai-chat", lambda _request, _count: self.action)
        self.client: openai.OpenAI

    @property
    def chat(self) -> "openai.resources.chat.Completions":
        return self.client.chat.completions

    @property
    def asked(self) -> ChatRequest:
        """The last request as our server side understood it."""
        return self.server.seen[-1].request


@pytest.fixture(scope="module")
def running() -> Iterator[Peer]:
    peer = Peer()
    with Host([peer.server]) as host:
        peer.client = openai.OpenAI(base_url=host.base_url("primary"), api_key="test-key", max_retries=0)
        yield peer
        peer.client.close()


@pytest.fixture
def peer(running: Peer) -> Peer:
    running.action = Saying(wire=TEXT)
    return running


def test_a_whole_answer_has_text_finish_and_counts(peer: Peer) -> None:
    completion = peer.chat.create(model="big", messages=ASKED)
    choice = completion.choices[0]
    assert (completion.object, completion.model) == ("chat.completion", "big")
    assert (choice.message.content, choice.finish_reason) == ("Grüße, Welt 🔥", "stop")
    assert choice.message.model_extra is not None
    assert choice.message.model_extra["reasoning_content"] == "Hm. "
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (30, 7)
    assert completion.usage.total_tokens == 37
    assert completion.usage.prompt_tokens_details is not None
    assert completion.usage.prompt_tokens_details.cached_tokens == 10
    assert completion.usage.completion_tokens_details is not None
    assert completion.usage.completion_tokens_details.reasoning_tokens == 2


def test_a_streamed_answer_is_the_same(peer: Peer) -> None:
    chunks = list(peer.chat.create(model="big", messages=ASKED, stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Grüße, Welt 🔥"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 37
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}


def test_a_stream_holds_no_counts_that_were_not_asked_for(peer: Peer) -> None:
    chunks = list(peer.chat.create(model="big", messages=ASKED, stream=True))
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)


def test_the_clients_own_accumulator_puts_a_stream_together(peer: Peer) -> None:
    peer.action = Saying(wire=CALLS)
    with peer.chat.stream(model="big", messages=ASKED, tools=TOOLS, stream_options={"include_usage": True}) as stream:
        completion = stream.get_final_completion()
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.usage is not None
    assert completion.usage.total_tokens == 37
    calls = completion.choices[0].message.tool_calls or []
    assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
        ("call_a", "add", '{"a":1}'),
        ("call_b", "sub", '{"b":2}'),
    ]


def test_whole_tool_calls_are_understood_and_their_results_come_back(peer: Peer) -> None:
    peer.action = Saying(wire=CALLS)
    message = peer.chat.create(model="big", messages=ASKED, tools=TOOLS).choices[0].message
    assert message.content is None
    calls = message.tool_calls or []
    assert [call.id for call in calls] == ["call_a", "call_b"]
    results: Any = [{"role": "tool", "tool_call_id": call.id, "content": "3"} for call in calls]
    peer.action = Saying(wire=TEXT)
    again: Any = [*ASKED, message.model_dump(exclude_none=True), *results]
    peer.chat.create(model="big", messages=again, tools=TOOLS)
    assert [message.role for message in peer.asked.messages] == ["user", "assistant", "tool", "tool"]


def test_every_setting_of_the_client_arrives(peer: Peer) -> None:
    peer.chat.create(
        model="big",
        messages=ASKED,
        tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "add"}},
        max_completion_tokens=9,
        temperature=0,
        top_p=0.5,
        stop=["END"],
        seed=7,
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "sum", "schema": {"type": "object"}}},
    )
    asked = peer.asked
    assert asked.model == "big"
    assert asked.tool_choice == NamedTool("add")
    assert (asked.max_output_tokens, asked.temperature, asked.top_p, asked.seed) == (9, 0.0, 0.5, 7)
    assert (asked.stop_sequences, asked.reasoning_effort) == (("END",), "low")
    assert asked.response_format is not None
    assert asked.response_format.name == "sum"
    assert peer.server.seen[-1].headers["authorization"] == "Bearer test-key"


@pytest.mark.parametrize(
    ("error_type", "exception"),
    [
        ("caller_fault", "BadRequestError"),
        ("context_length", "BadRequestError"),
        ("content_filter", "BadRequestError"),
        ("auth", "AuthenticationError"),
        ("permission", "PermissionDeniedError"),
        ("refused", "PermissionDeniedError"),
        ("model_gone", "NotFoundError"),
        ("rate_limited", "RateLimitError"),
        ("quota_exhausted", "RateLimitError"),
        ("transient", "InternalServerError"),
        ("overloaded", "InternalServerError"),
        ("timeout", "InternalServerError"),
        ("bad_answer", "InternalServerError"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_raises_the_exception_of_its_kind(
    peer: Peer, stream: bool, error_type: ErrorType, exception: str
) -> None:
    peer.action = Refuse(Failure(error_type, "in our words", None, 1.5))
    with pytest.raises(getattr(openai, exception), match="in our words") as caught:
        peer.chat.create(model="big", messages=ASKED, stream=stream)
    assert caught.value.code
    assert caught.value.response.headers["retry-after-ms"] == "1500"


def test_an_exhausted_quota_is_told_from_a_rate_limit_by_its_code(peer: Peer) -> None:
    peer.action = Refuse(Failure("quota_exhausted", "no money"))
    with pytest.raises(openai.RateLimitError) as caught:
        peer.chat.create(model="big", messages=ASKED)
    assert caught.value.code == "insufficient_quota"


def test_a_request_that_cannot_be_passed_on_is_a_bad_request_with_the_reason(peer: Peer) -> None:
    with pytest.raises(openai.BadRequestError, match="n must be 1"):
        peer.chat.create(model="big", messages=ASKED, n=2)


def test_an_error_in_mid_stream_is_raised_after_what_came_before_it(peer: Peer) -> None:
    peer.action = Saying(wire=(TextDelta("Gr"), Failure("overloaded", "full")))
    heard: list[str | None] = []
    with pytest.raises(openai.APIError, match="full"):
        heard.extend(c.choices[0].delta.content for c in peer.chat.create(model="big", messages=ASKED, stream=True))
    assert heard == ["", "Gr"]
