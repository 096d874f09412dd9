"""A repository's settings only ever take away: whoever works in it may be stricter, never more lenient."""

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core import narrowing
from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.environment import Allowed, Denied, Environment, NeedsConfirmation, Standing, guard
from burn_tui.core.narrowing import Base

LIMITS = st.none() | st.integers(0, 5)

ENVIRONMENTS = st.builds(
    Environment,
    name=st.just("production"),
    hue=st.just("blue"),
    allow=st.none() | st.lists(st.sampled_from(["openai", "groq", "ollama"]), max_size=3).map(tuple),
    confirm=st.booleans(),
    confirm_over_nanousd=LIMITS,
    lock=st.booleans(),
    unlock_s=st.sampled_from([60.0, 900.0]),
    unlock_requests=LIMITS,
    privacy=st.sampled_from(["any", "local"]),
    is_production=st.booleans(),
)

STANDINGS = st.builds(
    Standing,
    is_local=st.booleans(),
    estimate_nanousd=st.none() | st.integers(0, 6),
    privacy=st.sampled_from(["any", "local"]),
    is_confirmed=st.booleans(),
    is_confirmed_now=st.booleans(),
    is_unlocked=st.booleans(),
    test_mark=st.none() | st.just("CI"),
)

SEVERITY: dict[type[Any], int] = {Allowed: 0, NeedsConfirmation: 1, Denied: 2}


@given(ENVIRONMENTS, ENVIRONMENTS, STANDINGS, st.sampled_from(["openai", "groq", "ollama"]))
def test_what_either_of_two_environments_holds_up_both_together_hold_up(
    own: Environment, asked: Environment, standing: Standing, provider: str
) -> None:
    together = narrowing.stricter(own, asked)
    target = Target(provider, "big")
    verdict = SEVERITY[type(guard(together, target, standing))]
    assert verdict >= max(SEVERITY[type(guard(one, target, standing))] for one in (own, asked))


def test_environments_that_the_repository_does_not_name_are_gone() -> None:
    base = Base(environments={"production": Environment(name="production", hue="blue", confirm=True)})
    own = {
        "production": Environment(name="production", hue="red"),
        "loophole": Environment(name="loophole", hue="grey"),
    }
    narrowed = narrowing.environments(own, base)
    assert list(narrowed) == ["production"]
    assert narrowed["production"].confirm
    assert narrowed["production"].hue == "red"


def test_without_environments_of_its_own_a_repository_leaves_those_there_are() -> None:
    own = {"local": Environment(name="local", hue="yellow")}
    assert narrowing.environments(own, Base()) == own


def test_privacy_holds_in_every_environment_also_where_none_is_configured() -> None:
    base = Base(privacy="local")
    assert narrowing.environments({}, base)["development"].privacy == "local"
    own = {"local": Environment(name="local", hue="yellow")}
    assert narrowing.environments(own, base)["local"].privacy == "local"


CATALOG = Catalog(
    {
        name: Provider(name=name, dialect="openai-chat", base_url="http://x", models=models, is_local=name == "ollama")
        for name, models in {
            "openai": (Model("gpt-5"), Model("gpt-5-mini")),
            "ollama": (Model("qwen"),),
            "open": (),
        }.items()
    }
)


@pytest.mark.parametrize(
    ("base", "left"),
    [
        (Base(), {"openai": 2, "ollama": 1, "open": 0}),
        (Base(targets=("openai/*-mini",)), {"openai": 1}),
        (Base(targets=("*",)), {"openai": 2, "ollama": 1, "open": 0}),
        (Base(targets=("open/*", "ollama/qwen")), {"ollama": 1, "open": 0}),
        (Base(targets=("open/one",)), {}),
        (Base(targets=()), {}),
        (Base(privacy="local"), {"ollama": 1}),
    ],
)
def test_only_targets_that_fit_a_pattern_are_left(base: Base, left: dict[str, int]) -> None:
    narrowed = narrowing.catalog(CATALOG, base)
    assert {name: len(provider.models) for name, provider in narrowed.providers.items()} == left


def test_budgets_of_both_hold_also_under_one_name() -> None:
    mine = Budget(name="daily", limit_nanousd=100, timezone=UTC)
    theirs = structs.replace(mine, limit_nanousd=10)
    assert [budget.limit_nanousd for budget in narrowing.budgets((mine,), Base(budgets=(theirs,)))] == [100, 10]
    names = [budget.name for budget in narrowing.budgets((mine,), Base(budgets=(theirs,)))]
    assert names == ["daily", "daily (repository)"]
