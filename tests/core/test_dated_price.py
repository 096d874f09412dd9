"""The price of a time is the last one that held then."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.dated_price import DatedPrice, price_at
from burn_tui.core.money import Price, Rates

MARCH = datetime(2026, 3, 13, tzinfo=UTC).timestamp()


def _price(rate: int) -> Price:
    return Price(rates=Rates(input_rate=rate, output_rate=rate))


OLD, NEW, NIGHT = _price(10), _price(5), _price(1)


def test_a_price_holds_from_the_first_second_of_its_day() -> None:
    dated = (DatedPrice(OLD), DatedPrice(NEW, since=MARCH))
    assert [price_at(dated, at) for at in (0.0, MARCH - 0.001, MARCH, MARCH + 1e9)] == [OLD, OLD, NEW, NEW]


def test_a_price_of_some_hours_holds_in_them_each_day_also_past_midnight() -> None:
    dated = (DatedPrice(OLD), DatedPrice(NIGHT, daily_s=(16.5 * 3600, 0.5 * 3600)))
    hours = (0.4, 0.5, 12.0, 16.4, 16.5, 23.9)
    assert [price_at(dated, MARCH + hour * 3600) for hour in hours] == [NIGHT, OLD, OLD, OLD, NIGHT, NIGHT]


def test_before_the_first_price_that_is_known_the_oldest_one_stands() -> None:
    assert price_at((DatedPrice(NEW, since=MARCH),), MARCH - 1) == NEW


@given(st.lists(st.floats(0, 4e9), min_size=1), st.floats(0, 4e9))
def test_without_hours_it_is_the_last_that_has_begun(begun: list[float], at: float) -> None:
    dated = [DatedPrice(_price(number), since=since) for number, since in enumerate(begun)]
    held = [number for number, since in enumerate(begun) if since <= at]
    assert price_at(dated, at) == _price(held[-1] if held else 0)
