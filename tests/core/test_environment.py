"""A request leaves an environment only where that environment lets it, and an unknown one lets nothing pass unasked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.catalog import Target
from burn_tui.core.environment import (
    DEVELOPMENT,
    Allowed,
    Denied,
    Environment,
    NeedsConfirmation,
    Standing,
    find,
    forbidden,
    guard,
    test_mark,
    unknown,
)

test_mark.__test__ = False  # type: ignore[attr-defined]  # its name begins as a test's does

TARGET = Target("openai", "gpt-5-mini")
PRODUCTION = Environment(name="production", hue="blue", confirm=True, lock=True, is_production=True)
CAREFUL = Environment(name="careful", hue="red", confirm=True)
LOCAL = Environment(name="local", hue="yellow", allow=("ollama",))
PAID, FREE, UNPRICED = Standing(estimate_nanousd=5), Standing(estimate_nanousd=0), Standing()
AGREED = {"is_confirmed": True, "is_confirmed_now": True, "is_unlocked": True}


def test_a_provider_that_is_not_allowed_is_denied_whatever_anybody_confirms() -> None:
    verdict = guard(LOCAL, TARGET, structs.replace(FREE, **AGREED))
    assert isinstance(verdict, Denied)
    assert "environments.local.allow" in verdict.mend


@pytest.mark.parametrize("standing", [PAID, UNPRICED])
def test_a_paid_call_from_an_environment_that_asks_needs_a_yes_once(standing: Standing) -> None:
    verdict = guard(CAREFUL, TARGET, standing)
    assert isinstance(verdict, NeedsConfirmation)
    assert not verdict.unlocks
    assert guard(CAREFUL, TARGET, structs.replace(standing, is_confirmed=True)) == Allowed()


def test_a_locked_environment_stays_locked_for_a_session_that_was_confirmed_before() -> None:
    verdict = guard(PRODUCTION, TARGET, structs.replace(PAID, is_confirmed=True))
    assert isinstance(verdict, NeedsConfirmation)
    assert verdict.unlocks
    assert guard(PRODUCTION, TARGET, structs.replace(PAID, is_confirmed=True, is_unlocked=True)) == Allowed()


def test_a_yes_to_this_very_request_opens_everything_that_a_yes_can_open() -> None:
    assert guard(PRODUCTION, TARGET, structs.replace(PAID, is_confirmed_now=True)) == Allowed()


def test_a_free_call_needs_no_yes() -> None:
    assert guard(PRODUCTION, TARGET, FREE) == Allowed()


@pytest.mark.parametrize(("estimate", "asks"), [(99, False), (100, False), (101, True), (None, True), (0, False)])
def test_a_call_above_the_limit_is_always_asked_about(estimate: int | None, asks: bool) -> None:
    thrifty = Environment(name="thrifty", hue="red", confirm_over_nanousd=100)
    standing = Standing(estimate_nanousd=estimate, is_confirmed=True, is_unlocked=True)
    assert isinstance(guard(thrifty, TARGET, standing), NeedsConfirmation if asks else Allowed)
    assert guard(thrifty, TARGET, structs.replace(standing, is_confirmed_now=True)) == Allowed()


@pytest.mark.parametrize("stricter", ["environment", "session"])
def test_the_stricter_privacy_holds(stricter: str) -> None:
    place = structs.replace(DEVELOPMENT, privacy="local") if stricter == "environment" else DEVELOPMENT
    standing = structs.replace(FREE, privacy="local" if stricter == "session" else "any", **AGREED)
    assert isinstance(guard(place, TARGET, standing), Denied)
    assert guard(place, TARGET, structs.replace(standing, is_local=True)) == Allowed()


def test_a_test_is_kept_from_production_and_from_nothing_else() -> None:
    marked = structs.replace(PAID, test_mark="CI is set", **AGREED)
    verdict = guard(PRODUCTION, TARGET, marked)
    assert isinstance(verdict, Denied)
    assert "CI is set" in verdict.why
    assert guard(DEVELOPMENT, TARGET, marked) == Allowed()
    assert guard(PRODUCTION, TARGET, structs.replace(marked, estimate_nanousd=0)) == Allowed()


def test_with_nothing_configured_there_is_one_environment_and_it_does_not_ask() -> None:
    assert find(None, {}) == DEVELOPMENT
    assert guard(DEVELOPMENT, TARGET, PAID) == Allowed()


@pytest.mark.parametrize("name", ["prodution", ""])
def test_an_unknown_environment_counts_as_the_most_dangerous(name: str) -> None:
    found = find(name, {"production": PRODUCTION})
    assert found == unknown(name)
    assert isinstance(guard(found, TARGET, PAID), NeedsConfirmation)
    assert isinstance(guard(found, TARGET, structs.replace(PAID, test_mark="CI is set")), Denied)


def test_without_a_name_the_least_guarded_environment_is_taken() -> None:
    assert find(None, {"production": PRODUCTION, "careful": CAREFUL, "local": LOCAL}) == LOCAL


@pytest.mark.parametrize(
    ("environ", "mark"),
    [
        ({}, None),
        ({"BURN_ENV": "test"}, "BURN_ENV is test"),
        ({"BURN_ENV": "CI"}, "BURN_ENV is ci"),
        ({"BURN_ENV": "production", "CI": "true"}, None),
        ({"CI": "true"}, "CI is set"),
        ({"CI": "false"}, None),
        ({"CI": ""}, None),
        ({"PYTEST_CURRENT_TEST": "tests/test_x.py::test_y (call)"}, "pytest is running"),
    ],
)
def test_what_marks_a_process_as_a_test_is_said_in_words(environ: dict[str, str], mark: str | None) -> None:
    assert test_mark(environ) == mark


environments = st.builds(
    Environment,
    name=st.just("place"),
    hue=st.just("red"),
    allow=st.none() | st.sampled_from([(), ("openai",), ("ollama",)]),
    confirm=st.booleans(),
    confirm_over_nanousd=st.none() | st.integers(0, 10),
    lock=st.booleans(),
    privacy=st.sampled_from(["any", "local"]),
    is_production=st.booleans(),
)
standings = st.builds(
    Standing,
    is_local=st.booleans(),
    estimate_nanousd=st.none() | st.integers(0, 20),
    privacy=st.sampled_from(["any", "local"]),
    is_confirmed=st.booleans(),
    is_confirmed_now=st.booleans(),
    is_unlocked=st.booleans(),
    test_mark=st.none() | st.just("CI is set"),
)


@given(environments, standings)
def test_no_yes_opens_what_is_forbidden(place: Environment, standing: Standing) -> None:
    denied = forbidden(place, TARGET, standing)
    assert forbidden(place, TARGET, structs.replace(standing, **AGREED)) == denied
    if denied is not None:
        assert guard(place, TARGET, structs.replace(standing, **AGREED)) == denied


@given(environments, standings)
def test_a_yes_never_makes_anything_harder(place: Environment, standing: Standing) -> None:
    if guard(place, TARGET, standing) == Allowed():
        assert guard(place, TARGET, structs.replace(standing, **AGREED)) == Allowed()


@given(environments, standings)
def test_nothing_private_leaves_the_machine(place: Environment, standing: Standing) -> None:
    if guard(place, TARGET, standing) == Allowed() and not standing.is_local:
        assert (place.privacy, standing.privacy) == ("any", "any")
