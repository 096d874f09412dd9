"""One HTTP request and its answer, on the bare ASGI interface: that a client goes away is noticed at once."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress

from starlette.types import Receive, Scope, Send

BODY_PIECE_S = 30.0
"""A body of which nothing more comes for so long is given up."""


READ_S = 300.0
"""A client that takes nothing of its answer for so long is given up."""

_FORGOTTEN_S, _FORGOTTEN_BYTES = 5.0, 256_000_000
"""What a refused client may go on sending."""


class BodyTooLargeError(Exception):
    """The body is over the limit."""


class BodyLateError(Exception):
    """The rest of the body does not come."""


class ClientGoneError(Exception):
    """Nobody is there any more to be answered."""


class Exchange:
    """A request; `start` and `write` answer it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.has_started = False
        self.is_answered = False
        """Whether the last piece of the answer was sent."""
        self._receive = receive
        self._send = send

    @property
    def target(self) -> str:
        """The path as it is written behind the address."""
        return f"{self.path}?{self.query}" if self.query else self.path

    async def body(self, limit_bytes: int) -> bytes:
        """The whole body. BodyTooLargeError, BodyLateError or ClientGoneError."""
        stated = self.headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:18]) > limit_bytes:
            raise BodyTooLargeError
        pieces: list[bytes] = []
        received = 0
        while True:
            try:
                async with asyncio.timeout(BODY_PIECE_S):
                    message = await self._receive()
            except TimeoutError as late:
                raise BodyLateError from late
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            piece = message.get("body", b"")
            received += len(piece)
            if received > limit_bytes:
                raise BodyTooLargeError
            pieces.append(piece)
            if not message.get("more_body", False):
                return b"".join(pieces)

    async def let_finish(self) -> None:
        """Read on for a while and forget it: a connection that is closed on a client that is still sending takes the
        answer with it.
        """
        left_bytes = _FORGOTTEN_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(_FORGOTTEN_S):
                while left_bytes > 0:
                    message = await self._receive()
                    left_bytes -= len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status line and the headers."""
        self.has_started = True
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def write(self, data: bytes, *, is_last: bool = False) -> None:
        """Send a piece of the body; returns when the client has taken so much that the next one may follow.

        ClientGoneError if it takes nothing for READ_S: a reservation and a provider's connection wait with it.
        """
        self.is_answered |= is_last
        try:
            async with asyncio.timeout(READ_S):
                await self._send({"type": "http.response.body", "body": data, "more_body": not is_last})
        except TimeoutError as late:
            raise ClientGoneError from late

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send everything."""
        # What a HEAD gets has the length of what a GET would: the server leaves the body away.
        await self.start(status, {**headers, "content-length": str(len(body))})
        await self.write(body, is_last=True)

    async def while_there(self, work: Coroutine[None, None, None]) -> None:
        """Do `work`, and stop it as soon as the client goes away. For use once the body was read.

        A client that has its whole answer may go: what is still to be noted of it is noted.
        """
        doing = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(self._left())
        try:
            await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not doing.done() and not self.is_answered:
                doing.cancel()
            with suppress(asyncio.CancelledError):
                await doing

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
