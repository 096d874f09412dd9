"""Money as integer nano-USD, so that sums in Python and in SQL agree to the last digit.

Rates are nano-USD per million tokens: $0.0375 per million is 37_500_000, still an integer.
"""

from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from burn_tui.core.usage import Usage

NANOUSD = 1_000_000_000
"""Nano-USD in one US dollar."""

_TOKENS_PER_RATE = 1_000_000


def nanousd(usd: float | str | Decimal) -> int:
    """`usd` dollars as nano-USD, halves rounded up. A float is read by its shortest decimal form."""
    return int((Decimal(str(usd)) * NANOUSD).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def in_dollars(nanousd_: int) -> str:
    """As "$0.0123", with more places where it is little: nothing that is not 0 reads as 0."""
    places = 4 if nanousd_ == 0 or nanousd_ >= NANOUSD // 100 else 6 if nanousd_ >= NANOUSD // 100_000 else 9
    return f"${nanousd_ / NANOUSD:.{places}f}"


def in_cents(nanousd_: int) -> str:
    """As "$20.00" where it is whole cents, which a person's own limit mostly is; else as in_dollars()."""
    return in_dollars(nanousd_) if nanousd_ % (NANOUSD // 100) else f"${nanousd_ / NANOUSD:.2f}"


class Rates(Struct, frozen=True, kw_only=True):
    """Nano-USD per million tokens. None = no rate of its own: the tokens cost what plain input costs."""

    input_rate: int
    output_rate: int
    cache_read_rate: int | None = None
    cache_write_rate: int | None = None
    cache_write_1h_rate: int | None = None
    """None = twice the input rate where cache_write_rate is known (Anthropic's rule), else the input rate."""


class LongContext(Struct, frozen=True, kw_only=True):
    """Other rates for longer requests."""

    above: int
    """Input tokens; from the next one on `rates` hold for the whole request."""
    rates: Rates


class Price(Struct, frozen=True, kw_only=True):
    """What a model costs."""

    rates: Rates
    steps: tuple[LongContext, ...] = ()
    """By `above`, the lowest first; () = one price for all."""
    as_of: str | None = None
    """ISO date on which the price was known to hold; None = the user's own, or free."""

    def rates_for(self, input_tokens: int) -> Rates:
        """The rates of a request with this many input tokens."""
        for step in reversed(self.steps):
            if input_tokens > step.above:
                return step.rates
        return self.rates


FREE = Price(rates=Rates(input_rate=0, output_rate=0))
"""A model on this machine."""


def cost(usage: Usage, price: Price) -> int | None:
    """Nano-USD of `usage` at `price`, rounded half up once, at the end. None if a total is missing."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    rates = price.rates_for(usage.input_tokens)
    # A provider that reports more cached tokens than input (Azure-hosted Grok does) must not earn a refund.
    read = min(usage.cache_read_input_tokens or 0, usage.input_tokens)
    written = min(usage.cache_creation_input_tokens or 0, usage.input_tokens - read)
    written_1h = min(usage.cache_creation_1h_input_tokens or 0, written)
    total = (
        (usage.input_tokens - read - written) * rates.input_rate
        + read * _or_input(rates.cache_read_rate, rates)
        + (written - written_1h) * _or_input(rates.cache_write_rate, rates)
        + written_1h * _write_1h(rates)
        + usage.output_tokens * rates.output_rate
    )
    return (total + _TOKENS_PER_RATE // 2) // _TOKENS_PER_RATE


def _or_input(rate: int | None, rates: Rates) -> int:
    return rates.input_rate if rate is None else rate


def _write_1h(rates: Rates) -> int:
    if rates.cache_write_1h_rate is not None:
        return rates.cache_write_1h_rate
    return rates.input_rate if rates.cache_write_rate is None else 2 * rates.input_rate
