"""`burn-tui audit`, as a shell runs it."""

from pathlib import Path
from typing import Any

from support.command import Ended, burn_tui
from support.homes import claude_log, codex_log, count, meta, response, turn


def audit(tmp_path: Path, *options: str, home: str = "home") -> Ended:
    places = ("--home", str(tmp_path / home), "--data-dir", str(tmp_path / "data"))
    return burn_tui("audit", *places, *options)


def made(tmp_path: Path, *options: str, home: str = "home") -> Any:
    """What it prints for programs."""
    return audit(tmp_path, "--json", *options, home=home).report


def some_logs(home: Path) -> None:
    claude_log(
        home, response(1), response(2), '{"usage": broken}', response(3, message={"model": "claude-of-tomorrow"})
    )
    codex_log(home, meta("a"), turn(), count(1000, 1000))


def test_totals_tools_and_tasks_stand_in_one_object(tmp_path: Path) -> None:
    some_logs(tmp_path / "home")
    report = made(tmp_path)
    claude, codex = report["tools"]
    assert {"totals", "tools", "tasks"} <= report.keys()
    assert (claude["tool"], claude["files"], claude["rows"], claude["skipped_lines"]) == ("claude_code", 1, 3, 1)
    assert claude["bytes"] == (tmp_path / "home/.claude/projects/-srv-someone-web/session-1.jsonl").stat().st_size
    assert [(one["line"], one["file"].rpartition("/")[2]) for one in claude["skipped"]] == [(3, "session-1.jsonl")]
    assert (claude["unpriced_requests"], claude["unpriced_tokens"]) == (1, 1160)
    # Two responses of 10 at $3, 1000 at $0.30, 100 at $3.75 and 50 at $15 a million; 1000 at $1.25 and 100 at $10.
    assert (claude["cost_nanousd"], codex["cost_nanousd"]) == (2 * 1_455_000, 2_250_000)
    assert report["totals"]["cost_nanousd"] == claude["cost_nanousd"] + codex["cost_nanousd"]
    assert report["totals"]["attempts"] == 4
    assert {(task["project"], task["request_model"], task["attempts"]) for task in report["tasks"]} == {
        ("/srv/someone/web", "claude-sonnet-4-5-20250929", 2),
        ("/srv/someone/web", "claude-of-tomorrow", 1),
        ("/srv/someone/api", "gpt-5-codex", 1),
    }


def test_a_second_run_says_the_same(tmp_path: Path) -> None:
    some_logs(tmp_path / "home")
    assert made(tmp_path) == made(tmp_path)


def test_the_report_of_the_ledger_has_the_same_totals(tmp_path: Path) -> None:
    some_logs(tmp_path / "home")
    totals = made(tmp_path)["totals"]
    report = burn_tui("report", "--json", "--since", "2026-03-01", "--data-dir", str(tmp_path / "data")).report
    assert report["totals"] == totals


def test_another_home_is_added_to_the_ledger(tmp_path: Path) -> None:
    some_logs(tmp_path / "home")
    claude_log(tmp_path / "other", response(1), response(9), session="session-9")
    made(tmp_path)
    report = made(tmp_path, home="other")
    assert [(tool["tool"], tool["files"], tool["rows"]) for tool in report["tools"]] == [
        ("claude_code", 1, 4),
        ("codex", 0, 1),
    ]


def test_a_period_leaves_out_what_was_before(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1, timestamp="2026-01-05T12:00:00Z"), response(2))
    report = made(tmp_path, "--since", "2026-03-01")
    assert (report["totals"]["attempts"], report["tools"][0]["rows"]) == (1, 1)


def test_a_cost_that_was_noted_is_not_believed_where_the_settings_say_so(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1, costUSD=9))
    settings = tmp_path / "config.yaml"
    settings.write_text("audit: {trust_logged_costs: false}\n")
    assert made(tmp_path, "--config", str(settings))["totals"]["cost_nanousd"] == 1_455_000


def test_people_read_a_table_and_which_lines_were_not_read(tmp_path: Path) -> None:
    some_logs(tmp_path / "home")
    out = audit(tmp_path).out
    head, claude = out.splitlines()[:2]
    assert head.split()[:2] == ["tool", "files"]
    assert claude.split()[:2] == ["claude_code", "1"]
    assert "session-1.jsonl:3" in out


def test_where_there_are_no_logs_it_says_so(tmp_path: Path) -> None:
    ended = audit(tmp_path)
    assert (ended.code, ended.out.strip()) == (
        0,
        "No logs of other tools were found. Name another home directory with --home.",
    )
    assert made(tmp_path)["tools"] == []
