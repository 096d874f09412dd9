"""What is being spent: from the ledger's samples to what the burn panel shows.

Everything counts for the minute in which its attempt started, so that a sum never changes by being asked later.
"""

from msgspec import Struct

from burn_tui.core.failure import ErrorType
from burn_tui.core.latency import Histogram, percentile

WINDOW_MINUTES = 60
"""Length of the series."""

RATE_MINUTES = 5
"""Length of what is called "current"."""

FIRST_JUDGEMENT = 0.02
"""Share of the day that must have passed before anything is inferred from it: half an hour after midnight one
prompt would otherwise be "40x expected"."""

_MINUTE_S = 60.0


class MinuteSample(Struct, frozen=True):
    """What the attempts that started in one minute came to. Minutes without any have no sample."""

    minute: int
    """Whole minutes since the epoch."""
    cost_nanousd: int
    """Known costs only."""
    tokens: int
    """Input and output."""


class ProviderSpending(Struct, frozen=True, kw_only=True):
    """One provider since the start of the day. Requests that our own guard refused are not in it."""

    provider_name: str
    cost_nanousd: int = 0
    """Known costs only: a lower bound as soon as `unpriced_requests` is not 0."""
    unpriced_requests: int = 0
    """Attempts of unknown cost."""
    unpriced_tokens: int = 0
    """Input and output tokens of those."""
    input_tokens: int = 0
    """Cached ones included."""
    output_tokens: int = 0
    """Reasoning included."""
    attempts: int = 0
    """Settled ones."""
    failures: int = 0
    """Attempts without a whole answer, for a reason other than that somebody stopped them (cancelled, interrupted)."""
    open_attempts: int = 0
    """In flight now, in all processes that share the ledger; also those that started before the day did."""
    last_error_type: ErrorType | None = None
    """Of the latest failure of the day; None = there was none."""
    first_chunk: Histogram = {}
    """Times to the first chunk over the last 24 hours."""


class Spending(Struct, frozen=True, kw_only=True):
    """What the ledger knows for the panel."""

    minutes: tuple[MinuteSample, ...] = ()
    """Of the last WINDOW_MINUTES, oldest first."""
    providers: tuple[ProviderSpending, ...] = ()
    """Those that were called since the start of the day or are being called now."""


class ProviderBurn(Struct, frozen=True, kw_only=True):
    """One provider's row."""

    provider_name: str
    cost_nanousd: int | None
    """Since the start of the day; None = it was used and nothing of the cost is known. 0 = free, or nothing billed."""
    tokens: int
    """Input and output."""
    p50_first_chunk_s: float | None
    """Median time to the first chunk over the last 24 hours; None without samples."""
    p95_first_chunk_s: float | None
    attempts: int
    failures: int
    """Not counting what was cancelled or interrupted."""
    unpriced_requests: int = 0
    """Not 0 = the cost is a lower bound."""
    open_attempts: int = 0
    last_error_type: ErrorType | None = None


class BurnView(Struct, frozen=True, kw_only=True):
    """What the burn panel shows."""

    nanousd_per_minute: tuple[int, ...]
    """The last 60 minutes, oldest first; the last one is still running."""
    tokens_per_minute: tuple[int, ...]
    spent_nanousd: int = 0
    """Since the start of the day, known costs only."""
    limit_nanousd: int | None = None
    """The day's budget; None = there is none."""
    expected_nanousd: int | None = None
    """What would be spent by now if the budget were used evenly over the day; None without a budget."""
    ratio: float | None = None
    """Spent over expected; None while nothing is expected or the day is younger than FIRST_JUDGEMENT."""
    current_nanousd_per_minute: int = 0
    """Mean of the last five minutes."""
    current_tokens_per_minute: int = 0
    projected_day_end_nanousd: int | None = None
    """Spent at the day's end if the rest of it goes on like the last hour; None as for `ratio`."""
    tokens: int = 0
    """Since the start of the day, input and output."""
    unpriced_requests: int = 0
    """Attempts of unknown cost since the start of the day: they are not in any sum of money."""
    unpriced_tokens: int = 0
    """Tokens of those."""
    open_attempts: int = 0
    """Calls in flight, in all processes that share the ledger."""
    providers: tuple[ProviderBurn, ...] = ()
    """The costliest first."""

    @property
    def share_of_limit(self) -> float | None:
        """Spent over limit, 1.0 = all of it; None without a budget."""
        return self.spent_nanousd / self.limit_nanousd if self.limit_nanousd else None


def burn_view(
    spending: Spending, *, now: float, day_start: float, day_end: float, limit_nanousd: int | None
) -> BurnView:
    """What the panel shows at `now`. Times are seconds since the epoch, `day_end` is exclusive."""
    costs = _series(now, {sample.minute: sample.cost_nanousd for sample in spending.minutes})
    tokens = _series(now, {sample.minute: sample.tokens for sample in spending.minutes})
    spent = sum(provider.cost_nanousd for provider in spending.providers)
    day_share = min(max((now - day_start) / (day_end - day_start), 0.0), 1.0)
    expected = None if limit_nanousd is None else round(limit_nanousd * day_share)
    is_early = day_share < FIRST_JUDGEMENT
    remaining_minutes = max(day_end - now, 0.0) / _MINUTE_S
    return BurnView(
        nanousd_per_minute=costs,
        tokens_per_minute=tokens,
        spent_nanousd=spent,
        limit_nanousd=limit_nanousd,
        expected_nanousd=expected,
        ratio=None if is_early or not expected else spent / expected,
        current_nanousd_per_minute=round(_rate(costs[-RATE_MINUTES:], now)),
        current_tokens_per_minute=round(_rate(tokens[-RATE_MINUTES:], now)),
        projected_day_end_nanousd=None if is_early else spent + round(_rate(costs, now) * remaining_minutes),
        tokens=sum(provider.input_tokens + provider.output_tokens for provider in spending.providers),
        unpriced_requests=sum(provider.unpriced_requests for provider in spending.providers),
        unpriced_tokens=sum(provider.unpriced_tokens for provider in spending.providers),
        open_attempts=sum(provider.open_attempts for provider in spending.providers),
        providers=tuple(_row(provider) for provider in sorted(spending.providers, key=_costliest_first)),
    )


def minute_of(epoch_s: float) -> int:
    """Whole minutes since the epoch."""
    return int(epoch_s // _MINUTE_S)


def _series(now: float, by_minute: dict[int, int]) -> tuple[int, ...]:
    current = minute_of(now)
    return tuple(by_minute.get(minute, 0) for minute in range(current - WINDOW_MINUTES + 1, current + 1))


def _rate(minutes: tuple[int, ...], now: float) -> float:
    """Mean per minute. The last minute is still running, and counting it as a whole one would make the rate of
    steady work sag at each full minute.
    """
    return sum(minutes) / (len(minutes) - 1 + now % _MINUTE_S / _MINUTE_S)


def _costliest_first(provider: ProviderSpending) -> tuple[int, int, str]:
    return -provider.cost_nanousd, -(provider.input_tokens + provider.output_tokens), provider.provider_name


def _row(provider: ProviderSpending) -> ProviderBurn:
    is_unknown = provider.unpriced_requests > 0 and provider.cost_nanousd == 0
    return ProviderBurn(
        provider_name=provider.provider_name,
        cost_nanousd=None if is_unknown else provider.cost_nanousd,
        tokens=provider.input_tokens + provider.output_tokens,
        p50_first_chunk_s=percentile(provider.first_chunk, 0.50),
        p95_first_chunk_s=percentile(provider.first_chunk, 0.95),
        attempts=provider.attempts,
        failures=provider.failures,
        unpriced_requests=provider.unpriced_requests,
        open_attempts=provider.open_attempts,
        last_error_type=provider.last_error_type,
    )
