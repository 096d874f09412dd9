"""Everything the router can say, as one closed union.

Consumers `match` on it and end with `assert_never`, so the type checker lists every place that a new event concerns.
The first group is what a dialect can read off the wire; the router passes it on and adds the second.
"""

from typing import Literal

from msgspec import Struct

from burn_tui.core.auto import AutoDecision
from burn_tui.core.cascade import Cascade
from burn_tui.core.catalog import Target
from burn_tui.core.chat import FinishReason
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.money import in_dollars
from burn_tui.core.usage import Usage, UsageRecord

# --- read off the wire ---------------------------------------------------------------------------


class TextDelta(Struct, frozen=True):
    """More visible text."""

    text: str


class ReasoningDelta(Struct, frozen=True):
    """More thinking."""

    text: str
    signature: str | None = None
    """Comes with the last piece of a signed block; None otherwise."""


class ToolCallDelta(Struct, frozen=True):
    """More of a tool call. id and name come with the first piece of it, arguments in fragments."""

    index: int
    """Which call of the answer, from 0, in the order they began."""
    id: str = ""
    """"" on every piece but the first."""
    name: str = ""
    """"" on every piece but the first."""
    arguments: str = ""
    """A fragment of the JSON text."""
    signature: str | None = None
    """As ToolCall.signature; None on every piece but one."""


class UsageSeen(Struct, frozen=True):
    """What the provider has counted up to now: cumulative, a later one replaces what it states."""

    usage: Usage


class ModelSeen(Struct, frozen=True):
    """The model that the provider says is answering; once an attempt."""

    response_model: str


class FinishSeen(Struct, frozen=True):
    """The model said why it stopped. Usage may still follow."""

    finish_reason: FinishReason
    raw: str
    """The provider's own word for it."""


class Malformed(Struct, frozen=True):
    """One event of a stream could not be read; it was skipped and the stream goes on."""

    excerpt: str
    """Its beginning, shortened, secrets removed."""


WireEvent = TextDelta | ReasoningDelta | ToolCallDelta | UsageSeen | ModelSeen | FinishSeen | Malformed | Failure
"""What a dialect's decoder gives. After a Failure it gives nothing more."""

# --- said by the router --------------------------------------------------------------------------


class Skipped(Struct, frozen=True):
    """A target that was considered and not chosen."""

    target: Target
    why: str


class RouteDecided(Struct, frozen=True):
    """Which targets will be asked, in order, and why. Always the first event of a request that is not refused."""

    request_id: str
    route: str
    """The route's name, or "pinned"."""
    targets: tuple[Target, ...]
    """At least one; the first is asked first."""
    why: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    auto: AutoDecision | None = None
    """How auto put them in this order; None = the route's own order holds."""
    cascade: Cascade | None = None
    """What is checked of the answer; None = nothing is."""


class AttemptStarted(Struct, frozen=True):
    """A provider is being called from now on."""

    event_id: str
    attempt: int
    """From 1."""
    target: Target
    lane: int = 0
    """Which of the provider's keys and addresses is used."""
    is_free: bool = False
    """True = it costs nothing, whatever is answered."""


class AttemptFailed(Struct, frozen=True):
    """The attempt is over without an answer. Whether another follows is said by the next event."""

    attempt: int
    target: Target
    failure: Failure


class FellBack(Struct, frozen=True):
    """The ONLY way, with Escalated, that the target of a request changes."""

    from_target: Target
    to_target: Target
    error_type: ErrorType
    why: str
    """A sentence for the person: who refused, in what words, until when."""
    waited_s: float
    """Seconds the person lost to the failed attempt."""
    continues: bool = False
    """True = the new target goes on from the text that came; False = it begins anew, and that text is no answer."""


class Escalated(Struct, frozen=True):
    """A check failed, or the same question was asked before, so a stronger target is asked as well."""

    from_target: Target
    to_target: Target
    why: str
    from_nanousd: int | None = None
    """What the first answer cost; None = unknown."""
    to_nanousd: int | None = None
    """What asking the stronger target is estimated to cost; None = unknown."""

    @property
    def costs(self) -> str:
        """Both, in words; "" = neither is known."""
        said = [] if self.from_nanousd is None else [f"That cost {in_dollars(self.from_nanousd)}."]
        if self.from_nanousd == 0:
            said = ["That was free."]
        if self.to_nanousd is not None:
            said.append(f"This is estimated at {in_dollars(self.to_nanousd)}.")
        return " ".join(said)


class NotEscalated(Struct, frozen=True):
    """A check failed, and the stronger target is not asked all the same: the answer stays."""

    target: Target
    """Whose answer it is."""
    stronger_target: Target
    why: str
    """What was wrong with the answer, and what holds the stronger target back."""


class Hedged(Struct, frozen=True):
    """The target is far slower than usual, so another is asked as well. Whoever says something first goes on.

    If that is the other one, FellBack follows; the call that lost is stopped and metered.
    """

    slow_target: Target
    also_target: Target
    why: str


class Waiting(Struct, frozen=True):
    """Nothing is sent for a while, on purpose."""

    target: Target | None
    """None = whoever of the resting ones is back first."""
    seconds: float
    why: str


class ContextReduced(Struct, frozen=True):
    """Something of the conversation is not sent to this target."""

    target: Target
    what: tuple[str, ...]
    """Each in words: "2 thinking blocks of anthropic"."""


class BudgetWarned(Struct, frozen=True):
    """A budget is nearly used up; the request went ahead."""

    budget: str
    spent_nanousd: int
    limit_nanousd: int


class Confirmation(Struct, frozen=True):
    """The facts a person needs before a paid call leaves a guarded environment."""

    target: Target
    environment: str
    key_variable: str | None
    """Whose credits are at stake; None = the target needs no key."""
    key_fingerprint: str | None
    """Tells which key it is without giving it away; None without a key."""
    input_tokens_estimate: int
    cost_estimate_nanousd: int | None
    """None = the price is unknown."""
    budget: str | None = None
    """The fullest budget that this call counts against; None = there is none."""
    budget_spent_nanousd: int = 0
    budget_limit_nanousd: int = 0
    unlocks_for_s: float | None = None
    """A yes also unlocks the environment for so long; None = it is not locked."""


class TooLong(Struct, frozen=True, kw_only=True):
    """The facts a person needs to choose between another model and a shorter conversation. Tokens are estimates."""

    tokens_needed: int
    """By the conversation, the question and the answer that was asked for."""
    window: int
    """The largest among the targets that were asked for."""
    shorten_to: int
    """What conversation and question may take of that window so that an answer fits as well: for Session.shorten."""
    shortest: int
    """What is left if everything before the question is forgotten; above `shorten_to`, shortening is no help."""
    carrier: Target | None = None
    """The allowed target with the largest window of those that hold everything; None = there is none."""
    carrier_window: int | None = None
    """None without a carrier."""
    carrier_cost_nanousd: int | None = None
    """Estimate for carrying everything there; None = the price is unknown, or there is no carrier."""


class Refused(Struct, frozen=True):
    """Nothing was sent. Always the last event but RequestFinished."""

    kind: Literal["guard", "confirmation", "budget", "context_length", "no_target"]
    reason: str
    mend: str
    confirmation: Confirmation | None = None
    """Given with kind "confirmation": ask the person, and send again as confirmed."""
    retry_at: float | None = None
    """When asking again makes sense, in seconds since the epoch; None = not by waiting alone."""
    too_long: TooLong | None = None
    """Given with kind "context_length": nothing is shortened before the person has agreed."""


class Truncated(Struct, frozen=True):
    """The answer above is incomplete, and stays on screen marked as such."""

    target: Target
    characters: int
    """Visible characters that had been shown."""
    why: str


class AttemptFinished(Struct, frozen=True):
    """The attempt is over, and its row about to be settled: it is when the request is finished."""

    record: UsageRecord


class RequestFinished(Struct, frozen=True):
    """Always the last event of a request."""

    request_id: str
    requested: str | None
    """What the caller asked for; None = the default route."""
    served: Target | None
    """None = nobody answered."""
    records: tuple[UsageRecord, ...]
    """Every attempt in order, but the one that answered last; empty only for a request that could not be planned."""
    failure: Failure | None = None
    """Why nobody answered; None if somebody did or the request was refused."""


Event = (
    RouteDecided
    | AttemptStarted
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | UsageSeen
    | ModelSeen
    | FinishSeen
    | Malformed
    | AttemptFailed
    | FellBack
    | Escalated
    | NotEscalated
    | Hedged
    | Waiting
    | ContextReduced
    | BudgetWarned
    | Refused
    | Truncated
    | AttemptFinished
    | RequestFinished
)
