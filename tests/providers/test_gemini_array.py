"""Google's streams without server-sent events: one JSON array with the same responses."""

import msgspec
import pytest
from hypothesis import given
from support.answered import decoded
from support.asking import answers
from support.wire import CHUNKS

from burn_tui.core.catalog import Provider
from burn_tui.core.events import WireEvent
from burn_tui.core.failure import Failure
from burn_tui.providers import DIALECTS
from burn_tui.providers.gemini_array import ArrayWriter, wants_array

DIALECT = DIALECTS["gemini-generate"]
PROVIDER = Provider(name="gemini", dialect="gemini-generate", base_url="https://provider.example/")


def read(body: bytes) -> list[WireEvent]:
    return decoded(DIALECT.decoder(streamed=True, provider=PROVIDER), body, 1 << 20)


def as_array(stream: bytes, size: int) -> bytes:
    writer = ArrayWriter()
    pieces = [writer.written(stream[start : start + size]) for start in range(0, len(stream), size)]
    return b"".join(pieces) + writer.finish()


@given(answers(finishes=("stop", "length")), CHUNKS)
def test_an_array_says_what_the_events_say_however_they_were_cut(answer: list[WireEvent], size: int) -> None:
    encoder = DIALECT.encoder(streamed=True, response_model="m", response_id="x", created=0)
    stream = b"".join(encoder.encode(event) for event in answer) + encoder.finish()
    array = as_array(stream, size)
    assert isinstance(msgspec.json.decode(array), list)
    assert read(array) == read(stream)


def test_an_error_is_the_last_element_of_a_whole_array() -> None:
    encoder = DIALECT.encoder(streamed=True, response_model="m", response_id="x", created=0)
    array = msgspec.json.decode(as_array(encoder.encode(Failure("overloaded", "full")), 7))
    assert array[-1]["error"]["message"] == "full"


def test_a_stream_that_said_nothing_is_an_empty_array() -> None:
    assert msgspec.json.decode(ArrayWriter().finish()) == []


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("/v1beta/models/m:streamGenerateContent", True),
        ("/v1beta/models/m:streamGenerateContent?key=x", True),
        ("/v1beta/models/m:streamGenerateContent?alt=json", True),
        ("/v1beta/models/m:streamGenerateContent?key=x&alt=sse", False),
        ("/v1beta/models/m:streamGenerateContent?%24alt=sse", False),
        ("/v1beta/models/m:generateContent", False),
        ("/v1/chat/completions", False),
    ],
)
def test_who_does_not_ask_for_events_wants_an_array(target: str, wanted: bool) -> None:
    assert wants_array(target) is wanted
