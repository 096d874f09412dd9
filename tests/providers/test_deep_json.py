"""JSON that is nested almost too deep to be read must not be too deep to be written: nothing but a ValueError comes."""

from contextlib import suppress

import pytest
from support.answered import decoded

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest, Extras, JsonFormat, Message, Tool, ToolCall, ToolResult, said
from burn_tui.core.failure import Failure
from burn_tui.providers import DIALECTS

every_dialect = pytest.mark.parametrize("name", DIALECTS)

DEPTHS = [*range(300, 1001, 100), *range(900, 1001, 4)]
"""Around what the interpreter's stack holds, however much of it is used up by whoever runs the test."""

ANSWERS = {
    "anthropic-messages": [
        '{"type":"message_start","message":DEEP}',
        '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":DEEP}}',
        '{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":DEEP}',
        '{"type":"error","error":DEEP}',
        '{"error":DEEP}',
        '{"type":"message","content":[{"type":"tool_use","id":"t","name":"n","input":DEEP}]}',
    ],
    "openai-chat": [
        '{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"n","arguments":DEEP}}]}}]}',
        '{"choices":[{"message":{"tool_calls":[{"function":{"name":"n","arguments":DEEP}}]}}]}',
        '{"choices":[{"delta":{"function_call":{"name":"n","arguments":DEEP}}}],"usage":DEEP}',
        '{"error":DEEP}',
        '{"error":{"message":DEEP}}',
        '{"detail":[DEEP]}',
    ],
    "openai-responses": [
        '{"type":"response.output_item.done","item":{"type":"function_call","name":"n","arguments":DEEP}}',
        '{"type":"response.completed","response":{"output":[{"type":"function_call","arguments":DEEP}]}}',
        '{"type":"response.failed","response":{"status":"failed","error":DEEP}}',
        '{"type":"error","error":DEEP}',
        '{"status":"completed","output":[{"type":"function_call","arguments":DEEP},{"type":"reasoning","summary":DEEP}]}',
    ],
    "gemini-generate": [
        '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"n","args":DEEP}}]}}]}',
        '{"error":DEEP}',
        '{"error":{"details":[DEEP]}}',
        '{"promptFeedback":{"blockReason":DEEP}}',
        '{"candidates":[{"finishReason":DEEP}]}',
    ],
    "ollama-chat": [
        '{"message":{"tool_calls":[{"function":{"name":"n","arguments":DEEP}}]},"done":true}',
        '{"error":DEEP}',
    ],
}


def deep(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@every_dialect
@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_however_deep_is_read_without_raising(name: str, streamed: bool) -> None:
    provider = Provider(name="here", dialect=name, base_url="http://127.0.0.1:1")
    ends = b"\n" if name == "ollama-chat" else b"\n\n"
    start = b"" if name == "ollama-chat" or not streamed else b"data: "
    for answer in ANSWERS[name]:
        for depth in DEPTHS:
            body = start + answer.replace("DEEP", deep(depth)).encode() + (ends if streamed else b"")
            events = decoded(DIALECTS[name].decoder(streamed=streamed, provider=provider), body, 1 << 20)
            assert events


@every_dialect
def test_a_refusal_however_deep_is_a_failure(name: str) -> None:
    for shape in ('{"error":DEEP}', "[DEEP]", '{"detail":DEEP}', "DEEP", '{"error":{"metadata":DEEP}}'):
        for depth in DEPTHS:
            body = shape.replace("DEEP", deep(depth)).encode()
            assert isinstance(DIALECTS[name].decode_error(400, {}, body, now=0.0), Failure)


REQUESTS = {
    "anthropic-messages": '{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use",'
    '"id":"t","name":"n","input":DEEP}]}],"tools":[{"name":"n","input_schema":DEEP}],"metadata":DEEP,'
    '"output_config":{"format":{"type":"json_schema","schema":DEEP}}}',
    "openai-chat": '{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"n",'
    '"parameters":DEEP}}],"metadata":DEEP,"response_format":{"type":"json_schema","json_schema":{"schema":DEEP}}}',
    "openai-responses": '{"input":"hi","tools":[{"type":"function","name":"n","parameters":DEEP}],"metadata":DEEP,'
    '"text":{"format":{"type":"json_schema","schema":DEEP}}}',
    "gemini-generate": '{"contents":[{"role":"model","parts":[{"functionCall":{"name":"n","args":DEEP}},'
    '{"functionResponse":{"name":"n","response":DEEP}}]}],"tools":[{"functionDeclarations":[{"name":"n",'
    '"parameters":DEEP}]}],"generationConfig":{"responseSchema":DEEP}}',
    "ollama-chat": '{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"n",'
    '"arguments":DEEP}}]}],"format":DEEP,"tools":[{"function":{"name":"n","parameters":DEEP}}]}',
}


@every_dialect
def test_a_clients_request_however_deep_is_read_or_refused_in_words(name: str) -> None:
    path = "/v1beta/models/m:generateContent" if name == "gemini-generate" else "/"
    for depth in DEPTHS:
        body = REQUESTS[name].replace("DEEP", deep(depth)).encode()
        with suppress(ValueError):
            assert DIALECTS[name].decode_request(path, {}, body) is not None


@every_dialect
def test_a_request_however_deep_can_be_sent(name: str) -> None:
    provider = Provider(name="here", dialect=name, base_url="http://127.0.0.1:1")
    for depth in DEPTHS:
        request = ChatRequest(
            messages=(
                said("user", "hi"),
                Message("assistant", (ToolCall("t", "n", deep(depth)),)),
                Message("tool", (ToolResult("t", deep(depth)),)),
            ),
            tools=(Tool("n", "", deep(depth)),),
            response_format=JsonFormat(deep(depth)),
            extras=Extras(name, {"metadata": deep(depth)}),
        )
        assert DIALECTS[name].encode_request(request, model="big", provider=provider, api_key=None).body
