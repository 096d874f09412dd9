import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fuzz import examples

from burn_tui.core import sse
from burn_tui.core.sse import EventTooLargeError, SseEvent, SseParser

WORDS = st.text(st.sampled_from('ab {}":,é漢😀\ufeff\x0b\x85\u2028'), max_size=12).map(str.encode)
LINES = st.one_of(
    st.just(b""),
    st.just(b""),
    st.builds(b"".join, st.tuples(st.sampled_from([b"data: ", b"data:", b"data:  ", b"data : "]), WORDS)),
    st.builds(b"".join, st.tuples(st.sampled_from([b"event: ", b"event:", b"id: ", b"retry: ", b": ", b":"]), WORDS)),
    st.sampled_from([b"data", b"event", b"id", b"dat", b"other: 1", b'{"error": "broke"}']),
    st.binary(max_size=8).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"")),
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
BODIES = st.builds(
    lambda bom, lines, last: bom + b"".join(line + end for line, end in lines) + last,
    st.sampled_from([b"", b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(LINES, ENDS), max_size=14),
    st.one_of(st.just(b""), LINES),
)


def parsed(*chunks: bytes) -> tuple[list[SseEvent], bytes]:
    """The events of a body that comes in these pieces, and what was no event."""
    parser = SseParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.finish(), parser.stray


def plainly(body: bytes) -> list[SseEvent]:
    """The events as the standard words it, read in one go with no thought for speed."""
    events, data, name = [], list[bytes](), ""
    lines = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    for line in [*lines, b""]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if line == b"":
            events += [SseEvent(b"\n".join(data), name)] if data else []
            data, name = [], ""
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return events


@given(BODIES)
def test_the_events_are_those_of_the_standard(body: bytes) -> None:
    assert parsed(body)[0] == plainly(body)


@given(BODIES, st.data())
def test_any_cutting_gives_the_same_events_as_the_whole(body: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert parsed(*pieces) == parsed(body)


@given(BODIES)
def test_single_bytes_give_the_same_events_as_the_whole(body: bytes) -> None:
    assert parsed(*(body[place : place + 1] for place in range(len(body)))) == parsed(body)


@settings(max_examples=examples(50))
@given(st.binary(max_size=60))
def test_no_bytes_at_all_make_the_parser_raise(body: bytes) -> None:
    assert parsed(body) == parsed(*(body[place : place + 1] for place in range(len(body))))


def test_a_crlf_cut_in_two_ends_one_line() -> None:
    assert parsed(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == ([SseEvent(b"a\nb")], b"")


def test_an_event_is_given_as_soon_as_its_blank_line_has_begun() -> None:
    parser = SseParser()
    assert parser.feed(b"data: a\r\n\r") == [SseEvent(b"a")]


def test_a_bom_counts_only_at_the_start() -> None:
    assert parsed(b"\xef", b"\xbb", b"\xbfdata: a\n\n") == ([SseEvent(b"a")], b"")
    events, stray = parsed(b"data: a\n\n\xef\xbb\xbfdata: b\n\n")
    assert events == [SseEvent(b"a")]
    assert stray == b"\xef\xbb\xbfdata: b"


def test_a_character_cut_in_two_comes_out_whole() -> None:
    body = "data: 漢😀\n\n".encode()
    assert parsed(body[:8], body[8:11], body[11:]) == ([SseEvent("漢😀".encode())], b"")


def test_the_last_event_needs_no_blank_line() -> None:
    assert parsed(b"event: end\ndata: a") == ([SseEvent(b"a", "end")], b"")


def test_comments_are_no_events_and_no_stray_text() -> None:
    assert parsed(b": OPENROUTER PROCESSING\n\n:\n\ndata: a\n\n") == ([SseEvent(b"a")], b"")


def test_a_name_lasts_for_one_event_and_needs_data() -> None:
    assert parsed(b"event: lost\n\ndata: a\n\nevent: b\ndata: c\n\ndata: d\n\n")[0] == [
        SseEvent(b"a"),
        SseEvent(b"c", "b"),
        SseEvent(b"d"),
    ]


def test_text_that_is_no_event_is_kept_in_order() -> None:
    body = b'data: a\n\n{"error": {\n  "code": 503}\n}\n'
    assert parsed(body) == ([SseEvent(b"a")], b'{"error": {\n  "code": 503}\n}')


def test_stray_text_is_kept_up_to_its_limit() -> None:
    _, stray = parsed(b"x" * (2 * sse.MAX_STRAY_BYTES) + b"\n" + b"y\n" * 10)
    assert stray == b"x" * sse.MAX_STRAY_BYTES


@pytest.mark.parametrize("body", [b"data: " + b"x" * 101, b"x" * 101, b"data: " + b"x" * 101 + b"\n\n"])
def test_a_line_that_is_too_long_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    with pytest.raises(EventTooLargeError, match="100 bytes"):
        SseParser().feed(body)


def test_an_event_of_too_many_lines_is_refused_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    parser = SseParser()
    for _ in range(100):
        parser.feed(b"data: x\n")
    with pytest.raises(EventTooLargeError, match="100 bytes"):
        parser.feed(b"data: x\n")


def test_many_events_of_any_length_together_are_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    assert len(parsed(b"data: 0123456789\n\n" * 100)[0]) == 100


def bytes_touched(body: bytes, chunk: int) -> int:
    """The bytes that methods of bytes objects were called on, in sum: a search through a buffer counts its length."""
    touched = 0

    def count(_frame: FrameType, event: str, called: object) -> None:
        nonlocal touched
        owner = getattr(called, "__self__", None)
        if event == "c_call" and isinstance(owner, bytes):
            touched += len(owner)

    parser = SseParser()
    pieces = [body[start : start + chunk] for start in range(0, len(body), chunk)]
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        for piece in pieces:
            parser.feed(piece)
    finally:
        sys.setprofile(before)
    return touched


@pytest.mark.parametrize("chunk", [1, 16, 1024])
def test_each_byte_of_a_long_line_is_touched_a_bounded_number_of_times(chunk: int) -> None:
    body = b"data: " + b"x" * 20_000 + b"\n\n"
    assert len(body) <= bytes_touched(body, chunk) <= 10 * len(body)
