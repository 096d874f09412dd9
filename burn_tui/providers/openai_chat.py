"""OpenAI's Chat Completions API, which nearly everybody imitates: developers.openai.com/api/reference/resources/chat.

Answers are read and written in openai_chat_stream, refusals in openai_errors. What one provider wants otherwise than
OpenAI did is not guessed from its address but said in catalog.yaml, as Provider.options:

    stream_usage: "no"        it rejects stream_options; its streams tell the usage anyway
    max_tokens: NAME          what it calls the output limit; absent = max_tokens
    seed: NAME                what it calls the seed; "no" = it has none
    reasoning: FIELD          the message field in which it wants its own thinking back: reasoning_content or
                              reasoning_details; absent = it wants none
    tool_call_id: "9"         the exact length of a tool call's id, in letters and digits; absent = up to 40
    cache_control: "yes"      it takes marks for its cache on pieces of text, as Anthropic does
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import groupby

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import (
    ChatRequest,
    Image,
    JsonFormat,
    Message,
    NamedTool,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from burn_tui.core.context import Sight, fitting
from burn_tui.core.failure import Failure
from burn_tui.providers.decoding import SseDecoder, WholeDecoder
from burn_tui.providers.dialect import Decoder, Encoder, HttpRequest, HttpResponse
from burn_tui.providers.extras import fields_for
from burn_tui.providers.openai_chat_read import NAME, read_request
from burn_tui.providers.openai_chat_stream import AnswerReader, ChunkWriter, WholeWriter
from burn_tui.providers.openai_errors import decoded_error, encoded_error, stray_error
from burn_tui.providers.reading import json_bytes, json_object
from burn_tui.providers.stand_ins import BEFORE, JSON_ONLY, must_say_json
from burn_tui.providers.tool_names import Naming

LONGEST_CALL_ID = 40
"""OpenAI rejects longer ids of tool calls; others write them up to 64."""

MOST_STOP_SEQUENCES = 4

SIGHT = Sight(
    media_types=frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
    address_starts=("https://", "http://"),
)
"""developers.openai.com/api/docs/guides/images-vision. Only the user shows pictures."""

NAMING = Naming()
"""Of calls of the past as well, whoever made them: a name that a model made up must not spoil what follows."""

_Json = dict[str, object]


class OpenAIChat:
    """Both sides of the API."""

    name = NAME
    sight = SIGHT
    naming = NAMING

    def encode_request(
        self, request: ChatRequest, *, model: str, provider: Provider, api_key: str | None
    ) -> HttpRequest:
        """A POST to chat/completions."""
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream" if request.stream else "application/json",
        }
        if api_key is not None:
            headers["authorization"] = f"Bearer {api_key}"
        body = json_bytes(_body(request, model, provider))
        return HttpRequest(f"{provider.base_url.rstrip('/')}/chat/completions", headers, body)

    def decoder(self, *, streamed: bool, provider: Provider) -> Decoder:  # noqa: ARG002 - all dialects' signature
        """A reader for one 200 response."""
        reader = AnswerReader()
        if streamed:
            return SseDecoder(reader.read_chunk, stray_error, read_done=reader.read_done)
        return WholeDecoder(reader.read_whole)

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
        """Why a response that is no 2xx refused."""
        return decoded_error(status, headers, body, now=now)

    def paths(self, model: str) -> tuple[str, ...]:  # noqa: ARG002 - all dialects' signature
        """One path for both: the body says whether it is to be streamed, and of which model."""
        return ("/chat/completions", "/chat/completions")

    def decode_request(self, path: str, headers: Mapping[str, str], body: bytes) -> ChatRequest:  # noqa: ARG002
        """What a client asks for. ValueError with a sentence if it cannot be read, or not be passed on."""
        return read_request(body)

    def encoder(self, *, streamed: bool, response_model: str, response_id: str, created: int) -> Encoder:
        """A writer for one 200 response.

        It writes the counts whenever it is told them: whoever serves a request whose `stream_usage` is False keeps
        UsageSeen from it, because a chunk without choices breaks clients that did not ask for one.
        """
        writer = ChunkWriter if streamed else WholeWriter
        return writer(response_model=response_model, response_id=response_id, created=created)

    def content_type(self, *, streamed: bool) -> str:
        """Of a 200 response."""
        return "text/event-stream; charset=utf-8" if streamed else "application/json"

    def encode_error(self, failure: Failure) -> HttpResponse:
        """The refusal as OpenAI's clients expect it."""
        return encoded_error(failure)


def _body(request: ChatRequest, model: str, provider: Provider) -> _Json:
    options = provider.options
    body: _Json = {
        **fields_for(request, NAME),
        "model": model,
        "messages": _messages(request, provider),
        "stream": request.stream,
    }
    if request.stream and options.get("stream_usage") != "no":
        body["stream_options"] = {"include_usage": True}
    seed = options.get("seed", "seed")
    settings: _Json = {
        options.get("max_tokens", "max_tokens"): request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "reasoning_effort": request.reasoning_effort,
        **({} if seed == "no" else {seed: request.seed}),
    }
    body |= {name: value for name, value in settings.items() if value is not None}
    if request.stop_sequences:
        body["stop"] = list(request.stop_sequences[:MOST_STOP_SEQUENCES])
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if request.tool_choice is not None:
            body["tool_choice"] = _tool_choice(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.response_format is not None:
        body["response_format"] = _response_format(request.response_format)
    return body


def _tool(tool: Tool) -> _Json:
    function: _Json = {"name": tool.name, "description": tool.description, "parameters": _schema(tool.parameters)}
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice) -> str | _Json:
    return {"type": "function", "function": {"name": choice.name}} if isinstance(choice, NamedTool) else choice


def _response_format(wanted: JsonFormat) -> _Json:
    if wanted.schema is None:
        return {"type": "json_object"}
    schema: _Json = {"name": wanted.name, "schema": _schema(wanted.schema)}
    if wanted.strict:
        schema["strict"] = True
    return {"type": "json_schema", "json_schema": schema}


def _schema(words: str) -> object:
    return json_object(words) or {"type": "object"}


def _messages(request: ChatRequest, provider: Provider) -> list[_Json]:
    written = list(_turns(fitting(request.messages, SIGHT), provider))
    if must_say_json(request):
        written.insert(0, {"role": "system", "content": JSON_ONLY})
    if not written:
        written.append({"role": "user", "content": BEFORE})
    return written


def _turns(messages: tuple[Message, ...], provider: Provider) -> Iterator[_Json]:
    """Results stand right after the assistant message that called, and everything else after them."""
    for is_assistant, run in groupby(messages, key=lambda message: message.role == "assistant"):
        if is_assistant:
            yield from _assistant(list(run), provider)
            continue
        others: list[_Json] = []
        for message in run:
            for part in message.parts:
                if isinstance(part, ToolResult):
                    yield {"role": "tool", "tool_call_id": _call_id(part.id, provider), "content": part.content}
            others += _said(message, provider)
        yield from others


def _said(message: Message, provider: Provider) -> Iterator[_Json]:
    """A system or user message as far as it is no tool result; a picture beside a result becomes the user's."""
    parts = [part for part in message.parts if isinstance(part, Image) or (isinstance(part, Text) and part.text)]
    if not parts:
        return
    role = "system" if message.role == "system" else "user"
    is_marked = "cache_control" in provider.options and any(part.cache_for for part in parts)
    if is_marked or any(isinstance(part, Image) for part in parts):
        yield {"role": role, "content": [_content_part(part, is_marked=is_marked) for part in parts]}
    else:
        # Not every imitator takes a list, so blocks become paragraphs.
        yield {"role": role, "content": "\n\n".join(part.text for part in parts if isinstance(part, Text))}


def _content_part(part: Text | Image, *, is_marked: bool) -> _Json:
    """One piece; `is_marked`: the provider takes marks for its cache."""
    mark: _Json = {}
    if is_marked and part.cache_for is not None:
        mark["cache_control"] = {"type": "ephemeral", **({} if part.cache_for == "5m" else {"ttl": part.cache_for})}
    if isinstance(part, Text):
        return {"type": "text", "text": part.text, **mark}
    url = part.url if part.url is not None else f"data:{part.media_type};base64,{part.data or ''}"
    return {"type": "image_url", "image_url": {"url": url}, **mark}


def _assistant(messages: list[Message], provider: Provider) -> Iterator[_Json]:
    """One message each; as one if there are calls, because their results must follow at once."""
    if any(isinstance(part, ToolCall) for message in messages for part in message.parts):
        messages = [Message("assistant", tuple(part for message in messages for part in message.parts))]
    for message in messages:
        calls = [_tool_call(part, provider) for part in message.parts if isinstance(part, ToolCall)]
        if calls or message.text:
            yield {
                "role": "assistant",
                "content": message.text or None,
                **({"tool_calls": calls} if calls else {}),
                **_own_reasoning(message, provider),
            }


def _tool_call(call: ToolCall, provider: Provider) -> _Json:
    written: _Json = {
        "id": _call_id(call.id, provider),
        "type": "function",
        "function": {"name": NAMING.allowed(call.name), "arguments": call.arguments or "{}"},
    }
    if call.signature is not None and call.provider_name == provider.name:
        written["extra_content"] = {"google": {"thought_signature": call.signature}}
    return written


def _own_reasoning(message: Message, provider: Provider) -> _Json:
    """The thinking that this very provider wrote, where it wants it back."""
    field = provider.options.get("reasoning")
    own = [part for part in message.parts if isinstance(part, Reasoning) and part.provider_name == provider.name]
    if field is None or not own:
        return {}
    if field == "reasoning_details":
        return {field: [_reasoning_detail(part) for part in own]}
    return {field: "".join(part.text for part in own)}


def _reasoning_detail(part: Reasoning) -> _Json:
    signature = {} if part.signature is None else {"signature": part.signature}
    return {"type": "reasoning.text", "text": part.text, **signature}


def _call_id(call_id: str, provider: Provider) -> str:
    """The id, or a stable one in its place where the provider would reject it."""
    exact = provider.options.get("tool_call_id", "")
    digest = sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()
    if exact.isdecimal():
        is_fit = len(call_id) == int(exact) and re.fullmatch(r"[A-Za-z0-9]+", call_id)
        return call_id if is_fit else digest[: int(exact)]
    return call_id if 0 < len(call_id) <= LONGEST_CALL_ID else f"call_{digest[: LONGEST_CALL_ID - 8]}"
