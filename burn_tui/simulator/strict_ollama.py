"""What Ollama refuses: mostly what its Go types cannot hold.

From its API reference (Generate a chat completion) and the types behind it (api.ChatRequest, api.Message). It asks
for no order among messages.
"""

from collections.abc import Iterator

from burn_tui.providers.reading import items, mapping, mappings, text
from burn_tui.simulator.strict_shared import Asked, Body, is_base64

_ROLES = frozenset({"system", "user", "assistant", "tool"})
_EFFORTS = frozenset({"low", "medium", "high", "max"})


def complaints(body: Body, asked: Asked) -> Iterator[str]:
    """Everything that is wrong with `body`, the first thing first."""
    del asked  # Nothing is signed.
    if not text(body, "model"):
        yield "model is required"
    for message in items(body, "messages"):
        yield from _about_message(mapping(message))
    think = body.get("think")
    if not (think is None or isinstance(think, bool) or think in _EFFORTS):
        yield f'invalid think value: "{think}" (must be "high", "medium", "low", true, or false)'
    wanted = body.get("format")
    if wanted not in {None, "json"} if isinstance(wanted, str | None) else not isinstance(wanted, dict):
        yield 'invalid format: expected "json" or a JSON schema'
    for tool in mappings(body, "tools"):
        if not text(tool, "function", "name"):
            yield "json: a tool has no function name"


def _about_message(message: Body) -> Iterator[str]:
    role = text(message, "role")
    if role not in _ROLES:
        yield f"invalid role: {role}"
    for field in ("content", "thinking", "tool_name", "tool_call_id"):
        if not isinstance(message.get(field, ""), str):
            yield f"json: cannot unmarshal into Go struct field ChatRequest.messages.{field} of type string"
    if role == "tool" and not (text(message, "tool_name") or text(message, "tool_call_id")):
        yield "a tool message must name its tool or its call"
    for picture in items(message, "images"):
        if not isinstance(picture, str) or not is_base64(picture):
            yield "illegal base64 data at input byte 4"
    for call in mappings(message, "tool_calls"):
        if not text(call, "function", "name") or not isinstance(mapping(call, "function").get("arguments"), dict):
            yield (
                "json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments "
                "of type api.ToolCallFunctionArguments"
            )
