"""A model in use that costs something else than before, and what that means for whoever uses it."""

from msgspec import Struct, structs

from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, cost
from burn_tui.core.usage import Usage

LOOKED_BACK_DAYS = 30
"""The use of so many days is billed at both prices."""


class TokensUsed(Struct, frozen=True, kw_only=True):
    """What a model was used for within LOOKED_BACK_DAYS."""

    requests: int
    """Attempts."""
    input_tokens: int
    """Cached ones included."""
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0


class PriceChange(Struct, frozen=True, kw_only=True, tag="price"):
    """A model in use has another price."""

    provider_name: str
    request_model: str
    before: Price
    after: Price
    requests: int
    """Attempts within LOOKED_BACK_DAYS."""
    before_nanousd: int
    """What their tokens cost at the price before, as if each request were short."""
    after_nanousd: int
    """At the price now."""


def price_change(target: Target, before: Price, after: Price, used: TokensUsed) -> PriceChange | None:
    """The event that a person is told of; None if nothing is dearer or cheaper, or the model is not in use."""
    if _undated(before) == _undated(after) or not used.requests:
        return None
    return PriceChange(
        provider_name=target.provider_name,
        request_model=target.model,
        before=before,
        after=after,
        requests=used.requests,
        before_nanousd=_cost(used, before),
        after_nanousd=_cost(used, after),
    )


def _undated(price: Price) -> Price:
    """The day on which a price was looked up is no change."""
    return structs.replace(price, as_of=None)


def _cost(used: TokensUsed, price: Price) -> int:
    # Rates for long contexts go by the length of each request, and sums have none.
    usage = Usage(
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cache_read_input_tokens=used.cache_read_input_tokens,
        cache_creation_input_tokens=used.cache_creation_input_tokens,
        cache_creation_1h_input_tokens=used.cache_creation_1h_input_tokens,
    )
    return cost(usage, Price(rates=price.rates)) or 0
