"""One question to a model: read in the client's dialect, routed like any other, answered in the client's dialect."""

import asyncio
from contextlib import aclosing, suppress

from msgspec import structs

from burn_tui.core.chat import ChatRequest
from burn_tui.core.checks import Wanted
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.events import AttemptFailed, AttemptFinished, Event, Refused, RequestFinished, RouteDecided
from burn_tui.core.failure import IN_WORDS, Failure
from burn_tui.core.model_names import meant
from burn_tui.engine.admission import Caller
from burn_tui.engine.planning import route_of
from burn_tui.engine.runtime import Runtime
from burn_tui.gateway.answer import Answer
from burn_tui.gateway.callers import withheld
from burn_tui.gateway.doors import Door
from burn_tui.gateway.exchange import ClientGoneError, Exchange
from burn_tui.gateway.holding import PING_S, PINGS, Holding
from burn_tui.gateway.refusals import RefusalError, malformed, of_failure, of_router
from burn_tui.gateway.told import Told
from burn_tui.providers import DIALECTS
from burn_tui.providers.dialect import Dialect, Encoder
from burn_tui.providers.gemini_array import ArrayWriter, wants_array
from burn_tui.providers.gemini_ending import said_beside

_ID_BEGINNINGS = {"anthropic-messages": "msg_", "openai-responses": "resp_"}

_STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


async def serve(exchange: Exchange, door: Door, body: bytes, *, caller: Caller, runtime: Runtime) -> None:
    """Answer the request. RefusalError where nothing was sent yet."""
    request = read(exchange, door, body)
    request = structs.replace(request, model=model_of(request.model, runtime))
    served = _Served(exchange, request, DIALECTS[door.dialect], caller, runtime)
    await exchange.while_there(served.by_router())


def read(exchange: Exchange, door: Door, body: bytes) -> ChatRequest:
    """What the client asks for; RefusalError if that cannot be read."""
    path = exchange.target.replace(":countTokens", ":generateContent")
    try:
        request = DIALECTS[door.dialect].decode_request(path, exchange.headers, body)
    except ValueError as error:
        raise malformed(str(error)) from error
    # A path may hold a name with more slashes than a provider's own model has.
    return structs.replace(request, model=door.name or request.model)


def model_of(name: str | None, runtime: Runtime) -> str | None:
    """The route or target that a client means by `name`; RefusalError if it means nothing."""
    wanted = meant(name, runtime.settings.gateway.models, lambda one: _is_known(one, runtime))
    try:
        route_of(ChatRequest(messages=(), model=wanted), runtime.router.setup)
    except UnknownTargetError as error:
        mend = "GET /v1/models lists what there is; gateway.models in the settings says what a name means."
        raise RefusalError(Failure("model_gone", f"{error} {mend}")) from error
    return wanted


def _is_known(name: str, runtime: Runtime) -> bool:
    try:
        route_of(ChatRequest(messages=(), model=name), runtime.router.setup)
    except UnknownTargetError:
        return False
    return True


class _Served:
    """One request on its way through the router."""

    def __init__(
        self, exchange: Exchange, request: ChatRequest, dialect: Dialect, caller: Caller, runtime: Runtime
    ) -> None:
        self._exchange = exchange
        self._request = request
        self._dialect = dialect
        self._caller = caller
        self._runtime = runtime
        self._router = runtime.router
        self._clock = runtime.clock
        self._told = Told()
        self._answer = Answer(dialect, request, new_encoder=self._new_encoder)
        self._array = ArrayWriter() if wants_array(exchange.target) else None
        """None = what is written is sent as it is."""
        self._refused: Refused | None = None
        self._failed: AttemptFailed | None = None
        self._is_checked = False
        """True = another answer may follow one that is complete."""
        self._is_finished = False
        self._request_id = ""
        self._held: Holding | None = None
        """Of which the ledger does not know yet."""
        self._pinging: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    async def by_router(self) -> None:
        """Send what the router gives as it comes."""
        try:
            await self._send()
        finally:
            if self._pinging is not None:
                self._pinging.cancel()
            self._note_held()

    async def _send(self) -> None:
        answer = self._answer
        events = self._router.send(self._request, self._caller, watch=answer.watch, is_out=lambda: answer.has_begun)
        async with aclosing(events):
            async for event in events:
                self._told.take(event)
                if data := self._answer.take(event):
                    await self._write(data)
                if self._answer.holding is not None and self._answer.holding.is_over:
                    self._note_held()
                if self._answer.cut is not None:
                    await self._break_off(self._answer.cut)
                    return
                await self._note(event)

    async def _note(self, event: Event) -> None:
        match event:
            case Refused():
                self._refused = event
            case AttemptFailed():
                self._failed = event
            case RouteDecided(request_id=request_id, auto=auto, cascade=cascade):
                self._request_id = request_id
                self._is_checked = auto is not None and not self._request.stream
                if self._request.stream and cascade is not None and cascade.backup is not None:
                    self._keep_back(cascade.wanted)
            case AttemptFinished(record=record) if record.error_type is None and not self._may_be_exchanged:
                await self._finish()
            case RequestFinished(served=None, failure=failure):
                await self._fail(failure)
            case RequestFinished() if not self._is_finished:
                await self._finish()
            case _:
                pass

    @property
    def _may_be_exchanged(self) -> bool:
        """Whether an answer that is complete is not yet the one that the client gets."""
        return self._is_checked or self._answer.is_kept_back

    def _keep_back(self, wanted: Wanted) -> None:
        """Show nothing of the answer until it may be taken for one."""
        self._answer.holding = self._held = Holding(wanted, self._clock.monotonic)
        if self._dialect.name in PINGS:
            self._pinging = asyncio.create_task(self._ping(PINGS[self._dialect.name]))

    async def _ping(self, sign: bytes) -> None:
        """Signs of life while the answer is kept back. Before its first word there are none: a failure has a status."""
        with suppress(ClientGoneError):
            while self._answer.is_kept_back:
                await asyncio.sleep(PING_S)
                if self._answer.is_kept_back and self._answer.holding and self._answer.holding.has_begun:
                    await self._write(sign)

    def _note_held(self) -> None:
        """Let the ledger know, once, how long the client waited for its first words because of the check."""
        holding, self._held = self._held, None
        if holding is not None and holding.has_begun:
            self._router.auto.held(self._request_id, holding.held_s)

    async def _finish(self) -> None:
        self._is_finished = True
        data = self._answer.end()
        self._note_held()
        if not self._request.stream:
            await self._exchange.answer(200, self._headers(), data)
            return
        await self._write(self._with_last_words(data + (b"" if data.endswith(b"\n") else b"\n\n")))
        await self._end()

    async def _fail(self, failure: Failure | None) -> None:
        refusal = self._refusal(failure)
        if self._exchange.has_started:
            await self._break_off(refusal.failure)
            return
        refusal.headers = {**refusal.headers, **self._told.headers}
        raise refusal

    def _refusal(self, failure: Failure | None) -> RefusalError:
        if failure is None:
            assert self._refused is not None, "who was not served was refused, or somebody failed"
            stricter = withheld(self._caller, self._runtime)
            return of_router(
                self._refused,
                environment=self._caller.environment.name,
                now=self._clock.now(),
                withheld=stricter,
            )
        who = f"{self._failed.target} {IN_WORDS[failure.error_type]}: " if self._failed else ""
        return of_failure(failure, f"{who}{failure.message}")

    async def _break_off(self, failure: Failure) -> None:
        """A client must not take half an answer for a whole one."""
        await self._write(self._with_last_words(self._answer.broken(failure)))
        await self._end()

    async def _end(self) -> None:
        await self._exchange.write(b"" if self._array is None else self._array.finish(), is_last=True)

    def _with_last_words(self, ending: bytes) -> bytes:
        """The end of a stream, with what no header could know yet."""
        if (holding := self._answer.holding) is not None:
            self._told.held_s = holding.held_s
        if self._dialect.name == "gemini-generate":
            return said_beside(ending, self._told.headers)
        return ending + self._told.comments

    async def _write(self, data: bytes) -> None:
        async with self._writing:
            if not self._exchange.has_started:
                await self._exchange.start(200, self._headers() | _STREAM_HEADERS)
            await self._exchange.write(data if self._array is None else self._array.written(data))

    def _headers(self) -> dict[str, str]:
        content_type = self._dialect.content_type(streamed=self._request.stream)
        return {
            "content-type": content_type if self._array is None else self._array.content_type,
            **(self._told.early_headers if self._answer.is_kept_back else self._told.headers),
        }

    def _new_encoder(self, model: str) -> Encoder:
        response_id = self._clock.new_id().replace("-", "")
        return self._dialect.encoder(
            streamed=self._request.stream,
            response_model=model,
            response_id=_ID_BEGINNINGS.get(self._dialect.name, "") + response_id,
            created=int(self._clock.now()),
        )
