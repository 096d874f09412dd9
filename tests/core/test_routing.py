"""Where a request goes, and where it goes next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.breaker import Breaker
from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.environment import Environment
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.failure import FALLS_BACK, IN_WORDS, ErrorType, Failure
from burn_tui.core.routing import MAX_ATTEMPTS, GiveUp, Plan, Route, Try, candidates, next_step, plan

NOW = 1_000_000.0
BIG, SMALL, OWN = Target("primary", "big"), Target("spare", "small"), Target("ollama", "qwen")
CATALOG = Catalog(
    {
        target.provider_name: Provider(
            name=target.provider_name, dialect="openai-chat", base_url="http://127.0.0.1", models=(Model(target.model),)
        )
        for target in (BIG, SMALL, OWN)
    }
)
ROUTE = Route("default", (BIG, SMALL, OWN))
ANYWHERE = Environment(name="development", hue="violet")


def _plan(environment: Environment = ANYWHERE, **rests: Breaker) -> Plan:
    breakers = {target: rests[target.provider_name] for target in ROUTE.targets if target.provider_name in rests}
    return plan(ROUTE, environment=environment, breakers=breakers, missing_keys={}, now=NOW)


def test_without_a_default_route_every_target_is_a_candidate_in_the_settings_order() -> None:
    assert candidates(None, {}, CATALOG).targets == (BIG, SMALL, OWN)


def test_a_pinned_target_is_the_only_candidate() -> None:
    assert candidates("spare/small", {"default": ROUTE}, CATALOG).targets == (SMALL,)


def test_an_unknown_name_is_answered_with_the_nearest_known_one() -> None:
    with pytest.raises(UnknownTargetError, match="spare/small"):
        candidates("spare/smal", {"default": ROUTE}, CATALOG)


def test_a_resting_target_is_skipped_with_the_reason_and_the_seconds_left() -> None:
    decided = _plan(primary=Breaker(1, NOW + 43, "rate_limited"))
    assert decided.targets == (SMALL, OWN)
    assert decided.skipped[0].why == "It rests for 43 s more (rate limited)."


def test_a_target_that_the_environment_forbids_is_never_planned() -> None:
    decided = _plan(Environment(name="local", hue="yellow", allow=("ollama",)))
    assert decided.targets == (OWN,)


def test_a_provider_without_its_key_is_skipped_and_the_variable_named() -> None:
    decided = plan(ROUTE, environment=ANYWHERE, breakers={}, missing_keys={"primary": "PRIMARY_KEY"}, now=NOW)
    assert decided.skipped[0].why == "PRIMARY_KEY is not set."


def test_when_all_rest_the_earliest_end_is_known() -> None:
    decided = _plan(
        primary=Breaker(1, NOW + 50, "overloaded"),
        spare=Breaker(1, NOW + 20, "overloaded"),
        ollama=Breaker(1, NOW + 90, "transient"),
    )
    assert (decided.targets, decided.earliest_at) == ((), NOW + 20)


def test_a_plain_bad_request_never_falls_back() -> None:
    assert isinstance(_next(Failure("caller_fault", "bad", 400)), GiveUp)


@given(st.sampled_from(sorted(IN_WORDS)), st.integers(1, MAX_ATTEMPTS + 2), st.sets(st.sampled_from([SMALL, OWN])))
def test_the_next_target_is_always_a_later_one_that_admits(
    error_type: ErrorType, attempts: int, resting: set[Target]
) -> None:
    step = _next(Failure(error_type, ""), attempts=attempts, resting=resting)
    if isinstance(step, Try):
        assert error_type in FALLS_BACK
        assert attempts < MAX_ATTEMPTS
        assert step.target in {SMALL, OWN} - resting


def _next(failure: Failure, *, attempts: int = 1, resting: set[Target] | None = None) -> Try | GiveUp:
    return next_step(
        failure,
        failed=BIG,
        targets=ROUTE.targets,
        attempts=attempts,
        admits=lambda target: target not in (resting or set()),
    )
