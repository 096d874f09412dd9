"""HTTP out of this machine. The only file that imports httpx."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import httpx
from msgspec import Struct

from burn_tui.core.failure import Failure, redacted
from burn_tui.providers.dialect import HttpRequest


class Limits(Struct, frozen=True):
    """How long to wait, in seconds."""

    connect_s: float = 5.0
    first_chunk_s: float = 60.0
    """From the request's last byte to the response's first, and between two chunks of it."""


class TransportError(Exception):
    """The network, not the provider, said no. `failure` says how."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


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
        with _network_errors():
            async for chunk in self._response.aiter_bytes():
                yield chunk

    async def read(self) -> bytes:
        """The whole body."""
        with _network_errors():
            return await self._response.aread()


class Transport:
    """A pool of connections to providers."""

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        timeout = httpx.Timeout(limits.first_chunk_s, connect=limits.connect_s, pool=limits.first_chunk_s)
        # A proxy for the outside has no business between us and a server on this machine.
        direct = {f"all://{host}": httpx.AsyncHTTPTransport() for host in ("localhost", "127.0.0.1", "[::1]")}
        self._client = httpx.AsyncClient(timeout=timeout, mounts=direct, follow_redirects=False)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator[Response]:
        """Send `request`; the response is closed on leaving, which aborts what has not been read."""
        with _network_errors():
            outgoing = self._client.build_request(
                request.method, request.url, headers=dict(request.headers), content=request.body
            )
            response = await self._client.send(outgoing, stream=True)
        try:
            yield Response(response)
        finally:
            await response.aclose()

    async def get(self, url: str, *, timeout_s: float) -> bytes | None:
        """The body of a 200 from `url`, or None for anything else: used to look for servers on loopback."""
        try:
            response = await self._client.get(url, timeout=timeout_s)
        except httpx.HTTPError:
            return None
        return response.content if response.status_code == 200 else None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


class _network_errors:  # noqa: N801 - reads as a statement at its places of use
    """Turns httpx's exceptions into TransportError, whose Failure the router understands."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
            raise TransportError(_failure(error)) from error


def _failure(error: httpx.HTTPError | httpx.InvalidURL) -> Failure:
    words = redacted(str(error)) or type(error).__name__
    match error:
        case httpx.ConnectTimeout():
            return Failure("timeout", f"no connection in time ({words})")
        case httpx.TimeoutException():
            return Failure("timeout", f"nothing came in time ({words})")
        case httpx.ConnectError():
            return Failure("transient", f"cannot connect: {words}")
        case httpx.RemoteProtocolError() | httpx.ReadError():
            return Failure("transient", f"the connection broke off: {words}")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return Failure("caller_fault", f"base_url is no address: {words}")
        case _:
            return Failure("transient", words)
