"""How long the router's own steps take when a provider fails or a person leaves.

    python tests/bench/router_faults.py [ROUNDS]

Everything over loopback HTTP against simulated providers in this process, so the figures hold their work as well.
Printed: what a fallback after a 429 adds to the refused call (wanted under 50 ms), what a stumble adds at most (wanted
under 1 s), and how soon a provider sees that its answer is no longer wanted (wanted within 100 ms).
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from time import perf_counter

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import DEVELOPMENT
from burn_tui.core.events import AttemptFailed, AttemptStarted, TextDelta
from burn_tui.core.failure import Failure
from burn_tui.core.money import FREE
from burn_tui.core.routing import Route
from burn_tui.engine.admission import Caller
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import Settings
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Answer, Refuse, Script, Stall, always, rate_limited
from burn_tui.simulator.server import SimulatedProvider

PRIMARY, BACKUP = Target("primary", "m"), Target("backup", "m")
WORDS = "Rivers carry silt from the hills to the delta, year after year."
REQUEST = ChatRequest(messages=(said("user", "Why do rivers meander?"),))
CALLER = Caller(environment=DEVELOPMENT)


async def fallback_s(runtime: Runtime, _primary: SimulatedProvider) -> float:
    """From the refusal in our hands to the next provider being called."""
    failed = 0.0
    async with aclosing(runtime.router.send(REQUEST, CALLER)) as events:
        async for event in events:
            if isinstance(event, AttemptFailed):
                failed = perf_counter()
            elif isinstance(event, AttemptStarted) and failed:
                return perf_counter() - failed
    raise RuntimeError("nobody fell back")


async def stumble_s(runtime: Runtime, _primary: SimulatedProvider) -> float:
    """From the first failure in our hands to the backup being called, the quick retry included."""
    failed = 0.0
    async with aclosing(runtime.router.send(REQUEST, CALLER)) as events:
        async for event in events:
            if isinstance(event, AttemptFailed):
                failed = failed or perf_counter()
            elif isinstance(event, AttemptStarted) and event.target == BACKUP:
                return perf_counter() - failed
    raise RuntimeError("nobody fell back")


async def leaving_s(runtime: Runtime, primary: SimulatedProvider) -> float:
    """From closing the iterator to the provider knowing."""
    primary.was_left.clear()
    async with aclosing(runtime.router.send(REQUEST, CALLER)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
        start = perf_counter()
        noticed = asyncio.get_running_loop().run_in_executor(None, primary.was_left.wait, 10.0)
    if not await noticed:
        raise RuntimeError("the provider never knew")
    return perf_counter() - start


Measure = Callable[[Runtime, SimulatedProvider], Awaitable[float]]

CASES: dict[str, tuple[Script, Measure, float]] = {
    "fallback after a 429": (always(rate_limited()), fallback_s, 0.05),
    "500, a quick retry, fallback": (always(Refuse(Failure("transient", "no", 500))), stumble_s, 1.0),
    "closed upstream after leaving": (always(Answer(text=WORDS, faults={3: Stall(30.0)})), leaving_s, 0.1),
}


async def measured(script: Script, measure: Measure, rounds: int) -> list[float]:
    """Every round with nobody at rest."""
    primary = SimulatedProvider("primary", "openai-chat", script)
    backup = SimulatedProvider("backup", "openai-chat", always(Answer(text=WORDS)))
    with Host([primary, backup]) as host, tempfile.TemporaryDirectory() as directory:
        providers = {
            one.name: Provider(
                name=one.name, dialect=one.dialect, base_url=host.base_url(one.name), models=(Model("m"),)
            )
            for one in (primary, backup)
        }
        settings = Settings(
            origin="a benchmark",
            catalog=Catalog(providers),
            keys={},
            prices={PRIMARY: FREE, BACKUP: FREE},
            routes={"default": Route("default", (PRIMARY, BACKUP))},
        )
        runtime = await Runtime.open(settings, data_dir=Path(directory), environ={})
        seconds = []
        for _ in range(rounds):
            runtime.router.health = runtime.router.health.without(runtime.router.health.breakers)
            seconds.append(await measure(runtime, primary))
        await runtime.close()
    return sorted(seconds)


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    for name, (script, measure, wanted_s) in CASES.items():
        seconds = asyncio.run(measured(script, measure, rounds))
        print(
            f"{name:<30} median {statistics.median(seconds) * 1e3:7.2f} ms  longest {seconds[-1] * 1e3:7.2f} ms  "
            f"(wanted under {wanted_s * 1e3:.0f} ms)"
        )


if __name__ == "__main__":
    main()
