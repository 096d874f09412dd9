"""uvicorn, told to stay quiet, to drain on SIGTERM, and to wait for nobody who never says what he wants.

SIGTERM or ctrl+c: no new connection is taken, answers under way are finished, for DRAIN_S at most. A second one ends
them. What is cut then is settled in the ledger as cancelled.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Generator
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from burn_tui.core.errors import WrongCallError

DRAIN_S = 600
"""As long as the longest answer may take."""

_FIRST_REQUEST_S = 30.0
"""In which a new connection must have sent the head of a request."""

_WAITING_CONNECTIONS = 2048

LOOPBACK = "127.0.0.1"


class Server(uvicorn.Server):
    """Serves `app` on `sock`, which listens already. `takes_signals`: it ends by them."""

    def __init__(
        self,
        app: ASGIApp,
        sock: socket.socket,
        *,
        certificate: str | None = None,
        key: str | None = None,
        takes_signals: bool = True,
    ) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        config = uvicorn.Config(
            cast("Any", app),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_S,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        super().__init__(config)
        self.has_started = asyncio.Event()
        self._sock = sock
        self._signals = (signal.SIGTERM, signal.SIGINT) if takes_signals else ()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn has it, with a word when connections are accepted."""
        await super().startup(sockets)
        self.has_started.set()

    async def run_until_told(self) -> None:
        """Serve until SIGTERM, SIGINT or `should_exit`, and then to the end of what is under way."""
        loop = asyncio.get_running_loop()
        for one in self._signals:
            loop.add_signal_handler(one, self._told)
        try:
            await self.serve([self._sock])
        finally:
            for one in self._signals:
                loop.remove_signal_handler(one)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Nothing: uvicorn would end the process by the signal itself, before the ledger is closed."""
        yield

    def _told(self) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


class _Protocol(H11Protocol):
    """h11 refuses what two readers could take for different requests, and a connection that says nothing is ended."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As the server does it."""
        super().connection_made(transport)
        self.loop.call_later(_FIRST_REQUEST_S, self._end_if_silent)

    def _end_if_silent(self) -> None:
        has_asked: object = self.cycle
        if has_asked is None and not self.transport.is_closing():
            self.transport.close()


def listening(host: str, port: int) -> socket.socket:
    """A socket that will listen there; WrongCallError where that is not possible. Port 0 = any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small pieces at once only through what is known for TCP; without it each may wait for 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_WAITING_CONNECTIONS)
    except OSError as error:
        sock.close()
        mend = "Name another with --port, or end what listens there."
        raise WrongCallError(f"Port {port} of {host} cannot be used: {error.strerror}.", mend=mend) from error
    return sock


def port_of(sock: socket.socket) -> int:
    """The port that it was given."""
    return int(sock.getsockname()[1])
