"""What a simulated provider does with one request after another."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event as Gate

from msgspec import Struct

from burn_tui.core.chat import ChatRequest, FinishReason, estimate_input_tokens, estimate_tokens
from burn_tui.core.events import FinishSeen, ReasoningDelta, TextDelta, ToolCallDelta, UsageSeen, WireEvent
from burn_tui.core.failure import Failure
from burn_tui.core.usage import Usage

# --- in mid-answer -------------------------------------------------------------------------------


class Cut(Struct, frozen=True):
    """Drop the connection, as a crashing provider does."""


class Stall(Struct, frozen=True):
    """Say nothing for so long, and then go on."""

    seconds: float


class Break(Struct, frozen=True):
    """End the answer with the dialect's own error event."""

    failure: Failure


class Garble(Struct, frozen=True):
    """Put these very bytes in between."""

    data: bytes


class End(Struct, frozen=True):
    """End the body in good order, but before the answer is complete."""


Fault = Cut | Stall | Break | Garble | End

# --- to a request --------------------------------------------------------------------------------


class Answer(Struct, frozen=True, kw_only=True):
    """Serve the request."""

    text: str
    reasoning: str = ""
    tool_calls: tuple[tuple[str, str], ...] = ()
    """Name and arguments of each."""
    usage: Usage | None = None
    """None = counted from the texts; Usage() = the provider counts nothing, as some do."""
    early_usage: Usage | None = None
    """Counts that are stated before the first word, as Anthropic does; None = there are none."""
    finish_reason: FinishReason = "stop"
    response_model: str | None = None
    """None = the model that was asked for."""
    headers: Mapping[str, str] = {}
    """Such as those that tell the rate limits."""
    first_chunk_s: float = 0.0
    chunk_s: float = 0.0
    """Between two chunks."""
    piece_bytes: int | None = None
    """The body is sent in pieces of so many bytes, wherever that cuts it; None = a chunk an event."""
    faults: Mapping[int, Fault] = {}
    """What goes wrong, by the number of events that were sent before it."""

    def events(self, request: ChatRequest) -> list[WireEvent]:
        """The answer as a dialect's encoder takes it, a word or so at a time."""
        usage = self.usage or Usage(
            input_tokens=estimate_input_tokens(request.messages),
            output_tokens=estimate_tokens(self.text) + estimate_tokens(self.reasoning),
        )
        calls = enumerate(self.tool_calls)
        return [
            *([] if self.early_usage is None else [UsageSeen(self.early_usage)]),
            *(ReasoningDelta(piece) for piece in pieces(self.reasoning)),
            *(TextDelta(piece) for piece in pieces(self.text)),
            *(ToolCallDelta(index, f"call_{index}", name, arguments) for index, (name, arguments) in calls),
            FinishSeen(self.finish_reason, self.finish_reason),
            *([] if usage == Usage() else [UsageSeen(usage)]),
        ]


class Refuse(Struct, frozen=True):
    """Turn the request away in the dialect's own error shape."""

    failure: Failure
    headers: Mapping[str, str] = {}
    """Beside the dialect's own; of the same name, these hold."""


class Raw(Struct, frozen=True, kw_only=True):
    """Answer with these very bytes: an HTML page of a load balancer, broken JSON, nothing at all."""

    status: int = 200
    content_type: str = "text/html"
    headers: dict[str, str] = {}
    body: bytes = b""


class Hang(Struct, frozen=True):
    """Accept the request and say nothing for so long."""

    seconds: float


class Reset(Struct, frozen=True):
    """Reset the connection instead of answering (TCP RST)."""


class HangUp(Struct, frozen=True):
    """Close the connection instead of answering, as a server does that thinks it idle."""


class Held(Struct, frozen=True):
    """Act once somebody has set the gate: so several requests can be made to be in flight at once."""

    gate: Gate
    action: "Action"


Action = Answer | Refuse | Raw | Hang | Reset | HangUp | Held
Script = Callable[[ChatRequest, int], Action]
"""The action for a request, given how many came before it."""


def always(action: Action) -> Script:
    """The same for every request."""
    return lambda _request, _count: action


def in_order(actions: Sequence[Action]) -> Script:
    """One after the other; the last one for all that follow."""
    return lambda _request, count: actions[min(count, len(actions) - 1)]


def rate_limited(retry_after_s: float | None = None) -> Refuse:
    """A 429."""
    return Refuse(Failure("rate_limited", "Rate limit reached for requests", 429, retry_after_s))


def overloaded() -> Refuse:
    """A 529."""
    return Refuse(Failure("overloaded", "Overloaded", 529))


def pieces(text: str, size: int = 12) -> list[str]:
    """`text` in parts of about `size` characters that end after a space where there is one; joined they are `text`."""
    parts: list[str] = []
    start = 0
    while start < len(text):
        space = text.find(" ", start + size)
        end = space + 1 if 0 <= space < start + 2 * size else start + size
        parts.append(text[start:end])
        start = end
    return parts
