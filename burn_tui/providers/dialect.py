"""What every wire dialect can do, in both directions.

Client side, towards a provider: encode_request, decoder, decode_error.
Server side, towards a client (simulator, gateway): decode_request, encoder, encode_error.
All of it is pure: bytes in, values out, and the other way round.
"""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest
from burn_tui.core.context import Sight
from burn_tui.core.events import WireEvent
from burn_tui.core.failure import Failure
from burn_tui.providers.tool_names import Naming


class HttpRequest(Struct, frozen=True):
    """One HTTP request, ready to be sent."""

    url: str
    headers: Mapping[str, str]
    """Lower-case names. Holds the key: never log it."""
    body: bytes
    method: str = "POST"


class HttpResponse(Struct, frozen=True):
    """One whole HTTP response, as a dialect's server side makes it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Decoder(Protocol):
    """Reads one successful response, however it is cut into pieces."""

    def feed(self, data: bytes) -> list[WireEvent]:
        """The events that `data` completes. Never raises for anything a provider may send."""
        ...

    def finish(self) -> list[WireEvent]:
        """The events that were still waiting when the body ended.

        Ends with a Failure (truncated, or bad_answer for a body without any answer) unless the model said it was done.
        """
        ...


class Encoder(Protocol):
    """Writes one response as a provider of the dialect would."""

    def encode(self, event: WireEvent) -> bytes:
        """The bytes that `event` adds to the body; b"" where the dialect says it later or not at all.

        A Failure ends the body with the dialect's error event.
        """
        ...

    def finish(self) -> bytes:
        """The bytes that end a complete body."""
        ...


class Dialect(Protocol):
    """One provider API."""

    name: str
    """The key in DIALECTS, as settings spell it."""
    sight: Sight
    """Which pictures may be sent."""

    @property
    def naming(self) -> Naming | None:
        """Which names of tools are taken: whoever sends a request calls its tools so (tool_names.py); None = any."""
        ...

    def encode_request(
        self, request: ChatRequest, *, model: str, provider: Provider, api_key: str | None
    ) -> HttpRequest:
        """The HTTP request that asks `model` of `provider`. `api_key` None = the provider needs none."""
        ...

    def decoder(self, *, streamed: bool, provider: Provider) -> Decoder:
        """A reader for one 200 response; `streamed` as the request asked and the content type confirms."""
        ...

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
        """Why a response that is no 2xx refused. `headers` have lower-case names; `now` is seconds since the epoch."""
        ...

    def paths(self, model: str) -> tuple[str, ...]:
        """The request paths below the base URL that ask `model`: streamed first, then whole (the same for most)."""
        ...

    def decode_request(self, path: str, headers: Mapping[str, str], body: bytes) -> ChatRequest:
        """What a client asks for. ValueError with a sentence if it cannot be read."""
        ...

    def encoder(self, *, streamed: bool, response_model: str, response_id: str, created: int) -> Encoder:
        """A writer for one 200 response. `created` is seconds since the epoch."""
        ...

    def content_type(self, *, streamed: bool) -> str:
        """Of a 200 response."""
        ...

    def encode_error(self, failure: Failure) -> HttpResponse:
        """The refusal as the dialect's own clients expect it."""
        ...
