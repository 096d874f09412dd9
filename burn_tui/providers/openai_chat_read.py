"""What a client of OpenAI's Chat Completions API asks for.

Whatever can be passed on to any provider is; what cannot (audio, files, several choices) is refused in words rather
than left out, because the answer would be to another question.
"""

import re
from collections.abc import Iterator
from typing import get_args

from msgspec import structs

from burn_tui.core.chat import (
    CacheFor,
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Part,
    Reasoning,
    ReasoningEffort,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from burn_tui.providers.extras import extras_in
from burn_tui.providers.reading import compact, count, items, mapping, mappings, number, parsed, text

NAME = "openai-chat"

_KNOWN = frozenset(
    {
        "function_call",
        "functions",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "parallel_tool_calls",
        "reasoning",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
    }
)
"""Fields that are read below; everything else is extra."""

_Json = dict[str, object]

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_EFFORTS: dict[str, ReasoningEffort] = {effort: effort for effort in get_args(ReasoningEffort)}
_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^;,]*)*;base64,(.*)", re.DOTALL | re.IGNORECASE)


def read_request(body: bytes) -> ChatRequest:
    """The request in a body; ValueError with a sentence if it cannot be read or not be passed on."""
    try:
        asked = mapping(parsed(body))
    except ValueError as error:
        raise ValueError(f"The body is no JSON: {error}.") from error
    if not items(asked, "messages"):
        raise ValueError("The body must be a JSON object whose messages are a list of at least one.")
    if asked.get("n") not in (None, 1):
        raise ValueError("n must be 1: burn-tui passes on one choice.")
    is_streamed = asked.get("stream") is True
    return ChatRequest(
        messages=tuple(_messages(asked)),
        model=text(asked, "model") or None,
        tools=tuple(_tools(asked)),
        tool_choice=_tool_choice(asked),
        parallel_tool_calls=_parallel(asked.get("parallel_tool_calls")),
        max_output_tokens=_either(count(asked, "max_completion_tokens"), count(asked, "max_tokens")),
        temperature=number(asked, "temperature"),
        top_p=number(asked, "top_p"),
        stop_sequences=_stop_sequences(asked.get("stop")),
        seed=_seed(asked.get("seed")),
        response_format=_response_format(asked),
        reasoning_effort=_EFFORTS.get(text(asked, "reasoning_effort") or text(asked, "reasoning", "effort")),
        stream=is_streamed,
        stream_usage=not is_streamed or mapping(asked, "stream_options").get("include_usage") is True,
        extras=extras_in(asked, NAME, known=_KNOWN),
    )


def _parallel(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _either(first: int | None, second: int | None) -> int | None:
    return second if first is None else first


def _seed(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _stop_sequences(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(stop for stop in items(value) if isinstance(stop, str))


def _messages(asked: _Json) -> Iterator[Message]:
    for position, message in enumerate(items(asked, "messages")):
        where = f"messages[{position}]"
        role = text(message, "role")
        if role == "tool":
            yield Message("tool", (ToolResult(text(message, "tool_call_id"), _plain_text(message, where)),))
        elif role == "function":
            yield Message("tool", (ToolResult(text(message, "name"), _plain_text(message, where)),))
        elif role == "assistant":
            yield Message("assistant", tuple(_assistant_parts(message, where)))
        elif role in _ROLES:
            yield Message(_ROLES[role], tuple(_content(message, where)))
        else:
            raise ValueError(f"{where}.role must be system, developer, user, assistant or tool.")


def _assistant_parts(message: object, where: str) -> Iterator[Part]:
    thought = text(message, "reasoning_content") or text(message, "reasoning")
    if thought:
        yield Reasoning(thought)
    yield from _content(message, where)
    if refusal := text(message, "refusal"):
        yield Text(refusal)
    for call in mappings(message, "tool_calls"):
        function = mapping(call, "function")
        if not text(function, "name"):
            raise ValueError(f"{where}.tool_calls: only calls of functions can be passed on.")
        yield ToolCall(text(call, "id"), text(function, "name"), text(function, "arguments") or "{}")
    if name := text(message, "function_call", "name"):
        # The API of 2023 had no ids: its results name the function.
        yield ToolCall(name, name, text(message, "function_call", "arguments") or "{}")


def _plain_text(message: object, where: str) -> str:
    """The text of a message that can hold nothing else."""
    return "".join(part.text for part in _content(message, where) if isinstance(part, Text))


def _content(message: object, where: str) -> Iterator[Text | Image]:
    if said := text(message, "content"):
        yield Text(said)
    for position, item in enumerate(items(message, "content")):
        kind = text(item, "type")
        if kind in {"text", "refusal"}:
            if said := text(item, kind):
                yield Text(said, _cache_for(item))
        elif kind == "image_url":
            image = _image(text(item, "image_url", "url") or text(item, "image_url"))
            yield structs.replace(image, cache_for=_cache_for(item))
        else:
            raise ValueError(f"{where}.content[{position}]: a part of type {kind!r} cannot be passed on.")


def _cache_for(item: object) -> CacheFor | None:
    """The mark that OpenRouter and LiteLLM pass on to Anthropic; None = there is none."""
    if not mapping(item, "cache_control"):
        return None
    return "1h" if text(item, "cache_control", "ttl") == "1h" else "5m"


def _image(url: str) -> Image:
    inline = _DATA_URL.fullmatch(url)
    return Image(inline[1] or "image/png", "".join(inline[2].split())) if inline else Image(url=url)


def _tools(asked: _Json) -> Iterator[Tool]:
    for position, tool in enumerate(items(asked, "tools")):
        if not text(tool, "function", "name"):
            raise ValueError(f"tools[{position}]: only tools of type function can be passed on.")
        yield _tool(mapping(tool, "function"))
    for function in mappings(asked, "functions"):
        yield _tool(function)


def _tool(function: _Json) -> Tool:
    parameters = mapping(function, "parameters") or {"type": "object", "properties": {}}
    schema = compact(parameters)
    return Tool(text(function, "name"), text(function, "description"), schema, function.get("strict") is True)


def _tool_choice(asked: _Json) -> ToolChoice | None:
    choice = asked.get("tool_choice", asked.get("function_call"))
    name = text(choice, "function", "name") or text(choice, "name")
    match text(choice) or text(choice, "allowed_tools", "mode"):
        case "auto":
            return "auto"
        case "none":
            return "none"
        case "required":
            return "required"
        case _:
            return NamedTool(name) if name else None


def _response_format(asked: _Json) -> JsonFormat | None:
    match text(asked, "response_format", "type"):
        case "json_object":
            return JsonFormat()
        case "json_schema":
            wanted = mapping(asked, "response_format", "json_schema")
            schema = compact(mapping(wanted, "schema"))
            return JsonFormat(schema, text(wanted, "name") or "answer", wanted.get("strict") is True)
        case _:
            return None
