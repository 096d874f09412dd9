"""Google's Gemini API: ai.google.dev/api/generate-content.

Requests are in gemini_request, answers in gemini_reading and gemini_writing.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from msgspec import structs

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest
from burn_tui.core.failure import Failure
from burn_tui.providers.dialect import Decoder, Encoder, HttpRequest, HttpResponse
from burn_tui.providers.gemini_errors import encoded_error, refusal
from burn_tui.providers.gemini_reading import StreamDecoder, whole_decoder
from burn_tui.providers.gemini_request import NAMING, SIGHT, read_request, request_body
from burn_tui.providers.gemini_writing import StreamWriter, WholeWriter
from burn_tui.providers.reading import json_bytes

_PATH = re.compile(r"/(?P<resource>[\w.-]+/[^/?]+):(?P<method>generateContent|streamGenerateContent)(?:\?|$)")
"""The last two segments before the method: models/NAME, tunedModels/NAME; Vertex has more before them."""


class GeminiGenerate:
    """The dialect. Stateless."""

    name = "gemini-generate"
    sight = SIGHT
    naming = NAMING

    def encode_request(
        self, request: ChatRequest, *, model: str, provider: Provider, api_key: str | None
    ) -> HttpRequest:
        """POST models/MODEL:streamGenerateContent, or :generateContent."""
        headers = {"content-type": "application/json"}
        if api_key is not None:
            headers["x-goog-api-key"] = api_key
        streamed, whole = self.paths(model)
        url = provider.base_url.rstrip("/") + (streamed if request.stream else whole)
        body = json_bytes(request_body(request, model=model, provider_name=provider.name))
        return HttpRequest(url, headers, body)

    def decoder(self, *, streamed: bool, provider: Provider) -> Decoder:
        """A reader for one 200 response."""
        del provider  # Vertex and the Gemini API answer alike.
        return StreamDecoder() if streamed else whole_decoder()

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
        """Why a response that is no 2xx refused."""
        return refusal(status, headers, body, now=now)

    def paths(self, model: str) -> tuple[str, ...]:
        """Streamed, as server-sent events, and whole."""
        resource = quote(model if "/" in model else f"models/{model}", safe="/")
        return f"/v1beta/{resource}:streamGenerateContent?alt=sse", f"/v1beta/{resource}:generateContent"

    def decode_request(self, path: str, headers: Mapping[str, str], body: bytes) -> ChatRequest:
        """What a client asks for. ValueError with a sentence if it cannot be read."""
        del headers
        found = _PATH.search(path)
        if found is None:
            raise ValueError(f"{path} is no path of the Gemini API: /v1beta/models/MODEL:generateContent")
        model = unquote(found["resource"]).removeprefix("models/")
        return structs.replace(read_request(body), model=model, stream=found["method"] == "streamGenerateContent")

    def encoder(self, *, streamed: bool, response_model: str, response_id: str, created: int) -> Encoder:
        """A writer for one 200 response."""
        del created  # Generate-content responses carry no time of their own.
        writer = StreamWriter(response_model=response_model, response_id=response_id)
        return writer if streamed else WholeWriter(writer)

    def content_type(self, *, streamed: bool) -> str:
        """Of a 200 response."""
        return "text/event-stream" if streamed else "application/json; charset=UTF-8"

    def encode_error(self, failure: Failure) -> HttpResponse:
        """The refusal as Google's clients expect it."""
        return encoded_error(failure)
