"""Requests of the Gemini API, both ways: ai.google.dev/api/generate-content#method:-models.generatecontent.

Turns are the user's or the model's, the first and the last one the user's; system text stands apart. The results of a
turn's calls are a `user` turn of their own right behind it, each with the name of its function. Proofs of thinking
(`thoughtSignature`) hang on the parts they belong to and go back to Google only: ToolCall.signature and
Reasoning.signature hold them as they are. A signed Reasoning without text is the proof of the text beside it. Pictures
go along as bytes.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from burn_tui.core.chat import (
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Part,
    Reasoning,
    ReasoningEffort,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from burn_tui.core.context import Sight, fitting
from burn_tui.providers.reading import (
    body_of,
    compact,
    count,
    items,
    json_object,
    mapping,
    mappings,
    number,
    text,
)
from burn_tui.providers.stand_ins import BEFORE, GO_ON
from burn_tui.providers.tool_names import Naming

SIGHT = Sight(
    media_types=frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}),
    roles=frozenset({"user", "tool", "assistant"}),
)
"""ai.google.dev/gemini-api/docs/image-understanding. Its models make pictures as well."""

NAMING = Naming(others=".:", begins_with_digit=False)
"""Of calls of the past as well, whoever made them: a name that a model made up must not spoil what follows."""

MOST_STOP_SEQUENCES = 5

UNSIGNED = "skip_thought_signature_validator"
"""Google's own word for a call whose proof does not exist, because another provider's model made it; Gemini 3 refuses
calls without any: ai.google.dev/gemini-api/docs/thought-signatures."""

_THINKS_IN_LEVELS = re.compile(r"gemini-(?:[3-9]|\d\d)|gemini-(?:flash|pro)(?:-lite)?-latest")
"""From generation 3 on; the ones before count tokens."""

_BUDGETS: dict[ReasoningEffort, int] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
}
"""Tokens for thinking, as Google's own OpenAI endpoint translates them; 512 and 24576 are the bounds of a Flash."""

_LEAST_BUDGET_OF_PRO = 128
"""Tokens; a Pro cannot do without thinking."""

_MODES: dict[str, ToolChoice] = {"AUTO": "auto", "NONE": "none", "ANY": "required"}

_Part = dict[str, object]

# --- writing -------------------------------------------------------------------------------------


def request_body(request: ChatRequest, *, model: str, provider_name: str) -> _Part:
    """The body that asks `model`."""
    system = [part for message in request.messages if message.role == "system" for part in _texts(message.parts)]
    body: _Part = {
        "contents": _contents(request, model, provider_name),
        "systemInstruction": {"parts": [{"text": part.text} for part in system]} if system else {},
        "tools": [{"functionDeclarations": [_tool(tool) for tool in request.tools]}] if request.tools else {},
        "toolConfig": _tool_config(request),
        "generationConfig": _generation_config(request, model),
    }
    return {name: value for name, value in body.items() if value != {}}


def _texts(parts: Iterable[Part]) -> Iterator[Text]:
    return (part for part in parts if isinstance(part, Text))


def _tool(tool: Tool) -> _Part:
    about: _Part = {"name": tool.name, "description": tool.description}
    schema = json_object(tool.parameters)
    return about if schema is None else {**about, "parametersJsonSchema": schema}


def _tool_config(request: ChatRequest) -> _Part:
    if not request.tools or request.tool_choice is None:
        return {}
    if isinstance(request.tool_choice, NamedTool):
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [request.tool_choice.name]}}
    mode = next(mode for mode, choice in _MODES.items() if choice == request.tool_choice)
    return {"functionCallingConfig": {"mode": mode}}


def _generation_config(request: ChatRequest, model: str) -> _Part:
    wanted = request.response_format
    config: _Part = {
        "maxOutputTokens": request.max_output_tokens,
        "temperature": request.temperature,
        "topP": request.top_p,
        "stopSequences": list(request.stop_sequences[:MOST_STOP_SEQUENCES]) or None,
        "seed": request.seed,
        "responseMimeType": "application/json" if wanted is not None else None,
        "responseJsonSchema": None if wanted is None or wanted.schema is None else json_object(wanted.schema),
        "thinkingConfig": _thinking_config(request.reasoning_effort, model),
    }
    return {name: value for name, value in config.items() if value is not None}


def _thinking_config(effort: ReasoningEffort | None, model: str) -> _Part | None:
    if effort is None:
        return None
    is_pro = "pro" in model
    if _THINKS_IN_LEVELS.search(model):
        # These cannot stop thinking, and a Pro not even do with the least of it.
        least = "low" if is_pro else "minimal"
        level = {"none": least, "minimal": least, "xhigh": "high"}.get(effort, effort)
        return {"includeThoughts": effort != "none", "thinkingLevel": level}
    if effort == "none":
        return {"includeThoughts": False, "thinkingBudget": _LEAST_BUDGET_OF_PRO if is_pro else 0}
    return {"includeThoughts": True, "thinkingBudget": _BUDGETS[effort]}


def _contents(request: ChatRequest, model: str, provider_name: str) -> list[_Part]:
    turns: list[tuple[str, list[_Part]]] = []
    for role, parts in _turns(fitting(request.messages, SIGHT), provider_name):
        if turns and turns[-1][0] == role and not _holds_results(turns[-1][1]):
            turns[-1][1].extend(parts)
        else:
            turns.append((role, parts))
    if not turns or turns[0][0] != "user":
        turns.insert(0, ("user", [{"text": BEFORE}]))
    if turns[-1][0] != "user":
        turns.append(("user", [{"text": GO_ON}]))
    if _THINKS_IN_LEVELS.search(model):
        _excuse_missing_proofs(turns)
    return [{"role": role, "parts": parts} for role, parts in turns]


def _turns(messages: Iterable[Message], provider_name: str) -> Iterator[tuple[str, list[_Part]]]:
    """Roles and their parts, none empty; results apart from what else the user says, for both in one are refused."""
    names: dict[str, str] = {}
    said = (message for message in messages if message.role != "system")
    for is_assistant, run in groupby(said, key=lambda message: message.role == "assistant"):
        parts = [part for message in run for part in message.parts]
        names |= {part.id: part.name for part in parts if isinstance(part, ToolCall)}
        written = [new for part in parts if (new := _part(part, provider_name, names)) is not None]
        results = [part for part in written if "functionResponse" in part]
        others = [part for part in written if "functionResponse" not in part]
        if results:
            yield "user", results
        if others:
            yield "model" if is_assistant else "user", others


def _holds_results(parts: list[_Part]) -> bool:
    return "functionResponse" in parts[0]


def _excuse_missing_proofs(turns: list[tuple[str, list[_Part]]]) -> None:
    """Of several calls at once only the first has a proof."""
    for _, parts in turns:
        first = next((part for part in parts if "functionCall" in part), None)
        if first is not None:
            first.setdefault("thoughtSignature", UNSIGNED)


def _part(part: Part, provider_name: str, names: dict[str, str]) -> _Part | None:
    """One part; None for what may not be sent."""
    match part:
        case Text(words):
            return {"text": words} if words else None
        case Image():
            return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
        case Reasoning(words, str(signature)) if part.provider_name == provider_name:
            return {"text": words, "thoughtSignature": signature, **({"thought": True} if words else {})}
        case ToolCall():
            name = NAMING.allowed(part.name)
            call: _Part = {"functionCall": {"id": part.id, "name": name, "args": _args(part.arguments)}}
            is_ours = part.signature is not None and part.provider_name == provider_name
            return {**call, "thoughtSignature": part.signature} if is_ours else call
        case ToolResult():
            told = {"error" if part.is_error else "output": part.content}
            return {"functionResponse": {"id": part.id, "name": NAMING.allowed(names[part.id]), "response": told}}
        case _:
            return None


def _args(arguments: str) -> object:
    return json_object(arguments) or ({"input": arguments} if arguments else {})


# --- reading -------------------------------------------------------------------------------------


def read_request(data: bytes) -> ChatRequest:
    """What a client asks for, without the model, which is in the path. ValueError if it cannot be read."""
    body = body_of(data)
    if not items(body, "contents"):
        raise ValueError("contents: must be a list of turns")
    config = mapping(body, "generationConfig")
    return ChatRequest(
        messages=tuple(_read_messages(body)),
        tools=tuple(_read_tools(body)),
        tool_choice=_read_tool_choice(mapping(body, "toolConfig", "functionCallingConfig")),
        max_output_tokens=count(config, "maxOutputTokens"),
        temperature=number(config, "temperature"),
        top_p=number(config, "topP"),
        stop_sequences=tuple(stop for stop in items(config, "stopSequences") if isinstance(stop, str)),
        seed=count(config, "seed"),
        response_format=_read_format(config),
        reasoning_effort=_read_effort(mapping(config, "thinkingConfig")),
    )


def _read_messages(body: object) -> Iterator[Message]:
    system = tuple(Text(text(part, "text")) for part in mappings(body, "systemInstruction", "parts"))
    if system:
        yield Message("system", system)
    for turn_number, turn in enumerate(mappings(body, "contents")):
        parts = tuple(_read_parts(turn, turn_number))
        results = tuple(part for part in parts if isinstance(part, ToolResult))
        others = tuple(part for part in parts if not isinstance(part, ToolResult))
        if results:
            yield Message("tool", results)
        if others:
            yield Message("assistant" if turn.get("role") == "model" else "user", others)


def _read_parts(turn: _Part, turn_number: int) -> Iterator[Part]:
    calls = 0
    for part in mappings(turn, "parts"):
        signature = text(part, "thoughtSignature") or None
        if call := mapping(part, "functionCall"):
            own_id = text(call, "id") or f"call_{turn_number}_{calls}"
            calls += 1
            yield ToolCall(own_id, text(call, "name"), compact(mapping(call, "args")), signature)
        elif result := mapping(part, "functionResponse"):
            yield _read_result(result, turn_number, calls)
            calls += 1
        elif picture := mapping(part, "inlineData"):
            yield Image(text(picture, "mimeType") or "image/png", text(picture, "data"))
        elif file := mapping(part, "fileData"):
            yield Text(f"[file: {text(file, 'fileUri')}]")
        elif part.get("thought") is True or (signature is not None and not text(part, "text")):
            yield Reasoning(text(part, "text"), signature)
        elif "text" in part:
            yield Text(text(part, "text"))


def _read_result(result: _Part, turn_number: int, position: int) -> ToolResult:
    """A result without an id answers the call in the same position of the turn before."""
    own_id = text(result, "id") or f"call_{turn_number - 1}_{position}"
    response = mapping(result, "response")
    match list(response.items()):
        case [("output", str(words))]:
            return ToolResult(own_id, words)
        case [("error", str(words))]:
            return ToolResult(own_id, words, is_error=True)
        case _:
            return ToolResult(own_id, compact(response))


def _read_tools(body: object) -> Iterator[Tool]:
    for group in mappings(body, "tools"):
        for tool in mappings(group, "functionDeclarations"):
            schema = mapping(tool, "parametersJsonSchema") or mapping(tool, "parameters")
            yield Tool(text(tool, "name"), text(tool, "description"), compact(schema))


def _read_tool_choice(config: _Part) -> ToolChoice | None:
    match items(config, "allowedFunctionNames"):
        case [str(name)]:
            return NamedTool(name)
        case _:
            return _MODES.get(text(config, "mode"))


def _read_format(config: _Part) -> JsonFormat | None:
    schema = mapping(config, "responseJsonSchema") or mapping(config, "responseSchema")
    if schema:
        return JsonFormat(compact(schema))
    return JsonFormat() if text(config, "responseMimeType") == "application/json" else None


def _read_effort(config: _Part) -> ReasoningEffort | None:
    match text(config, "thinkingLevel").lower():
        case "minimal":
            return "minimal"
        case "low":
            return "low"
        case "medium":
            return "medium"
        case "high":
            return "high"
    budget = count(config, "thinkingBudget")
    if budget is None:
        return None
    if budget <= _LEAST_BUDGET_OF_PRO:
        return "none"
    return next((effort for effort, tokens in _BUDGETS.items() if budget <= tokens), "high")
