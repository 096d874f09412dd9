"""The accident that must not happen: a test query that burns live credits, or a private one that leaves the machine."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from support.world import BACKUP, FINE, PRIMARY, Scripts, World, world

from burn_tui.core.budget import Budget
from burn_tui.core.environment import Environment
from burn_tui.core.events import Event, FellBack, Refused, RequestFinished
from burn_tui.core.failure import Failure
from burn_tui.core.money import NANOUSD, Price, Rates
from burn_tui.core.usage import GuardOverride
from burn_tui.engine.ask import REFUSED, ask
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.session import Session
from burn_tui.simulator.script import Refuse, rate_limited

PRODUCTION = Environment(
    name="production", hue="blue", confirm=True, lock=True, is_production=True, allow=("primary", "backup", "own")
)
STAGING = Environment(name="staging", hue="green")
PLACES = {"production": PRODUCTION, "staging": STAGING}

LOCAL = {"own": {"is_local": True}}

CI = "CI is set"


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[World]:
    """Two paid providers and one on this machine, in production and staging."""
    scripts: Scripts = {"primary": FINE, "backup": FINE, "own": FINE}
    async with world(tmp_path, scripts, shapes=LOCAL, environments=PLACES) as running:
        yield running


async def _send(session: Session, text: str = "Is all well?", **how: Any) -> list[Event]:
    return [event async for event in session.send(text, **how)]


def _refused(events: list[Event]) -> Refused:
    (refused,) = [event for event in events if isinstance(event, Refused)]
    return refused


def _served(events: list[Event]) -> bool:
    last = events[-1]
    assert isinstance(last, RequestFinished)
    return last.served is not None


# --- the lock ------------------------------------------------------------------------------------


async def test_production_begins_locked_and_nothing_is_sent(guarded: World) -> None:
    session = guarded.runtime.session("main", "production")
    refused = _refused(await _send(session))
    assert refused.kind == "confirmation"
    assert refused.confirmation is not None
    assert refused.confirmation.unlocks_for_s == 900.0
    assert [guarded.calls(name) for name in guarded.providers] == [0, 0, 0]


async def test_what_it_would_cost_can_be_seen_while_it_is_locked(guarded: World) -> None:
    preview = guarded.runtime.session("main", "production").preview("Is all well?")
    assert (preview.target, preview.asks_first) == (PRIMARY, True)
    assert preview.cost_estimate_nanousd


async def test_a_yes_unlocks_for_a_quarter_of_an_hour(guarded: World) -> None:
    session = guarded.runtime.session("main", "production")
    assert _served(await _send(session, confirmed=True))
    assert 890 < session.lock.left_s(guarded.clock.now()) <= 900
    guarded.ahead_s = 880.0
    assert _served(await _send(session))
    guarded.ahead_s = 901.0
    assert _refused(await _send(session)).kind == "confirmation"
    assert guarded.calls() == 2


async def test_an_unlocking_may_be_good_for_so_many_requests(tmp_path: Path) -> None:
    places = {"production": Environment(name="production", hue="blue", lock=True, unlock_requests=2)}
    async with world(tmp_path, {"primary": FINE}, environments=places) as running:
        session = running.runtime.session("main", "production")
        session.unlock()
        assert [_served(await _send(session)) for _ in range(3)] == [True, True, False]
        assert running.calls() == 2


async def test_what_costs_nothing_uses_up_no_unlocking(tmp_path: Path) -> None:
    places = {"production": Environment(name="production", hue="blue", lock=True, unlock_requests=1)}
    shapes = {"own": {"is_local": True}}
    async with world(tmp_path, {"primary": FINE, "own": FINE}, environments=places, shapes=shapes) as running:
        session = running.runtime.session("main", "production")
        session.unlock()
        session.requested = "own/big"
        assert _served(await _send(session))
        session.requested = "primary/big"
        assert [_served(await _send(session)) for _ in range(2)] == [True, False]


async def test_a_fallback_to_a_paid_call_is_counted_once(tmp_path: Path) -> None:
    places = {"production": Environment(name="production", hue="blue", lock=True, unlock_requests=2)}
    scripts: Scripts = {
        "own": Refuse(Failure("auth", "no", 401)),
        "primary": Refuse(Failure("auth", "no", 401)),
        "backup": FINE,
    }
    async with world(tmp_path, scripts, environments=places, shapes={"own": {"is_local": True}}) as running:
        session = running.runtime.session("main", "production")
        session.unlock()
        await _send(session)
        assert session.lock.requests_left == 1


async def test_one_session_unlocks_itself_only(guarded: World) -> None:
    first, second = (guarded.runtime.session(name, "production") for name in ("first", "second"))
    await _send(first, confirmed=True)
    assert _refused(await _send(second)).kind == "confirmation"


async def test_a_model_on_this_machine_is_never_locked(guarded: World) -> None:
    session = guarded.runtime.session("main", "production")
    session.requested = "own/big"
    assert _served(await _send(session))


async def test_an_environment_that_nobody_configured_is_as_guarded_as_production(guarded: World) -> None:
    session = guarded.runtime.session("main", "prodution")
    assert not session.environment.is_known
    assert _refused(await _send(session)).kind == "confirmation"
    assert guarded.calls() == 0


async def test_with_nothing_configured_nothing_asks(tmp_path: Path) -> None:
    async with world(tmp_path, {"primary": FINE}) as running:
        session = running.runtime.session("main")
        assert session.environment.name == "development"
        assert _served(await _send(session))


# --- tests ---------------------------------------------------------------------------------------


async def test_a_test_is_blocked_from_production_whatever_anybody_confirms_and_offered_a_local_target(
    guarded: World,
) -> None:
    story = await guarded.ask(
        environment=PRODUCTION,
        model="primary/big",
        test_mark=CI,
        is_confirmed=True,
        is_confirmed_now=True,
        is_unlocked=True,
    )
    assert (story.refused.kind, guarded.calls()) == ("guard", 0)
    assert CI in story.refused.reason
    assert "own/big" in story.refused.mend


async def test_a_test_on_a_route_with_a_local_target_is_served_there(guarded: World) -> None:
    story = await guarded.ask(environment=PRODUCTION, test_mark=CI)
    assert str(story.served) == "own/big"
    assert (guarded.calls(), guarded.calls("backup")) == (0, 0)


async def test_a_test_never_reaches_a_production_provider_by_fallback(tmp_path: Path) -> None:
    scripts: Scripts = {"own": Refuse(Failure("transient", "out of memory", 500)), "primary": FINE}
    async with world(tmp_path, scripts, shapes=LOCAL, environments=PLACES) as running:
        story = await running.ask(environment=PRODUCTION, test_mark=CI)
        assert (story.served, running.calls("primary"), story.of(FellBack)) == (None, 0, [])


@pytest.mark.parametrize("variables", [{"BURN_ENV": "test"}, {"CI": "true"}, {"PYTEST_CURRENT_TEST": "test_x"}])
async def test_what_marks_a_process_as_a_test_marks_its_sessions(guarded: World, variables: dict[str, str]) -> None:
    guarded.environ.update(variables)
    await guarded.restart()
    session = guarded.runtime.session("main", "production")
    session.requested = "primary/big"
    assert _refused(await _send(session, confirmed=True)).kind == "guard"
    assert guarded.calls() == 0


async def test_a_test_may_burn_the_credits_of_other_environments(guarded: World) -> None:
    assert (await guarded.ask(environment=STAGING, test_mark=CI)).served == PRIMARY


# --- questions -----------------------------------------------------------------------------------


async def test_the_question_shows_the_facts_that_change(tmp_path: Path) -> None:
    daily = Budget(name="daily", limit_nanousd=NANOUSD, timezone=UTC)
    async with world(tmp_path, {"primary": FINE}, environments=PLACES, budgets=(daily,)) as running:
        facts = (await running.ask(environment=PRODUCTION)).refused.confirmation
        assert facts is not None
        assert (facts.target, facts.environment, facts.key_variable) == (PRIMARY, "production", "PRIMARY_KEY")
        assert facts.key_fingerprint == running.runtime.router.setup.keys.fingerprint("primary")
        assert facts.cost_estimate_nanousd
        assert (facts.budget, facts.budget_limit_nanousd) == ("daily", NANOUSD)


async def test_a_session_is_asked_about_its_first_paid_call_only(tmp_path: Path) -> None:
    places = {"careful": Environment(name="careful", hue="red", confirm=True)}
    async with world(tmp_path, {"primary": FINE}, environments=places) as running:
        session = running.runtime.session("main", "careful")
        assert _refused(await _send(session)).kind == "confirmation"
        assert _served(await _send(session, confirmed=True))
        assert _served(await _send(session))


async def test_a_call_above_the_limit_is_asked_about_every_time(tmp_path: Path) -> None:
    places = {"thrifty": Environment(name="thrifty", hue="red", confirm_over_nanousd=2_600_000)}
    async with world(tmp_path, {"primary": FINE}, environments=places) as running:
        session = running.runtime.session("main", "thrifty")
        assert _served(await _send(session))
        long = "word " * 1_000
        assert _refused(await _send(session, long)).kind == "confirmation"
        assert _served(await _send(session, long, confirmed=True))
        assert _refused(await _send(session, long)).kind == "confirmation"
        assert running.calls() == 2


async def test_a_fallback_to_a_dearer_target_asks_again(tmp_path: Path) -> None:
    dear = Price(rates=Rates(input_rate=NANOUSD, output_rate=100 * NANOUSD))
    cheap = Price(rates=Rates(input_rate=NANOUSD, output_rate=NANOUSD))
    places = {"thrifty": Environment(name="thrifty", hue="red", confirm_over_nanousd=2_000_000)}
    scripts: Scripts = {"primary": rate_limited(), "backup": FINE}
    async with world(tmp_path, scripts, environments=places, prices={PRIMARY: cheap, BACKUP: dear}) as running:
        story = await running.ask(environment=places["thrifty"])
        assert (story.asked, story.refused.kind, running.calls("backup")) == ([PRIMARY], "confirmation", 0)


# --- privacy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["session", "environment"])
async def test_27_what_is_private_never_leaves_the_machine_not_even_by_fallback(tmp_path: Path, where: str) -> None:
    scripts: Scripts = {"own": Refuse(Failure("overloaded", "busy", 503)), "primary": FINE, "backup": FINE}
    private = Environment(name="private", hue="yellow", privacy="local")
    async with world(tmp_path, scripts, shapes=LOCAL, environments=PLACES | {"private": private}) as running:
        how: dict[str, Any] = {"privacy": "local"} if where == "session" else {"environment": private}
        for _ in range(4):
            assert (await running.ask(**how)).served is None
        refused = await running.ask(model="primary/big", **how)
        assert refused.refused.kind == "guard"
        assert (running.calls("primary"), running.calls("backup")) == (0, 0)


async def test_27_an_environment_never_reaches_a_provider_that_it_may_not_call(tmp_path: Path) -> None:
    test = Environment(name="test", hue="yellow", allow=("own", "backup"))
    scripts: Scripts = {"own": Refuse(Failure("transient", "no", 500)), "primary": FINE, "backup": FINE}
    async with world(tmp_path, scripts, shapes=LOCAL, environments={"test": test}) as running:
        story = await running.ask(environment=test)
        assert (story.served, running.calls("primary")) == (BACKUP, 0)


# --- what is written down ------------------------------------------------------------------------


async def test_every_block_is_a_row_and_every_override_too(guarded: World) -> None:
    await guarded.ask(environment=PRODUCTION, model="primary/big", test_mark=CI)
    session = guarded.runtime.session("main", "production")
    await _send(session, confirmed=True)
    blocked, passed = await guarded.rows()
    assert (blocked.error_type, blocked.opened.environment, blocked.cost_nanousd) == ("refused", "production", 0)
    assert CI in blocked.opened.route_reason
    (override,) = await guarded.runtime.ledger.overrides()
    assert (override.event_id, override.session_id, override.unlocked) == (passed.opened.event_id, session.id, True)


async def test_a_yes_that_is_called_off_while_it_is_written_down_leaves_no_row_open(
    guarded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def called_off(_override: GuardOverride) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(guarded.runtime.ledger, "note_override", called_off)
    session = guarded.runtime.session("main", "production")
    with pytest.raises(asyncio.CancelledError):
        await _send(session, confirmed=True)
    (row,) = await guarded.rows()
    assert (row.error_type, row.cost_nanousd, guarded.calls()) == ("cancelled", 0, 0)


async def test_two_environments_that_pay_with_one_key_are_a_notice(guarded: World) -> None:
    notices = " ".join(guarded.runtime.notices)
    assert "production and staging pay with the same key of primary" in notices
    fingerprint = guarded.runtime.router.setup.keys.fingerprint("primary")
    assert fingerprint is not None
    assert fingerprint in notices
    assert "key-of-PRIMARY_KEY" not in notices


# --- without a terminal --------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "mend"), [({}, "--yes"), ({"target": "primary/big", "test": True}, "own/big")])
async def test_ask_refuses_with_the_mend_and_returns(tmp_path: Path, how: dict[str, Any], mend: str) -> None:
    scripts: Scripts = {"primary": FINE, "own": FINE}
    async with world(tmp_path, scripts, shapes=LOCAL, environments=PLACES) as running:
        if how.get("test"):
            running.environ["CI"] = "true"
        await running.restart()
        out, narration = io.StringIO(), io.StringIO()

        async def boot() -> Runtime:
            return running.runtime

        code = await ask(
            "Is all well?",
            boot=boot,
            environment="production",
            target=how.get("target", "primary/big"),
            privacy="any",
            confirmed=False,
            as_json=False,
            out=out,
            narration=narration,
        )
        assert (code, out.getvalue(), running.calls()) == (REFUSED, "", 0)
        assert mend in narration.getvalue()
        await running.start()
