"""Where a request goes, and where it goes next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.environment import Denied
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.failure import FALLS_BACK, IN_WORDS, ErrorType, Failure
from burn_tui.core.policy import DEFAULT_POLICY, Policy
from burn_tui.core.routing import (
    MAX_ATTEMPTS,
    GiveUp,
    Outlook,
    Plan,
    Route,
    Try,
    candidates,
    next_step,
    plan,
    quick_retry_s,
)

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
DENIED = Denied("local may not call it.", "Switch.")


def _plan(tokens: int = 100, **known: Outlook) -> Plan:
    outlooks = {target: known.get(target.provider_name, Outlook()) for target in ROUTE.targets}
    return plan(ROUTE, outlooks, tokens=tokens, now=NOW)


def _resting(seconds: float, error_type: ErrorType = "overloaded") -> Outlook:
    return Outlook(is_admitted=False, rests_until=NOW + seconds, rests_for=error_type)


def test_without_a_default_route_every_target_is_a_candidate_in_the_settings_order() -> None:
    assert candidates(None, {}, CATALOG, DEFAULT_POLICY).targets == (BIG, SMALL, OWN)


def test_a_pinned_target_is_the_only_candidate() -> None:
    assert candidates("spare/small", {"default": ROUTE}, CATALOG, DEFAULT_POLICY).targets == (SMALL,)


def test_an_unknown_name_is_answered_with_the_nearest_known_one() -> None:
    with pytest.raises(UnknownTargetError, match="spare/small"):
        candidates("spare/smal", {"default": ROUTE}, CATALOG, DEFAULT_POLICY)


def test_a_pinned_target_goes_by_the_general_policy() -> None:
    policy = Policy(on_cut="ask")
    assert candidates("spare/small", {"default": ROUTE}, CATALOG, policy).policy == policy


def test_a_resting_target_is_skipped_with_the_reason_and_the_seconds_left() -> None:
    decided = _plan(primary=_resting(43, "rate_limited"))
    assert decided.targets == (SMALL, OWN)
    assert decided.skipped[0].why == "It rests for 43 s more (rate limited)."


def test_a_target_that_somebody_else_is_probing_is_skipped() -> None:
    decided = _plan(primary=_resting(-1))
    assert decided.skipped[0].why == "It is being probed by another request."


def test_a_target_that_the_environment_forbids_is_never_planned() -> None:
    decided = _plan(primary=Outlook(denied=DENIED), spare=Outlook(denied=DENIED))
    assert (decided.targets, decided.denied) == ((OWN,), DENIED)


def test_a_provider_without_its_key_is_skipped_and_the_variable_named() -> None:
    assert _plan(primary=Outlook(missing_key="PRIMARY_KEY")).skipped[0].why == "PRIMARY_KEY is not set."


def test_a_model_that_the_conversation_does_not_fit_into_is_skipped_with_both_figures() -> None:
    decided = _plan(tokens=9_000, primary=Outlook(context_window=8_000), spare=Outlook(context_window=9_000))
    assert decided.targets == (SMALL, OWN)
    assert decided.skipped[0].why == "It takes 8,000 tokens, and this needs about 9,000."
    assert decided.largest_window == 8_000


def test_a_model_that_cannot_do_what_is_asked_for_is_skipped_and_no_waiting_brings_it_back() -> None:
    blind = Outlook(unable="It takes no images.", is_admitted=False, rests_until=NOW + 5, context_window=10)
    decided = _plan(primary=blind, spare=_resting(20), ollama=_resting(90))
    assert decided.skipped[0].why == "It takes no images."
    assert (decided.earliest_at, decided.largest_window, decided.is_beyond) == (NOW + 20, None, True)


def test_who_has_said_that_nothing_is_left_is_asked_last() -> None:
    assert _plan(primary=Outlook(is_exhausted=True)).targets == (SMALL, OWN, BIG)


def test_when_all_rest_the_earliest_end_is_known() -> None:
    decided = _plan(primary=_resting(50), spare=_resting(20), ollama=_resting(90, "transient"))
    assert (decided.targets, decided.earliest_at) == ((), NOW + 20)


def test_the_end_of_a_rest_does_not_matter_where_the_target_is_forbidden_anyway() -> None:
    forbidden = Outlook(denied=DENIED, is_admitted=False, rests_until=NOW + 5)
    assert _plan(primary=forbidden, spare=_resting(20), ollama=_resting(90)).earliest_at == NOW + 20


def test_a_stumble_is_forgiven_once_and_never_after_text() -> None:
    stumble = Failure("overloaded", "busy", 503)
    assert quick_retry_s(stumble, earlier_attempts=0, was_cut=False, chance=0.5) == pytest.approx(0.2)
    assert quick_retry_s(stumble, earlier_attempts=1, was_cut=False, chance=0.5) is None
    assert quick_retry_s(stumble, earlier_attempts=0, was_cut=True, chance=0.5) is None
    assert quick_retry_s(Failure("auth", "no", 401), earlier_attempts=0, was_cut=False, chance=0.5) is None


def test_a_limit_of_the_key_is_tried_with_another_key_of_the_same_target_first() -> None:
    assert _next(Failure("rate_limited", "slow down", 429)) == Try(BIG)
    assert _next(Failure("rate_limited", "slow down", 429), resting={BIG}) == Try(SMALL)
    assert _next(Failure("transient", "502", 502)) == Try(SMALL)


def test_what_an_address_cannot_do_is_tried_at_another_address_first() -> None:
    for error_type in ("transient", "timeout", "overloaded"):
        assert _next(Failure(error_type, "no"), has_other_address=True) == Try(BIG)
        assert _next(Failure(error_type, "no"), has_other_address=False) == Try(SMALL)
    assert _next(Failure("model_gone", "no"), has_other_address=True) == Try(SMALL)


def test_the_last_attempt_is_kept_for_another_target_if_there_is_one() -> None:
    limited = Failure("rate_limited", "slow down", 429)
    assert _next(limited, attempts=MAX_ATTEMPTS - 1) == Try(SMALL)
    assert _next(limited, attempts=MAX_ATTEMPTS - 1, resting={SMALL, OWN}) == Try(BIG)


def test_giving_up_is_final_unless_somebody_only_rests() -> None:
    resting = _next(Failure("timeout", "no"), resting={BIG, SMALL, OWN})
    assert isinstance(resting, GiveUp)
    assert not resting.is_final
    for failure, attempts in ((Failure("caller_fault", "no"), 1), (Failure("timeout", "no"), MAX_ATTEMPTS)):
        step = _next(failure, attempts=attempts)
        assert isinstance(step, GiveUp)
        assert step.is_final


def test_a_refused_key_is_not_worth_waiting_for() -> None:
    decided = _plan(primary=_resting(1e7, "auth"), spare=_resting(60), ollama=_resting(1e7, "auth"))
    assert decided.earliest_at == NOW + 60
    assert "key was refused" in decided.skipped[0].why


def test_a_plain_bad_request_never_falls_back() -> None:
    assert isinstance(_next(Failure("caller_fault", "bad", 400)), GiveUp)


@given(st.sampled_from(sorted(IN_WORDS)), st.integers(1, MAX_ATTEMPTS + 2), st.sets(st.sampled_from([BIG, SMALL, OWN])))
def test_the_next_target_is_always_one_that_admits(error_type: ErrorType, attempts: int, resting: set[Target]) -> None:
    step = _next(Failure(error_type, ""), attempts=attempts, resting=resting)
    if isinstance(step, Try):
        assert error_type in FALLS_BACK
        assert attempts < MAX_ATTEMPTS
        assert step.target in {BIG, SMALL, OWN} - resting


def _next(
    failure: Failure, *, attempts: int = 1, resting: set[Target] | None = None, has_other_address: bool = False
) -> Try | GiveUp:
    return next_step(
        failure,
        failed=BIG,
        targets=ROUTE.targets,
        attempts=attempts,
        admits=lambda target: target not in (resting or set()),
        has_other_address=has_other_address,
    )
