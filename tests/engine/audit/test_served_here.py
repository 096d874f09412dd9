"""What the gateway has served is in the ledger once, although the tool's log is read as well."""

from pathlib import Path
from typing import Any

from support.attempts import NOW, opened, settled
from support.homes import SONNET, Audited, audited, claude_log, response

from burn_tui.core.usage import AttemptOpened

LOGGED_AT = NOW - 3600.0
"""When `response` is, if nothing else is said."""


def call(*, began: float = LOGGED_AT - 1.0, session: str = "session-1", **fields: Any) -> AttemptOpened:
    """Of Claude Code, by way of the gateway, in a session that `burn-tui run` has given a name of its own."""
    return opened(
        provider_name="anthropic",
        request_model=SONNET,
        source="gateway",
        session_id="claude",
        conversation_id=session,
        started_at=began,
        **fields,
    )


async def sources(audit: Audited) -> list[str]:
    return [row["source"] for row in await audit.rows()]


async def test_a_response_that_the_gateway_has_served_is_not_counted_from_the_log_again(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1))
    async with audited(tmp_path) as audit:
        await audit.ledger.record([settled(call())])
        found = await audit.read()
        assert (await sources(audit), found.new_rows) == (["gateway"], 0)


async def test_neither_is_one_whose_call_has_not_ended_yet(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1))
    async with audited(tmp_path) as audit:
        await audit.ledger.reserve(call(), ())
        await audit.read()
        assert await sources(audit) == ["gateway"]


async def test_a_session_that_went_on_without_the_gateway_is_counted_from_then_on(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1), response(2, timestamp="2026-03-02T13:10:00.000Z"))
    async with audited(tmp_path) as audit:
        await audit.ledger.record([settled(call())])
        await audit.read()
        assert await sources(audit) == ["gateway", "claude_code"]


async def test_another_session_of_the_same_time_is_counted(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1), response(2, sessionId="session-2"))
    async with audited(tmp_path) as audit:
        await audit.ledger.record([settled(call())])
        await audit.read()
        assert await sources(audit) == ["gateway", "claude_code"]


async def test_calls_that_came_through_no_gateway_leave_nothing_out(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1))
    async with audited(tmp_path) as audit:
        others = call(session="session-9"), opened(conversation_id="session-1", started_at=LOGGED_AT)
        await audit.ledger.record([settled(one) for one in others])
        await audit.read()
        assert sorted(await sources(audit)) == ["claude_code", "gateway", "router"]


async def test_a_copy_in_the_log_of_a_resumed_session_is_left_out_as_well(tmp_path: Path) -> None:
    home = tmp_path / "home"
    claude_log(home, response(1))
    async with audited(tmp_path) as audit:
        await audit.ledger.record([settled(call())])
        await audit.read()
        claude_log(home, response(1, sessionId="session-2"), session="session-2")
        await audit.read()
        assert await sources(audit) == ["gateway"]


async def test_it_is_so_too_where_the_copy_is_read_together_with_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    claude_log(home, response(1, sessionId="session-2"), session="a-copy")
    claude_log(home, response(1), session="b-parent")
    async with audited(tmp_path) as audit:
        await audit.ledger.record([settled(call())])
        await audit.read()
        assert await sources(audit) == ["gateway"]
