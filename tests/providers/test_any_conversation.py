"""Whatever a conversation holds, each API takes what is made of it, and what is left out is counted in words."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.conversations import PNG, own_reasoning, requests
from support.fuzz import examples

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest, Image, Message, Part, Reasoning, Text, ToolCall, ToolResult, said
from burn_tui.core.context import left_out
from burn_tui.providers import DIALECTS
from burn_tui.simulator.strictness import refusal

MODELS = {
    "anthropic-messages": (
        "claude-3-5-haiku-latest",
        "claude-sonnet-4-5",
        "claude-opus-4-6",
        "claude-opus-5-5",
        "mine",
    ),
    "openai-chat": ("gpt-5",),
    "openai-responses": ("gpt-5",),
    "gemini-generate": ("gemini-2.5-flash", "gemini-3-pro"),
    "ollama-chat": ("qwen3:8b",),
}
OPTIONS: tuple[dict[str, str], ...] = (
    {},
    {"reasoning": "reasoning_content"},
    {"cache_control": "yes"},
    {"tool_call_id": "9"},
)


def parts_of(request: ChatRequest, kind: type[Part]) -> int:
    return sum(isinstance(part, kind) for message in request.messages for part in message.parts)


def stated(words: tuple[str, ...], ending: str) -> int:
    """How many of something the words say."""
    return sum(int(said_so.split()[0]) for said_so in words if said_so.endswith(ending))


def why_not(dialect: str, model: str, provider: Provider, request: ChatRequest) -> str | None:
    """Why the real API would refuse what is made of `request`."""
    sent = DIALECTS[dialect].encode_request(request, model=model, provider=provider, api_key=None)
    return refusal(dialect, msgspec.json.decode(sent.body), provider_name=provider.name, model=model)


HI, THANKS = said("user", "hi"), said("user", "thanks")
CALLS = (ToolCall("a", "look", '{"at":"1"}'), ToolCall("b/ü", "functions.look", "{broken"))
RESULTS = (ToolResult("b/ü", ""), ToolResult("a", "3", is_error=True))
PICTURE = Image(data=PNG)


def awkward(dialect: str) -> dict[str, tuple[Message, ...]]:
    """Each has been refused by somebody."""
    own, foreign = own_reasoning("here", dialect, "hm"), Reasoning("hm", "sig", "elsewhere")
    return {
        "nothing": (),
        "only system text": (said("system", "Be brief."),),
        "only blank text": (said("user", " "), said("assistant", "")),
        "the model first": (said("assistant", "so"), HI),
        "the model last": (HI, said("assistant", "so ")),
        "one role after itself": (HI, HI, said("assistant", "so"), said("assistant", "so"), HI),
        "thinking alone": (HI, Message("assistant", (own,)), HI),
        "thinking last": (HI, Message("assistant", (Text("so"), own)), HI),
        "thinking last of all": (HI, Message("assistant", (Text("so"), own))),
        "thinking before a call that is left out": (HI, Message("assistant", (own, CALLS[0])), HI),
        "foreign thinking and calls": (HI, Message("assistant", (foreign, *CALLS)), Message("tool", RESULTS), THANKS),
        "results in messages of their own": (
            HI,
            Message("assistant", (own, *CALLS)),
            *(Message("tool", (result,)) for result in RESULTS),
        ),
        "results after text": (HI, Message("assistant", CALLS), Message("user", (Text("here"), *RESULTS))),
        "a picture beside a result": (HI, Message("assistant", CALLS), Message("tool", (PICTURE, *RESULTS)), THANKS),
        "system text before results": (HI, Message("assistant", CALLS), said("system", "x"), Message("tool", RESULTS)),
        "calls over two messages": (
            HI,
            *(Message("assistant", (call,)) for call in CALLS),
            Message("tool", RESULTS),
        ),
        "the same ids once more": (HI, *(Message("assistant", CALLS), Message("tool", RESULTS)) * 2, THANKS),
        "one of two results": (HI, Message("assistant", CALLS), Message("tool", RESULTS[:1]), THANKS),
        "a result too late": (HI, Message("assistant", CALLS[:1]), THANKS, Message("tool", RESULTS)),
        "pictures in every place": tuple(
            Message(role, (PICTURE,)) for role in ("system", "user", "assistant", "tool", "user")
        ),
        "a long id": (
            HI,
            Message("assistant", (ToolCall("x" * 99, "look", "{}"),)),
            Message("tool", (ToolResult("x" * 99, "3"),)),
        ),
    }


@pytest.mark.parametrize("name", awkward(""))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_awkward_conversation_is_taken(dialect: str, name: str) -> None:
    provider = Provider(name="here", dialect=dialect, base_url="http://127.0.0.1:1")
    for model in MODELS[dialect]:
        for effort in (None, "high"):
            request = ChatRequest(messages=awkward(dialect)[name], reasoning_effort=effort)
            assert why_not(dialect, model, provider, request) is None


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(
    max_examples=examples(250), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_no_conversation_at_all_is_answered_with_a_400_and_what_is_left_out_is_counted(
    dialect: str, data: st.DataObject
) -> None:
    request = data.draw(requests("here", dialect))
    model = data.draw(st.sampled_from(MODELS[dialect]))
    options = data.draw(st.sampled_from(OPTIONS)) if dialect == "openai-chat" else {}
    provider = Provider(name="here", dialect=dialect, base_url="http://127.0.0.1:1", options=options)
    spoken = DIALECTS[dialect]
    sent = spoken.encode_request(request, model=model, provider=provider, api_key=None)
    assert why_not(dialect, model, provider, request) is None
    arrived = spoken.decode_request(sent.url.removeprefix("http://127.0.0.1:1"), sent.headers, sent.body)
    told = left_out(request, provider, spoken.sight)
    assert parts_of(request, ToolCall) - parts_of(arrived, ToolCall) == stated(told, "without a result")
    assert parts_of(request, ToolResult) - parts_of(arrived, ToolResult) == stated(told, "without a call")
    assert parts_of(request, Image) - parts_of(arrived, Image) == stated(told, "told in words")
    foreign = [
        part
        for message in request.messages
        for part in message.parts
        if isinstance(part, Reasoning) and part.provider_name != "here" and (part.text or part.signature)
    ]
    assert len(foreign) == sum(int(words.split()[0]) for words in told if "thinking block" in words)
    is_foreign = request.extras is not None and request.extras.dialect != dialect
    assert any("only" in words for words in told) == is_foreign
    assert is_foreign or arrived.extras == request.extras
