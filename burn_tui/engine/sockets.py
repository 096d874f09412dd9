"""Bytes to and from servers straight from asyncio's transports, for the pools of httpcore.

Left to itself httpcore goes by way of anyio, which for every piece asks which event loop it is in and turns it round
once more, and takes the socket out of the loop between two reads: an eighth of a millisecond a request.
"""

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpcore

from burn_tui.engine.network import has_connected

FAMILY_DELAY_S = 0.25
"""Before an address of the other family is tried as well (RFC 8305)."""

MOST_UNREAD_BYTES = 256 * 1024
"""From here on the server has to wait until somebody reads."""


class Sockets(httpcore.AsyncNetworkBackend):
    """Opens connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - we ask for none
    ) -> httpcore.AsyncNetworkStream:
        """A connection; `timeout` in seconds, None = for ever."""
        has_connected.set(True)
        local = None if local_address is None else (local_address, 0)
        loop = asyncio.get_running_loop()
        connecting = loop.create_task(
            loop.create_connection(Stream, host, port, local_addr=local, happy_eyeballs_delay=FAMILY_DELAY_S)
        )
        with _failing_to_connect():
            try:
                async with asyncio.timeout(timeout):
                    _, stream = await asyncio.shield(connecting)
            except BaseException:
                # Not cancelled: asyncio forgets to close a connection that stands at the very moment in which the race
                # of two addresses is called off. It is closed once it stands.
                connecting.add_done_callback(_drop)
                raise
        return stream

    async def sleep(self, seconds: float) -> None:
        """Before a connection is tried once more."""
        await asyncio.sleep(seconds)


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection: what asyncio hears of it is kept until httpcore reads."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._unread = bytearray()
        self._is_over = False
        """True = nothing more comes."""
        self._error: Exception | None = None
        """Why not, unless the server is simply done."""
        self._reader: asyncio.Future[None] | None = None
        """Waits for more."""
        self._has_room = asyncio.Event()
        """Set unless the system takes no more bytes for now."""
        self._has_room.set()

    # --- asyncio's side ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """More has come."""
        self._unread += data
        if len(self._unread) > MOST_UNREAD_BYTES:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The server is done."""
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """It stands no more."""
        self._is_over, self._error = True, exc
        self._has_room.set()
        self._wake()

    def pause_writing(self) -> None:
        """The system takes no more bytes for now."""
        self._has_room.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._has_room.set()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # --- httpcore's side -----------------------------------------------------------------------------

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """What has come, as soon as anything has; b"" at the end."""
        if not self._unread and not self._is_over:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await (self._reader if timeout is None else asyncio.wait_for(self._reader, timeout))
            except TimeoutError as error:
                raise httpcore.ReadTimeout(str(error)) from error
        if not self._unread and self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        if not self._transport.is_reading() and not self._transport.is_closing():
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Hand `buffer` over to the system; if it has no room, wait for that."""
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection is closed")
        self._transport.write(buffer)
        if self._has_room.is_set():
            return
        try:
            async with asyncio.timeout(timeout):
                await self._has_room.wait()
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error

    async def aclose(self) -> None:
        """At once: whoever closes has either had everything or wants no more."""
        self._transport.abort()
        # asyncio gives the socket back in its next turn, which might be none if this was the last thing to do.
        await asyncio.sleep(0)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """The same connection, from now on encrypted."""
        loop = asyncio.get_running_loop()
        try:
            with _failing_to_connect():
                async with asyncio.timeout(timeout):
                    encrypted = await loop.start_tls(
                        self._transport, self, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            await self.aclose()
            raise
        self._transport = cast("asyncio.Transport", encrypted)
        return self

    def get_extra_info(self, info: str) -> Any:
        """By httpcore's names."""
        if info == "is_readable":  # of an idle connection: then the server has closed it, or says something unasked
            return bool(self._unread) or self._is_over or self._transport.is_closing()
        name = {"client_addr": "sockname", "server_addr": "peername"}.get(info, info)
        return self._transport.get_extra_info(name)


def _drop(connecting: "asyncio.Task[tuple[asyncio.Transport, Stream]]") -> None:
    """Nobody waits for this connection any more."""
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result()[0].abort()


@contextmanager
def _failing_to_connect() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
