"""HTTP out of this machine. The only file that imports httpx."""

import re
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from functools import lru_cache
from types import ModuleType, TracebackType
from typing import Self, cast
from urllib.request import getproxies

# httpx imports its own command line with itself where click and rich are installed, which takes as long as all the
# rest of it. It does without where that cannot be imported.
sys.modules.setdefault("httpx._main", cast("ModuleType", None))

import httpcore  # noqa: E402
import httpx  # noqa: E402

from burn_tui.core.failure import Failure, redacted  # noqa: E402
from burn_tui.engine.network import TransportError, has_connected  # noqa: E402
from burn_tui.engine.sockets import Sockets  # noqa: E402
from burn_tui.providers.dialect import HttpRequest  # noqa: E402

IDLE_CONNECTIONS = 64
"""Connections that are kept open for the next request."""

IDLE_S = 5.0
"""For how long, as httpx has it."""


class Response:
    """A response whose headers have come and whose body has not."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return self._response.is_success

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body as it comes. TransportError if it breaks off."""
        is_compressed = "content-encoding" in self.headers
        # What is not compressed needs none of the layers that httpx puts in the way of every chunk.
        pieces = self._response.aiter_bytes() if is_compressed else cast("AsyncIterable[bytes]", self._response.stream)
        with _network_errors():
            async for chunk in pieces:
                yield chunk

    async def read(self) -> bytes:
        """The whole body."""
        with _network_errors():
            return await self._response.aread()

    async def aclose(self) -> None:
        """Abort what has not been read: the provider sees the connection go."""
        await self._response.aclose()


class Transport:
    """A pool of connections to providers."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=IDLE_CONNECTIONS)
        self._direct = _Direct()
        self._has_proxies = bool(getproxies())
        if self._has_proxies:
            # A proxy for the outside has no business between us and a server on this machine.
            mounts = {f"all://{host}": self._direct for host in ("localhost", "127.0.0.1", "[::1]")}
            self._client = httpx.AsyncClient(limits=limits, mounts=mounts)
        else:
            self._client = httpx.AsyncClient(transport=self._direct)
        self._usual_headers = dict(self._client.headers)

    async def send(self, request: HttpRequest, *, connect_s: float) -> Response:
        """The response to `request`, as soon as its headers have come; whoever has it closes it.

        `connect_s`: seconds in which the connection must stand. For all else the caller sets the limit.
        """
        with _network_errors():
            while True:
                has_connected.set(False)
                outgoing = httpx.Request(
                    request.method,
                    _address(request.url),
                    headers={**self._usual_headers, **request.headers},
                    content=request.body,
                    extensions={"timeout": {"connect": connect_s}},
                )
                try:
                    return Response(await self._answered(outgoing))
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

    async def _answered(self, outgoing: httpx.Request) -> httpx.Response:
        """httpx' client knows of proxies and of passwords in addresses. Where there are none it only costs time."""
        if self._has_proxies or outgoing.url.userinfo:
            outgoing.extensions["trace"] = _watch
            return await self._client.send(outgoing, stream=True)
        return await self._direct.handle_async_request(outgoing)

    async def get(self, url: str, *, timeout_s: float) -> bytes | None:
        """The body of a 200 from `url`, or None for anything else: used to look for servers on loopback."""
        try:
            response = await self._client.get(url, timeout=timeout_s)
        except (httpx.HTTPError, *_HTTPCORE):
            return None
        return response.content if response.status_code == 200 else None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        await self._direct.aclose()


class _Direct(httpx.AsyncBaseTransport):
    """From httpx's requests to httpcore's connections, as httpx itself goes, but over our own sockets."""

    def __init__(self) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=None,
            max_keepalive_connections=IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_S,
            network_backend=Sockets(),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Fails with httpcore's exceptions."""
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        body = _Body(cast("AsyncIterable[bytes]", answer.stream))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """What httpcore reads, under httpx's name for it."""

    def __init__(self, pieces: AsyncIterable[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._pieces)

    async def aclose(self) -> None:
        """Give the connection back, or close it where something is unread."""
        await cast("AsyncGenerator[bytes]", self._pieces).aclose()


@lru_cache(maxsize=256)
def _address(url: str) -> httpx.URL:
    """`url`, taken apart: there are few, and it takes long."""
    return httpx.URL(url)


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
