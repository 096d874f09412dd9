"""Starts processes that write attempts into a ledger until they are killed, and kills them: a program, run by path.

Each announces its attempts once they are on disk. They are forked from one that has everything loaded, since a kill
takes a millisecond and a start of Python a hundred. What it is told comes on its standard input, a socket, a line each:

    start FILE NAME DIES_AT    with a pipe for what the writer says; DIES_AT: the number of the database statement that
                               it does not live to run, 0 = it lives until it is killed. Answered by its process number.
    kill NUMBER AFTER_S        so long after the line was read. Answered when it is dead and buried.
    bury NUMBER                the same for one that dies by its own hand.
"""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import time
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


def _forked(mouth: int, file: Path, name: str, dies_at: int) -> int:
    """The number of a new process that writes; what it says, complaints too, goes into the pipe `mouth`."""
    number = os.fork()
    if number:
        return number
    try:
        os.dup2(mouth, 1)
        os.dup2(mouth, 2)
        os.close(mouth)
        if dies_at:
            _die_at(dies_at)
        asyncio.run(_write(file, name))
    finally:
        os._exit(1)


def _killed(number: int, after_s: float) -> None:
    # No wait for anything: where in its work the writer is hit is left to chance.
    time.sleep(after_s)
    os.kill(number, signal.SIGKILL)


def _serve(master: socket.socket) -> None:
    while True:
        line, pipes, _, _ = socket.recv_fds(master, 4096, 1)
        match line.decode().rstrip("\n").split("\t"):
            case ["start", file, name, dies_at]:
                number = _forked(pipes[0], Path(file), name, int(dies_at))
                os.close(pipes[0])
            case ["kill", words, after_s]:
                number = int(words)
                _killed(number, float(after_s))
                os.waitpid(number, 0)
            case ["bury", words]:
                number = int(words)
                os.waitpid(number, 0)
            case _:
                return  # the test has gone
        master.sendall(f"{number}\n".encode())


if __name__ == "__main__":
    _serve(socket.socket(fileno=os.dup(0)))
