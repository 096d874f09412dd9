"""What the Responses API refuses.

From OpenAI's reference (Create a model response) and its guides on reasoning and function calling; the sentences as its
users report them. It is asked to store nothing, as burn-tui asks it, so that an item's id means nothing to it.
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
    "background conversation include input instructions max_output_tokens max_tool_calls metadata model "
    "parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_retention reasoning "
    "safety_identifier service_tier store stream stream_options temperature text tool_choice tools top_logprobs top_p "
    "truncation user"
)
_INPUT = frozenset({"input_text", "input_image", "input_file"})
_CONTENT = {
    "system": _INPUT,
    "developer": _INPUT,
    "user": _INPUT,
    "assistant": frozenset({"output_text", "refusal"}),
}
_LONGEST_ID = 64


def complaints(body: Body, asked: Asked) -> Iterator[str]:
    """Everything that is wrong with `body`, the first thing first."""
    yield from unknown_fields(body, _FIELDS, "Unknown parameter: '{}'.")
    if not text(body, "model"):
        yield "Missing required parameter: 'model'."
    given = list(mappings(body, "input"))
    if not given and not text(body, "input"):
        yield "Invalid 'input': one of 'input', 'previous_response_id' or 'prompt' must be provided."
    for place, item in enumerate(given):
        yield from _about_item(item, f"input[{place}]")
    yield from _about_calls(given)
    yield from _about_reasoning(given, asked, is_stored=body.get("store") is not False)
    yield from openai_tool_names([tool for tool in mappings(body, "tools") if tool.get("type") == "function"])
    yield from _about_settings(body)


def _about_item(item: Body, where: str) -> Iterator[str]:
    match item.get("type", "message"):
        case "message":
            yield from _about_message(item, where)
        case "function_call":
            if not 0 < len(text(item, "call_id")) <= _LONGEST_ID:
                yield f"Invalid '{where}.call_id': string too long. Expected a string with maximum length 64."
            if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", text(item, "name")):
                yield f"Invalid '{where}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
            if not isinstance(item.get("arguments"), str):
                yield f"Missing required parameter: '{where}.arguments'."
        case "function_call_output" if not isinstance(item.get("output"), str | list):
            yield f"Missing required parameter: '{where}.output'."
        case _:
            pass


def _about_message(item: Body, where: str) -> Iterator[str]:
    role, content = text(item, "role"), item.get("content")
    if role not in _CONTENT:
        yield f"Invalid value: '{where}.role'."
        return
    if not isinstance(content, str | list) or content == []:
        yield f"Invalid '{where}.content': expected a string or an array with minimum length 1."
    for index, piece in enumerate(mappings(content)):
        kind = text(piece, "type")
        if kind not in _CONTENT[role]:
            yield f"Invalid value: '{kind}'. Supported values for {role} are: {', '.join(sorted(_CONTENT[role]))}."
        elif kind == "input_image" and bad_image_url(text(piece, "image_url")):
            yield f"Invalid '{where}.content[{index}].image_url'."


def _about_calls(given: list[Body]) -> Iterator[str]:
    called: list[str] = []
    for item in given:
        call_id = text(item, "call_id")
        if item.get("type") == "function_call":
            called.append(call_id)
        elif item.get("type") == "function_call_output":
            if call_id not in called:
                yield f"No tool call found for function call output with call_id {call_id}."
            else:
                called.remove(call_id)
    yield from (f"No tool output found for function call {call_id}." for call_id in called)


def _about_reasoning(given: list[Body], asked: Asked, *, is_stored: bool) -> Iterator[str]:
    for place, item in enumerate(given):
        if item.get("type") != "reasoning":
            continue
        name = text(item, "id") or f"input[{place}]"
        if "id" in item and not is_stored:
            yield f"Item with id '{name}' not found. Items are not persisted when `store` is set to false."
        if not asked.knows(text(item, "encrypted_content")):
            yield f"The encrypted content for item {name} could not be verified."
        following = next((after for after in given[place + 1 :] if after.get("type") != "reasoning"), {})
        is_the_models = following.get("type") == "function_call" or text(following, "role") == "assistant"
        if not is_the_models:
            yield f"Item '{name}' of type 'reasoning' was provided without its required following item."


def _about_settings(body: Body) -> Iterator[str]:
    if out_of_range(body, "max_output_tokens", 16, 10**9):
        yield "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16."
    if out_of_range(body, "temperature", 0, 2) or out_of_range(body, "top_p", 0, 1):
        yield "Invalid 'temperature': decimal out of range."
    if "tool_choice" in body and not items(body, "tools"):
        yield "Tool choice must be specified with 'tools' parameter."
    if text(body, "text", "format", "type") == "json_object" and not _speaks_of_json(body):
        yield "Response input messages must contain the word 'json' in some form to use 'text.format'."


def _speaks_of_json(body: Body) -> bool:
    words = [text(body, "input"), text(body, "instructions")]
    for item in mappings(body, "input"):
        words += [text(item, "content"), *(text(piece, "text") for piece in mappings(mapping(item).get("content")))]
    return "json" in "".join(words).lower()
