"""The sums never disagree with the rows, however they are asked for."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.attempts import HOUR_S, NOW, edges, moments, opened, openings, records, settled
from support.ledgers import ALIVE, ledger_in, ledger_with, table

from burn_tui.core.burn import WINDOW_MINUTES, MinuteSample, ProviderSpending
from burn_tui.core.failure import ErrorType
from burn_tui.core.latency import bucket_of
from burn_tui.core.minutes import minute_of
from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.engine.ledger_rows import microseconds


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


EXAMPLES = settings(max_examples=60)

Rows = list[dict[str, Any]]
Key = tuple[Any, ...]

ROLL_UPS = ("minutes", "hours", "days", "session_hours", "latencies")

_MINUTE_US, _HOUR_US = 60_000_000, 3_600_000_000


def _counted(written: list[UsageRecord]) -> list[UsageRecord]:
    """A refused request reached no provider, so it counts for none."""
    return [record for record in written if record.error_type != "refused"]


def _is_failure(record: UsageRecord) -> bool:
    return record.error_type not in {None, "cancelled", "interrupted"}


def _sums(written: list[UsageRecord], key: Callable[[UsageRecord], Key]) -> dict[Key, list[int]]:
    """Cost, input, output, attempts, failures, unpriced; added up the slow way."""
    sums: dict[Key, list[int]] = defaultdict(lambda: [0] * 6)
    for record in _counted(written):
        figures = (
            record.cost_nanousd or 0,
            record.usage.input_tokens or 0,
            record.usage.output_tokens or 0,
            1,
            _is_failure(record),
            record.cost_nanousd is None,
        )
        sums[key(record)] = [one + other for one, other in zip(sums[key(record)], figures, strict=True)]
    return dict(sums)


_FIGURES = ("cost_nanousd", "input_tokens", "output_tokens", "attempts", "failures", "unpriced_requests")


def _found_sums(rows: Rows, *key: str) -> dict[Key, list[int]]:
    return {tuple(row[name] for name in key): [row[name] for name in _FIGURES] for row in rows}


def _latencies(written: list[UsageRecord]) -> Counter[Key]:
    samples: Counter[Key] = Counter()
    for record in written:
        attempt = record.opened
        where = (microseconds(attempt.started_at) // _HOUR_US, attempt.provider_name, attempt.request_model)
        if record.time_to_first_chunk_s is not None:
            samples[*where, "time_to_first_chunk", bucket_of(record.time_to_first_chunk_s)] += 1
        if record.error_type is None:
            samples[*where, "duration", bucket_of(record.duration_s)] += 1
    return samples


@EXAMPLES
@given(st.lists(records, max_size=12), st.lists(openings, max_size=3))
def test_the_roll_ups_are_the_sums_of_the_settled_rows_and_rebuilding_gives_the_same(
    written: list[UsageRecord], still_open: list[AttemptOpened]
) -> None:
    async def check() -> None:
        async with ledger_with(written, still_open) as ledger:
            before = [await table(ledger, name) for name in ROLL_UPS]
            await ledger.rebuild_rollups()
            assert [await table(ledger, name) for name in ROLL_UPS] == before
        minutes, hours, latencies = before
        assert _found_sums(minutes, "minute", "provider_name", "environment") == _sums(
            written,
            lambda record: (
                microseconds(record.opened.started_at) // _MINUTE_US,
                record.opened.provider_name,
                record.opened.environment,
            ),
        )
        assert _found_sums(hours, "hour", "provider_name", "request_model", "environment", "operation_name") == _sums(
            written,
            lambda record: (
                microseconds(record.opened.started_at) // _HOUR_US,
                record.opened.provider_name,
                record.opened.request_model,
                record.opened.environment,
                record.opened.operation_name,
            ),
        )
        assert {tuple(row.values())[:-1]: row["samples"] for row in latencies} == _latencies(written)

    asyncio.run(check())


async def test_damaged_roll_ups_are_made_anew_from_the_rows() -> None:
    async with ledger_with([settled(), settled(cost_nanousd=None)], []) as ledger:
        sound = [await table(ledger, name) for name in ROLL_UPS]
        await ledger._write("UPDATE hours SET cost_nanousd = 1", {})
        await ledger._write("DELETE FROM minutes", {})
        await ledger._write("UPDATE latencies SET bucket = 0", {})
        await ledger.rebuild_rollups()
        assert [await table(ledger, name) for name in ROLL_UPS] == sound


filters = st.fixed_dictionaries(
    {},
    optional={
        "provider_name": st.sampled_from(["anthropic", "openai", "nobody"]),
        "environment": st.sampled_from(["", "production", "local"]),
        "session_id": st.sampled_from(["s1", "s2"]),
        "project": st.sampled_from(["p1", "p2"]),
    },
)


@settings(max_examples=150)
@given(st.lists(records, max_size=12), st.lists(openings, max_size=4), moments | edges, moments | edges, filters)
def test_what_was_spent_is_the_sum_of_the_rows_of_any_period_and_label(
    written: list[UsageRecord], still_open: list[AttemptOpened], since: float, until: float, labels: dict[str, str]
) -> None:
    def covers(attempt: AttemptOpened) -> bool:
        begun = microseconds(since) <= microseconds(attempt.started_at) < microseconds(until)
        return begun and all(getattr(attempt, name) == value for name, value in labels.items())

    async def check() -> None:
        costs = [record.cost_nanousd or 0 for record in written if covers(record.opened)]
        reserved = [attempt.cost_estimate_nanousd or 0 for attempt in still_open if covers(attempt)]
        async with ledger_with(written, still_open) as ledger:
            assert await ledger.spent(since=since, until=until, **labels) == sum(costs) + sum(reserved)

    asyncio.run(check())


async def test_a_period_includes_its_start_and_excludes_its_end() -> None:
    on_the_hour = settled(opened(started_at=NOW))
    async with ledger_with([on_the_hour], []) as ledger:
        assert await ledger.spent(since=NOW, until=NOW + HOUR_S) == 5
        assert await ledger.spent(since=NOW - HOUR_S, until=NOW) == 0
        assert await ledger.spent(since=NOW + 1e-6, until=NOW + HOUR_S) == 0
        assert await ledger.spent(since=NOW, until=NOW) == 0
        assert await ledger.spent(since=NOW, until=NOW + 1e-6) == 5


async def test_an_open_row_reserves_its_estimate_until_its_cost_is_known() -> None:
    attempt = opened(cost_estimate_nanousd=70)
    async with ledger_with([], [attempt, opened(cost_estimate_nanousd=None)]) as ledger:
        assert await ledger.spent(since=NOW, until=NOW + 60) == 70
        await ledger.settle(settled(attempt, cost_nanousd=5))
        assert await ledger.spent(since=NOW, until=NOW + 60) == 5


# --- what the panel needs -----------------------------------------------------------------------


@EXAMPLES
@given(st.lists(records, max_size=12), st.lists(openings, max_size=4))
def test_the_panel_is_told_the_sums_of_the_rows_of_its_day(
    written: list[UsageRecord], still_open: list[AttemptOpened]
) -> None:
    day_start = NOW - 2 * HOUR_S

    async def check() -> None:
        async with ledger_with(written, still_open) as ledger:
            spending = await ledger.spending(day_start=day_start, now=NOW)
        this_minute = minute_of(NOW)
        in_window = [
            record
            for record in _counted(written)
            if this_minute - WINDOW_MINUTES < microseconds(record.opened.started_at) // _MINUTE_US <= this_minute
        ]
        assert list(spending.minutes) == _samples(in_window)
        today = [r for r in written if minute_of(day_start) <= _minute(r) <= this_minute]
        found = {provider.provider_name: provider for provider in spending.providers}
        assert {
            name: structs.replace(provider, last_error_type=None) for name, provider in found.items()
        } == _by_provider(today, still_open, written)
        for name, provider in found.items():
            assert provider.last_error_type in _latest_errors(name, today)

    asyncio.run(check())


def _minute(record: UsageRecord) -> int:
    return microseconds(record.opened.started_at) // _MINUTE_US


def _samples(written: list[UsageRecord]) -> list[MinuteSample]:
    sums = _sums(written, lambda record: (_minute(record),))
    return [
        MinuteSample(minute, cost, given_input + output)
        for (minute,), (cost, given_input, output, *_) in sorted(sums.items())
    ]


def _by_provider(
    today: list[UsageRecord], still_open: list[AttemptOpened], written: list[UsageRecord]
) -> dict[str, ProviderSpending]:
    in_flight = Counter(attempt.provider_name for attempt in still_open)
    names = {record.opened.provider_name for record in _counted(today)} | set(in_flight)
    return {name: _provider(name, _counted(today), in_flight[name], written) for name in names}


def _latest_errors(name: str, today: list[UsageRecord]) -> set[ErrorType | None]:
    """Of the latest failures of a provider up to now, which may have begun in the same instant."""
    failed = [r for r in _counted(today) if r.opened.provider_name == name and _is_failure(r)]
    past = [record for record in failed if microseconds(record.opened.started_at) <= microseconds(NOW)]
    latest = max((record.opened.started_at for record in past), default=None)
    return {record.error_type for record in past if record.opened.started_at == latest} or {None}


def _provider(name: str, today: list[UsageRecord], in_flight: int, written: list[UsageRecord]) -> ProviderSpending:
    ours = [record for record in today if record.opened.provider_name == name]
    unpriced = [record.usage for record in ours if record.cost_nanousd is None]
    first_chunks = [
        bucket_of(record.time_to_first_chunk_s)
        for record in written
        if record.opened.provider_name == name
        and record.time_to_first_chunk_s is not None
        and record.opened.started_at < NOW + HOUR_S
    ]
    return ProviderSpending(
        provider_name=name,
        cost_nanousd=sum(record.cost_nanousd or 0 for record in ours),
        unpriced_requests=len(unpriced),
        unpriced_tokens=sum((usage.input_tokens or 0) + (usage.output_tokens or 0) for usage in unpriced),
        input_tokens=sum(record.usage.input_tokens or 0 for record in ours),
        output_tokens=sum(record.usage.output_tokens or 0 for record in ours),
        attempts=len(ours),
        failures=sum(map(_is_failure, ours)),
        open_attempts=in_flight,
        first_chunk=Counter(first_chunks),
    )


async def test_a_provider_that_is_only_being_called_is_on_the_panel_already() -> None:
    async with ledger_with([], [opened(), opened()]) as ledger:
        (provider,) = (await ledger.spending(day_start=NOW, now=NOW)).providers
    assert provider == ProviderSpending(provider_name="openai", open_attempts=2)


async def test_figures_are_kept_until_something_is_written_by_whomever(file: Path) -> None:
    async with ledger_in(file) as ours, ledger_in(file, owner=ALIVE) as theirs:
        first = await ours.spending(day_start=NOW, now=NOW)
        assert await ours.spending(day_start=NOW, now=NOW + 59) is first
        await ours.settle(settled())
        second = await ours.spending(day_start=NOW, now=NOW)
        assert [provider.attempts for provider in second.providers] == [1]
        await theirs.settle(settled())
        third = await ours.spending(day_start=NOW, now=NOW)
        assert [provider.attempts for provider in third.providers] == [2]
        assert await ours.spending(day_start=NOW, now=NOW) is third


async def test_figures_are_read_anew_in_a_new_minute_and_on_a_new_day(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.settle(settled())
        today = await ledger.spending(day_start=NOW, now=NOW)
        assert len(today.minutes) == 1
        assert (await ledger.spending(day_start=NOW, now=NOW + WINDOW_MINUTES * 60)).minutes == ()
        assert (await ledger.spending(day_start=NOW + 60, now=NOW)).providers == ()


async def test_the_version_moves_with_every_write_and_with_nothing_else(file: Path) -> None:
    async with ledger_in(file) as ours, ledger_in(file, owner=ALIVE) as theirs:
        versions = [await ours.data_version()]
        await ours.records()
        assert await ours.data_version() == versions[-1]
        for writer in (ours, theirs):
            attempt = opened()
            await writer.reserve(attempt, ())
            versions.append(await ours.data_version())
            await writer.settle(settled(attempt))
            versions.append(await ours.data_version())
    assert len(set(versions)) == 5
