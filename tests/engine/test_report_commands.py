"""`burn-tui report`, `export` and `digest`, as a shell runs them: standard output is data."""

import asyncio
import csv
import io
import json
import time
from pathlib import Path

import pytest
from support.attempts import HOUR_S, opened, settled
from support.ledgers import ledger_in

from burn_tui.cli import main
from burn_tui.core.usage import Usage, UsageRecord

SETTINGS = """\
budgets:
  - {name: daily, limit_usd: 2, period: day, timezone: Europe/Berlin}
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A week of one developer: two models, one of them without a price and often failing."""
    now = time.time()
    written = [_day(now - day * 24 * HOUR_S - 60) for day in range(10)]
    slow = [
        settled(
            opened(started_at=now - 60 - number, operation_name="review"),
            duration_s=30.0,
            time_to_first_chunk_s=20.0,
            cost_nanousd=1_000_000,
        )
        for number in range(6)
    ]

    async def fill() -> None:
        async with ledger_in(tmp_path / "ledger.sqlite3", now=now) as ledger:
            await ledger.record([record for day in written for record in day] + slow)

    asyncio.run(fill())
    return tmp_path


def _day(at: float) -> list[UsageRecord]:
    sure = [
        settled(
            opened(started_at=at, operation_name="refactor", environment="production", fell_back_from="groq/llama"),
            cost_nanousd=1_500_000_000,
        )
    ]
    unsure = [
        settled(
            opened(started_at=at - n, provider_name="groq", request_model="llama", operation_name="chat|[x]"),
            cost_nanousd=None,
            cost_source=None,
            error_type="overloaded" if n % 3 == 0 else None,
            usage=Usage(input_tokens=9_000, output_tokens=10),
        )
        for n in range(9)
    ]
    return sure + unsure


def _run(*arguments: str, code: int = 0) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code


def test_report_as_json_is_one_object_with_totals_and_rows(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run("report", "--by", "model", "--since", "48h", "--json", "--data-dir", str(data_dir))
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["totals"]["attempts"], found["totals"]["cost_nanousd"]) == (26, 3_006_000_000)
    assert {row["key"]: row["cost_nanousd"] for row in found["rows"]} == {
        "openai/gpt-5-mini": 3_006_000_000,
        "groq/llama": None,
    }


def test_report_as_csv_can_be_read_by_a_spreadsheet(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run("report", "--by", "operation", "--csv", "--since", "30d", "--data-dir", str(data_dir))
    found = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["key"]: row["attempts"] for row in found} == {"refactor": "10", "review": "6", "chat|[x]": "90"}
    assert {row["key"]: row["cost_nanousd"] for row in found}["chat|[x]"] == ""


def test_report_for_people_is_a_table_with_marks_and_totals(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run("report", "--since", "30d", "--data-dir", str(data_dir))
    head, first, second, totals = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["provider", "requests", "attempts"]
    assert first.startswith("openai")
    assert "$15.01" in first
    assert "10 fallback" in first
    assert second.startswith("groq")
    assert "unknown" in second
    assert "90 unpriced" in second
    assert totals.startswith("all")
    assert ">$15.01" in totals


def test_report_of_marked_attempts_only(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run("report", "--since", "30d", "--only", "fallback", "--json", "--data-dir", str(data_dir))
    found = json.loads(capsys.readouterr().out)
    assert (found["totals"]["attempts"], [row["key"] for row in found["rows"]]) == (10, ["openai"])


def test_days_are_those_of_the_daily_budget(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(SETTINGS)
    _run("report", "--by", "day", "--json", "--since", "3d", "--config", str(config), "--data-dir", str(data_dir))
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["key"] for row in rows] == sorted(row["key"] for row in rows)
    assert sum(row["attempts"] for row in rows) == 36


def test_without_a_ledger_a_report_is_empty_and_no_ledger_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run("report", "--json", "--data-dir", str(tmp_path / "none"))
    found = json.loads(capsys.readouterr().out)
    assert (found["totals"]["attempts"], found["totals"]["cost_nanousd"], found["rows"]) == (0, 0, [])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments", [["--since", "soon"], ["--by", "colour"], ["--json", "--csv"], ["--only", "good"]]
)
def test_a_wrong_report_is_refused(data_dir: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _run("report", *arguments, "--data-dir", str(data_dir), code=2)
    assert capsys.readouterr().out == ""


def test_export_writes_a_span_for_each_attempt(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spans.json"
    _run("export", "--otel", str(file), "--since", "30d", "--data-dir", str(data_dir))
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "106 spans.\n")
    (resource,) = json.loads(file.read_text())["resourceSpans"]
    assert len(resource["scopeSpans"][0]["spans"]) == 106


def test_export_to_a_place_that_cannot_be_written_is_said(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run("export", "--otel", str(data_dir / "no" / "where.json"), "--data-dir", str(data_dir), code=2)
    assert "where.json" in capsys.readouterr().err


def test_the_digest_tells_spend_bottlenecks_and_advice_with_evidence(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(SETTINGS)
    _run("digest", "--week", "--config", str(config), "--data-dir", str(data_dir))
    out = capsys.readouterr().out
    for heading in (
        "# Burn, ",
        "## Spend against expected",
        "## By model",
        "## By operation",
        "## Where the time goes",
    ):
        assert heading in out
    assert "The budget daily of $2.00 a day was passed on 0 of 7 days." in out
    assert "| review | openai | 6 | " in out
    assert "**groq/llama** failed 21 of 63 attempts (33 %)." in out
    assert "**groq/llama** has no price: 63 attempts" in out
    assert "chat\\|\\[x\\]" in out


def test_the_digest_of_an_empty_ledger_is_a_page_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run("digest", "--data-dir", str(tmp_path))
    assert "There is no ledger yet" in capsys.readouterr().out
