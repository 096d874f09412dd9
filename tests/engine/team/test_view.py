"""What all members see, and what none of them does."""

import asyncio
from pathlib import Path

import pytest
from msgspec import structs
from support.attempts import NOW, opened, settled
from support.ledgers import ledger_in
from support.postgres import Server
from support.teams import team_of

from burn_tui.core.team import LONGEST_NAME, Sharing, without_paths
from burn_tui.engine.team.schema import VERSION


async def test_everybody_sees_who_burns_what_where_and_with_which_model(tmp_path: Path, url: str) -> None:
    for member, cost in (("kim", 30), ("lee", 70)):
        async with ledger_in(tmp_path / member / "ledger.sqlite3") as ledger, team_of(ledger, url, member) as team:
            attempt = opened(started_at=NOW, environment="production", session_id="api-refactor")
            await ledger.record(
                [settled(attempt, cost_nanousd=cost), settled(structs.replace(attempt, event_id=member))]
            )
            await team.sync()
    async with ledger_in(tmp_path / "kim" / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        view = await team.view()
    assert [member.name for member in view.members] == ["lee", "kim"]
    first = view.lines[0]
    assert (first.member, first.session, first.model) == ("lee", "api-refactor", "openai/gpt-5-mini")
    assert (first.environment, first.cost_nanousd, first.requests, first.tokens) == ("production", 75, 2, 240)
    assert view.waiting == 0
    assert view.where.startswith("team at 127.0.0.1")


async def test_who_burns_twice_the_usual_stands_out(tmp_path: Path, url: str) -> None:
    # Noon, so that half of a usual day is expected by now.
    now = NOW - 2 * 3_600
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url, now=now) as team:
        past = [opened(started_at=now - days * 86_400) for days in range(1, 30)]
        await ledger.record([settled(attempt, cost_nanousd=1_000) for attempt in past])
        await ledger.record([settled(opened(started_at=now - 60), cost_nanousd=10_000)])
        await team.sync()
        (kim,) = (await team.view()).members
    assert kim.expected_nanousd is not None
    assert kim.burns_high


async def test_while_the_server_is_away_the_last_figures_stay_and_say_that_they_are_old(
    tmp_path: Path, server: Server, url: str
) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record([settled(opened())])
        await team.sync()
        before = await team.view()
        server.stop()
        try:
            after = await team.view()
        finally:
            server.start()
    assert after.lines == before.lines
    assert after.problem is not None
    assert "rows wait here" in after.problem


async def test_no_text_and_no_path_leaves_the_machine(tmp_path: Path, server: Server, url: str) -> None:
    secret = "/home/kim/acme-secret"
    attempt = opened(
        project=f"{secret}/billing",
        request_model=f"{secret}/llama.gguf",
        operation_name=f"{secret}/task",
        session_id=f"run in {secret}/api",
        conversation_id=secret,
        requested=secret,
        route_reason=secret,
        git_commit="ab" * 20,
    )
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record([settled(attempt)])
        await team.sync()
    dump = ""
    for (table,) in server.run("SELECT tablename FROM pg_tables WHERE schemaname = 'burn'", url):
        dump += str(server.run(f"SELECT * FROM burn.{table}", url))
    assert "acme-secret" not in dump
    assert "abab" not in dump
    assert "billing" in dump
    assert "llama.gguf" in dump
    assert "run in api" in dump


async def test_hashed_names_are_the_same_for_all_members_and_say_nothing(
    tmp_path: Path, server: Server, url: str
) -> None:
    for member in ("kim", "lee"):
        async with ledger_in(tmp_path / member / "ledger.sqlite3") as ledger:
            await ledger.record([settled(opened(project="billing", session_id="night run"))])
            async with team_of(ledger, url, member, hash_names=True) as team:
                await team.sync()
    assert len(server.run("SELECT DISTINCT project FROM burn.labels", url)) == 1
    ((session,),) = server.run("SELECT name FROM burn.sessions", url)
    assert "night" not in session


async def test_the_preview_shows_exactly_what_arrives(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record([settled(opened(project="/srv/billing"), cost_nanousd=12)])
        (row,), is_next = await team.preview(5)
        assert is_next
        await team.sync()
        (again,), is_next = await team.preview(5)
        assert again == row
        assert not is_next
    arrived = server.run(
        "SELECT event_id::text, project, member, cost_nanousd, input_tokens, duration_ms, first_chunk_ms, attempt "
        "FROM burn.entries JOIN burn.labels ON id = labels",
        url,
    )
    assert arrived == [
        (
            row.event_id,
            row.labels.project,
            row.labels.member,
            row.cost_nanousd,
            row.input_tokens,
            row.duration_ms,
            row.first_chunk_ms,
            row.attempt,
        )
    ]
    assert row.labels.project == "billing"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/home/kim/app", "app"),
        ("/home/kim/app/", "app"),
        ("~/work", "work"),
        (r"C:\Users\kim\app", "app"),
        ("../../app", "app"),
        ("run in /srv/app now", "run in app now"),
        ("feature/login", "feature/login"),
        ("meta-llama/Llama-3", "meta-llama/Llama-3"),
        ("claude-code@web", "claude-code@web"),
        ("", ""),
    ],
)
def test_of_a_path_only_the_last_part_is_left(name: str, shown: str) -> None:
    assert without_paths(name) == shown


def test_names_are_bounded() -> None:
    assert len(Sharing(member="kim").name("x" * 1_000)) == LONGEST_NAME


async def test_a_schema_of_a_later_version_is_refused(tmp_path: Path, server: Server, url: str) -> None:
    from burn_tui.core.errors import TeamError

    server.run(f"UPDATE burn.team SET schema_version = {VERSION + 1}", url)
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        with pytest.raises(TeamError, match="Upgrade burn-tui"):
            await team.sync()


async def test_many_may_look_at_once(tmp_path: Path, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record([settled(opened())])
        await team.sync()
        views = await asyncio.gather(*(team.view() for _ in range(10)))
    assert len(set(views)) == 1
