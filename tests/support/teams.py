"""Machines of a team, as tests need them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from support.attempts import NOW
from support.postgres import Server

from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings_schema import TeamSettings
from burn_tui.engine.team import schema as team_schema
from burn_tui.engine.team.connection import Line, address_of
from burn_tui.engine.team.sharing import Team

AWAY = "postgresql://burn:hunter2@127.0.0.1:1/team?connect_timeout=2"
"""Nobody listens there."""

LATER = NOW + 1_800
"""Half an hour after the attempts that tests write."""


@asynccontextmanager
async def team_of(
    ledger: Ledger, url: str, member: str = "kim", *, is_new: bool = False, now: float = LATER, **settings: Any
) -> AsyncIterator[Team]:
    """A machine's team over the server at `url`. `is_new`: it is set up first."""
    if is_new:
        line = Line(address_of(url))
        line.run(team_schema.make)
        line.close()
    given = TeamSettings(url="${BURN_TEAM_URL}", member=member, **settings)
    team = Team(given, ledger=ledger, environ={"BURN_TEAM_URL": url}, clock=Clock(now=lambda: now))
    try:
        yield team
    finally:
        await team.close()


def sums(server: Server, url: str) -> tuple[int, int, int]:
    """Attempts, nano-USD and tokens as the rows have them; the roll-ups must agree."""
    (rows,) = server.run(
        """
        SELECT count(*) FILTER (WHERE attempt > 0), coalesce(sum(cost_nanousd), 0)::bigint,
               coalesce(sum(input_tokens + output_tokens), 0)::bigint
        FROM burn.entries WHERE error_type <> 'refused'
        """,
        url,
    )
    (rolled_up,) = server.run(
        "SELECT sum(attempts)::bigint, sum(cost_nanousd)::bigint, sum(tokens)::bigint FROM burn.hours", url
    )
    assert rows == rolled_up
    attempts, cost, tokens = rows
    return attempts, cost, tokens
