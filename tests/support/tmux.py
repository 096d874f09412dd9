"""A real terminal: burn-tui in a tmux of its own, driven by keys and read from the screen."""

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from support.command import as_a_shell_has_it

GIVE_UP_S = 60.0
_SIDES = str.maketrans("│▌", "  ")
LOOK_S = 0.05
"""Between two looks at the screen; a terminal cannot say when it is done."""


class Terminal:
    """One pane."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        """Run a tmux command against this server; its output."""
        command = ["tmux", "-L", self._socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    @property
    def screen(self) -> str:
        """What stands on it; "" once the program has ended and its server with it."""
        command = ["tmux", "-L", self._socket, "capture-pane", "-p"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    @property
    def words(self) -> str:
        """The screen without the lines at the sides of boxes and with all white space folded: sentences are wrapped."""
        return " ".join(self.screen.translate(_SIDES).split())

    def press(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type `text` letter by letter."""
        self.tmux("send-keys", "-l", text)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until `condition` holds; fail with the screen if it never does."""
        deadline = time.monotonic() + GIVE_UP_S
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"never saw {what}; the screen was:\n{self.screen}")
            time.sleep(LOOK_S)

    def until_seen(self, text: str) -> None:
        """Wait until `text` stands on the screen."""
        self.until(lambda: text in self.words, repr(text))


@contextmanager
def terminal(
    command: list[str], *, size: tuple[int, int], cwd: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """`command` in a pane of that many columns and rows; ended afterwards however the test ended.

    What marks a test is not among its variables: production would refuse everything, and hide what comes after.
    """
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = f"burn-tui-test-{uuid4().hex[:12]}"
    columns, rows = size
    variables = {**as_a_shell_has_it(environ), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    for its_own in ("COLUMNS", "LINES"):  # of the terminal that the tests run in, which would be believed
        variables.pop(its_own, None)
    # exec, so that a signal to the pane's process reaches burn-tui and not a shell.
    line = "exec " + shlex.join(command)
    start = ["tmux", "-L", socket, "-f", "/dev/null", "-u", "new-session", "-d", "-x", str(columns), "-y", str(rows)]
    subprocess.run([*start, line], check=True, env=variables, cwd=cwd)
    running = Terminal(socket)
    try:
        yield running
    finally:
        subprocess.run(["tmux", "-L", socket, "kill-server"], check=False, capture_output=True)
