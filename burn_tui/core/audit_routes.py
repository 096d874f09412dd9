"""What calls of the past would have cost along another route.

An estimate: it takes the tokens that were counted as they are, although another model counts the same text otherwise,
answers at another length, and may not find in its cache what this one found in its own. Everybody is taken to be well,
so each call goes to the first target of the route whose context window holds it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, cost
from burn_tui.core.routing import Outlook, Route, plan
from burn_tui.core.usage import Usage

MOST_PINNED = 6
"""Models that are shown as routes of their own."""


class SizedCalls(Struct, frozen=True, kw_only=True):
    """Calls of one model that are of like size: no context window and no price for long contexts lies between them."""

    target: Target
    calls: int
    usage: Usage
    """Of all together."""
    largest_input_tokens: int
    """Of any of them."""
    largest_tokens: int
    """Input and output of any of them."""
    cost_nanousd: int
    """Known costs."""
    unpriced_calls: int = 0


class Alternative(Struct, frozen=True, kw_only=True):
    """The same calls along a route."""

    route: str
    """The route's name, or "provider/model"."""
    served_by: tuple[tuple[str, int], ...]
    """"provider/model" and its calls, the one with most first."""
    estimate_nanousd: int | None
    """What the calls that have a price there would have cost; None = none has."""
    recorded_nanousd: int
    """What just those calls did cost; so both can be compared."""
    calls: int
    """That have a price there."""
    left_out: int
    """Calls that fit nowhere on the route, or whose cost is unknown there or now."""

    @property
    def difference_nanousd(self) -> int:
        """Below 0 = the route would have been cheaper."""
        return (self.estimate_nanousd or 0) - self.recorded_nanousd


def thresholds(
    targets: Iterable[Target], *, price: Callable[[Target], Price | None], window: Callable[[Target], int | None]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where calls are of another size: input tokens from which long contexts are dearer, and context windows."""
    known = tuple(targets)
    prices = (price(target) for target in known)
    long = {step.above for one in prices if one is not None for step in one.steps}
    windows = {size for target in known if (size := window(target)) is not None}
    return tuple(sorted(long)), tuple(sorted(windows))


def alternatives(
    routes: Iterable[Route],
    calls: Sequence[SizedCalls],
    *,
    price: Callable[[Target], Price | None],
    window: Callable[[Target], int | None],
) -> tuple[Alternative, ...]:
    """One for each route that would serve anything, the cheapest first, those without a price last."""
    found = (_alternative(route, calls, price, window) for route in routes)
    useful = (one for one in found if one.served_by)
    return tuple(sorted(useful, key=lambda one: (one.estimate_nanousd is None, one.difference_nanousd, one.route)))


def _alternative(
    route: Route,
    calls: Sequence[SizedCalls],
    price: Callable[[Target], Price | None],
    window: Callable[[Target], int | None],
) -> Alternative:
    outlooks = {target: Outlook(context_window=window(target)) for target in route.targets}
    served: Counter[str] = Counter()
    estimate = recorded = priced = left_out = 0
    for sized in calls:
        targets = plan(route, outlooks, tokens=sized.largest_tokens, now=0.0).targets
        instead = None if not targets else _cost(sized, price(targets[0]))
        if targets:
            served[str(targets[0])] += sized.calls
        if instead is None or sized.unpriced_calls:
            left_out += sized.calls
            continue
        priced += sized.calls
        estimate += instead
        recorded += sized.cost_nanousd
    return Alternative(
        route=route.name,
        served_by=tuple(served.most_common()),
        estimate_nanousd=estimate if priced else None,
        recorded_nanousd=recorded,
        calls=priced,
        left_out=left_out,
    )


def _cost(sized: SizedCalls, price: Price | None) -> int | None:
    """All of them have the rates of the largest."""
    return None if price is None else cost(sized.usage, Price(rates=price.rates_for(sized.largest_input_tokens)))
