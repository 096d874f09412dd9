"""A budget of the whole team is never passed, however many machines ask at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.attempts import opened, settled
from support.postgres import Server
from support.teams import AWAY, team_of
from support.world import PRIMARY, world

from burn_tui.core.budget import Budget, Fits
from burn_tui.core.events import Refused
from burn_tui.core.usage import AttemptOpened
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings_schema import TeamSettings
from burn_tui.engine.team import reservations
from burn_tui.engine.team.connection import Line, address_of
from burn_tui.engine.team.sharing import Team

MACHINES = 20


def limited(url: str, limit_nanousd: int, name: str = "all of us", **fields: Any) -> None:
    """Set a shared budget, as its owner does."""
    line = Line(address_of(url))
    budget = Budget(name=name, limit_nanousd=limit_nanousd, timezone=fields.pop("timezone", UTC), **fields)
    line.run(lambda connection: reservations.set_budget(connection, budget))
    line.close()


def call(cost_nanousd: int | None = 10, **fields: Any) -> AttemptOpened:
    return opened(started_at=time.time(), cost_estimate_nanousd=cost_nanousd, **fields)


@asynccontextmanager
async def machine(url: str, member: str = "kim", **settings: Any) -> AsyncIterator[tuple[Ledger, Team]]:
    ledger = await Ledger.in_memory()
    try:
        async with team_of(ledger, url, member, now=time.time(), **settings) as team:
            yield ledger, team
    finally:
        await ledger.close()


async def test_twenty_machines_at_once_never_pass_the_limit(server: Server, url: str) -> None:
    limited(url, 100)
    async with AsyncExitStack() as stack:
        teams = [(await stack.enter_async_context(machine(url, f"member-{n}")))[1] for n in range(MACHINES)]
        answers = await asyncio.gather(*(team.reserve(call(7)) for team in teams for _ in range(3)))
    granted = [answer for answer in answers if isinstance(answer, Fits)]
    assert len(answers) == 60
    assert len(granted) == 100 // 7
    assert server.run("SELECT sum(amount_nanousd)::bigint FROM burn.reservations", url) == [(98,)]


async def test_what_was_spent_counts_once_and_no_longer_as_reserved(url: str) -> None:
    limited(url, 100)
    async with machine(url) as (ledger, team):
        attempt = call(40)
        assert isinstance(await team.reserve(attempt), Fits)
        (budget,) = (await team.view()).budgets
        assert (budget.spent_nanousd, budget.reserved_nanousd) == (0, 40)
        # It turns out cheaper, and what it did not use is free again.
        await ledger.record([settled(attempt, cost_nanousd=25)])
        await team.sync()
        (budget,) = (await team.view()).budgets
        assert (budget.spent_nanousd, budget.reserved_nanousd) == (25, 0)
        assert isinstance(await team.reserve(call(75)), Fits)
        assert isinstance(await team.reserve(call(1)), Refused)


async def test_a_reservation_ends_with_its_row_whatever_microsecond_it_began_in(url: str) -> None:
    limited(url, 10**6)
    now = time.time()
    attempts = [opened(started_at=now + n / 7e6, cost_estimate_nanousd=1) for n in range(100)]
    async with machine(url) as (ledger, team):
        for attempt in attempts:
            assert isinstance(await team.reserve(attempt), Fits)
        await ledger.record([settled(attempt, cost_nanousd=1) for attempt in attempts])
        await team.sync()
        (budget,) = (await team.view()).budgets
        assert (budget.spent_nanousd, budget.reserved_nanousd) == (100, 0)


async def test_the_sum_is_right_while_the_roll_up_is_not_up_to_date(server: Server, url: str) -> None:
    limited(url, 100)
    async with machine(url) as (ledger, team):
        attempts = [call(0), call(0)]
        await ledger.record([settled(attempts[0], cost_nanousd=30)])
        await team.sync()
        # A push that died between its commit and the roll-up.
        server.run("CREATE OR REPLACE FUNCTION burn.refresh() RETURNS void LANGUAGE sql AS ''", url)
        await ledger.record([settled(attempts[1], cost_nanousd=30)])
        await team.sync()
        (budget,) = (await team.view()).budgets
        assert budget.spent_nanousd == 60


async def test_a_machine_that_died_holds_its_estimate_only_for_a_while(server: Server, url: str) -> None:
    limited(url, 50)
    async with machine(url) as (_, team):
        assert isinstance(await team.reserve(call(50)), Fits)
        assert isinstance(await team.reserve(call(1)), Refused)
        server.run("UPDATE burn.reservations SET expires_at = now() - interval '1 second'", url)
        assert isinstance(await team.reserve(call(1)), Fits)


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        ("provider:openai", {"provider_name": "groq"}),
        ("environment:production", {"environment": "local"}),
        ("project:billing", {"project": "search"}),
        ("member:kim", {"member": "lee"}),
        ("session:night-run", {"session_id": "other"}),
    ],
)
async def test_a_budget_covers_what_its_scope_says(url: str, scope: str, fields: dict[str, str]) -> None:
    limited(url, 10, scope=scope)
    ours = {"environment": "production", "project": "billing", "session_id": "night-run"}
    async with machine(url) as (ledger, team):
        await ledger.record([settled(call(0, **ours), cost_nanousd=10)])
        await team.sync()
        assert isinstance(await team.reserve(call(1, **ours)), Refused)
        assert isinstance(await team.reserve(call(1, **{**ours, **fields})), Fits)


@pytest.mark.parametrize("period", ["day", "week", "month"])
async def test_what_was_spent_before_the_period_does_not_count(url: str, period: str) -> None:
    limited(url, 10, period=period, timezone=ZoneInfo("Asia/Kathmandu"))  # a quarter of an hour off every full hour
    async with machine(url) as (ledger, team):
        before = opened(started_at=time.time() - 40 * 86_400)
        await ledger.record([settled(before, cost_nanousd=10), settled(call(0), cost_nanousd=3)])
        await team.sync()
        (budget,) = (await team.view()).budgets
        assert budget.spent_nanousd == 3


async def test_of_several_budgets_the_one_that_is_full_refuses_and_none_is_reserved(server: Server, url: str) -> None:
    limited(url, 100)
    limited(url, 5, "kim alone", scope="member:kim")
    async with machine(url) as (_, team):
        refused = await team.reserve(call(10))
        assert isinstance(refused, Refused)
        assert "kim alone" in refused.reason
        assert server.run("SELECT count(*) FROM burn.reservations", url) == [(0,)]


async def test_near_the_limit_each_call_says_so(url: str) -> None:
    limited(url, 100)
    async with machine(url) as (_, team):
        assert await team.reserve(call(50)) == Fits()
        near = await team.reserve(call(40))
        assert isinstance(near, Fits)
        assert [warned.budget.name for warned in near.warnings] == ["all of us"]


async def test_a_call_of_unknown_price_fits_while_anything_is_left(url: str) -> None:
    limited(url, 10)
    async with machine(url) as (ledger, team):
        assert isinstance(await team.reserve(call(None)), Fits)
        await ledger.record([settled(call(0), cost_nanousd=10)])
        await team.sync()
        assert isinstance(await team.reserve(call(None)), Refused)
        assert isinstance(await team.reserve(call(0)), Fits)


async def test_while_the_server_is_away_paid_calls_are_refused_or_go_on_as_the_settings_say(
    server: Server, url: str, tmp_path: Path
) -> None:
    limited(url, 100)
    ledger = await Ledger.open(tmp_path / "ledger.sqlite3", now=time.time())
    async with team_of(ledger, url) as team:
        await team.sync()
    server.stop()
    try:
        # In a new process, which has never reached the server itself.
        async with team_of(ledger, url) as careful, team_of(ledger, url, when_away="go_on") as free:
            refused = await careful.reserve(call(1))
            assert isinstance(refused, Refused)
            assert "when_away: go_on" in refused.mend
            assert "refused meanwhile" in (careful.notice or "")
            assert isinstance(await careful.reserve(call(0)), Fits)
            assert isinstance(await free.reserve(call(1)), Fits)
            assert "own budgets hold" in (free.notice or "")
            assert "own budgets hold" in (await free.view()).away_rule
    finally:
        await ledger.close()
        server.start()


async def test_without_shared_budgets_a_server_that_is_away_holds_up_nobody() -> None:
    async with machine(AWAY) as (_, team):
        assert isinstance(await team.reserve(call(1)), Fits)
        assert team.notice is None


async def test_a_request_that_the_team_cannot_afford_reaches_no_provider(
    server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.world import FINE

    limited(url, 1)
    monkeypatch.setenv("USER", "kim")
    async with world(tmp_path, {"primary": FINE}, team=TeamSettings(url=url)) as running:
        story = await running.ask("Is all well?")
        assert "team's budget all of us" in story.refused.reason
        assert running.calls("primary") == 0
        assert story.errors == ["refused"]
        limited(url, 10**12)
        story = await running.ask("And now?")
        assert story.served == PRIMARY
        assert running.runtime.membership.team is not None
        await running.runtime.membership.team.sync()
    rows = server.run("SELECT error_type FROM burn.entries ORDER BY error_type", url)
    assert rows == [("",), ("refused",)]
