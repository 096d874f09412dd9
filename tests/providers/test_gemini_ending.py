"""A field of ours in the last response of a stream of Google's."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.sse import SseParser
from burn_tui.providers.gemini_ending import FIELD, said_beside

WORDS = {"x-burn-cost-usd": "0.000110000", "x-burn-reason": 'a "quoted" one'}

json_objects = st.dictionaries(
    st.text(max_size=5), st.none() | st.integers(-9, 9) | st.text(max_size=9) | st.lists(st.integers(0, 9), max_size=2)
)


def parsed(events: bytes) -> list[object]:
    parser = SseParser()
    return [msgspec.json.decode(event.data) for event in parser.feed(events) + parser.finish()]


@given(st.lists(json_objects, min_size=1, max_size=3), st.sampled_from([b"\r\n\r\n", b"\n\n", b""]))
def test_the_last_response_has_it_and_all_others_are_as_they_were(values: list[dict[str, object]], end: bytes) -> None:
    events = b"\r\n\r\n".join(b"data: " + msgspec.json.encode(value) for value in values) + end
    *others, last = parsed(said_beside(events, WORDS))
    assert others == values[:-1]
    assert last == {**values[-1], FIELD: WORDS}


@pytest.mark.parametrize("events", [b"", b"\r\n\r\n", b"data: [DONE]\n\n", b'data: [{"candidates": []}]\n\n'])
def test_what_ends_with_no_response_stays_as_it_is(events: bytes) -> None:
    assert said_beside(events, WORDS) == events


def test_a_response_on_several_lines_stays_one() -> None:
    assert parsed(said_beside(b'data: {"a":\ndata: {}\ndata: }\n\n', WORDS)) == [{"a": {}, FIELD: WORDS}]
