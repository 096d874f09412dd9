"""What is being spent: from the ledger's samples to what the burn panel shows.

Everything counts for the minute in which its attempt started, so that a sum never changes by being asked later.

What was spent is held against the usual: what is learned of days like this one, or, until enough of them are known, the
even share of the budget.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from burn_tui.core.alerts import Told
from burn_tui.core.bottlenecks import Bottleneck
from burn_tui.core.expectation import Expectation
from burn_tui.core.failure import ErrorType
from burn_tui.core.latency import Histogram, percentile
from burn_tui.core.minutes import MINUTE_S, minute_of
from burn_tui.core.tension import Tension

WINDOW_MINUTES = 60
"""Length of the series."""

RATE_MINUTES = 5
"""Length of what is called "current"."""

FIRST_JUDGEMENT = 0.02
"""Share of the day that must have passed before anything is inferred from it: half an hour after midnight one
prompt would otherwise be "40x expected"."""

TREND_MINUTES = 15
TREND_SHARE = 0.25
"""So much hotter or cooler than the hour its last quarter must be to be called rising or falling."""

PACE_PRIOR = 0.25
"""The day's pace is drawn towards the usual as if this share of a usual day had been spent at it already: the first
expensive hour must not multiply the whole rest of the day."""

ExpectedBy = Literal["learned", "budget"]
"""What is usual is known from days like this one, or it is the even share of the budget."""

Trend = Literal["rising", "steady", "falling"]


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
    """What is usually spent by now; None while neither usual days nor a budget are known."""
    expected_by: ExpectedBy | None = None
    """None as for `expected_nanousd`."""
    days_learned: int = 0
    """Days like this one that are known."""
    ratio: float | None = None
    """What the last hour cost, calls in flight included, over what it usually does. Late rows are not in it. None
    while nothing is expected or the day is younger than FIRST_JUDGEMENT.
    """
    trend: Trend | None = None
    """How the last quarter of that hour compares with all of it; None without a ratio."""
    current_nanousd_per_minute: int = 0
    """Mean of the last five minutes."""
    current_tokens_per_minute: int = 0
    projected_day_end_nanousd: int | None = None
    """Spent at the day's end. If usual days are known, the rest of it is as usual, times today's pace; else it goes on
    like the last hour. None while the day is younger than FIRST_JUDGEMENT.
    """
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
    slowest: tuple[Bottleneck, ...] = ()
    """Operations by the time they take within 24 hours, the one that takes most first."""
    headroom: Mapping[str, float] = {}
    """By provider: the share that is left of its tightest rate limit; absent = it states none."""
    tension: Tension | None = None
    """None = not measured yet."""
    told: tuple[Told, ...] = ()
    """What was told and nobody has dismissed yet, the latest first."""

    @property
    def share_of_limit(self) -> float | None:
        """Spent over limit, 1.0 = all of it; None without a budget."""
        return self.spent_nanousd / self.limit_nanousd if self.limit_nanousd else None

    @property
    def strain(self) -> float | None:
        """How many times too much it is, for the tension: the ratio where usual days are known; until then the day's
        spending over its even share, since an hour of work is always hotter than an even one. None as for `ratio`.
        """
        if self.ratio is None or self.expected_by == "learned" or not self.expected_nanousd:
            return self.ratio
        return self.spent_nanousd / self.expected_nanousd


def burn_view(
    spending: Spending,
    *,
    now: float,
    expectation: Expectation,
    limit_nanousd: int | None,
    live: Mapping[int, int],
) -> BurnView:
    """What the panel shows at `now`, seconds since the epoch, which is within the day of `expectation`.

    `live`: nano-USD by minute of what happened in the last hour, calls in flight with their estimates, without late
    rows. What does not come from spending (tension, what is slow, what was told) is for the caller to add.
    """
    costs = _series(now, {sample.minute: sample.cost_nanousd for sample in spending.minutes})
    tokens = _series(now, {sample.minute: sample.tokens for sample in spending.minutes})
    spent = sum(provider.cost_nanousd for provider in spending.providers)
    standard = _Standard(expectation, limit_nanousd)
    expected = standard.expected(expectation.day_start, now)
    is_early = expectation.elapsed(now) < FIRST_JUDGEMENT
    hour = None if is_early else _Hour(standard, _series(now, live), now)
    return BurnView(
        nanousd_per_minute=costs,
        tokens_per_minute=tokens,
        spent_nanousd=spent,
        limit_nanousd=limit_nanousd,
        expected_nanousd=None if expected is None else round(expected),
        expected_by=standard.by,
        days_learned=expectation.days_learned,
        ratio=None if hour is None else hour.burn(WINDOW_MINUTES),
        trend=None if hour is None else hour.trend(),
        current_nanousd_per_minute=round(_rate(costs[-RATE_MINUTES:], now)),
        current_tokens_per_minute=round(_rate(tokens[-RATE_MINUTES:], now)),
        projected_day_end_nanousd=None if is_early else spent + round(_still_to_come(spent, costs, expectation, now)),
        tokens=sum(provider.input_tokens + provider.output_tokens for provider in spending.providers),
        unpriced_requests=sum(provider.unpriced_requests for provider in spending.providers),
        unpriced_tokens=sum(provider.unpriced_tokens for provider in spending.providers),
        open_attempts=sum(provider.open_attempts for provider in spending.providers),
        providers=tuple(_row(provider) for provider in sorted(spending.providers, key=_costliest_first)),
    )


class _Standard:
    """What spending is held against."""

    def __init__(self, expectation: Expectation, limit_nanousd: int | None) -> None:
        self._day = expectation
        self._limit_nanousd = limit_nanousd
        is_limited = limit_nanousd is not None
        self.by: ExpectedBy | None = "learned" if expectation.is_learned else "budget" if is_limited else None

    def expected(self, since: float, until: float) -> float | None:
        """Nano-USD that are usual between two times; None = nobody knows."""
        day = self._day
        if day.is_learned:
            return day.expected(since, until)
        if self._limit_nanousd is None:
            return None
        return self._limit_nanousd * (min(until, day.day_end) - since) / (day.day_end - day.day_start)


class _Hour:
    """The last one, against its standard."""

    def __init__(self, standard: _Standard, live: tuple[int, ...], now: float) -> None:
        self._standard = standard
        self._live = live
        self._now = now

    def burn(self, minutes: int) -> float | None:
        """Of its last minutes, the running one included: spent over expected."""
        since = MINUTE_S * (minute_of(self._now) - minutes + 1)
        expected = self._standard.expected(since, self._now)
        return sum(self._live[-minutes:]) / expected if expected else None

    def trend(self) -> Trend | None:
        """How its last quarter compares with all of it."""
        hour, quarter = self.burn(WINDOW_MINUTES), self.burn(TREND_MINUTES)
        if hour is None or quarter is None:
            return None
        if quarter > hour * (1.0 + TREND_SHARE):
            return "rising"
        return "falling" if quarter < hour * (1.0 - TREND_SHARE) else "steady"


def _still_to_come(spent: int, costs: tuple[int, ...], expectation: Expectation, now: float) -> float:
    """What the rest of the day is going to cost."""
    if not expectation.is_learned or not expectation.usual:
        return _rate(costs, now) * max(expectation.day_end - now, 0.0) / MINUTE_S
    prior = PACE_PRIOR * expectation.usual
    pace = (spent + prior) / (expectation.by(now) + prior)
    return pace * expectation.expected(min(now, expectation.day_end), expectation.day_end)


def _series(now: float, by_minute: Mapping[int, int]) -> tuple[int, ...]:
    current = minute_of(now)
    return tuple(by_minute.get(minute, 0) for minute in range(current - WINDOW_MINUTES + 1, current + 1))


def _rate(minutes: tuple[int, ...], now: float) -> float:
    """Mean per minute. The last minute is still running, and counting it as a whole one would make the rate of
    steady work sag at each full minute.
    """
    return sum(minutes) / (len(minutes) - 1 + now % MINUTE_S / MINUTE_S)


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
