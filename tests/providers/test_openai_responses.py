"""The Responses dialect: any bytes are read, any request and any answer comes back as it went."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.answered import Answered, decoded, folded
from support.asking import answers, requests
from support.fuzz import examples

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Reasoning,
    ReasoningEffort,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    said,
)
from burn_tui.core.events import (
    FinishSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.usage import Usage
from burn_tui.providers.openai_responses import OpenAIResponses
from burn_tui.providers.openai_responses_request import LEAST_OUTPUT_TOKENS
from burn_tui.providers.stand_ins import must_say_json

DIALECT = OpenAIResponses()
PROVIDER = Provider(name="openai", dialect="openai-responses", base_url="https://provider.example/v1/")
EXAMPLES = settings(max_examples=examples(60))
NOW = 1_754_667_600.0


def events_of(body: bytes, *, streamed: bool = True, chunk: int = 1 << 20) -> list[WireEvent]:
    return decoded(DIALECT.decoder(streamed=streamed, provider=PROVIDER), body, chunk)


def read(*events: Mapping[str, object]) -> Answered:
    return folded(events_of(b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)))


def read_whole(response: dict[str, object]) -> Answered:
    return folded(events_of(msgspec.json.encode(response), streamed=False))


def written(events: list[WireEvent], *, streamed: bool = True) -> bytes:
    encoder = DIALECT.encoder(streamed=streamed, response_model="big", response_id="7", created=5)
    return b"".join([*(encoder.encode(event) for event in events), encoder.finish()])


def written_events(events: list[WireEvent]) -> list[dict[str, Any]]:
    blocks = written(events).decode().removesuffix("\n\n").split("\n\n")
    found: list[dict[str, Any]] = []
    for block in blocks:
        name, data = block.split("\n")
        found.append(msgspec.json.decode(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def body_of(request: ChatRequest, *, model: str = "gpt-4.1", **options: str) -> dict[str, Any]:
    provider = msgspec.structs.replace(PROVIDER, options=options)
    body: dict[str, Any] = msgspec.json.decode(
        DIALECT.encode_request(request, model=model, provider=provider, api_key="k").body
    )
    return body


def asking(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(messages=messages or (said("user", "hi"),), **fields)


def completed(*output: dict[str, object], **more: object) -> dict[str, object]:
    response = {"status": "completed", "model": "gpt-x", "output": list(output), **more}
    return {"type": f"response.{response['status']}", "response": response}


def message_item(text: str) -> dict[str, object]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def call_item(call_id: str, arguments: str = "{}") -> dict[str, object]:
    return {"type": "function_call", "call_id": call_id, "name": "add", "arguments": arguments}


def done(item: dict[str, object], place: int = 0) -> dict[str, object]:
    return {"type": "response.output_item.done", "output_index": place, "item": item}


# --- answers, read -------------------------------------------------------------------------------

_FIELDS = re.findall(
    r"\w+",
    "type response output item delta output_index status error code message content text summary arguments call_id "
    "name input usage input_tokens input_tokens_details cached_tokens incomplete_details reason model cost",
)
_VALUES = re.findall(
    r"[\w.]+",
    "response.output_text.delta response.output_item.added response.output_item.done response.completed error message "
    "response.failed response.function_call_arguments.delta function_call reasoning completed failed",
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.floats(allow_nan=False) | st.sampled_from(_VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=5),
    max_leaves=15,
)


@EXAMPLES
@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"data: ", b"{}", b"\n\n", b'{"type":"error"}'])))
@pytest.mark.parametrize("streamed", [True, False])
def test_any_bytes_give_events_and_at_most_one_failure_which_is_the_last(streamed: bool, pieces: list[bytes]) -> None:
    folded(events_of(b"".join(pieces), streamed=streamed, chunk=9))


@EXAMPLES
@given(st.lists(_json, max_size=4))
def test_any_json_gives_events_and_at_most_one_failure_which_is_the_last(values: list[object]) -> None:
    for value in values:
        folded(events_of(msgspec.json.encode(value), streamed=False))
    folded(events_of(b"".join(b"data: " + msgspec.json.encode(value) + b"\n\n" for value in values)))


@EXAMPLES
@given(answers(finishes=("stop", "length", "content_filter", "other")), st.integers(1, 300))
@pytest.mark.parametrize("streamed", [True, False])
def test_what_the_server_side_writes_the_client_side_reads(streamed: bool, answer: list[WireEvent], chunk: int) -> None:
    body = written(answer, streamed=streamed)
    assert folded(events_of(body, streamed=streamed, chunk=chunk)) == folded(answer)


@EXAMPLES
@given(answers(finishes=("stop", "length")))
def test_a_stream_that_is_cut_before_its_last_event_is_never_a_complete_answer(answer: list[WireEvent]) -> None:
    body = written(answer)
    last = body.rindex(b"event: ")
    for end in {*range(min(last, 40)), *range(0, last, 37), last - 1, last}:
        failure = events_of(body[:end])[-1]
        assert isinstance(failure, Failure)
        assert failure.error_type in {"truncated", "bad_answer"}


def test_a_stream_cut_at_any_byte_of_its_last_event_is_never_a_complete_answer() -> None:
    body = written([TextDelta("Grüße 🔥"), FinishSeen("stop", "stop")])
    for end in range(body.rindex(b"}") + 1):
        assert isinstance(events_of(body[:end])[-1], Failure), body[:end]


def test_a_whole_answer_cut_at_any_byte_is_never_a_complete_one() -> None:
    body = written([TextDelta("Hi"), FinishSeen("stop", "stop")], streamed=False)
    for end in range(len(body)):
        assert isinstance(events_of(body[:end], streamed=False)[-1], Failure)


def test_text_that_was_told_in_deltas_is_not_told_again() -> None:
    deltas = [{"type": "response.output_text.delta", "output_index": 1, "delta": text} for text in ("Hel", "lo")]
    answered = read(*deltas, done(message_item("Hello"), 1), completed(message_item("Hello")))
    assert (answered.text, answered.finish) == ("Hello", "stop")


def test_what_the_deltas_left_out_is_taken_from_the_item_and_the_response() -> None:
    assert read(done(message_item("Hello")), completed()).text == "Hello"
    assert read(completed(message_item("Hello"))).text == "Hello"
    begun: dict[str, object] = {"type": "response.output_text.delta", "output_index": 0, "delta": "Hel"}
    assert read(begun, completed(message_item("Hello"))).text == "Hello"


def test_items_that_are_only_in_the_last_response_follow_the_streamed_ones_wherever_they_stand() -> None:
    answered = read(
        done(call_item("a"), 4), completed({"type": "reasoning", "summary": []}, call_item("a"), call_item("b"))
    )
    assert answered.calls == {0: ["a", "add", "{}"], 1: ["b", "add", "{}"]}


def test_a_call_that_begins_without_an_announcement_is_read_when_it_is_done() -> None:
    delta: dict[str, object] = {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"a":'}
    answered = read(delta, done(call_item("a", '{"a":1}')), completed(call_item("a", '{"a":1}')))
    assert answered.calls == {0: ["a", "add", '{"a":1}']}


def test_a_call_without_arguments_has_an_empty_object() -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": call_item("a", "")}
    assert read(added, done(call_item("a", "")), completed(call_item("a", ""))).calls == {0: ["a", "add", "{}"]}


def test_tools_that_the_provider_runs_itself_are_no_calls() -> None:
    search: dict[str, object] = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {}}
    server: dict[str, object] = {"type": "mcp_call", "id": "mcp_1", "name": "ask", "arguments": "{}"}
    assert read(done(search), done(server, 1), completed(search, server, message_item("Hi"))).calls == {}


def test_encrypted_reasoning_is_kept_as_a_signature_that_can_be_sent_back() -> None:
    summary = [{"type": "summary_text", "text": "hm"}]
    item: dict[str, object] = {"type": "reasoning", "id": "rs_1", "encrypted_content": "xyz", "summary": summary}
    for answered in (read(done(item), completed(item)), read_whole({"status": "completed", "output": [item]})):
        assert answered.reasoning == "hm"
        assert answered.signatures == ('{"id":"rs_1","encrypted_content":"xyz"}',)
    request = asking(
        said("user", "hi"),
        Message("assistant", (Reasoning("hm", answered.signatures[0], "openai"), Text("Hello"))),
        said("user", "go on"),
    )
    sent = body_of(request)["input"]
    # Nothing is stored there, so that an id would be looked for and not found.
    assert sent[1] == {name: value for name, value in item.items() if name != "id"}


def test_reasoning_is_read_as_summary_and_in_the_models_own_words() -> None:
    pieces = [
        {"type": f"response.{kind}.delta", "delta": kind} for kind in ("reasoning_summary_text", "reasoning_text")
    ]
    assert read(*pieces, completed()).reasoning == "reasoning_summary_textreasoning_text"


def test_a_refusal_of_the_model_is_visible_text() -> None:
    assert read({"type": "response.refusal.delta", "delta": "I won't."}, completed()).text == "I won't."


@pytest.mark.parametrize(
    ("response", "finish"),
    [
        ({"status": "completed"}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": None}, "other"),
        ({"status": "queued"}, "pending"),
        ({"status": "in_progress"}, "pending"),
    ],
)
def test_the_status_says_how_it_ended(response: dict[str, object], finish: str) -> None:
    answered = read_whole({"output": [], **response})
    assert (answered.finish, answered.failure) == (finish, None)


def test_an_end_without_a_status_is_named_by_its_event() -> None:
    assert read({"type": "response.completed", "response": {"id": "resp_1"}}).finish == "stop"


@pytest.mark.parametrize(
    ("event", "failure"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "slow"}, Failure("rate_limited", "slow")),
        ({"type": "error", "error": {"code": "server_error", "message": "oh"}}, Failure("transient", "oh")),
        ({"error": {"code": 429, "message": "slow"}}, Failure("rate_limited", "slow")),
        (completed(status="failed", error={"code": "server_error", "message": "oh"}), Failure("transient", "oh")),
        (
            completed(status="failed", error={"code": "invalid_prompt", "message": "flagged"}),
            Failure("content_filter", "flagged"),
        ),
        (completed(status="failed"), Failure("transient", "the provider said that the response failed")),
        (completed(status="cancelled"), Failure("cancelled", "the response was cancelled at the provider")),
    ],
)
def test_an_error_inside_a_200_is_a_failure_in_the_providers_words(event: dict[str, object], failure: Failure) -> None:
    answered = read({"type": "response.output_text.delta", "delta": "Hi"}, event)
    assert (answered.text, answered.failure) == ("Hi", failure)


def test_usage_is_counted_once_with_caches_and_reasoning_inside_their_totals() -> None:
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 4},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 5},
        "cost": 0.0125,
    }
    assert read(completed(usage=usage)).usage == Usage(10, 7, 10, 0, None, 5, 12_500_000)
    assert read(completed(usage={"cost_in_usd_ticks": 9_243_500})).usage.cost_nanousd == 924_350


def test_usage_that_is_null_is_unknown_and_not_zero() -> None:
    assert read(completed(usage=None)).usage == Usage()


# --- answers, written ----------------------------------------------------------------------------


def test_a_stream_has_the_events_of_the_official_api_in_their_order() -> None:
    events = written_events(
        [
            ReasoningDelta("hm"),
            TextDelta("Hi"),
            ToolCallDelta(0, "call_1", "add"),
            ToolCallDelta(0, arguments='{"a":1}'),
            FinishSeen("tool_call", "tool_calls"),
            UsageSeen(Usage(9, 5, 4, None, None, 2)),
        ]
    )
    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    response = events[-1]["response"]
    assert [item["type"] for item in response["output"]] == ["reasoning", "message", "function_call"]
    assert response["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    }
    assert [event["item"] for event in events if event["type"].endswith("item.done")] == response["output"]


@pytest.mark.parametrize("streamed", [True, False])
def test_a_failure_in_mid_answer_ends_it_as_failed_with_the_error(streamed: bool) -> None:
    failure = Failure("context_length", "too long")
    answered = folded(events_of(written([TextDelta("Hi"), failure], streamed=streamed), streamed=streamed))
    assert (answered.text, answered.failure) == ("Hi", failure)


def test_a_stream_that_fails_says_so_to_those_who_read_error_and_to_those_who_read_the_response() -> None:
    *_, error, failed = written_events([TextDelta("Hi"), Failure("rate_limited", "slow")])
    assert error["error"]["code"] == failed["response"]["error"]["code"] == "rate_limit_exceeded"
    assert failed["response"]["status"] == "failed"


def test_a_cut_answer_is_incomplete_with_its_reason() -> None:
    last = written_events([TextDelta("Hi"), FinishSeen("length", "max_tokens")])[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert last["response"]["output"][0]["status"] == "incomplete"


def test_an_answer_of_which_a_total_is_unknown_has_no_usage() -> None:
    assert written_events([TextDelta("Hi"), UsageSeen(Usage(input_tokens=3))])[-1]["response"]["usage"] is None


def test_a_signature_goes_to_the_client_as_the_encrypted_content_it_was() -> None:
    own = '{"id":"rs_9","encrypted_content":"xyz"}'
    for signature, encrypted in ((own, "xyz"), ("somebody-elses", "somebody-elses")):
        item = written_events([ReasoningDelta("hm", signature)])[-1]["response"]["output"][0]
        assert item["encrypted_content"] == encrypted
        assert item["summary"] == [{"type": "summary_text", "text": "hm"}]


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error_type", get_args(ErrorType))
def test_a_refusal_comes_back_as_it_went(error_type: ErrorType) -> None:
    response = DIALECT.encode_error(Failure(error_type, "no"))
    failure = DIALECT.decode_error(response.status, response.headers, response.body, now=NOW)
    # A server cannot tell a client that it does not know: it says that it failed.
    assert failure.error_type == ("transient" if error_type == "unknown" else error_type)
    assert failure.message == "no"


@pytest.mark.parametrize(
    ("status", "body", "error_type", "words"),
    [
        (400, {"code": "Client error", "error": "Incorrect API key provided: 1"}, "auth", "Incorrect API key"),
        (400, {"detail": "Unsupported parameter: max_output_tokens"}, "caller_fault", "Unsupported parameter"),
        (403, {"detail": {"code": "usage_not_included"}}, "permission", ""),
        (429, {"error": {"code": "insufficient_quota", "message": "You exceeded"}}, "quota_exhausted", "You exceeded"),
    ],
)
def test_refusals_of_every_shape_are_understood(
    status: int, body: dict[str, object], error_type: ErrorType, words: str
) -> None:
    failure = DIALECT.decode_error(status, {}, msgspec.json.encode(body), now=NOW)
    assert failure.error_type == error_type
    assert failure.message.startswith(words)


# --- requests ------------------------------------------------------------------------------------

_efforts: st.SearchStrategy[object] = st.none() | st.sampled_from(get_args(ReasoningEffort))


@EXAMPLES
@given(requests(reasoning_effort=_efforts).filter(lambda request: not must_say_json(request)))
def test_a_request_comes_back_as_it_went(request_: ChatRequest) -> None:
    sent = DIALECT.encode_request(request_, model="big", provider=PROVIDER, api_key="k")
    back = DIALECT.decode_request("/v1/responses", sent.headers, sent.body)
    least = None if request_.max_output_tokens is None else max(request_.max_output_tokens, LEAST_OUTPUT_TOKENS)
    assert back == msgspec.structs.replace(request_, max_output_tokens=least)


def test_a_request_is_a_post_to_responses_with_the_key_as_a_bearer() -> None:
    sent = DIALECT.encode_request(asking(), model="big", provider=PROVIDER, api_key="k")
    assert (sent.method, sent.url) == ("POST", "https://provider.example/v1/responses")
    assert sent.headers["authorization"] == "Bearer k"
    assert "authorization" not in DIALECT.encode_request(asking(), model="b", provider=PROVIDER, api_key=None).headers


def test_nothing_is_stored_at_the_provider() -> None:
    assert body_of(asking())["store"] is False


@pytest.mark.parametrize(
    ("model", "is_asked"),
    [
        ("gpt-5-mini", True),
        ("o4-mini", True),
        ("openai/gpt-5.6-sol", True),
        ("grok-4.3", True),
        ("gpt-4.1", False),
        ("gpt-5-chat-latest", False),
        ("grok-4-fast-non-reasoning", False),
    ],
)
def test_encrypted_reasoning_is_asked_of_models_that_reason(model: str, is_asked: bool) -> None:
    assert ("include" in body_of(asking(), model=model)) is is_asked


def test_options_of_the_provider_ask_for_summaries_and_overrule_the_models_name() -> None:
    assert body_of(asking(), reasoning_summary="auto")["reasoning"] == {"summary": "auto"}
    assert "include" in body_of(asking(), encrypted_reasoning="yes")
    assert "include" not in body_of(asking(), model="gpt-5", encrypted_reasoning="no")


def test_reasoning_goes_back_only_to_the_provider_that_wrote_it() -> None:
    thoughts = (
        Reasoning("a", '{"encrypted_content":"x"}', "anthropic"),
        Reasoning("b", None, "openai"),
        Reasoning("c", '{"encrypted_content":"y"}', None),
    )
    request = asking(said("user", "hi"), Message("assistant", (*thoughts, Text("Hello"))), said("user", "go on"))
    assert [item["type"] for item in body_of(request)["input"]] == ["message", "message", "message"]


def test_reasoning_whose_call_was_never_answered_is_left_out_with_it() -> None:
    thought = Reasoning("a", '{"encrypted_content":"x"}', "openai")
    request = asking(
        said("user", "hi"), Message("assistant", (thought, ToolCall("c", "add", "{}"))), said("user", "never mind")
    )
    assert [item["type"] for item in body_of(request)["input"]] == ["message", "message"]


def test_a_result_nobody_asked_for_is_left_out() -> None:
    request = asking(Message("tool", (ToolResult("c", "3"),)), said("user", "hi"))
    assert [item["type"] for item in body_of(request)["input"]] == ["message"]


def test_a_call_id_that_is_too_long_is_shortened_alike_in_call_and_result() -> None:
    call_id = "x" * 200
    request = asking(
        said("user", "hi"),
        Message("assistant", (ToolCall(call_id, "add", ""),)),
        Message("tool", (ToolResult(call_id, "3"),)),
    )
    _, call, result = body_of(request)["input"]
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) == 64
    assert call["arguments"] == "{}"


def test_pictures_go_as_data_or_as_addresses() -> None:
    pictures = (Image("image/jpeg", "aGk="), Image(url="https://example.org/a.png"))
    request = asking(Message("user", pictures))
    urls = [part["image_url"] for part in body_of(request)["input"][0]["content"]]
    assert urls == ["data:image/jpeg;base64,aGk=", "https://example.org/a.png"]


def test_a_schema_that_is_no_json_object_does_not_break_the_request() -> None:
    request = asking(tools=(Tool("add", "", "no json"),), response_format=JsonFormat("[]"))
    assert body_of(request)["tools"][0]["parameters"] == {}


def read_request(**fields: object) -> ChatRequest:
    return DIALECT.decode_request("/v1/responses", {}, msgspec.json.encode({"model": "m", **fields}))


def test_a_request_as_codex_sends_it_is_understood() -> None:
    request = read_request(
        instructions="You are Codex.",
        input=[
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "rules"}]},
            {"role": "user", "content": "hi"},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "xyz"},
            {"type": "function_call", "call_id": "c", "name": "shell", "arguments": '{"command":["ls"]}'},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "a.py"}]},
            {"type": "custom_tool_call", "call_id": "d", "name": "apply_patch", "input": "*** Begin"},
            {"type": "custom_tool_call_output", "call_id": "d", "output": "done"},
            {"type": "web_search_call", "id": "ws_1"},
        ],
        tools=[
            {"type": "function", "name": "shell", "parameters": {"type": "object"}, "strict": False},
            {"type": "web_search"},
        ],
        tool_choice="auto",
        parallel_tool_calls=False,
        reasoning={"effort": "high", "summary": "auto"},
        include=["reasoning.encrypted_content"],
        prompt_cache_key="k",
        store=False,
        stream=True,
    )
    assert request.messages == (
        said("system", "You are Codex."),
        said("system", "rules"),
        said("user", "hi"),
        Message(
            "assistant",
            (
                Reasoning("", '{"id":"rs_1","encrypted_content":"xyz"}'),
                ToolCall("c", "shell", '{"command":["ls"]}'),
            ),
        ),
        Message("tool", (ToolResult("c", "a.py"),)),
        Message("assistant", (ToolCall("d", "apply_patch", '{"input":"*** Begin"}'),)),
        Message("tool", (ToolResult("d", "done"),)),
    )
    assert request.tools == (Tool("shell", "", '{"type":"object"}'),)
    assert (request.tool_choice, request.reasoning_effort, request.stream) == ("auto", "high", True)


def test_one_of_several_allowed_tools_is_required_and_a_named_one_as_well() -> None:
    allowed = {"type": "allowed_tools", "mode": "required", "tools": []}
    assert read_request(input="hi", tool_choice=allowed).tool_choice == "required"
    assert read_request(input="hi", tool_choice={"type": "function", "name": "add"}).tool_choice == NamedTool("add")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "no JSON"),
        (b"[]", "input"),
        (b'{"input": 3}', "input"),
        (b'{"input": "hi", "previous_response_id": "resp_1"}', "previous_response_id"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_with_the_field(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DIALECT.decode_request("/v1/responses", {}, body)


@EXAMPLES
@given(st.dictionaries(st.sampled_from([*_FIELDS, "tools", "tool_choice", "instructions", "reasoning"]), _json))
def test_any_json_is_a_request_or_a_value_error(body: dict[str, object]) -> None:
    with suppress(ValueError):
        DIALECT.decode_request("/v1/responses", {}, msgspec.json.encode(body))
