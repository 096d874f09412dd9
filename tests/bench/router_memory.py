"""What 10,000 requests leave behind in memory.

    python tests/bench/router_memory.py [REQUESTS]

The simulated providers run in a process of their own; the router, the ledger on disk and the pool of connections run in
this one. Every fiftieth request is refused and falls back, every hundredth is left in mid-answer. Printed: the resident
memory before the first request, after a warm-up and at the end.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from contextlib import aclosing
from pathlib import Path
from time import perf_counter

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import DEVELOPMENT
from burn_tui.core.events import TextDelta
from burn_tui.core.money import Price, Rates, nanousd
from burn_tui.core.routing import Route
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import Settings

WARM_UP = 300
"""Requests until caches, pools and the interpreter's own arenas have their size."""

WANTED_MB = 10.0

SERVER = """
import sys
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Answer, rate_limited
from burn_tui.simulator.server import SimulatedProvider

ANSWER = Answer(text="Rivers carry silt from the hills to the delta, year after year, and so the delta grows.")

def primary(request, count):
    primary_provider.seen.clear()
    calls.append(None)
    return rate_limited(0) if len(calls) % 50 == 0 else ANSWER

def backup(request, count):
    backup_provider.seen.clear()
    return ANSWER

calls = []
primary_provider = SimulatedProvider("primary", "openai-chat", primary)
backup_provider = SimulatedProvider("backup", "anthropic-messages", backup)
with Host([primary_provider, backup_provider]) as host:
    print(host.base_url("primary"), host.base_url("backup"), flush=True)
    sys.stdin.read()
"""


def resident_mb() -> float:
    """Of this process, now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _settings(primary_url: str, backup_url: str) -> Settings:
    primary, backup = Target("primary", "m"), Target("backup", "m")
    price = Price(rates=Rates(input_rate=nanousd(3), output_rate=nanousd(15)))
    shapes = {"primary": ("openai-chat", primary_url), "backup": ("anthropic-messages", backup_url)}
    providers = {
        name: Provider(name=name, dialect=dialect, base_url=url, models=(Model("m"),))
        for name, (dialect, url) in shapes.items()
    }
    return Settings(
        origin="a benchmark",
        catalog=Catalog(providers),
        keys={},
        prices={primary: price, backup: price},
        routes={"default": Route("default", (primary, backup))},
    )


async def _send(runtime: Runtime, number: int) -> None:
    request = ChatRequest(messages=(said("user", f"Question {number}: why do rivers meander?"),))
    async with aclosing(runtime.router.send(request, Caller(environment=DEVELOPMENT))) as events:
        async for event in events:
            if number % 100 == 0 and isinstance(event, TextDelta):
                break


async def run(urls: list[str], requests: int) -> tuple[float, float, float]:
    """Resident MB before, after the warm-up and at the end."""
    with tempfile.TemporaryDirectory() as directory:
        runtime = await Runtime.open(_settings(*urls), data_dir=Path(directory), environ={}, clock=Clock())
        before = warm = resident_mb()
        for number in range(1, requests + 1):
            await _send(runtime, number)
            if number == WARM_UP:
                warm = resident_mb()
        at_end = resident_mb()
        await runtime.close()
    return before, warm, at_end


def main() -> None:
    """Start the providers, send, print."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    command = [sys.executable, "-c", SERVER]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        urls = server.stdout.readline().split()
        start = perf_counter()
        before, warm, at_end = asyncio.run(run(urls, requests))
        seconds = perf_counter() - start
    finally:
        server.kill()
        server.wait()
    print(f"{requests} requests in {seconds:.0f} s")
    print(f"resident: {before:.1f} MB before, {warm:.1f} MB after {WARM_UP}, {at_end:.1f} MB at the end")
    print(f"growth since the first request: {at_end - before:+.1f} MB (wanted under {WANTED_MB:.0f} MB)")
    print(f"growth since the warm-up:       {at_end - warm:+.1f} MB")


if __name__ == "__main__":
    main()
