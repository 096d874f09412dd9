"""What can be asked about requests, waiting, providers and budgets, and the form of the answers."""

from typing import Literal

from msgspec import Struct

from burn_tui.core.breaker import State
from burn_tui.core.budget import Budget
from burn_tui.core.failure import ErrorType
from burn_tui.core.health import Scope
from burn_tui.core.price_lines import PriceLine
from burn_tui.core.rate_limits import Headroom
from burn_tui.core.usage import UsageRecord

Group = Literal["provider", "model", "operation", "hour"]
"""What latencies can be asked for by."""

MOST_REQUESTS = 200
"""Attempts of one list."""


class Which(Struct, frozen=True, kw_only=True):
    """Whose requests, and of when. Times are seconds since the epoch; None = of all."""

    since: float
    until: float
    operation_name: str | None = None
    provider_name: str | None = None
    environment: str | None = None
    project: str | None = None
    session_id: str | None = None
    prompt_name: str | None = None
    prompt_version: str | None = None
    """64 digits."""


class LastError(Struct, frozen=True):
    """The latest failure of a provider, whoever met it."""

    error_type: ErrorType
    http_status: int | None
    request_model: str
    at: float
    """When the attempt started, in seconds since the epoch."""


class Attempted(Struct, frozen=True):
    """One attempt of a request, and its bill."""

    record: UsageRecord
    lines: tuple[PriceLine, ...]
    """At the price that is known now; () = none is, or the tokens are not."""
    limits: tuple[Headroom, ...]
    """What the provider's headers said last, in this process; () = nothing."""


class Limit(Struct, frozen=True):
    """A rate limit as a provider stated it last."""

    provider_name: str
    headroom: Headroom
    resets_in_s: float | None
    """From now; None = not said, 0 = it should be full again."""


class Rest(Struct, frozen=True):
    """Somebody who is not asked for a while."""

    scope: Scope
    why: ErrorType | None
    left_s: float


class ProviderState(Struct, frozen=True, kw_only=True):
    """A provider at this moment."""

    name: str
    models: tuple[str, ...]
    base_url: str
    is_local: bool
    state: State
    """Of its worst model."""
    left_s: float
    """Of its rest; 0 unless resting."""
    why: ErrorType | None
    """What it rests for; None = it does not, or nobody knows."""
    share_left: float | None
    """Of its tightest rate limit; None = not stated."""
    key_place: str | None
    """Where its key is kept; None = it needs none."""
    key_fingerprint: str | None
    """None = it needs none, or it is nowhere to be found."""
    last_error: LastError | None
    """Within a week; None = there was none."""


class BudgetStanding(Struct, frozen=True):
    """A budget and its running period."""

    budget: Budget
    spent_nanousd: int
    """Reservations of calls in flight included."""
    period_start: float
    period_end: float
    """Seconds since the epoch."""


class LocalServer(Struct, frozen=True):
    """A model server on this machine."""

    name: str
    answered_s: float | None
    """How long it took to say how it is; None = it did not answer."""
    loaded: tuple[str, ...] | None
    """Models that it holds in memory; None = it does not tell."""


class LocalLoad(Struct, frozen=True):
    """How busy this machine is."""

    cores: int
    processes: float | None
    """That want to run, on average over a minute; None = the system does not tell."""
    servers: tuple[LocalServer, ...]
    """In the order of the settings."""
