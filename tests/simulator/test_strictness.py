"""The simulator refuses what the real APIs refuse, in words like theirs, and serves what they serve."""

from typing import Any

import pytest

from burn_tui.providers import DIALECTS
from burn_tui.simulator.signing import is_signed_by, signature, signed
from burn_tui.simulator.strictness import refusal

OWN = signature("here", "hm")
FOREIGN = signature("elsewhere", "hm")

PNG = "iVBORw0KGgo="


def why_not(dialect: str, body: object, model: str = "big") -> str:
    return refusal(dialect, body, provider_name="here", model=model) or ""


def expect(dialect: str, body: dict[str, Any], words: str, model: str = "big") -> None:
    """Refused with `words`; "" = served."""
    sentence = why_not(dialect, body, model)
    assert words in sentence if words else sentence == "", sentence


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_body_that_is_no_object_is_refused(dialect: str) -> None:
    assert why_not(dialect, [1]) == "The body must be a JSON object."


# --- Anthropic -----------------------------------------------------------------------------------

USE = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "3"}
TEXT = {"type": "text", "text": "hi"}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": OWN}
MARK = {"cache_control": {"type": "ephemeral"}}


def messages(*turns: tuple[str, Any], **fields: Any) -> dict[str, Any]:
    said = [{"role": role, "content": content} for role, content in turns]
    return {"model": "big", "max_tokens": 5000, "messages": said, **fields}


HI = ("user", "hi")
ASKED = (HI, ("assistant", [THOUGHT, USE]), ("user", [RESULT]))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (messages(HI), ""),
        (messages(*ASKED), ""),
        (messages(HI, HI, ("assistant", "so"), HI), ""),
        (messages(HI, ("assistant", [USE]), ("user", [RESULT, TEXT]), ("user", "more")), ""),
        (messages(HI, thinking={"type": "enabled", "budget_tokens": 2000}), ""),
        ({"model": "big", "messages": [{"role": "user", "content": "hi"}]}, "max_tokens"),
        ({**messages(HI), "model": ""}, "model: Field required"),
        ({**messages(HI), "seed": 1}, "seed: Extra inputs"),
        (messages(), "at least one message"),
        (messages(("assistant", "hi")), 'first message must use the "user" role'),
        (messages(HI, ("tool", "hi")), "Input should be 'user' or 'assistant'"),
        (messages(("user", "")), "non-empty content"),
        (messages(("user", [])), "non-empty content"),
        (messages(("user", [{"type": "text", "text": " "}])), "non-whitespace text"),
        (messages(HI, system=[{"type": "text", "text": ""}]), "system"),
        (messages(("user", [USE])), "can not be in `user` messages"),
        (messages(HI, ("assistant", [RESULT]), HI), "can not be in `assistant` messages"),
        (messages(HI, ("assistant", [{**USE, "id": "a b"}]), ("user", [RESULT])), "'^[a-zA-Z0-9_-]+$'"),
        (messages(HI, ("assistant", [{**USE, "name": "a.b"}]), ("user", [RESULT])), "tool_use.name"),
        (messages(HI, ("assistant", [{**USE, "input": "{}"}]), ("user", [RESULT])), "valid dictionary"),
        (messages(HI, ("assistant", [USE])), "without `tool_result` blocks"),
        (messages(HI, ("assistant", [USE]), HI), "without `tool_result` blocks"),
        (messages(HI, ("assistant", [USE]), HI, ("assistant", "so"), ("user", [RESULT])), "without `tool_result`"),
        (messages(HI, ("assistant", [USE, USE]), ("user", [RESULT])), "must be unique"),
        (messages(*ASKED, *ASKED[1:]), "must be unique"),
        (messages(HI, ("assistant", "so"), ("user", [RESULT])), "unexpected `tool_use_id`"),
        (messages(("user", [RESULT])), "unexpected `tool_use_id`"),
        (messages(HI, ("assistant", [USE]), ("user", [RESULT, RESULT])), "single result"),
        (messages(HI, ("assistant", [USE]), ("user", [TEXT, RESULT])), "must come first"),
        (messages(HI, ("assistant", [{**THOUGHT, "signature": FOREIGN}, TEXT]), HI), "Invalid `signature`"),
        (messages(HI, ("assistant", [{**THOUGHT, "signature": ""}, TEXT]), HI), "Invalid `signature`"),
        (messages(HI, ("assistant", [{**THOUGHT, "thinking": "else"}, TEXT]), HI), "Invalid `signature`"),
        (messages(HI, ("assistant", [{"type": "redacted_thinking", "data": "x"}, TEXT]), HI), "Invalid `signature`"),
        (messages(HI, ("assistant", [THOUGHT]), HI), "cannot be `thinking`"),
        (messages(HI, ("assistant", "so ")), "trailing whitespace"),
        (messages(HI, ("assistant", "so"), thinking={"type": "adaptive"}), "prefill"),
        (messages(HI, thinking={"type": "enabled", "budget_tokens": 2000}, temperature=0.5), "thinking is enabled"),
        (messages(HI, thinking={"type": "enabled", "budget_tokens": 5000}), "`max_tokens` must be greater"),
        (messages(HI, thinking={"type": "enabled", "budget_tokens": 10}), "1024"),
        (
            messages(HI, ("assistant", [USE]), ("user", [RESULT]), thinking={"type": "enabled", "budget_tokens": 2000}),
            "Expected `thinking`",
        ),
        (messages(HI, temperature=1.5), "range"),
        (messages(HI, stop_sequences=[" "]), "non-whitespace"),
        (messages(HI, tool_choice={"type": "auto"}), "while providing tools"),
        (messages(HI, tools=[{"name": "a b", "input_schema": {"type": "object"}}]), "custom.name"),
        (messages(HI, tools=[{"name": "a", "input_schema": {}}]), "input_schema.type"),
        (messages(HI, tools=[{"name": "a", "input_schema": {"type": "object"}}] * 2), "unique"),
        (messages(("user", [{**TEXT, **MARK}] * 4)), ""),
        (messages(("user", [{**TEXT, **MARK}] * 4), **MARK), "maximum of 4"),
    ],
)
def test_anthropic(body: dict[str, Any], words: str) -> None:
    expect("anthropic-messages", body, words)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"type": "base64", "media_type": "image/png", "data": PNG}, ""),
        ({"type": "url", "url": "https://example.org/a.png"}, ""),
        ({"type": "base64", "media_type": "image/bmp", "data": PNG}, "media_type"),
        ({"type": "base64", "media_type": "image/png", "data": "data:image/png;base64,xx"}, "valid base64"),
        ({"type": "url", "url": "http://example.org/a.png"}, "HTTPS"),
    ],
)
def test_anthropic_about_pictures(source: dict[str, str], words: str) -> None:
    expect("anthropic-messages", messages(("user", [{"type": "image", "source": source}])), words)


@pytest.mark.parametrize(
    ("model", "fields", "words"),
    [
        ("claude-sonnet-4-5", {"temperature": 0.5}, ""),
        ("claude-sonnet-4-5", {"temperature": 0.5, "top_p": 0.5}, "cannot both"),
        ("claude-opus-5-5", {"temperature": 0.5}, "deprecated"),
        ("claude-opus-5-5", {"thinking": {"type": "enabled", "budget_tokens": 2000}}, "thinking.type.enabled"),
        ("claude-opus-5-5", {"thinking": {"type": "adaptive"}}, ""),
    ],
)
def test_anthropic_about_generations(model: str, fields: dict[str, Any], words: str) -> None:
    expect("anthropic-messages", messages(HI, **fields), words, model)


def test_anthropic_takes_a_prefill_up_to_claude_4_5() -> None:
    body = messages(HI, ("assistant", "so"))
    expect("anthropic-messages", body, "", "claude-sonnet-4-5")
    expect("anthropic-messages", body, "prefill", "claude-sonnet-4-6")


# --- Chat Completions ----------------------------------------------------------------------------

CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWERED = {"role": "tool", "tool_call_id": "call_1", "content": "3"}
ASKING = {"role": "user", "content": "hi"}


def chat(*said: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "big", "messages": list(said), **fields}


def picture(url: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (chat(ASKING, CALLING, ANSWERED), ""),
        (chat(ASKING, ASKING, {"role": "assistant", "content": "so"}), ""),
        (chat(ASKING, top_k=1), "Unrecognized request argument"),
        (chat(), "empty array"),
        (chat({"role": "model", "content": "x"}), "role"),
        (chat({"role": "user", "content": None}), "got null"),
        (chat(ASKING, {"role": "assistant", "content": None}), "got null"),
        (chat({"role": "user", "content": []}), "empty array"),
        (chat(ASKING, {"role": "assistant", "content": "x", "tool_calls": []}), "tool_calls"),
        (chat(ASKING, ANSWERED), "must be a response to a preceeding message"),
        (chat(ASKING, CALLING, ASKING, ANSWERED), "did not have response messages: call_1"),
        (chat(ASKING, CALLING), "did not have response messages: call_1"),
        (chat(ASKING, CALLING, ANSWERED, ANSWERED), "must be a response to a preceeding message"),
        (chat(ASKING, {**CALLING, "tool_calls": [{**CALL, "id": "x" * 41}]}), "string too long"),
        (chat(ASKING, {**CALLING, "tool_calls": [{**CALL, "id": ""}]}), "id"),
        (
            chat(ASKING, {**CALLING, "tool_calls": [{**CALL, "function": {"name": "a.b", "arguments": "{}"}}]}),
            "does not match pattern",
        ),
        (
            chat(ASKING, {**CALLING, "tool_calls": [{**CALL, "function": {"name": "ab", "arguments": {}}}]}),
            "expected a string",
        ),
        (
            chat(
                ASKING,
                {
                    **CALLING,
                    "tool_calls": [{**CALL, "extra_content": {"google": {"thought_signature": FOREIGN}}}],
                },
            ),
            "signature",
        ),
        (chat({**picture("https://example.org/a.png"), "role": "system"}), "not supported in system messages"),
        (chat({**picture("https://example.org/a.png"), "role": "assistant"}), "not supported in assistant messages"),
        (chat(picture("https://example.org/a.png")), ""),
        (chat(picture(f"data:image/png;base64,{PNG}")), ""),
        (chat(picture("file:///a.png")), "unsupported image"),
        (chat(picture(f"data:image/bmp;base64,{PNG}")), "unsupported image"),
        (chat(ASKING, tool_choice="auto"), "only allowed when 'tools'"),
        (chat(ASKING, parallel_tool_calls=False), "only allowed when 'tools'"),
        (chat(ASKING, tools=[{"type": "function", "function": {"name": "a b"}}]), "does not match pattern"),
        (chat(ASKING, stream_options={"include_usage": True}), "'stream_options'"),
        (chat(ASKING, stop=list("abcde")), "array too long"),
        (chat(ASKING, temperature=3), "out of range"),
        (chat(ASKING, max_tokens=0), "below minimum"),
        (chat(ASKING, response_format={"type": "json_object"}), "'json'"),
    ],
)
def test_openai_chat(body: dict[str, Any], words: str) -> None:
    expect("openai-chat", body, words)


# --- Responses -----------------------------------------------------------------------------------

SAID = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
CALLED = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "3"}
THINKING = {"type": "reasoning", "summary": [], "encrypted_content": OWN}


def responses(*given: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "big", "store": False, "input": list(given), **fields}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (responses(SAID, THINKING, CALLED, OUTPUT), ""),
        ({"model": "big", "input": "hi"}, ""),
        (responses(), "must be provided"),
        (responses(SAID, messages=[]), "Unknown parameter"),
        (responses({**SAID, "role": "tool"}), "role"),
        (responses({**SAID, "content": []}), "content"),
        (responses({**SAID, "role": "assistant"}), "Supported values for assistant"),
        (responses({**SAID, "content": [{"type": "output_text", "text": "x"}]}), "Supported values for user"),
        (responses({**SAID, "content": [{"type": "input_image", "image_url": "file:///a"}]}), "image_url"),
        (responses(SAID, OUTPUT), "No tool call found for function call output with call_id call_1"),
        (responses(SAID, CALLED), "No tool output found for function call call_1"),
        (responses(SAID, {**CALLED, "call_id": "x" * 65}), "too long"),
        (responses(SAID, {**CALLED, "name": "a.b"}, OUTPUT), "pattern"),
        (responses(SAID, {**CALLED, "arguments": {}}, OUTPUT), "arguments"),
        (responses(SAID, CALLED, {**OUTPUT, "output": None}), "output"),
        (responses(SAID, {**THINKING, "encrypted_content": FOREIGN}, CALLED, OUTPUT), "could not be verified"),
        (responses(SAID, {"type": "reasoning", "summary": []}, CALLED, OUTPUT), "could not be verified"),
        (responses(SAID, {**THINKING, "id": "rs_1"}, CALLED, OUTPUT), "not persisted"),
        (responses(SAID, THINKING, SAID), "without its required following item"),
        (responses(SAID, THINKING), "without its required following item"),
        (responses(SAID, max_output_tokens=15), ">= 16"),
        (responses(SAID, temperature=3), "out of range"),
        (responses(SAID, tool_choice="auto"), "'tools'"),
        (responses(SAID, tools=[{"type": "function", "name": "a b"}]), "pattern"),
        (responses(SAID, text={"format": {"type": "json_object"}}), "'json'"),
    ],
)
def test_openai_responses(body: dict[str, Any], words: str) -> None:
    expect("openai-responses", body, words)


# --- Gemini --------------------------------------------------------------------------------------

FUNCTION = {"functionCall": {"name": "look", "args": {}}, "thoughtSignature": OWN}
RESPONSE = {"functionResponse": {"name": "look", "response": {"output": "3"}}}


def contents(*turns: tuple[str, list[dict[str, Any]]], **fields: Any) -> dict[str, Any]:
    return {"contents": [{"role": role, "parts": parts} for role, parts in turns], **fields}


U = ("user", [{"text": "hi"}])
M = ("model", [{"text": "so"}])
CALL_TURN = ("model", [FUNCTION])
RESPONSE_TURN = ("user", [RESPONSE])
UNSIGNED: dict[str, Any] = {"functionCall": {"name": "look", "args": {}}}
UNSIGNED_TURN = ("model", [UNSIGNED])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (contents(U, CALL_TURN, RESPONSE_TURN), ""),
        (contents(U, U, M, M, U), ""),
        (contents(U, CALL_TURN, RESPONSE_TURN, U), ""),
        (contents(), "contents is not specified"),
        (contents(U, messages=[]), 'Unknown name "messages"'),
        (contents(U, generationConfig={"seeds": 1}), 'Unknown name "seeds"'),
        (contents(("system", [{"text": "hi"}])), "valid role"),
        (contents(U, ("model", []), U), "must not be empty"),
        (contents(M, U), "first turn"),
        (contents(U, M), "ending with a model turn"),
        (contents(("user", [{"text": ""}])), "cannot be empty"),
        (contents(("user", [{}])), "one initialized field"),
        (contents(U, CALL_TURN, U), "number of function response parts"),
        (contents(U, ("model", [FUNCTION, FUNCTION]), RESPONSE_TURN), "number of function response parts"),
        (contents(U, RESPONSE_TURN), "comes immediately after a function call turn"),
        (contents(U, CALL_TURN, ("user", [RESPONSE, {"text": "hi"}])), "may not share"),
        (
            contents(U, CALL_TURN, ("user", [{"functionResponse": {"name": "see", "response": {}}}])),
            "name the functions",
        ),
        (contents(("user", [FUNCTION]), U), "may not stand in a turn of user"),
        (contents(U, ("model", [{**FUNCTION, "thoughtSignature": FOREIGN}]), RESPONSE_TURN), "signature is not valid"),
        (contents(U, ("model", [{"functionCall": {"name": "1 b", "args": {}}}]), RESPONSE_TURN), "function name"),
        (contents(U, ("model", [{"functionCall": {"name": "look", "args": "{}"}}]), RESPONSE_TURN), "Struct"),
        (contents(("user", [{"inlineData": {"mimeType": "image/png", "data": PNG}}])), ""),
        (contents(("user", [{"inlineData": {"mimeType": "image/gif", "data": PNG}}])), "Unsupported MIME type"),
        (contents(("user", [{"inlineData": {"mimeType": "image/png", "data": "%"}}])), "Base64"),
        (contents(U, generationConfig={"stopSequences": list("abcdef")}), "at most 5"),
        (contents(U, generationConfig={"temperature": 3}), "out of range"),
        (contents(U, generationConfig={"maxOutputTokens": 0}), "positive"),
        (contents(U, tools=[{"functionDeclarations": [{"name": "a b"}]}]), "function name"),
    ],
)
def test_gemini(body: dict[str, Any], words: str) -> None:
    expect("gemini-generate", body, words)


def test_gemini_wants_a_signature_on_the_first_call_of_each_step_of_the_present_turn_from_generation_3_on() -> None:
    unsigned = contents(U, CALL_TURN, RESPONSE_TURN, UNSIGNED_TURN, RESPONSE_TURN)
    expect("gemini-generate", unsigned, "missing a thought_signature", "gemini-3-pro")
    expect("gemini-generate", unsigned, "", "gemini-2.5-flash")
    expect("gemini-generate", contents(U, UNSIGNED_TURN, RESPONSE_TURN, M, U), "", "gemini-3-pro")
    second = ("model", [FUNCTION, UNSIGNED])
    expect("gemini-generate", contents(U, second, ("user", [RESPONSE, RESPONSE])), "", "gemini-3-pro")


# --- Ollama --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "user", "content": "hi", "images": [PNG]}, ""),
        ({"role": "tool", "content": "3", "tool_name": "look"}, ""),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "look", "arguments": {}}}]}, ""),
        ({"role": "developer", "content": "hi"}, "invalid role"),
        ({"role": "user", "content": [{"type": "text"}]}, "cannot unmarshal"),
        ({"role": "user", "content": "hi", "images": ["https://example.org/a.png"]}, "illegal base64"),
        ({"role": "user", "content": "hi", "images": [f"data:image/png;base64,{PNG}"]}, "illegal base64"),
        ({"role": "user", "content": "hi", "images": [""]}, "illegal base64"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "look", "arguments": "{}"}}]}, "arguments"),
        ({"role": "tool", "content": "3"}, "must name its tool"),
    ],
)
def test_ollama(message: dict[str, Any], words: str) -> None:
    expect("ollama-chat", {"model": "big", "messages": [message]}, words)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"think": "high", "format": "json"}, ""),
        ({"format": {"type": "object"}}, ""),
        ({"model": ""}, "model is required"),
        ({"think": "xhigh"}, "think value"),
        ({"format": "yaml"}, "format"),
        ({"tools": [{"type": "function", "function": {}}]}, "function name"),
    ],
)
def test_ollama_about_everything_else(fields: dict[str, Any], words: str) -> None:
    expect("ollama-chat", {"model": "big", "messages": [], **fields}, words)


# --- signatures ----------------------------------------------------------------------------------


def test_a_signature_is_known_by_its_writer_alone() -> None:
    assert is_signed_by("here", signature("here", "words"))
    for other in ("elsewhere", "her", "here.here", ""):
        assert not is_signed_by(other, signature("here", "words"))
    assert not is_signed_by("here", "here")


def test_nothing_to_sign_is_left_as_it_is() -> None:
    assert signed([], "here") == []
