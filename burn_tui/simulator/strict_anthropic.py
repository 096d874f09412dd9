"""What the Messages API refuses.

From its reference (Create a Message) and the guides on tool use (Handle tool calls), extended and adaptive thinking,
prompt caching, vision, and prefilling; the sentences as its users report them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from burn_tui.providers.anthropic_generations import generation
from burn_tui.providers.reading import items, mapping, mappings, text
from burn_tui.simulator.strict_shared import Asked, Body, is_base64, names, out_of_range, unknown_fields

_FIELDS = names(
    "cache_control container context_management inference_geo max_tokens mcp_servers messages metadata model "
    "output_config service_tier speed stop_sequences stream system temperature thinking tool_choice tools top_k "
    "top_p"
)
_MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_OF_ROLE = {
    "user": frozenset({"text", "image", "document", "tool_result", "search_result"}),
    "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use"}),
}
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})

_Turn = tuple[str, list[Body]]
"""Role and blocks, neighbours of one role merged, as the API does it."""


def complaints(body: Body, asked: Asked) -> Iterator[str]:
    """Everything that is wrong with `body`, the first thing first."""
    yield from unknown_fields(body, _FIELDS, "{}: Extra inputs are not permitted")
    if not text(body, "model"):
        yield "model: Field required"
    if out_of_range({"max_tokens": body.get("max_tokens", 0)}, "max_tokens", 1, 10**9):
        yield "max_tokens: Field required, and greater than or equal to 1"
    yield from _about_messages(body)
    turns = _turns(body)
    yield from _about_system(body)
    yield from _about_tools(body)
    yield from _about_calls(turns)
    yield from _about_thoughts(turns, asked)
    yield from _about_thinking(body, turns, asked)
    yield from _about_sampling(body, asked)
    yield from _about_the_end(body, turns, asked)
    yield from _about_cache(body)


def _about_messages(body: Body) -> Iterator[str]:
    messages = items(body, "messages")
    if not messages:
        yield "messages: at least one message is required"
    elif text(messages[0], "role") != "user":
        yield 'messages: first message must use the "user" role'
    for place, message in enumerate(messages):
        where = f"messages.{place}"
        role, content = text(message, "role"), mapping(message).get("content")
        if role not in _OF_ROLE:
            yield f"{where}.role: Input should be 'user' or 'assistant'"
        elif content == [] or (isinstance(content, str) and not content.strip()) or not isinstance(content, str | list):
            yield f"{where}: all messages must have non-empty content"
        else:
            for index, block in enumerate(mappings(content)):
                yield from _about_block(block, role, f"{where}.content.{index}")


def _about_block(block: Body, role: str, where: str) -> Iterator[str]:
    kind = text(block, "type")
    if kind not in _OF_ROLE[role]:
        yield f"{where}: `{kind}` blocks can not be in `{role}` messages"
    match kind:
        case "text" if not text(block, "text").strip():
            yield f"{where}: text content blocks must contain non-whitespace text"
        case "image":
            yield from _about_image(mapping(block, "source"), where)
        case "tool_use":
            if not re.fullmatch(r"[a-zA-Z0-9_-]+", text(block, "id")):
                yield f"{where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
            if not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", text(block, "name")):
                yield f"{where}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            if not isinstance(block.get("input"), dict):
                yield f"{where}.tool_use.input: Input should be a valid dictionary"
        case "tool_result" if not isinstance(block.get("content", ""), str | list):
            yield f"{where}.tool_result.content: Input should be a valid string or list"
        case _:
            pass


def _about_image(source: Body, where: str) -> Iterator[str]:
    if source.get("type") == "url":
        if not text(source, "url").startswith("https://"):
            yield f"{where}.image.source.url: Only HTTPS URLs are supported"
        return
    if text(source, "media_type") not in _MEDIA_TYPES:
        yield f"{where}.image.source.base64.media_type: Input should be one of {', '.join(sorted(_MEDIA_TYPES))}"
    if not is_base64(text(source, "data")):
        yield f"{where}.image.source.base64.data: Input should be valid base64"


def _turns(body: Body) -> list[_Turn]:
    said = [(text(message, "role"), _blocks(message)) for message in mappings(body, "messages")]
    return [
        (role, [block for _, blocks in run for block in blocks])
        for role, run in groupby(said, key=lambda turn: turn[0])
    ]


def _blocks(message: Body) -> list[Body]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(mappings(content))


def _about_system(body: Body) -> Iterator[str]:
    if any(not text(block, "text").strip() for block in mappings(body, "system")):
        yield "system: text content blocks must be non-empty"


def _about_tools(body: Body) -> Iterator[str]:
    tools = list(mappings(body, "tools"))
    own = [tool for tool in tools if "input_schema" in tool]
    for place, tool in enumerate(own):
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", text(tool, "name")):
            yield f"tools.{place}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
        if text(tool, "input_schema", "type") != "object":
            yield f"tools.{place}.custom.input_schema.type: Field required"
    offered = [text(tool, "name") for tool in tools]
    if len(set(offered)) < len(offered):
        yield "tools: Tool names must be unique."
    if "tool_choice" in body and not tools:
        yield "tool_choice may only be specified while providing tools"


def _about_calls(turns: Sequence[_Turn]) -> Iterator[str]:
    """Each call is answered in the very next turn, before anything else is said there."""
    used: set[str] = set()
    for place, (_, blocks) in enumerate(turns):
        calls = [text(block, "id") for block in blocks if block.get("type") == "tool_use"]
        following = turns[place + 1][1] if place + 1 < len(turns) else []
        results = [text(block, "tool_use_id") for block in following if block.get("type") == "tool_result"]
        if missing := [call for call in calls if call not in results]:
            yield (
                f"messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(missing)}"
            )
        if any(call in used for call in calls) or len(set(calls)) < len(calls):
            yield f"messages.{place}: `tool_use` ids must be unique"
        used |= set(calls)
        yield from _about_results(calls, results, following, place + 1)
    if any(block.get("type") == "tool_result" for block in (turns[0][1] if turns else [])):
        yield "messages.0: unexpected `tool_use_id` found in `tool_result` blocks"


def _about_results(calls: list[str], results: list[str], blocks: list[Body], place: int) -> Iterator[str]:
    if stray := [result for result in results if result not in calls]:
        yield f"messages.{place}: unexpected `tool_use_id` found in `tool_result` blocks: {', '.join(stray)}"
    if len(set(results)) < len(results):
        yield f"messages.{place}: each tool_use must have a single result"
    kinds = [block.get("type") == "tool_result" for block in blocks]
    if kinds != sorted(kinds, reverse=True):
        yield f"messages.{place}: `tool_result` blocks must come first in the content"


def _about_thoughts(turns: Sequence[_Turn], asked: Asked) -> Iterator[str]:
    for place, (role, blocks) in enumerate(turns):
        if role == "assistant" and blocks and blocks[-1].get("type") in _THOUGHTS:
            yield f"messages.{place}: The final block in an assistant message cannot be `thinking`."
        for index, block in enumerate(blocks):
            is_foreign = {
                "thinking": not asked.wrote(text(block, "thinking"), text(block, "signature")),
                "redacted_thinking": not asked.knows(text(block, "data")),
            }.get(text(block, "type"), False)
            if is_foreign:
                yield f"messages.{place}.content.{index}: Invalid `signature` in `thinking` block"


def _about_thinking(body: Body, turns: Sequence[_Turn], asked: Asked) -> Iterator[str]:
    kind = text(body, "thinking", "type")
    version = generation(asked.model)
    if kind not in {"enabled", "adaptive"}:
        return
    if kind == "enabled":
        if version is not None and version >= (4, 7):
            yield '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".'
        budget, limit = mapping(body, "thinking").get("budget_tokens"), body.get("max_tokens")
        if not isinstance(budget, int) or budget < 1024:
            yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        elif isinstance(limit, int) and limit <= budget:
            yield "`max_tokens` must be greater than `thinking.budget_tokens`."
        yield from _about_how_the_turn_began(turns)
    if body.get("temperature") not in {None, 1}:
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if body.get("top_p") is not None and out_of_range(body, "top_p", 0.95, 1):
        yield "`top_p` must be greater than or equal to 0.95 when thinking is enabled."
    if text(body, "tool_choice", "type") in {"any", "tool"}:
        yield "Thinking may not be enabled when tool_choice forces tool use."


def _about_how_the_turn_began(turns: Sequence[_Turn]) -> Iterator[str]:
    if len(turns) > 1 and any(block.get("type") == "tool_result" for block in turns[-1][1]):
        first = text(turns[-2][1][0], "type")
        if first not in _THOUGHTS:
            yield f"messages.{len(turns) - 2}.content.0.type: Expected `thinking`, but found `{first}`."


def _about_sampling(body: Body, asked: Asked) -> Iterator[str]:
    version = generation(asked.model)
    sampled = [name for name in ("temperature", "top_p") if name in body]
    if out_of_range(body, "temperature", 0, 1) or out_of_range(body, "top_p", 0, 1):
        yield "temperature: range: 0..1"
    if version is not None and version >= (4, 7) and sampled:
        yield f"`{sampled[0]}` is deprecated for this model."
    if version is not None and version >= (4, 1) and len(sampled) > 1:
        yield "`temperature` and `top_p` cannot both be specified for this model."
    if any(not isinstance(stop, str) or not stop.strip() for stop in items(body, "stop_sequences")):
        yield "stop_sequences: each stop sequence must contain non-whitespace"


def _about_the_end(body: Body, turns: Sequence[_Turn], asked: Asked) -> Iterator[str]:
    """The model's own turn at the end is for it to go on from."""
    if not turns or turns[-1][0] != "assistant":
        return
    version = generation(asked.model)
    is_thinking = text(body, "thinking", "type") in {"enabled", "adaptive"}
    if is_thinking or (version is not None and version >= (4, 6)):
        yield "This model does not support assistant message prefill. The conversation must end with a user message."
    words = text(turns[-1][1][-1], "text") if turns[-1][1] else ""
    if words != words.rstrip():
        yield "messages: final assistant content cannot end with trailing whitespace"


def _about_cache(body: Body) -> Iterator[str]:
    places = [body, *mappings(body, "tools"), *mappings(body, "system")]
    places += [block for message in mappings(body, "messages") for block in mappings(message, "content")]
    marked = sum("cache_control" in place for place in places)
    if marked > 4:
        yield f"A maximum of 4 blocks with cache_control may be provided. Found {marked}."
