"""Sessions of other programs, found in the ledger."""

import platform
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from support.attempts import NOW, opened, settled
from support.ledgers import ALIVE, ledger_in

from burn_tui.core.catalog import Target
from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.engine.foreign_sessions import ForeignSession, ForeignWatch, foreign_sessions
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.tables.foreign import SESSIONS


def asked(session: str, *, ago_s: float = 0.0, **fields: Any) -> AttemptOpened:
    plain: dict[str, Any] = {
        "session_id": session,
        "source": "gateway",
        "environment": "staging",
        "started_at": NOW - ago_s,
    }
    return opened(**{**plain, **fields})


async def seen_in(ledger: Ledger, records: Iterable[UsageRecord] = (), *, now: float = NOW) -> list[ForeignSession]:
    await ledger.record(list(records))
    return await foreign_sessions(ledger, now=now)


async def test_clients_of_a_gateway_and_tools_whose_logs_are_read_are_sessions_and_a_dashboard_is_none(
    tmp_path: Path,
) -> None:
    records = [
        settled(asked("nightly", ago_s=9)),
        settled(asked("fix-login", ago_s=8, source="import")),
        settled(asked("my-own-tab", ago_s=7, source="router")),
        settled(asked("invented", ago_s=6, source="demo")),
    ]
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        found = await seen_in(ledger, records)
    assert [(one.name, one.source) for one in found] == [("nightly", "gateway"), ("fix-login", "import")]


async def test_sums_are_of_the_whole_life_and_the_rate_is_of_the_last_minute(tmp_path: Path) -> None:
    records = [
        settled(asked("nightly", ago_s=7_200), cost_nanousd=1_000),
        settled(asked("nightly", ago_s=300), cost_nanousd=None, cost_source=None),
        settled(asked("nightly", ago_s=20), error_type="rate_limited", http_status=429, cost_nanousd=0),
        settled(asked("nightly", ago_s=10, fell_back_from="openai/gpt-5-mini", provider_name="groq"), cost_nanousd=40),
    ]
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        (one,) = await seen_in(ledger, records)
    assert (one.requests, one.errors, one.unpriced, one.cost_nanousd) == (4, 1, 1, 1_040)
    assert one.nanousd_per_minute == 40
    assert (one.last_route, one.fell_back_from) == (Target("groq", "gpt-5-mini"), "openai/gpt-5-mini")
    assert one.tokens == 4 * 120


async def test_a_refused_call_is_an_error_although_it_is_in_no_sum(tmp_path: Path) -> None:
    refused = settled(asked("ci", ago_s=5), error_type="refused", http_status=None, cost_nanousd=0)
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        (one,) = await seen_in(ledger, [refused])
    assert (one.errors, one.requests) == (1, 0)


async def test_a_session_is_over_after_a_quarter_of_an_hour_of_silence(tmp_path: Path) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        await seen_in(ledger, [settled(asked("nightly"))])
        assert await foreign_sessions(ledger, now=NOW + 890)
        assert not await foreign_sessions(ledger, now=NOW + 910)


@pytest.mark.parametrize(("owner", "calls"), [(ALIVE, 1), (None, 1)])
async def test_an_open_row_is_a_call_in_flight_however_long_it_takes(
    tmp_path: Path, owner: str | None, calls: int
) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3", owner=owner) as ledger:
        await ledger.reserve(asked("slow"), ())
        (one,) = await foreign_sessions(ledger, now=NOW + 4_000)
        assert one.in_flight == calls
        assert one.is_calling


async def test_what_a_killed_gateway_left_open_is_no_call(tmp_path: Path) -> None:
    file, dead = tmp_path / "ledger.sqlite3", f"pid:999999999:1@{platform.node()}"
    async with ledger_in(file) as reader, ledger_in(file, owner=dead) as killed:
        await killed.reserve(asked("slow"), ())
        (one,) = await foreign_sessions(reader, now=NOW)
    assert not one.is_calling


async def test_a_look_without_news_asks_for_nothing_but_the_version_of_the_file(tmp_path: Path) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        watch = ForeignWatch(ledger)
        await ledger.record([settled(asked("nightly"))])
        first = await watch.look(NOW)
        assert await watch.look(NOW + 1) is first
        await ledger.record([settled(asked("nightly"))])
        assert (await watch.look(NOW + 1))[0].requests == 2


async def test_the_rate_sinks_although_nothing_is_written(tmp_path: Path) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        watch = ForeignWatch(ledger)
        await ledger.record([settled(asked("nightly"))])
        assert (await watch.look(NOW))[0].nanousd_per_minute > 0
        assert (await watch.look(NOW + 100))[0].nanousd_per_minute == 0


async def test_attempts_of_a_session_come_the_latest_first_those_in_flight_too(tmp_path: Path) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        await ledger.record([settled(asked("nightly", ago_s=ago_s)) for ago_s in (30, 20)] + [settled(asked("other"))])
        await ledger.reserve(asked("nightly", ago_s=1), ())
        in_flight, *answered = await ForeignWatch(ledger).attempts("nightly")
    assert isinstance(in_flight, AttemptOpened)
    assert [one.opened.started_at for one in answered if isinstance(one, UsageRecord)] == [NOW - 20, NOW - 30]


async def test_no_question_looks_through_all_rows(tmp_path: Path) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3"):
        pass
    connection = sqlite3.connect(tmp_path / "ledger.sqlite3")
    values = {"since_us": 0, "since_hour": 0, "rate_us": 0}
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {SESSIONS}", values)]
    connection.close()
    assert not [
        step for step in plan if step.startswith("SCAN") and not {"active", "attempts_open"} & set(step.split())
    ]
    assert not [step for step in plan if "session_id>?" in step]
