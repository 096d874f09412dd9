"""Ollama's chat API, the dialect and its requests: github.com/ollama/ollama/blob/main/docs/api.md.

Prompts that do not fit the model's window are cut by Ollama without a word, and that window is 4096 tokens unless
somebody says otherwise: the option `num_ctx` of a provider does.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    Part,
    Reasoning,
    ReasoningEffort,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from burn_tui.core.context import Sight, fitting
from burn_tui.core.failure import ErrorType, Failure, classify, redacted
from burn_tui.core.rate_limits import retry_after_s
from burn_tui.providers.decoding import LineDecoder, WholeDecoder
from burn_tui.providers.dialect import Decoder, Encoder, HttpRequest, HttpResponse
from burn_tui.providers.ollama_answers import LineEncoder, Reader, WholeEncoder, call_arguments, error_body, error_words
from burn_tui.providers.reading import (
    body_of,
    compact,
    count,
    items,
    json_bytes,
    json_object,
    mapping,
    mappings,
    number,
    parsed,
    text,
)
from burn_tui.providers.stand_ins import BEFORE

_PATH = "/api/chat"

_THINKING: dict[ReasoningEffort, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
}
"""A model that knows no levels takes any of them for true."""

_STATUS: dict[ErrorType, int] = {
    "rate_limited": 429,
    "overloaded": 503,
    "quota_exhausted": 402,
    "auth": 401,
    "permission": 403,
    "refused": 403,
    "model_gone": 404,
    "context_length": 413,
    "content_filter": 400,
    "caller_fault": 400,
    "timeout": 504,
}
"""Whatever else happens is a 500."""

SIGHT = Sight(roles=frozenset({"system", "user", "assistant", "tool"}))
"""Bytes only, in any message."""

_Fields = dict[str, object]


class OllamaChat:
    """The dialect. Stateless."""

    name = "ollama-chat"
    sight = SIGHT
    naming = None

    def encode_request(
        self, request: ChatRequest, *, model: str, provider: Provider, api_key: str | None
    ) -> HttpRequest:
        """The HTTP request that asks `model` of `provider`. The API has no way to choose among tools."""
        headers = {"content-type": "application/json"}
        if api_key is not None:
            headers["authorization"] = f"Bearer {api_key}"
        body = {
            "model": model,
            "messages": _messages(request.messages, provider.name),
            "tools": [_tool(tool) for tool in request.tools if request.tool_choice != "none"],
            "format": _format(request.response_format),
            "think": None if request.reasoning_effort is None else _THINKING[request.reasoning_effort],
            "options": _options(request, provider),
        }
        stated = {name: value for name, value in body.items() if value not in (None, [], {})}
        data = json_bytes({**stated, "stream": request.stream})
        return HttpRequest(provider.base_url.rstrip("/") + _PATH, headers, data)

    def decoder(self, *, streamed: bool, provider: Provider) -> Decoder:
        """A reader for one 200 response."""
        del provider  # All who speak this dialect answer alike.
        reader = Reader()
        return LineDecoder(reader.read) if streamed else WholeDecoder(lambda value: reader.read(value, ""))

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
        """Why a response that is no 2xx refused."""
        words = body.decode("utf-8", "replace")
        with suppress(ValueError):  # A page of something that stands before Ollama is kept as it is.
            words = error_words(parsed(body)) or words
        message = redacted(words) or f"HTTP {status} without a word"
        return Failure(classify(status, words), message, status, retry_after_s(headers, now=now))

    def paths(self, model: str) -> tuple[str, ...]:
        """The one request path, for every model and both ways to answer."""
        del model
        return (_PATH, _PATH)

    def decode_request(self, path: str, headers: Mapping[str, str], body: bytes) -> ChatRequest:
        """What a client asks for. ValueError with a sentence if it cannot be read."""
        del path, headers  # Everything is in the body.
        return _read_request(body)

    def encoder(self, *, streamed: bool, response_model: str, response_id: str, created: int) -> Encoder:
        """A writer for one 200 response."""
        del response_id  # Answers carry none.
        created_at = datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", "Z")
        head = {"model": response_model, "created_at": created_at}
        return LineEncoder(head) if streamed else WholeEncoder(head)

    def content_type(self, *, streamed: bool) -> str:
        """Of a 200 response."""
        return "application/x-ndjson" if streamed else "application/json; charset=utf-8"

    def encode_error(self, failure: Failure) -> HttpResponse:
        """The refusal as Ollama's clients expect it."""
        headers = {"content-type": "application/json; charset=utf-8"}
        if failure.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(failure.retry_after_s))
        return HttpResponse(_STATUS.get(failure.error_type, 500), headers, error_body(failure))


# --- requests, written ---------------------------------------------------------------------------


def _options(request: ChatRequest, provider: Provider) -> _Fields:
    """The runner's options. What is not stated is left to the model's own file."""
    options: _Fields = {
        "num_predict": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "stop": list(request.stop_sequences) or None,
    }
    window = provider.options.get("num_ctx", "")
    if window.isdecimal():
        options["num_ctx"] = int(window)
    return {name: value for name, value in options.items() if value is not None}


def _format(wanted: JsonFormat | None) -> object:
    if wanted is None:
        return None
    return "json" if wanted.schema is None else json_object(wanted.schema) or "json"


def _tool(tool: Tool) -> _Fields:
    parameters = json_object(tool.parameters) or {"type": "object"}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _messages(messages: tuple[Message, ...], provider_name: str) -> list[_Fields]:
    written: list[_Fields] = []
    tool_of_call: dict[str, str] = {}
    for message in fitting(messages, SIGHT):
        tool_of_call |= {part.id: _name(part) for part in message.parts if isinstance(part, ToolCall)}
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        written += [_result(result, tool_of_call[result.id]) for result in results]
        said = _said(message, provider_name)
        if len(said) > 1:
            written.append(said)
    # Without any message the API only loads the model.
    return written or [{"role": "user", "content": BEFORE}]


def _result(result: ToolResult, name: str) -> _Fields:
    return {"role": "tool", "content": result.content, "tool_name": name, "tool_call_id": result.id}


def _said(message: Message, provider_name: str) -> _Fields:
    """The message without its tool results: nothing but a role if there was nothing else."""
    parts = message.parts
    content = "".join(part.text for part in parts if isinstance(part, Text))
    calls = [_call(place, part) for place, part in enumerate(part for part in parts if isinstance(part, ToolCall))]
    fields: _Fields = {
        "content": content,
        "thinking": "".join(_own_thoughts(parts, provider_name)),
        "images": [part.data for part in parts if isinstance(part, Image)],
        "tool_calls": calls,
    }
    stated = {name: value for name, value in fields.items() if value}
    # What stands beside a tool's result is shown by whoever ran the tool.
    role = "user" if message.role == "tool" else message.role
    return {"role": role, **({"content": content} if stated else {}), **stated}


def _own_thoughts(parts: Sequence[Part], provider_name: str) -> Iterator[str]:
    return (part.text for part in parts if isinstance(part, Reasoning) and part.provider_name == provider_name)


def _name(call: ToolCall) -> str:
    """Any will do but none."""
    return call.name or "tool"


def _call(place: int, call: ToolCall) -> _Fields:
    arguments = json_object(call.arguments) or {"invalid_arguments": call.arguments}
    return {"id": call.id, "function": {"index": place, "name": _name(call), "arguments": arguments}}


# --- requests, read ------------------------------------------------------------------------------


def _read_request(data: bytes) -> ChatRequest:
    body = mapping(body_of(data))
    if not text(body, "model"):
        raise ValueError("model is required")
    if body.get("messages") != items(body, "messages"):
        raise ValueError("messages must be a list")
    options = mapping(body, "options")
    return ChatRequest(
        messages=tuple(_read_messages(items(body, "messages"))),
        model=text(body, "model"),
        tools=tuple(_read_tool(mapping(tool, "function")) for tool in mappings(body, "tools")),
        max_output_tokens=count(options, "num_predict"),
        temperature=number(options, "temperature"),
        top_p=number(options, "top_p"),
        seed=count(options, "seed"),
        stop_sequences=tuple(stop for stop in items(options, "stop") if isinstance(stop, str)),
        response_format=_read_format(body.get("format")),
        reasoning_effort=_read_effort(body.get("think")),
        stream=body.get("stream") is not False,
    )


def _read_messages(messages: list[object]) -> Iterator[Message]:
    waiting: deque[ToolCall] = deque()
    calls = 0
    for place, message in enumerate(messages):
        role = text(message, "role")
        match role:
            case "tool":
                result = ToolResult(_take_call(message, waiting), text(message, "content"))
                yield Message("tool", (result,))
            case "system" | "user" | "assistant":
                parts = tuple(_read_parts(message, calls))
                made = [part for part in parts if isinstance(part, ToolCall)]
                waiting.extend(made)
                calls += len(made)
                yield Message(role, parts)
            case _:
                raise ValueError(f"messages.{place}: invalid role {role!r}")


def _take_call(message: object, waiting: deque[ToolCall]) -> str:
    """The id of the call that a tool message answers: by its id, else the oldest of its tool, else the oldest."""
    call_id, name = text(message, "tool_call_id"), text(message, "tool_name") or text(message, "name")
    same = (call for call in waiting if (call.id == call_id if call_id else call.name == name))
    call = next(same, waiting[0] if waiting and not call_id else None)
    if call is None:
        return call_id or "call_none"
    waiting.remove(call)
    return call.id


def _read_parts(message: object, calls_before: int) -> Iterator[Part]:
    if thought := text(message, "thinking"):
        yield Reasoning(thought)
    if words := text(message, "content"):
        yield Text(words)
    yield from (Image(data=data) for data in items(message, "images") if isinstance(data, str))
    for place, call in enumerate(mappings(message, "tool_calls"), calls_before):
        yield ToolCall(text(call, "id") or f"call_{place}", text(call, "function", "name"), call_arguments(call))


def _read_tool(function: _Fields) -> Tool:
    return Tool(text(function, "name"), text(function, "description"), compact(mapping(function, "parameters")))


def _read_format(wanted: object) -> JsonFormat | None:
    if wanted == "json":
        return JsonFormat()
    return JsonFormat(schema=compact(wanted)) if isinstance(wanted, dict) else None


def _read_effort(think: object) -> ReasoningEffort | None:
    match think:
        case False:
            return "none"
        case True:
            return "medium"
        case "low" | "medium" | "high":
            return think
        case _:
            return None
