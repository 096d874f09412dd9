"""`burn-tui status`, as a person, a program and tmux read it."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.attempts import NOW, opened, settled
from support.ledgers import ledger_in

from burn_tui.core.errors import LedgerError, SettingsError
from burn_tui.engine.clock import Clock
from burn_tui.tui.status_text import Form, report

CONFIG = """
environments: {production: {}, local: {}}
budgets: [{name: daily, limit_usd: 20, timezone: UTC}]
theme: ops
"""

CLOCK = Clock(now=lambda: NOW)


async def filled(data_dir: Path, *environments: str, **fields: Any) -> None:
    async with ledger_in(data_dir / "ledger.sqlite3") as ledger:
        for position, environment in enumerate(environments):
            attempt = opened(started_at=NOW - 600 + position, environment=environment, **fields)
            await ledger.record([settled(attempt, cost_nanousd=4_820_000_000)])


def text(form: Form, tmp_path: Path, config: str = CONFIG, environ: Mapping[str, str] | None = None) -> str:
    file = tmp_path / "config.yaml"
    if not file.exists() or file.read_text() != config:
        file.write_text(config)
    return report(form, config=file, data_dir=tmp_path, environ=environ or {}, clock=CLOCK)


async def test_in_words_everything_has_its_line(tmp_path: Path) -> None:
    await filled(tmp_path, "production", fell_back_from="anthropic/claude")
    lines = text("words", tmp_path).splitlines()
    assert lines[0] == "environment  ■ PROD"
    assert lines[1].startswith("today        $4.82 of $20")
    assert "open calls   0" in lines
    assert lines[-1].endswith("anthropic/claude → openai/gpt-5-mini")


async def test_json_has_every_figure_in_integers_of_nanodollars(tmp_path: Path) -> None:
    await filled(tmp_path, "production", "local")
    found = json.loads(text("json", tmp_path))
    assert found["environment"] == "local"
    assert (found["spent_nanousd"], found["limit_nanousd"]) == (9_640_000_000, 20_000_000_000)
    assert found["latest_fallback"] is None


async def test_tmux_gets_one_line_in_the_colours_of_the_theme_and_no_markup_of_others(tmp_path: Path) -> None:
    await filled(tmp_path, "production", request_model="a#[bg=red]model", fell_back_from="anthropic/claude")
    line = text("tmux", tmp_path)
    assert "\n" not in line
    assert line.startswith("#[fg=#fc615d,bold]■ PROD#[default] $4.82/$20")
    assert "openai/a##[bg=red]model" in line


async def test_no_color_holds_for_tmux_too(tmp_path: Path) -> None:
    await filled(tmp_path, "production")
    assert text("tmux", tmp_path, environ={"NO_COLOR": "1"}).startswith("■ PROD $4.82/$20")


async def test_an_environment_that_is_not_configured_keeps_its_name_behind_a_question_mark(tmp_path: Path) -> None:
    await filled(tmp_path, "elsewhere")
    assert text("words", tmp_path).startswith("environment  ? ELSEWHER")


async def test_what_has_no_price_is_not_hidden(tmp_path: Path) -> None:
    async with ledger_in(tmp_path / "ledger.sqlite3") as ledger:
        await ledger.record([settled(opened(environment="local"), cost_nanousd=None)])
    assert "$0+?" in text("tmux", tmp_path)
    assert "1 requests" in text("words", tmp_path)


async def test_other_settings_are_seen_at_once_though_they_are_kept(tmp_path: Path) -> None:
    await filled(tmp_path, "production")
    first = text("tmux", tmp_path)
    assert (tmp_path / "status.json").exists()
    assert text("tmux", tmp_path) == first
    assert "$4.82/$30" in text("tmux", tmp_path, CONFIG.replace("limit_usd: 20", "limit_usd: 30"))
    assert "#fc615d" not in text("tmux", tmp_path, CONFIG.replace("ops", "light"))


async def test_a_theme_of_the_users_is_followed(tmp_path: Path) -> None:
    await filled(tmp_path, "production")
    before = text("tmux", tmp_path)
    from burn_tui.tui.theme import own_directory

    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "ops.yaml").write_text((own_directory() / "light.yaml").read_text())
    assert text("tmux", tmp_path) != before


async def test_what_is_kept_and_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    await filled(tmp_path, "production")
    first = text("tmux", tmp_path)
    (tmp_path / "status.json").write_text("{")
    assert text("tmux", tmp_path) == first


def test_without_a_ledger_tmux_gets_a_word_and_a_person_an_error(tmp_path: Path) -> None:
    assert text("tmux", tmp_path) == "no ledger yet"
    with pytest.raises(LedgerError):
        text("words", tmp_path)


async def test_wrong_settings_are_an_error_to_a_person_and_a_sign_in_tmux(tmp_path: Path) -> None:
    await filled(tmp_path, "production")
    with pytest.raises(SettingsError):
        text("words", tmp_path, "budgets: 3")
    assert text("tmux", tmp_path, "budgets: 3") == "burn-tui status: ?"


async def test_without_settings_the_local_day_counts_and_there_is_no_budget(tmp_path: Path) -> None:
    await filled(tmp_path, "development")
    shown = report("tmux", config=tmp_path / "none.yaml", data_dir=tmp_path, environ={}, clock=CLOCK)
    assert re.match(r"#\[fg=#cfb0ff,bold\]● DEV#\[default\] \$4\.82( |$)", shown)


HEAVY = (
    *("textual", "rich", "httpx", "aiosqlite", "yaml", "asyncio", "email", "statistics"),
    *("burn_tui.engine.settings", "burn_tui.commands.team"),
)


def test_a_status_from_what_is_kept_imports_nothing_that_costs_time(tmp_path: Path) -> None:
    asyncio.run(filled(tmp_path, "production"))
    (tmp_path / "config.yaml").write_text(CONFIG)
    arguments = ["status", "--tmux", "--config", str(tmp_path / "config.yaml"), "--data-dir", str(tmp_path)]
    code = (
        "import sys\nfrom burn_tui.cli import main\nsys.argv[1:1] = []\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    print(end.code, [m for m in sys.modules if m in HEAVY])\n"
    ).replace("HEAVY", repr(HEAVY))
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=os.environ.copy()
        )
    assert done.stdout.splitlines()[-1] == "0 []"


def test_without_a_ledger_the_command_itself_ends_well_in_tmux(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "burn_tui", "status", "--tmux", "--data-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "no ledger yet\n", "")
