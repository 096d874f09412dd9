"""The gateway inside a dashboard's own process: the demo's, whose simulated providers end with that process, too.

Whatever ends the dashboard, kill -9 as well, leaves nothing that still listens.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from burn_tui.engine.notice_board import Running
from burn_tui.engine.ownership import this_process
from burn_tui.gateway.tokens import TokenBook

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime
    from burn_tui.gateway.server import Server

_LABEL = "demo"


class GatewayWithin:
    """A GatewaySwitch (engine/gateway_process.py)."""

    outlives = False

    def __init__(self, runtime: "Runtime", data_dir: Path) -> None:
        self.secret: str | None = None
        self._runtime = runtime
        self._tokens = TokenBook(data_dir / "tokens")
        self._running: Running | None = None
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    def running(self) -> Running | None:
        """Where it serves; None = it does not."""
        is_serving = self._serving is not None and not self._serving.done()
        return self._running if is_serving else None

    def is_own(self, running: Running) -> bool:
        """Always: nobody else knows of it."""
        return running == self._running

    def tokens(self) -> int:
        """How many tokens there are."""
        return len(self._tokens.all())

    async def start(self) -> Running:
        """On a port that nobody uses: a real gateway may run beside it, and its clients must not end up here."""
        # The dashboard's first frame does not wait for a server that few ever start.
        from burn_tui.gateway.app import Gateway  # noqa: PLC0415
        from burn_tui.gateway.server import LOOPBACK, Server, listening, port_of  # noqa: PLC0415

        if (running := self.running()) is not None:
            return running
        if self.secret is None:
            _, self.secret = self._tokens.make(_LABEL, None, now=self._runtime.clock.now())
        sock = listening(LOOPBACK, 0)
        self._server = Server(Gateway(self._runtime, self._tokens), sock, takes_signals=False)
        self._serving = asyncio.create_task(self._server.run_until_told())
        await self._server.has_started.wait()
        self._running = Running(f"http://{LOOPBACK}:{port_of(sock)}", this_process())
        return self._running

    async def stop(self) -> None:
        """Have it finish what is under way and end."""
        if self._server is not None:
            self._server.should_exit = True

    async def close(self) -> None:
        """End it at once: the dashboard ends."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._serving
