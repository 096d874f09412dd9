"""A machine that writes attempts and sends them to its team until its standard input ends; then it sends the rest.

Run by path, with the ledger's file, the server's URL and a name for its attempts. At last it prints how many attempts
it has written.
"""

import asyncio
import os
import sys
import threading
from pathlib import Path

from burn_tui.core.errors import TeamError
from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings_schema import TeamSettings
from burn_tui.engine.team import sharing as engine

NOW = 1_772_460_000.0
A_TIME = 10
"""Attempts between two pushes."""


def _records(name: str, first: int) -> list[UsageRecord]:
    return [
        UsageRecord(
            opened=AttemptOpened(
                event_id=f"{name}-{number}",
                request_id=name,
                attempt=1,
                started_at=NOW + number,
                provider_name="openai",
                request_model="gpt-5-mini",
                session_id=name,
            ),
            duration_s=1.0,
            usage=Usage(input_tokens=40, output_tokens=10),
            cost_nanousd=5,
            cost_source="price",
        )
        for number in range(first, first + A_TIME)
    ]


async def _work(file: Path, url: str, name: str, ended: threading.Event) -> None:
    ledger = await Ledger.open(file, now=NOW)
    settings = TeamSettings(url="${URL}", member=name)
    team = engine.Team(settings, ledger=ledger, environ={"URL": url}, clock=Clock())
    written = 0
    while not ended.is_set():
        await ledger.record(_records(name, written))
        written += A_TIME
        await _sync(team)
    while not await _sync(team):
        pass
    sys.stdout.write(f"{written}\n")
    await team.close()
    await ledger.close()


async def _sync(team: engine.Team) -> bool:
    """Whether the server could be asked."""
    try:
        await team.sync()
    except TeamError:
        await asyncio.sleep(0.01)
        return False
    return True


if __name__ == "__main__":
    engine.AWAY_S = 0.02
    stop = threading.Event()

    def watch() -> None:
        """Until standard input ends."""
        os.read(0, 1)
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    asyncio.run(_work(Path(sys.argv[1]), sys.argv[2], sys.argv[3], stop))
