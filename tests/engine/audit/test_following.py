"""Logs are followed while they are written."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.attempts import NOW
from support.homes import Audited, audited, claude_log, codex_log, count, importer, meta, response, turn, written

from burn_tui.engine.audit.filing import Filed
from burn_tui.engine.audit.following import EVERYWHERE_S, Follower
from burn_tui.engine.audit.logs import roots
from burn_tui.engine.audit.watching import JUST_NOW_S, MOST_DIRECTORIES, MOST_FILES, Watch
from burn_tui.engine.clock import Clock

LIVE = "2026-03-02T13:59:50Z"


class Time:
    """Of the test: both clocks stand still until they are moved."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.clock = Clock(now=lambda: NOW + self.passed, monotonic=lambda: self.passed)


@asynccontextmanager
async def following(tmp_path: Path, time: Time, told: list[Filed]) -> AsyncIterator[tuple[Audited, Follower]]:
    async with audited(tmp_path) as audit:
        reader = importer(audit.ledger, tmp_path / "home")
        follower = Follower(reader, audit.ledger, clock=time.clock, told=told.append)
        await follower.begin()
        yield audit, follower


def at(path: Path, ago_s: float = 0.0) -> Path:
    """The log, last changed so long ago."""
    os.utime(path, (NOW - ago_s,) * 2)
    return path


def append(log: Path, *lines: object) -> None:
    with log.open("ab") as file:
        file.write(written(*lines))
    at(log)


async def test_an_appended_line_is_in_the_ledger_after_the_next_look(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    log = at(claude_log(tmp_path / "home", response(1, timestamp=LIVE)))
    async with following(tmp_path, time, told) as (audit, follower):
        append(log, response(2, timestamp=LIVE))
        await follower.look()
        assert (await audit.sums())["attempts"] == 2
        assert [filed.new_rows for filed in told] == [1, 1]
        assert [(row["source"], row["session_id"]) for row in await audit.rows()] == [("claude_code", "session-1")] * 2


async def test_a_line_in_a_log_that_somebody_is_writing_is_in_the_ledger_after_a_glance(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    log = at(claude_log(tmp_path / "home", response(1, timestamp=LIVE)))
    async with following(tmp_path, time, told) as (audit, follower):
        append(log, response(2, timestamp=LIVE))
        await follower.glance()
        assert (await audit.sums())["attempts"] == 2


async def test_a_glance_leaves_logs_alone_that_nobody_has_written_for_minutes(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    log = at(claude_log(tmp_path / "home", response(1, timestamp=LIVE)))
    async with following(tmp_path, time, told) as (audit, follower):
        time.passed += JUST_NOW_S + 1.0
        append(log, response(2, timestamp=LIVE))
        await follower.glance()
        assert (await audit.sums())["attempts"] == 1
        await follower.look()
        assert (await audit.sums())["attempts"] == 2


async def test_a_look_at_logs_that_are_as_they_were_writes_nothing(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    at(claude_log(tmp_path / "home", response(1, timestamp=LIVE)))
    async with following(tmp_path, time, told) as (audit, follower):
        before = await audit.ledger.data_version()
        await follower.look()
        assert await audit.ledger.data_version() == before


async def test_a_new_session_in_a_known_project_is_seen_by_the_next_look(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    at(claude_log(tmp_path / "home", response(1)), ago_s=86_400)
    async with following(tmp_path, time, told) as (audit, follower):
        at(claude_log(tmp_path / "home", response(2, timestamp=LIVE), session="session-2"))
        await follower.look()
        assert (await audit.sums())["attempts"] == 1


async def test_a_new_session_of_codex_on_a_new_day_is_seen_by_the_next_look(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    (tmp_path / "home" / ".codex" / "sessions" / "2026").mkdir(parents=True)
    async with following(tmp_path, time, told) as (audit, follower):
        at(codex_log(tmp_path / "home", meta("a"), turn(), count(1000, 1000)))
        await follower.look()
        assert (await audit.sums())["attempts"] == 1


async def test_quiet_logs_are_left_to_the_audit(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    at(claude_log(tmp_path / "home", response(1)), ago_s=86_400)
    async with following(tmp_path, time, told) as (audit, follower):
        await follower.look()
        assert ((await audit.sums())["attempts"], told) == (0, [])


async def test_a_quiet_log_that_goes_on_is_seen_within_a_minute_and_read_from_its_beginning(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    log = at(claude_log(tmp_path / "home", response(1)), ago_s=86_400)
    async with following(tmp_path, time, told) as (audit, follower):
        append(log, response(2, timestamp=LIVE))
        time.passed += EVERYWHERE_S
        await follower.look()
        assert (await audit.sums())["attempts"] == 2


async def test_what_came_late_is_told_apart_since_it_changes_the_past(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    at(claude_log(tmp_path / "home", response(1), response(2, timestamp=LIVE)))
    async with following(tmp_path, time, told):
        assert [(filed.new_rows, filed.late_rows) for filed in told] == [(2, 1)]


async def test_the_first_run_of_a_tool_is_seen_by_the_next_look(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    async with following(tmp_path, time, told) as (audit, follower):
        at(claude_log(tmp_path / "home", response(1, timestamp=LIVE)))
        await follower.look()
        assert (await audit.sums())["attempts"] == 1


async def test_a_project_that_was_seen_before_its_first_log_is_looked_into_again(tmp_path: Path) -> None:
    time, told = Time(), list[Filed]()
    projects = tmp_path / "home" / ".claude" / "projects"
    projects.mkdir(parents=True)
    async with following(tmp_path, time, told) as (audit, follower):
        (projects / "-srv-someone-web").mkdir()
        await follower.look()
        at(claude_log(tmp_path / "home", response(1, timestamp=LIVE)))
        await follower.look()
        assert (await audit.sums())["attempts"] == 1


def test_however_many_logs_there_are_only_so_many_are_asked_about_each_second(tmp_path: Path) -> None:
    for number in range(MOST_DIRECTORIES + 20):
        log = tmp_path / "home" / ".claude" / "projects" / f"p{number}" / "a.jsonl"
        log.parent.mkdir(parents=True)
        log.write_bytes(b"")
        at(log)
    watch = Watch(roots([tmp_path / "home"], {}))
    watch.look_everywhere(NOW)
    assert len(watch._warm) <= MOST_FILES
    assert len(watch._near) <= MOST_DIRECTORIES
