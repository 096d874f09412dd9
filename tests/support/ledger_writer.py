"""Writes attempts into a ledger until it is killed, and announces each on stdout once it is on disk.

Run by path, with the ledger's file, a name for its attempts and, for one that is to die by its own hand, the number of
the database statement that it does not live to run.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.engine.ledger import Ledger

NOW = 1_772_460_000.0
COST_NANOUSD = 5


def _attempt(event_id: str, number: int) -> AttemptOpened:
    return AttemptOpened(
        event_id=event_id,
        request_id=event_id,
        attempt=1,
        started_at=NOW + 30 * number,
        provider_name="openai",
        request_model="gpt-5-mini",
        input_tokens_estimate=40,
        cost_estimate_nanousd=COST_NANOUSD,
    )


def _record(attempt: AttemptOpened) -> UsageRecord:
    return UsageRecord(
        opened=attempt,
        duration_s=2.0,
        time_to_first_chunk_s=0.5,
        usage=Usage(input_tokens=40, output_tokens=10),
        cost_nanousd=COST_NANOUSD,
        cost_source="price",
        finish_reason="stop",
        http_status=200,
    )


def _announce(what: str, event_id: str = "") -> None:
    sys.stdout.write(f"{what} {event_id}\n")
    sys.stdout.flush()


async def _write(file: Path, name: str) -> None:
    _announce("starting")
    ledger = await Ledger.open(file, now=NOW)
    for number in count():
        attempt = _attempt(f"{name}-{number}", number)
        await ledger.reserve(attempt, ())
        _announce("open", attempt.event_id)
        if number % 4 == 3:
            continue  # a call that is still in flight when the end comes
        await ledger.settle(_record(attempt))
        _announce("settled", attempt.event_id)
        if number % 5 == 4:
            imported = [_record(_attempt(f"{name}-{number}-{row}", number)) for row in range(10)]
            await ledger.record(imported)
            for record in imported:
                _announce("settled", record.opened.event_id)


def _die_at(statement: int) -> None:
    """See to it that this process is killed right before it runs that statement, counted over all connections."""
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    numbers = count(1)

    def count_down(_: str) -> None:
        if next(numbers) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(count_down)
        return connection

    sqlite3.connect = watched  # type: ignore[assignment]


if __name__ == "__main__":
    if len(sys.argv) > 3:
        _die_at(int(sys.argv[3]))
    asyncio.run(_write(Path(sys.argv[1]), sys.argv[2]))
