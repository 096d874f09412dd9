"""Where a cheaper model served as well, and what caches were good for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.audits import HAIKU, OPUS, PRICES, SONNET, use

from burn_tui.core.audit_savings import FEWEST_CALLS, FEWEST_SESSIONS, ServedAsWell, cache_uses, served_as_well
from burn_tui.core.audit_tasks import TaskUse
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price, cost, nanousd
from burn_tui.core.usage import Usage


def dear(**fields: Any) -> TaskUse:
    return use("edit", OPUS, **({"cost_nanousd": nanousd("0.4")} | fields))


def cheap(**fields: Any) -> TaskUse:
    return use("edit", HAIKU, **({"cost_nanousd": nanousd("0.08")} | fields))


def found(*uses: TaskUse) -> tuple[ServedAsWell, ...]:
    return served_as_well(uses, PRICES.get)


def test_a_cheaper_model_that_did_the_same_as_reliably_is_found_with_what_it_would_save() -> None:
    (one,) = found(dear(), cheap())
    assert (one.dear, one.cheap) == (OPUS, HAIKU)
    assert one.instead_nanousd == cost(Usage(40_000, 8_000), PRICES[HAIKU])
    assert one.saved_nanousd == nanousd("0.4") - nanousd("0.08")


@pytest.mark.parametrize(
    "other",
    [
        cheap(failures=3),
        cheap(attempts=80),
        cheap(attempts=FEWEST_CALLS - 1),
        cheap(sessions=FEWEST_SESSIONS - 1, attempts=30),
        cheap(project="/srv/someone/code/api"),
        use("chat", HAIKU),
    ],
    ids=[
        "it failed more often",
        "it needed more calls a session",
        "too few calls",
        "too few sessions",
        "another project",
        "another task",
    ],
)
def test_a_cheaper_model_that_has_not_shown_it_is_not_recommended(other: TaskUse) -> None:
    assert found(dear(), other) == ()


def test_a_saving_that_is_not_worth_a_change_is_not_told() -> None:
    tiny = {"input_tokens": 40, "output_tokens": 8}
    assert found(dear(cost_nanousd=nanousd("0.004"), **tiny), cheap(cost_nanousd=nanousd("0.0001"), **tiny)) == ()


def test_of_several_cheaper_models_the_one_that_saves_most_is_told() -> None:
    findings = found(dear(), cheap(), use("edit", SONNET, cost_nanousd=nanousd("0.24")))
    assert [(one.dear, one.cheap) for one in findings] == [(OPUS, HAIKU), (SONNET, HAIKU)]


def test_without_a_price_the_average_call_of_the_cheaper_model_is_taken() -> None:
    (one,) = served_as_well([dear(attempts=80, sessions=8), cheap()], lambda _: None)
    assert one.instead_nanousd == 2 * nanousd("0.08")


def test_branches_count_together() -> None:
    halves = [use("edit", HAIKU, branch=branch, attempts=15, sessions=2, cost_nanousd=1) for branch in ("a", "b")]
    assert len(found(dear(), *halves)) == 1


@given(
    st.lists(
        st.builds(
            use,
            st.just("edit"),
            st.sampled_from([SONNET, OPUS, HAIKU]),
            cost_nanousd=st.integers(0, 10**11),
            attempts=st.integers(0, 200),
            failures=st.integers(0, 5),
            sessions=st.integers(0, 9),
        ),
        max_size=6,
    )
)
def test_whatever_is_recommended_saves_something_and_is_another_model(uses: list[TaskUse]) -> None:
    for one in found(*uses):
        assert one.saved_nanousd > 0
        assert one.dear != one.cheap


def cached(**fields: Any) -> TaskUse:
    return use(target=SONNET, **({"input_tokens": 1_100_000} | fields))


def test_a_cache_gains_what_reading_saves_beyond_what_writing_costs() -> None:
    (one,) = cache_uses([cached(cache_read_input_tokens=1_000_000, cache_creation_input_tokens=100_000)], PRICES.get)
    assert one.premium_nanousd == nanousd("0.075")
    assert one.saved_nanousd == nanousd("2.7")
    assert one.net_nanousd == nanousd("2.625")


def test_what_was_written_for_an_hour_costs_twice_the_input() -> None:
    (one,) = cache_uses(
        [cached(cache_creation_input_tokens=100_000, cache_creation_1h_input_tokens=100_000)], PRICES.get
    )
    assert one.premium_nanousd == nanousd("0.3")


def test_what_nobody_read_again_is_wasted_in_its_share_of_the_premium() -> None:
    written = cached(cache_creation_input_tokens=100_000, unread_cache_tokens=40_000)
    (one,) = cache_uses([written], PRICES.get)
    assert one.wasted_nanousd == nanousd("0.03")
    assert (one.net_nanousd or 0) < 0


def test_a_cache_of_a_model_without_a_price_is_told_in_tokens_only() -> None:
    unknown = use(target=Target("house", "model"), cache_creation_input_tokens=5, unread_cache_tokens=5)
    (one,) = cache_uses([unknown], PRICES.get)
    assert (one.unread_tokens, one.wasted_nanousd, one.net_nanousd) == (5, None, None)


def test_models_that_write_to_no_cache_are_not_listed() -> None:
    assert cache_uses([use(cache_read_input_tokens=500)], PRICES.get) == ()


def test_a_provider_that_takes_nothing_for_writing_wastes_nothing() -> None:
    free = Price(rates=PRICES[SONNET].rates.__class__(input_rate=10**9, output_rate=10**9, cache_read_rate=10**8))
    written = cached(cache_creation_input_tokens=100_000, unread_cache_tokens=100_000)
    (one,) = cache_uses([written], lambda _: free)
    assert one.wasted_nanousd == 0
