"""An import that is ended at any moment, by whatever: the next one completes it, and nothing counts twice."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.homes import audited, claude_log, codex_log, count, importer, meta, response, turn

from burn_tui.engine.ledger import Ledger

SESSIONS = 12

IMPORT = """
import os, signal, sys
from burn_tui import cli
from burn_tui.engine.audit import filing, importing

home, data_dir, signal_name, statement = sys.argv[1:]
left = int(statement)
importing.FEW_BYTES, importing.BATCH_ROWS, importing.BATCH_FILES = 0, 20, 3
plain = filing.Filing.file

def seen(_):
    global left
    left -= 1
    if left == 0:
        if signal_name == "SIGINT":
            os.killpg(0, signal.SIGINT)  # as a terminal does: the workers get it as well
        else:
            os.kill(os.getpid(), signal.SIGKILL)

def file(self, connection, pieces):
    connection.set_trace_callback(seen)
    try:
        return plain(self, connection, pieces)
    finally:
        connection.set_trace_callback(None)

filing.Filing.file = file
cli.main(["audit", "--home", home, "--data-dir", data_dir, "--json"])
"""
"""`burn-tui audit` in small batches, with worker processes, which sends itself a signal before its nth statement."""


def write_logs(home: Path) -> int:
    """Sessions of which each repeats the end of the one before; how many responses there are."""
    for session in range(SESSIONS):
        first = session * 10
        lines = [response(number, output=number + 1) for number in range(first, first + 13)]
        # Early lines have only a part of the output.
        parts = [response(number, output=1) for number in range(first, first + 13)]
        mixed = [line for pair in zip(parts, lines, strict=True) for line in pair]
        claude_log(home, *mixed, session=f"session-{session}")
    counts = (count(number * 1000, 1000, seconds=number) for number in range(1, 30))
    codex_log(home, meta("a"), turn(), *counts)
    return SESSIONS * 10 + 3 + 29


def run_import(home: Path, data_dir: Path, kind: str, statement: int) -> "subprocess.CompletedProcess[bytes]":
    """The import, ended at that statement; one that has fewer ends by itself."""
    command = [sys.executable, "-c", IMPORT, str(home), str(data_dir), kind, str(statement)]
    return subprocess.run(command, capture_output=True, check=False, start_new_session=True)


async def figures(ledger: Ledger) -> list[tuple[object, ...]]:
    """Rows as they are now, corrected, and all sums."""
    counts = "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"
    more = "coalesce((SELECT sum({name}) FROM corrections WHERE corrects = attempt_rows.event_id), 0)"
    corrected = ", ".join(f"attempt_rows.{name} + {more.format(name=name)}" for name in counts)
    found = await ledger.read(f"SELECT hex(event_id), started_at_us, {corrected} FROM attempt_rows ORDER BY 1", {})
    sums = ", ".join(f"sum({name})" for name in ("attempts", *counts))
    for table in ("days", "hours", "session_hours"):
        found += await ledger.read(f"SELECT '{table}', {sums} FROM {table}", {})
    return [tuple(row) for row in found]


async def expected(tmp_path: Path, home: Path) -> list[tuple[object, ...]]:
    """What comes of an import that nobody ends."""
    async with audited(tmp_path / "undisturbed", home) as audit:
        await importer(audit.ledger, home).run()
        return await figures(audit.ledger)


def progress(file: Path) -> int:
    """Logs that the ledger says were read."""
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM audit_files").fetchone()[0])


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_an_import_that_is_killed_again_and_again_comes_to_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    home, data_dir = tmp_path / "home", tmp_path / "data"
    responses = write_logs(home)
    for _ in range(3):
        ended = await asyncio.to_thread(run_import, home, data_dir, "SIGKILL", chance.randint(1, 60))
        assert (ended.returncode, ended.stderr) in {(-signal.SIGKILL, b""), (0, b"")}
    whole = await asyncio.to_thread(run_import, home, data_dir, "SIGKILL", 0)
    assert whole.returncode == 0, whole.stderr
    async with audited(tmp_path, home) as audit:
        found = await figures(audit.ledger)
        assert len(found) == responses + 3
        assert found == await expected(tmp_path, home)
        assert (await importer(audit.ledger, home).run()).new_rows == 0


async def test_a_killed_import_leaves_what_it_had_written_and_the_next_goes_on_behind_it(tmp_path: Path) -> None:
    home, data_dir = tmp_path / "home", tmp_path / "data"
    write_logs(home)
    read = []
    for _ in range(3):
        ended = await asyncio.to_thread(run_import, home, data_dir, "SIGKILL", 70)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        read.append(progress(data_dir / "ledger.sqlite3"))
    assert 0 < read[0] < read[1] < read[2]


async def test_ctrl_c_ends_an_import_without_a_word_and_the_next_one_completes_it(tmp_path: Path) -> None:
    home, data_dir = tmp_path / "home", tmp_path / "data"
    write_logs(home)
    ended = await asyncio.to_thread(run_import, home, data_dir, "SIGINT", 50)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")
    assert progress(data_dir / "ledger.sqlite3") <= SESSIONS
    whole = await asyncio.to_thread(run_import, home, data_dir, "SIGINT", 0)
    assert whole.returncode == 0, whole.stderr
    async with audited(tmp_path, home) as audit:
        assert await figures(audit.ledger) == await expected(tmp_path, home)
