"""A tmux of the test's own, with its own home, in which many panes may run."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from burn_tui.engine.tmux.client import Tmux

GIVE_UP_S = 30.0
LOOK_S = 0.05


class Server:
    """One server, with a session in it."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self.home = home
        self._socket = f"burn-tui-test-{uuid4().hex[:12]}"
        self._environ = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", **environ}
        self._environ.pop("TMUX", None)
        self._environ.pop("TMUX_PANE", None)
        configuration = ["-f", str(home / ".tmux.conf")] if (home / ".tmux.conf").exists() else ["-f", "/dev/null"]
        self._run([*configuration, "new-session", "-d", "-x", "120", "-y", "40", "exec cat"])

    def tmux(self, *arguments: str) -> str:
        """What a tmux command prints."""
        return self._run(arguments).rstrip("\n")

    def environ(self, pane: str = "%0") -> dict[str, str]:
        """The variables of a process that runs in that pane."""
        inside = self.tmux("display-message", "-p", "#{socket_path},#{pid},0")
        return {**self._environ, "TMUX": inside, "TMUX_PANE": pane}

    def client(self) -> Tmux:
        """This server, as a process in its first pane sees it."""
        return Tmux(self.environ())

    def run_in_window(self, line: str, cwd: Path | None = None) -> str:
        """A shell line in a window of its own; the pane's name."""
        return self.tmux("new-window", "-d", "-P", "-F", "#{pane_id}", "-c", str(cwd or self.home), line)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until `condition` holds; a terminal cannot say when something has happened in it."""
        deadline = time.monotonic() + GIVE_UP_S
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"never saw {what}")
            time.sleep(LOOK_S)

    def close(self) -> None:
        """End it with everything that runs in it."""
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False, capture_output=True)

    def _run(self, arguments: tuple[str, ...] | list[str]) -> str:
        command = ["tmux", "-L", self._socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=self._environ).stdout


@contextmanager
def tmux_server(home: Path, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that is gone afterwards, however the test ended."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    home.mkdir(parents=True, exist_ok=True)
    server = Server(home, environ or {})
    try:
        yield server
    finally:
        server.close()
