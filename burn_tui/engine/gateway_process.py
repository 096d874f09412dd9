"""What a dashboard starts and ends a gateway by, and the usual one: as a process of its own, so that neither dies with
the other.

start ── there is one already ──────────────> it is used
  └──── a child in a session of its own ────> writes gateway.log; its note on the board says that it serves
"""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from burn_tui.core.errors import BurnError
from burn_tui.engine.notice_board import NoticeBoard, Running
from burn_tui.engine.ownership import process_number

START_S = 30.0
"""A slow machine may take so long until it serves."""

_LOOK_S = 0.05


class GatewayError(BurnError):
    """The gateway did not start, or cannot be ended from here."""

    def __init__(self, problem: str, *, mend: str) -> None:
        super().__init__(f"{problem} {mend}")


class GatewaySwitch(Protocol):
    """A gateway that can be started and ended."""

    @property
    def outlives(self) -> bool:
        """Whether it goes on when the dashboard ends."""
        ...

    @property
    def secret(self) -> str | None:
        """A token that may be shown to everybody, since nobody pays for what is asked with it; None = there is none."""
        ...

    def running(self) -> Running | None:
        """The one that serves now; None = none does."""
        ...

    def is_own(self, running: Running) -> bool:
        """Whether this dashboard has started it."""
        ...

    def tokens(self) -> int:
        """How many tokens there are."""
        ...

    async def start(self) -> Running:
        """Start one unless one serves already; the one that serves then. GatewayError says why there is none."""
        ...

    async def stop(self) -> None:
        """Have it finish what is under way and end. GatewayError if that cannot be said to it from here."""
        ...

    async def close(self) -> None:
        """The dashboard ends."""
        ...


class GatewayProcess:
    """The one of a data directory, whoever started it. A GatewaySwitch."""

    outlives = True
    secret = None

    def __init__(self, command: Sequence[str], data_dir: Path) -> None:
        """`command`: what runs it."""
        self._command = tuple(command)
        self._data_dir = data_dir
        self._board = NoticeBoard(data_dir)
        self._child: Process | None = None

    @property
    def log(self) -> Path:
        """Where the one that was started from here says what it has to say."""
        return self._data_dir / "gateway.log"

    def running(self) -> Running | None:
        """The one that serves now; None = none does."""
        return self._board.running()

    def is_own(self, running: Running) -> bool:
        """Whether this dashboard has started it."""
        return self._child is not None and process_number(running.owner) == self._child.pid

    def tokens(self) -> int:
        """How many tokens there are."""
        return len(list((self._data_dir / "tokens").glob("*.json")))

    async def start(self) -> Running:
        """Start one unless one serves already; the one that serves then. GatewayError says why there is none."""
        if (running := self.running()) is not None:
            return running
        self._child = child = await self._started()
        try:
            async with asyncio.timeout(START_S):
                while (running := self.running()) is None:
                    if child.returncode is not None:
                        raise GatewayError("The gateway did not start.", mend=self._last_words())
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            child.terminate()
            problem = f"The gateway did not serve within {START_S:.0f} s."
            raise GatewayError(problem, mend=f"See {self.log}.") from None
        return running

    async def stop(self) -> None:
        """Have it finish what is under way and end. GatewayError if that cannot be said to it from here."""
        if (running := self.running()) is None:
            return
        number = process_number(running.owner)
        try:
            if number is None:
                raise GatewayError(f"The gateway on {running.url} runs on another machine.", mend="End it there.")
            os.kill(number, signal.SIGTERM)
        except ProcessLookupError:
            return
        except PermissionError as error:
            problem = f"The gateway on {running.url} is another user's."
            raise GatewayError(problem, mend="Only that user can end it.") from error

    async def close(self) -> None:
        """It goes on."""

    async def _started(self) -> Process:
        try:
            with self._fresh_log() as log:
                # In a session of its own neither ctrl+c nor a closed terminal reaches it.
                return await asyncio.create_subprocess_exec(
                    *self._command, stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
        except OSError as error:
            problem = f"The gateway could not be started: {error.strerror}."
            raise GatewayError(problem, mend=f"Check {self.log}.") from error

    def _fresh_log(self) -> BinaryIO:
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    def _last_words(self) -> str:
        try:
            said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            said = []
        return said[-1].removeprefix("burn-tui: ") if said else f"It said nothing. See {self.log}."
