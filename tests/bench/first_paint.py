"""CPU until something stands on the terminal: burn-tui beside a hello-world of Textual, in tmux, in one run.

    python tests/bench/first_paint.py [REPEATS]

A pane is looked at until its first text is there; what the process has used by then, user and system, is read from
/proc. Prints the medians and their ratio; the aim is at most 2.5. Beside that: until the dashboard itself is there.
"""

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from uuid import uuid4

AIM = 2.5
LOOK_S = 0.004
GIVE_UP_S = 60.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

HELLO = """
from textual.app import App
from textual.widgets import Static


class Hello(App):
    def compose(self):
        yield Static("Hello, world")


Hello().run()
"""


def cpu_s(pid: int) -> float:
    """User and system time that a process has used, with all its threads."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS_PER_S


def until(text: str, command: list[str], *, home: Path) -> tuple[float, float]:
    """CPU and wall seconds until `text` stands in a pane that runs `command`."""
    socket = f"burn-tui-bench-{uuid4().hex[:12]}"
    tmux = ["tmux", "-L", socket, "-f", "/dev/null"]
    environ = {**os.environ, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
    # As after an installation, which compiles everything: not what a checkout that is being worked on has lying about.
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    environ["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    subprocess.run([*tmux, "new-session", "-d", "-x", "120", "-y", "40", "exec cat"], check=True, env=environ)
    try:
        begun = time.perf_counter()
        start = [*tmux, "new-window", "-P", "-F", "#{pane_id} #{pane_pid}", *command]
        pane, pid = subprocess.run(start, check=True, env=environ, capture_output=True, text=True).stdout.split()
        while time.perf_counter() - begun < GIVE_UP_S:
            shown = subprocess.run(
                [*tmux, "capture-pane", "-p", "-t", pane], capture_output=True, text=True, check=False
            ).stdout
            if text in shown:
                return cpu_s(int(pid)), time.perf_counter() - begun
            time.sleep(LOOK_S)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
    raise SystemExit(f"{text!r} never stood on the screen; it was:\n{shown}")


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    burn_tui = str(Path(sysconfig.get_path("scripts")) / "burn-tui")
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        hello = home / "hello.py"
        hello.write_text(HELLO)
        what = {
            "hello-world, first paint": ("Hello, world", [sys.executable, str(hello)]),
            "burn-tui, first paint": ("starting", [burn_tui]),
            "burn-tui, first paint (demo)": ("starting", [burn_tui, "--demo"]),
            "burn-tui, dashboard": ("F1 help", [burn_tui]),
            "burn-tui, its first figures": ("tok/min", [burn_tui]),
        }
        # Bytecode is written once, and is no part of any start but the first.
        for text, command in what.values():
            until(text, command, home=home)
        runs = {
            name: [until(text, command, home=home) for _ in range(repeats)] for name, (text, command) in what.items()
        }
    medians = {
        name: tuple(statistics.median(column) for column in zip(*pairs, strict=True)) for name, pairs in runs.items()
    }
    floor = medians["hello-world, first paint"][0]
    for name, (cpu, wall) in medians.items():
        print(f"{name:<30} cpu {cpu * 1e3:6.0f} ms   wall {wall * 1e3:6.0f} ms   {cpu / floor:5.2f} x hello-world")
    print(f"aim: first paint, and the dashboard, at most {AIM} x")


if __name__ == "__main__":
    main()
