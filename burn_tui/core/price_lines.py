"""What an attempt cost, line by line, as on a bill."""

from typing import Literal

from msgspec import Struct

from burn_tui.core.money import Price, Rates, cost
from burn_tui.core.usage import Usage

What = Literal["input", "read from cache", "written to cache", "written to cache, 1 h", "output"]


class PriceLine(Struct, frozen=True):
    """One kind of tokens."""

    what: What
    tokens: int
    rate: int
    """Nano-USD per million tokens."""
    nanousd: int
    """Rounded so that all lines add up to the cost."""


def price_lines(usage: Usage, price: Price) -> tuple[PriceLine, ...]:
    """The lines of `usage` at `price`, those without tokens left out; () if a total is missing."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return ()
    rates = price.rates_for(usage.input_tokens)
    at_these_rates = Price(rates=rates)
    read = min(usage.cache_read_input_tokens or 0, usage.input_tokens)
    written = min(usage.cache_creation_input_tokens or 0, usage.input_tokens - read)
    written_1h = min(usage.cache_creation_1h_input_tokens or 0, written)
    plain = usage.input_tokens - read - written
    parts: tuple[tuple[What, int, Usage], ...] = (
        ("input", plain, Usage(plain, 0)),
        ("read from cache", read, Usage(read, 0, cache_read_input_tokens=read)),
        ("written to cache", written - written_1h, _written(written - written_1h, 0)),
        ("written to cache, 1 h", written_1h, _written(written_1h, written_1h)),
        ("output", usage.output_tokens, Usage(0, usage.output_tokens)),
    )
    known = {what: (tokens, cost(part, at_these_rates) or 0) for what, tokens, part in parts if tokens}
    # Each line is rounded for itself, and what that adds up to wrongly is put where it shows least.
    whole = cost(usage, price) or 0
    largest = max(known, key=lambda what: known[what][1], default=None)
    astray = whole - sum(amount for _, amount in known.values())
    return tuple(
        PriceLine(what, tokens, _rate(what, rates), amount + (astray if what == largest else 0))
        for what, (tokens, amount) in known.items()
    )


def _written(tokens: int, for_an_hour: int) -> Usage:
    return Usage(tokens, 0, cache_creation_input_tokens=tokens, cache_creation_1h_input_tokens=for_an_hour)


def _rate(what: What, rates: Rates) -> int:
    """Of a million tokens, which is what a rate is for."""
    million = 1_000_000
    usages: dict[What, Usage] = {
        "input": Usage(million, 0),
        "read from cache": Usage(million, 0, cache_read_input_tokens=million),
        "written to cache": _written(million, 0),
        "written to cache, 1 h": _written(million, million),
        "output": Usage(0, million),
    }
    return cost(usages[what], Price(rates=rates)) or 0
