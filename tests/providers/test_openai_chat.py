"""The Chat Completions dialect: any bytes are read, any request and any answer comes back as it went."""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.answered import folded
from support.fuzz import examples

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    FinishReason,
    Image,
    JsonFormat,
    Message,
    NamedTool,
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
from burn_tui.providers.openai_chat import OpenAIChat
from burn_tui.providers.stand_ins import must_say_json

DIALECT = OpenAIChat()
PROVIDER = Provider(name="primary", dialect="openai-chat", base_url="http://127.0.0.1:1/v1")
EXAMPLES = settings(max_examples=examples(60))
NOW = 1_754_667_600.0


def _decoded(pieces: Iterable[bytes], *, streamed: bool = True) -> list[WireEvent]:
    decoder = DIALECT.decoder(streamed=streamed, provider=PROVIDER)
    events: list[WireEvent] = []
    for piece in pieces:
        events += decoder.feed(piece)
    return events + decoder.finish()


def _stream(*chunks: object, done: bool = True) -> bytes:
    lines = b"".join(b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks)
    return lines + (b"data: [DONE]\n\n" if done else b"")


def _delta(finish_reason: str | None = None, **delta: object) -> dict[str, object]:
    return {"model": "big", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def _encoded(events: Iterable[WireEvent], *, streamed: bool) -> bytes:
    encoder = DIALECT.encoder(streamed=streamed, response_model="big", response_id="1", created=0)
    return b"".join([*(encoder.encode(event) for event in events), encoder.finish()])


def _body(request: ChatRequest, **options: str) -> dict[str, Any]:
    provider = msgspec.structs.replace(PROVIDER, options=options)
    encoded = DIALECT.encode_request(request, model="big", provider=provider, api_key="k")
    body: dict[str, Any] = msgspec.json.decode(encoded.body)
    return body


def _asking(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(messages=messages or (said("user", "hi"),), **fields)


def _call(index: str) -> Message:
    return Message("assistant", (ToolCall(index, "add", "{}"),))


def _result(index: str) -> Message:
    return Message("tool", (ToolResult(index, "3"),))


# --- answers ------------------------------------------------------------------------------------


@EXAMPLES
@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"data: ", b"{}", b"[DONE]", b"\n\n"]), max_size=12))
@pytest.mark.parametrize("streamed", [True, False])
def test_any_bytes_give_events_and_at_most_one_failure_which_is_the_last(streamed: bool, pieces: list[bytes]) -> None:
    events = _decoded(pieces, streamed=streamed)
    assert all(not isinstance(event, Failure) for event in events[:-1])


_FIELDS = re.findall(
    r"\w+",
    "choices delta message content tool_calls function_call function index id name arguments usage error code model "
    "finish_reason prompt_tokens completion_tokens total_tokens reasoning_content thinking text type messages role n",
)

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@EXAMPLES
@given(st.lists(_json, max_size=4))
def test_any_json_gives_events_and_at_most_one_failure_which_is_the_last(chunks: list[object]) -> None:
    for events in (_decoded([_stream(*chunks)]), *(_decoded([_stream(chunk)[6:]], streamed=False) for chunk in chunks)):
        assert all(not isinstance(event, Failure) for event in events[:-1])


WHOLE_STREAM = _stream(
    _delta(role="assistant", content=""),
    _delta(reasoning_content="hm"),
    _delta(content="Grüße 🔥"),
    _delta(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "add", "arguments": '{"a":1}'}}]),
    _delta("tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}},
)


def test_a_stream_cut_at_any_byte_before_its_finish_is_never_a_complete_answer() -> None:
    finish = WHOLE_STREAM.index(b'"finish_reason":"tool_calls"}]}')
    for end in range(finish + len(b'"finish_reason":"tool_calls"}]')):
        assert isinstance(_decoded([WHOLE_STREAM[:end]])[-1], Failure), WHOLE_STREAM[:end]


def test_a_whole_answer_cut_at_any_byte_is_never_a_complete_one() -> None:
    body = _encoded([TextDelta("Hi"), FinishSeen("stop", "stop")], streamed=False)
    for end in range(len(body)):
        failure = _decoded([body[:end]], streamed=False)[-1]
        assert isinstance(failure, Failure)
        assert failure.error_type == "bad_answer"


_texts = st.text(min_size=1, max_size=20)
_counts = st.integers(0, 10**9)


@st.composite
def _usages(draw: st.DrawFn) -> Usage:
    """Usage that can be true: parts are no greater than their wholes, and caches do not overlap."""
    prompt, completion = draw(_counts), draw(_counts)
    read = draw(st.none() | st.integers(0, prompt))
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=draw(st.none() | st.integers(0, prompt - (read or 0))),
        reasoning_output_tokens=draw(st.none() | st.integers(0, completion)),
        cost_nanousd=draw(st.none() | _counts),
    )


@st.composite
def _answers(draw: st.DrawFn) -> list[WireEvent]:
    events: list[WireEvent] = [ModelSeen("served")]
    events += [ReasoningDelta(text) for text in draw(st.lists(_texts, max_size=3))]
    events += [TextDelta(text) for text in draw(st.lists(_texts, max_size=3))]
    for index in range(draw(st.integers(0, 2))):
        events.append(ToolCallDelta(index, f"call-{index}", draw(_texts)))
        events += [ToolCallDelta(index, arguments=text) for text in draw(st.lists(_texts, min_size=1, max_size=3))]
    finish: FinishReason = draw(st.sampled_from(["stop", "length", "tool_call", "content_filter"]))
    events.append(FinishSeen(finish, ""))
    if draw(st.booleans()):
        events.append(UsageSeen(draw(_usages())))
    return events


@EXAMPLES
@given(_answers(), st.integers(1, 200))
@pytest.mark.parametrize("streamed", [True, False])
def test_what_the_server_side_writes_the_client_side_reads(streamed: bool, answer: list[WireEvent], size: int) -> None:
    body = _encoded(answer, streamed=streamed)
    read = folded(_decoded((body[at : at + size] for at in range(0, len(body), size)), streamed=streamed))
    assert read == folded(_as_openai_ends(answer))


def _as_openai_ends(answer: list[WireEvent]) -> list[WireEvent]:
    """A good end after calls is a stop at a tool call, whatever its provider called it."""
    has_called = any(isinstance(event, ToolCallDelta) for event in answer)
    return [
        msgspec.structs.replace(event, finish_reason="tool_call")
        if has_called and isinstance(event, FinishSeen) and event.finish_reason == "stop"
        else event
        for event in answer
    ]


def test_a_stream_names_the_role_first_and_counts_apart_from_the_choices() -> None:
    usage = UsageSeen(Usage(input_tokens=3, output_tokens=1))
    body = _encoded([usage, TextDelta("Hi"), FinishSeen("stop", "end_turn")], streamed=True)
    *data, end = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    chunks: list[dict[str, Any]] = [msgspec.json.decode(line) for line in data]
    assert end == b"[DONE]"
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None, None, "stop"]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 4
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_an_answer_without_counts_has_no_counts() -> None:
    assert b"usage" not in _encoded([TextDelta("Hi"), FinishSeen("stop", "")], streamed=True)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_failure_in_mid_answer_is_an_error_object_with_nothing_after_it(streamed: bool) -> None:
    body = _encoded([TextDelta("Hi"), Failure("overloaded", "full")], streamed=streamed)
    assert b"[DONE]" not in body
    last = _decoded([body], streamed=streamed)[-1]
    assert last == Failure("overloaded", "full")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            {"prompt_tokens": 213, "completion_tokens": 2, "total_tokens": 413, "cost_in_usd_ticks": 3_080_405},
            Usage(input_tokens=213, output_tokens=200, cost_nanousd=308_041),
            id="xai leaves the thinking out of the completion",
        ),
        pytest.param(
            {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "total_tokens": 385,
                "prompt_tokens_details": {"audio_tokens": 375},
            },
            Usage(input_tokens=384, output_tokens=1),
            id="mistral leaves the audio out of the prompt",
        ),
        pytest.param(
            {"prompt_tokens": 57, "completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 37}},
            Usage(input_tokens=57, output_tokens=47, reasoning_output_tokens=37),
            id="more thinking than output is no part of it",
        ),
        pytest.param(
            {"prompt_tokens": 203, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 314}},
            Usage(input_tokens=203, output_tokens=1, cache_read_input_tokens=203),
            id="no more is cached than there is",
        ),
        pytest.param({"completion_tokens": 0}, Usage(output_tokens=0), id="zero is not unknown"),
        pytest.param({"prompt_tokens": None, "cost": 0.0125}, Usage(cost_nanousd=12_500_000), id="a cost alone"),
        pytest.param({"cost": {"total_cost": 0.005}}, Usage(cost_nanousd=5_000_000), id="perplexity's account"),
    ],
)
def test_what_others_count_otherwise_is_counted_as_ours(usage: dict[str, object], expected: Usage) -> None:
    body = _stream(_delta("stop", content="x"), {"choices": [], "usage": usage})
    assert folded(_decoded([body])).usage == expected


@pytest.mark.parametrize("place", ["after the finish", "beside it", "inside the choice", "in x_groq"])
def test_counts_are_found_wherever_they_stand(place: str) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    last: dict[str, Any] = _delta("stop")
    chunks = [_delta(content="x"), last]
    if place == "after the finish":
        chunks.append({"choices": [], "usage": usage})
    elif place == "beside it":
        last["usage"] = usage
    elif place == "inside the choice":
        last["choices"][0]["usage"] = usage
    else:
        last["x_groq"] = {"usage": usage}
    assert folded(_decoded([_stream(*chunks, done=False)])).usage == Usage(input_tokens=3, output_tokens=4)


def test_a_stream_without_done_is_complete_and_one_without_finish_reason_as_well() -> None:
    assert _decoded([_stream(_delta("stop", content="x"), done=False)])[-1] == FinishSeen("stop", "stop")
    assert _decoded([_stream(_delta(content="x"))])[-1] == FinishSeen("other", "")


def test_done_alone_is_no_answer() -> None:
    assert isinstance(_decoded([_stream()])[-1], Failure)


def test_calls_that_all_have_the_same_number_are_told_apart_by_their_ids() -> None:
    calls = [{"index": 0, "id": call_id, "function": {"name": "add", "arguments": "{}"}} for call_id in ("a", "b")]
    answered = folded(_decoded([_stream(_delta(tool_calls=[calls[0]]), _delta(tool_calls=[calls[1]]), _delta("stop"))]))
    assert answered.calls == {0: ["a", "add", "{}"], 1: ["b", "add", "{}"]}


def test_an_id_and_a_name_that_are_repeated_with_every_fragment_count_once() -> None:
    fragments = [
        _delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "add", "arguments": part}}]) for part in "{}"
    ]
    assert folded(_decoded([_stream(*fragments, _delta("stop"))])).calls == {0: ["a", "add", "{}"]}


def test_calls_without_ids_and_numbers_get_ids_of_their_own() -> None:
    calls = [{"function": {"name": name, "arguments": {"a": 1}}} for name in ("add", "sub")]
    answered = folded(_decoded([_stream(_delta(tool_calls=calls), _delta("stop"))]))
    assert answered.calls == {0: ["call_0", "add", '{"a":1}'], 1: ["call_1", "sub", '{"a":1}']}


@pytest.mark.parametrize(
    ("error", "error_type"),
    [
        ({"message": "Provider returned error", "code": 502, "metadata": {"raw": "upstream died"}}, "transient"),
        ({"message": "slow down", "code": 429}, "rate_limited"),
        ({"message": "You exceeded your current quota", "code": "insufficient_quota"}, "quota_exhausted"),
        ({"message": "bad tool", "status_code": 400, "code": "tool_use_failed"}, "caller_fault"),
        ({"message": "Overloaded", "type": "overloaded_error"}, "overloaded"),
        ("something broke", "transient"),
    ],
)
def test_an_error_inside_a_200_is_a_failure_in_the_providers_words(error: object, error_type: ErrorType) -> None:
    failure = _decoded([_stream(_delta(content="x"), {"error": error, "choices": []})])[-1]
    assert isinstance(failure, Failure)
    assert failure.error_type == error_type
    assert failure.message.startswith(str(error["message"] if isinstance(error, dict) else error))


def test_a_bare_error_body_under_a_streamed_200_does_not_vanish() -> None:
    failure = _decoded([b'{"error": {"message": "no such key", "code": 401}}'])[-1]
    assert failure == Failure("auth", "no such key")


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "error_type"),
    [
        (429, '{"error":{"message":"see account/billing","code":"rate_limit_exceeded"}}', "rate_limited"),
        (429, '{"error":{"message":"quota","type":"insufficient_quota"}}', "quota_exhausted"),
        (413, '{"error":{"message":"TPM: Limit 6000, Requested 7000","code":"rate_limit_exceeded"}}', "rate_limited"),
        (400, '{"detail":[{"loc":["body"],"msg":"Input should be a string"}]}', "caller_fault"),
        (400, '[{"error":{"message":"API key not valid","status":"INVALID_ARGUMENT"}}]', "auth"),
        (502, "<html><head><title>502</title></head><body>Bad Gateway</body></html>", "transient"),
        (503, "", "overloaded"),
    ],
)
def test_refusals_of_every_shape_are_understood(status: int, body: str, error_type: ErrorType) -> None:
    failure = DIALECT.decode_error(status, {}, body.encode(), now=NOW)
    assert failure.error_type == error_type
    assert failure.message
    assert "<" not in failure.message


def test_a_refusal_for_length_states_the_window() -> None:
    words = "This model's maximum context length is 128,000 tokens. However, you requested 130000 tokens."
    body = msgspec.json.encode({"error": {"message": words, "code": "context_length_exceeded"}})
    assert DIALECT.decode_error(400, {}, body, now=NOW).limit_tokens == 128_000


def test_limits_that_stand_in_the_body_are_waited_for() -> None:
    metadata = {"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW + 60) * 1000)}}
    body = msgspec.json.encode({"error": {"message": "limited", "code": 429, "metadata": metadata}})
    assert DIALECT.decode_error(429, {}, body, now=NOW).retry_after_s == 60.0


_REMOTE: list[ErrorType] = [
    "transient",
    "overloaded",
    "rate_limited",
    "quota_exhausted",
    "auth",
    "permission",
    "model_gone",
    "context_length",
    "content_filter",
    "caller_fault",
    "timeout",
]


@EXAMPLES
@given(st.sampled_from(_REMOTE), st.none() | st.floats(0.001, 3600))
def test_a_refusal_comes_back_as_it_went(error_type: ErrorType, retry_after_s: float | None) -> None:
    written = DIALECT.encode_error(Failure(error_type, "no", None, retry_after_s))
    read = DIALECT.decode_error(written.status, written.headers, written.body, now=NOW)
    assert (read.error_type, read.message) == (error_type, "no")
    assert read.retry_after_s == (None if retry_after_s is None else pytest.approx(retry_after_s, abs=0.001))


@EXAMPLES
@given(st.integers(300, 599), st.dictionaries(st.text(max_size=9), st.text(max_size=9)), st.binary(max_size=80))
def test_any_refusal_is_a_failure(status: int, headers: dict[str, str], body: bytes) -> None:
    assert DIALECT.decode_error(status, headers, body, now=NOW).http_status == status


# --- requests -----------------------------------------------------------------------------------

_ids = st.text("abcXYZ019_-", min_size=1, max_size=40)
_objects = st.dictionaries(st.text("ab", min_size=1, max_size=3), st.integers(), max_size=3).map(
    lambda value: msgspec.json.encode(value).decode()
)
_images = st.builds(Image, st.sampled_from(["image/png", "image/jpeg"]), st.just("aGk=")) | st.builds(
    Image, url=st.just("https://example.org/a.png")
)


@st.composite
def _conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    messages = [said(draw(st.sampled_from(["system", "user"])), draw(_texts))]
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.integers(0, 2)):
            case 0:
                messages.append(Message("user", (Text(draw(_texts)), draw(_images))))
            case 1:
                messages += [said("assistant", draw(_texts)), said("user", draw(_texts))]
            case _:
                ids = draw(st.lists(_ids, min_size=1, max_size=2, unique=True))
                spoken = draw(st.lists(_texts.map(Text), max_size=1))
                calls = [ToolCall(call_id, draw(_ids), draw(_objects)) for call_id in ids]
                messages.append(Message("assistant", (*spoken, *calls)))
                messages += [Message("tool", (ToolResult(call_id, draw(_texts)),)) for call_id in ids]
                messages.append(said("user", draw(_texts)))
    return tuple(messages)


_tools = st.builds(Tool, _texts, st.text(max_size=9), st.just('{"type":"object"}'), st.booleans())

_requests = st.builds(
    ChatRequest,
    messages=_conversations(),
    model=st.just("big"),
    tools=st.lists(_tools, min_size=1, max_size=3).map(tuple),
    tool_choice=st.none() | st.sampled_from(["auto", "none", "required"]) | st.builds(NamedTool, _texts),
    max_output_tokens=st.none() | st.integers(1, 10**6),
    temperature=st.none() | st.floats(0, 2),
    top_p=st.none() | st.floats(0, 1),
    stop_sequences=st.lists(_texts, max_size=3).map(tuple),
    seed=st.none() | st.integers(-(2**31), 2**31),
    response_format=st.none() | st.builds(JsonFormat) | st.builds(JsonFormat, _objects, _texts, st.booleans()),
    reasoning_effort=st.none() | st.sampled_from(["none", "low", "high"]),
    stream=st.booleans(),
)


@EXAMPLES
@given(_requests.filter(lambda request: not must_say_json(request)))
def test_a_request_comes_back_as_it_went(request: ChatRequest) -> None:
    encoded = DIALECT.encode_request(request, model="big", provider=PROVIDER, api_key="k")
    assert DIALECT.decode_request("/chat/completions", encoded.headers, encoded.body) == request


@EXAMPLES
@given(st.binary(max_size=60) | _json.map(msgspec.json.encode))
def test_any_body_is_a_request_or_a_value_error(body: bytes) -> None:
    with suppress(ValueError):
        assert DIALECT.decode_request("/chat/completions", {}, body).messages


def test_the_key_goes_into_the_header_and_nowhere_else() -> None:
    encoded = DIALECT.encode_request(_asking(), model="big", provider=PROVIDER, api_key="sk-0123456789")
    assert encoded.url == "http://127.0.0.1:1/v1/chat/completions"
    assert encoded.headers["authorization"] == "Bearer sk-0123456789"
    assert b"sk-0123456789" not in encoded.body


def test_a_provider_without_a_key_is_sent_none() -> None:
    encoded = DIALECT.encode_request(_asking(), model="big", provider=PROVIDER, api_key=None)
    assert "authorization" not in encoded.headers


def test_counts_are_asked_for_in_streams_unless_the_provider_rejects_the_wish() -> None:
    assert _body(_asking())["stream_options"] == {"include_usage": True}
    assert "stream_options" not in _body(_asking(), stream_usage="no")
    assert "stream_options" not in _body(_asking(stream=False))


def test_fields_are_called_what_the_provider_calls_them() -> None:
    request = _asking(max_output_tokens=5, seed=7)
    body = _body(request, max_tokens="max_completion_tokens", seed="random_seed")
    assert (body["max_completion_tokens"], body["random_seed"]) == (5, 7)
    assert not body.keys() & {"max_tokens", "seed"}
    assert "seed" not in _body(request, seed="no")


def test_halves_of_tool_calls_are_not_sent() -> None:
    messages = _body(_asking(_call("lost"), said("user", "and?"), _result("unknown")))["messages"]
    assert [message["role"] for message in messages] == ["user"]


def test_results_follow_their_call_at_once_whatever_was_said_between() -> None:
    between = Message("user", (Text("wait"), ToolResult("b", "4")))
    calls = Message("assistant", (ToolCall("a", "add", "{}"), ToolCall("b", "add", "{}")))
    messages = _body(_asking(said("user", "go"), calls, between, _result("a")))["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "user"]


def test_ids_of_calls_are_made_to_fit_and_stay_pairs() -> None:
    long = "toolu_" + "x" * 60
    for options, length in (({}, 40), ({"tool_call_id": "9"}, 9)):
        call, result = _body(_asking(said("user", "go"), _call(long), _result(long)), **options)["messages"][1:]
        assert call["tool_calls"][0]["id"] == result["tool_call_id"]
        assert len(result["tool_call_id"]) <= length


def test_thinking_goes_back_only_to_the_provider_that_wrote_it_and_wants_it() -> None:
    def sent(author: str, **options: str) -> dict[str, Any]:
        thought = Reasoning("hm", "signed", author)
        answer = Message("assistant", (thought, Text("yes")))
        message: dict[str, Any] = _body(_asking(said("user", "go"), answer), **options)["messages"][1]
        return message

    assert sent("primary", reasoning="reasoning_content")["reasoning_content"] == "hm"
    assert sent("primary", reasoning="reasoning_details")["reasoning_details"][0]["signature"] == "signed"
    assert sent("other", reasoning="reasoning_content") == {"role": "assistant", "content": "yes"}
    assert sent("primary") == {"role": "assistant", "content": "yes"}


def test_the_signature_of_a_call_goes_back_to_its_signer_only() -> None:
    def sent(author: str) -> dict[str, Any]:
        call = Message("assistant", (ToolCall("a", "add", "{}", "signed", author),))
        written: dict[str, Any] = _body(_asking(said("user", "go"), call, _result("a")))["messages"][1]["tool_calls"][0]
        return written

    assert sent("primary")["extra_content"] == {"google": {"thought_signature": "signed"}}
    assert "extra_content" not in sent("other")


def _read(**fields: object) -> ChatRequest:
    body = {"model": "big", "messages": [{"role": "user", "content": "hi"}]} | fields
    return DIALECT.decode_request("/chat/completions", {}, msgspec.json.encode(body))


def test_a_client_that_streams_is_sent_counts_only_if_it_asked() -> None:
    assert not _read(stream=True).stream_usage
    assert _read(stream=True, stream_options={"include_usage": True}).stream_usage
    assert _read().stream_usage


def test_an_answer_is_whole_unless_the_client_says_stream() -> None:
    assert not _read().stream


def test_the_roles_and_fields_of_older_and_newer_clients_are_understood() -> None:
    read = _read(
        messages=[
            {"role": "developer", "content": [{"type": "text", "text": "be brief"}]},
            {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}},
            {"role": "function", "name": "add", "content": "3"},
        ],
        functions=[{"name": "add", "parameters": {"type": "object"}}],
        function_call={"name": "add"},
        max_completion_tokens=9,
        max_tokens=5,
        stop="END",
    )
    assert read.messages == (
        said("system", "be brief"),
        Message("assistant", (ToolCall("add", "add", "{}"),)),
        Message("tool", (ToolResult("add", "3"),)),
    )
    assert read.tools == (Tool("add", "", '{"type":"object"}'),)
    assert read.tool_choice == NamedTool("add")
    assert (read.max_output_tokens, read.stop_sequences) == (9, ("END",))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n": 2}, "n must be 1"),
        ({"n": []}, "n must be 1"),
        ({"messages": []}, "at least one"),
        ({"messages": [{"role": "robot", "content": "x"}]}, r"messages\[0\].role"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "'input_audio' cannot be passed on"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "only tools of type function"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_in_words(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _read(**fields)
