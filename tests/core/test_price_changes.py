"""A model in use that becomes dearer or cheaper is worth a word."""

from msgspec import structs

from burn_tui.core.alarms import States, next_prices
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, Rates, nanousd
from burn_tui.core.price_changes import PriceChange, TokensUsed, price_change

GPT = Target("openai", "gpt-5-mini")
BEFORE = Price(rates=Rates(input_rate=nanousd(2), output_rate=nanousd(8)), as_of="2026-03-01")
AFTER = Price(rates=Rates(input_rate=nanousd(1), output_rate=nanousd(8)), as_of="2026-03-02")
USED = TokensUsed(requests=40, input_tokens=3_000_000, output_tokens=500_000)


def test_it_says_what_the_last_month_would_have_cost() -> None:
    change = price_change(GPT, BEFORE, AFTER, USED)
    assert change is not None
    assert (change.before_nanousd, change.after_nanousd, change.requests) == (nanousd(10), nanousd(7), 40)


def test_another_day_on_which_it_was_looked_up_is_no_change() -> None:
    assert price_change(GPT, BEFORE, structs.replace(BEFORE, as_of="2026-03-02"), USED) is None


def test_a_model_that_nobody_uses_is_not_told_of() -> None:
    assert price_change(GPT, BEFORE, AFTER, structs.replace(USED, requests=0)) is None
    _, told = next_prices(States(prices={str(GPT): BEFORE}), {GPT: AFTER}, {})
    assert told == []


def test_a_price_that_is_seen_for_the_first_time_is_only_remembered() -> None:
    states, told = next_prices(States(), {GPT: BEFORE}, {GPT: USED})
    assert told == []
    assert states.prices == {str(GPT): BEFORE}


def test_a_change_is_told_once() -> None:
    states, told = next_prices(States(prices={str(GPT): BEFORE}), {GPT: AFTER}, {GPT: USED})
    assert [type(one) for one in told] == [PriceChange]
    assert next_prices(states, {GPT: AFTER}, {GPT: USED}) == (states, [])
