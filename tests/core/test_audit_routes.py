"""What the calls of the past would have cost along another route."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.audits import CODEX, HAIKU, OPUS, PRICES, SONNET, rates

from burn_tui.core.audit_routes import Alternative, SizedCalls, alternatives, thresholds
from burn_tui.core.catalog import Target
from burn_tui.core.money import LongContext, Price, Rates, cost
from burn_tui.core.routing import Route
from burn_tui.core.usage import Usage

USAGE = Usage(100_000, 5_000)

LONG = Price(
    rates=Rates(input_rate=10**9, output_rate=10**9),
    steps=(LongContext(above=200_000, rates=Rates(input_rate=2 * 10**9, output_rate=2 * 10**9)),),
)


def calls(target: Target = OPUS, *, usage: Usage = USAGE, **fields: Any) -> SizedCalls:
    given_ = {"calls": 10, "largest_input_tokens": 20_000, "largest_tokens": 21_000, "cost_nanousd": 900_000_000}
    return SizedCalls(target=target, usage=usage, **(given_ | fields))


def along(route: Route, *sized: SizedCalls, window: int | None = None) -> Alternative:
    (found,) = alternatives([route], sized, price=PRICES.get, window=lambda _: window)
    return found


def test_the_same_tokens_are_billed_at_the_price_of_the_routes_first_target() -> None:
    found = along(Route("quick", (HAIKU, SONNET)), calls())
    assert found.estimate_nanousd == cost(Usage(100_000, 5_000), PRICES[HAIKU])
    assert (found.recorded_nanousd, found.calls, found.served_by) == (900_000_000, 10, ((str(HAIKU), 10),))


def test_a_call_goes_to_the_first_target_that_has_room_for_it() -> None:
    windows = {HAIKU: 8_000, SONNET: 200_000}
    route = Route("quick", (HAIKU, SONNET))
    small = calls(largest_tokens=4_000, calls=7)
    (found,) = alternatives([route], [small, calls()], price=PRICES.get, window=windows.get)
    assert found.served_by == ((str(SONNET), 10), (str(HAIKU), 7))


def test_calls_that_fit_nowhere_are_left_out_and_counted() -> None:
    found = along(Route("quick", (HAIKU,)), calls(), calls(largest_tokens=500_000, calls=3), window=100_000)
    assert (found.calls, found.left_out, found.recorded_nanousd) == (10, 3, 900_000_000)


def test_only_calls_of_known_cost_are_compared() -> None:
    found = along(Route("quick", (HAIKU,)), calls(), calls(unpriced_calls=10, cost_nanousd=0))
    assert (found.calls, found.left_out) == (10, 10)


def test_a_route_of_models_without_a_price_has_no_estimate() -> None:
    found = along(Route("house", (Target("house", "model"),)), calls())
    assert (found.estimate_nanousd, found.left_out) == (None, 10)


def test_long_calls_are_billed_at_the_rates_for_long_ones() -> None:
    sized = calls(largest_input_tokens=250_000, largest_tokens=255_000, usage=Usage(250_000, 5_000), calls=1)
    (found,) = alternatives([Route("x", (OPUS,))], [sized], price=lambda _: LONG, window=lambda _: None)
    assert found.estimate_nanousd == 2 * 255_000 * 1_000


def test_sizes_are_told_apart_wherever_a_price_or_a_window_ends() -> None:
    prices = {OPUS: LONG, CODEX: rates("1", "2", "0.1")}
    windows = {OPUS: 200_000, CODEX: 400_000}
    edges = thresholds([OPUS, CODEX, HAIKU], price=prices.get, window=windows.get)
    assert edges == ((200_000,), (200_000, 400_000))


def test_the_cheapest_route_stands_first_and_one_without_a_price_last() -> None:
    routes = [Route("house", (Target("house", "m"),)), Route("dear", (OPUS,)), Route("cheap", (HAIKU,))]
    found = alternatives(routes, [calls()], price=PRICES.get, window=lambda _: None)
    assert [one.route for one in found] == ["cheap", "dear", "house"]


def test_a_route_that_would_serve_nothing_is_not_shown() -> None:
    assert alternatives([Route("quick", (HAIKU,))], [], price=PRICES.get, window=lambda _: None) == ()


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(1, 50)), min_size=1, max_size=8))
def test_going_along_the_same_model_costs_the_same(sizes: list[tuple[int, int, int]]) -> None:
    sized = [
        calls(usage=Usage(read, out), calls=count, cost_nanousd=cost(Usage(read, out), PRICES[OPUS]) or 0)
        for read, out, count in sizes
    ]
    assert along(Route("same", (OPUS,)), *sized).difference_nanousd == 0
