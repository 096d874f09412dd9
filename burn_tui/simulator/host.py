"""Runs simulated providers on ports of the loopback interface, in a thread of their own."""

import asyncio
import logging
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from burn_tui.simulator.server import SimulatedProvider

_STARTUP_LIMIT_S = 20.0

_PATH_OF_BASE_URL = {"openai-chat": "/v1", "openai-responses": "/v1"}
"""What a base URL ends in where the provider's own SDK wants it so."""


class Host:
    """A context manager: inside it the providers answer."""

    def __init__(self, providers: Sequence[SimulatedProvider]) -> None:
        self._providers = providers
        self._sockets = [_loopback_socket() for _ in providers]
        self._servers = [_server(provider) for provider in providers]
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    def base_url(self, name: str) -> str:
        """The provider's base URL, as settings take it."""
        position = [provider.name for provider in self._providers].index(name)
        port = self._sockets[position].getsockname()[1]
        return f"http://127.0.0.1:{port}" + _PATH_OF_BASE_URL.get(self._providers[position].dialect, "")

    def start(self) -> None:
        """Serve from now on; returns when every provider accepts connections."""
        self._thread.start()
        if not all(server.has_started.wait(_STARTUP_LIMIT_S) for server in self._servers):
            raise TimeoutError("the simulated providers did not start")

    def stop(self) -> None:
        """Stop serving and wait until it is so."""
        for server in self._servers:
            server.should_exit = server.force_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self._serve_all())

    async def _serve_all(self) -> None:
        pairs = zip(self._servers, self._sockets, strict=True)
        await asyncio.gather(*(server.serve([sock]) for server, sock in pairs))


class _Protocol(H11Protocol):
    """Hands the connection itself on to the application, which may want to break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As the server does it."""
        super().connection_made(transport)
        serve = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            await serve(cast("Any", {**scope, "transport": transport}), cast("Any", receive), cast("Any", send))

        self.app = cast("Any", with_transport)


class _Server(uvicorn.Server):
    """A server that says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()


def _loopback_socket() -> socket.socket:
    # Bound here and not by the server, so that the port is known before anything runs.
    # And known for TCP, or asyncio leaves Nagle's algorithm on, which holds small pieces back for 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    return sock


def _server(provider: SimulatedProvider) -> _Server:
    # A cut connection is an exception to uvicorn and the point of the exercise to us.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
    config = uvicorn.Config(
        provider.app, log_config=None, access_log=False, lifespan="off", http=_Protocol, ws="none", loop="asyncio"
    )
    return _Server(config)
