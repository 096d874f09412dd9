"""Prices that have changed, or that depend on the hour: which one held when."""

from collections.abc import Sequence

from msgspec import Struct

from burn_tui.core.money import Price

_DAY_S = 86_400.0


class DatedPrice(Struct, frozen=True):
    """A price and when it holds."""

    price: Price | None
    """None = unknown."""
    since: float | None = None
    """Seconds since the epoch; None = it always has held, where no later one says otherwise."""
    daily_s: tuple[float, float] | None = None
    """From when to when of each day of UTC, in seconds, the end apart, past midnight where it is before the beginning;
    None = all day."""

    def holds(self, at: float) -> bool:
        """Whether it does at that time, in seconds since the epoch."""
        if self.since is not None and at < self.since:
            return False
        if self.daily_s is None:
            return True
        (start, end), time = self.daily_s, at % _DAY_S
        return start <= time < end if start <= end else time >= start or time < end


def price_at(dated: Sequence[DatedPrice], at: float) -> Price | None:
    """The last of them that holds then is the price; where none does, the first is the oldest that is known."""
    for one in reversed(dated):
        if one.holds(at):
            return one.price
    return dated[0].price if dated else None
