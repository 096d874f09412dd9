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
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.ledger_rows import SHORTEST_GENERATION_S, microseconds
from burn_tui.engine.tables.migrations import LABELS, MINUTE_SUMS, SUMS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


EXAMPLES = settings(max_examples=60)

Key = tuple[Any, ...]
Sums = dict[Key, dict[str, int]]

ROLL_UPS = ("minutes", "hours", "days", "session_hours", "latencies")

_MINUTE_US, _HOUR_US, _DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000


def _counted(written: list[UsageRecord]) -> list[UsageRecord]:
    """A refused request reached no provider, so it counts for none."""
    return [record for record in written if record.error_type != "refused"]


def _is_failure(record: UsageRecord) -> bool:
    return record.error_type not in {None, "cancelled", "interrupted"}


def _figures(record: UsageRecord) -> dict[str, int]:
    """What one record adds to every sum."""
    opened, usage, is_whole = record.opened, record.usage, record.error_type is None
    tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    unpriced = tokens if record.cost_nanousd is None else 0
    return {
        "requests": opened.attempt == 1,
        "attempts": 1,
        "answers": is_whole,
        "failures": _is_failure(record),
        "fallbacks": opened.fell_back_from is not None,
        "truncated": record.error_type == "truncated",
        "estimated": usage.estimated or record.cost_source == "estimated",
        "cached": (usage.cache_read_input_tokens or 0) > 0,
        "unpriced_requests": record.cost_nanousd is None,
        "unpriced_tokens": unpriced,
        "late_unpriced_tokens": unpriced if record.is_late else 0,
        "input_tokens": usage.input_tokens or 0,
        "output_tokens": usage.output_tokens or 0,
        "cache_read_input_tokens": usage.cache_read_input_tokens or 0,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens or 0,
        "cache_creation_1h_input_tokens": usage.cache_creation_1h_input_tokens or 0,
        "reasoning_output_tokens": usage.reasoning_output_tokens or 0,
        "cost_nanousd": record.cost_nanousd or 0,
        "late_nanousd": (record.cost_nanousd or 0) if record.is_late else 0,
        "first_chunk_us": microseconds(record.time_to_first_chunk_s or 0) if is_whole else 0,
        "duration_us": microseconds(record.duration_s) if is_whole else 0,
        "failed_us": 0 if is_whole else microseconds(record.duration_s),
        "waited_us": microseconds(opened.waited_s) if is_whole else 0,
    }


def _sums(written: list[UsageRecord], key: Callable[[UsageRecord], Key]) -> Sums:
    """Added up the slow way."""
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    for record in _counted(written):
        sums[key(record)].update(_figures(record))
    return {where: {name: sums[where][name] for name in SUMS} for where in sums}


def _period(record: UsageRecord, length_us: int) -> int:
    return microseconds(record.opened.started_at) // length_us


def _labels(record: UsageRecord) -> Key:
    attempt, prompt = record.opened, record.opened.prompt
    return (
        attempt.provider_name,
        attempt.request_model,
        attempt.environment,
        attempt.operation_name,
        attempt.project,
        attempt.member,
        attempt.source,
        *((prompt.name, prompt.version, prompt.variant, prompt.label) if prompt else (None,) * 4),
    )


async def _found_sums(ledger: Ledger, table: str, key: str, columns: tuple[str, ...]) -> Sums:
    statement = f"SELECT {key}, {', '.join(columns)} FROM {table}"
    found = [dict(row) for row in await ledger.read(statement, {})]
    return {
        tuple(value for name, value in row.items() if name not in columns): {name: row[name] for name in columns}
        for row in found
    }


async def _check_sums(ledger: Ledger, written: list[UsageRecord]) -> None:
    by_labels = "JOIN labels ON labels.id = labels"
    for name, period, length_us in (("hours", "hour", _HOUR_US), ("days", "day", _DAY_US)):
        found = await _found_sums(ledger, f"{name} {by_labels}", f"{period}, {', '.join(LABELS)}", SUMS)
        assert found == _sums(written, lambda record, us=length_us: (_period(record, us), *_labels(record)))  # type: ignore[misc]
    found = await _found_sums(ledger, f"minutes {by_labels}", f"minute, {', '.join(LABELS)}", MINUTE_SUMS)
    by_minute = _sums(written, lambda record: (_period(record, _MINUTE_US), *_labels(record)))
    assert found == {key: {name: sums[name] for name in MINUTE_SUMS} for key, sums in by_minute.items()}
    found = await _found_sums(ledger, "session_hours JOIN names ON names.id = session_id", "name, hour", SUMS)
    in_sessions = [record for record in written if record.opened.session_id is not None]
    assert found == _sums(in_sessions, lambda record: (record.opened.session_id, _period(record, _HOUR_US)))


def _latencies(written: list[UsageRecord]) -> Counter[Key]:
    samples: Counter[Key] = Counter()
    for record in written:
        attempt, hour = record.opened, _period(record, _HOUR_US)
        first_chunk_s, tokens = record.time_to_first_chunk_s, record.usage.output_tokens
        figures: dict[int, float] = {}
        if first_chunk_s is not None:
            figures[1] = first_chunk_s
        if record.error_type is None:
            if record.duration_s > 0:
                figures[2] = record.duration_s
            if first_chunk_s is not None and tokens and record.duration_s - first_chunk_s >= SHORTEST_GENERATION_S:
                figures[3] = tokens / (record.duration_s - first_chunk_s)
        for subject in ((attempt.request_model, None), (None, attempt.operation_name)):
            for measure, figure in figures.items():
                if subject[1] is not None and measure != 2:
                    continue
                samples[attempt.provider_name, *subject, hour, measure, bucket_of(figure)] += 1
    return samples


async def _found_latencies(ledger: Ledger) -> dict[Key, int]:
    statement = """
        SELECT provider_name, request_model, operation_name, hour, measure, bucket, samples
        FROM latencies JOIN subjects ON subjects.id = subject
    """
    return {tuple(row)[:-1]: row["samples"] for row in await ledger.read(statement, {})}


@EXAMPLES
@given(st.lists(records, max_size=12), st.lists(openings, max_size=3))
def test_the_roll_ups_are_the_sums_of_the_settled_rows_and_rebuilding_gives_the_same(
    written: list[UsageRecord], still_open: list[AttemptOpened]
) -> None:
    async def check() -> None:
        async with ledger_with(written, still_open) as ledger:
            await _check_sums(ledger, written)
            assert await _found_latencies(ledger) == _latencies(written)
            before = [await table(ledger, name) for name in ROLL_UPS]
            await ledger.rebuild_rollups()
            assert [await table(ledger, name) for name in ROLL_UPS] == before

    asyncio.run(check())


async def test_damaged_roll_ups_are_made_anew_from_the_rows() -> None:
    async with ledger_with([settled(), settled(cost_nanousd=None)], []) as ledger:
        sound = [await table(ledger, name) for name in ROLL_UPS]
        damages = ("UPDATE hours SET cost_nanousd = 1", "DELETE FROM minutes", "UPDATE latencies SET bucket = 0")
        await ledger.write([(damage, {}) for damage in damages])
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
        running_hour = microseconds(NOW) // _HOUR_US
        today = [r for r in written if minute_of(day_start) <= _minute(r) and _period(r, _HOUR_US) <= running_hour]
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
        MinuteSample(minute, sums["cost_nanousd"], sums["input_tokens"] + sums["output_tokens"])
        for (minute,), sums in sorted(sums.items())
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


async def test_what_is_kept_of_a_conversation_while_it_streams_does_not_have_the_figures_read_anew(file: Path) -> None:
    async with ledger_in(file) as ours, ledger_in(file, owner=ALIVE) as theirs:
        await ours.settle(settled())
        first, version = await ours.spending(day_start=NOW, now=NOW), await ours.data_version()
        for writer in (ours, theirs):
            await writer.write([("INSERT INTO feedback VALUES ('e', 1, 1, NULL)", {})])
        assert await ours.data_version() == version
        assert await ours.spending(day_start=NOW, now=NOW) is first


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
