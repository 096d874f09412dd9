"""On a terminal an import shows one line that says how far it is, and takes it away in the end."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.homes import claude_log, response

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals")

NEVER_ENDING_S = 120.0


def shown(home: Path, data_dir: Path) -> tuple[bytes, bytes]:
    """Standard output, and what the terminal that standard error is got meanwhile."""
    outside, inside = pty.openpty()
    command = [sys.executable, "-m", "burn_tui", "audit", "--home", str(home), "--data-dir", str(data_dir), "--json"]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inside) as process:
            os.close(inside)
            out, _ = process.communicate(timeout=NEVER_ENDING_S)
        return out, os.read(outside, 1 << 16)
    finally:
        os.close(outside)


async def test_the_line_of_progress_is_written_over_and_taken_away(tmp_path: Path) -> None:
    claude_log(tmp_path / "home", response(1), response(2))
    out, terminal = await asyncio.to_thread(shown, tmp_path / "home", tmp_path / "data")
    assert out.startswith(b"{")
    before, *lines = terminal.split(b"\r\x1b[K")
    assert before == b""
    assert lines[0].startswith(b"[")
    assert b" 100 % " in lines[0]
    assert lines[-1] == b""
