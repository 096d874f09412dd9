import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.answered import decoded, folded
from support.fuzz import examples
from support.wire import CHUNKS, NAMES, OBJECTS, SCHEMAS, WORDS, answers, broken, json_like, usages

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    said,
)
from burn_tui.core.events import (
    FinishSeen,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.usage import Usage
from burn_tui.providers.anthropic import AnthropicMessages

DIALECT = AnthropicMessages()
PROVIDER = Provider(name="anthropic", dialect="anthropic-messages", base_url="https://api.anthropic.com")
SONNET = "claude-sonnet-4-6"
FINISHES = [
    FinishSeen("stop", "end_turn"),
    FinishSeen("stop", "stop_sequence"),
    FinishSeen("length", "max_tokens"),
    FinishSeen("length", "model_context_window_exceeded"),
    FinishSeen("tool_call", "tool_use"),
    FinishSeen("content_filter", "refusal"),
    FinishSeen("pause", "pause_turn"),
]
NOW = 1_750_000_000.0


def encoded(request: ChatRequest, model: str = SONNET) -> dict[str, Any]:
    """The body of the request that asks `model`."""
    sent = DIALECT.encode_request(request, model=model, provider=PROVIDER, api_key="sk-ant-secret")
    body: dict[str, Any] = json.loads(sent.body)
    return body


def asked(*messages: Message, **fields: Any) -> ChatRequest:
    """A request with these messages."""
    return ChatRequest(messages=messages, **fields)


def written(events: list[WireEvent], *, streamed: bool) -> bytes:
    """The body of an answer that says `events`."""
    encoder = DIALECT.encoder(streamed=streamed, response_model=SONNET, response_id="msg_1", created=0)
    return b"".join([encoder.encode(event) for event in events]) + encoder.finish()


def read(body: bytes, *, streamed: bool, chunk: int = 1 << 20) -> list[WireEvent]:
    """The events of an answer's body."""
    return decoded(DIALECT.decoder(streamed=streamed, provider=PROVIDER), body, chunk)


def stream(*events: dict[str, Any]) -> bytes:
    """A stream as the API writes it."""
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


# --- requests ------------------------------------------------------------------------------------


@dataclass
class Drawn:
    """A conversation being drawn."""

    messages: list[Message]
    calls: int = 0


TEXTS = st.builds(Text, WORDS)
IMAGES = st.builds(Image, media_type=st.sampled_from(["image/png", "image/jpeg"]), data=st.just("aGVsbG8="))
URLS = st.builds(Image, url=st.just("https://example.com/cat.png"))
THOUGHTS = st.builds(Reasoning, WORDS, NAMES, st.just("anthropic"))
CHOICES: st.SearchStrategy[ToolChoice | None] = st.sampled_from([None, "auto", "none", "required", NamedTool("f")])
REDACTED = st.builds(Reasoning, st.just(""), NAMES.map("redacted_thinking:".__add__), st.just("anthropic"))


@st.composite
def requests(draw: st.DrawFn) -> ChatRequest:
    """Requests that the dialect can express."""
    drawn = Drawn([])
    if draw(st.booleans()):
        drawn.messages.append(Message("system", tuple(draw(st.lists(TEXTS, min_size=1, max_size=2)))))
    drawn.messages.append(_user(draw))
    for _ in range(draw(st.integers(0, 3))):
        _extend(draw, drawn)
        if drawn.messages[-1].role != "tool" or draw(st.booleans()):
            drawn.messages.append(_user(draw))
    tools = tuple(draw(st.lists(st.builds(Tool, NAMES, st.just("") | WORDS, SCHEMAS, st.booleans()), max_size=2)))
    return ChatRequest(
        messages=tuple(drawn.messages),
        model=SONNET,
        tools=tools,
        tool_choice=draw(CHOICES) if tools else None,
        max_output_tokens=draw(st.integers(1, 64000)),
        temperature=draw(st.none() | st.floats(0, 1)),
        stop_sequences=tuple(draw(st.lists(WORDS, max_size=2))),
        response_format=draw(st.none() | st.builds(JsonFormat, SCHEMAS, strict=st.just(value=True))),
        stream=draw(st.booleans()),
    )


def _user(draw: st.DrawFn) -> Message:
    return Message("user", tuple(draw(st.lists(TEXTS | IMAGES | URLS, min_size=1, max_size=3))))


def _extend(draw: st.DrawFn, drawn: Drawn) -> None:
    """An assistant's turn, and the results of its calls."""
    names = draw(st.lists(NAMES, max_size=2))
    calls = [ToolCall(f"toolu_{drawn.calls + place}", name, draw(OBJECTS)) for place, name in enumerate(names)]
    drawn.calls += len(calls)
    parts: list[Part] = [*draw(st.lists(THOUGHTS | REDACTED, max_size=2)), draw(TEXTS), *calls]
    drawn.messages.append(Message("assistant", tuple(parts)))
    if calls:
        results = [ToolResult(call.id, draw(st.text(max_size=9)), draw(st.booleans())) for call in calls]
        drawn.messages.append(Message("tool", tuple(results)))


def unattributed(request: ChatRequest) -> ChatRequest:
    """The request as a server sees it, who cannot know who wrote the thoughts. JSON is compared by its value."""
    return structs.replace(request, messages=tuple(map(_unattributed, request.messages)))


def _unattributed(message: Message) -> Message:
    def plain(part: Part) -> Part:
        match part:
            case Reasoning():
                return structs.replace(part, provider_name=None)
            case ToolCall():
                return structs.replace(part, arguments=json.dumps(json.loads(part.arguments)))
            case _:
                return part

    return structs.replace(message, parts=tuple(plain(part) for part in message.parts))


@settings(max_examples=examples(80), deadline=None)
@given(requests())
def test_a_request_is_read_back_as_it_was_written(request: ChatRequest) -> None:
    sent = DIALECT.encode_request(request, model=SONNET, provider=PROVIDER, api_key=None)
    back = DIALECT.decode_request("/v1/messages", sent.headers, sent.body)
    assert unattributed(back) == unattributed(request)


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        st.builds(
            Message,
            st.sampled_from(["system", "user", "assistant", "tool"]),
            st.lists(
                st.sampled_from(
                    [
                        Text("hello"),
                        Text("  "),
                        Reasoning("hm", "sig", "anthropic"),
                        Reasoning("hm", "sig", "gemini"),
                        ToolCall("call 1", "f", "{}"),
                        ToolCall("call_2", "g", "not json"),
                        ToolResult("call 1", "one"),
                        ToolResult("call_2", "two", is_error=True),
                        Image(data="aGk="),
                    ]
                ),
                max_size=3,
            ).map(tuple),
        ),
        max_size=8,
    )
)
def test_whatever_a_conversation_holds_the_api_would_take_its_turns(messages: list[Message]) -> None:
    turns = encoded(asked(*messages))["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2) + ["user"] * (len(turns) % 2)
    ids = [block["id"] for turn in turns for block in turn["content"] if block["type"] == "tool_use"]
    assert len(ids) == len(set(ids))
    for before, turn in zip([None, *turns], [*turns, None], strict=True):
        made = _ids(before, "tool_use", "id") if before and before["role"] == "assistant" else set()
        answered = _ids(turn, "tool_result", "tool_use_id") if turn and turn["role"] == "user" else set()
        assert made == answered
    for turn in turns:
        kinds = [block["type"] == "tool_result" for block in turn["content"]]
        assert kinds == sorted(kinds, reverse=True)
        assert all(block["text"].strip() for block in turn["content"] if block["type"] == "text")
        assert turn["content"]


def _ids(turn: dict[str, Any], kind: str, field: str) -> set[str]:
    return {block[field] for block in turn["content"] if block["type"] == kind}


def test_the_request_carries_the_key_and_the_version_and_no_user_agent() -> None:
    sent = DIALECT.encode_request(asked(said("user", "hi")), model=SONNET, provider=PROVIDER, api_key="sk-ant-1")
    assert sent.url == "https://api.anthropic.com/v1/messages"
    assert sent.headers == {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": "sk-ant-1",
    }


def test_system_text_is_moved_out_of_the_turns() -> None:
    body = encoded(asked(said("system", "Be brief."), said("user", "hi"), said("system", "In French.")))
    assert body["system"] == [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "In French."}]
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


@pytest.mark.parametrize(
    ("model", "limit"), [("claude-3-haiku-20240307", 4096), ("claude-3-5-haiku-latest", 8192), (SONNET, 8192)]
)
def test_without_a_limit_the_dialect_sets_one(model: str, limit: int) -> None:
    assert encoded(asked(said("user", "hi")), model)["max_tokens"] == limit


def test_a_conversation_that_begins_with_the_assistant_gets_a_turn_before_it() -> None:
    body = encoded(asked(said("assistant", "Welcome."), said("user", "hi")))
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]


def test_ids_are_made_acceptable_and_unique_and_results_follow_them() -> None:
    def turn(answer: str) -> list[Message]:
        return [
            Message("assistant", (ToolCall("functions.f:0", "f", "{}"),)),
            Message("tool", (ToolResult("functions.f:0", answer),)),
        ]

    turns = encoded(asked(said("user", "go"), *turn("one"), *turn("two")))["messages"]
    assert [turn["content"][0]["id"] for turn in turns if turn["role"] == "assistant"] == [
        "functions_f_0",
        "functions_f_0_2",
    ]
    assert [turn["content"][0]["tool_use_id"] for turn in turns[2::2]] == ["functions_f_0", "functions_f_0_2"]


def test_thoughts_go_back_only_to_who_wrote_them() -> None:
    thoughts = (Reasoning("mine", "sig", "anthropic"), Reasoning("other", "sig", "gemini"), Reasoning("whose?", "sig"))
    body = encoded(asked(said("user", "hi"), Message("assistant", (*thoughts, Text("yo"))), said("user", "and?")))
    assert body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "mine", "signature": "sig"},
        {"type": "text", "text": "yo"},
    ]


def test_arguments_that_are_no_object_are_shown_as_they_were() -> None:
    call = Message("assistant", (ToolCall("c", "f", '{"a": '),))
    body = encoded(asked(said("user", "hi"), call, Message("tool", (ToolResult("c", "bad arguments"),))))
    assert body["messages"][1]["content"][0]["input"] == {"invalid_arguments": '{"a": '}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        (NamedTool("f"), {"type": "tool", "name": "f"}),
    ],
)
def test_the_choice_of_a_tool_is_translated(choice: Any, expected: dict[str, str]) -> None:
    body = encoded(asked(said("user", "hi"), tools=(Tool("f", "does f", '{"properties":{}}'),), tool_choice=choice))
    assert body["tool_choice"] == expected
    assert body["tools"][0]["input_schema"] == {"type": "object", "properties": {}}


def test_a_choice_without_tools_is_not_sent() -> None:
    assert "tool_choice" not in encoded(asked(said("user", "hi"), tool_choice="auto"))


def test_json_is_asked_for_by_schema_or_in_words() -> None:
    by_schema = encoded(asked(said("user", "hi"), response_format=JsonFormat('{"type":"object"}')))
    assert by_schema["output_config"]["format"] == {"type": "json_schema", "schema": {"type": "object"}}
    in_words = encoded(asked(said("user", "hi"), response_format=JsonFormat()))
    assert "JSON" in in_words["system"][0]["text"]
    assert "output_config" not in in_words


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("claude-opus-4-7", "xhigh", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}),
        ("claude-sonnet-4-6", "xhigh", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        ("claude-sonnet-5", "minimal", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        ("claude-sonnet-5", "none", {"thinking": {"type": "disabled"}}),
        ("claude-fable-5", "none", {"output_config": {"effort": "low"}}),
        ("claude-sonnet-4-5-20250929", "high", {"thinking": {"type": "enabled", "budget_tokens": 16384}}),
        ("claude-sonnet-4-20250514", "low", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        ("claude-3-7-sonnet-latest", "minimal", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ("claude-haiku-4-5", "none", {}),
        ("claude-3-5-haiku-latest", "high", {}),
        ("kimi-k2", "low", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
    ],
)
def test_each_generation_is_told_to_think_in_its_own_words(model: str, effort: Any, expected: dict[str, Any]) -> None:
    body = encoded(asked(said("user", "hi"), reasoning_effort=effort, temperature=0.5), model)
    assert {name: body[name] for name in ("thinking", "output_config") if name in body} == expected
    budget = body.get("thinking", {}).get("budget_tokens", 0)
    assert budget < body["max_tokens"] < 32_000


def test_a_model_that_thinks_is_not_sent_a_temperature() -> None:
    thinks = asked(said("user", "hi"), reasoning_effort="low", temperature=0.5, top_p=0.5)
    for model in (SONNET, "claude-haiku-4-5"):
        assert not {"temperature", "top_p"} & set(encoded(thinks, model))
        assert encoded(structs.replace(thinks, reasoning_effort="none"), model)["temperature"] == 0.5


def test_a_budget_stays_below_the_callers_limit_or_there_is_none() -> None:
    small = asked(said("user", "hi"), reasoning_effort="high", max_output_tokens=3000)
    assert encoded(small, "claude-haiku-4-5")["thinking"]["budget_tokens"] == 2999
    tiny = structs.replace(small, max_output_tokens=1024)
    assert "thinking" not in encoded(tiny, "claude-haiku-4-5")
    assert encoded(tiny, "claude-haiku-4-5")["max_tokens"] == 1024


def test_a_forced_tool_is_worth_more_than_thinking() -> None:
    forced = asked(said("user", "hi"), reasoning_effort="high", tools=(Tool("f", "", "{}"),), tool_choice="required")
    assert "thinking" not in encoded(forced, "claude-haiku-4-5")
    assert "thinking" not in encoded(forced, SONNET)
    assert encoded(forced, SONNET)["output_config"] == {"effort": "high"}


def test_a_turn_that_began_without_thinking_goes_on_without_it() -> None:
    call = ToolCall("c", "f", "{}")
    for thoughts, expected in (((), False), ((Reasoning("hm", "sig", "anthropic"),), True)):
        begun = Message("assistant", (*thoughts, call))
        request = asked(said("user", "hi"), begun, Message("tool", (ToolResult("c", "1"),)), reasoning_effort="low")
        assert ("thinking" in encoded(request, "claude-haiku-4-5")) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-opus-4-20250514", {"temperature": 1.0, "top_p": 0.9}),
        ("claude-sonnet-4-5", {"temperature": 1.0}),
        ("claude-opus-4-7", {}),
        ("claude-opus-5", {}),
        ("deepseek-chat", {"temperature": 1.0, "top_p": 0.9}),
    ],
)
def test_only_the_sampling_that_a_generation_takes_is_sent(model: str, expected: dict[str, float]) -> None:
    body = encoded(asked(said("user", "hi"), temperature=1.5, top_p=0.9), model)
    assert {name: body[name] for name in ("temperature", "top_p") if name in body} == expected


def test_a_clients_tool_results_stand_in_a_message_of_their_own_with_their_pictures_beside_them() -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "see"}, picture]}
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}]},
        {"role": "user", "content": [result, {"type": "text", "text": "well?"}]},
    ]
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": turns}).encode()
    assert DIALECT.decode_request("/v1/messages?beta=true", {}, body) == ChatRequest(
        messages=(
            said("user", "hi"),
            Message("assistant", (ToolCall("t", "f", '{"a":1}'),)),
            Message("tool", (ToolResult("t", "see"),)),
            Message("user", (Image(data="aGk="), Text("well?"))),
        ),
        model="m",
        max_output_tokens=9,
        stream=False,
    )


@pytest.mark.parametrize(
    ("fields", "effort"),
    [
        ({}, None),
        ({"thinking": {"type": "disabled"}}, "none"),
        ({"thinking": {"type": "adaptive"}}, "high"),
        ({"output_config": {"effort": "max"}}, "xhigh"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "minimal"),
        ({"thinking": {"type": "enabled", "budget_tokens": 10000}}, "high"),
        ({"thinking": {"type": "enabled", "budget_tokens": 31999}}, "xhigh"),
    ],
)
def test_a_clients_wish_to_think_becomes_an_effort(fields: dict[str, Any], effort: str | None) -> None:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **fields}
    assert DIALECT.decode_request("/v1/messages", {}, json.dumps(body).encode()).reasoning_effort == effort


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "no JSON"),
        (b"[]", "model"),
        (b'{"model":"m","max_tokens":9}', "messages"),
        (b'{"model":"m","messages":[]}', "max_tokens"),
        (b'{"model":"m","max_tokens":9,"messages":[{"role":"judge","content":"x"}]}', r"messages\.0"),
        (b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":7}]}', r"messages\.0"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_with_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DIALECT.decode_request("/v1/messages", {}, body)


@settings(max_examples=examples(100), deadline=None)
@given(
    json_like(
        ["model", "messages", "max_tokens", "role", "content", "type", "text", "source", "tools", "system", "input"],
        ["user", "assistant", "text", "image", "tool_use", "tool_result", "thinking", "document", "m"],
    )
)
def test_a_request_of_any_shape_is_read_or_refused(body: object) -> None:
    shaped = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [body, {"type": body}]}]}
    for candidate in (body, shaped):
        try:
            request = DIALECT.decode_request("/v1/messages", {}, json.dumps(candidate).encode())
        except ValueError:
            continue
        assert encoded(request)["model"] == SONNET


# --- answers -------------------------------------------------------------------------------------

COMPLETE = written(
    [
        UsageSeen(Usage(input_tokens=12)),
        ReasoningDelta("hm", "sig"),
        TextDelta("Héllo 😀"),
        ToolCallDelta(0, "toolu_1", "f", '{"a":'),
        ToolCallDelta(0, arguments="1}"),
        FinishSeen("tool_call", "tool_use"),
        UsageSeen(Usage(output_tokens=3)),
    ],
    streamed=True,
)


@settings(max_examples=examples(80), deadline=None)
@given(answers(FINISHES, usages(), signed=True), CHUNKS, st.booleans())
def test_an_answer_is_read_back_as_it_was_written(events: list[WireEvent], chunk: int, streamed: bool) -> None:
    said_events = [ModelSeen(SONNET), *events]
    before, after = (
        folded(said_events),
        folded(read(written(events, streamed=streamed), streamed=streamed, chunk=chunk)),
    )
    if before.calls and before.finish == "stop":
        before.finish = "tool_call"
    for answered in (before, after):
        for call in answered.calls.values():
            call[2] = json.dumps(json.loads(call[2]))
    assert after == before


@settings(max_examples=examples(100), deadline=None)
@given(broken(COMPLETE), st.booleans(), CHUNKS)
def test_no_bytes_make_a_decoder_raise(body: bytes, streamed: bool, chunk: int) -> None:
    folded(read(body, streamed=streamed, chunk=chunk))


KEYS = ["type", "index", "delta", "content_block", "message", "usage", "text", "id", "name", "input", "error",
        "input_tokens", "output_tokens", "stop_reason", "partial_json", "content", "model"]  # fmt: skip
KINDS = ["message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "error",
         "text_delta", "input_json_delta", "tool_use", "text", "thinking", "end_turn", "overloaded_error"]  # fmt: skip


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(json_like(KEYS, KINDS), max_size=4), st.sampled_from(KINDS))
def test_no_json_makes_a_decoder_raise(values: list[object], kind: str) -> None:
    lines = [f"event: {kind}\ndata: {json.dumps(value)}\n\n" for value in values]
    folded(read("".join(lines).encode(), streamed=True))
    for value in values:
        folded(read(json.dumps(value).encode(), streamed=False))


def test_json_nested_to_the_edge_of_what_can_be_read_is_survived() -> None:
    for depth in range(960, 1000):
        nested = b"[" * depth + b"]" * depth
        block = b'{"type":"tool_use","id":"t","name":"f","input":{"a":' + nested + b"}}"
        folded(read(b'{"content":[' + block + b'],"stop_reason":"tool_use"}', streamed=False))
        start = b'data: {"type":"content_block_start","index":0,"content_block":' + block + b"}\n\n"
        folded(read(start + stream({"type": "message_stop"}), streamed=True))


def test_a_stream_cut_at_any_byte_is_no_complete_answer() -> None:
    first, last = COMPLETE.index(b"\n\n"), COMPLETE.index(b"\n\nevent: message_stop")
    for cut in range(last):
        failure = folded(read(COMPLETE[:cut], streamed=True)).failure
        assert failure is not None, COMPLETE[:cut]
        assert failure.error_type == "truncated" or cut < first


def test_a_whole_answer_cut_at_any_byte_is_no_answer() -> None:
    body = written([TextDelta("Hello"), FinishSeen("stop", "end_turn")], streamed=False)
    for cut in range(len(body)):
        failure = folded(read(body[:cut], streamed=False)).failure
        assert failure is not None
        assert failure.error_type == "bad_answer"


def test_the_stream_has_the_apis_own_sequence_of_events() -> None:
    kinds = [line[7:].decode() for line in COMPLETE.split(b"\n") if line.startswith(b"event: ")]
    assert kinds == [
        "message_start",
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),
        *("content_block_start", "content_block_delta", "content_block_stop"),
        *("content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"),
        "message_delta",
        "message_stop",
    ]


def test_usage_is_added_up_from_what_is_merged_and_the_last_word_holds() -> None:
    start = {"input_tokens": 2068, "cache_read_input_tokens": 100, "output_tokens": 8,
             "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 40},
             "cache_creation_input_tokens": 40}  # fmt: skip
    body = stream(
        {"type": "message_start", "message": {"model": "m", "usage": start}},
        {"type": "ping"},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"},
         "usage": {"input_tokens": 22397, "output_tokens": 637}},
        {"type": "message_stop"},
    )  # fmt: skip
    assert folded(read(body, streamed=True)).usage == Usage(
        input_tokens=22397 + 140,
        output_tokens=637,
        cache_read_input_tokens=100,
        cache_creation_input_tokens=40,
        cache_creation_1h_input_tokens=40,
    )


def test_zeros_at_the_start_are_placeholders_and_zeros_at_the_end_are_counts() -> None:
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 0, "output_tokens": 0}}}
    end: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    assert folded(read(stream(start, end), streamed=True)).usage == Usage()
    counted = {**end, "usage": {"input_tokens": 0, "output_tokens": 0}}
    assert folded(read(stream(start, counted), streamed=True)).usage == Usage(input_tokens=0, output_tokens=0)


def test_a_call_without_arguments_gets_an_empty_object() -> None:
    block = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    body = stream(
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": ""}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    )
    assert folded(read(body, streamed=True)).calls == {0: ["t", "f", "{}"]}


def test_redacted_thinking_survives_the_way_there_and_back() -> None:
    block = {"type": "redacted_thinking", "data": "ENCRYPTED"}
    body = stream(
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    )
    (thought,) = (event for event in read(body, streamed=True) if isinstance(event, ReasoningDelta))
    said_back = Message("assistant", (Reasoning(thought.text, thought.signature, "anthropic"), Text("so")))
    assert encoded(asked(said("user", "hi"), said_back))["messages"][1]["content"][0] == block
    for streamed in (True, False):
        assert b'"data":"ENCRYPTED"' in written([thought], streamed=streamed)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_model_that_called_tools_is_said_to_have_stopped_for_them(streamed: bool) -> None:
    body = written([ToolCallDelta(0, "t", "f", "{}"), FinishSeen("stop", "STOP")], streamed=streamed)
    assert folded(read(body, streamed=streamed)).finish == "tool_call"


def test_pieces_of_a_call_that_come_late_still_belong_to_it() -> None:
    calls: list[WireEvent] = [ToolCallDelta(0, "a", "f", '{"x":'), ToolCallDelta(1, "b", "g", "{}")]
    for streamed in (True, False):
        body = written([*calls, ToolCallDelta(0, arguments="1}")], streamed=streamed)
        assert folded(read(body, streamed=streamed)).calls == {0: ["a", "f", '{"x":1}'], 1: ["b", "g", "{}"]}


# --- errors --------------------------------------------------------------------------------------

ERROR_TYPES: list[ErrorType] = [
    "transient", "overloaded", "rate_limited", "quota_exhausted", "auth", "permission", "model_gone",
    "context_length", "content_filter", "caller_fault", "timeout",
]  # fmt: skip


@pytest.mark.parametrize("error_type", ERROR_TYPES)
def test_a_refusal_is_read_back_as_it_was_written(error_type: ErrorType) -> None:
    refusal = DIALECT.encode_error(Failure(error_type, "It is so.", retry_after_s=16.2))
    failure = DIALECT.decode_error(refusal.status, refusal.headers, refusal.body, now=NOW)
    assert failure.error_type == error_type
    assert failure.message.endswith("It is so.")
    assert failure.retry_after_s == 17
    assert json.loads(refusal.body)["type"] == "error"


@pytest.mark.parametrize("error_type", ERROR_TYPES)
@pytest.mark.parametrize("streamed", [True, False])
def test_an_error_in_mid_answer_is_read_back_as_it_was_written(error_type: ErrorType, streamed: bool) -> None:
    before: list[WireEvent] = [TextDelta("Hel")] if streamed else []
    body = written([*before, Failure(error_type, "It is so.")], streamed=streamed)
    answered = folded(read(body, streamed=streamed))
    assert answered.failure is not None
    assert answered.failure.error_type == error_type
    assert answered.failure.message.endswith("It is so.")
    assert answered.text == ("Hel" if streamed else "")


@pytest.mark.parametrize(
    ("status", "headers", "error", "expected"),
    [
        (429, {"retry-after": "17"}, {"type": "rate_limit_error", "message": "slow"}, "rate_limited"),
        (429, {}, {"type": "rate_limit_error", "message": "You have reached your usage limit",
                   "details": {"error_code": "enforced_spend_limit_reached"}}, "quota_exhausted"),
        (400, {}, {"type": "invalid_request_error",
                   "message": "You have reached your specified API usage limits."}, "quota_exhausted"),
        (400, {}, {"type": "invalid_request_error", "message": "Your credit balance is too low"}, "quota_exhausted"),
        (529, {}, {"type": "overloaded_error", "message": "Overloaded"}, "overloaded"),
        (404, {}, {"type": "not_found_error", "message": "model: claude-9"}, "model_gone"),
    ],
)  # fmt: skip
def test_a_refusal_is_known_by_its_words(
    status: int, headers: dict[str, str], error: dict[str, Any], expected: str
) -> None:
    failure = DIALECT.decode_error(status, headers, json.dumps({"type": "error", "error": error}).encode(), now=NOW)
    assert failure.error_type == expected
    assert failure.message == error["message"]
    assert failure.retry_after_s == (17 if headers else None)


def test_a_prompt_that_is_too_long_tells_the_window() -> None:
    message = "prompt is too long: 3333404 tokens > 200000 maximum"
    body = json.dumps({"error": {"type": "invalid_request_error", "message": message}}).encode()
    assert DIALECT.decode_error(400, {}, body, now=NOW) == Failure("context_length", message, 400, limit_tokens=200_000)


def test_a_key_in_a_refusal_is_not_repeated() -> None:
    body = b'{"error":{"type":"authentication_error","message":"bad key sk-ant-api03-abcdefghijk"}}'
    assert "abcdefghijk" not in DIALECT.decode_error(401, {}, body, now=NOW).message


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(300, 599), st.binary(max_size=40) | json_like(["error", "type", "message", "details"], KINDS).map(
    lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_body_makes_reading_a_refusal_raise(status: int, body: bytes) -> None:
    failure = DIALECT.decode_error(status, {}, body, now=NOW)
    assert failure.http_status == status
    assert failure.message


def test_a_bare_json_error_in_a_stream_is_not_lost() -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n'
    assert read(body, streamed=True) == [Failure("overloaded", "Overloaded")]


def test_words_that_nobody_can_read_do_not_spoil_a_complete_answer() -> None:
    assert folded(read(COMPLETE + b"goodbye\n", streamed=True)).failure is None
