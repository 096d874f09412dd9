"""Reduces the genai-prices package to the rates of the targets that are asked for: `python -m` this, JSON in and out.

It runs as a process of its own, because the package takes a second and 30 MB to import: paid once a day, beside the
dashboard instead of within it.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from burn_tui.core.dated_price import DatedPrice
from burn_tui.core.money import LongContext, Price, Rates, nanousd


class Wanted(Struct, frozen=True):
    """A target whose price is asked for."""

    provider_name: str
    base_url: str
    model: str


class ModelFacts(Struct, frozen=True):
    """What the package knows of one target."""

    price: Price | None = None
    """None = unknown."""
    context_window: int | None = None
    """Tokens; None = unknown."""
    dated: tuple[DatedPrice, ...] = ()
    """The price at all times, where it has changed or depends on the hour; () = as far as known it never did."""


_NAMES_THERE = {"gemini": "google", "xai": "x-ai"}
"""Providers that the package calls otherwise; all others by the same name."""


def facts(wanted: Iterable[Wanted], *, at: datetime) -> list[ModelFacts]:
    """What is known of each of `wanted` at that time, in the same order."""
    return [_facts(one, at) for one in wanted]


def _facts(wanted: Wanted, at: datetime) -> ModelFacts:
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - slow, see above

    for provider_id, address in ((None, wanted.base_url), (_name_there(wanted.provider_name), None)):
        try:
            _, model = get_snapshot().find_provider_model(wanted.model, None, provider_id, address)
        except LookupError:
            continue
        return ModelFacts(price_of(model.get_prices(at).__dict__, at), model.context_window, _dated(model.prices, at))
    return ModelFacts()


def _dated(prices: object, at: datetime) -> tuple[DatedPrice, ...]:
    """Of a model that has a list of prices, each with a condition on the time, of which the last that holds counts."""
    if not isinstance(prices, list):
        return ()
    dated = (_dated_price(one.constraint, price_of(one.prices.__dict__, at)) for one in prices)
    return tuple(one for one in dated if one is not None)


def _dated_price(constraint: object, price: Price | None) -> DatedPrice | None:
    """Without a constraint it always holds. None = by something else than the time."""
    start_date, start, end = (getattr(constraint, name, None) for name in ("start_date", "start_time", "end_time"))
    if start_date is not None:
        return DatedPrice(price, since=datetime.combine(start_date, time(tzinfo=UTC)).timestamp())
    if start is not None and end is not None:
        return DatedPrice(price, daily_s=(_second_of_day(start), _second_of_day(end)))
    return DatedPrice(price) if constraint is None else None


def _second_of_day(when: time) -> float:
    """In UTC; a time without a zone is of UTC."""
    shift = when.utcoffset() or timedelta()
    since_midnight = timedelta(hours=when.hour, minutes=when.minute, seconds=when.second) - shift
    return since_midnight.total_seconds() % timedelta(days=1).total_seconds()


def _name_there(provider_name: str) -> str:
    return _NAMES_THERE.get(provider_name, provider_name)


def price_of(usd_per_million: dict[str, object], at: datetime) -> Price | None:
    """From the package's rates, each a number or one with steps; None = it has a price that Price cannot say."""
    starts = {tier.start for value in usd_per_million.values() for tier in getattr(value, "tiers", ())}
    if usd_per_million.get("input_mtok") is None:
        return None  # Priced by the hour or the page, which Price cannot say: unknown beats wrong.
    return Price(
        rates=_rates(usd_per_million, 0),
        steps=tuple(LongContext(above=start, rates=_rates(usd_per_million, start + 1)) for start in sorted(starts)),
        as_of=f"{at:%Y-%m-%d}",
    )


def _rates(usd_per_million: dict[str, object], input_tokens: int) -> Rates:
    def rate(key: str) -> int | None:
        usd = _usd(usd_per_million.get(key), input_tokens)
        return None if usd is None else nanousd(usd)

    return Rates(
        input_rate=rate("input_mtok") or 0,
        output_rate=rate("output_mtok") or 0,
        cache_read_rate=rate("cache_read_mtok"),
        cache_write_rate=rate("cache_write_mtok"),
        cache_write_1h_rate=rate("cache_write_1h_mtok"),
    )


def _usd(value: object, input_tokens: int) -> Decimal | None:
    """One rate of the package: a plain number, or one that grows with the input."""
    for tier in reversed(getattr(value, "tiers", ())):
        if input_tokens > tier.start:
            return Decimal(tier.price)
    plain = getattr(value, "base", value)
    return plain if isinstance(plain, Decimal) else None


def main() -> None:
    """Answer the list of Wanted on standard input with a list of ModelFacts on standard output."""
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Wanted])
    sys.stdout.buffer.write(msgspec.json.encode(facts(wanted, at=datetime.now(UTC))))


if __name__ == "__main__":
    main()
