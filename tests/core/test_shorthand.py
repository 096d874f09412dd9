"""Names before a prompt."""

import pytest

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.money import FREE, Price, Rates
from burn_tui.core.routing import Route
from burn_tui.core.shorthand import Addressed, Names

OPUS = Target("anthropic", "claude-opus-4-1")
HAIKU = Target("anthropic", "claude-haiku-4-5")
QWEN = Target("ollama", "qwen3:8b")

PRICES = {
    OPUS: Price(rates=Rates(input_rate=15_000_000_000, output_rate=75_000_000_000)),
    HAIKU: Price(rates=Rates(input_rate=1_000_000_000, output_rate=5_000_000_000)),
    QWEN: FREE,
}


def names(*forbidden: Target, routes: dict[str, Route] | None = None, prices: bool = True) -> Names:
    providers = {
        name: Provider(
            name=name,
            dialect="openai-chat",
            base_url="http://127.0.0.1:1",
            models=tuple(Model(target.model) for target in PRICES if target.provider_name == name),
        )
        for name in ("anthropic", "ollama")
    }
    return Names(
        catalog=Catalog(providers),
        routes=routes or {"quick": Route("quick", (HAIKU, QWEN))},
        price=lambda target: PRICES[target] if prices else None,
        allows=lambda target: target not in forbidden,
    )


@pytest.mark.parametrize(
    ("prompt", "addressed"),
    [
        ("why?", Addressed("why?")),
        ("@anthropic/claude-haiku-4-5 why?", Addressed("why?", str(HAIKU))),
        ("@ollama why?", Addressed("why?", str(QWEN))),
        ("@qwen3:8b why?", Addressed("why?", str(QWEN))),
        ("@quick why?", Addressed("why?", "quick")),
        ("@quick  why\nindeed?", Addressed("why\nindeed?", "quick")),
        ("@strong why?", Addressed("why?", str(OPUS))),
        ("@cheap why?", Addressed("why?", str(QWEN))),
        ("@cheap", Addressed("", str(QWEN))),
        ("@dataclass why?", Addressed("@dataclass why?", unknown="@dataclass")),
        ("@ why?", Addressed("@ why?", unknown="@")),
        ("ask @cheap", Addressed("ask @cheap")),
        ("@cheap\nwhy?", Addressed("why?", str(QWEN))),
    ],
)
def test_a_name_before_a_prompt_says_who_answers_it(prompt: str, addressed: Addressed) -> None:
    assert names().addressed(prompt) == addressed


def test_whoever_may_not_be_asked_is_neither_strong_nor_cheap() -> None:
    assert names(OPUS).meaning("strong") == str(HAIKU)
    assert names(QWEN).meaning("cheap") == str(HAIKU)


def test_without_any_price_nobody_is_strong_or_cheap() -> None:
    assert names(prices=False).meaning("strong") is None


def test_a_route_called_strong_is_what_strong_means() -> None:
    assert names(routes={"strong": Route("strong", (HAIKU,))}).meaning("strong") == "strong"


def test_everybody_who_may_be_asked_is_offered_by_name() -> None:
    assert list(names(OPUS).offered()) == ["strong", "cheap", "quick", str(HAIKU), str(QWEN)]
