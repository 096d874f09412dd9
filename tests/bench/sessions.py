"""Fifty sessions of two hundred messages: what going from one to another costs, and what each takes of the memory.

    python tests/bench/sessions.py

Prints the CPU of a switch, from the key to the last repaint it caused, and the memory of a session beyond its text,
after every session has been on screen. Wanted: at most 50 ms and at most 0.3 MiB.
"""

import asyncio
import gc
import random
import statistics
import sys
import tracemalloc
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.transcript_stream import PASSAGE
from support.dashboard import Dashboard, dashboard
from support.scripted import NOW, SONNET, ScriptedRuntime, quiet_day, settled

from burn_tui.core.chat import said
from burn_tui.core.transcript import Answer, Asked, Entry
from burn_tui.engine.session import Session

SESSIONS = 50
QUESTIONS = 100
SWITCHES = 60
FEW = 5
"""Sessions of the run that is subtracted: more than are kept drawn."""

SIZE = (120, 40)
MIB = 1024 * 1024


def conversation(chance: random.Random) -> list[Entry]:
    """A hundred questions, each with an answer of one to three passages of Markdown."""
    entries: list[Entry] = []
    for number in range(QUESTIONS):
        entries.append(Asked(f"question {number}: " + "why does it never end? " * chance.randint(1, 6), NOW))
        text = "".join(PASSAGE.format(n=chance.randint(2, 9)) for _ in range(chance.randint(1, 3)))
        entries.append(Answer(SONNET, NOW, text, state="done", record=settled(SONNET)))
    return entries


class FullRuntime(ScriptedRuntime):
    """Begins with that many sessions."""

    def __init__(self, sessions: int) -> None:
        super().__init__(burn=quiet_day())
        self._sessions = sessions

    def opening_sessions(self) -> list[Session]:
        chance = random.Random(7)
        sessions = [self.session(f"session-{number}", "staging") for number in range(self._sessions)]
        for session in sessions:
            session.transcript.entries = conversation(chance)
            session.messages = tuple(
                said("user" if isinstance(entry, Asked) else "assistant", entry.text)
                for entry in session.transcript.entries
            )
        return sessions


def text_bytes(sessions: list[Session]) -> int:
    """What the texts alone take; the messages share theirs with the transcript."""
    return sum(sys.getsizeof(entry.text) for session in sessions for entry in session.transcript.entries)


async def quiet(running: Dashboard) -> None:
    """Until nothing is drawn any more."""
    for _ in range(5):
        await running.pilot.pause(0.1)


async def switching(running: Dashboard) -> list[float]:
    """CPU of each of many switches, beyond what the dashboard uses in the same time when nobody touches it."""
    chance = random.Random(11)
    idle = process_time()
    await quiet(running)
    idle = process_time() - idle
    costs = []
    for _ in range(SWITCHES):
        start = process_time()
        running.main.action_go_to_tab(chance.randint(1, SESSIONS))
        await quiet(running)
        costs.append(process_time() - start - idle)
    return costs


async def memory(sessions: int) -> int:
    """Bytes in use beyond the texts, after each of so many sessions has been on screen."""
    runtime = FullRuntime(sessions)
    async with dashboard(runtime, size=SIZE) as running:
        for number in range(1, sessions + 1):
            running.main.action_go_to_tab(number)
            await quiet(running)
        gc.unfreeze()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - text_bytes(running.main.deck.sessions)


async def main() -> None:
    async with dashboard(FullRuntime(SESSIONS), size=SIZE) as running:
        costs = await switching(running)
    p95 = statistics.quantiles(costs, n=20)[-1]
    print(f"switch   cpu p50 {statistics.median(costs) * 1e3:5.1f} ms   p95 {p95 * 1e3:5.1f} ms   wanted at most 50 ms")
    tracemalloc.start()
    few = await memory(FEW)
    many = await memory(SESSIONS)
    each = (many - few) / (SESSIONS - FEW) / MIB
    print(f"session  beyond its text {each:5.3f} MiB   wanted at most 0.3 MiB")


if __name__ == "__main__":
    asyncio.run(main())
