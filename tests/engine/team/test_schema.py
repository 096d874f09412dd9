"""The team's database: append-only by its grants, small, and cut into months that can be dropped."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from support.attempts import NOW, opened, settled
from support.ledgers import ledger_in
from support.postgres import OWNER, Server
from support.teams import sums, team_of

from burn_tui.core.errors import TeamAwayError, TeamError
from burn_tui.core.usage import Usage
from burn_tui.engine.team import schema as team_schema
from burn_tui.engine.team.connection import Line, address_of, expanded

LAST_COLUMN = """
    SELECT column_name FROM information_schema.columns WHERE table_schema = 'burn' AND table_name = '{}'
    ORDER BY ordinal_position DESC LIMIT 1
"""

_roles = count(1)


@pytest.fixture
def owner(url: str) -> Iterator[Line]:
    line = Line(address_of(url))
    yield line
    line.close()


def a_role(server: Server) -> str:
    name = f"role_{next(_roles)}"
    server.run(f"CREATE ROLE {name} LOGIN")
    return name


def refusal(server: Server, statement: str, url: str) -> str:
    try:
        server.run(statement, url)
    except Exception as error:  # noqa: BLE001 - which kind it is is what is asked
        return type(error).__name__
    return "nothing"


async def test_a_writer_can_push_and_read_and_change_nothing(
    tmp_path: Path, server: Server, url: str, owner: Line
) -> None:
    role = a_role(server)
    owner.run(lambda connection: team_schema.grant(connection, role, may_write=True))
    as_writer = server.url("team", role)
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, as_writer) as team:
        await ledger.record([settled()])
        assert await team.sync() == 1
        assert (await team.view()).problem is None
    for table in (*team_schema.WRITTEN, "hours", "budgets", "pins", "team"):
        last_column = LAST_COLUMN.format(table)
        ((column,),) = server.run(last_column, url)
        for statement in (
            f"UPDATE burn.{table} SET {column} = {column}",
            f"DELETE FROM burn.{table}",
            f"TRUNCATE burn.{table}",
            f"DROP TABLE burn.{table}",
        ):
            assert refusal(server, statement, as_writer) == "InsufficientPrivilege", statement
    limit = "INSERT INTO burn.budgets (name, limit_nanousd, period, timezone, scope, scope_name) VALUES"
    assert refusal(server, f"{limit} ('mine', 9, 'day', 'UTC', 'all', '')", as_writer) == "InsufficientPrivilege"


async def test_a_reader_adds_no_rows_and_a_stranger_sees_none(
    tmp_path: Path, server: Server, url: str, owner: Line
) -> None:
    reader, stranger = a_role(server), a_role(server)
    owner.run(lambda connection: team_schema.grant(connection, reader, may_write=False))
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        await ledger.record([settled()])
        for role in (reader, stranger):
            async with team_of(ledger, server.url("team", role)) as team:
                with pytest.raises(TeamError, match="burn-tui team grant"):
                    await team.sync()
    assert server.run("SELECT count(*) FROM burn.entries", server.url("team", reader)) == [(0,)]
    assert refusal(server, "SELECT * FROM burn.entries", server.url("team", stranger)) == "InsufficientPrivilege"
    assert refusal(server, "SELECT burn.refresh()", server.url("team", reader)) == "InsufficientPrivilege"


def test_a_role_with_an_odd_name_is_granted_and_nothing_else_happens(server: Server, url: str, owner: Line) -> None:
    server.run('CREATE ROLE "kim; DROP SCHEMA burn"')
    statements = owner.run(lambda it: team_schema.grant(it, "kim; DROP SCHEMA burn", may_write=True))
    assert all('"kim; DROP SCHEMA burn"' in statement for statement in statements)
    assert server.run("SELECT count(*) FROM burn.team", url) == [(1,)]
    server.run(f'REASSIGN OWNED BY "kim; DROP SCHEMA burn" TO {OWNER}; DROP OWNED BY "kim; DROP SCHEMA burn"', url)
    server.run('DROP ROLE "kim; DROP SCHEMA burn"')


async def test_months_are_made_ahead_and_old_ones_are_dropped_whole(
    tmp_path: Path, server: Server, url: str, owner: Line
) -> None:
    ahead = server.run("SELECT count(*) FROM burn.months WHERE since > now()", url)
    assert ahead == [(3,)]
    now = time.time()
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url, now=now) as team:
        old = [settled(opened(started_at=now - days * 86_400), cost_nanousd=10) for days in (1, 100, 450, 500)]
        await ledger.record(old)
        await team.sync()
        assert sums(server, url)[0] == 4
        dropped = owner.run(lambda connection: team_schema.prune(connection, 400))
        month = datetime.fromtimestamp(now - 500 * 86_400, UTC)
        assert f"entries_{month:%Y_%m}" in dropped
        assert server.run("SELECT count(*) FROM burn.entries", url) == [(2,)]
        # What they came to is still known.
        assert server.run("SELECT sum(cost_nanousd)::bigint FROM burn.hours", url) == [(40,)]
        assert owner.run(lambda connection: team_schema.prune(connection, 400)) == []


async def test_roll_ups_are_made_anew_by_one_statement_that_may_run_again(
    tmp_path: Path, server: Server, url: str
) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record([settled(opened(started_at=NOW + 600 * n), cost_nanousd=10) for n in range(12)])
        await team.sync()
    before = server.run("SELECT * FROM burn.hours ORDER BY hour", url)
    server.run("UPDATE burn.hours SET cost_nanousd = 0, attempts = 77", url)
    for _ in range(2):
        server.run("INSERT INTO burn.stale_hours SELECT DISTINCT date_trunc('hour', started_at) FROM burn.entries", url)
        server.run("SELECT burn.refresh()", url)
        assert server.run("SELECT * FROM burn.hours ORDER BY hour", url) == before


async def test_refusals_are_rows_that_count_for_nothing(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        refused = settled(error_type="refused", usage=Usage(0, 0), cost_nanousd=0, time_to_first_chunk_s=None)
        await ledger.record([refused, settled()])
        await team.sync()
    assert server.run("SELECT count(*) FROM burn.entries", url) == [(2,)]
    assert sums(server, url)[0] == 1


async def test_a_row_takes_less_than_300_bytes_with_its_indexes(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record(
            [settled(opened(started_at=NOW + n, session_id=f"session {n // 50}")) for n in range(4_000)]
        )
        await team.sync()
    (size,) = server.run(
        "SELECT sum(pg_total_relation_size(inhrelid)) / 4000 FROM pg_inherits JOIN pg_class ON oid = inhrelid "
        "WHERE inhparent = 'burn.entries'::regclass AND reltuples <> 0 AND pg_relation_size(oid) > 0",
        url,
    )[0]
    assert size < 300


def test_setting_up_twice_changes_nothing(server: Server, url: str, owner: Line) -> None:
    before = server.run("SELECT team_id FROM burn.team", url)
    owner.run(team_schema.make)
    assert server.run("SELECT team_id FROM burn.team", url) == before


async def test_a_database_that_is_not_set_up_says_who_mends_it(tmp_path: Path, server: Server) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, server.url()) as team:
        with pytest.raises(TeamError, match="burn-tui team init"):
            await team.sync()
        assert "burn-tui team init" in (team.notice or "")


SECRET = "hunter2-is-secret"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://kim:{SECRET}@127.0.0.1:1/team",
        f"host=127.0.0.1 port=1 user=kim password={SECRET}",
        f"postgresql://kim@127.0.0.1:1/team?password={SECRET}",
        f"postgresql://kim:{SECRET}@127.0.0.1:port/team",
        f"nonsense {SECRET}",
        f"postgresql://kim:{SECRET}@127.0.0.1:1/team?sslmode={SECRET}",
    ],
)
def test_no_message_holds_the_password(url: str) -> None:
    with pytest.raises(TeamError) as refused:
        Line(address_of(url)).run(team_schema.make)
    assert SECRET not in str(refused.value)


def test_what_the_address_says_of_tls_is_obeyed(server: Server) -> None:
    # The server of the tests speaks no TLS: whoever demands it must not be served without.
    line = Line(address_of(server.url() + "&sslmode=verify-full"))
    with pytest.raises(TeamAwayError, match="SSL"):
        line.run(team_schema.make)


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(TeamError, match=r"team\.url needs BURN_TEAM_URL"):
        expanded("${BURN_TEAM_URL}", {}, key="team.url")
