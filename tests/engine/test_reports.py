"""Reports hold what the rows say, to the last nano-dollar, whatever they are added up by."""

import asyncio
import csv
import io
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.attempts import HOUR_S, NOW, edges, moments, opened, records, settled
from support.ledgers import ledger_in

from burn_tui.core.report import GROUPINGS, MARKERS, Grouping, Marker, Report
from burn_tui.core.usage import Correction, Feedback, Outcome, PromptUse, Usage, UsageRecord
from burn_tui.engine.ledger_file import open_to_read
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.reports import as_csv, as_json, ledger_to_read, report

KOLKATA = timezone(timedelta(hours=5, minutes=30))
"""Its midnight is in the middle of an hour of UTC."""

ASKED_FOR = (
    "requests",
    "attempts",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "reasoning_output_tokens",
    "cost_nanousd",
    "unpriced_requests",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


async def _filled(
    file: Path,
    written: list[UsageRecord],
    *,
    feedback: list[Feedback] | None = None,
    corrections: list[Correction] | None = None,
    outcomes: list[tuple[str, Outcome]] | None = None,
) -> None:
    async with ledger_in(file) as ledger:
        await ledger.record(written)
        for event_id, outcome in outcomes or []:
            await ledger.note_outcome(event_id, outcome, at=NOW)
        for one in feedback or []:
            await ledger.add_feedback(one)
        for correction in corrections or []:
            assert await ledger.correct(correction)


def _report(file: Path, by: Grouping = "provider", **options: Any) -> Report:
    whole: dict[str, Any] = {"since": NOW - 10 * HOUR_S, "until": NOW + 10 * HOUR_S, "timezone": UTC}
    with closing(open_to_read(file)) as connection:
        return report(connection, by=by, **(whole | options))


def _hour(record: UsageRecord) -> str:
    start = microseconds(record.opened.started_at) // 3_600_000_000 * 3600
    return datetime.fromtimestamp(start, KOLKATA).isoformat(timespec="minutes")


def _prompt(record: UsageRecord) -> str | None:
    prompt = record.opened.prompt
    return None if prompt is None else f"{prompt.name}@{prompt.version[:12]}"


KEYS: dict[Grouping, Callable[[UsageRecord], str | None]] = {
    "provider": lambda record: record.opened.provider_name,
    "model": lambda record: f"{record.opened.provider_name}/{record.opened.request_model}",
    "session": lambda record: record.opened.session_id,
    "operation": lambda record: record.opened.operation_name,
    "project": lambda record: record.opened.project,
    "environment": lambda record: record.opened.environment,
    "prompt": _prompt,
    "commit": lambda record: record.opened.git_commit,
    "hour": _hour,
    "day": lambda record: f"{datetime.fromtimestamp(record.opened.started_at, KOLKATA):%Y-%m-%d}",
}


MARKED: dict[Marker, Callable[[UsageRecord], bool]] = {
    "fallback": lambda record: record.opened.fell_back_from is not None,
    "truncated": lambda record: record.error_type == "truncated",
    "estimated": lambda record: record.usage.estimated or record.cost_source == "estimated",
    "unpriced": lambda record: record.cost_nanousd is None,
    "cached": lambda record: bool(record.usage.cache_read_input_tokens),
}


def _figures(record: UsageRecord, asking: set[str]) -> dict[str, int]:
    usage = record.usage
    return {
        "requests": int(record.opened.event_id in asking),
        "attempts": 1,
        "input_tokens": usage.input_tokens or 0,
        "output_tokens": usage.output_tokens or 0,
        "cache_read_input_tokens": usage.cache_read_input_tokens or 0,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens or 0,
        "reasoning_output_tokens": usage.reasoning_output_tokens or 0,
        "cost_nanousd": record.cost_nanousd or 0,
        "unpriced_requests": int(record.cost_nanousd is None),
    }


def _asking(ours: list[UsageRecord], by: Grouping, only: Marker | None) -> set[str]:
    """The attempts at which a request counts: its first, or its first with the marker, of each day if asked by day."""
    if only is None:
        return {record.opened.event_id for record in ours if record.opened.attempt == 1}
    first: dict[tuple[str, str | None], str] = {}
    for record in sorted(ours, key=lambda record: record.opened.attempt):
        first.setdefault(
            (record.opened.request_id, KEYS["day"](record) if by == "day" else None), record.opened.event_id
        )
    return set(first.values())


def _added(written: list[UsageRecord], asking: set[str]) -> dict[str, int]:
    figures = [_figures(record, asking) for record in written]
    return {name: sum(one[name] for one in figures) for name in ASKED_FOR}


def _shown(found: Any) -> dict[str, int]:
    return {name: getattr(found, name) or 0 for name in ASKED_FOR}


@settings(max_examples=120)
@given(
    st.lists(records, max_size=12),
    moments | edges,
    moments | edges,
    st.sampled_from(GROUPINGS),
    st.none() | st.sampled_from(MARKERS),
)
def test_a_report_holds_the_sums_of_the_rows_of_its_period_by_its_key(
    written: list[UsageRecord], since: float, until: float, by: Grouping, only: Marker | None
) -> None:
    def belongs(record: UsageRecord) -> bool:
        is_in = microseconds(since) <= microseconds(record.opened.started_at) < microseconds(until)
        return is_in and record.error_type != "refused" and (only is None or MARKED[only](record))

    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "ledger.sqlite3"
        asyncio.run(_filled(file, written))
        made = _report(file, by, since=since, until=until, only=only, timezone=KOLKATA)
    ours = [record for record in written if belongs(record)]
    by_key: dict[str | None, list[UsageRecord]] = defaultdict(list)
    for record in ours:
        by_key[KEYS[by](record)].append(record)
    asking = _asking(ours, by, only)
    assert {row.key: _shown(row) for row in made.rows} == {key: _added(some, asking) for key, some in by_key.items()}
    assert _shown(made.totals) == _added(ours, asking)


async def test_a_request_that_fell_back_is_one_request_among_the_fallbacks(file: Path) -> None:
    first = settled(error_type="rate_limited")
    attempts = [settled(opened(fell_back_from="openai/big", attempt=number)) for number in (2, 3)]
    await _filled(file, [first, *attempts])
    only = _report(file, only="fallback").totals
    assert (only.requests, only.attempts) == (1, 2)


async def test_markers_are_counted_in_every_report(file: Path) -> None:
    marked = [
        settled(opened(fell_back_from="openai/big", attempt=2)),
        settled(error_type="truncated"),
        settled(usage=Usage(input_tokens=1, output_tokens=1, estimated=True)),
        settled(cost_nanousd=None, cost_source=None),
        settled(usage=Usage(input_tokens=9, output_tokens=1, cache_read_input_tokens=5)),
    ]
    await _filled(file, [*marked, settled()])
    for by in GROUPINGS:
        (row,) = _report(file, by).rows
        found = (row.fallback_attempts, row.truncated_attempts, row.estimated_attempts, row.cached_attempts)
        assert (*found, row.unpriced_requests, row.attempts, row.requests) == (1, 1, 1, 1, 1, 6, 5)


async def test_a_cost_of_which_nothing_is_known_is_unknown_and_not_zero(file: Path) -> None:
    await _filled(file, [settled(cost_nanousd=None, cost_source=None)])
    made = _report(file)
    assert (made.totals.cost_nanousd, made.totals.unpriced_requests, made.totals.unpriced_tokens) == (None, 1, 120)


async def test_a_request_is_counted_once_where_its_first_attempt_was(file: Path) -> None:
    failed = settled(opened(provider_name="openai", attempt=1), error_type="overloaded", cost_nanousd=0)
    served = settled(opened(provider_name="anthropic", attempt=2, fell_back_from="openai/gpt-5-mini"))
    await _filled(file, [failed, served])
    made = _report(file)
    assert {row.key: (row.requests, row.attempts) for row in made.rows} == {"openai": (1, 1), "anthropic": (0, 1)}
    assert (made.totals.requests, made.totals.attempts, made.totals.failures) == (1, 2, 1)


# --- accepted answers ---------------------------------------------------------------------------


def _thumb(event_id: str, verdict: Any, at: float = NOW) -> Feedback:
    return Feedback(event_id=event_id, at=at, verdict=verdict)


async def test_the_cost_of_an_accepted_answer_is_all_that_was_spent_over_those_that_were_accepted(file: Path) -> None:
    prompt = PromptUse(name="triage", version="ab" * 32)
    written = [settled(opened(f"e{number}", prompt=prompt), cost_nanousd=10) for number in range(4)]
    other = settled(opened("other"), cost_nanousd=7)
    await _filled(file, [*written, other], feedback=[_thumb("e0", 1), _thumb("e1", 1), _thumb("e2", -1)])
    made = _report(file, "prompt")
    assert {row.key: (row.accepted_answers, row.cost_per_accepted_answer_nanousd) for row in made.rows} == {
        "triage@abababababab": (2, 20),
        None: (0, None),
    }
    assert (made.totals.accepted_answers, made.totals.cost_per_accepted_answer_nanousd) == (2, 24)


@pytest.mark.parametrize("by", GROUPINGS)
async def test_the_last_word_on_an_answer_is_the_one_that_counts(file: Path, by: Grouping) -> None:
    written = [settled(opened(f"0190163d-8694-739b-aea5-966c26f8ad9{digit}")) for digit in range(3)]
    ids = [record.opened.event_id for record in written]
    words = [_thumb(ids[0], -1), _thumb(ids[0], 1), _thumb(ids[1], 1), _thumb(ids[1], None), _thumb(ids[2], -1)]
    await _filled(file, written, feedback=words)
    made = _report(file, by)
    assert [row.accepted_answers for row in made.rows] == [1]
    assert _report(file, by, until=NOW - HOUR_S).totals.accepted_answers == 0


# --- corrections --------------------------------------------------------------------------------


def _correction(event_id: str, **fields: Any) -> Correction:
    plain: dict[str, Any] = {"usage": Usage(), "cost_nanousd": 5, "at": NOW, "why": "the invoice", "corrects": "e1"}
    return Correction(event_id=event_id, **(plain | fields))


async def test_a_correction_makes_the_sums_right_and_leaves_the_row_as_it_was(file: Path) -> None:
    record = settled(opened("e1"), cost_nanousd=5)
    better = _correction("c1", usage=Usage(input_tokens=150, reasoning_output_tokens=9), cost_nanousd=8)
    await _filled(file, [record, settled(cost_nanousd=1)], corrections=[better])
    for since in (NOW - 10 * HOUR_S, NOW - 1):  # by way of the roll-ups and of the rows
        totals = _report(file, since=since, until=NOW + 10).totals
        assert (totals.cost_nanousd, totals.input_tokens, totals.output_tokens) == (9, 250, 40)
        assert (totals.reasoning_output_tokens, totals.attempts, totals.requests) == (9, 2, 2)
    async with ledger_in(file) as ledger:
        assert record in await ledger.records()
        before = await ledger.spent(since=NOW, until=NOW + HOUR_S)
        await ledger.rebuild_rollups()
        assert await ledger.spent(since=NOW, until=NOW + HOUR_S) == before == 9
        assert await ledger.spent(since=NOW, until=NOW + 10) == 9


async def test_a_later_correction_replaces_an_earlier_one_and_the_same_one_counts_once(file: Path) -> None:
    first, second = _correction("c1", cost_nanousd=8), _correction("c2", cost_nanousd=3, usage=Usage(output_tokens=7))
    await _filled(file, [settled(opened("e1"))], corrections=[first, second, first])
    totals = _report(file).totals
    assert (totals.cost_nanousd, totals.input_tokens, totals.output_tokens) == (3, 100, 7)


async def test_a_price_that_becomes_known_is_no_longer_unknown(file: Path) -> None:
    await _filled(file, [settled(opened("e1"), cost_nanousd=None, cost_source=None)], corrections=[_correction("c1")])
    totals = _report(file).totals
    assert (totals.cost_nanousd, totals.unpriced_requests, totals.unpriced_tokens) == (5, 0, 0)


async def test_what_never_was_cannot_be_corrected(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.reserve(opened("open"), ())
        assert not await ledger.correct(_correction("c1", corrects="open"))
        assert not await ledger.correct(_correction("c2", corrects="nobody"))


# --- forms --------------------------------------------------------------------------------------


async def test_json_has_totals_and_rows_with_the_figures_that_were_asked_for(file: Path) -> None:
    await _filled(file, [settled(opened("e1"))])
    found = json.loads(as_json(_report(file)))
    assert set(found) == {"totals", "rows"}
    (row,) = found["rows"]
    assert set(ASKED_FOR) <= set(found["totals"]) <= set(row)
    assert row["key"] == "openai"
    assert row["cost_nanousd"] == 5


async def test_csv_has_a_line_for_each_key_and_no_formula(file: Path) -> None:
    await _filled(file, [settled(opened(operation_name="=cmd()")), settled(opened(operation_name="plain"))])
    found = list(csv.DictReader(io.StringIO(as_csv(_report(file, "operation")))))
    assert [row["key"] for row in found] == ["'=cmd()", "plain"]
    assert [row["attempts"] for row in found] == ["1", "1"]


def test_without_a_ledger_there_is_nothing_to_read_and_none_is_made(file: Path) -> None:
    with ledger_to_read(file) as connection:
        assert connection is None
    assert not file.exists()


async def test_a_report_can_be_read_while_others_write_and_writes_nothing(file: Path) -> None:
    async with ledger_in(file) as ledger:
        await ledger.settle(settled())
        with ledger_to_read(file) as connection:
            assert connection is not None
            connection.execute("SELECT count(*) FROM attempts").fetchone()
            await ledger.settle(settled())
            found = report(connection, since=NOW, until=NOW + 1, by="provider", timezone=UTC)
        assert found.totals.attempts == 1
        assert _report(file).totals.attempts == 2


@pytest.mark.parametrize(
    ("thumbs", "outcomes", "is_accepted"),
    [
        pytest.param([], [], False, id="nobody has said anything"),
        pytest.param([1], [], True, id="a thumb up"),
        pytest.param([1, None], [], False, id="a thumb up that was taken back"),
        pytest.param([], ["kept"], True, id="preferred in a comparison"),
        pytest.param([-1], ["kept"], False, id="the better of two bad ones"),
        pytest.param([-1, None], ["kept"], True, id="kept, and a thumb down that was taken back"),
        pytest.param([1], ["replaced"], False, id="a thumb up, then asked again"),
        pytest.param([], ["kept", "replaced"], False, id="kept, then asked again"),
    ],
)
@pytest.mark.parametrize("by", ["provider", "prompt", "commit"])
async def test_an_answer_is_accepted_if_it_was_praised_or_kept_and_never_replaced(
    file: Path, thumbs: list[Literal[1, -1] | None], outcomes: list[Outcome], is_accepted: bool, by: Grouping
) -> None:
    await _filled(
        file,
        [settled(opened("e1", git_commit="c" * 40), cost_nanousd=8), settled(opened("e2"), cost_nanousd=4)],
        feedback=[Feedback(event_id="e1", at=NOW, verdict=thumb) for thumb in thumbs],
        outcomes=[("e1", outcome) for outcome in outcomes],
    )
    made = _report(file, by)
    assert made.totals.accepted_answers == int(is_accepted)
    assert made.totals.cost_per_accepted_answer_nanousd == (12 if is_accepted else None)
    assert sum(row.accepted_answers for row in made.rows) == int(is_accepted)
