"""Prices: the user's own beat the built-in data, and what nobody knows stays unknown."""

from collections import namedtuple
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import msgspec
import pytest

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.money import FREE, Price, Rates, nanousd
from burn_tui.engine import prices
from burn_tui.engine.price_data import ModelFacts, Wanted, facts, price_of
from burn_tui.engine.prices import PriceBook

TODAY = date(2026, 3, 2)
SONNET = Target("anthropic", "claude-sonnet-4-5")
ODD = Target("anthropic", "no-such-model")
LOCAL = Target("ollama", "qwen3:8b")
CATALOG = Catalog(
    {
        "anthropic": Provider(
            name="anthropic",
            dialect="anthropic-messages",
            base_url="https://api.anthropic.com",
            models=(Model("claude-sonnet-4-5"), Model("no-such-model")),
        ),
        "ollama": Provider(
            name="ollama",
            dialect="ollama-chat",
            base_url="http://127.0.0.1:11434",
            models=(Model("qwen3:8b"),),
            is_local=True,
        ),
    }
)
OWN = Price(rates=Rates(input_rate=nanousd(1), output_rate=nanousd(2)))


async def test_the_price_process_knows_a_well_known_model() -> None:
    book = PriceBook({}, CATALOG, today=lambda: TODAY)
    await book.ready()
    price = book.price(SONNET)
    assert price is not None
    assert price.rates.output_rate > price.rates.input_rate > 0
    assert book.context_window(SONNET)


async def test_a_model_that_nobody_knows_has_no_price_rather_than_none_to_pay() -> None:
    book = PriceBook({}, CATALOG, today=lambda: TODAY)
    await book.ready()
    assert book.price(ODD) is None
    assert book.price(Target("elsewhere", "x")) is None


async def test_a_local_model_is_free_and_the_users_own_price_beats_everything() -> None:
    book = PriceBook({SONNET: OWN, LOCAL: OWN}, CATALOG, today=lambda: TODAY)
    await book.ready()
    assert book.price(SONNET) == book.price(LOCAL) == OWN
    assert PriceBook({}, CATALOG, today=lambda: TODAY).price(LOCAL) == FREE


async def test_no_process_is_started_where_every_price_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[Wanted]] = []

    async def answer(wanted: list[Wanted]) -> list[ModelFacts]:
        asked.append(wanted)
        return [ModelFacts(OWN) for _ in wanted]

    monkeypatch.setattr(prices, "_ask_process", answer)
    await PriceBook({SONNET: OWN, ODD: OWN}, CATALOG, today=lambda: TODAY).ready()
    assert asked == []


async def test_a_day_s_prices_are_kept_in_a_file_and_asked_for_anew_the_next_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def answer(wanted: list[Wanted]) -> list[ModelFacts]:
        nonlocal asked
        asked += 1
        return [ModelFacts(OWN, 1000) for _ in wanted]

    monkeypatch.setattr(prices, "_ask_process", answer)
    cache = tmp_path / "prices.json"
    for day, expected in ((TODAY, 1), (TODAY, 1), (date(2026, 3, 3), 2)):
        book = PriceBook({}, CATALOG, today=partial(date.fromisoformat, f"{day}"), cache=cache)
        await book.ready()
        assert asked == expected
        assert book.price(SONNET) == OWN
        assert book.context_window(SONNET) == 1000


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"package": 1}', b"\xff\xfe"])
async def test_a_damaged_file_of_prices_is_as_good_as_none(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(wanted: list[Wanted]) -> list[ModelFacts]:
        return [ModelFacts(OWN) for _ in wanted]

    monkeypatch.setattr(prices, "_ask_process", answer)
    cache = tmp_path / "prices.json"
    cache.write_bytes(content)
    book = PriceBook({}, CATALOG, today=lambda: TODAY, cache=cache)
    await book.ready()
    assert book.price(SONNET) == OWN
    assert msgspec.json.decode(cache.read_bytes())["day"] == "2026-03-02"


async def test_a_price_process_that_fails_leaves_prices_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burn_tui.engine.prices.sys.executable", "/bin/false")
    book = PriceBook({}, CATALOG, today=lambda: TODAY)
    await book.ready()
    assert book.price(SONNET) is None


def test_a_price_that_rises_with_the_context_keeps_both_rates() -> None:
    wanted = Wanted("anthropic", "https://api.anthropic.com", "claude-sonnet-4-5")
    (found,) = facts([wanted], at=datetime(2026, 3, 2, tzinfo=UTC))
    assert found.price is not None
    assert [step.above for step in found.price.steps] == [200_000]
    assert found.price.rates_for(200_001).input_rate == 2 * found.price.rates_for(200_000).input_rate


def test_a_price_that_rises_twice_keeps_every_step() -> None:
    tier = namedtuple("tier", ("start", "price"))
    tiered = namedtuple("tiered", ("base", "tiers"))
    rate = tiered(Decimal(1), (tier(1_000, Decimal(2)), tier(5_000, Decimal(3))))
    price = price_of({"input_mtok": rate, "output_mtok": Decimal(9)}, datetime(2026, 3, 2, tzinfo=UTC))
    assert price is not None
    assert [price.rates_for(tokens).input_rate for tokens in (1_000, 1_001, 5_001)] == [nanousd(n) for n in (1, 2, 3)]
    assert price.rates_for(5_001).output_rate == nanousd(9)


def test_a_server_of_ones_own_is_never_given_the_price_of_a_namesake() -> None:
    wanted = Wanted("primary", "http://127.0.0.1:9100/v1", "gpt-5-mini")
    assert facts([wanted], at=datetime(2026, 3, 2, tzinfo=UTC)) == [ModelFacts()]
