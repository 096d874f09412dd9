"""What the Chat Completions API refuses.

From OpenAI's reference (Create chat completion) and its guides on function calling, images and structured output; the
sentences as its users report them. Fields that only an imitator has (random_seed, reasoning) are let pass.
"""

import re
from collections.abc import Iterator

from burn_tui.providers.reading import items, mapping, mappings, text
from burn_tui.simulator.strict_shared import (
    Asked,
    Body,
    bad_image_url,
    names,
    openai_tool_names,
    out_of_range,
    unknown_fields,
)

_FIELDS = names(
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages "
    "metadata modalities model n parallel_tool_calls prediction presence_penalty prompt_cache_key "
    "prompt_cache_retention random_seed reasoning reasoning_effort response_format safety_identifier seed service_tier "
    "stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options"
)
_CONTENT = {
    "system": frozenset({"text"}),
    "developer": frozenset({"text"}),
    "user": frozenset({"text", "image_url", "input_audio", "file"}),
    "assistant": frozenset({"text", "refusal"}),
    "tool": frozenset({"text"}),
}
_LONGEST_ID = 40


def complaints(body: Body, asked: Asked) -> Iterator[str]:
    """Everything that is wrong with `body`, the first thing first."""
    yield from unknown_fields(body, _FIELDS, "Unrecognized request argument supplied: {}")
    if not text(body, "model"):
        yield "you must provide a model parameter"
    messages = list(mappings(body, "messages"))
    if not messages:
        yield "Invalid 'messages': empty array. Expected an array with minimum length 1."
    for place, message in enumerate(messages):
        yield from _about_message(message, f"messages[{place}]", asked)
    yield from _about_calls(messages)
    yield from _about_tools(body)
    yield from _about_settings(body)


def _about_message(message: Body, where: str, asked: Asked) -> Iterator[str]:
    role, content = text(message, "role"), message.get("content")
    if role not in _CONTENT:
        yield f"Invalid value for '{where}.role'."
        return
    calls = list(mappings(message, "tool_calls"))
    if content is None and not (role == "assistant" and calls):
        yield f"Invalid value for '{where}.content': expected a string, got null."
    if content == []:
        yield f"Invalid '{where}.content': empty array. Expected an array with minimum length 1."
    if "tool_calls" in message and (role != "assistant" or not calls):
        yield f"Invalid '{where}.tool_calls'."
    for piece in mappings(content):
        kind = text(piece, "type")
        if kind not in _CONTENT[role]:
            yield f"Invalid '{where}.content': `{kind}` is not supported in {role} messages."
        elif kind == "text" and "text" not in piece:
            yield f"Missing required parameter: '{where}.content[0].text'."
        elif kind == "image_url" and bad_image_url(text(piece, "image_url", "url")):
            yield f"Invalid '{where}.content': unsupported image."
    for call in calls:
        yield from _about_call(call, where, asked)


def _about_call(call: Body, where: str, asked: Asked) -> Iterator[str]:
    call_id = text(call, "id")
    if not call_id or call.get("type") != "function":
        yield f"Missing required parameter: '{where}.tool_calls[0].id'."
    if len(call_id) > _LONGEST_ID:
        yield (
            f"Invalid '{where}.tool_calls[0].id': string too long. Expected a string with maximum length 40, "
            f"but got a string with length {len(call_id)} instead."
        )
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", text(call, "function", "name")):
        yield f"Invalid '{where}.tool_calls[0].function.name': does not match pattern '^[a-zA-Z0-9_-]+$'."
    if not isinstance(mapping(call, "function").get("arguments"), str):
        yield f"Invalid type for '{where}.tool_calls[0].function.arguments': expected a string."
    # Google's endpoint of this dialect.
    proof = text(call, "extra_content", "google", "thought_signature")
    if proof and not asked.knows(proof):
        yield "Thought signature is not valid."


def _about_calls(messages: list[Body]) -> Iterator[str]:
    """Results stand right behind the message that called, one for each call."""
    waiting: list[str] = []
    for message in messages:
        if message.get("role") == "tool":
            call_id = text(message, "tool_call_id")
            if call_id not in waiting:
                yield (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'."
                )
            else:
                waiting.remove(call_id)
            continue
        if waiting:
            break
        waiting = [text(call, "id") for call in mappings(message, "tool_calls")]
    if waiting:
        yield (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(waiting)}"
        )


def _about_tools(body: Body) -> Iterator[str]:
    tools = list(mappings(body, "tools"))
    yield from openai_tool_names(tools)
    if "tools" in body and not tools:
        yield "Invalid 'tools': empty array. Expected an array with minimum length 1."
    yield from (
        f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."
        for name in ("tool_choice", "parallel_tool_calls")
        if name in body and not tools
    )


def _about_settings(body: Body) -> Iterator[str]:
    if "stream_options" in body and body.get("stream") is not True:
        yield "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    if len(items(body, "stop")) > 4:
        yield "Invalid 'stop': array too long. Expected an array with maximum length 4."
    if out_of_range(body, "temperature", 0, 2) or out_of_range(body, "top_p", 0, 1):
        yield "Invalid 'temperature': decimal out of range."
    if any(out_of_range(body, name, 1, 10**9) for name in ("max_tokens", "max_completion_tokens")):
        yield "Invalid 'max_tokens': integer below minimum value."
    if text(body, "response_format", "type") == "json_object" and not _speaks_of_json(body):
        yield "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."


def _speaks_of_json(body: Body) -> bool:
    for message in mappings(body, "messages"):
        pieces = [text(message, "content"), *(text(piece, "text") for piece in mappings(message, "content"))]
        if "json" in "".join(pieces).lower():
            return True
    return False
