"""The lines of a bill add up to it, to the last nano-USD."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.money import LongContext, Price, Rates, cost, nanousd
from burn_tui.core.price_lines import PriceLine, price_lines
from burn_tui.core.usage import Usage

SONNET = Price(
    rates=Rates(
        input_rate=nanousd(3), output_rate=nanousd(15), cache_read_rate=nanousd("0.3"), cache_write_rate=nanousd("3.75")
    )
)

counts = st.integers(0, 10**7)
rates = st.integers(0, 10**11)
prices = st.builds(
    Price,
    rates=st.builds(
        Rates,
        input_rate=rates,
        output_rate=rates,
        cache_read_rate=st.none() | rates,
        cache_write_rate=st.none() | rates,
        cache_write_1h_rate=st.none() | rates,
    ),
)


def test_every_kind_of_tokens_has_its_line_and_its_rate() -> None:
    usage = Usage(1_000_000, 100_000, cache_read_input_tokens=600_000, cache_creation_input_tokens=100_000)
    assert price_lines(usage, SONNET) == (
        PriceLine("input", 300_000, nanousd(3), nanousd("0.9")),
        PriceLine("read from cache", 600_000, nanousd("0.3"), nanousd("0.18")),
        PriceLine("written to cache", 100_000, nanousd("3.75"), nanousd("0.375")),
        PriceLine("output", 100_000, nanousd(15), nanousd("1.5")),
    )


def test_without_counts_there_is_no_bill() -> None:
    assert price_lines(Usage(input_tokens=5), SONNET) == ()


def test_a_long_request_is_billed_by_the_rates_for_long_ones() -> None:
    dear = Rates(input_rate=nanousd(6), output_rate=nanousd(22))
    price = Price(rates=SONNET.rates, steps=(LongContext(above=200_000, rates=dear),))
    assert [line.rate for line in price_lines(Usage(200_001, 1), price)] == [nanousd(6), nanousd(22)]


@given(st.builds(Usage, counts, counts, counts, counts, counts), prices)
def test_the_lines_add_up_to_the_cost(usage: Usage, price: Price) -> None:
    assert sum(line.nanousd for line in price_lines(usage, price)) == cost(usage, price)
    assert sum(line.tokens for line in price_lines(usage, price)) == (usage.input_tokens or 0) + (
        usage.output_tokens or 0
    )
