"""What found responses cost: what the tool has noted, if that is trusted, else by prices that were looked up.

Rules, which each row says by where its cost comes from:

- A response costs what its model cost when it was given, as far as the price data knows of changes. Where it knows of
  none, today's price stands for all of the past. `price_as_of` is the day of the price: the response's own, or today.
- A whole request is priced by the length of its input, as providers bill it: above a threshold (200,000 tokens of some
  models) all of it costs the higher rates.
- What is written to a cache for an hour costs twice the input price at Anthropic; without a word on the time it is
  for five minutes.
- A model without a known price keeps its tokens, and its cost is unknown.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from burn_tui.core.dated_price import DatedPrice, price_at
from burn_tui.core.money import Price, cost
from burn_tui.core.usage import CostSource, Usage
from burn_tui.engine.audit.reader import Found


class Cost(Struct, frozen=True, gc=False):
    """What a response cost, and how that is known."""

    nanousd: int | None
    source: CostSource | None
    as_of: str | None
    """ISO date of the price; None where none was used."""
    rule: str
    """What else is to be said of it; "" = nothing."""


UNPRICED = Cost(None, None, None, "")


class ModelPrice(Struct, frozen=True, array_like=True):
    """Of one model at its provider."""

    price: Price | None
    """Today's; None = unknown."""
    dated: tuple[DatedPrice, ...] = ()
    """Where it has changed: all of them. () = today's is all that is known."""

    def at(self, at: float) -> tuple[Price | None, str | None]:
        """The price of a response that was given then, in seconds since the epoch, and its day."""
        if not self.dated:
            return self.price, self.price.as_of if self.price else None
        price = price_at(self.dated, at)
        return price, datetime.fromtimestamp(at, UTC).date().isoformat() if price else None


class Costs(Struct, frozen=True, array_like=True):
    """By the models that were looked up so far; it goes to worker processes as it is."""

    models: Mapping[tuple[str, str], ModelPrice]
    """By provider and model, as the logs name it."""
    trusts_logged: bool = True
    """Whether what a tool has noted as the cost is believed."""

    def __call__(self, provider_name: str, found: Found) -> Cost:
        """What it cost. KeyError for a model that was not looked up."""
        if found.cost_nanousd is not None and self.trusts_logged:
            return Cost(found.cost_nanousd, "logged", None, ", which notes the cost")
        price, as_of = self.models[provider_name, found.model].at(found.at)
        if price is None:
            return UNPRICED
        usage = Usage(
            found.input_tokens,
            found.output_tokens,
            found.cache_read_input_tokens,
            found.cache_creation_input_tokens,
            found.cache_creation_1h_input_tokens,
        )
        nanousd = cost(usage, price)
        if nanousd is None:
            return UNPRICED
        rule = _rule(price, found.input_tokens or 0) if price.steps else ""
        return Cost(nanousd, "estimated" if found.is_estimated else "price", as_of, rule)


def _rule(price: Price, input_tokens: int) -> str:
    passed = [step.above for step in price.steps if input_tokens > step.above]
    return f", at the rates above {passed[-1]} input tokens for the whole request" if passed else ""
