"""What only one dialect has words for comes back as it went there, and goes nowhere else."""

from typing import Any

import msgspec
import pytest

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import CacheFor, ChatRequest, Extras, Image, Message, Text, Tool, ToolCall, ToolResult, said
from burn_tui.core.context import left_out
from burn_tui.providers import DIALECTS

PATH = "/v1beta/models/big:generateContent"

BODIES: dict[str, dict[str, Any]] = {
    "anthropic-messages": {
        "model": "big",
        "max_tokens": 9,
        "stream": False,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        "metadata": {"user_id": "u"},
        "top_k": 5,
        "service_tier": "auto",
        "cache_control": {"type": "ephemeral"},
    },
    "openai-chat": {
        "model": "big",
        "stream": False,
        "messages": [{"role": "user", "content": "hi"}],
        "logit_bias": {"50256": -100},
        "frequency_penalty": 0.5,
        "user": "u",
    },
    "openai-responses": {
        "model": "big",
        "stream": False,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
        "prompt_cache_key": "k",
        "truncation": "auto",
        "metadata": {"a": "b"},
    },
}
EXTRA = {
    "anthropic-messages": {"metadata", "top_k", "service_tier", "cache_control"},
    "openai-chat": {"logit_bias", "frequency_penalty", "user"},
    "openai-responses": {"prompt_cache_key", "truncation", "metadata"},
}


def provider(dialect: str, **options: str) -> Provider:
    return Provider(name="here", dialect=dialect, base_url="http://127.0.0.1:1", options=options)


def sent(dialect: str, request: ChatRequest, **options: str) -> dict[str, Any]:
    encoded = DIALECTS[dialect].encode_request(
        request, model="big", provider=provider(dialect, **options), api_key=None
    )
    body: dict[str, Any] = msgspec.json.decode(encoded.body)
    return body


def read(dialect: str, body: object, headers: dict[str, str] | None = None) -> ChatRequest:
    return DIALECTS[dialect].decode_request(PATH, headers or {}, msgspec.json.encode(body))


@pytest.mark.parametrize("dialect", BODIES)
def test_fields_that_nobody_else_knows_come_back_as_they_went(dialect: str) -> None:
    body = BODIES[dialect]
    request = read(dialect, body)
    assert request.extras is not None
    assert (request.extras.dialect, set(request.extras.fields)) == (dialect, EXTRA[dialect])
    back = sent(dialect, request)
    assert {name: back[name] for name in body} == body
    assert left_out(request, provider(dialect), DIALECTS[dialect].sight) == ()


@pytest.mark.parametrize(("dialect", "other"), [(one, other) for one in BODIES for other in DIALECTS if other != one])
def test_they_are_sent_to_no_provider_of_another_dialect_which_is_said(dialect: str, other: str) -> None:
    request = read(dialect, BODIES[dialect])
    plain = msgspec.structs.replace(request, extras=None)
    assert sent(other, request) == sent(other, plain)
    (said_so,) = left_out(request, provider(other), DIALECTS[other].sight)
    assert said_so.startswith(f"what only {dialect} has words for: ")
    assert all(name in said_so for name in EXTRA[dialect])


@pytest.mark.parametrize("dialect", BODIES)
def test_a_request_without_extra_fields_has_no_extras(dialect: str) -> None:
    plain = {name: value for name, value in BODIES[dialect].items() if name not in EXTRA[dialect]}
    assert read(dialect, plain).extras is None


def test_our_own_fields_win_over_extra_ones_of_the_same_name() -> None:
    request = ChatRequest(messages=(said("user", "hi"),), extras=Extras("openai-chat", {"model": '"other"'}))
    assert sent("openai-chat", request)["model"] == "big"


def test_anthropics_beta_header_goes_along_to_anthropic_only() -> None:
    request = read("anthropic-messages", BODIES["anthropic-messages"], {"anthropic-beta": "context-1m", "host": "x"})
    for dialect, expected in (("anthropic-messages", "context-1m"), ("openai-chat", None)):
        encoded = DIALECTS[dialect].encode_request(request, model="big", provider=provider(dialect), api_key=None)
        assert encoded.headers.get("anthropic-beta") == expected
    alone = read("anthropic-messages", {"model": "m", "max_tokens": 1, "messages": []}, {"anthropic-beta": "x"})
    assert left_out(alone, provider("openai-chat"), DIALECTS["openai-chat"].sight) == ()


# --- parallel calls ------------------------------------------------------------------------------

TOOL = Tool("look", "", '{"type":"object"}')


@pytest.mark.parametrize("dialect", BODIES)
@pytest.mark.parametrize("parallel", [True, False, None])
def test_the_wish_for_one_call_at_a_time_is_known_to_all_three(dialect: str, parallel: bool | None) -> None:
    request = ChatRequest(messages=(said("user", "hi"),), tools=(TOOL,), parallel_tool_calls=parallel)
    assert read(dialect, sent(dialect, request)).parallel_tool_calls is parallel
    # None of them takes it without tools.
    assert read(dialect, sent(dialect, msgspec.structs.replace(request, tools=()))).parallel_tool_calls is None


def test_anthropic_has_the_wish_inside_of_its_choice_of_tools() -> None:
    request = ChatRequest(messages=(said("user", "hi"),), tools=(TOOL,), parallel_tool_calls=False)
    for choice, written in ((None, "auto"), ("required", "any")):
        body = sent("anthropic-messages", msgspec.structs.replace(request, tool_choice=choice))
        assert body["tool_choice"] == {"type": written, "disable_parallel_tool_use": True}
    assert sent("anthropic-messages", msgspec.structs.replace(request, tool_choice="none"))["tool_choice"] == {
        "type": "none"
    }


# --- marks for the cache -------------------------------------------------------------------------


def marked(cache_for: CacheFor | None) -> ChatRequest:
    """A mark on a part of each kind."""
    return ChatRequest(
        messages=(
            Message("system", (Text("Be brief."), Text("Be kind.", cache_for))),
            Message("user", (Text("see"), Image(data="aGk=", cache_for=cache_for))),
            Message("assistant", (ToolCall("call_1", "look", "{}", cache_for=cache_for),)),
            Message("tool", (ToolResult("call_1", "3", cache_for=cache_for),)),
        ),
        model="big",
        tools=(TOOL,),
        max_output_tokens=9,
    )


@pytest.mark.parametrize("cache_for", ["5m", "1h"])
def test_marks_on_blocks_come_back_as_they_went_to_anthropic(cache_for: CacheFor) -> None:
    request = marked(cache_for)
    assert read("anthropic-messages", sent("anthropic-messages", request)) == request
    mark = sent("anthropic-messages", request)["system"][1]["cache_control"]
    assert mark == {"type": "ephemeral"} | ({"ttl": "1h"} if cache_for == "1h" else {})


def test_a_mark_on_a_tool_comes_back_as_it_went_to_anthropic() -> None:
    request = ChatRequest(messages=(said("user", "hi"),), tools=(msgspec.structs.replace(TOOL, cache_for="5m"),))
    assert read("anthropic-messages", sent("anthropic-messages", request)).tools == request.tools


def test_of_too_many_marks_anthropic_is_sent_the_last_four() -> None:
    parts = tuple(Text(str(number), "5m") for number in range(6))
    for extras, least in ((None, 2), (Extras("anthropic-messages", {"cache_control": '{"type":"ephemeral"}'}), 3)):
        body = sent("anthropic-messages", ChatRequest(messages=(Message("user", parts),), extras=extras))
        kept = [block["text"] for block in body["messages"][0]["content"] if "cache_control" in block]
        assert kept == [str(number) for number in range(least, 6)]


def test_chat_completions_are_marked_where_the_provider_takes_marks() -> None:
    request = ChatRequest(messages=(Message("user", (Text("a", "1h"), Text("b"))),), model="big")
    assert sent("openai-chat", request)["messages"] == [{"role": "user", "content": "a\n\nb"}]
    body = sent("openai-chat", request, cache_control="yes")
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "text", "text": "b"},
    ]
    assert read("openai-chat", body).messages == request.messages


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "anthropic-messages"])
def test_nobody_else_is_sent_a_mark(dialect: str) -> None:
    assert sent(dialect, marked("1h")) == sent(dialect, marked(None))
    assert left_out(marked("1h"), provider(dialect), DIALECTS[dialect].sight) == ()
