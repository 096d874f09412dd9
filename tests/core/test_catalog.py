"""A name means one target, or is answered with the nearest known one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.errors import UnknownTargetError


def _provider(name: str, *models: str) -> Provider:
    return Provider(
        name=name, dialect="openai-chat", base_url="http://127.0.0.1", models=tuple(Model(model) for model in models)
    )


def _catalog(*providers: Provider) -> Catalog:
    return Catalog({provider.name: provider for provider in providers})


CATALOG = _catalog(
    _provider("openai", "gpt-5", "gpt-5-mini"),
    _provider("azure", "gpt-5"),
    _provider("openrouter", "anthropic/claude-sonnet-4.5", "openai/gpt-oss-120b"),
    _provider("ollama"),
)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("openai/gpt-5-mini", Target("openai", "gpt-5-mini")),
        ("azure/gpt-5", Target("azure", "gpt-5")),
        ("azure", Target("azure", "gpt-5")),
        ("openai", Target("openai", "gpt-5")),
        ("gpt-5", Target("openai", "gpt-5")),
        ("openrouter/anthropic/claude-sonnet-4.5", Target("openrouter", "anthropic/claude-sonnet-4.5")),
        ("anthropic/claude-sonnet-4.5", Target("openrouter", "anthropic/claude-sonnet-4.5")),
        ("openai/gpt-oss-120b", Target("openrouter", "openai/gpt-oss-120b")),
        ("ollama/qwen3:8b", Target("ollama", "qwen3:8b")),
        ("ollama/hf.co/org/model:Q4", Target("ollama", "hf.co/org/model:Q4")),
    ],
)
def test_a_name_is_a_provider_with_a_model_or_either_alone(name: str, target: Target) -> None:
    assert CATALOG.resolve(name) == target


@pytest.mark.parametrize("name", ["", "/", "ollama", "ollama/", "openai/", "openai/gpt-6", "nobody/gpt-5", "gpt"])
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(UnknownTargetError):
        CATALOG.resolve(name)


def test_a_misspelt_name_is_answered_with_the_nearest_known_one() -> None:
    with pytest.raises(UnknownTargetError, match="'openai/gpt-5-mini'"):
        CATALOG.resolve("openai/gtp-5-mini")


def test_with_nothing_configured_that_is_said() -> None:
    with pytest.raises(UnknownTargetError, match="None is configured"):
        _catalog().resolve("gpt-5")


names = st.text("abc-.:", min_size=1, max_size=4)
catalogs = st.dictionaries(names, st.lists(st.text("abc/-.:", min_size=1, max_size=6), max_size=4), max_size=4).map(
    lambda models: _catalog(*(_provider(name, *listed) for name, listed in models.items()))
)


@given(catalogs)
def test_every_target_is_found_by_what_it_is_called(catalog: Catalog) -> None:
    for target in catalog.targets:
        assert catalog.resolve(str(target)) == target


@given(catalogs, st.text("abc/-.:", max_size=8))
def test_whatever_a_name_means_is_offered_by_its_provider(catalog: Catalog, name: str) -> None:
    try:
        target = catalog.resolve(name)
    except UnknownTargetError:
        return
    listed = [model.name for model in catalog.provider(target).models]
    assert target.model
    assert target.model in listed or not listed


def test_a_model_that_is_not_listed_is_known_by_its_name_only() -> None:
    assert CATALOG.model(Target("ollama", "qwen3:8b")) == Model("qwen3:8b", context_window=None)


def test_a_listed_model_is_known_with_its_context_window() -> None:
    model = Model("big", context_window=200_000)
    catalog = _catalog(Provider(name="p", dialect="openai-chat", base_url="http://127.0.0.1", models=(model,)))
    assert catalog.model(Target("p", "big")) == model


def test_a_target_of_a_provider_that_is_gone_is_an_error_that_names_it() -> None:
    with pytest.raises(UnknownTargetError, match="gone/model"):
        CATALOG.provider(Target("gone", "model"))
