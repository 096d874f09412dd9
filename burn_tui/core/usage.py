"""Tokens, and the one record that every attempt leaves behind.

Conventions of OpenTelemetry's GenAI attributes: input_tokens INCLUDE cache reads and cache writes,
output_tokens INCLUDE reasoning. A dialect whose provider counts otherwise converts before it reports.
"""

from typing import Literal

from msgspec import Struct, structs

from burn_tui.core.chat import FinishReason
from burn_tui.core.failure import ErrorType

CostSource = Literal["price", "provider", "estimated", "logged"]
"""Where a cost comes from: a price table, the provider's own figure, a price on estimated tokens, or the figure that
another tool has noted in its log."""

Source = Literal[
    "router", "gateway", "import", "demo", "claude_code", "codex", "gemini_cli", "opencode", "aider", "llm"
]
"""Which door an attempt came through. `demo` is the history that `--demo` invents; the names of other tools are those
whose logs it was found in."""


class Usage(Struct, frozen=True):
    """Tokens of one attempt. None = the provider did not say; 0 = it said zero."""

    input_tokens: int | None = None
    """All prompt tokens, cached ones included."""
    output_tokens: int | None = None
    """All generated tokens, reasoning included."""
    cache_read_input_tokens: int | None = None
    """The part of input_tokens that was read from a cache."""
    cache_creation_input_tokens: int | None = None
    """The part of input_tokens that was written to a cache, for any lifetime."""
    cache_creation_1h_input_tokens: int | None = None
    """The part of cache_creation_input_tokens kept for an hour, which costs more; None = all are short-lived."""
    reasoning_output_tokens: int | None = None
    """The part of output_tokens that was thinking."""
    cost_nanousd: int | None = None
    """What the provider itself says it charged; it beats a price table. None for nearly all providers."""
    estimated: bool = False
    """True when any count is a guess of ours."""

    def updated(self, later: "Usage") -> "Usage":
        """This usage with every field that `later` states: counters are cumulative, so the last word holds."""
        stated = {name: value for name, value in structs.asdict(later).items() if value is not None}
        stated["estimated"] = self.estimated or later.estimated
        return structs.replace(self, **stated)

    @property
    def is_complete(self) -> bool:
        """Whether both directions were counted."""
        return self.input_tokens is not None and self.output_tokens is not None

    def completed(self, *, input_estimate: int, output_estimate: int) -> "Usage":
        """This usage with estimates in place of missing totals, marked as estimated if there were any."""
        if self.is_complete:
            return self
        return structs.replace(
            self,
            input_tokens=input_estimate if self.input_tokens is None else self.input_tokens,
            output_tokens=output_estimate if self.output_tokens is None else self.output_tokens,
            estimated=True,
        )


TOKEN_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_1h_input_tokens",
    "reasoning_output_tokens",
)
"""Of a Usage, all counts of tokens: columns of the ledger are called so too."""


class PromptUse(Struct, frozen=True, kw_only=True):
    """Which version of a prompt was sent, and what came of rendering it."""

    name: str
    version: str
    """SHA-256 of its canonical form, 64 hex digits."""
    variant: str | None = None
    """The model or family that the text was written for; None = the plain one."""
    label: str | None = None
    """The name it was called by, such as "production"; None = by its version."""
    variables_hash: str | None = None
    """SHA-256 of the variables, 64 hex digits; None = it has none."""
    rendered_hash: str | None = None
    """SHA-256 of the bytes that were really sent, 64 hex digits; None = unknown."""


class AttemptOpened(Struct, frozen=True, kw_only=True):
    """What is known of an attempt before its first byte leaves: the ledger row's first half."""

    event_id: str
    """UUIDv7; the idempotency key of the row."""
    request_id: str
    """Shared by all attempts of one request."""
    attempt: int
    """1 for the first attempt of a request; 0 for a request that was refused before any."""
    started_at: float
    """Seconds since the epoch, UTC."""
    provider_name: str
    """"" for a refused request that never got a target."""
    request_model: str
    """The model that was asked of the provider."""
    requested: str | None = None
    """What the caller asked for; None = the default route."""
    input_tokens_estimate: int = 0
    cost_estimate_nanousd: int | None = None
    """The reservation against budgets; None = unpriced."""
    operation_name: str = "chat"
    conversation_id: str | None = None
    session_id: str | None = None
    environment: str = ""
    project: str | None = None
    member: str | None = None
    route: str | None = None
    """The name of the route, or None for a pinned target."""
    route_reason: str = ""
    fell_back_from: str | None = None
    """"provider/model" that failed before this attempt took over; None for a first attempt."""
    lane: int = 0
    """Which of the provider's keys and addresses is used."""
    waited_s: float = 0.0
    """From the request's start to this attempt's: what earlier attempts and rests have cost the person."""
    source: Source = "router"
    prompt: PromptUse | None = None
    """None = what was sent is no versioned prompt."""
    git_commit: str | None = None
    """Of the working directory, 40 or 64 hex digits; None = it has none."""
    git_is_dirty: bool | None = None
    """Whether the working directory differs from its commit; None without one."""


class UsageRecord(Struct, frozen=True, kw_only=True):
    """One attempt, finished in whatever way: one settled row of the ledger."""

    opened: AttemptOpened
    duration_s: float
    time_to_first_chunk_s: float | None = None
    """From sending the request to the first byte of text or reasoning; None if none came."""
    response_model: str | None = None
    """The model that the provider says answered; None if it never said."""
    usage: Usage = Usage()
    cost_nanousd: int | None = None
    """None = unknown, never 0. 0 = free: a local model, or an attempt that was not billed."""
    cost_source: CostSource | None = None
    """None where the cost is unknown."""
    price_as_of: str | None = None
    """ISO date of the price that was used; None where no price was."""
    finish_reason: FinishReason | None = None
    """None if the model never finished."""
    error_type: ErrorType | None = None
    """None = answered."""
    http_status: int | None = None
    """None if no response came."""
    malformed_events: int = 0
    """Events of the stream that could not be read and were skipped."""
    is_late: bool = False
    """True = it came to the ledger long after it happened, by an import: it is in all sums and alarms nobody."""

    @property
    def outcome(self) -> Literal["answered", "failed"]:
        """In one word."""
        return "answered" if self.error_type is None else "failed"


def unsent(opened: AttemptOpened, error_type: ErrorType) -> UsageRecord:
    """The record of an attempt that never left, and so costs nothing."""
    nothing = Usage(input_tokens=0, output_tokens=0)
    return UsageRecord(opened=opened, duration_s=0.0, usage=nothing, cost_nanousd=0, error_type=error_type)


def interrupted(opened: AttemptOpened) -> UsageRecord:
    """The record of an attempt whose process died in the midst of it: what it cost is guessed to be its estimate."""
    return UsageRecord(
        opened=opened,
        duration_s=0.0,
        usage=Usage(input_tokens=opened.input_tokens_estimate, estimated=True),
        cost_nanousd=opened.cost_estimate_nanousd,
        cost_source=None if opened.cost_estimate_nanousd is None else "estimated",
        error_type="interrupted",
    )


class Correction(Struct, frozen=True, kw_only=True):
    """What is known better of an attempt by now. Its row stays as it was written; the sums become right."""

    event_id: str
    """Of the correction: the same one is applied once."""
    corrects: str
    """The event_id of the attempt."""
    at: float
    """When it became known, in seconds since the epoch."""
    why: str
    usage: Usage
    """What the attempt really used; None = as it is known already."""
    cost_nanousd: int | None
    """What it really cost; None = still unknown, or unknown again."""


class Feedback(Struct, frozen=True, kw_only=True):
    """What a person thought of an answer. The last word on an attempt holds."""

    event_id: str
    """Of the attempt."""
    at: float
    """Seconds since the epoch."""
    verdict: Literal[1, -1] | None
    """Thumbs up or down; None = taken back."""
    note: str | None = None


Outcome = Literal["kept", "replaced"]
"""What became of an answer. kept: preferred to another one to the same question. replaced: the conversation goes on
from another one, as the question was asked again or the other was preferred.
"""


class GuardOverride(Struct, frozen=True, kw_only=True):
    """A guard that would have held a request up, and a person who said yes: a row of its own in the ledger."""

    event_id: str
    """Of the attempt that was let pass."""
    at: float
    """Seconds since the epoch."""
    environment: str
    session_id: str | None
    why: str
    """What the guard had said."""
    unlocked: bool
    """True = the yes also unlocked the environment."""
