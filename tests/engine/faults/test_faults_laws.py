"""Laws of every request, whatever the providers do and whenever somebody leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs
from support.world import BACKUP, FINE, PRIMARY, THIRD, Story, World, as_kept, caller_of, world

from burn_tui.core.breaker import Breaker
from burn_tui.core.budget import Budget, WhenFull
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import Environment
from burn_tui.core.events import AttemptStarted, Escalated, FellBack, RequestFinished, RouteDecided, TextDelta
from burn_tui.core.failure import Failure
from burn_tui.core.health import Health, scope_of
from burn_tui.core.policy import Policy, TimeLimits
from burn_tui.simulator.script import (
    Action,
    Answer,
    Break,
    Cut,
    End,
    Garble,
    Hang,
    HangUp,
    Raw,
    Refuse,
    Reset,
    Script,
    Stall,
    in_order,
    rate_limited,
)

WORDS = "Rivers carry silt from the hills to the delta."
SLOWLY = Answer(text=WORDS, chunk_s=0.003, first_chunk_s=0.003)

ACTIONS: list[Action] = [
    FINE,
    SLOWLY,
    rate_limited(),
    rate_limited(60),
    rate_limited(0),
    Refuse(Failure("transient", "no", 500)),
    Refuse(Failure("overloaded", "busy", 529)),
    Refuse(Failure("auth", "no", 401)),
    Refuse(Failure("quota_exhausted", "no", 402)),
    Refuse(Failure("model_gone", "no such model", 404)),
    Refuse(Failure("context_length", "too long", 400)),
    Refuse(Failure("content_filter", "blocked", 400)),
    Refuse(Failure("caller_fault", "bad", 400)),
    Raw(),
    Raw(status=502, body=b"<html>Bad gateway</html>"),
    Reset(),
    HangUp(),
    Hang(5.0),
    *(Answer(text=WORDS, faults={2: fault}) for fault in (Cut(), End(), Stall(5.0), Garble(b"data: {\n\n"))),
    *(Answer(text=WORDS, faults={at: Break(Failure("overloaded", "busy", 529))}) for at in (0, 2)),
    Answer(text="", finish_reason="stop"),
    Answer(text=WORDS, finish_reason="content_filter"),
]

QUICK = TimeLimits(connect_s=1.0, first_chunk_s=0.15, idle_s=0.15, total_s=2.0)

actions = st.sampled_from(ACTIONS)
scripts = st.fixed_dictionaries(
    {name: st.lists(actions, min_size=1, max_size=4) for name in ("primary", "backup", "third")}
)
policies = st.builds(
    Policy, on_cut=st.sampled_from(["continue", "restart", "ask"]), on_filter=st.sampled_from(["stop", "fall_back"])
)
anything = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[World]:
    """Three providers with two keys for the first; a limit that is soon over."""
    names = ("primary", "backup", "third")
    async with world(tmp_path, dict.fromkeys(names, FINE), shapes={"primary": {"keys": 2}}, limits=QUICK) as running:
        yield running


def _begin(running: World, scripted: dict[str, list[Action]], policy: Policy) -> None:
    """Nobody rests, and everybody does from now on what is written."""
    for name, its_actions in scripted.items():
        running.script(name, _from_now(running.calls(name), its_actions))
    router = running.runtime.router
    router.health = router.health.without(router.health.breakers)
    routes = {name: structs.replace(route, policy=policy) for name, route in router.setup.routes.items()}
    router.setup = structs.replace(router.setup, routes=routes)


def _from_now(before: int, its_actions: list[Action]) -> Script:
    script = in_order(its_actions)
    return lambda request, count: script(request, count - before)


def _keeps_the_laws(story: Story) -> None:
    """Nothing switches silently, and the end is the end."""
    target = None
    for event in story.events:
        match event:
            case RouteDecided(targets=targets):
                assert target is None
                target = targets[0]
            case FellBack(from_target=former, to_target=following) | Escalated(former, following):
                assert former == target != following
                target = following
            case AttemptStarted():
                assert event.target == target
            case TextDelta():
                assert target is not None
            case _:
                pass
    assert [isinstance(event, RequestFinished) for event in story.events] == [False] * (len(story.events) - 1) + [True]
    assert story.served in {None, target}
    assert len(story.asked) == sum(record.opened.attempt > 0 for record in story.finished.records)


@anything
@given(scripts, policies, st.sampled_from([None, "default", "primary/big", "third/big"]))
async def test_the_target_changes_only_where_it_is_said_and_the_ledger_has_what_was_told(
    three: World, scripted: dict[str, list[Action]], policy: Policy, model: str | None
) -> None:
    _begin(three, scripted, policy)
    for _ in range(2):
        story = await three.ask(model=model)
        _keeps_the_laws(story)
        rows = await three.runtime.ledger.records(request_id=story.finished.request_id)
        assert rows == as_kept(story.finished.records)
        assert await three.runtime.ledger.open_attempts() == 0
        if model is not None and "/" in model:
            assert {str(target) for target in story.asked} <= {model}


@anything
@given(scripts, policies)
async def test_a_target_at_rest_is_never_called(
    three: World, scripted: dict[str, list[Action]], policy: Policy
) -> None:
    _begin(three, scripted, policy)
    for _ in range(3):
        resting = {target for target in (PRIMARY, BACKUP, THIRD) if three.state(target)[0] == "resting"}
        story = await three.ask()
        assert not resting & set(story.asked)


class Hurry(Struct, frozen=True):
    """How a handful of requests is sent and called off again."""

    moments: list[float]
    """Seconds after which each is cancelled."""
    when_full: WhenFull | None
    """Of a budget for some twenty calls; None = there is none."""
    is_half_open: bool
    """Whether everybody has just rested, so that each may be probed once."""


moments = st.floats(0.0, 0.02) | st.floats(0.0, 0.3)
hurries = st.builds(
    Hurry,
    st.lists(moments, min_size=1, max_size=6),
    st.sampled_from([None, "refuse", "queue"]),
    st.booleans(),
)

CONFIRMED: dict[str, Any] = {
    "environment": Environment(name="careful", hue="red", confirm=True),
    "is_confirmed_now": True,
}
"""A yes is written down between opening the row and sending the request: one more place to be cancelled at."""


@anything
@given(scripts, policies, hurries)
async def test_who_leaves_at_any_moment_leaves_no_row_open_and_no_probe_behind(
    three: World, scripted: dict[str, list[Action]], policy: Policy, hurry: Hurry
) -> None:
    _begin(three, scripted, policy)
    router, full = three.runtime.router, hurry.when_full
    budgets = () if full is None else (Budget(name="b", limit_nanousd=10**8, timezone=UTC, when_full=full),)
    router.setup = structs.replace(router.setup, budgets=budgets)
    if hurry.is_half_open:
        router.health = _all_half_open(three)
    tasks = [asyncio.create_task(three.ask(**CONFIRMED)) for _ in hurry.moments]
    for task, moment in zip(tasks, hurry.moments, strict=True):
        asyncio.get_running_loop().call_later(moment, task.cancel)
    await asyncio.gather(*tasks, return_exceptions=True)
    await _everything_written(three)
    assert [scope for scope, breaker in router.health.breakers.items() if breaker.probe_since is not None] == []


async def _everything_written(running: World) -> None:
    """Settling is shielded from whoever leaves, so it may end a moment later."""
    async with asyncio.timeout(10.0):
        while await running.runtime.ledger.open_attempts():  # noqa: ASYNC110 - the ledger tells nobody
            await asyncio.sleep(0.001)


def _all_half_open(running: World) -> Health:
    over = Breaker(1, running.clock.now() - 1.0, "rate_limited")
    return Health({scope_of(target, lane): over for target in (PRIMARY, BACKUP, THIRD) for lane in (0, 1)})


@anything
@given(scripts, policies, st.integers(0, 12))
async def test_who_closes_after_any_event_leaves_no_row_open_and_no_probe_behind(
    three: World, scripted: dict[str, list[Action]], policy: Policy, events: int
) -> None:
    _begin(three, scripted, policy)
    router = three.runtime.router
    router.health = _all_half_open(three)
    request = ChatRequest(messages=(said("user", "Is all well?"),))
    async with aclosing(router.send(request, caller_of())) as sent:
        async for _ in sent:
            if (events := events - 1) < 0:
                break
    assert await three.runtime.ledger.open_attempts() == 0
    assert [scope for scope, breaker in router.health.breakers.items() if breaker.probe_since is not None] == []
