"""The Gemini dialect: any bytes are read, any request and any answer comes back as it went."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.answered import Answered, decoded, folded
from support.asking import answers, requests, words
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
from burn_tui.providers.gemini import GeminiGenerate
from burn_tui.providers.gemini_request import UNSIGNED

DIALECT = GeminiGenerate()
PROVIDER = Provider(name="gemini", dialect="gemini-generate", base_url="https://provider.example/")
EXAMPLES = settings(max_examples=examples(60))
NOW = 1_754_667_600.0
STREAM = "/v1beta/models/big:streamGenerateContent?alt=sse"


def events_of(body: bytes, *, streamed: bool = True, chunk: int = 1 << 20) -> list[WireEvent]:
    return decoded(DIALECT.decoder(streamed=streamed, provider=PROVIDER), body, chunk)


def as_events(*pieces: Mapping[str, object]) -> bytes:
    return b"".join(b"data: " + msgspec.json.encode(piece) + b"\r\n\r\n" for piece in pieces)


def as_array(*pieces: Mapping[str, object]) -> bytes:
    indented = (msgspec.json.format(msgspec.json.encode(piece)) for piece in pieces)
    return b"[" + b"\n,\r\n".join(indented) + b"\n]\n"


def read(*pieces: Mapping[str, object]) -> Answered:
    return folded(events_of(as_events(*pieces)))


def written(events: list[WireEvent], *, streamed: bool = True) -> bytes:
    encoder = DIALECT.encoder(streamed=streamed, response_model="big", response_id="7", created=5)
    return b"".join([*(encoder.encode(event) for event in events), encoder.finish()])


def piece_of(*parts: dict[str, object], finish: str | int | None = None, **more: object) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "gemini-x", "responseId": "r1", **more}


def body_of(request: ChatRequest, model: str = "gemini-2.5-flash") -> dict[str, Any]:
    sent = DIALECT.encode_request(request, model=model, provider=PROVIDER, api_key="k")
    body: dict[str, Any] = msgspec.json.decode(sent.body)
    return body


def asking(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(messages=messages or (said("user", "hi"),), **fields)


def read_request(**fields: object) -> ChatRequest:
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}], **fields}
    return DIALECT.decode_request(STREAM, {}, msgspec.json.encode(body))


# --- answers, read -------------------------------------------------------------------------------

_FIELDS = re.findall(
    r"\w+",
    "candidates content parts text thought thoughtSignature functionCall name args id finishReason index error code "
    "message status details retryDelay usageMetadata promptTokenCount thoughtsTokenCount modelVersion responseId "
    "promptFeedback blockReason",
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.floats(allow_nan=False) | st.sampled_from(["STOP", "hi", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inner, max_size=5),
    max_leaves=15,
)
_scraps = st.binary(max_size=60) | st.sampled_from(
    [b"data: ", b"{}", b"\r\n\r\n", b"[", b'{"a":"\\', b'"}', b"]", b","]
)


@EXAMPLES
@given(st.lists(_scraps, max_size=12), st.integers(1, 9))
@pytest.mark.parametrize("streamed", [True, False])
def test_any_bytes_give_events_and_at_most_one_failure_which_is_the_last(
    streamed: bool, scraps: list[bytes], chunk: int
) -> None:
    folded(events_of(b"".join(scraps), streamed=streamed, chunk=chunk))


@EXAMPLES
@given(st.lists(_json, max_size=4))
def test_any_json_gives_events_and_at_most_one_failure_which_is_the_last(values: list[object]) -> None:
    for value in [*values, values]:
        folded(events_of(msgspec.json.encode(value), streamed=False))
        folded(events_of(msgspec.json.encode(value)))
    folded(events_of(b"".join(b"data: " + msgspec.json.encode(value) + b"\n\n" for value in values)))


@EXAMPLES
@given(answers(finishes=("stop", "length", "content_filter", "error", "other")), st.integers(1, 300))
@pytest.mark.parametrize("streamed", [True, False])
def test_what_the_server_side_writes_the_client_side_reads(streamed: bool, answer: list[WireEvent], chunk: int) -> None:
    written_answer = folded(events_of(written(answer, streamed=streamed), streamed=streamed, chunk=chunk))
    expected = folded(answer)
    # Google has no word for what a cache was written.
    expected.usage = msgspec.structs.replace(expected.usage, cache_creation_input_tokens=None)
    assert written_answer == expected


@EXAMPLES
@given(st.lists(words, min_size=1, max_size=4), st.integers(1, 50))
def test_an_array_that_grows_means_the_same_as_events(texts: list[str], chunk: int) -> None:
    pieces = [*(piece_of({"text": text}) for text in texts), piece_of({"text": '\\"}]'}, finish="STOP")]
    as_one = folded(events_of(as_array(*pieces), chunk=chunk))
    assert as_one == folded(events_of(as_events(*pieces), chunk=chunk))
    assert as_one.text == "".join(texts) + '\\"}]'


def test_an_array_is_read_while_it_grows() -> None:
    decoder = DIALECT.decoder(streamed=True, provider=PROVIDER)
    body = as_array(piece_of({"text": "Hi"}), piece_of({"text": "!"}, finish="STOP"))
    assert TextDelta("Hi") in decoder.feed(body[: body.index(b",\r\n{") + 1])


def test_a_stream_cut_at_any_byte_before_its_finish_is_never_a_complete_answer() -> None:
    pieces = (piece_of({"text": "Grüße 🔥"}), piece_of({"text": "!"}, finish="STOP"))
    for body in (as_events(*pieces), as_array(*pieces), as_events(*pieces).replace(b"\r\n", b"\n")):
        for end in range(body.index(b"STOP")):
            failure = events_of(body[:end])[-1]
            assert isinstance(failure, Failure), body[:end]
            assert failure.error_type in {"truncated", "bad_answer"}


def test_a_whole_answer_cut_at_any_byte_is_never_a_complete_one() -> None:
    body = written([TextDelta("Hi"), FinishSeen("stop", "stop")], streamed=False)
    for end in range(len(body)):
        assert isinstance(events_of(body[:end], streamed=False)[-1], Failure)


def test_thoughts_are_apart_from_the_text_and_keep_their_proofs() -> None:
    thought = {"text": "hm", "thought": True, "thoughtSignature": "s1"}
    events = events_of(as_events(piece_of(thought), piece_of({"text": "Hi", "thoughtSignature": "s2"}, finish="STOP")))
    assert [event for event in events if isinstance(event, TextDelta | ReasoningDelta)] == [
        ReasoningDelta("hm", "s1"),
        TextDelta("Hi"),
        ReasoningDelta("", "s2"),
    ]


def test_a_call_keeps_its_id_and_its_proof_and_one_without_an_id_is_given_one_of_its_own() -> None:
    own: dict[str, object] = {"functionCall": {"id": "x1", "name": "add", "args": {"a": 1}}, "thoughtSignature": "s"}
    bare: dict[str, object] = {"functionCall": {"name": "now"}}
    events = events_of(as_events(piece_of(own), piece_of(bare, finish="STOP")))
    assert [event for event in events if isinstance(event, ToolCallDelta)] == [
        ToolCallDelta(0, "x1", "add", '{"a":1}', "s"),
        ToolCallDelta(1, "call_r1_1", "now", "{}", None),
    ]


def test_only_the_first_candidate_is_the_answer() -> None:
    second = {"index": 1, "content": {"parts": [{"text": "other"}]}, "finishReason": "MAX_TOKENS"}
    first = {"index": 0, "content": {"parts": [{"text": "this"}]}, "finishReason": "STOP"}
    answered = read({"candidates": [second, first]})
    assert (answered.text, answered.finish) == ("this", "stop")


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("STOP", "stop"),
        (1, "stop"),
        (2, "length"),
        ("RECITATION", "content_filter"),
        ("UNEXPECTED_TOOL_CALL", "error"),
        ("SOMETHING_NEW", "other"),
        (99, "other"),
    ],
)
def test_a_finish_is_read_as_a_word_or_as_the_number_of_one(raw: str | int, finish: str) -> None:
    assert read(piece_of({"text": "Hi"}, finish=raw)).finish == finish


def test_an_unspecified_finish_is_none() -> None:
    failure = read(piece_of({"text": "Hi"}, finish="FINISH_REASON_UNSPECIFIED")).failure
    assert failure is not None
    assert failure.error_type == "truncated"


@pytest.mark.parametrize("streamed", [True, False])
def test_a_blocked_prompt_is_a_failure_with_its_reason(streamed: bool) -> None:
    piece = {"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "Reasons"}}
    body = as_events(piece) if streamed else msgspec.json.encode(piece)
    failure = Failure("content_filter", "the prompt was blocked: SAFETY. Reasons")
    assert folded(events_of(body, streamed=streamed)).failure == failure


def test_the_prompt_includes_what_tools_brought_and_the_output_what_was_thought() -> None:
    counts = {
        "promptTokenCount": 10,
        "toolUsePromptTokenCount": 5,
        "cachedContentTokenCount": 99,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 4,
    }
    usage = read(piece_of({"text": "Hi"}, finish="STOP", usageMetadata=counts)).usage
    assert usage == Usage(15, 7, cache_read_input_tokens=15, reasoning_output_tokens=4)


def test_counts_that_a_later_piece_leaves_out_keep_their_value_and_others_may_go_down() -> None:
    first = {"promptTokenCount": 10, "candidatesTokenCount": 8, "thoughtsTokenCount": 4}
    pieces = [first, {"promptTokenCount": 9}, {"candidatesTokenCount": 2}]
    assert read(*(piece_of({"text": "x"}, usageMetadata=counts) for counts in pieces)).usage == Usage(
        9, 2, reasoning_output_tokens=4
    )


def test_usage_that_is_not_stated_is_unknown_and_not_zero() -> None:
    assert read(piece_of({"text": "Hi"}, finish="STOP")).usage == Usage()


@pytest.mark.parametrize("between", [b"", b"data: "])
def test_an_error_in_the_middle_of_a_stream_does_not_vanish(between: bytes) -> None:
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    bare = msgspec.json.encode(error) if between else msgspec.json.format(msgspec.json.encode(error), indent=2)
    answered = folded(events_of(as_events(piece_of({"text": "Hi"}, finish="STOP")) + between + bare + b"\n\n"))
    assert (answered.text, answered.failure) == ("Hi", Failure("overloaded", "The model is overloaded."))


def test_an_error_alone_under_a_200_does_not_vanish_either() -> None:
    error = msgspec.json.encode({"error": {"code": 499, "message": "Stopped.", "status": "CANCELLED"}})
    for body in (error, b"[" + error + b"]", b"data: " + error):
        assert folded(events_of(body)).failure == Failure("cancelled", "Stopped.")


# --- answers, written ----------------------------------------------------------------------------


def test_the_last_event_has_the_calls_the_finish_and_the_counts() -> None:
    body = written(
        [
            TextDelta("Hi"),
            ToolCallDelta(0, "c", "add", '{"a":', "s"),
            FinishSeen("tool_call", "tool_calls"),
            ToolCallDelta(0, arguments="1}"),
            UsageSeen(Usage(9, 5, 4, None, None, 2)),
        ]
    )
    first, last = (msgspec.json.decode(event.removeprefix(b"data: ")) for event in body.split(b"\r\n\r\n")[:-1])
    assert first["candidates"][0] == {"content": {"role": "model", "parts": [{"text": "Hi"}]}, "index": 0}
    call = {"functionCall": {"id": "c", "name": "add", "args": {"a": 1}}, "thoughtSignature": "s"}
    assert last["candidates"][0]["content"]["parts"] == [call]
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert last["usageMetadata"] == {
        "promptTokenCount": 9,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 2,
        "totalTokenCount": 14,
    }


def test_a_whole_answer_joins_the_pieces_of_a_text_and_leaves_proofs_where_they_were() -> None:
    body = written(
        [ReasoningDelta("h"), ReasoningDelta("m", "s1"), TextDelta("H"), TextDelta("i"), FinishSeen("stop", "")],
        streamed=False,
    )
    parts = msgspec.json.decode(body)["candidates"][0]["content"]["parts"]
    assert parts == [{"text": "hm", "thought": True, "thoughtSignature": "s1"}, {"text": "Hi"}]


@pytest.mark.parametrize("streamed", [True, False])
def test_a_failure_in_mid_answer_is_an_error_object_with_nothing_after_it(streamed: bool) -> None:
    failure = Failure("rate_limited", "slow", None, 2.5)
    answered = folded(events_of(written([TextDelta("Hi"), failure], streamed=streamed), streamed=streamed))
    assert answered.failure == failure


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error_type", get_args(ErrorType))
def test_a_refusal_comes_back_as_it_went(error_type: ErrorType) -> None:
    response = DIALECT.encode_error(Failure(error_type, "no", None, 0.25))
    failure = DIALECT.decode_error(response.status, response.headers, response.body, now=NOW)
    assert failure == Failure(error_type, "no", response.status, 0.25)


@pytest.mark.parametrize(
    ("status", "message", "error_type"),
    [
        (400, "API key not valid. Please pass a valid API key.", "auth"),
        (400, "User location is not supported for the API use.", "permission"),
        (400, "Request contains an invalid argument.", "caller_fault"),
        (403, "Generative Language API has not been used in project 1 before or it is disabled.", "permission"),
        (404, "models/x is not found for API version v1beta", "model_gone"),
        (429, "You exceeded your current quota, please check your plan and billing details.", "rate_limited"),
        (429, "Your prepayment credits are depleted.", "quota_exhausted"),
        (500, "An internal error has occurred.", "transient"),
        (503, "The model is overloaded. Please try again later.", "overloaded"),
    ],
)
@pytest.mark.parametrize("in_array", [False, True])
def test_refusals_are_told_apart_by_status_and_words(
    status: int, message: str, error_type: ErrorType, in_array: bool
) -> None:
    error = {"error": {"code": status, "message": message}}
    body = msgspec.json.encode([error] if in_array else error)
    assert DIALECT.decode_error(status, {}, body, now=NOW) == Failure(error_type, message, status)


def test_the_wait_is_read_from_the_details() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.074824224s"}]
    body = msgspec.json.encode({"error": {"code": 429, "message": "slow", "details": details}})
    assert DIALECT.decode_error(429, {"retry-after": "1"}, body, now=NOW).retry_after_s == 34.074824224


def test_a_refusal_for_length_states_the_window() -> None:
    message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    body = msgspec.json.encode({"error": {"code": 400, "message": message}})
    failure = DIALECT.decode_error(400, {}, body, now=NOW)
    assert (failure.error_type, failure.limit_tokens) == ("context_length", 1_048_576)


# --- requests ------------------------------------------------------------------------------------

_efforts: st.SearchStrategy[object] = st.sampled_from([None, "none", "minimal", "low", "medium", "high"])
_stops: st.SearchStrategy[object] = st.lists(words, max_size=2).map(tuple)
_seeds: st.SearchStrategy[object] = st.none() | st.integers(0, 2**31)


@EXAMPLES
@given(requests(reasoning_effort=_efforts, stop_sequences=_stops, seed=_seeds))
def test_a_request_comes_back_as_it_went(request_: ChatRequest) -> None:
    sent = DIALECT.encode_request(request_, model="big", provider=PROVIDER, api_key="k")
    path = sent.url.removeprefix("https://provider.example")
    assert DIALECT.decode_request(path, sent.headers, sent.body) == request_


def test_the_model_and_the_manner_stand_in_the_path_and_the_key_in_a_header() -> None:
    sent = DIALECT.encode_request(asking(), model="gemini-x", provider=PROVIDER, api_key="k")
    assert sent.url == "https://provider.example/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
    assert sent.headers["x-goog-api-key"] == "k"
    whole = DIALECT.encode_request(asking(stream=False), model="tunedModels/mine", provider=PROVIDER, api_key=None)
    assert whole.url == "https://provider.example/v1beta/tunedModels/mine:generateContent"
    assert "x-goog-api-key" not in whole.headers


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/big:streamGenerateContent?alt=sse",
        "/v1/projects/p/locations/l/publishers/google/models/big:streamGenerateContent",
    ],
)
def test_the_paths_of_google_and_of_vertex_are_understood(path: str) -> None:
    body = b'{"contents": [{"parts": [{"text": "hi"}]}]}'
    request = DIALECT.decode_request(path, {}, body)
    assert (request.model, request.stream, request.messages) == ("big", True, (said("user", "hi"),))


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/v1/chat/completions", b"{}", "path"),
        (STREAM, b"{", "no JSON"),
        (STREAM, b"{}", "contents"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_with_a_sentence(path: str, body: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        DIALECT.decode_request(path, {}, body)


@EXAMPLES
@given(st.dictionaries(st.sampled_from([*_FIELDS, "contents", "tools", "generationConfig", "toolConfig"]), _json))
def test_any_json_is_a_request_or_a_value_error(body: dict[str, object]) -> None:
    with suppress(ValueError):
        DIALECT.decode_request(STREAM, {}, msgspec.json.encode(body))


def test_turns_alternate_and_system_text_stands_apart() -> None:
    request = asking(
        said("user", "a"), said("system", "rules"), said("user", "b"), said("assistant", "c"), said("assistant", "d")
    )
    body = body_of(request)
    assert [turn["role"] for turn in body["contents"]] == ["user", "model", "user"]
    assert [part["text"] for turn in body["contents"][:2] for part in turn["parts"]] == ["a", "b", "c", "d"]
    assert body["systemInstruction"] == {"parts": [{"text": "rules"}]}


def test_a_result_names_the_function_that_was_called_last_under_its_id() -> None:
    rounds = [
        message
        for name in ("add", "sub")
        for message in (
            said("user", name),
            Message("assistant", (ToolCall("call_0", name, "{}"),)),
            Message("tool", (ToolResult("call_0", "3", is_error=name == "sub"),)),
        )
    ]
    contents = body_of(asking(*rounds))["contents"]
    results = [part["functionResponse"] for turn in contents for part in turn["parts"] if "functionResponse" in part]
    assert results == [
        {"id": "call_0", "name": "add", "response": {"output": "3"}},
        {"id": "call_0", "name": "sub", "response": {"error": "3"}},
    ]


def test_proofs_go_back_only_to_the_provider_that_gave_them() -> None:
    parts = (
        Reasoning("hm", "s1", "gemini"),
        Reasoning("other", "s2", "anthropic"),
        ToolCall("a", "add", "{}", "s3", "gemini"),
        ToolCall("b", "add", "{}", "s4", "vertex"),
    )
    results = (ToolResult("a", "1"), ToolResult("b", "2"))
    contents = body_of(asking(said("user", "hi"), Message("assistant", parts), Message("tool", results)))["contents"]
    assert [part.get("thoughtSignature") for part in contents[1]["parts"]] == ["s1", "s3", None]


def test_gemini_3_is_told_to_excuse_a_call_that_another_provider_made() -> None:
    turns = (
        said("user", "hi"),
        Message("assistant", (ToolCall("a", "add", "{}"), ToolCall("b", "add", "{}"))),
        Message("tool", (ToolResult("a", "1"), ToolResult("b", "2"))),
    )
    calls = body_of(asking(*turns), "gemini-3-flash-preview")["contents"][1]["parts"]
    assert [call.get("thoughtSignature") for call in calls] == [UNSIGNED, None]
    assert "thoughtSignature" not in body_of(asking(*turns))["contents"][1]["parts"][0]


def test_a_picture_by_address_becomes_words_about_it() -> None:
    message = Message("user", (Text("look"), Image(url="https://example.org/a.png"), Image(data="aGk=")))
    assert body_of(asking(message))["contents"][0]["parts"] == [
        {"text": "look"},
        {"text": "[image: https://example.org/a.png]"},
        {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
    ]


@pytest.mark.parametrize(
    ("model", "effort", "config"),
    [
        ("gemini-2.5-flash", "none", {"includeThoughts": False, "thinkingBudget": 0}),
        ("gemini-2.5-pro", "none", {"includeThoughts": False, "thinkingBudget": 128}),
        ("gemini-2.5-flash", "xhigh", {"includeThoughts": True, "thinkingBudget": 24576}),
        ("gemini-3-flash-preview", "none", {"includeThoughts": False, "thinkingLevel": "minimal"}),
        ("gemini-3.1-pro-preview", "minimal", {"includeThoughts": True, "thinkingLevel": "low"}),
        ("gemini-flash-latest", "xhigh", {"includeThoughts": True, "thinkingLevel": "high"}),
    ],
)
def test_effort_is_a_budget_before_generation_3_and_a_level_after(
    model: str, effort: ReasoningEffort, config: dict[str, object]
) -> None:
    assert body_of(asking(reasoning_effort=effort), model)["generationConfig"]["thinkingConfig"] == config


def test_a_level_of_thinking_is_an_effort() -> None:
    config = {"thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True}}
    assert read_request(generationConfig=config).reasoning_effort == "low"
    assert read_request(generationConfig={"thinkingConfig": {"thinkingBudget": -1}}).reasoning_effort is None


def test_calls_and_results_without_ids_are_matched_by_their_order() -> None:
    call, result = {"functionCall": {"name": "add", "args": {}}}, {"functionResponse": {"name": "add", "response": {}}}
    contents = [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [call, call]},
        {"role": "user", "parts": [result, result]},
    ]
    _, calls, results = read_request(contents=contents).messages
    assert [part.id for part in calls.parts if isinstance(part, ToolCall)] == [
        part.id for part in results.parts if isinstance(part, ToolResult)
    ]


def test_tools_formats_and_choices_are_read_in_both_spellings() -> None:
    declared = [{"name": "add", "description": "adds", "parameters": {"type": "OBJECT"}}]
    request = read_request(
        tools=[{"functionDeclarations": declared}, {"googleSearch": {}}],
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["add"]}},
        generationConfig={"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}},
    )
    assert request.tools == (Tool("add", "adds", '{"type":"OBJECT"}'),)
    assert request.tool_choice == NamedTool("add")
    assert request.response_format == JsonFormat('{"type":"OBJECT"}')
