"""A price that changes while burn-tui runs is told of, whoever changed it."""

import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs
from support.waiting import until
from support.world import FINE, PRIMARY, World, world

from burn_tui.core.money import Price, Rates
from burn_tui.core.price_changes import PriceChange
from burn_tui.engine import prices
from burn_tui.engine.price_data import ModelFacts, Wanted

DAY_S = 86_400.0


def _price(rate: int) -> Price:
    return Price(rates=Rates(input_rate=rate, output_rate=rate))


class Market:
    """Stands in for the price data."""

    def __init__(self) -> None:
        self.rate = 1_000_000
        self.asked = 0

    async def answer(self, wanted: list[Wanted]) -> list[ModelFacts]:
        """The same price for all."""
        self.asked += 1
        return [ModelFacts(_price(self.rate)) for _ in wanted]


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> Market:
    stand_in = Market()
    monkeypatch.setattr(prices, "_ask_process", stand_in.answer)
    monkeypatch.setattr(prices, "_package_version", lambda: "1")
    return stand_in


@pytest.fixture
async def running(tmp_path: Path, market: Market) -> AsyncIterator[World]:
    async with world(tmp_path, {"primary": FINE}, prices={}) as started:
        await started.ask()
        await started.runtime.burn()
        yield started


async def _told(running: World) -> list[PriceChange]:
    return [told.what for told in (await running.runtime.burn()).told if isinstance(told.what, PriceChange)]


async def test_prices_that_stay_are_no_news(running: World, market: Market) -> None:
    running.ahead_s = DAY_S
    await running.ask()
    await until(lambda: market.asked == 2)
    assert await _told(running) == []


async def test_a_price_that_is_another_after_midnight_is_told_without_a_restart(running: World, market: Market) -> None:
    market.rate, running.ahead_s = 3_000_000, DAY_S
    assert await _told(running) == []
    await until(lambda: running.runtime.router.setup.prices.price(PRIMARY) == _price(3_000_000))
    (change,) = await _told(running)
    assert (change.before, change.after) == (_price(1_000_000), _price(3_000_000))
    assert change.after_nanousd == 3 * change.before_nanousd > 0


async def test_after_midnight_requests_do_not_wait_for_new_prices(running: World, market: Market) -> None:
    running.ahead_s = DAY_S
    assert (await running.ask()).served == PRIMARY
    assert running.runtime.router.setup.prices.price(PRIMARY) == _price(1_000_000)


async def test_a_price_that_the_settings_change_is_told_at_once(running: World) -> None:
    settings = running.runtime.settings
    running.runtime.use(structs.replace(settings, prices={PRIMARY: _price(9_000_000)}))
    await running.runtime.router.setup.prices.ready()
    (change,) = await _told(running)
    assert change.after == _price(9_000_000)


async def test_the_prices_of_settings_that_are_gone_are_let_go(running: World) -> None:
    old = weakref.ref(running.runtime.router.setup.prices)
    for _ in range(3):
        running.runtime.use(running.runtime.settings)
        await running.runtime.router.setup.prices.ready()
    await running.runtime.burn()
    gc.collect()
    assert old() is None
