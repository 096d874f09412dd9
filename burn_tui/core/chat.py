"""What is said to a model, in no provider's dialect.

Names follow OpenTelemetry's GenAI message model: a message has a role and parts.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Role = Literal["system", "user", "assistant", "tool"]

FinishReason = Literal["stop", "length", "tool_call", "content_filter", "pause", "pending", "error", "other"]
"""Why a model stopped. `pause`: it wants the turn sent back unchanged (Anthropic's pause_turn).
`pending`: it has not, the answer is being made in the background (OpenAI's background responses).
`error`: the provider said it failed; `other`: a reason this version does not know."""


CacheFor = Literal["5m", "1h"]
"""How long a provider that waits for marks (Anthropic) is to keep the prompt up to a marked part. Whoever knows no
marks is sent none: that changes what the prompt costs, never what it says."""


class Text(Struct, frozen=True, tag="text"):
    """Visible text."""

    text: str
    cache_for: CacheFor | None = None
    """None = no mark, here and in the other parts."""


class Image(Struct, frozen=True, tag="image"):
    """A picture in a request: either inline bytes or an address, never both."""

    media_type: str = "image/png"
    data: str | None = None
    """Base64 without line breaks; None where `url` is given."""
    url: str | None = None
    cache_for: CacheFor | None = None


class Reasoning(Struct, frozen=True, tag="reasoning"):
    """A model's thinking. Only the provider that wrote it may be sent it back."""

    text: str
    signature: str | None = None
    """The provider's proof that the text is its own; None where it signs nothing."""
    provider_name: str | None = None
    """Who wrote it; None = unknown, so nobody is sent it back."""


class ToolCall(Struct, frozen=True, tag="tool_call"):
    """A model's wish to have a tool run."""

    id: str
    name: str
    arguments: str
    """JSON text, exactly as the model wrote it; "{}" for a call without arguments."""
    signature: str | None = None
    """A proof that the call is the model's own, which its provider wants back (Gemini); None = it signs no calls."""
    provider_name: str | None = None
    """Who signed it: nobody else is sent the signature. None = unknown."""
    cache_for: CacheFor | None = None


class ToolResult(Struct, frozen=True, tag="tool_call_response"):
    """What a tool answered."""

    id: str
    """The id of the ToolCall that it answers."""
    content: str
    is_error: bool = False
    cache_for: CacheFor | None = None


Part = Text | Image | Reasoning | ToolCall | ToolResult


class Message(Struct, frozen=True):
    """One turn of a conversation."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The visible text of all parts, in order, with nothing between them."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


def said(role: Role, text: str) -> Message:
    """A message of one text part."""
    return Message(role, (Text(text),))


class Tool(Struct, frozen=True):
    """A function that a model may call."""

    name: str
    description: str
    parameters: str
    """JSON Schema, as JSON text."""
    strict: bool = False
    """True = the arguments must follow the schema, where the provider can promise it."""
    cache_for: CacheFor | None = None


class NamedTool(Struct, frozen=True):
    """The one tool that must be called."""

    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedTool
"""`required`: some tool must be called, whichever."""


class JsonFormat(Struct, frozen=True):
    """The answer must be JSON."""

    schema: str | None = None
    """JSON Schema, as JSON text; None = any JSON."""
    name: str = "answer"
    """What OpenAI's dialects call the schema."""
    strict: bool = False
    """True = the answer must follow the schema, where the provider can promise it."""


ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]


class Extras(Struct, frozen=True):
    """What a client asked for that only its own dialect has words for. No provider of another dialect is sent it."""

    dialect: str
    """A key of burn_tui.providers.DIALECTS."""
    fields: Mapping[str, str]
    """Of the request's top level: the value of each as JSON text."""
    headers: Mapping[str, str] = {}
    """What must go along for the fields to be understood (Anthropic's anthropic-beta). Lower-case names."""


class ChatRequest(Struct, frozen=True, kw_only=True):
    """One question to whichever model the router chooses."""

    messages: tuple[Message, ...]
    """Oldest first. System messages may stand anywhere; a dialect moves them where its provider wants them."""
    model: str | None = None
    """What the caller asked for: "provider/model", a route's name, a plain model id, or None for the default route."""
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    """None = the provider's default, which is auto."""
    parallel_tool_calls: bool | None = None
    """False = at most one call an answer, where the provider can be told; None = the provider's default."""
    max_output_tokens: int | None = None
    """None = the dialect's default (Anthropic demands a number, the others do without)."""
    temperature: float | None = None
    """None = the provider's default; 0 is a real value."""
    top_p: float | None = None
    """None = the provider's default."""
    stop_sequences: tuple[str, ...] = ()
    seed: int | None = None
    """None = chance; sent only where the provider has seeds."""
    response_format: JsonFormat | None = None
    """None = text."""
    reasoning_effort: ReasoningEffort | None = None
    """None = the provider's default."""
    stream: bool = True
    stream_usage: bool = True
    """False = a client streams and did not ask for the counts (OpenAI's stream_options): it must not be sent them."""
    extras: Extras | None = None
    """None = the client asked for nothing but the above."""


CHARS_PER_TOKEN = 4
"""Rule of thumb for English and code; an estimate made with it is always marked as one."""

_IMAGE_TOKENS = 1_000


def estimate_tokens(text: str) -> int:
    """Tokens of `text`, roughly and never too few for a non-empty text: at least 1, 0 for an empty one."""
    # Half a surrogate pair, as cut JSON leaves behind, is three bytes like any other odd character.
    return -(-len(text.encode("utf-8", "surrogatepass")) // CHARS_PER_TOKEN)


def estimate_input_tokens(messages: tuple[Message, ...]) -> int:
    """Tokens that `messages` will be billed as input, roughly; some four more for each message's frame."""
    return sum(4 + sum(_part_tokens(part) for part in message.parts) for message in messages)


def estimate_request_tokens(request: ChatRequest) -> int:
    """Tokens that the whole request will be billed as input, roughly: messages, tools and the wanted form."""
    tools = sum(
        8 + estimate_tokens(tool.name) + estimate_tokens(tool.description) + estimate_tokens(tool.parameters)
        for tool in request.tools
    )
    form = request.response_format.schema if request.response_format else None
    return estimate_input_tokens(request.messages) + tools + estimate_tokens(form or "")


def _part_tokens(part: Part) -> int:
    match part:
        case Text(text) | Reasoning(text):
            return estimate_tokens(text)
        case ToolCall(_, name, arguments):
            return estimate_tokens(name) + estimate_tokens(arguments)
        case ToolResult(_, content):
            return estimate_tokens(content)
        case Image():
            return _IMAGE_TOKENS
