"""Talking to tmux: what this process's pane says of itself, and what a running server has of burn-tui's settings."""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from burn_tui.core.errors import BurnError
from burn_tui.engine.tmux.conf import LABEL_CELLS, MARK, without_status

OLDEST = (3, 2)
"""Popups came with it, pane options with 3.0."""

PATIENCE_S = 5.0
"""tmux answers in milliseconds unless its server hangs."""

MARKED_FORMATS = ("window-status-format", "window-status-current-format", "pane-border-format")


class TmuxError(BurnError):
    """tmux is not there, or too old, or said no."""

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem} {mend}")


class Tmux:
    """The tmux of an environment: the server that this process runs in, else the usual one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)

    @property
    def own_pane(self) -> str | None:
        """The pane that this process runs in, such as "%3"; None = it runs in none."""
        return self._environ.get("TMUX_PANE") if self._environ.get("TMUX") else None

    def check_version(self) -> None:
        """TmuxError unless it is there and new enough."""
        found = re.search(r"(\d+)\.(\d+)", self.run("-V"))
        if found and (int(found[1]), int(found[2])) < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise TmuxError(f"This tmux is {found[0]}.", mend=f"burn-tui needs {wanted} or later.")

    def is_running(self) -> bool:
        """Whether a server answers."""
        try:
            self.run("show-options", "-gv", "status-right")
        except TmuxError:
            return False
        return True

    def run(self, *arguments: str) -> str:
        """What a tmux command prints; TmuxError if it fails."""
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and nothing in it comes from elsewhere
                ["tmux", *arguments],  # noqa: S607 - the tmux that the person uses is the one on their PATH
                env=self._environ,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise TmuxError("tmux is not installed.", mend="Install it, or put it on your PATH.") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TmuxError("tmux does not answer.", mend="Try `tmux list-sessions` yourself.") from error
        if done.returncode != 0:
            words = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise TmuxError(f"tmux refused `{arguments[0]}`: {words}.", mend=f"Try `tmux {arguments[0]}` yourself.")
        return done.stdout

    def source(self, lines: Iterable[str]) -> None:
        """Run lines of a configuration in the running server."""
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "burn-tui.conf"
            file.write_text("\n".join(lines) + "\n")
            self.run("source-file", str(file))

    def take_back(self, key: str | None) -> None:
        """Undo in the running server what the block, which bound `key`, did to it."""
        for option in MARKED_FORMATS:
            value = self._value("show-window-options", option)
            if MARK in value:
                self.run("set-window-option", "-g", option, value.replace(MARK, ""))
        value = self._value("show-options", "status-right")
        if without_status(value) != value:
            self.run("set-option", "-g", "status-right", without_status(value))
            length = int(self._value("show-options", "status-right-length"))
            self.run("set-option", "-g", "status-right-length", str(max(length - LABEL_CELLS, 0)))
        if key and "burn-tui" in self.bound(key):
            self.run("unbind-key", key)

    def bound(self, key: str) -> str:
        """What the key does after the prefix; "" = nothing."""
        try:
            return self.run("list-keys", "-T", "prefix", key).strip()
        except TmuxError:  # It says so for a key that is not bound.
            return ""

    def _value(self, command: str, option: str) -> str:
        return self.run(command, "-gv", option).removesuffix("\n")


def program_in_words(argv0: str, environ: Mapping[str, str]) -> str:
    """What a shell, in whatever directory, starts this burn-tui with."""
    found = shutil.which(argv0, path=environ.get("PATH")) if Path(argv0).name.startswith("burn-tui") else None
    if found is not None:
        # Not where a link leads: the link stays when burn-tui is upgraded.
        return shlex.quote(str(Path(found).absolute()))
    return f"{shlex.quote(sys.executable)} -m burn_tui"
