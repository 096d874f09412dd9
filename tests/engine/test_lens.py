"""What screens ask the ledger is what its rows say."""

from pathlib import Path

import pytest
from support.attempts import HOUR_S, NOW, opened, settled
from support.ledgers import ledger_in

from burn_tui.core.inspection import Group, Which
from burn_tui.core.usage import Usage
from burn_tui.engine import burn_queries as queries
from burn_tui.engine.burn_queries import DAY_HOURS, FEWEST_DRIFT_SAMPLES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


async def test_latencies_are_of_whole_answers_and_errors_are_counted_apart(file: Path) -> None:
    async with ledger_in(file) as ledger:
        answers = [settled(opened(), duration_s=2.0, time_to_first_chunk_s=0.5) for _ in range(3)]
        failed = settled(opened(), duration_s=0.08, time_to_first_chunk_s=None, error_type="rate_limited")
        await ledger.record([*answers, failed])
        (found,) = await ledger.reading(lambda connection: queries.latencies(connection, "model", now=NOW))
        assert found.name == "openai/gpt-5-mini"
        assert (found.attempts, found.failures) == (4, 1)
        assert sum(found.duration.values()) == sum(found.first_chunk.values()) == sum(found.speed.values()) == 3


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("provider", {"openai", "groq"}),
        ("model", {"openai/gpt-5-mini", "groq/llama"}),
        ("operation", {"chat", "review"}),
        ("hour", {str(int(NOW // HOUR_S)), str(int(NOW // HOUR_S) - 1)}),
    ],
)
async def test_latencies_can_be_asked_for_by_each_group(file: Path, group: Group, names: set[str]) -> None:
    async with ledger_in(file) as ledger:
        other = opened(provider_name="groq", request_model="llama", operation_name="review", started_at=NOW - HOUR_S)
        long_ago = opened(provider_name="old", started_at=NOW - (DAY_HOURS + 1) * HOUR_S)
        await ledger.record([settled(), settled(other), settled(long_ago)])
        found = await ledger.reading(lambda connection: queries.latencies(connection, group, now=NOW))
        assert {one.name for one in found} == names
        assert all(sum(one.duration.values()) == 1 for one in found)


async def test_work_is_split_by_operation_and_provider(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(
            [
                settled(duration_s=9.0, time_to_first_chunk_s=2.0),
                settled(duration_s=3.0, time_to_first_chunk_s=1.0),
                settled(duration_s=4.0, time_to_first_chunk_s=None, error_type="timeout"),
            ]
        )
        (work,), (speed,) = await ledger.reading(lambda connection: queries.works(connection, now=NOW))
        assert (work.first_chunk_s, work.duration_s, work.failed_s) == (3.0, 12.0, 4.0)
        assert (work.answers, work.failures, work.attempts) == (2, 1, 3)
        assert speed.target == "openai/gpt-5-mini"


async def test_a_model_that_has_become_slower_than_it_was_today_is_named(file: Path) -> None:
    async with ledger_in(file) as ledger:
        before = [
            settled(opened(started_at=NOW - 5 * HOUR_S), time_to_first_chunk_s=0.5) for _ in range(FEWEST_DRIFT_SAMPLES)
        ]
        now = [settled(opened(started_at=NOW), time_to_first_chunk_s=1.5) for _ in range(FEWEST_DRIFT_SAMPLES)]
        await ledger.record([*before, *now[1:]])
        assert await ledger.reading(lambda connection: queries.worst_drift(connection, now=NOW)) is None
        await ledger.record(now[:1])
        drift = await ledger.reading(lambda connection: queries.worst_drift(connection, now=NOW))
        assert drift is not None
        assert drift.target == "openai/gpt-5-mini"
        assert drift.times == pytest.approx(3.0, rel=0.1)


async def test_the_requests_of_a_time_and_a_contributor_come_with_the_costliest_first(file: Path) -> None:
    async with ledger_in(file) as ledger:
        wanted = [
            settled(opened(operation_name="loop", started_at=NOW - age), cost_nanousd=cost)
            for age, cost in ((10, 7), (20, 9), (30, 8))
        ]
        others = [settled(opened(operation_name="work")), settled(opened(operation_name="loop", started_at=NOW - 99))]
        await ledger.record([*wanted, *others])
        which = Which(since=NOW - 60, until=NOW, operation_name="loop")
        found = await ledger.reading(lambda connection: queries.costliest(connection, which))
        assert [record.cost_nanousd for record in found] == [9, 8, 7]


async def test_one_can_go_from_request_to_request(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(
            [
                settled(opened(request_id=f"r{age}", started_at=NOW - age, session_id=session))
                for age, session in ((30, "s1"), (20, "s2"), (10, "s1"))
            ]
        )

        async def before(at: float, session_id: str | None = None) -> str | None:
            return await ledger.reading(lambda connection: queries.request_before(connection, at, session_id))

        async def after(at: float, session_id: str | None = None) -> str | None:
            return await ledger.reading(lambda connection: queries.request_after(connection, at, session_id))

        assert [await before(NOW), await before(NOW - 10), await before(NOW - 30)] == ["r10", "r20", None]
        assert [await before(NOW - 10, "s1"), await after(NOW - 30, "s1")] == ["r30", "r10"]
        assert [await after(NOW - 30), await after(NOW - 10)] == ["r20", None]


async def test_the_latest_failure_of_a_provider_is_remembered_unless_a_person_caused_it(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(
            [
                settled(opened(started_at=NOW - 50), error_type="timeout", http_status=None),
                settled(opened(started_at=NOW - 40), error_type="rate_limited", http_status=429),
                settled(opened(started_at=NOW - 30), error_type="cancelled"),
                settled(opened(started_at=NOW - 20)),
            ]
        )
        found = await ledger.reading(lambda connection: queries.last_errors(connection, now=NOW))
        assert (found["openai"].error_type, found["openai"].http_status, found["openai"].at) == (
            "rate_limited",
            429,
            NOW - 40,
        )


async def test_failures_of_the_last_hour_do_not_count_what_was_refused_here(file: Path) -> None:
    nothing = {"usage": Usage(0, 0), "cost_nanousd": 0, "time_to_first_chunk_s": None}
    async with ledger_in(file) as ledger:
        await ledger.record(
            [
                settled(opened(started_at=NOW - 60)),
                settled(opened(started_at=NOW - 60), error_type="timeout"),
                settled(opened(started_at=NOW - 60), error_type="refused", **nothing),
                settled(opened(started_at=NOW - 2 * HOUR_S), error_type="timeout"),
            ]
        )
        assert await ledger.reading(lambda connection: queries.last_hour(connection, now=NOW)) == (2, 1)
