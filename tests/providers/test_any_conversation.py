"""Whatever a conversation holds, each API takes what is made of it, and what is left out is counted in words."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.conversations import requests

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest, Image, Part, Reasoning, ToolCall, ToolResult
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


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
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
    why_not = refusal(dialect, msgspec.json.decode(sent.body), provider_name="here", model=model)
    # The one field that only an imitator knows, which asks for it.
    assert why_not is None or "reasoning_content" in options.values(), why_not
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
