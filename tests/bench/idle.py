"""What the dashboard costs while nobody touches it: CPU of a process with live panels, in tmux, over half a minute.

    python tests/bench/idle.py [SECONDS]

Prints the share of a core for dashboards over a ledger with a busy last hour, into which nobody or another program
(this one) writes an attempt every five seconds, beside a hello-world of Textual in the same run. Aim: at most 1 %.
The demo is no idler: it plays its providers and other programs itself.
"""

import asyncio
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.engine.ledger import Ledger

AIM = 0.01
SETTLE_S = 6.0
"""After the first figures: prices are loaded, servers are looked for, and the first frames are drawn."""

WRITE_S = 5.0
"""Between two attempts of the other program."""

LOOK_S = 0.1
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


class Running:
    """A program in a tmux of its own."""

    def __init__(self, name: str, command: list[str], *, size: tuple[int, int], text: str, home: Path) -> None:
        self.name = name
        self._tmux = ["tmux", "-L", f"burn-tui-bench-{uuid4().hex[:12]}", "-f", "/dev/null"]
        environ = {**os.environ, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        columns, rows = map(str, size)
        start = [*self._tmux, "new-session", "-d", "-P", "-F", "#{pane_pid}", "-x", columns, "-y", rows, *command]
        begun = subprocess.run(start, check=True, env=environ, capture_output=True, text=True)
        self._pid = int(begun.stdout)
        self._until(text)

    async def share(self, seconds: float) -> float:
        """Of a core."""
        before, begun = cpu_s(self._pid), time.perf_counter()
        await asyncio.sleep(seconds)
        return (cpu_s(self._pid) - before) / (time.perf_counter() - begun)

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def _until(self, text: str) -> None:
        deadline = time.monotonic() + GIVE_UP_S
        capture = [*self._tmux, "capture-pane", "-p"]
        while text not in subprocess.run(capture, capture_output=True, text=True, check=False).stdout:
            if time.monotonic() > deadline:
                self.close()
                raise SystemExit(f"{self.name}: {text!r} never stood on the screen")
            time.sleep(LOOK_S)


def attempt(number: int, started_at: float) -> UsageRecord:
    """One that cost a few cents."""
    opened = AttemptOpened(
        event_id=f"{number:08x}-0000-7000-8000-000000000000",
        request_id=f"{number:08x}-0000-7000-8000-000000000001",
        attempt=1,
        started_at=started_at,
        provider_name=("anthropic", "openai", "gemini")[number % 3],
        request_model="a-model",
    )
    usage = Usage(input_tokens=1200 + 37 * (number % 11), output_tokens=300)
    return UsageRecord(opened=opened, duration_s=2.0, usage=usage, cost_nanousd=7_000_000 + 10**5 * (number % 17))


async def writes(ledger: Ledger) -> None:
    number = 10**6
    while True:
        await ledger.record([attempt(number, time.time())])
        number += 1
        await asyncio.sleep(WRITE_S)


async def measure(running: Running, seconds: float, ledger: Ledger | None) -> float:
    writing = asyncio.create_task(writes(ledger)) if ledger else None
    try:
        await asyncio.sleep(SETTLE_S)
        return await running.share(seconds)
    finally:
        if writing:
            writing.cancel()
        running.close()


async def compare(seconds: float, home: Path) -> None:
    burn_tui = str(Path(sysconfig.get_path("scripts")) / "burn-tui")
    hello = home / "hello.py"
    hello.write_text(HELLO)
    now = time.time()
    ledger = await Ledger.open(home / "data" / "ledger.sqlite3", now=now)
    await ledger.record([attempt(number, now - 3600 + 9 * number) for number in range(400)])
    dashboard = [burn_tui, "--data-dir", str(home / "data")]
    what = [
        ("hello-world", [sys.executable, str(hello)], (160, 45), "Hello, world", None),
        ("burn-tui 160x45, nobody writes", dashboard, (160, 45), "tok/min", None),
        ("burn-tui 160x45, somebody writes", dashboard, (160, 45), "tok/min", ledger),
        ("burn-tui 80x24, somebody writes", dashboard, (80, 24), "tok/min", ledger),
        ("burn-tui 160x45 --demo", [burn_tui, "--demo"], (160, 45), "tok/min", None),
    ]
    for name, command, size, text, written in what:
        running = Running(name, command, size=size, text=text, home=home)
        print(f"{name:<34} {await measure(running, seconds, written):6.2%} of a core", flush=True)
    await ledger.close()
    print(f"aim: at most {AIM:.0%}")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(compare(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0, Path(directory)))


if __name__ == "__main__":
    main()
