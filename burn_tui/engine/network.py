"""The way out of this machine as those see it who only use it: nothing of HTTP is loaded until something is sent.

Network ──first use──> Transport (transport.py), which loads httpx
"""

from collections.abc import Awaitable
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from burn_tui.core.failure import Failure
from burn_tui.providers.dialect import HttpRequest

if TYPE_CHECKING:
    from burn_tui.engine.transport import Response, Transport


has_connected: ContextVar[bool] = ContextVar("has_connected", default=False)
"""Becomes True in a task for whose request a connection is opened, rather than an idle one taken up."""


class TransportError(Exception):
    """The network, not the provider, said no. `failure` says how."""

    def __init__(self, failure: Failure, *, was_sent: bool = True) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.was_sent = was_sent
        """False = the request certainly never reached the provider, so nothing can be billed."""


class Network(Protocol):
    """As Transport, whose words explain it."""

    def send(self, request: HttpRequest, *, connect_s: float) -> "Awaitable[Response]":
        """The response to `request`, as soon as its headers have come."""
        ...

    def get(self, url: str, *, timeout_s: float) -> Awaitable[bytes | None]:
        """The body of a 200 from `url`, or None for anything else."""
        ...


class LateNetwork:
    """A Transport that is made when it is first used: to load it takes as long as to paint the dashboard."""

    @cached_property
    def _transport(self) -> "Transport":
        from burn_tui.engine.transport import Transport  # noqa: PLC0415 - see above

        return Transport()

    def warm_up(self) -> None:
        """Make it now, so that no call has to wait for that. In any thread."""
        _ = self._transport

    def send(self, request: HttpRequest, *, connect_s: float) -> "Awaitable[Response]":
        """The response to `request`, as soon as its headers have come."""
        return self._transport.send(request, connect_s=connect_s)

    def get(self, url: str, *, timeout_s: float) -> Awaitable[bytes | None]:
        """The body of a 200 from `url`, or None for anything else."""
        return self._transport.get(url, timeout_s=timeout_s)

    async def aclose(self) -> None:
        """Close every connection, if there ever was one."""
        if "_transport" in vars(self):
            await self._transport.aclose()
