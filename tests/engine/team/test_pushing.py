"""Every settled row arrives at the team's server once, whatever happens in between."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from support.attempts import NOW, opened, settled
from support.ledgers import ledger_in
from support.postgres import Server
from support.teams import AWAY, sums, team_of
from support.waiting import until

from burn_tui.core.errors import TeamAwayError
from burn_tui.core.usage import Correction, Feedback, PromptUse, Usage, UsageRecord
from burn_tui.engine.tables import team_cursor as team_cursor_sql
from burn_tui.engine.team import cursor as team_cursor


def some(number: int, **fields: Any) -> list[UsageRecord]:
    return [settled(opened(started_at=NOW + 60 * at, **fields), cost_nanousd=10) for at in range(number)]


async def test_what_settles_arrives_with_its_figures(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url, member="kim") as team:
        await ledger.record(some(3, environment="production", project="billing"))
        assert await team.sync() == 3
        assert await team.waiting() == 0
    (row,) = server.run(
        "SELECT DISTINCT member, provider_name, request_model, environment, project FROM burn.labels", url
    )
    assert row == ("kim", "openai", "gpt-5-mini", "production", "billing")
    assert sums(server, url) == (3, 30, 360)


async def test_what_is_sent_twice_is_there_once(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record(some(5))
        await team.sync()
        await team.start_over()
        assert await team.waiting() == 5
        assert await team.sync() == 0
    assert sums(server, url) == (5, 50, 600)


async def test_two_processes_on_one_ledger_may_send_at_once(tmp_path: Path, server: Server, url: str) -> None:
    file = tmp_path / "ledger.sqlite3"
    async with (
        ledger_in(file) as one,
        ledger_in(file) as other,
        team_of(one, url) as first,
        team_of(other, url) as second,
    ):
        for _ in range(5):
            await one.record(some(300))
            await asyncio.gather(first.sync(), second.sync())
        assert await first.waiting() == 0
    assert sums(server, url)[0] == 1_500


async def test_a_row_that_was_open_when_the_cursor_passed_it_follows(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        slow = opened(cost_estimate_nanousd=1)
        await ledger.reserve(slow, ())
        await ledger.record(some(2))
        assert await team.sync() == 2
        assert await team.sync() == 0
        await ledger.settle(settled(slow, cost_nanousd=7))
        assert await team.waiting() == 1
        assert await team.sync() == 1
    assert sums(server, url)[:2] == (3, 27)


async def test_a_push_that_dies_before_the_cursor_moves_is_made_up_for(
    tmp_path: Path, server: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record(some(4))

        def dies(*_: object, **__: object) -> None:
            raise asyncio.CancelledError

        with monkeypatch.context() as patched:
            patched.setattr(team_cursor, "move", dies)
            with pytest.raises(asyncio.CancelledError):
                await team.sync()
        assert sums(server, url)[0] == 4
        assert await team.waiting() == 4
        assert await team.sync() == 0
        assert await team.waiting() == 0
    assert sums(server, url) == (4, 40, 480)


async def test_two_machines_of_one_member_add_up(tmp_path: Path, server: Server, url: str) -> None:
    for machine in ("laptop", "desktop"):
        async with ledger_in(tmp_path / machine / "ledger.sqlite3") as ledger, team_of(ledger, url, "kim") as team:
            await ledger.record(some(3))
            await team.sync()
    assert server.run("SELECT DISTINCT member FROM burn.labels", url) == [("kim",)]
    assert sums(server, url) == (6, 60, 720)


async def test_while_the_server_is_away_rows_wait_and_nothing_is_lost(tmp_path: Path, server: Server, url: str) -> None:
    file = tmp_path / "ledger.sqlite3"
    async with ledger_in(file) as ledger, team_of(ledger, AWAY) as team:
        await ledger.record(some(3))
        with pytest.raises(TeamAwayError, match="cannot be asked"):
            await team.sync()
    # Days later, in another process.
    async with ledger_in(file) as ledger, team_of(ledger, url) as team:
        await ledger.record(some(2))
        assert await team.waiting() == 5
        await team.sync()
    assert sums(server, url)[0] == 5


async def test_a_server_that_comes_back_is_asked_again_without_a_word(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record(some(1))
        await team.sync()
        server.stop()
        server.start()
        await ledger.record(some(1))
        assert await team.sync() == 1
    assert sums(server, url)[0] == 2


async def test_another_server_is_sent_everything(tmp_path: Path, server: Server, url: str) -> None:
    other = server.new_database()
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        await ledger.record(some(2))
        async with team_of(ledger, url) as team:
            await team.sync()
        async with team_of(ledger, other, is_new=True) as team:
            assert await team.sync() == 2


async def test_a_cursor_over_rows_that_a_repair_replaced_starts_over(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record(some(3))
        await team.sync()
    async with ledger_in(tmp_path / "repaired.sqlite3") as ledger, team_of(ledger, url) as team:
        # The cursor of the old file, over rows with the same numbers that the server has never seen.
        await ledger.record(some(3))
        known = await team._joined()
        for source in team_cursor.SOURCES:
            values = {"team_id": known.team_id, "source": source, "through": 3, "anchor": b"of the old file"}
            await ledger.write([(team_cursor_sql.MOVE, values)])
        assert await team.sync() == 3
    assert sums(server, url)[0] == 6


async def test_a_correction_changes_the_sums_and_no_row(tmp_path: Path, server: Server, url: str) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        unpriced = settled(opened("0190aaaa-0000-7000-8000-000000000001"), cost_nanousd=None, cost_source=None)
        await ledger.record([unpriced])
        await team.sync()
        correction = Correction(
            event_id="0190aaaa-0000-7000-8000-000000000002",
            corrects=unpriced.opened.event_id,
            at=NOW + 9,
            why="the bill came",
            usage=Usage(),
            cost_nanousd=500,
        )
        await ledger.correct(correction)
        await team.sync()
        await team.start_over()
        await team.sync()
    assert server.run("SELECT attempts, unpriced, cost_nanousd FROM burn.hours", url) == [(1, 0, 500)]
    assert server.run("SELECT count(*) FROM burn.entries WHERE attempt > 0", url) == [(1,)]


async def test_verdicts_go_along_and_notes_only_where_text_is_shared(tmp_path: Path, server: Server, url: str) -> None:
    prompt = PromptUse(name="triage", version="ab" * 32)
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        record = settled(opened(prompt=prompt))
        await ledger.record([record])
        await ledger.add_feedback(
            Feedback(event_id=record.opened.event_id, at=NOW, verdict=1, note="about our salaries")
        )
        async with team_of(ledger, url) as team:
            await team.sync()
            (seen,) = (await team.view()).feedback
        assert (seen.prompt_name, seen.good, seen.bad) == ("triage", 1, 0)
        assert server.run("SELECT note FROM burn.verdicts", url) == [("",)]
        later = Feedback(event_id=record.opened.event_id, at=NOW + 1, verdict=-1, note="wrong after all")
        await ledger.add_feedback(later)
        async with team_of(ledger, url, share_text=True) as team:
            await team.sync()
            (seen,) = (await team.view()).feedback
        assert (seen.good, seen.bad) == (0, 1)
        server.run(f"INSERT INTO burn.pins VALUES ('triage', 'live', '{prompt.version}'), ('other', 'live', 'x')", url)
        async with team_of(ledger, url) as team:
            pins = {one.prompt_name: one.pins for one in (await team.view()).feedback}
        assert pins == {"triage": "live", "other": "live"}
        assert server.run("SELECT note FROM burn.verdicts ORDER BY at DESC LIMIT 1", url) == [("wrong after all",)]


@pytest.mark.parametrize("started_at", [0.0, -1e9, 4e9, NOW - 3 * 365 * 86_400])
async def test_a_row_of_any_time_finds_its_place(tmp_path: Path, server: Server, url: str, started_at: float) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record([settled(opened(started_at=started_at))])
        assert await team.sync() == 1


async def test_odd_names_and_huge_figures_do_not_hold_up_the_rest(tmp_path: Path, server: Server, url: str) -> None:
    odd = opened(operation_name="x" * 5_000, project="a\0b", session_id="🔥" * 300, request_id="r")
    huge = settled(odd, usage=Usage(input_tokens=10**12, output_tokens=1), duration_s=10.0**7)
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        await ledger.record([structs.replace(huge, cost_nanousd=2**62)])
        assert await team.sync() == 1


async def test_while_it_runs_what_settles_leaves_by_itself(
    tmp_path: Path, server: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from burn_tui.engine.team import sharing as engine

    monkeypatch.setattr(engine, "LOOK_S", 0.01)
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger, team_of(ledger, url) as team:
        team.start()
        await ledger.record(some(2))
        await until(lambda: server.run("SELECT sum(attempts)::bigint FROM burn.hours", url) == [(2,)])
    assert sums(server, url)[0] == 2
