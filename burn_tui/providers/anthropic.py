"""Anthropic's Messages API: claude models, and whoever speaks like them."""

import math
from collections.abc import Mapping

import msgspec

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest
from burn_tui.core.failure import Failure
from burn_tui.core.rate_limits import retry_after_s
from burn_tui.providers.anthropic_reading import decoder, refusal
from burn_tui.providers.anthropic_request import NAME, NAMING, SIGHT, read_request, request_body
from burn_tui.providers.anthropic_writing import encoder, error_body
from burn_tui.providers.dialect import Decoder, Encoder, HttpRequest, HttpResponse
from burn_tui.providers.extras import headers_for
from burn_tui.providers.reading import json_bytes

API_VERSION = "2023-06-01"
"""Of two that are served. The other, 2026-10-21, takes temperature and top_p from no model, and those who imitate the
API do not know it: platform.claude.com/docs/en/api/versioning."""

_PATH = "/v1/messages"


class AnthropicMessages:
    """The dialect. Stateless."""

    name = NAME
    sight = SIGHT
    naming = NAMING

    def encode_request(
        self, request: ChatRequest, *, model: str, provider: Provider, api_key: str | None
    ) -> HttpRequest:
        """The HTTP request that asks `model` of `provider`."""
        headers = {
            "content-type": "application/json",
            "anthropic-version": API_VERSION,
            **headers_for(request, NAME),
        }
        if api_key is not None:
            headers["x-api-key"] = api_key
        body = request_body(request, model=model, provider_name=provider.name)
        return HttpRequest(provider.base_url.rstrip("/") + _PATH, headers, json_bytes(body))

    def decoder(self, *, streamed: bool, provider: Provider) -> Decoder:
        """A reader for one 200 response."""
        del provider  # All who speak this dialect answer alike.
        return decoder(streamed=streamed)

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
        """Why a response that is no 2xx refused."""
        return refusal(status, body, retry_after_s=retry_after_s(headers, now=now))

    def paths(self, model: str) -> tuple[str, ...]:
        """The one request path, for every model and both ways to answer."""
        del model
        return (_PATH, _PATH)

    def decode_request(self, path: str, headers: Mapping[str, str], body: bytes) -> ChatRequest:
        """What a client asks for. ValueError with a sentence if it cannot be read."""
        del path
        return read_request(headers, body)

    def encoder(self, *, streamed: bool, response_model: str, response_id: str, created: int) -> Encoder:
        """A writer for one 200 response."""
        del created  # Messages carry no time.
        return encoder(streamed=streamed, response_model=response_model, response_id=response_id)

    def content_type(self, *, streamed: bool) -> str:
        """Of a 200 response."""
        return "text/event-stream; charset=utf-8" if streamed else "application/json"

    def encode_error(self, failure: Failure) -> HttpResponse:
        """The refusal as the official clients expect it: they retry as x-should-retry and retry-after say."""
        status, body = error_body(failure)
        headers = {"content-type": "application/json", "x-should-retry": str(status == 429 or status >= 500).lower()}
        if failure.retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(failure.retry_after_s))
        return HttpResponse(status, headers, msgspec.json.encode(body))
