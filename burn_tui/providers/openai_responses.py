"""OpenAI's Responses API, which Azure, xAI, DeepSeek and OpenRouter speak as well, and Codex as a client.

Format: developers.openai.com/api/docs/api-reference/responses. Requests are in openai_responses_request, answers in
openai_responses_reading and openai_responses_writing.
"""

from collections.abc import Mapping

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest
from burn_tui.core.failure import Failure
from burn_tui.providers.decoding import SseDecoder, WholeDecoder
from burn_tui.providers.dialect import Decoder, Encoder, HttpRequest, HttpResponse
from burn_tui.providers.openai_errors import decoded_error, encoded_error, stray_error
from burn_tui.providers.openai_responses_reading import Reader
from burn_tui.providers.openai_responses_request import NAME, NAMING, SIGHT, read_request, request_body
from burn_tui.providers.openai_responses_writing import StreamWriter, WholeWriter
from burn_tui.providers.reading import json_bytes

_PATH = "/responses"


class OpenAIResponses:
    """The dialect. Stateless."""

    name = NAME
    sight = SIGHT
    naming = NAMING

    def encode_request(
        self, request: ChatRequest, *, model: str, provider: Provider, api_key: str | None
    ) -> HttpRequest:
        """POST /responses. Stop sequences and seeds do not exist there and are left out."""
        headers = {"content-type": "application/json"}
        if api_key is not None:
            headers["authorization"] = f"Bearer {api_key}"
        body = json_bytes(request_body(request, model=model, provider=provider))
        return HttpRequest(provider.base_url.rstrip("/") + _PATH, headers, body)

    def decoder(self, *, streamed: bool, provider: Provider) -> Decoder:
        """A reader for one 200 response."""
        del provider  # Whatever is peculiar to one of them is recognised by itself.
        reader = Reader()
        return SseDecoder(reader.read_event, stray_error) if streamed else WholeDecoder(reader.read_whole)

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> Failure:
        """Why a response that is no 2xx refused."""
        return decoded_error(status, headers, body, now=now)

    def paths(self, model: str) -> tuple[str, ...]:
        """The one request path, for every model and both ways to answer."""
        del model
        return (_PATH, _PATH)

    def decode_request(self, path: str, headers: Mapping[str, str], body: bytes) -> ChatRequest:
        """What a client asks for. ValueError with a sentence if it cannot be read."""
        del path, headers  # Everything is in the body.
        return read_request(body)

    def encoder(self, *, streamed: bool, response_model: str, response_id: str, created: int) -> Encoder:
        """A writer for one 200 response."""
        writer = StreamWriter(response_model=response_model, response_id=response_id, created=created)
        return writer if streamed else WholeWriter(writer)

    def content_type(self, *, streamed: bool) -> str:
        """Of a 200 response."""
        return "text/event-stream; charset=utf-8" if streamed else "application/json"

    def encode_error(self, failure: Failure) -> HttpResponse:
        """The refusal as OpenAI's clients expect it."""
        return encoded_error(failure)
