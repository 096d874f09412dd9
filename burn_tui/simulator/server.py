"""One simulated provider: an ASGI application that follows a script and keeps its own books."""

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from threading import Event as Gate

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import UsageSeen, WireEvent
from burn_tui.core.failure import Failure
from burn_tui.providers import DIALECTS
from burn_tui.providers.dialect import Encoder
from burn_tui.simulator.script import (
    Action,
    Answer,
    Break,
    Cut,
    End,
    Fault,
    Garble,
    Hang,
    HangUp,
    Held,
    Raw,
    Refuse,
    Reset,
    Script,
    Stall,
)
from burn_tui.simulator.signing import signed
from burn_tui.simulator.strictness import refusal

_LOOK_S = 0.002
"""Between two looks at a gate, which another thread opens."""


class Seen(Struct, frozen=True):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    """Lower-case names."""
    request: ChatRequest


class ConnectionCutError(Exception):
    """Raised in mid-answer so that the server drops the connection, as a crashing provider does."""


class SimulatedProvider:
    """Speaks one dialect. `seen` lists every request it ever got."""

    def __init__(
        self, name: str, dialect: str, script: Script, *, models: tuple[str, ...] = (), strict: bool = True
    ) -> None:
        self.name = name
        self.dialect = dialect
        self.models = models
        self.script = script
        self.strict = strict
        """True = what the real API refuses is refused here in the same way, and no script is asked."""
        self.seen: list[Seen] = []
        self.refusals: list[str] = []
        """Why requests were turned away that the script was never asked about."""
        self.was_left = Gate()
        """Set as soon as a client went away before it had its whole answer."""
        self._dialect = DIALECTS[dialect]
        self.app = Starlette(
            routes=[
                Route("/{path:path}", self._serve, methods=["POST"]),
                Route("/{path:path}", self._list, methods=["GET"]),
            ]
        )

    async def _list(self, http: Request) -> Response:
        """Its models, as the real server lists those that it holds in memory or offers."""
        if self.dialect == "ollama-chat" and http.url.path == "/api/ps":
            return JSONResponse({"models": [{"name": name, "model": name} for name in self.models]})
        if self.dialect.startswith("openai") and http.url.path.endswith("/models"):
            return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})
        return Response(status_code=404)

    async def _serve(self, http: Request) -> Response:
        path = http.url.path + (f"?{http.url.query}" if http.url.query else "")
        headers = dict(http.headers)
        body = await http.body()
        try:
            request = self._dialect.decode_request(path, headers, body)
            self._check(body, request)
        except ValueError as error:
            self.refusals.append(str(error))
            return self._refuse(Refuse(Failure("caller_fault", str(error), 400)))
        action = self.script(request, len(self.seen))
        self.seen.append(Seen(path, headers, request))
        return await self._act(action, request, http)

    def _check(self, body: bytes, request: ChatRequest) -> None:
        """ValueError with the sentence in which the real API would refuse this."""
        if not self.strict:
            return
        value = msgspec.json.decode(body)
        if (why := refusal(self.dialect, value, provider_name=self.name, model=request.model or "")) is not None:
            raise ValueError(why)

    async def _act(self, action: Action, request: ChatRequest, http: Request) -> Response:
        match action:
            case Refuse():
                return self._refuse(action)
            case Raw():
                return Response(action.body, action.status, action.headers, media_type=action.content_type)
            case Hang(seconds):
                await asyncio.sleep(seconds)
                return Response(status_code=504)
            case Reset() | HangUp():
                return _disconnected(http, is_reset=isinstance(action, Reset))
            case Held(gate, then):
                while not gate.is_set():  # noqa: ASYNC110 - another thread opens it
                    await asyncio.sleep(_LOOK_S)
                return await self._act(then, request, http)
            case Answer():
                media_type = self._dialect.content_type(streamed=request.stream)
                body = self._noticed(_cut_into_pieces(self._body(action, request), action.piece_bytes))
                return StreamingResponse(body, headers=dict(action.headers), media_type=media_type)

    def _refuse(self, refuse: Refuse) -> Response:
        refusal = self._dialect.encode_error(refuse.failure)
        return Response(refusal.body, refusal.status, {**refusal.headers, **refuse.headers})

    async def _noticed(self, body: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
        """`body`, with a note if the client does not stay for all of it."""
        try:
            async with aclosing(body):
                async for data in body:
                    yield data
        except (asyncio.CancelledError, GeneratorExit):
            self.was_left.set()
            raise

    async def _body(self, answer: Answer, request: ChatRequest) -> AsyncGenerator[bytes]:
        encoder = self._dialect.encoder(
            streamed=request.stream,
            response_model=answer.response_model or request.model or "",
            response_id=f"sim-{len(self.seen)}",
            created=0,
        )
        await asyncio.sleep(answer.first_chunk_s)
        for sent, event in enumerate(signed(answer.events(request), self.name)):
            match fault := answer.faults.get(sent):
                case End():
                    return
                case Break(failure):
                    yield encoder.encode(failure) + encoder.finish()
                    return
                case _ if fault is not None:
                    yield await self._suffered(fault)
            if data := self._said(event, encoder, request):
                yield data
                await asyncio.sleep(answer.chunk_s)
        yield encoder.finish()

    async def _suffered(self, fault: Fault) -> bytes:
        """The bytes that a fault adds, after its time; ConnectionCutError if nothing comes any more."""
        match fault:
            case Stall(seconds):
                await asyncio.sleep(seconds)
                return b""
            case Garble(data):
                return data
            case Cut() | Break() | End():
                raise ConnectionCutError(self.name)

    def _said(self, event: WireEvent, encoder: Encoder, request: ChatRequest) -> bytes:
        if isinstance(event, UsageSeen) and request.stream and not request.stream_usage:
            return b""
        return encoder.encode(event)


async def _cut_into_pieces(body: AsyncGenerator[bytes], piece_bytes: int | None) -> AsyncGenerator[bytes]:
    """The same bytes, cut anew."""
    pending = b""
    async with aclosing(body):
        async for data in body:
            if piece_bytes is None:
                yield data
                continue
            pending += data
            while len(pending) >= piece_bytes:
                yield pending[:piece_bytes]
                pending = pending[piece_bytes:]
    if pending:
        yield pending


def _disconnected(http: Request, *, is_reset: bool) -> Response:
    """Ends the connection under the server, which then has nobody left to answer."""
    transport: asyncio.Transport = http.scope["transport"]
    if is_reset:
        # Closing with a linger time of zero throws away what is unsent and resets the connection.
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    return Response()
