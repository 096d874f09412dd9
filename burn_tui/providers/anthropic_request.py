"""Requests of Anthropic's Messages API, both ways: platform.claude.com/docs/en/api/messages/create.

What the API demands and other dialects do not: a number of max_tokens, system text apart from the turns, turns that
alternate and begin with the user's, tool results first in the turn that follows their calls, and no blank text.
`cache_control` stands on blocks and tools, at most four times: core's `cache_for`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Raw, structs

from burn_tui.core.chat import (
    CacheFor,
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from burn_tui.core.context import Sight, fitting
from burn_tui.providers.anthropic_generations import (
    default_max_tokens,
    effort_of,
    extra_tokens,
    generation,
    sampling,
    thinking,
)
from burn_tui.providers.anthropic_reading import REDACTED
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
from burn_tui.providers.stand_ins import BEFORE, GO_ON, JSON_ONLY
from burn_tui.providers.tool_names import Naming

NAME = "anthropic-messages"

SIGHT = Sight(
    media_types=frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}), address_starts=("https://",)
)
"""platform.claude.com/docs/en/build-with-claude/vision."""

NAMING = Naming(longest=128)
"""Of calls of the past as well, whoever made them: a name that a model made up must not spoil what follows."""

_MOST_CACHE_MARKS = 4

_KNOWN = frozenset(
    {
        "max_tokens",
        "messages",
        "model",
        "output_config",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_p",
    }
)
"""Fields that are read below; everything else is extra."""

_Block = dict[str, object]

# --- writing -------------------------------------------------------------------------------------


def request_body(request: ChatRequest, *, model: str, provider_name: str) -> _Block:
    """The body that asks `model`. What the API cannot express (a seed) is left out."""
    turns = _turns(fitting(request.messages, SIGHT), provider_name)
    thought = thinking(request, model, may_start=not _goes_on_without_thinking(turns))
    thinks = extra_tokens(thought) > 0
    _end(turns, with_user=thinks or not _takes_prefill(model))
    max_tokens = request.max_output_tokens
    if max_tokens is None:
        max_tokens = default_max_tokens(model) + extra_tokens(thought)
    body: _Block = {
        **fields_for(request, NAME),
        "model": model,
        "max_tokens": max_tokens,
        "system": _system(request),
        "messages": turns,
        **_tools(request),
        **sampling(request, model, thinks=thinks),
        **thought,
        "stop_sequences": [stop for stop in request.stop_sequences if stop.strip()],
        "stream": request.stream,
    }
    if request.response_format is not None and request.response_format.schema is not None:
        schema: _Block = {"type": "json_schema", "schema": json_object(request.response_format.schema) or {}}
        body["output_config"] = {**mapping(body, "output_config"), "format": schema}
    _keep_last_cache_marks(body)
    return {name: value for name, value in body.items() if value != []}


def _takes_prefill(model: str) -> bool:
    """Whether the model's own turn may stand last, for it to go on from: not from Claude 4.6 on."""
    version = generation(model)
    return version is None or version < (4, 6)


def _system(request: ChatRequest) -> list[_Block]:
    said = [part for message in request.messages if message.role == "system" for part in _texts(message.parts)]
    if request.response_format is not None and request.response_format.schema is None:
        said.append(Text(JSON_ONLY))
    return [_marked({"type": "text", "text": part.text}, part.cache_for) for part in said if part.text.strip()]


def _texts(parts: Iterable[Part]) -> Iterator[Text]:
    return (part for part in parts if isinstance(part, Text))


def _tools(request: ChatRequest) -> _Block:
    """Tools and the choice among them, which may not stand alone."""
    if not request.tools:
        return {}
    tools = [_tool(tool) for tool in request.tools]
    choice = _choice(request.tool_choice)
    if request.parallel_tool_calls is not None and request.tool_choice != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": not request.parallel_tool_calls}
    return {"tools": tools} if choice is None else {"tools": tools, "tool_choice": choice}


def _choice(choice: ToolChoice | None) -> _Block | None:
    match choice:
        case None:
            return None
        case NamedTool(name):
            return {"type": "tool", "name": name}
        case "required":
            return {"type": "any"}
        case word:
            return {"type": word}


def _tool(tool: Tool) -> _Block:
    schema = json_object(tool.parameters)
    fields = {} if schema is None else mapping(parsed(tool.parameters))
    described: _Block = {"name": tool.name, "input_schema": schema}
    if "type" not in fields:  # A schema that does not say that it is an object's is refused.
        described["input_schema"] = Raw(compact({"type": "object", **fields}).encode())
    if tool.description:
        described["description"] = tool.description
    if tool.strict:
        described["strict"] = True
    return _marked(described, tool.cache_for)


def _turns(messages: Iterable[Message], provider_name: str) -> list[_Block]:
    """The conversation as user and assistant in turn, the user first."""
    merged: list[tuple[str, list[_Block]]] = []
    ids = _Ids()
    said = (message for message in messages if message.role != "system")
    for is_assistant, run in groupby(said, key=lambda message: message.role == "assistant"):
        role = "assistant" if is_assistant else "user"
        blocks = [block for message in run for block in _blocks(message, provider_name, ids)]
        if is_assistant:
            _drop_last_thoughts(blocks)
        if blocks and merged and merged[-1][0] == role:
            merged[-1][1].extend(blocks)
        elif blocks:
            merged.append((role, blocks))
    if not merged or merged[0][0] != "user":
        merged.insert(0, ("user", [{"type": "text", "text": BEFORE}]))
    # A turn with text before its tool results is refused.
    return [{"role": role, "content": sorted(blocks, key=_is_no_result)} for role, blocks in merged]


def _drop_last_thoughts(blocks: list[_Block]) -> None:
    """A turn may not end with thinking."""
    while blocks and text(blocks[-1], "type").endswith("thinking"):
        blocks.pop()


def _end(turns: list[_Block], *, with_user: bool) -> None:
    """Let the conversation end as the API wants it: with the user, or with words of the model's and no space after."""
    last = turns[-1]
    if last["role"] == "user":
        return
    if with_user:
        turns.append({"role": "user", "content": [{"type": "text", "text": GO_ON}]})
    else:
        *before, words = mappings(last, "content")
        last["content"] = [*before, {**words, "text": text(words, "text").rstrip()}]


def _is_no_result(block: _Block) -> bool:
    return block["type"] != "tool_result"


def _goes_on_without_thinking(turns: Sequence[_Block]) -> bool:
    """Whether the last turn brings tool results for an assistant's turn that does not begin with thinking."""
    brings_results = any(block["type"] == "tool_result" for block in mappings(turns[-1], "content"))
    return brings_results and not text(items(turns[-2], "content")[0], "type").endswith("thinking")


class _Ids:
    """Tool call ids as the API takes them: letters, digits, _ and -, and none twice in a conversation."""

    def __init__(self) -> None:
        self._latest: dict[str, str] = {}
        self._used: set[str] = set()

    def of_call(self, call_id: str) -> str:
        """A name of its own for a new call: its id, where that is allowed."""
        plain = re.sub(r"[^a-zA-Z0-9_-]", "_", call_id) or "call"
        name, times = plain, 1
        while name in self._used:
            times += 1
            name = f"{plain}_{times}"
        self._used.add(name)
        self._latest[call_id] = name
        return name

    def of_result(self, call_id: str) -> str:
        """What the latest call of that id is named."""
        return self._latest[call_id]


def _blocks(message: Message, provider_name: str, ids: _Ids) -> list[_Block]:
    blocks = (_block(part, message, provider_name, ids) for part in message.parts)
    return [block for block in blocks if block is not None]


def _block(part: Part, message: Message, provider_name: str, ids: _Ids) -> _Block | None:
    """One content block; None for what may not be sent."""
    match part:
        case Text(words):
            return _marked({"type": "text", "text": words}, part.cache_for) if words.strip() else None
        case Image():
            return _marked(_image(part), part.cache_for)
        case Reasoning(words, signature, who):
            is_its_own = message.role == "assistant" and who == provider_name
            return _thought(words, signature) if is_its_own and signature else None
        case ToolCall(call_id, name, arguments):
            given = json_object(arguments) or {"invalid_arguments": arguments}
            called: _Block = {"id": ids.of_call(call_id), "name": NAMING.allowed(name), "input": given}
            return _marked({"type": "tool_use", **called}, part.cache_for)
        case ToolResult(call_id, content, is_error):
            block: _Block = {"type": "tool_result", "tool_use_id": ids.of_result(call_id), "content": content}
            return _marked({**block, "is_error": True} if is_error else block, part.cache_for)


def _marked(block: _Block, cache_for: CacheFor | None) -> _Block:
    if cache_for is None:
        return block
    # Five minutes are the default, which older imitators know by nothing else.
    lifetime = {} if cache_for == "5m" else {"ttl": cache_for}
    return {**block, "cache_control": {"type": "ephemeral", **lifetime}}


def _keep_last_cache_marks(body: _Block) -> None:
    """Of too many marks the latest are worth most: each stands for everything before it."""
    blocks = [
        *mappings(body, "tools"),
        *mappings(body, "system"),
        *(block for turn in mappings(body, "messages") for block in mappings(turn, "content")),
    ]
    marked = [block for block in blocks if "cache_control" in block]
    for block in marked[: -(_MOST_CACHE_MARKS - ("cache_control" in body))]:
        del block["cache_control"]


def _image(image: Image) -> _Block:
    if image.url is not None:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": image.data or ""}}


def _thought(words: str, signature: str) -> _Block:
    if signature.startswith(REDACTED):
        return {"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)}
    return {"type": "thinking", "thinking": words, "signature": signature}


# --- reading -------------------------------------------------------------------------------------


def read_request(headers: Mapping[str, str], data: bytes) -> ChatRequest:
    """What a client asks for. ValueError with a sentence if it cannot be read.

    Tools that run on Anthropic's own servers (web search and the like) have no schema and are left out.
    """
    body = _read_body(data)
    thought, config = mapping(body, "thinking"), mapping(body, "output_config")
    return ChatRequest(
        messages=(*_read_system(body.get("system")), *_read_turns(body["messages"])),
        model=text(body, "model") or None,
        tools=tuple(_read_tool(tool) for tool in mappings(body, "tools") if isinstance(tool.get("input_schema"), dict)),
        tool_choice=_read_choice(mapping(body, "tool_choice")),
        parallel_tool_calls=_read_parallel(mapping(body, "tool_choice")),
        max_output_tokens=count(body, "max_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        stop_sequences=tuple(stop for stop in items(body, "stop_sequences") if isinstance(stop, str)),
        response_format=_read_format(mapping(config, "format")),
        reasoning_effort=effort_of(text(thought, "type"), text(config, "effort"), count(thought, "budget_tokens")),
        stream=body.get("stream") is True,
        extras=extras_in(body, NAME, known=_KNOWN, headers=_read_beta(headers)),
    )


def _read_beta(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Some fields are known only to the API that is told so in a header."""
    return {name: value for name, value in headers.items() if name == "anthropic-beta" and value}


def _read_parallel(choice: _Block) -> bool | None:
    disabled = choice.get("disable_parallel_tool_use")
    return not disabled if isinstance(disabled, bool) else None


def _read_cache(block: _Block) -> CacheFor | None:
    """How long the prompt up to `block` is to be kept; None without a mark."""
    if not mapping(block, "cache_control"):
        return None
    return "1h" if text(block, "cache_control", "ttl") == "1h" else "5m"


def _read_body(data: bytes) -> _Block:
    body = mapping(body_of(data))
    if not text(body, "model"):
        raise ValueError("model: must be a string")
    if body.get("messages") != items(body, "messages"):
        raise ValueError("messages: must be a list")
    if count(body, "max_tokens") is None:
        raise ValueError("max_tokens: must be a number")
    return body


def _read_system(system: object) -> Iterator[Message]:
    parts = tuple(_texts(_read_parts(system)))
    if parts:
        yield Message("system", parts)


def _read_turns(turns: object) -> Iterator[Message]:
    """The messages. Tool results stand in a user's turn there, and in a message of their own here."""
    for place, turn in enumerate(items(turns)):
        role, content = text(turn, "role"), mapping(turn).get("content")
        if role not in {"user", "assistant", "system"} or not isinstance(content, str | list):
            raise ValueError(f"messages.{place}: must have a role of user or assistant, and content")
        parts = tuple(_read_parts(content))
        results = tuple(part for part in parts if isinstance(part, ToolResult))
        others = tuple(part for part in parts if not isinstance(part, ToolResult))
        if results:
            yield Message("tool", results)
        if others:
            yield Message("system" if role == "system" else "assistant" if role == "assistant" else "user", others)


def _read_parts(content: object) -> Iterator[Part]:
    if isinstance(content, str):
        yield Text(content)
    for block in mappings(content):
        match block.get("type"):
            case "text":
                yield Text(text(block, "text"), _read_cache(block))
            case "image":
                yield structs.replace(_read_image(mapping(block, "source")), cache_for=_read_cache(block))
            case "thinking":
                yield Reasoning(text(block, "thinking"), text(block, "signature") or None)
            case "redacted_thinking":
                yield Reasoning("", REDACTED + text(block, "data"))
            case "tool_use":
                arguments = compact(mapping(block, "input"))
                yield ToolCall(text(block, "id"), text(block, "name"), arguments, cache_for=_read_cache(block))
            case "tool_result":
                yield from _read_result(block)
            case "document":
                yield Text(_read_document(block), _read_cache(block))
            case _:
                pass  # What only Anthropic's own servers can make or use.


def _read_result(block: _Block) -> Iterator[Part]:
    """The result as text, and its pictures beside it: no other dialect has pictures inside a result."""
    parts = tuple(_read_parts(block.get("content")))
    words = "\n".join(part.text for part in _texts(parts))
    yield ToolResult(text(block, "tool_use_id"), words, block.get("is_error") is True, _read_cache(block))
    yield from (part for part in parts if isinstance(part, Image))


def _read_image(source: _Block) -> Image:
    if source.get("type") == "url":
        return Image(url=text(source, "url"))
    return Image(media_type=text(source, "media_type") or "image/png", data=text(source, "data"))


def _read_document(block: _Block) -> str:
    """A document's own text where it has any, else its name: other dialects have no documents."""
    source = mapping(block, "source")
    if source.get("type") == "text":
        return text(source, "data")
    return f"[document: {text(block, 'title') or text(source, 'url') or text(source, 'media_type')}]"


def _read_tool(tool: _Block) -> Tool:
    schema = compact(tool["input_schema"])
    return Tool(text(tool, "name"), text(tool, "description"), schema, tool.get("strict") is True, _read_cache(tool))


def _read_choice(choice: _Block) -> ToolChoice | None:
    match choice.get("type"):
        case "auto" | "none" as kind:
            return "auto" if kind == "auto" else "none"
        case "any":
            return "required"
        case "tool":
            return NamedTool(text(choice, "name"))
        case _:
            return None


def _read_format(wanted: _Block) -> JsonFormat | None:
    if wanted.get("type") != "json_schema":
        return None
    return JsonFormat(compact(mapping(wanted, "schema")), strict=True)
