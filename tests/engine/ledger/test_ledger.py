"""One row an attempt: on disk before its call leaves, settled once, and never changed after that."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from msgspec import structs
from support.attempts import NOW, opened, records, settled
from support.ledgers import ALIVE, ledger_in, ledger_with, rows_on_disk, table

from burn_tui.core.errors import LedgerError
from burn_tui.core.usage import Feedback, Usage, UsageRecord
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.ledger_rows import LATE_S
from burn_tui.engine.ledger_writing import LONGEST_CALL_S
from burn_tui.engine.ownership import this_process


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


async def test_a_row_is_on_disk_and_open_before_its_call_leaves(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.reserve(opened("e1", cost_estimate_nanousd=7), ())
        (row,) = rows_on_disk(file)
    assert (row["event_id"], row["settled_at_us"], row["cost_nanousd"]) == ("e1", None, None)
    assert (row["cost_estimate_nanousd"], row["owner"]) == (7, this_process())


async def test_a_settled_row_says_what_the_attempt_came_to(file: Path) -> None:
    record = settled(opened("e1"))
    async with ledger_in(file) as ledger:
        await ledger.reserve(record.opened, ())
        assert await ledger.records() == []
        await ledger.settle(record)
        assert await ledger.records() == [record]
    async with ledger_in(file) as ledger:
        assert await ledger.records() == [record]


@settings(max_examples=60)
@given(records)
def test_any_record_comes_back_as_it_was_written(record: UsageRecord) -> None:
    async def check() -> None:
        async with ledger_with([record], []) as ledger:
            assert await ledger.records() == [record]

    asyncio.run(check())


async def test_the_first_settlement_is_the_one_that_holds(file: Path) -> None:
    first = settled(opened("e1"), cost_nanousd=5)
    async with ledger_in(file) as ledger:
        await ledger.reserve(first.opened, ())
        await ledger.settle(first)
        sums = await table(ledger, "hours")
        await ledger.settle(structs.replace(first, cost_nanousd=99, error_type="truncated"))
        await ledger.record([structs.replace(first, cost_nanousd=98)])
        assert await ledger.records() == [first]
        assert await table(ledger, "hours") == sums


async def test_an_attempt_whose_row_was_never_opened_is_settled_all_the_same() -> None:
    record = settled()
    async with ledger_with([], []) as ledger:
        await ledger.settle(record)
        assert await ledger.records() == [record]


async def test_one_event_id_opens_one_row_only(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.reserve(opened("e1"), ())
        with pytest.raises(LedgerError):
            await ledger.reserve(opened("e1"), ())
    assert len(rows_on_disk(file)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt_rows SET cost_nanousd = 0",
        "UPDATE attempt_rows SET duration_us = NULL",
        "UPDATE attempt_rows SET labels = 0",
        "DELETE FROM attempt_rows",
    ],
)
async def test_a_settled_row_never_changes_and_never_goes_whoever_asks(file: Path, statement: str) -> None:
    async with ledger_in(file) as ledger:
        await ledger.settle(settled())
    before = rows_on_disk(file)
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.IntegrityError, match="never"):
        connection.execute(statement)
    assert rows_on_disk(file) == before


async def test_an_open_row_is_never_deleted_either(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.reserve(opened(), ())
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        connection.execute("DELETE FROM attempt_rows")


async def test_an_unknown_cost_stays_unknown_and_a_cost_of_zero_stays_zero(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.settle(settled(opened("free"), cost_nanousd=0))
        await ledger.settle(settled(opened("unknown"), cost_nanousd=None, cost_source=None))
        (provider,) = (await ledger.spending(day_start=NOW, now=NOW)).providers
    assert [row["cost_nanousd"] for row in rows_on_disk(file)] == [0, None]
    assert (provider.cost_nanousd, provider.unpriced_requests, provider.unpriced_tokens) == (0, 1, 120)


async def test_many_records_are_written_all_or_none(file: Path) -> None:
    too_large = settled(usage=Usage(input_tokens=2**63, output_tokens=0))
    async with ledger_in(file) as ledger:
        with pytest.raises(LedgerError, match="cannot hold"):
            await ledger.record([settled(), settled(), too_large])
        assert await ledger.records() == []
        await ledger.record([settled(), settled()])
        assert len(await ledger.records()) == 2


async def test_a_name_that_is_no_text_is_an_error_of_ours(file: Path) -> None:
    async with ledger_in(file) as ledger:
        with pytest.raises(LedgerError, match="cannot hold"):
            await ledger.settle(settled(response_model="\ud800"))
        await ledger.settle(settled())


async def test_the_newest_records_are_given_oldest_first() -> None:
    written = [settled(opened(started_at=NOW + second)) for second in (3, 1, 2)]
    async with ledger_with(written, []) as ledger:
        found = await ledger.records(limit=2)
    assert [record.opened.started_at - NOW for record in found] == [2, 3]


async def test_the_attempts_of_one_request_are_found_in_their_order() -> None:
    written = [settled(opened(request_id=name, attempt=number)) for number in (2, 1) for name in ("ours", "other")]
    async with ledger_with(written, []) as ledger:
        found = await ledger.records(request_id="ours")
    assert [(record.opened.request_id, record.opened.attempt) for record in found] == [("ours", 1), ("ours", 2)]


# --- many writers -------------------------------------------------------------------------------


async def test_many_tasks_write_at_once_and_nothing_is_lost(file: Path) -> None:
    async def attempt(ledger: Ledger, number: int) -> None:
        attempt = opened(f"e{number}", cost_estimate_nanousd=9)
        await ledger.reserve(attempt, ())
        await ledger.settle(settled(attempt, cost_nanousd=1))

    async with ledger_in(file) as one, ledger_in(file, owner=ALIVE) as other:
        await asyncio.gather(*(attempt(ledger, n) for n, ledger in enumerate([one, other] * 20)))
        assert await one.spent(since=NOW, until=NOW + 60) == 40
        assert len(await other.records()) == 40


async def test_a_cancelled_task_does_not_undo_what_others_write(file: Path) -> None:
    async with ledger_in(file) as ledger:
        async with asyncio.TaskGroup() as group:
            doomed = group.create_task(ledger.record([settled() for _ in range(50)]))
            group.create_task(ledger.settle(settled(opened("other"))))
            await asyncio.sleep(0)
            doomed.cancel()
        assert doomed.cancelled()
        assert {record.opened.event_id for record in await ledger.records()} >= {"other"}
        await ledger.settle(settled())


# --- rows of the dead ---------------------------------------------------------------------------

DEAD = this_process().replace("@", "0@")
"""A process of this machine that has another birth than the one with its number."""


async def test_a_row_that_a_dead_process_left_open_is_settled_with_its_estimate(file: Path) -> None:
    async with ledger_in(file, owner=DEAD) as ledger:
        await ledger.reserve(opened(input_tokens_estimate=40, cost_estimate_nanousd=9), ())
    async with ledger_in(file, now=NOW + 5) as ledger:
        (record,) = await ledger.records()
    assert (record.error_type, record.cost_nanousd, record.cost_source) == ("interrupted", 9, "estimated")
    assert (record.usage.input_tokens, record.usage.estimated) == (40, True)


async def test_an_interrupted_row_without_a_price_has_an_unknown_cost(file: Path) -> None:
    async with ledger_in(file, owner=DEAD) as ledger:
        await ledger.reserve(opened(cost_estimate_nanousd=None), ())
    async with ledger_in(file) as ledger:
        (record,) = await ledger.records()
    assert (record.cost_nanousd, record.cost_source) == (None, None)


@pytest.mark.parametrize("owner", [ALIVE, None], ids=["on another machine", "this process"])
async def test_a_row_of_a_process_that_may_live_stays_open_for_a_day_and_no_longer(
    file: Path, owner: str | None
) -> None:
    async with ledger_in(file, owner=owner) as ledger:
        await ledger.reserve(opened(), ())
    async with ledger_in(file, now=NOW + LONGEST_CALL_S) as ledger:
        assert await ledger.records() == []
    async with ledger_in(file, now=NOW + LONGEST_CALL_S + 1) as ledger:
        assert [record.error_type for record in await ledger.records()] == ["interrupted"]


async def test_an_interruption_is_no_failure_of_the_provider(file: Path) -> None:
    async with ledger_in(file, owner=DEAD) as ledger:
        await ledger.reserve(opened(), ())
    async with ledger_in(file) as ledger:
        (provider,) = (await ledger.spending(day_start=NOW, now=NOW)).providers
    assert (provider.attempts, provider.failures, provider.open_attempts, provider.last_error_type) == (1, 0, 0, None)


async def test_who_comes_back_after_being_taken_for_dead_finds_the_row_settled(file: Path) -> None:
    attempt = opened()
    async with ledger_in(file, owner=DEAD) as late:
        await late.reserve(attempt, ())
        async with ledger_in(file):
            pass
        await late.settle(settled(attempt))
        assert [record.error_type for record in await late.records()] == ["interrupted"]


# --- rows of calls that others made -------------------------------------------------------------


async def test_what_is_taken_over_long_after_it_happened_is_late_and_the_rest_is_live(file: Path) -> None:
    old, fresh = (settled(opened(f"e{age}", started_at=NOW - age), duration_s=2.0) for age in (LATE_S + 3, LATE_S + 1))
    async with ledger_in(file) as ledger:
        assert await ledger.take_over([old, fresh], now=NOW) == 2
        assert [record.is_late for record in await ledger.records()] == [True, False]
        (row,) = await ledger.read("SELECT sum(cost_nanousd), sum(late_nanousd) FROM hours", {})
    assert tuple(row) == (10, 5)


async def test_taking_over_the_same_rows_again_changes_nothing(file: Path) -> None:
    logged = [settled(opened(f"0190163d-8694-739b-aea5-966c26f8{number:04x}")) for number in range(30)]
    async with ledger_in(file) as ledger:
        assert await ledger.take_over(logged, now=NOW) == 30
        sums = [await table(ledger, name) for name in ("hours", "days", "latencies")]
        assert await ledger.take_over([*logged, *logged[:3]], now=NOW + 86_400) == 0
        assert [await table(ledger, name) for name in ("hours", "days", "latencies")] == sums
        assert len(await ledger.records()) == 30


async def test_a_call_of_unknown_length_is_no_sample_of_how_long_calls_take(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.take_over([settled(duration_s=0.0, time_to_first_chunk_s=None)], now=NOW)
        assert await table(ledger, "latencies") == []
        assert len(await table(ledger, "hours")) == 1


async def test_records_of_a_period_are_those_that_started_in_it() -> None:
    written = [settled(opened(f"e{second}", started_at=NOW + second)) for second in range(4)]
    async with ledger_with(written, []) as ledger:
        found = await ledger.records(since=NOW + 1, until=NOW + 3)
    assert [record.opened.event_id for record in found] == ["e1", "e2"]


@pytest.mark.parametrize(
    "event_id",
    [
        "0190163d-8694-739b-aea5-966c26f8ad91",
        "0190163D-8694-739B-AEA5-966C26F8AD91",
        "0190163d8694739baea5966c26f8ad91",
        "0190163d-8694-739b-aea5-966c26f8ad9g",
        "a b-c d-8694-739b-aea5-966c26f8ad91",
        "log.jsonl:17",
    ],
)
async def test_any_text_may_be_an_id_and_comes_back_as_it_was(file: Path, event_id: str) -> None:
    record = settled(opened(event_id, request_id=event_id))
    async with ledger_in(file) as ledger:
        await ledger.settle(record)
        assert await ledger.records(request_id=event_id) == [record]
    assert [row["event_id"] for row in rows_on_disk(file)] == [event_id]


# --- feedback -----------------------------------------------------------------------------------


async def test_all_that_is_said_of_an_answer_is_kept_in_its_order(file: Path) -> None:
    words = [
        Feedback(event_id="e1", at=NOW, verdict=1, note="exact"),
        Feedback(event_id="e1", at=NOW + 1, verdict=-1),
        Feedback(event_id="e1", at=NOW + 2, verdict=None, note="not sure"),
    ]
    async with ledger_in(file) as ledger:
        for word in words:
            await ledger.add_feedback(word)
        await ledger.add_feedback(Feedback(event_id="other", at=NOW, verdict=1))
        assert await ledger.feedback("e1") == words
