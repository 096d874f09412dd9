"""A response costs what its model cost when it was given, as far as the price data knows."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support.homes import audited, claude_log, response

from burn_tui.core.dated_price import DatedPrice, price_at
from burn_tui.core.money import Price, Rates
from burn_tui.engine import price_data, prices
from burn_tui.engine.audit.pricing import Prices
from burn_tui.engine.price_data import ModelFacts, Wanted, facts

TODAY = date(2026, 3, 20)


def _price(rate: int, as_of: str | None = TODAY.isoformat()) -> Price:
    return Price(rates=Rates(input_rate=rate, output_rate=rate), as_of=as_of)


DATED = (DatedPrice(_price(10_000)), DatedPrice(_price(5_000), since=datetime(2026, 3, 13, tzinfo=UTC).timestamp()))


async def _rows(tmp_path: Path, known: ModelFacts, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    async def answer(wanted: list[Wanted]) -> list[ModelFacts]:
        return [known for _ in wanted]

    monkeypatch.setattr(prices, "_ask_process", answer)
    monkeypatch.setattr(prices, "_package_version", lambda: "1")
    usage = {"input_tokens": 1_000_000, "output_tokens": 0}
    days = ("2026-03-02", "2026-03-12", "2026-03-13")
    lines = [response(n, usage=usage, timestamp=f"{day}T13:00:00.000Z") for n, day in enumerate(days)]
    claude_log(tmp_path / "home", *lines)
    given = Prices({}, providers={}, today=lambda: TODAY)
    async with audited(tmp_path) as audit:
        await audit.read(prices_given=given)
        return [(row["cost_nanousd"], row["price_as_of"]) for row in await audit.rows()]


async def test_a_response_costs_the_price_of_its_own_day_where_changes_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await _rows(tmp_path, ModelFacts(DATED[1].price, dated=DATED), monkeypatch)
    assert found == [(10_000, "2026-03-02"), (10_000, "2026-03-12"), (5_000, "2026-03-13")]


async def test_where_no_change_is_known_todays_price_stands_for_all_of_the_past_and_says_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await _rows(tmp_path, ModelFacts(_price(7_000)), monkeypatch)
    assert found == [(7_000, "2026-03-20")] * 3


def test_the_price_data_tells_the_same_as_its_package_at_any_time() -> None:
    # Models whose prices have changed by the day, and by the hour.
    wanted = [
        Wanted("anthropic", "https://api.anthropic.com", "claude-opus-4-6"),
        Wanted("openai", "https://api.openai.com", "o3"),
        Wanted("deepseek", "https://api.deepseek.com", "deepseek-chat"),
    ]
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    dated = [one.dated for one in facts(wanted, at=now)]
    assert all(dated)
    for day in (datetime(2025, 6, 9, tzinfo=UTC), datetime(2025, 6, 10, tzinfo=UTC), datetime(2026, 3, 13, tzinfo=UTC)):
        for hour in (0, 1, 12, 17, 23):
            at = day.replace(hour=hour, minute=15)
            there = [one.price for one in facts(wanted, at=at)]
            here = [price_at(one, at.timestamp()) for one in dated]
            assert [one and one.rates for one in here] == [one and one.rates for one in there]


def test_a_price_under_a_condition_that_is_not_one_of_time_is_left_out() -> None:
    class Elsewhere:
        pass

    assert price_data._dated_price(Elsewhere(), _price(1)) is None
