"""Every dialect, both ways, with what was right before it was damaged on its way, as random bytes never are.
support/fuzz.py says how to try for longer.
"""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.conversations import requests
from support.fuzz import damaged, examples
from support.wire import CHUNKS, answers, usages

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import FinishSeen, WireEvent
from burn_tui.core.failure import Failure
from burn_tui.providers import DIALECTS

ADDRESS = "http://127.0.0.1:1"

FINISHES = (FinishSeen("stop", "stop"), FinishSeen("length", "length"), FinishSeen("tool_call", "tool_call"))

HEADERS = {"content-type": "application/json", "retry-after": "soon", "x-ratelimit-reset-requests": "1h1"}

ODD: list[object] = [None, True, -1, 0, 2**70, 1e308, "", "x", [], {}, [None], {"type": 1}, [[[]]]]

MODELS = {"anthropic-messages": "claude-sonnet-4-5", "gemini-generate": "gemini-2.5-pro"}


def _provider(dialect: str) -> Provider:
    return Provider(name="here", dialect=dialect, base_url=ADDRESS)


def _written(dialect: str, events: Sequence[WireEvent], *, streamed: bool) -> bytes:
    encoder = DIALECTS[dialect].encoder(streamed=streamed, response_model="m", response_id="r", created=0)
    return b"".join(encoder.encode(event) for event in events) + encoder.finish()


def _read(dialect: str, body: bytes, chunk: int, *, streamed: bool) -> list[WireEvent]:
    decoder = DIALECTS[dialect].decoder(streamed=streamed, provider=_provider(dialect))
    events = [event for start in range(0, len(body), chunk) for event in decoder.feed(body[start : start + chunk])]
    return events + decoder.finish()


def _swapped(value: object, draw: st.DrawFn) -> object:
    """The same JSON with something else in one place of it."""
    deeper = st.sampled_from([True, True, True, False])
    match value:
        case dict() if draw(deeper) and value:
            key = draw(st.sampled_from(sorted(value)))
            return {**value, key: _swapped(value[key], draw)}
        case list() if draw(deeper) and value:
            place = draw(st.integers(0, len(value) - 1))
            return [*value[:place], _swapped(value[place], draw), *value[place + 1 :]]
        case _:
            return draw(st.sampled_from(ODD))


@st.composite
def _asked_wrongly(draw: st.DrawFn, dialect: str) -> tuple[str, bytes]:
    """Path and body of a request, after an accident."""
    spoken, model = DIALECTS[dialect], MODELS.get(dialect, "m")
    asked: ChatRequest = draw(requests("here", dialect))
    sent = spoken.encode_request(asked, model=model, provider=_provider(dialect), api_key=None)
    path = sent.url.removeprefix(ADDRESS)
    if draw(st.booleans()):
        return path, draw(damaged(sent.body))
    value = msgspec.json.decode(sent.body)
    for _ in range(draw(st.integers(1, 3))):
        value = _swapped(value, draw)
    return path, msgspec.json.encode(value)


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(80))
@given(data=st.data())
def test_a_damaged_answer_gives_events_and_at_most_one_failure_which_is_the_last(
    dialect: str, data: st.DataObject
) -> None:
    streamed = data.draw(st.booleans())
    told = data.draw(answers(FINISHES, usages(), signed=False))
    body = data.draw(damaged(_written(dialect, told, streamed=streamed)))
    events = _read(dialect, body, data.draw(CHUNKS), streamed=streamed)
    assert all(not isinstance(event, Failure) for event in events[:-1])


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(80))
@given(data=st.data())
def test_however_a_damaged_answer_is_cut_into_pieces_it_says_the_same(dialect: str, data: st.DataObject) -> None:
    told = data.draw(answers(FINISHES, usages(), signed=False))
    body = data.draw(damaged(_written(dialect, told, streamed=True)))
    assert _read(dialect, body, data.draw(CHUNKS), streamed=True) == _read(dialect, body, 1 << 20, streamed=True)


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(80))
@given(data=st.data())
def test_a_damaged_request_is_read_or_refused_with_a_sentence(dialect: str, data: st.DataObject) -> None:
    path, body = data.draw(_asked_wrongly(dialect))
    try:
        DIALECTS[dialect].decode_request(path, HEADERS, body)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = "none"
    assert refusal


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(60))
@given(data=st.data(), status=st.integers(300, 599), error_type=st.sampled_from(["rate_limited", "overloaded", "auth"]))
def test_a_damaged_refusal_is_a_failure(dialect: str, data: st.DataObject, status: int, error_type: str) -> None:
    spoken = DIALECTS[dialect]
    refusal = spoken.encode_error(Failure(error_type, "Not now.", status, 3.0))  # type: ignore[arg-type]
    body = data.draw(damaged(refusal.body))
    failure = spoken.decode_error(status, HEADERS, body, now=0.0)
    assert failure.http_status == status
    assert len(failure.message) <= 300
