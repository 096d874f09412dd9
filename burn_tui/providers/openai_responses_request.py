"""Requests of the Responses API, both ways: developers.openai.com/api/docs/api-reference/responses/create.

Nothing is stored at the provider (`store: false`): the conversation goes along every time, as a list of items, and so
does the model's reasoning, as the encrypted item that it came as. Reasoning.signature is what must go back of it, the
JSON text {"id": ..., "encrypted_content": ...}; reasoning without one is never sent back.

An item's id means only what the provider has stored, and is looked for there: it is left out.

Options in catalog.yaml: `reasoning_summary` (auto, concise, detailed) asks for the thinking to be told, which OpenAI
grants to verified organisations only; `encrypted_reasoning` (yes, no) for models whose name does not say whether they
reason.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import get_args

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
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
    said,
)
from burn_tui.core.context import Sight, fitting
from burn_tui.providers.extras import extras_in, fields_for
from burn_tui.providers.reading import (
    body_of,
    compact,
    count,
    items,
    json_object,
    mapping,
    mappings,
    number,
    parsed,
    text,
)
from burn_tui.providers.stand_ins import BEFORE, JSON_ONLY, must_say_json
from burn_tui.providers.tool_names import Naming

NAME = "openai-responses"

LONGEST_CALL_ID = 64
"""Characters; OpenAI turns longer ids away."""

LEAST_OUTPUT_TOKENS = 16
"""A lower limit is turned away."""

SIGHT = Sight(
    media_types=frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
    address_starts=("https://", "http://"),
)
"""developers.openai.com/api/docs/guides/images-vision. Only the user shows pictures."""

NAMING = Naming()
"""Of calls of the past as well, whoever made them: a name that a model made up must not spoil what follows."""

_KNOWN = frozenset(
    {
        "background",
        "conversation",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "reasoning",
        "store",
        "stream",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_p",
    }
)
"""Fields that are read below, or that mean what is stored at the provider; everything else is extra."""

_REASONS = re.compile(r"(?:^|[/.])(?:o\d|gpt-(?:[5-9]|\d\d)|codex|grok-[34])(?!.*-(?:chat|non-reasoning))")
"""Models that reason by their name: the others refuse to be asked for encrypted reasoning."""

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_DATA_URL = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)

_Item = dict[str, object]

# --- writing -------------------------------------------------------------------------------------


def request_body(request: ChatRequest, *, model: str, provider: Provider) -> _Item:
    """The body that asks `model`."""
    body: _Item = {
        **fields_for(request, NAME),
        "model": model,
        "input": _input(request, provider.name),
        "stream": request.stream,
        "store": False,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "tool_choice": _tool_choice(request),
        "parallel_tool_calls": request.parallel_tool_calls if request.tools else None,
        "max_output_tokens": _output_limit(request.max_output_tokens),
        "temperature": request.temperature,
        "top_p": request.top_p,
        "text": _text_options(request.response_format),
        "reasoning": _reasoning_options(request, provider),
        "include": ["reasoning.encrypted_content"] if _may_reason(request, model, provider) else None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _output_limit(tokens: int | None) -> int | None:
    return None if tokens is None else max(tokens, LEAST_OUTPUT_TOKENS)


def _tool(tool: Tool) -> _Item:
    # Left out, `strict` would be true here, and most schemas are not fit for it.
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": json_object(tool.parameters) or {},
        "strict": tool.strict,
    }


def _tool_choice(request: ChatRequest) -> object:
    if not request.tools:
        return None
    choice = request.tool_choice
    return {"type": "function", "name": choice.name} if isinstance(choice, NamedTool) else choice


def _text_options(wanted: JsonFormat | None) -> _Item | None:
    if wanted is None:
        return None
    if wanted.schema is None:
        return {"format": {"type": "json_object"}}
    schema: object = json_object(wanted.schema) or {}
    return {"format": {"type": "json_schema", "name": wanted.name, "schema": schema, "strict": wanted.strict}}


def _reasoning_options(request: ChatRequest, provider: Provider) -> _Item | None:
    options = {"effort": request.reasoning_effort, "summary": provider.options.get("reasoning_summary")}
    return {name: value for name, value in options.items() if value is not None} or None


def _may_reason(request: ChatRequest, model: str, provider: Provider) -> bool:
    if (option := provider.options.get("encrypted_reasoning")) is not None:
        return option == "yes"
    return request.reasoning_effort not in {None, "none"} or _REASONS.search(model) is not None


def _input(request: ChatRequest, provider_name: str) -> list[_Item]:
    found = [item for message in fitting(request.messages, SIGHT) for item in _items(message, provider_name)]
    if must_say_json(request):
        found.insert(0, {"type": "message", "role": "system", "content": [{"type": "input_text", "text": JSON_ONLY}]})
    if not found:
        found.append({"type": "message", "role": "user", "content": [{"type": "input_text", "text": BEFORE}]})
    return found


def _items(message: Message, provider_name: str) -> list[_Item]:
    found: list[_Item] = []
    for is_content, group in groupby(message.parts, key=lambda part: isinstance(part, Text | Image)):
        parts = tuple(group)
        found += _message_items(message.role, parts) if is_content else _other_items(parts, provider_name)
    while found and found[-1]["type"] == "reasoning":
        # OpenAI refuses reasoning that is not followed by what it led to.
        found.pop()
    return found


def _message_items(role: Role, parts: Iterable[Part]) -> Iterator[_Item]:
    content = [piece for part in parts if (piece := _content(part, role)) is not None]
    if content:
        yield {"type": "message", "role": "user" if role == "tool" else role, "content": content}


def _content(part: Part, role: Role) -> _Item | None:
    words_type = "output_text" if role == "assistant" else "input_text"
    match part:
        case Text(words) if words:
            return {"type": words_type, "text": words}
        case Image():
            url = part.url if part.url is not None else f"data:{part.media_type};base64,{part.data}"
            return {"type": "input_image", "detail": "auto", "image_url": url}
        case _:
            return None


def _other_items(parts: Iterable[Part], provider_name: str) -> Iterator[_Item]:
    for part in parts:
        match part:
            case ToolCall():
                call = {
                    "call_id": _call_id(part.id),
                    "name": NAMING.allowed(part.name),
                    "arguments": part.arguments or "{}",
                }
                yield {"type": "function_call", **call}
            case ToolResult():
                yield {"type": "function_call_output", "call_id": _call_id(part.id), "output": part.content}
            case Reasoning(signature=str(signature)) if part.provider_name == provider_name:
                summary = [{"type": "summary_text", "text": part.text}] if part.text else []
                yield {"type": "reasoning", "summary": summary, "encrypted_content": sealed(signature)}
            case _:
                pass


def _call_id(own: str) -> str:
    """The id, or one of its own in its place where the API would reject it."""
    if 0 < len(own) <= LONGEST_CALL_ID:
        return own
    return "call_" + hashlib.sha256(own.encode("utf-8", "surrogatepass")).hexdigest()[: LONGEST_CALL_ID - 5]


# --- what both directions need ---------------------------------------------------------------------


def signature_of(item: _Item) -> str | None:
    """What must be sent back of a reasoning item; None if it is nothing without a store at the provider."""
    if not text(item, "encrypted_content"):
        return None
    return compact({name: text(item, name) for name in ("id", "encrypted_content")})


def signed(signature: str) -> _Item:
    """The fields of a reasoning item that `signature` stands for; somebody else's is taken as it is."""
    try:
        stated = mapping(parsed(signature))
    except ValueError:
        stated = {}
    if text(stated, "encrypted_content"):
        return {name: text(stated, name) for name in ("id", "encrypted_content")}
    return {"encrypted_content": signature}


def sealed(signature: str) -> str:
    """The encrypted content that `signature` stands for."""
    return text(signed(signature), "encrypted_content")


def reasoning_text(item: _Item) -> str:
    """A reasoning item's summary, and its very words where the provider tells them."""
    return "".join(text(piece, "text") for field in ("summary", "content") for piece in mappings(item, field))


# --- reading -------------------------------------------------------------------------------------


def read_request(data: bytes) -> ChatRequest:
    """What a client asks for. ValueError with a sentence if it cannot be read."""
    body = _read_body(data)
    return ChatRequest(
        messages=tuple(_merged(_read_messages(body))),
        model=text(body, "model") or None,
        tools=tuple(_read_tools(body)),
        tool_choice=_read_tool_choice(body.get("tool_choice")),
        parallel_tool_calls=_read_parallel(body.get("parallel_tool_calls")),
        max_output_tokens=count(body, "max_output_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        response_format=_read_format(mapping(body, "text", "format")),
        reasoning_effort=_read_effort(text(body, "reasoning", "effort")),
        stream=body.get("stream") is True,
        extras=extras_in(body, NAME, known=_KNOWN),
    )


def _read_parallel(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _read_body(data: bytes) -> _Item:
    body = mapping(body_of(data))
    if not (text(body, "input") or items(body, "input")):
        raise ValueError("input: must be a string or a list of items, and not empty")
    for name in ("previous_response_id", "conversation"):
        if body.get(name):
            raise ValueError(f"{name}: no responses are stored here; send the whole conversation as input")
    return body


def _read_messages(body: _Item) -> Iterator[Message]:
    if instructions := text(body, "instructions"):
        yield said("system", instructions)
    given = body["input"]
    if isinstance(given, str):
        yield said("user", given)
    for item in mappings(given):
        yield from _read_item(item)


def _merged(messages: Iterable[Message]) -> list[Message]:
    """The items of one turn of the assistant's, or of one round of results, as one message."""
    merged: list[Message] = []
    for message in messages:
        if merged and message.role == merged[-1].role and message.role in {"assistant", "tool"}:
            merged[-1] = Message(message.role, merged[-1].parts + message.parts)
        else:
            merged.append(message)
    return merged


def _read_item(item: _Item) -> Iterator[Message]:
    """Nothing for the items that only OpenAI's own servers can make or use."""
    match item.get("type", "message"):
        case "message":
            if parts := tuple(_read_parts(item.get("content"))):
                yield Message(_ROLES.get(text(item, "role"), "user"), parts)
        case "function_call":
            arguments = text(item, "arguments") or "{}"
            yield Message("assistant", (ToolCall(text(item, "call_id"), text(item, "name"), arguments),))
        case "custom_tool_call":
            arguments = compact({"input": text(item, "input")})
            yield Message("assistant", (ToolCall(text(item, "call_id"), text(item, "name"), arguments),))
        case "function_call_output" | "custom_tool_call_output":
            words = "".join(part.text for part in _read_parts(item.get("output")) if isinstance(part, Text))
            yield Message("tool", (ToolResult(text(item, "call_id"), words),))
        case "reasoning":
            yield Message("assistant", (Reasoning(reasoning_text(item), signature_of(item)),))
        case _:
            pass


def _read_parts(content: object) -> Iterator[Part]:
    if isinstance(content, str):
        yield Text(content)
    for piece in mappings(content):
        match piece.get("type"):
            case "input_text" | "output_text" | "text":
                yield Text(text(piece, "text"))
            case "refusal":
                yield Text(text(piece, "refusal"))
            case "input_image":
                yield _read_image(text(piece, "image_url"))
            case "input_file":
                yield Text(f"[file: {text(piece, 'filename') or text(piece, 'file_url') or text(piece, 'file_id')}]")
            case _:
                pass


def _read_image(url: str) -> Image:
    inline = _DATA_URL.fullmatch(url)
    return Image(inline[1], inline[2]) if inline else Image(url=url)


def _read_tools(body: _Item) -> Iterator[Tool]:
    """The functions; freeform and hosted tools are left out, for only OpenAI's own models can call them."""
    for tool in mappings(body, "tools"):
        if tool.get("type") == "function" and text(tool, "name"):
            parameters = compact(mapping(tool, "parameters"))
            yield Tool(text(tool, "name"), text(tool, "description"), parameters, strict=tool.get("strict") is True)


def _read_tool_choice(choice: object) -> ToolChoice | None:
    if name := text(choice, "name"):
        return NamedTool(name)
    match choice if isinstance(choice, str) else text(choice, "mode"):
        case "auto":
            return "auto"
        case "none":
            return "none"
        case "required":
            return "required"
        case _:
            return None


def _read_format(wanted: _Item) -> JsonFormat | None:
    match wanted.get("type"):
        case "json_object":
            return JsonFormat()
        case "json_schema":
            schema = compact(mapping(wanted, "schema"))
            return JsonFormat(schema, text(wanted, "name") or "answer", strict=wanted.get("strict") is True)
        case _:
            return None


def _read_effort(word: str) -> ReasoningEffort | None:
    efforts: tuple[ReasoningEffort, ...] = get_args(ReasoningEffort)
    return next((effort for effort in efforts if effort == word), None)
