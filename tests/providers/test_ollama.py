import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.answered import decoded, folded
from support.fuzz import examples
from support.wire import CHUNKS, NAMES, OBJECTS, SCHEMAS, WORDS, answers, broken, json_like

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
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
from burn_tui.providers.ollama import OllamaChat

DIALECT = OllamaChat()
PROVIDER = Provider(name="ollama", dialect="ollama-chat", base_url="http://127.0.0.1:11434", is_local=True)
FINISHES = [FinishSeen("stop", "stop"), FinishSeen("length", "length")]
COUNTS = st.builds(Usage, input_tokens=st.none() | st.integers(0, 10**6), output_tokens=st.integers(0, 10**6))
NOW = 1_750_000_000.0


def encoded(request: ChatRequest, provider: Provider = PROVIDER) -> dict[str, Any]:
    """The body of the request that asks qwen3."""
    body: dict[str, Any] = json.loads(
        DIALECT.encode_request(request, model="qwen3", provider=provider, api_key=None).body
    )
    return body


def asked(*messages: Message, **fields: Any) -> ChatRequest:
    """A request with these messages."""
    return ChatRequest(messages=messages, **fields)


def read_request(*messages: dict[str, Any], **fields: Any) -> ChatRequest:
    """What a client asks for."""
    body = json.dumps({"model": "m", "messages": messages, **fields}).encode()
    return DIALECT.decode_request("/api/chat", {}, body)


def written(events: list[WireEvent], *, streamed: bool) -> bytes:
    """The body of an answer that says `events`."""
    encoder = DIALECT.encoder(streamed=streamed, response_model="qwen3", response_id="1", created=1_750_000_000)
    return b"".join([encoder.encode(event) for event in events]) + encoder.finish()


def read(body: bytes, *, streamed: bool, chunk: int = 1 << 20) -> list[WireEvent]:
    """The events of an answer's body."""
    return decoded(DIALECT.decoder(streamed=streamed, provider=PROVIDER), body, chunk)


# --- requests ------------------------------------------------------------------------------------


@st.composite
def requests(draw: st.DrawFn) -> ChatRequest:
    """Requests that the dialect can express."""
    messages = [said("system", draw(WORDS))] if draw(st.booleans()) else []
    calls = 0
    for _ in range(draw(st.integers(1, 3))):
        pictures = st.lists(st.just(Image(data="aGVsbG8=")), max_size=2)
        messages.append(Message("user", (Text(draw(WORDS)), *draw(pictures))))
        names = draw(st.lists(NAMES, max_size=2))
        made = [ToolCall(f"call_{calls + place}", name, draw(OBJECTS)) for place, name in enumerate(names)]
        calls += len(made)
        thoughts = draw(st.lists(st.builds(Reasoning, WORDS, provider_name=st.just("ollama")), max_size=1))
        messages.append(Message("assistant", (*thoughts, Text(draw(WORDS)), *made)))
        messages += [Message("tool", (ToolResult(call.id, draw(st.text(max_size=9))),)) for call in made]
    return ChatRequest(
        messages=tuple(messages),
        model="qwen3",
        tools=tuple(draw(st.lists(st.builds(Tool, NAMES, WORDS, SCHEMAS), max_size=2))),
        max_output_tokens=draw(st.none() | st.integers(1, 64000)),
        temperature=draw(st.none() | st.floats(0, 2)),
        top_p=draw(st.none() | st.floats(0, 1)),
        seed=draw(st.none() | st.integers(0, 2**31)),
        stop_sequences=tuple(draw(st.lists(WORDS, max_size=2))),
        response_format=draw(st.sampled_from([None, JsonFormat(), JsonFormat('{"type":"object"}')])),
        reasoning_effort=draw(st.sampled_from([None, "none", "low", "medium", "high"])),
        stream=draw(st.booleans()),
    )


def unattributed(request: ChatRequest) -> ChatRequest:
    """The request as a server sees it, who cannot know who wrote the thoughts. JSON is compared by its value."""

    def plain(part: Part) -> Part:
        match part:
            case Reasoning():
                return structs.replace(part, provider_name=None)
            case ToolCall():
                return structs.replace(part, arguments=json.dumps(json.loads(part.arguments)))
            case _:
                return part

    messages = (structs.replace(message, parts=tuple(map(plain, message.parts))) for message in request.messages)
    return structs.replace(request, messages=tuple(messages))


@settings(max_examples=examples(80), deadline=None)
@given(requests())
def test_a_request_is_read_back_as_it_was_written(request: ChatRequest) -> None:
    sent = DIALECT.encode_request(request, model="qwen3", provider=PROVIDER, api_key=None)
    assert unattributed(DIALECT.decode_request("/api/chat", sent.headers, sent.body)) == unattributed(request)


def test_the_request_goes_to_the_root_and_carries_a_key_only_if_there_is_one() -> None:
    local = DIALECT.encode_request(asked(said("user", "hi")), model="m", provider=PROVIDER, api_key=None)
    assert local.url == "http://127.0.0.1:11434/api/chat"
    assert local.headers == {"content-type": "application/json"}
    cloud = DIALECT.encode_request(asked(said("user", "hi")), model="m", provider=PROVIDER, api_key="k-1")
    assert cloud.headers["authorization"] == "Bearer k-1"


def test_a_plain_request_states_nothing_that_was_not_asked_for() -> None:
    assert encoded(asked(said("user", "hi"))) == {
        "model": "qwen3",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
    }


def test_the_window_is_set_where_the_provider_has_an_option_for_it() -> None:
    provider = structs.replace(PROVIDER, options={"num_ctx": "32768"})
    assert encoded(asked(said("user", "hi")), provider)["options"] == {"num_ctx": 32768}


def test_results_carry_the_name_of_their_tool() -> None:
    call = Message("assistant", (ToolCall("x1", "weather", '{"city":"Rome"}'),))
    body = encoded(asked(said("user", "hi"), call, Message("tool", (ToolResult("x1", "sunny"),))))
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "x1", "function": {"index": 0, "name": "weather", "arguments": {"city": "Rome"}}}],
        },
        {"role": "tool", "content": "sunny", "tool_name": "weather", "tool_call_id": "x1"},
    ]


def test_halves_of_pairs_are_not_sent() -> None:
    lonely = Message("assistant", (Text("let me see"), ToolCall("x1", "weather", "{}")))
    body = encoded(asked(said("user", "hi"), lonely, said("user", "well?"), Message("tool", (ToolResult("x2", "?"),))))
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert "tool_calls" not in body["messages"][1]


def test_a_picture_with_an_address_is_told_by_its_address() -> None:
    picture = Message("user", (Text("see "), Image(url="https://example.com/cat.png"), Image(data="aGk=")))
    assert encoded(asked(picture))["messages"] == [
        {"role": "user", "content": "see [image: https://example.com/cat.png]", "images": ["aGk="]}
    ]


def test_thoughts_go_back_only_to_who_wrote_them() -> None:
    thoughts = (Reasoning("mine", None, "ollama"), Reasoning("other", "sig", "anthropic"), Reasoning("whose?"))
    body = encoded(asked(said("user", "hi"), Message("assistant", (*thoughts, Text("yo")))))
    assert body["messages"][1] == {"role": "assistant", "content": "yo", "thinking": "mine"}


def test_a_choice_of_no_tool_sends_none() -> None:
    tools = (Tool("f", "", "{}"),)
    assert "tools" not in encoded(asked(said("user", "hi"), tools=tools, tool_choice="none"))
    assert len(encoded(asked(said("user", "hi"), tools=tools, tool_choice="required"))["tools"]) == 1


def test_a_client_that_says_nothing_of_streaming_streams() -> None:
    assert read_request({"role": "user", "content": "hi"}).stream is True
    assert read_request({"role": "user", "content": "hi"}, stream=False).stream is False


def test_calls_without_ids_get_ids_and_their_results_find_them_by_name() -> None:
    calls: list[dict[str, Any]] = [{"function": {"name": name, "arguments": {}}} for name in ("weather", "search")]
    request = read_request(
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "tool_name": "search", "content": "found"},
        {"role": "tool", "content": "sunny"},
    )
    assert request.messages[1:] == (
        Message("assistant", (ToolCall("call_0", "weather", "{}"), ToolCall("call_1", "search", "{}"))),
        Message("tool", (ToolResult("call_1", "found"),)),
        Message("tool", (ToolResult("call_0", "sunny"),)),
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "no JSON"),
        (b"[]", "model"),
        (b'{"model":"m"}', "messages"),
        (b'{"model":"m","messages":[{"role":"judge"}]}', r"messages\.0"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_with_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DIALECT.decode_request("/api/chat", {}, body)


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        json_like(
            ["role", "content", "tool_calls", "function", "name", "arguments", "images", "tool_name", "id"],
            ["user", "assistant", "tool", "f"],
        ),
        max_size=4,
    )
)
def test_a_request_of_any_shape_is_read_or_refused(messages: list[object]) -> None:
    try:
        request = DIALECT.decode_request(
            "/api/chat", {}, json.dumps({"model": "m", "messages": messages, "options": messages}).encode()
        )
    except ValueError:
        return
    assert encoded(request)["model"] == "qwen3"


# --- answers -------------------------------------------------------------------------------------

COMPLETE = written(
    [
        ReasoningDelta("hm"),
        TextDelta("Héllo 😀"),
        ToolCallDelta(0, "call_a", "f", '{"a":'),
        ToolCallDelta(0, arguments="1}"),
        FinishSeen("stop", "stop"),
        UsageSeen(Usage(input_tokens=12, output_tokens=3)),
    ],
    streamed=True,
)


@settings(max_examples=examples(80), deadline=None)
@given(answers(FINISHES, COUNTS, signed=False), CHUNKS, st.booleans())
def test_an_answer_is_read_back_as_it_was_written(events: list[WireEvent], chunk: int, streamed: bool) -> None:
    before = folded([ModelSeen("qwen3"), *events])
    after = folded(read(written(events, streamed=streamed), streamed=streamed, chunk=chunk))
    for answered in (before, after):
        for call in answered.calls.values():
            call[2] = json.dumps(json.loads(call[2]))
    assert after == before


@settings(max_examples=examples(100), deadline=None)
@given(broken(COMPLETE), st.booleans(), CHUNKS)
def test_no_bytes_make_a_decoder_raise(body: bytes, streamed: bool, chunk: int) -> None:
    folded(read(body, streamed=streamed, chunk=chunk))


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        json_like(
            ["model", "message", "content", "thinking", "tool_calls", "function", "name", "arguments", "done", "error"],
            ["stop", "f", "", "load"],
        ),
        max_size=4,
    )
)
def test_no_json_makes_a_decoder_raise(values: list[object]) -> None:
    folded(read("\n".join(map(json.dumps, values)).encode(), streamed=True))
    for value in values:
        folded(read(json.dumps(value).encode(), streamed=False))


def test_a_stream_cut_at_any_byte_is_no_complete_answer() -> None:
    first = COMPLETE.index(b"}")
    for cut in range(len(COMPLETE) - 1):
        failure = folded(read(COMPLETE[:cut], streamed=True)).failure
        assert failure is not None, COMPLETE[:cut]
        assert failure.error_type == "truncated" or cut < first
    assert folded(read(COMPLETE[:-1], streamed=True)).failure is None


def test_a_whole_answer_cut_at_any_byte_is_no_answer() -> None:
    body = written([TextDelta("Hello"), FinishSeen("stop", "stop")], streamed=False)
    for cut in range(len(body)):
        failure = folded(read(body[:cut], streamed=False)).failure
        assert failure is not None
        assert failure.error_type == "bad_answer"


def test_a_prompt_without_a_count_is_unknown_and_not_zero() -> None:
    body = b'{"model":"m","message":{"content":"hi"},"done":true,"done_reason":"stop","eval_count":0}'
    assert folded(read(body, streamed=False)).usage == Usage(output_tokens=0)


def test_calls_without_ids_are_numbered_through_the_answer() -> None:
    lines = [
        {"message": {"tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Rome"}}}]}},
        {"message": {"tool_calls": [{"function": {"name": "search", "arguments": '{"q":1}'}}]}},
        {"done": True},
    ]
    answered = folded(read("\n".join(map(json.dumps, lines)).encode(), streamed=True))
    assert answered.calls == {0: ["call_0", "weather", '{"city":"Rome"}'], 1: ["call_1", "search", '{"q":1}']}
    assert answered.finish == "stop"


def test_a_line_end_inside_arguments_does_not_end_the_line() -> None:
    events: list[WireEvent] = [ToolCallDelta(0, "c", "f", '{\n  "a": 1\n}'), FinishSeen("stop", "stop")]
    assert folded(read(written(events, streamed=True), streamed=True)).calls == {0: ["c", "f", '{"a":1}']}


def test_a_long_line_in_small_pieces_is_put_together_once() -> None:
    line = json.dumps({"message": {"content": "x" * 50_000}, "done": True}).encode()
    assert folded(read(line + b"\n", streamed=True, chunk=3)).text == "x" * 50_000


# --- errors --------------------------------------------------------------------------------------


def test_an_error_line_under_a_200_ends_the_answer() -> None:
    body = b'{"message":{"content":"Hel"}}\n{"error":"llama runner process has terminated"}\n{"done":true}\n'
    assert read(body, streamed=True) == [
        TextDelta("Hel"),
        Failure("transient", "llama runner process has terminated"),
    ]


ERROR_TYPES: list[ErrorType] = [
    "transient", "overloaded", "rate_limited", "quota_exhausted", "auth", "permission", "model_gone",
    "context_length", "caller_fault", "timeout",
]  # fmt: skip


@pytest.mark.parametrize("error_type", ERROR_TYPES)
def test_a_refusal_is_read_back_as_it_was_written(error_type: ErrorType) -> None:
    refusal = DIALECT.encode_error(Failure(error_type, "It is so.", retry_after_s=16.2))
    assert json.loads(refusal.body) == {"error": "It is so."}
    failure = DIALECT.decode_error(refusal.status, refusal.headers, refusal.body, now=NOW)
    assert failure == Failure(error_type, "It is so.", refusal.status, 17)


@pytest.mark.parametrize("streamed", [True, False])
def test_an_error_in_mid_answer_keeps_its_words(streamed: bool) -> None:
    body = written([Failure("transient", "the runner died")], streamed=streamed)
    assert read(body, streamed=streamed) == [Failure("transient", "the runner died")]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b'{"error":"model \'nope\' not found"}', Failure("model_gone", "model 'nope' not found", 404)),
        (400, b'{"error":"m does not support tools"}', Failure("caller_fault", "m does not support tools", 400)),
        (503, b'{"error":"server busy"}', Failure("overloaded", "server busy", 503)),
        (502, b"<html>Bad Gateway</html>", Failure("transient", "<html>Bad Gateway</html>", 502)),
        (500, b"", Failure("transient", "HTTP 500 without a word", 500)),
    ],
)  # fmt: skip
def test_a_refusal_is_known_by_its_status_and_words(status: int, body: bytes, expected: Failure) -> None:
    assert DIALECT.decode_error(status, {}, body, now=NOW) == expected
