"""Bytes of a provider of the client's dialect: passed on as they are, but for what would mislead."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.gateways import gateway
from support.wire import CHUNKS

from burn_tui.core.catalog import Provider
from burn_tui.core.events import Malformed, TextDelta
from burn_tui.core.failure import Failure
from burn_tui.gateway.passing import Passing
from burn_tui.providers import DIALECTS
from burn_tui.simulator.script import Raw

PROVIDER = Provider(name="p", dialect="openai-chat", base_url="http://127.0.0.1:1")

HELLO = b'data: {"id":"x","model":"m","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
DONE = (
    b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n'
    b"data: [DONE]\n\n"
)
COMMENT = b": ping\n\n"
ERROR = b'data: {"error":{"message":"oops","type":"server_error","code":"server_error"}}\n\n'


def passing(*, with_usage: bool = True, is_streamed: bool = True) -> Passing:
    decoder = DIALECTS["openai-chat"].decoder(streamed=is_streamed, provider=PROVIDER)
    return Passing(decoder, is_streamed=is_streamed, with_usage=with_usage)


def passed(body: bytes, size: int, *, with_usage: bool = True) -> tuple[bytes, list[object]]:
    """What the client gets of `body` in pieces of `size`, and what was read of it."""
    one = passing(with_usage=with_usage)
    events: list[object] = []
    taken = b""
    for start in range(0, len(body), size):
        events += one.feed(body[start : start + size])
        taken += one.taken()
    events += one.finish()
    return taken + one.rest(), events


@given(CHUNKS, st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_a_whole_stream_is_passed_on_byte_by_byte(size: int, line_end: bytes) -> None:
    body = (COMMENT + HELLO + HELLO + DONE).replace(b"\n", line_end)
    taken, events = passed(body, size)
    assert taken == body
    assert events.count(TextDelta("Hi")) == 2


@given(CHUNKS)
def test_counts_that_nobody_asked_for_are_left_out(size: int) -> None:
    taken, _ = passed(HELLO + DONE, size, with_usage=False)
    assert b"usage" not in taken
    assert taken.endswith(b"data: [DONE]\n\n")


@given(CHUNKS)
def test_nothing_from_an_error_on_is_passed_on(size: int) -> None:
    taken, events = passed(HELLO + ERROR + HELLO, size)
    assert taken == HELLO
    assert isinstance(events[-1], Failure)


def test_what_cannot_be_read_is_left_out() -> None:
    taken, events = passed(HELLO + b"data: {broken\n\n" + DONE, 1 << 20)
    assert taken == HELLO + DONE
    assert any(isinstance(event, Malformed) for event in events)


def test_half_an_event_waits_for_its_end() -> None:
    one = passing()
    one.feed(HELLO[:-1])
    assert one.taken() == b""
    one.feed(HELLO[-1:])
    assert one.taken() == HELLO


@pytest.mark.parametrize("stream", [True, False])
async def test_fields_that_burn_tui_does_not_know_reach_the_client(tmp_path: Path, stream: bool) -> None:
    choice = b'{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}'
    whole = b'{"id":"x","model":"m-2","system_fingerprint":"fp_1","choices":[%b]}' % choice
    raw = (
        Raw(content_type="text/event-stream", body=HELLO + DONE)
        if stream
        else Raw(content_type="application/json", body=whole)
    )
    async with gateway(tmp_path, {"primary": raw}) as door:
        answer = await door.chat(stream=stream, stream_options={"include_usage": True} if stream else None)
    assert answer.content.startswith(HELLO + DONE if stream else whole)
