"""HTTP out of this machine. The only file that imports httpx."""

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from functools import cached_property, lru_cache
from types import ModuleType, TracebackType
from typing import Self, cast
from urllib.request import getproxies

# httpx imports its own command line with itself where click and rich are installed, which takes as long as all the
# rest of it. It does without where that cannot be imported.
sys.modules.setdefault("httpx._main", cast("ModuleType", None))

import httpcore  # noqa: E402
import httpx  # noqa: E402
from msgspec import Struct  # noqa: E402

from burn_tui import __version__  # noqa: E402
from burn_tui.core.failure import Failure, redacted  # noqa: E402
from burn_tui.engine.network import TransportError, has_connected  # noqa: E402
from burn_tui.engine.sockets import Sockets  # noqa: E402
from burn_tui.providers.dialect import HttpRequest  # noqa: E402

IDLE_CONNECTIONS = 64
"""Connections that are kept open for the next request."""

IDLE_S = 5.0
"""For how long, as httpx has it."""

_USUAL_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": f"burn-tui/{__version__}"}


class Response:
    """A response whose headers have come and whose body has not."""

    def __init__(self, answer: httpcore.Response | httpx.Response) -> None:
        if isinstance(answer, httpcore.Response):
            self.status = answer.status
            self.headers: Mapping[str, str] = {
                name.decode().lower(): value.decode("latin-1") for name, value in answer.headers
            }
            if "content-encoding" in self.headers:
                answer = _unpacking(answer)
        else:
            self.status = answer.status_code
            self.headers = {name.lower(): value for name, value in answer.headers.items()}
        self._answer = answer

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body as it comes. TransportError if it breaks off."""
        answer = self._answer
        with _network_errors():
            async for chunk in answer.aiter_stream() if isinstance(answer, httpcore.Response) else answer.aiter_bytes():
                yield chunk

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def aclose(self) -> None:
        """Abort what has not been read: the provider sees the connection go."""
        await self._answer.aclose()


class Transport:
    """A pool of connections to providers."""

    def __init__(self) -> None:
        self._tls = httpx.create_ssl_context()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=None,
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_S,
            network_backend=Sockets(),
        )
        self._has_proxies = bool(getproxies())

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        """Knows of proxies and of passwords in addresses. Where there are none, it would only cost time."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=IDLE_CONNECTIONS)
        return httpx.AsyncClient(verify=self._tls, limits=limits)

    async def send(self, request: HttpRequest, *, connect_s: float) -> Response:
        """The response to `request`, as soon as its headers have come; whoever has it closes it.

        `connect_s`: seconds in which the connection must stand. For all else the caller sets the limit.
        """
        with _network_errors():
            place = _place(request.url)
            ask = self._ask_by_client if place.has_password or (self._has_proxies and not place.is_here) else self._ask
            while True:
                has_connected.set(False)
                try:
                    return Response(await ask(request, place, connect_s))
                except (
                    httpcore.NetworkError,
                    httpcore.RemoteProtocolError,
                    httpx.NetworkError,
                    httpx.RemoteProtocolError,
                ):
                    # A server may close an idle connection at the moment in which it is taken up again. That says
                    # nothing of the server, and every turn of this loop takes one such connection out of the pool.
                    if has_connected.get():
                        raise

    async def _ask(self, request: HttpRequest, place: "_Place", connect_s: float) -> httpcore.Response:
        headers = {"host": place.host, **_USUAL_HEADERS, **request.headers}
        if request.body or request.method != "GET":
            headers["content-length"] = str(len(request.body))
        return await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                place.url,
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                content=request.body,
                extensions={"timeout": {"connect": connect_s}},
            )
        )

    async def _ask_by_client(self, request: HttpRequest, _place: "_Place", connect_s: float) -> httpx.Response:
        outgoing = httpx.Request(
            request.method,
            request.url,
            headers={**_USUAL_HEADERS, **request.headers},
            content=request.body,
            extensions={"timeout": {"connect": connect_s}, "trace": _watch},
        )
        return await self._client.send(outgoing, stream=True)

    async def get(self, url: str, *, timeout_s: float) -> bytes | None:
        """The body of a 200 from `url`, or None for anything else: used to look for servers on loopback."""
        try:
            async with asyncio.timeout(timeout_s):
                response = await self.send(HttpRequest(url, {}, b"", "GET"), connect_s=timeout_s)
                try:
                    return await response.read() if response.status == 200 else None
                finally:
                    await response.aclose()
        except (TransportError, TimeoutError):
            return None

    async def aclose(self) -> None:
        """Close every connection."""
        if "_client" in self.__dict__:
            await self._client.aclose()
        await self._pool.aclose()


class _Place(Struct, frozen=True):
    """An address, taken apart."""

    url: httpcore.URL
    host: str
    """As the header says it."""
    has_password: bool
    is_here: bool
    """A proxy for the outside has no business between us and a server on this machine."""


@lru_cache(maxsize=256)
def _place(address: str) -> _Place:
    """There are few, and to take one apart takes long."""
    url = httpx.URL(address)
    if not url.host:
        raise httpx.UnsupportedProtocol(f"{address!r} names no server")
    return _Place(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        host=url.netloc.decode("ascii"),
        has_password=bool(url.userinfo),
        is_here=url.host in {"localhost", "127.0.0.1", "::1"},
    )


def _unpacking(answer: httpcore.Response) -> httpx.Response:
    """The same, unpacked as it is read."""
    body = _Body(cast("AsyncIterable[bytes]", answer.stream))
    return httpx.Response(answer.status, headers=answer.headers, stream=body)


class _Body(httpx.AsyncByteStream):
    """What httpcore reads, under httpx's name for it."""

    def __init__(self, pieces: AsyncIterable[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._pieces)

    async def aclose(self) -> None:
        """Give the connection back, or close it where something is unread."""
        await cast("AsyncGenerator[bytes]", self._pieces).aclose()


async def _watch(event: str, _info: Mapping[str, object]) -> None:
    """Notes what our own sockets note by themselves. `event`: what httpcore does at this moment."""
    if event == "connection.connect_tcp.started":
        has_connected.set(True)


class _network_errors:  # noqa: N801 - reads as a statement at its places of use
    """Turns the exceptions of httpx and httpcore into TransportError, whose Failure the router understands."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if isinstance(error, (httpx.HTTPError, httpx.InvalidURL, *_HTTPCORE)):
            raise TransportError(_failure(error), was_sent=not isinstance(error, _NEVER_SENT)) from error


_HTTPCORE = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)
"""All that httpcore can raise; it has no common base."""

_CONNECT_TIMEOUTS = (httpx.ConnectTimeout, httpcore.ConnectTimeout)
_TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException)
_NO_CONNECTION = (httpx.ConnectError, httpcore.ConnectError)
_BROKEN_OFF = (httpx.RemoteProtocolError, httpx.ReadError, httpcore.RemoteProtocolError, httpcore.ReadError)
_NO_ADDRESS = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpcore.UnsupportedProtocol)
_NEVER_SENT = (*_NO_CONNECTION, *_CONNECT_TIMEOUTS, *_NO_ADDRESS, httpx.PoolTimeout, httpcore.PoolTimeout)

_NUMBER = re.compile(r"\[Errno -?[0-9]+\] ")
"""The system's own number for an error, which says nothing to a person."""


def _failure(error: Exception) -> Failure:
    words = _NUMBER.sub("", redacted(str(error))) or type(error).__name__
    if isinstance(error, _CONNECT_TIMEOUTS):
        return Failure("timeout", f"no connection in time ({words})")
    if isinstance(error, _TIMEOUTS):
        return Failure("timeout", f"nothing came in time ({words})")
    if isinstance(error, _NO_CONNECTION):
        return Failure("transient", f"cannot connect: {words}")
    if isinstance(error, _BROKEN_OFF):
        return Failure("transient", f"the connection broke off: {words}")
    if isinstance(error, _NO_ADDRESS):
        return Failure("caller_fault", f"base_url is no address: {words}")
    return Failure("transient", words)
