"""The gateway as a process of its own."""

import sys
from pathlib import Path

import pytest

from burn_tui.engine.gateway_process import GatewayError, GatewayProcess
from burn_tui.engine.notice_board import NoticeBoard

SERVES = """
import signal, sys
from pathlib import Path
from burn_tui.engine.notice_board import NoticeBoard
board = NoticeBoard(Path(sys.argv[1]))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(board.take_down()))
board.put_up("http://127.0.0.1:4141")
signal.pause()
"""
REFUSES = "import sys; print('burn-tui: Port 4141 of 127.0.0.1 cannot be used: taken.', file=sys.stderr); sys.exit(2)"


def process(directory: Path, program: str) -> GatewayProcess:
    return GatewayProcess([sys.executable, "-c", program, str(directory)], directory)


async def test_it_is_started_once_and_ended_by_whoever_comes_later(tmp_path: Path) -> None:
    first, later = process(tmp_path, SERVES), process(tmp_path, REFUSES)
    running = await first.start()
    assert running.url == "http://127.0.0.1:4141"
    assert first.is_own(running)
    assert await later.start() == running
    assert not later.is_own(running)
    await later.stop()
    assert first._child is not None
    await first._child.wait()
    assert later.running() is None


async def test_what_it_says_when_it_does_not_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match=r"did not start\. Port 4141 of 127\.0\.0\.1 cannot be used: taken\."):
        await process(tmp_path, REFUSES).start()


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="could not be started"):
        await GatewayProcess([str(tmp_path / "nothing")], tmp_path).start()


async def test_ending_what_does_not_run_is_nothing(tmp_path: Path) -> None:
    await process(tmp_path, REFUSES).stop()
    assert NoticeBoard(tmp_path).running() is None
