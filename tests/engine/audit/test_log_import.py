"""Logs of several tools in one home directory, read into the ledger as the dashboard does it."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import msgspec
import pytest
from support.attempts import NOW
from support.ledgers import rows_on_disk
from support.waiting import until

from burn_tui.core.catalog import Catalog
from burn_tui.core.money import nanousd
from burn_tui.engine.audit.log_import import LogImport
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings import Settings
from burn_tui.engine.settings_schema import AuditSettings

GEMINI = {
    "id": "0a0a0a0a-0000-4000-8000-000000000001",
    "timestamp": "2026-01-02T03:04:10.500Z",
    "type": "gemini",
    "content": "Done.",
    "model": "gemini-2.5-pro",
    "tokens": {"input": 1000, "output": 50, "cached": 600, "thoughts": 200, "tool": 0, "total": 1250},
}
OPENCODE = {
    "role": "assistant",
    "time": {"created": 1_767_323_050_500, "completed": 1_767_323_054_500},
    "modelID": "claude-sonnet-4-5",
    "providerID": "anthropic",
    "path": {"cwd": "/srv/someone/web", "root": "/srv/someone/web"},
    "agent": "build",
    "cost": 0.25,
    "tokens": {"input": 20, "output": 100, "reasoning": 0, "cache": {"read": 900, "write": 80}},
}
AIDER = {
    "event": "message_send",
    "properties": {
        "main_model": "anthropic/claude-sonnet-4-5",
        "prompt_tokens": 12_345,
        "completion_tokens": 340,
        "cost": 0.0421,
        "total_cost": 0.0421,
    },
    "time": 1_767_323_060,
}
AIDER_HISTORY = """
# aider chat started at 2026-01-02 03:04:05

> Main model: anthropic/claude-sonnet-4-5 with diff edit format
#### why does it fail?

Because.

> Tokens: 12k sent, 340 received. Cost: $0.04 message, $0.04 session.
"""


@pytest.fixture(autouse=True)
def _universal_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def write(file: Path, *objects: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in objects))


def database(file: Path, *statements: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("; ".join(statements))


def gemini(home: Path) -> None:
    chats = home / ".gemini" / "tmp" / "web" / "chats"
    start = {"sessionId": "s1", "projectHash": "0" * 64}
    write(chats / "session-2026-01-02T03-04-0a0a0a0a.json", {**start, "messages": [GEMINI]})
    write(chats / "session-2026-01-02T03-04-0a0a0a0a.jsonl", start, GEMINI, GEMINI)


def opencode(home: Path) -> None:
    place = home / ".local" / "share" / "opencode"
    write(place / "storage" / "message" / "ses_1" / "msg_1.json", {**OPENCODE, "id": "msg_1", "sessionID": "ses_1"})
    data = json.dumps(OPENCODE)
    database(
        place / "opencode.db",
        "CREATE TABLE message (id TEXT, session_id TEXT, time_created INTEGER, time_updated INTEGER, data TEXT)",
        f"INSERT INTO message VALUES ('msg_1', 'ses_1', 1, 1, '{data}')",
        f"INSERT INTO message VALUES ('msg_of_the_fork', 'ses_2', 1, 1, '{data}')",
    )


def aider(home: Path) -> None:
    write(home / ".aider" / "analytics.jsonl", {"event": "launched", "time": 1_767_323_045}, AIDER)
    (home / "work" / "web").mkdir(parents=True)
    (home / "work" / "web" / ".aider.chat.history.md").write_text(AIDER_HISTORY)


def llm(home: Path) -> None:
    database(
        home / ".config" / "io.datasette.llm" / "logs.db",
        "CREATE TABLE responses (id TEXT, model TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT,"
        " input_tokens INTEGER, output_tokens INTEGER, token_details TEXT)",
        "INSERT INTO responses VALUES ('r1', 'gpt-4o-mini', 'c1', 1500, '2026-01-02T03:04:10', 100, 20, NULL)",
    )


@asynccontextmanager
async def importing(home: Path, ledger_file: Path) -> AsyncIterator[LogImport]:
    settings = Settings(origin="", catalog=Catalog({}), keys={}, audit=AuditSettings(homes=(str(home),)))
    ledger = await Ledger.open(ledger_file, now=NOW)
    log_import = LogImport(ledger, lambda: settings, {}, Clock(now=lambda: NOW))
    try:
        yield log_import
    finally:
        await log_import.aclose()
        await ledger.close()


async def read(home: Path, ledger_file: Path) -> str:
    async with importing(home, ledger_file) as log_import:
        log_import.start()
        await until(lambda: log_import.progress is None)
        return log_import.said


async def test_each_response_of_each_tool_is_one_row_however_often_it_is_found(tmp_path: Path) -> None:
    home, ledger = tmp_path / "home", tmp_path / "ledger.sqlite3"
    for write_logs in (gemini, opencode, aider, llm):
        write_logs(home)
    assert await read(home, ledger) == "4 new calls in 7 logs."
    rows = {row["source"]: row for row in rows_on_disk(ledger)}
    assert {name: (row["provider_name"], row["input_tokens"], row["output_tokens"]) for name, row in rows.items()} == {
        "gemini_cli": ("gemini", 1000, 250),
        "opencode": ("anthropic", 1000, 100),
        "aider": ("anthropic", 12_345, 340),
        "llm": ("openai", 100, 20),
    }
    assert rows["opencode"]["cost_nanousd"] == nanousd("0.25")
    assert rows["aider"]["cost_nanousd"] == nanousd("0.0421")


async def test_reading_again_changes_nothing(tmp_path: Path) -> None:
    home, ledger = tmp_path / "home", tmp_path / "ledger.sqlite3"
    for write_logs in (gemini, opencode, aider, llm):
        write_logs(home)
    await read(home, ledger)
    before = rows_on_disk(ledger)
    assert await read(home, ledger) == "0 new calls in 7 logs."
    assert rows_on_disk(ledger) == before


async def test_aiders_history_alone_is_an_estimate(tmp_path: Path) -> None:
    home, ledger = tmp_path / "home", tmp_path / "ledger.sqlite3"
    aider(home)
    (home / ".aider" / "analytics.jsonl").unlink()
    await read(home, ledger)
    (row,) = rows_on_disk(ledger)
    assert (row["usage_estimated"], row["input_tokens"], row["project"]) == (1, 11_500, str(home / "work" / "web"))


async def test_an_exact_count_that_comes_later_mends_the_estimate(tmp_path: Path) -> None:
    home, ledger = tmp_path / "home", tmp_path / "ledger.sqlite3"
    aider(home)
    log = home / ".aider" / "analytics.jsonl"
    exact = log.read_bytes()
    log.unlink()
    await read(home, ledger)
    log.write_bytes(exact)
    assert await read(home, ledger) == "0 new calls in 2 logs."
    with closing(sqlite3.connect(ledger)) as connection:
        (sums,) = connection.execute("SELECT sum(input_tokens), sum(output_tokens) FROM days").fetchall()
    assert sums == (12_345, 340)


async def test_a_home_without_logs_says_so_and_a_database_that_is_none_is_passed_over(tmp_path: Path) -> None:
    home, ledger = tmp_path / "home", tmp_path / "ledger.sqlite3"
    home.mkdir()
    assert await read(home, ledger) == "No logs were found."
    write(home / ".local" / "share" / "opencode" / "opencode.db", {"no": "database"})
    assert await read(home, ledger) == "0 new calls in 1 log."


async def test_a_second_start_while_one_is_running_is_the_same_import(tmp_path: Path) -> None:
    home = tmp_path / "home"
    gemini(home)
    async with importing(home, tmp_path / "ledger.sqlite3") as log_import:
        log_import.start()
        log_import.start()
        await until(lambda: log_import.progress is None)
        assert log_import.said == "1 new call in 2 logs."


async def test_an_import_that_is_ended_leaves_a_ledger_that_goes_on(tmp_path: Path) -> None:
    home, ledger = tmp_path / "home", tmp_path / "ledger.sqlite3"
    gemini(home)
    async with importing(home, ledger) as log_import:
        log_import.start()
        await asyncio.sleep(0)
    assert (await read(home, ledger)).endswith(" in 2 logs.")
    assert len(rows_on_disk(ledger)) == 1


async def test_who_begins_to_follow_learns_how_many_logs_were_not_read_yet(tmp_path: Path) -> None:
    home = tmp_path / "home"
    gemini(home)
    async with importing(home, tmp_path / "ledger.sqlite3") as log_import:
        log_import.follow()
        await until(lambda: log_import.unread == {"gemini_cli": 2})
        log_import.start()
        await until(lambda: log_import.said)
        assert log_import.unread == {}
