"""A request leaves an environment only where that environment lets it."""

import pytest

from burn_tui.core.catalog import Target
from burn_tui.core.environment import (
    DEVELOPMENT,
    Allowed,
    Denied,
    Environment,
    NeedsConfirmation,
    find,
    guard,
    unknown,
)

TARGET = Target("openai", "gpt-5-mini")
PRODUCTION = Environment(name="production", hue="blue", confirm=True)
LOCAL = Environment(name="local", hue="yellow", allow=("ollama",))


def test_a_provider_that_is_not_allowed_is_denied_whatever_anybody_confirms() -> None:
    verdict = guard(LOCAL, TARGET, is_free=True, confirmed=True)
    assert isinstance(verdict, Denied)
    assert "environments.local.allow" in verdict.mend


def test_a_paid_call_from_an_environment_that_asks_needs_a_yes() -> None:
    assert isinstance(guard(PRODUCTION, TARGET, is_free=False, confirmed=False), NeedsConfirmation)
    assert guard(PRODUCTION, TARGET, is_free=False, confirmed=True) == Allowed()


def test_a_free_call_needs_no_yes() -> None:
    assert guard(PRODUCTION, TARGET, is_free=True, confirmed=False) == Allowed()


def test_with_nothing_configured_there_is_one_environment_and_it_does_not_ask() -> None:
    assert find(None, {}) == DEVELOPMENT
    assert guard(DEVELOPMENT, TARGET, is_free=False, confirmed=False) == Allowed()


@pytest.mark.parametrize("name", ["prodution", ""])
def test_an_unknown_environment_counts_as_the_most_dangerous(name: str) -> None:
    found = find(name, {"production": PRODUCTION})
    assert found == unknown(name)
    assert isinstance(guard(found, TARGET, is_free=False, confirmed=False), NeedsConfirmation)


def test_without_a_name_the_least_guarded_environment_is_taken() -> None:
    assert find(None, {"production": PRODUCTION, "local": LOCAL}) == LOCAL
