"""`burn-tui run -- CMD`: any command, with its questions to models routed, metered and labelled as one session."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePath
from typing import TextIO

from msgspec import Struct

from burn_tui.core.money import NANOUSD
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.notice_board import NoticeBoard
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.transport import Transport
from burn_tui.gateway.app import Gateway
from burn_tui.gateway.client_variables import arguments, variables
from burn_tui.gateway.command import check_environment
from burn_tui.gateway.server import LOOPBACK, Server, listening, port_of
from burn_tui.gateway.tokens import TokenBook

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes of shells for a command that does not start."""

_KILLED = 128
"""And for one that a signal ended: this and the signal's number."""

_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2")

_HEALTH_S = 1.0
_ALL_OF_THEM = 1_000_000


class Errand(Struct, frozen=True, kw_only=True):
    """What is to be run, and as whom."""

    command: Sequence[str]
    environment: str | None
    session: str | None
    """None = named after the command."""
    has_agreed: bool
    """To paid calls where the environment asks first."""


async def run(
    errand: Errand,
    boot: Callable[[], Awaitable[Runtime]],
    *,
    data_dir: Path,
    environ: Mapping[str, str],
    narration: TextIO,
) -> int:
    """Run the command to its end; its exit code. BurnError for an environment that does not exist."""
    runtime = await boot()
    try:
        check_environment(runtime.settings, errand.environment)
        await runtime.discover()
        began = runtime.clock.now()
        tokens = TokenBook(data_dir / "tokens")
        name = PurePath(errand.command[0]).stem
        session = errand.session or f"{name}-{runtime.clock.new_id()[-4:]}"
        environment = errand.environment or runtime.environment(None).name
        token, secret = tokens.make(session, environment, now=began, session=session, has_agreed=errand.has_agreed)
        try:
            async with _gateway(runtime, tokens, NoticeBoard(data_dir)) as url:
                surroundings = variables(errand.command, environ, url=url, secret=secret)
                code = await _to_its_end(arguments(errand.command, url=url), surroundings, narration)
        finally:
            tokens.revoke(token.id)
        records = await runtime.ledger.records(since=began, limit=_ALL_OF_THEM)
        mine = [record for record in records if record.opened.session_id == session]
        spent_s = runtime.clock.now() - began
        print(f"burn-tui: {session} ({environment}): {burnt(mine)} in {spent_s:.0f} s", file=narration)
    finally:
        await runtime.close()
    return code


@asynccontextmanager
async def _gateway(runtime: Runtime, tokens: TokenBook, board: NoticeBoard) -> AsyncGenerator[str]:
    """The address of the gateway that runs already, or of one that runs as long as it is needed."""
    if runtime.label is None and (url := await _running(board)) is not None:
        yield url
        return
    sock = listening(LOOPBACK, 0)
    server = Server(Gateway(runtime, tokens), sock, takes_signals=False)
    serving = asyncio.create_task(server.run_until_told())
    await server.has_started.wait()
    try:
        yield f"http://{LOOPBACK}:{port_of(sock)}"
    finally:
        server.should_exit = server.force_exit = True
        await serving


async def _running(board: NoticeBoard) -> str | None:
    note = board.running()
    if note is None:
        return None
    transport = Transport()
    try:
        is_well = await transport.get(f"{note.url}/healthz", timeout_s=_HEALTH_S) is not None
    finally:
        await transport.aclose()
    return note.url if is_well else None


async def _to_its_end(command: list[str], environ: Mapping[str, str], narration: TextIO) -> int:
    try:
        child = await asyncio.create_subprocess_exec(*command, env=environ)
    except OSError as error:
        print(f"burn-tui: {command[0]}: {error.strerror}", file=narration)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    with _signals_for(child):
        code = await child.wait()
    return code if code >= 0 else _KILLED - code


@contextlib.contextmanager
def _signals_for(child: asyncio.subprocess.Process) -> Generator[None]:
    """Whatever is sent to us is for the command."""
    loop = asyncio.get_running_loop()

    def pass_on(number: signal.Signals) -> None:
        # ctrl+c and ctrl+\ at a terminal reach the command by themselves.
        if not (number in {signal.SIGINT, signal.SIGQUIT} and _is_in_foreground()):
            with suppress(ProcessLookupError):
                child.send_signal(number)

    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    for number in numbers:
        loop.add_signal_handler(number, pass_on, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _is_in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno()) == os.getpgrp() if sys.__stdin__ else False
    except (OSError, ValueError):
        return False


def burnt(records: Sequence[UsageRecord]) -> str:
    """What attempts came to, in one line without its end."""
    requests = len({record.opened.request_id for record in records})
    tokens = sum((one.usage.input_tokens or 0) + (one.usage.output_tokens or 0) for one in records)
    known = [record.cost_nanousd for record in records if record.cost_nanousd is not None]
    money = f"${sum(known) / NANOUSD:.4f}"
    if len(known) < len(records):
        money = f"at least {money}, {len(records) - len(known)} of unknown price"
    failed = sum(record.error_type is not None for record in records)
    fallen = sum(record.opened.fell_back_from is not None for record in records)
    troubles = [f"{fallen} fell back"] * bool(fallen) + [f"{failed} failed"] * bool(failed)
    aside = f" ({', '.join(troubles)})" if troubles else ""
    return f"{requests} request{'' if requests == 1 else 's'}{aside}, {tokens:,} tokens, {money}"
