"""`burn-tui team`, as a shell runs it."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from support.attempts import opened, settled
from support.ledgers import ledger_in
from support.postgres import Server
from support.teams import AWAY

from burn_tui.cli import main
from burn_tui.core.errors import SettingsError
from burn_tui.engine.settings import read
from burn_tui.engine.yaml_source import parse

SETTINGS = """\
team: {url: "${BURN_TEAM_URL}", member: kim}
"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[str, ...]:
    """A machine with three attempts, one of which cost most."""
    config = tmp_path / "config.yaml"
    config.write_text(SETTINGS)
    now = time.time()

    async def fill() -> None:
        async with ledger_in(tmp_path / "data" / "ledger.sqlite3", now=now) as ledger:
            attempts = [opened(started_at=now - days * 86_400, project="billing") for days in (0, 1, 9)]
            await ledger.record([settled(attempt, cost_nanousd=2_000_000_000) for attempt in attempts])

    asyncio.run(fill())
    return "--config", str(config), "--data-dir", str(tmp_path / "data")


@pytest.fixture
def team_url(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a database that nobody has set up yet."""
    url = server.url("team")
    server.run("DROP SCHEMA IF EXISTS burn CASCADE", url)
    monkeypatch.setenv("BURN_TEAM_URL", url)
    return url


def run(*arguments: str, code: int = 0) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code


def test_from_an_empty_database_to_the_first_digest(
    places: tuple[str, ...], team_url: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    run("team", "sync", *places, code=2)
    assert "burn-tui team init" in capsys.readouterr().err
    run("team", "init", *places)
    server.run("DROP ROLE IF EXISTS writers; CREATE ROLE writers")
    run("team", "grant", "writers", *places)
    assert "GRANT INSERT ON burn.labels" in capsys.readouterr().out
    run("team", "budget", "all of us", "--limit-usd", "50", "--timezone", "Europe/Berlin", *places)
    run("team", "sync", *places)
    assert "3 rows were new" in capsys.readouterr().out
    run("team", "sync", "--again", *places)
    assert "0 rows were new" in capsys.readouterr().out
    run("team", "status", *places)
    said = capsys.readouterr().out
    assert "member   kim: $2" in said
    assert "all of us: $" in said
    assert "of $50 spent (per day of Europe/Berlin, all)" in said
    run("team", "digest", *places)
    said = capsys.readouterr().out
    assert "**$4.00** this week, $2.00 the week before, 2.0x." in said
    assert "| billing | $4.00 | $2.00 | 2.0x | 2 | 0 |" in said
    run("team", "pin", "triage@production", "ab" * 32, *places)
    assert "triage@production is abababababab" in capsys.readouterr().out
    assert server.run("SELECT * FROM burn.pins", team_url) == [("triage", "production", "ab" * 32)]
    run("team", "prune", "--keep", "400d", *places)
    assert "No month is that old." in capsys.readouterr().out
    run("team", "budget", "all of us", "--remove", *places)
    assert "is gone" in capsys.readouterr().out


def test_the_preview_is_what_leaves_as_json_and_needs_no_server(
    places: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BURN_TEAM_URL", AWAY)
    run("team", "preview", "--limit", "2", *places)
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "# 2 rows that leave next. Nothing else of them leaves."
    assert [json.loads(row)["labels"]["project"] for row in rows] == ["billing", "billing"]


def test_while_the_server_is_away_status_says_so_and_how_much_waits(
    places: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BURN_TEAM_URL", AWAY)
    run("team", "status", *places, code=1)
    said = capsys.readouterr().out
    assert "cannot be asked" in said
    assert "Rows of this machine that wait to leave: 3." in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["prune", "--keep", "a while"],
        ["prune", "--keep", "0d"],
        ["preview", "--limit", "0"],
        ["budget", "x", "--limit-usd", "-1"],
        ["budget", "x", "--limit-usd", "1", "--scope", "everything"],
        ["budget", "x", "--limit-usd", "1", "--timezone", "Mars/Olympus"],
        ["budget", "x"],
        ["grant"],
        ["pin", "triage", "ab" * 32],
        ["pin", "triage@production", "abc"],
        ["pin", "triage@production"],
        [],
    ],
)
def test_a_wrong_call_is_refused(places: tuple[str, ...], arguments: list[str]) -> None:
    run("team", *arguments, *places, code=2)


def test_without_a_team_in_the_settings_the_mend_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BURN_TEAM_URL", raising=False)
    run("team", "status", "--data-dir", str(tmp_path), code=2)
    assert "Add team:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kim:secret@db.example.com/burn",
        "postgresql://kim@db.example.com/burn?password=secret",
        "host=db.example.com password=secret",
        "postgres://kim:sec%20ret@db.example.com:5432/burn?sslmode=require",
    ],
)
def test_a_password_in_the_settings_is_refused_with_its_line(url: str) -> None:
    with pytest.raises(SettingsError, match="line 2") as refused:
        read(parse(f"team:\n  url: {url}\n", file="config.yaml"))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "${BURN_TEAM_URL}",
        "postgresql://kim@db.example.com/burn?sslmode=verify-full",
        "postgresql://kim:${BURN_TEAM_PASSWORD}@db.example.com/burn",
        "host=db.example.com user=kim",
    ],
)
def test_an_address_without_a_password_is_taken(url: str) -> None:
    team = read(parse(f"team: {{url: '{url}'}}", file="config.yaml")).team
    assert team is not None
    assert team.url == url


def test_without_the_section_this_machine_is_in_no_team() -> None:
    assert read(parse("theme: ops", file="config.yaml")).team is None
