"""Money is counted exactly and rounded once."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.money import FREE, NANOUSD, LongContext, Price, Rates, cost, nanousd
from burn_tui.core.usage import Usage

tokens = st.integers(0, 10**9)
optional_tokens = st.none() | tokens
rates = st.integers(0, 10**12)
optional_rates = st.none() | rates
tables = st.builds(
    Rates,
    input_rate=rates,
    output_rate=rates,
    cache_read_rate=optional_rates,
    cache_write_rate=optional_rates,
    cache_write_1h_rate=optional_rates,
)

SONNET = Rates(
    input_rate=nanousd(3),
    output_rate=nanousd(15),
    cache_read_rate=nanousd("0.30"),
    cache_write_rate=nanousd("3.75"),
)


def _cost(usage: Usage, rates: Rates = SONNET) -> int | None:
    return cost(usage, Price(rates=rates))


@given(tables, st.tuples(tokens, tokens, tokens, tokens, tokens))
def test_a_cost_is_the_exact_sum_of_its_lines_rounded_half_up_once(
    table: Rates, counts: tuple[int, int, int, int, int]
) -> None:
    plain, read, written, written_1h, output = counts
    usage = Usage(plain + read + written + written_1h, output, read, written + written_1h, written_1h)
    own_1h = table.input_rate if table.cache_write_rate is None else 2 * table.input_rate
    lines = (
        plain * table.input_rate,
        read * (table.input_rate if table.cache_read_rate is None else table.cache_read_rate),
        written * (table.input_rate if table.cache_write_rate is None else table.cache_write_rate),
        written_1h * (own_1h if table.cache_write_1h_rate is None else table.cache_write_1h_rate),
        output * table.output_rate,
    )
    assert _cost(usage, table) == floor(Fraction(sum(lines), 1_000_000) + Fraction(1, 2))


def test_the_lines_of_one_call_are_not_rounded_one_by_one() -> None:
    table = Rates(input_rate=400_000, output_rate=400_000)
    assert (_cost(Usage(1, 0), table), _cost(Usage(0, 1), table), _cost(Usage(1, 1), table)) == (0, 0, 1)


@pytest.mark.parametrize(("rate", "nano"), [(499_999, 0), (500_000, 1), (1_499_999, 1), (1_500_000, 2)])
def test_half_a_nanodollar_is_rounded_up(rate: int, nano: int) -> None:
    assert _cost(Usage(1, 0), Rates(input_rate=rate, output_rate=0)) == nano


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=10), Usage(output_tokens=10)])
def test_without_a_total_the_cost_is_unknown_and_not_zero(usage: Usage) -> None:
    assert _cost(usage) is None
    assert cost(usage, FREE) is None


def test_nothing_used_and_a_free_model_cost_zero_and_not_unknown() -> None:
    assert _cost(Usage(0, 0)) == 0
    assert cost(Usage(10**9, 10**9), FREE) == 0


@given(tables, tokens, tokens, st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_cached_tokens_than_input_earn_no_refund(
    table: Rates, given_input: int, output: int, surplus: int, written: int
) -> None:
    reported = Usage(given_input, output, given_input + surplus, written, written)
    assert _cost(reported, table) == _cost(Usage(given_input, output, given_input), table)


@given(tables, st.builds(Usage, tokens, tokens, optional_tokens, optional_tokens, optional_tokens))
def test_a_cost_is_never_negative_whatever_a_provider_reports(table: Rates, usage: Usage) -> None:
    figure = _cost(usage, table)
    assert figure is not None
    assert figure >= 0


def test_more_hour_long_writes_than_writes_are_counted_as_all_of_them() -> None:
    assert _cost(Usage(100, 0, 0, 60, 90)) == _cost(Usage(100, 0, 0, 60, 60))


def test_a_long_context_price_holds_above_its_bound_and_for_the_whole_request() -> None:
    long = Rates(input_rate=nanousd(6), output_rate=nanousd("22.5"))
    price = Price(rates=SONNET, steps=(LongContext(above=200_000, rates=long),))
    assert cost(Usage(200_000, 1_000), price) == nanousd("0.6") + nanousd("0.015")
    assert cost(Usage(200_001, 1_000), price) == nanousd("1.200006") + nanousd("0.0225")


@pytest.mark.parametrize(("tokens", "rate"), [(100, 1), (101, 2), (200, 2), (201, 3), (10**9, 3)])
def test_of_several_steps_the_highest_that_is_passed_holds(tokens: int, rate: int) -> None:
    steps = tuple(
        LongContext(above=above, rates=Rates(input_rate=rate, output_rate=0)) for above, rate in ((100, 2), (200, 3))
    )
    price = Price(rates=Rates(input_rate=1, output_rate=0), steps=steps)
    assert price.rates_for(tokens).input_rate == rate


def test_writes_that_are_kept_for_an_hour_cost_twice_the_input() -> None:
    million = 1_000_000
    assert _cost(Usage(million, 0, 0, million, None)) == nanousd("3.75")
    assert _cost(Usage(million, 0, 0, million, million)) == nanousd(6)
    assert _cost(Usage(million, 0, 0, million, million // 2)) == nanousd("4.875")


def test_writes_that_are_kept_for_an_hour_have_their_own_rate_where_there_is_one() -> None:
    table = structs.replace(SONNET, cache_write_1h_rate=nanousd(7))
    assert _cost(Usage(1_000_000, 0, 0, 1_000_000, 1_000_000), table) == nanousd(7)


def test_where_writing_has_no_rate_an_hour_of_it_costs_what_input_costs() -> None:
    table = Rates(input_rate=nanousd(3), output_rate=nanousd(15))
    assert _cost(Usage(1_000_000, 0, 0, 1_000_000, 1_000_000), table) == nanousd(3)


def test_a_cached_token_without_a_rate_of_its_own_costs_what_input_costs() -> None:
    table = Rates(input_rate=nanousd(3), output_rate=nanousd(15))
    assert _cost(Usage(1_000, 10, 900), table) == _cost(Usage(1_000, 10), table)


def test_a_cached_rate_of_zero_is_free_and_not_missing() -> None:
    table = structs.replace(SONNET, cache_read_rate=0)
    assert _cost(Usage(1_000, 0, 1_000), table) == 0


@pytest.mark.parametrize(
    ("usd", "nano"),
    [
        (3, 3 * NANOUSD),
        (0.1, 100_000_000),
        (0.0375, 37_500_000),
        ("0.0000000005", 1),
        ("0.00000000049", 0),
        (Decimal("1.5"), 1_500_000_000),
    ],
)
def test_dollars_become_nanodollars_by_their_shortest_decimal_form(usd: float | str | Decimal, nano: int) -> None:
    assert nanousd(usd) == nano


@given(st.integers(0, 10**18))
def test_every_whole_number_of_nanodollars_survives_being_written_in_dollars(nano: int) -> None:
    assert nanousd(Decimal(nano) / NANOUSD) == nano


@given(st.integers(0, 10**15))
def test_a_float_of_up_to_fifteen_digits_is_read_without_loss(nano: int) -> None:
    assert nanousd(float(Decimal(nano) / NANOUSD)) == nano
