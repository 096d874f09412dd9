"""The official `openai` client's Responses API, unmodified, against our server side."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from burn_tui.core.chat import ChatRequest, JsonFormat, NamedTool, Reasoning, Tool, ToolCall, ToolResult, said
from burn_tui.core.events import FinishSeen, ReasoningDelta, TextDelta, ToolCallDelta, UsageSeen, WireEvent
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.usage import Usage
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Action, Answer, Refuse
from burn_tui.simulator.server import SimulatedProvider
from burn_tui.simulator.signing import signature

if TYPE_CHECKING:
    import openai
else:
    openai = pytest.importorskip("openai", reason="the official openai client is not installed")

SEALED = signature("primary", "Hm.")
"""Encrypted, the provider's own: it takes no other back."""

TEXT: tuple[WireEvent, ...] = (
    ReasoningDelta("Hm. "),
    ReasoningDelta("Yes.", '{"id":"rs_1","encrypted_content":"' + SEALED + '"}'),
    TextDelta("Grüße, "),
    TextDelta("Welt 🔥"),
    FinishSeen("stop", "end_turn"),
    UsageSeen(Usage(30, 7, 10, None, None, 2)),
)
CALLS: tuple[WireEvent, ...] = (
    ReasoningDelta("Hm.", '{"id":"rs_1","encrypted_content":"' + SEALED + '"}'),
    ToolCallDelta(0, "call_a", "add"),
    ToolCallDelta(0, arguments='{"a":'),
    ToolCallDelta(1, "call_b", "sub", '{"b":2}'),
    ToolCallDelta(0, arguments="1}"),
    FinishSeen("tool_call", "tool_use"),
)
TOOLS: Any = [{"type": "function", "name": "add", "parameters": {"type": "object"}, "strict": False}]


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
        self.server = SimulatedProvider("primary", "openai-responses", lambda _request, _count: self.action)
        self.client: openai.OpenAI

    @property
    def responses(self) -> "openai.resources.responses.Responses":
        return self.client.responses

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


def test_a_whole_answer_has_text_reasoning_status_and_counts(peer: Peer) -> None:
    response = peer.responses.create(model="big", input="hi")
    assert (response.object, response.model, response.status) == ("response", "big", "completed")
    assert response.output_text == "Grüße, Welt 🔥"
    reasoning = response.output[0]
    assert reasoning.type == "reasoning"
    assert (reasoning.summary[0].text, reasoning.encrypted_content) == ("Hm. Yes.", SEALED)
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens) == (30, 7, 37)
    assert response.usage.input_tokens_details.cached_tokens == 10
    assert response.usage.output_tokens_details.reasoning_tokens == 2


def test_every_event_of_a_stream_is_of_a_kind_that_the_client_knows(peer: Peer) -> None:
    peer.action = Saying(wire=(*TEXT[:4], *CALLS))
    kinds = set()
    for event in peer.responses.create(model="big", input="hi", stream=True):
        assert type(event).__name__.startswith("Response")
        # The client is lenient when it reads; this is its own schema, applied strictly.
        type(event).model_validate(event.model_dump())
        kinds.add(event.type)
    assert kinds == {
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    }


def test_the_clients_own_accumulator_puts_a_stream_together(peer: Peer) -> None:
    with peer.responses.stream(model="big", input="hi") as stream:
        response = stream.get_final_response()
    assert response.output_text == "Grüße, Welt 🔥"
    assert response.usage is not None
    assert response.usage.total_tokens == 37


def test_calls_are_understood_whole_and_streamed_and_their_results_come_back(peer: Peer) -> None:
    peer.action = Saying(wire=CALLS)
    whole = peer.responses.create(model="big", input="hi", tools=TOOLS)
    with peer.responses.stream(model="big", input="hi", tools=TOOLS) as stream:
        streamed = stream.get_final_response()
    for response in (whole, streamed):
        calls = [item for item in response.output if item.type == "function_call"]
        assert [(call.call_id, call.name, call.arguments) for call in calls] == [
            ("call_a", "add", '{"a":1}'),
            ("call_b", "sub", '{"b":2}'),
        ]
    results: Any = [
        {"type": "function_call_output", "call_id": call_id, "output": "3"} for call_id in ("call_a", "call_b")
    ]
    again: Any = [{"role": "user", "content": "hi"}, *(item.model_dump() for item in whole.output), *results]
    peer.responses.create(model="big", input=again, tools=TOOLS)
    question, turn, answer = peer.asked.messages
    assert question == said("user", "hi")
    thought, *parts = turn.parts
    assert isinstance(thought, Reasoning)
    assert (thought.text, f'"encrypted_content":"{SEALED}"' in (thought.signature or "")) == ("Hm.", True)
    assert parts == [ToolCall("call_a", "add", '{"a":1}'), ToolCall("call_b", "sub", '{"b":2}')]
    assert answer.parts == (ToolResult("call_a", "3"), ToolResult("call_b", "3"))


def test_every_setting_of_the_client_arrives(peer: Peer) -> None:
    peer.responses.create(
        model="big",
        instructions="Be brief.",
        input="hi",
        tools=TOOLS,
        tool_choice={"type": "function", "name": "add"},
        max_output_tokens=90,
        temperature=0,
        top_p=0.5,
        reasoning={"effort": "low"},
        text={"format": {"type": "json_schema", "name": "sum", "schema": {"type": "object"}}},
        store=False,
    )
    assert peer.asked == ChatRequest(
        messages=(said("system", "Be brief."), said("user", "hi")),
        model="big",
        tools=(Tool("add", "", '{"type":"object"}'),),
        tool_choice=NamedTool("add"),
        max_output_tokens=90,
        temperature=0.0,
        top_p=0.5,
        response_format=JsonFormat('{"type":"object"}', "sum"),
        reasoning_effort="low",
        stream=False,
    )
    assert peer.server.seen[-1].headers["authorization"] == "Bearer test-key"


def test_a_cut_answer_is_incomplete_with_its_reason(peer: Peer) -> None:
    peer.action = Saying(wire=(TextDelta("Gr"), FinishSeen("length", "max_tokens")))
    response = peer.responses.create(model="big", input="hi")
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.usage is None


@pytest.mark.parametrize(
    ("error_type", "exception"),
    [
        ("caller_fault", "BadRequestError"),
        ("context_length", "BadRequestError"),
        ("auth", "AuthenticationError"),
        ("permission", "PermissionDeniedError"),
        ("refused", "PermissionDeniedError"),
        ("model_gone", "NotFoundError"),
        ("rate_limited", "RateLimitError"),
        ("quota_exhausted", "RateLimitError"),
        ("transient", "InternalServerError"),
        ("overloaded", "InternalServerError"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_raises_the_exception_of_its_kind(
    peer: Peer, stream: bool, error_type: ErrorType, exception: str
) -> None:
    peer.action = Refuse(Failure(error_type, "in our words", None, 1.5))
    with pytest.raises(getattr(openai, exception), match="in our words"):
        peer.responses.create(model="big", input="hi", stream=stream)


def test_a_request_that_cannot_be_served_is_a_bad_request_with_the_reason(peer: Peer) -> None:
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        peer.responses.create(model="big", input="hi", previous_response_id="resp_1")


def test_an_error_in_mid_stream_is_raised_after_what_came_before_it(peer: Peer) -> None:
    peer.action = Saying(wire=(TextDelta("Gr"), Failure("overloaded", "full")))
    heard: list[str] = []
    with pytest.raises(openai.APIError, match="full"):
        heard.extend(event.type for event in peer.responses.create(model="big", input="hi", stream=True))
    assert "response.output_text.delta" in heard


def test_a_whole_answer_that_failed_says_so(peer: Peer) -> None:
    peer.action = Saying(wire=(TextDelta("Gr"), Failure("overloaded", "full")))
    response = peer.responses.create(model="big", input="hi")
    assert response.status == "failed"
    assert response.error is not None
    assert response.error.message == "full"
