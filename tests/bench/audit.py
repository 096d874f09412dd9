"""What taking over other tools' logs costs: cold, unchanged, and beside ccusage where it is installed, in the same run;
and what following them costs.

    python tests/bench/audit.py [RECORDS] [DIRECTORY]

Default: 100,000 records (215 MB) in the system's temporary directory; the targets are meant for 1,000,000 (2.1 GB in
10,112 files). Logs that are in DIRECTORY already are used again. Needs the generator beside the checkout and, for
memory, /proc.
"""

import asyncio
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.checkout import SHARED

from burn_tui.engine.audit.following import Follower
from burn_tui.engine.audit.importing import Importer
from burn_tui.engine.audit.pricing import Prices
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger

GENERATOR = SHARED / "logs" / "gen_logs.py"


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(scratch)
        home = place / f"home-{records}"
        if not (home / "truth.json").exists():
            run([sys.executable, str(GENERATOR), str(home), "--records", str(records)])
        truth = json.loads((home / "truth.json").read_text())
        counts = truth["counts"]
        print(f"{records:,} records, {counts['bytes'] / 1e6:,.0f} MB in {counts['files']:,} files")
        data_dir = Path(scratch) / "data"
        ours = audit(home, data_dir)
        print_line("burn-tui, cold import", ours)
        again = audit(home, data_dir)
        print_line("burn-tui, nothing changed", again)
        print_right(ours.out, truth)
        if ours.out != again.out:
            print("WRONG: the second run says something else")
        beside_ccusage(home, ours, again)
        asyncio.run(follow(home, data_dir, files=counts["files"]))


async def follow(home: Path, data_dir: Path, *, files: int, seconds: float = 20.0) -> None:
    """How long an appended line takes to the figures of the burn panel, and what following costs meanwhile."""
    file = data_dir / "ledger.sqlite3"
    ledger = await Ledger.open(file, now=time.time())
    prices = Prices({}, providers={}, today=lambda: datetime.now(UTC).date(), cache=data_dir / "audit-prices.json")
    follower = Follower(Importer(ledger, prices, homes=[home], environ={}, clock=Clock()), ledger, clock=Clock())
    following = asyncio.create_task(follower.run())
    log = home / ".claude" / "projects" / "-bench" / "bench.jsonl"
    log.parent.mkdir(exist_ok=True)
    try:
        waits = [await appended(log, ledger, number) for number in range(40)]
        usual, longest = sorted(waits)[len(waits) // 2], max(waits[1:])  # the first is of a log nobody has written yet
        print(f"an appended line is in the panel's figures after {usual:.0f} ms, at most {longest:.0f} ms")
        busy = time.process_time()
        await asyncio.sleep(seconds)
        print(f"following {files:,} files: {(time.process_time() - busy) / seconds:.2%} of a core")
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await ledger.close()
        shutil.rmtree(log.parent)


async def appended(log: Path, ledger: Ledger, number: int) -> float:
    """Milliseconds."""
    at = datetime.now(UTC)
    before = await spent_tokens(ledger)
    message = {"id": f"msg_bench_{at.timestamp():.6f}_{number:06d}", "model": "claude-haiku-4-5-20251001"}
    usage = {"input_tokens": 10, "output_tokens": 5}
    line = {"type": "assistant", "timestamp": at.isoformat(), "message": {**message, "usage": usage}}
    with log.open("ab") as file:
        file.write(json.dumps(line).encode() + b"\n")
    began = perf_counter()
    while await spent_tokens(ledger) <= before:  # noqa: ASYNC110 - nobody tells: the panel looks as well
        await asyncio.sleep(0.002)
    waited_ms = (perf_counter() - began) * 1e3
    await asyncio.sleep(random.uniform(0.1, 0.5))
    return waited_ms


async def spent_tokens(ledger: Ledger) -> int:
    """As the burn panel asks for them."""
    now = time.time()
    spending = await ledger.spending(day_start=now // 86_400 * 86_400, now=now)
    return sum(minute.tokens for minute in spending.minutes)


class Run:
    def __init__(self, out: str, wall_s: float, cpu_s: float, peak_mib: float) -> None:
        self.out, self.wall_s, self.cpu_s, self.peak_mib = out, wall_s, cpu_s, peak_mib


def audit(home: Path, data_dir: Path) -> Run:
    return run(
        [sys.executable, "-m", "burn_tui", "audit", "--home", str(home), "--data-dir", str(data_dir), "--json"],
    )


def beside_ccusage(home: Path, ours: Run, again: Run) -> None:
    command = shutil.which("ccusage")
    if command is None:
        print("ccusage is not on PATH")
        return
    environ = {**os.environ, "HOME": str(home), "CLAUDE_CONFIG_DIR": "", "CODEX_HOME": str(home / ".codex")}
    environ.pop("CLAUDE_CONFIG_DIR")
    claude = run([command, "claude", "daily", "--json", "--offline"], environ)
    codex = run([command, "codex", "daily", "--json", "--offline"], environ)
    peak_mib = max(claude.peak_mib, codex.peak_mib)
    both = Run(claude.out, claude.wall_s + codex.wall_s, claude.cpu_s + codex.cpu_s, peak_mib)
    print_line("ccusage, Claude Code and Codex", both)
    print_line("ccusage, once more (Claude Code)", run([command, "claude", "daily", "--json", "--offline"], environ))
    wall, cpu = ours.wall_s / both.wall_s, ours.cpu_s / both.cpu_s
    print(f"cold import: {wall:.2f}x of ccusage, {cpu:.2f}x of its processor time")
    print(f"nothing changed: {again.wall_s / both.wall_s:.3f}x of ccusage")


def run(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Run:
    """The output of a command, its time, and the memory of it and all its children at their largest."""
    began, used = perf_counter(), children_cpu_s()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)
    peak, ended = [0.0], Event()
    watch = Thread(target=watched, args=(process.pid, peak, ended))
    watch.start()
    out, _ = process.communicate()
    wall_s = perf_counter() - began
    ended.set()
    watch.join()
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return Run(out.decode(), wall_s, children_cpu_s() - used, peak[0])


def children_cpu_s() -> float:
    """Of all that have ended, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def watched(pid: int, peak: list[float], ended: Event) -> None:
    while not ended.wait(0.1):
        peak[0] = max(peak[0], sum(map(mebibytes, family(pid))))


def family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def mebibytes(pid: int) -> float:
    """Pages that several processes share are counted in parts."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def print_line(what: str, one: Run) -> None:
    print(f"{what:34} {one.wall_s:8.2f} s, {one.cpu_s:6.2f} s of processor time, {one.peak_mib:8.0f} MiB at most")


def print_right(out: str, truth: Mapping[str, Mapping[str, float]]) -> None:
    tools = {tool["tool"]: tool for tool in json.loads(out)["tools"]}
    for name, key in (("claude_code", "claude"), ("codex", "codex")):
        tool, true = tools[name], truth[key]
        fresh = tool["input_tokens"] - tool["cache_read_input_tokens"] - tool["cache_creation_input_tokens"]
        is_right = (
            abs(tool["cost_nanousd"] / 1e9 - true["cost"]) < 0.005
            and (fresh, tool["output_tokens"]) == (true["input"], true["output"])
            and (tool["cache_read_input_tokens"], tool["rows"]) == (true["cache_read"], true["responses"])
        )
        print(
            f"{name}: {tool['rows']:,} responses, ${tool['cost_nanousd'] / 1e9:,.2f}:",
            "right" if is_right else "WRONG",
        )


if __name__ == "__main__":
    main()
