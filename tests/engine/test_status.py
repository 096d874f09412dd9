"""How things stand, as the ledger alone tells it."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest
from support.attempts import NOW, opened, settled
from support.ledgers import ledger_in

from burn_tui.core.budget import Budget
from burn_tui.core.errors import LedgerError
from burn_tui.engine.ownership import this_process
from burn_tui.engine.status import LatestFallback, standing

DAY = Budget(name="day", limit_nanousd=1_000_000_000, timezone=UTC)


async def test_spend_open_calls_and_the_latest_place_and_fallback_of_today_are_told(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    async with ledger_in(file) as ledger:
        await ledger.record(
            [
                settled(opened(started_at=NOW - 3000, environment="production"), cost_nanousd=300_000_000),
                settled(
                    opened(started_at=NOW - 600, environment="local", fell_back_from="anthropic/claude"),
                    cost_nanousd=40_000_000,
                ),
                settled(opened(started_at=NOW - 500, environment=""), cost_nanousd=None),
            ]
        )
        await ledger.reserve(opened(started_at=NOW - 900, environment="staging"), ())
        found = standing(file, DAY, NOW)
    assert found.burn.spent_nanousd == 340_000_000
    assert found.burn.limit_nanousd == 1_000_000_000
    assert (found.burn.open_attempts, found.burn.unpriced_requests) == (1, 1)
    assert found.environment == "local"
    assert found.latest_fallback == LatestFallback(
        at=NOW - 600, from_target="anthropic/claude", to_target="openai/gpt-5-mini"
    )


async def test_the_call_of_a_dead_process_is_not_open_although_nobody_has_settled_it_yet(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    async with ledger_in(file) as ledger:
        await ledger.reserve(opened(started_at=NOW - 900), ())
        mine = this_process()
        with closing(sqlite3.connect(file)) as connection, connection:
            dead = mine.replace(f"pid:{os.getpid()}:", "pid:999999999:")
            connection.execute("UPDATE names SET name = ? WHERE name = ?", (dead, mine))
        found = standing(file, DAY, NOW)
    assert found.burn.open_attempts == 0


async def test_yesterday_is_no_part_of_today(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    async with ledger_in(file) as ledger:
        yesterday = opened(started_at=NOW - 86_400, environment="production", fell_back_from="anthropic/claude")
        await ledger.record([settled(yesterday)])
        found = standing(file, DAY, NOW)
    assert (found.environment, found.latest_fallback, found.burn.spent_nanousd) == (None, None, 0)


async def test_what_was_learned_for_the_day_is_used_again_until_the_day_is_over(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    async with ledger_in(file):
        first = standing(file, DAY, NOW)
        assert standing(file, DAY, NOW + 60, expectation=first.expectation).expectation is first.expectation
        tomorrow = standing(file, DAY, NOW + 86_400, expectation=first.expectation).expectation
    assert tomorrow.day_start == first.expectation.day_end


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is not there yet"):
        standing(tmp_path / "ledger.sqlite3", DAY, NOW)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_ledger_is_said(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    file.write_text("not a database, but long enough to be looked at as one" * 20)
    with pytest.raises(LedgerError, match="not a burn-tui ledger"):
        standing(file, DAY, NOW)
