"""What tmux and the terminal are told of the session on screen, and that it is taken back however burn-tui ends.

    burn-tui ──pipe──> a shell: for each line, mark the pane
                          └── when the pipe ends, because burn-tui left, crashed or was killed: take every mark back

The shell outlives burn-tui by a moment, so not even `kill -9` leaves a pane that claims to be in production.
"""

import shlex
import subprocess
from collections.abc import Mapping
from contextlib import suppress

PATIENCE_S = 1.0
"""How long the taking back is waited for when burn-tui leaves."""


class TerminalMarks:
    """Starts its shell with the first mark; without a pane and without anything to reset there is none."""

    def __init__(self, *, pane: str | None, reset: str, terminal: int, environ: Mapping[str, str]) -> None:
        """`pane` is tmux's name for the pane, None = there is none. `reset` is sent to `terminal` at the end."""
        self._pane = pane
        self._reset = reset
        self._terminal = terminal
        self._environ = dict(environ)
        self._shell: subprocess.Popen[bytes] | None = None
        self._shown: tuple[str, str] | None = None

    def show(self, sign: str, colour: str) -> bool:
        """Mark the pane with an environment's sign and colour; whether that was news."""
        if (sign, colour) == self._shown:
            return False
        self._shown = (sign, colour)
        if self._pane is not None or self._reset:
            self._tell(sign, colour)
        return True

    def close(self) -> None:
        """Take every mark back."""
        shell, self._shell, self._shown = self._shell, None, None
        if shell is None or shell.stdin is None:
            return
        with suppress(OSError):
            shell.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            shell.wait(PATIENCE_S)

    def _tell(self, sign: str, colour: str) -> None:
        if self._shell is None:
            self._shell = self._started()
        if self._shell is not None and self._shell.stdin is not None:
            line = f"{' '.join(sign.split())}\n{colour}\n"
            # Whoever killed the shell wanted no marks.
            with suppress(OSError):
                self._shell.stdin.write(line.encode())
                self._shell.stdin.flush()

    def _started(self) -> subprocess.Popen[bytes] | None:
        script = _script(self._pane, self._reset)
        try:
            return subprocess.Popen(  # noqa: S603 - the script is ours, and what is put into it is quoted
                ["/bin/sh", "-c", script],
                stdin=subprocess.PIPE,
                stdout=self._terminal,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                # ctrl+c and the end of the terminal are meant for burn-tui.
                start_new_session=True,
            )
        except OSError:  # Windows has no such shell, and no tmux.
            return None


def _script(pane: str | None, reset: str) -> str:
    marking = clearing = ":"
    if pane is not None:
        target = f"-t {shlex.quote(pane)}"
        marking = f'tmux set-option -p {target} @burn_env "$sign" \\; set-option -p {target} @burn_hue "$colour"'
        clearing = f"tmux set-option -pu {target} @burn_env \\; set-option -pu {target} @burn_hue"
    octal = "".join(f"\\{byte:03o}" for byte in reset.encode())
    return (
        f"while IFS= read -r sign && IFS= read -r colour; do {marking} >/dev/null; done; "
        f"{clearing} >/dev/null; printf '{octal}'"
    )
