"""The ASGI application: who may knock, at which door, and what is behind it.

path ──> door ──> Host, Origin ──> token ──> caller ──> body ──> serving | embedding | counting | listing
"""

from collections.abc import Mapping

import msgspec
from starlette.types import Receive, Scope, Send

from burn_tui import __version__
from burn_tui.core.chat import estimate_request_tokens
from burn_tui.core.errors import BurnError
from burn_tui.core.failure import Failure
from burn_tui.engine.admission import Caller
from burn_tui.engine.runtime import Runtime
from burn_tui.gateway.callers import caller_of, token_of
from burn_tui.gateway.counting import countable, counted
from burn_tui.gateway.doors import Door, door
from burn_tui.gateway.embedding import serve_embeddings
from burn_tui.gateway.exchange import BodyLateError, BodyTooLargeError, ClientGoneError, Exchange
from burn_tui.gateway.listing import listing, one
from burn_tui.gateway.refusals import RefusalError, forbidden, malformed, refuse
from burn_tui.gateway.serving import read, serve
from burn_tui.gateway.tokens import TokenBook

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""What a Host header may say where nothing else was configured: a foreign one is a web page that had its name
resolved to this machine."""

_BROWSERS_ONLY = ("origin", "sec-fetch-site")
TOO_LARGE, TOO_LATE = 413, 408
_CLOSING: Mapping[int | None, Mapping[str, str]] = {key: {"connection": "close"} for key in (TOO_LARGE, TOO_LATE)}
"""After which the connection cannot be used any more: a body may not have been read to its end."""

_NO_DOOR = Door("root")
_JSON = {"content-type": "application/json"}


class Gateway:
    """Serves one runtime. An ASGI application."""

    def __init__(self, runtime: Runtime, tokens: TokenBook, *, hosts: frozenset[str] = LOOPBACK_NAMES) -> None:
        self._runtime = runtime
        self._tokens = tokens
        self._hosts = hosts
        """What Host headers may say, ports left away."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, send)
        found = door(exchange.path)
        try:
            await self._serve(exchange, found)
        except RefusalError as error:
            await self._refuse(exchange, found, error)
        except ClientGoneError:
            pass
        except BurnError as error:
            if exchange.has_started:
                raise
            await self._refuse(exchange, found, RefusalError(Failure("transient", str(error)), status=503))

    async def _serve(self, exchange: Exchange, found: Door | None) -> None:
        self._check_origin(exchange.headers)
        if found is None:
            raise RefusalError(Failure("model_gone", f"There is nothing at {exchange.path[:200]}."), status=404)
        allowed = {"GET", "HEAD"} if found.method == "GET" else {"POST"}
        if exchange.method not in allowed:
            allow = {"allow": ", ".join(sorted(allowed))}
            raise malformed(f"{exchange.path[:200]} takes {found.method} only.", status=405, headers=allow)
        if found.kind in {"root", "health"}:
            await self._answer(exchange, {"name": "burn-tui", "version": __version__, "status": "ok"})
            return
        caller = caller_of(token_of(exchange.headers, self._tokens), exchange.headers, self._runtime)
        if found.method == "GET":
            await self._list(exchange, found, caller)
        else:
            await self._post(exchange, found, caller, await self._body(exchange))

    async def _refuse(self, exchange: Exchange, found: Door | None, error: RefusalError) -> None:
        headers = _CLOSING.get(error.status, {})
        if error.status == TOO_LARGE:
            await exchange.let_finish()
        await refuse(exchange, error, dialect=(found or _NO_DOOR).dialect, headers=headers)

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        if any(name in headers for name in _BROWSERS_ONLY):
            raise forbidden("The gateway is not for web pages: a request with an Origin is refused.")
        host = headers.get("host", "")
        name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
        if name.lower() not in self._hosts:
            raise forbidden("The Host header names another machine. Use http://127.0.0.1 and the gateway's port.")

    async def _list(self, exchange: Exchange, found: Door, caller: Caller) -> None:
        if found.kind == "models":
            await self._answer(exchange, listing(self._runtime, caller.environment))
        else:
            await self._answer(exchange, one(found.name, self._runtime, caller.environment))

    async def _post(self, exchange: Exchange, found: Door, caller: Caller, body: bytes) -> None:
        match found.kind:
            case "embed":
                await serve_embeddings(exchange, body, caller=caller, runtime=self._runtime)
            case "count_tokens":
                try:
                    request = read(exchange, found, countable(body, found.dialect))
                except ValueError as error:
                    raise malformed(f"The body is no JSON: {error}.") from error
                await self._answer(exchange, counted(estimate_request_tokens(request), found.dialect))
            case _:
                await serve(exchange, found, body, caller=caller, runtime=self._runtime)

    async def _body(self, exchange: Exchange) -> bytes:
        limit_mb = self._runtime.settings.gateway.body_limit_mb
        try:
            return await exchange.body(int(limit_mb * 1_000_000))
        except BodyTooLargeError as error:
            words = f"The body is larger than {limit_mb:g} MB: gateway.body_limit_mb in the settings."
            raise malformed(words, status=TOO_LARGE) from error
        except BodyLateError as error:
            raise malformed("The rest of the body did not come.", status=TOO_LATE) from error

    async def _answer(self, exchange: Exchange, value: Mapping[str, object]) -> None:
        await exchange.answer(200, _JSON, msgspec.json.encode(value))
