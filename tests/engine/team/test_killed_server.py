"""The server may be killed at any moment: in the end it holds every row once, and its sums are those of its rows."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support import team_pusher
from support.postgres import GIVE_UP_S, Server
from support.teams import sums

MACHINES = 4
KILLS = int(os.environ.get("BURN_TUI_SERVER_KILLS", "10"))


def test_each_row_is_there_once_though_the_server_was_killed_again_and_again(
    tmp_path: Path, server: Server, url: str
) -> None:
    machines = [
        subprocess.Popen(
            [sys.executable, team_pusher.__file__, str(tmp_path / name / "ledger.sqlite3"), url, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in map("machine-{}".format, range(MACHINES))
    ]
    try:
        for _ in range(KILLS):
            _wait_until_all_have_sent_more(server, url)
            server.stop(signal.SIGQUIT)
            server.start()
        ended = [machine.communicate(input="", timeout=120) for machine in machines]
    finally:
        for machine in machines:
            machine.kill()
            machine.wait()
    assert [err for _, err in ended if err] == []
    written = sum(int(out.split()[-1]) for out, _ in ended)
    assert written >= MACHINES * KILLS * team_pusher.A_TIME
    assert server.run("SELECT count(DISTINCT event_id) FROM burn.entries", url) == [(written,)]
    assert sums(server, url) == (written, 5 * written, 50 * written)


def _wait_until_all_have_sent_more(server: Server, url: str) -> None:
    """Each is in the midst of some push afterwards, and nobody knows where."""
    before, end = _sent(server, url), time.monotonic() + GIVE_UP_S
    while len(sent := _sent(server, url)) < MACHINES or any(sent[name] <= before.get(name, 0) for name in sent):
        assert time.monotonic() < end, sent
        time.sleep(0.005)


def _sent(server: Server, url: str) -> dict[str, int]:
    rows = server.run("SELECT name, count(*) FROM burn.entries JOIN burn.sessions ON id = session GROUP BY name", url)
    return dict(rows)
