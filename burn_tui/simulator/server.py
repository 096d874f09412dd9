"""One simulated provider: an ASGI application that follows a script and keeps its own books."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import UsageSeen
from burn_tui.core.failure import Failure
from burn_tui.providers import DIALECTS
from burn_tui.simulator.script import Action, Answer, Hang, Raw, Refuse, Script


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

    def __init__(self, name: str, dialect: str, script: Script, *, models: tuple[str, ...] = ()) -> None:
        self.name = name
        self.dialect = dialect
        self.models = models
        self.script = script
        self.seen: list[Seen] = []
        self._dialect = DIALECTS[dialect]
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["POST"])])

    async def _serve(self, http: Request) -> Response:
        path = http.url.path + (f"?{http.url.query}" if http.url.query else "")
        headers = dict(http.headers)
        try:
            request = self._dialect.decode_request(path, headers, await http.body())
        except ValueError as error:
            return self._refuse(Failure("caller_fault", str(error), 400))
        action = self.script(request, len(self.seen))
        self.seen.append(Seen(path, headers, request))
        return await self._act(action, request)

    async def _act(self, action: Action, request: ChatRequest) -> Response:
        match action:
            case Refuse(failure):
                return self._refuse(failure)
            case Raw():
                return Response(action.body, action.status, action.headers, media_type=action.content_type)
            case Hang(seconds):
                await asyncio.sleep(seconds)
                return Response(status_code=504)
            case Answer():
                media_type = self._dialect.content_type(streamed=request.stream)
                return StreamingResponse(self._body(action, request), media_type=media_type)

    def _refuse(self, failure: Failure) -> Response:
        refusal = self._dialect.encode_error(failure)
        return Response(refusal.body, refusal.status, dict(refusal.headers))

    async def _body(self, answer: Answer, request: ChatRequest) -> AsyncIterator[bytes]:
        encoder = self._dialect.encoder(
            streamed=request.stream,
            response_model=answer.response_model or request.model or "",
            response_id=f"sim-{len(self.seen)}",
            created=0,
        )
        await asyncio.sleep(answer.first_chunk_s)
        for sent, event in enumerate(answer.events(request)):
            if sent == answer.cut_after:
                raise ConnectionCutError(self.name)
            if isinstance(event, UsageSeen) and request.stream and not request.stream_usage:
                continue
            if data := encoder.encode(event):
                yield data
                await asyncio.sleep(answer.chunk_s)
        yield encoder.finish()
