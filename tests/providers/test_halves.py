"""JSON can spell half a character; what is read and sent holds whole ones only, and none is lost between two events."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.answered import Answered, decoded, folded

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest, Image, Message, Text, ToolCall, ToolResult, said
from burn_tui.core.events import FinishSeen, Malformed, ReasoningDelta, TextDelta, ToolCallDelta, WireEvent
from burn_tui.providers import DIALECTS
from burn_tui.providers.halves import Halves
from burn_tui.providers.reading import compact, json_object, parsed, whole_text

HIGH, LOW = r"\ud83d", r"\ude00"
"""Together the escape of a grinning face."""

STOP = FinishSeen("stop", "stop")
CHUNKS = [1, 7, 1 << 20]

every_dialect = pytest.mark.parametrize("name", DIALECTS)


def read(name: str, events: list[WireEvent], *, streamed: bool = True, chunk: int = 7) -> Answered:
    """An answer as the dialect writes it, with HIGH and LOW in place of H~ and L~."""
    dialect = DIALECTS[name]
    provider = Provider(name="here", dialect=name, base_url="http://127.0.0.1:1")
    encoder = dialect.encoder(streamed=streamed, response_model="big", response_id="r", created=0)
    body = b"".join(encoder.encode(event) for event in events) + encoder.finish()
    body = body.replace(b"H~", HIGH.encode()).replace(b"L~", LOW.encode())
    given_events = decoded(dialect.decoder(streamed=streamed, provider=provider), body, chunk)
    assert not [event for event in given_events if isinstance(event, Malformed)]
    return folded(given_events)


@every_dialect
@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_character_that_two_pieces_of_text_share_comes_whole(name: str, chunk: int) -> None:
    answered = read(name, [TextDelta("Hi H~"), TextDelta("L~ there H~"), TextDelta("L~"), STOP], chunk=chunk)
    assert answered.text == "Hi 😀 there 😀"
    assert answered.failure is None


@every_dialect
def test_a_character_that_two_pieces_of_thinking_share_comes_whole(name: str) -> None:
    assert read(name, [ReasoningDelta("hm H~"), ReasoningDelta("L~!"), TextDelta("so"), STOP]).reasoning == "hm 😀!"


@every_dialect
def test_a_character_that_two_pieces_of_a_call_share_comes_whole(name: str) -> None:
    answered = read(name, [ToolCallDelta(0, "call_1", "look", '{"at":"H~'), ToolCallDelta(0, arguments='L~"}'), STOP])
    assert json.loads(answered.calls[0][2]) == {"at": "😀"}


@every_dialect
@pytest.mark.parametrize("streamed", [True, False])
def test_half_a_character_that_stays_alone_is_marked_as_lost(name: str, streamed: bool) -> None:
    events: list[WireEvent] = [TextDelta("L~ Hi H~"), ToolCallDelta(0, "call_1", "look", '{"at":"H~"}'), STOP]
    answered = read(name, events, streamed=streamed)
    assert answered.text == "\ufffd Hi \ufffd"
    assert json.loads(answered.calls[0][2]) == {"at": "\ufffd"}
    assert answered.failure is None


@every_dialect
def test_a_stream_that_is_cut_behind_half_a_character_says_that_one_is_lost(name: str) -> None:
    dialect = DIALECTS[name]
    provider = Provider(name="here", dialect=name, base_url="http://127.0.0.1:1")
    encoder = dialect.encoder(streamed=True, response_model="big", response_id="r", created=0)
    body = encoder.encode(TextDelta("Hi H~")).replace(b"H~", HIGH.encode())
    answered = folded(decoded(dialect.decoder(streamed=True, provider=provider), body, 7))
    assert answered.text == "Hi \ufffd"
    assert answered.failure is not None
    assert answered.failure.error_type == "truncated"


texts = st.lists(st.text(st.sampled_from("aé日😀🔥\ud83d\ude00"), max_size=4), max_size=6)


@given(texts, st.sampled_from([TextDelta, ReasoningDelta]))
def test_pieces_that_are_joined_say_what_the_whole_would_have_said(
    pieces: list[str], kind: type[TextDelta | ReasoningDelta]
) -> None:
    halves = Halves()
    events = [*halves.joined(kind(piece) for piece in pieces), *halves.rest()]
    given_text = "".join(event.text for event in events if isinstance(event, TextDelta | ReasoningDelta))
    assert given_text == whole_text("".join(pieces))
    assert given_text.encode().decode() == given_text


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_whole_text_can_be_written_as_utf8_and_is_kept_where_it_could_be_before(text: str) -> None:
    whole = whole_text(text)
    assert whole.encode().decode() == whole
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert whole == text


def test_json_with_half_a_character_is_read_with_a_mark_in_its_place() -> None:
    assert parsed(rb'{"a\ud83d": ["\ud83d\ude00", "\ude00x", {"b": "\ud83d"}]}') == {
        "a\ufffd": ["😀", "\ufffdx", {"b": "\ufffd"}]
    }
    assert parsed(r'["\ud83d"]') == ["\ufffd"]
    for broken in (rb'["\ud83d"', rb'[NaN, "\ud83d"]', b'["\xff\\ud83d"]'):
        with pytest.raises(ValueError, match=r"JSON|delimiter|utf-8"):
            parsed(broken)


def test_arguments_with_half_a_character_are_sent_with_a_mark_in_its_place() -> None:
    written = json_object(r'{"at":"\ud83d"}')
    assert written is not None
    assert msgspec.json.decode(msgspec.json.encode(written)) == {"at": "\ufffd"}
    assert compact({"at": "\ud83d"}) == '{"at":"\ufffd"}'


@every_dialect
def test_a_request_with_half_a_character_anywhere_is_sent_as_valid_json(name: str) -> None:
    half = "\ud83d"
    request = ChatRequest(
        messages=(
            said("system", half),
            Message("user", (Text(half), Image(url=f"https://example.org/{half}"))),
            Message("assistant", (ToolCall(half, half, f'{{"at":"{half}"}}'),)),
            Message("tool", (ToolResult(half, half),)),
        ),
        stop_sequences=(half,),
    )
    provider = Provider(name="here", dialect=name, base_url="http://127.0.0.1:1")
    sent = DIALECTS[name].encode_request(request, model="big", provider=provider, api_key=None)
    assert "\ufffd" in sent.body.decode()
    assert isinstance(msgspec.json.decode(sent.body), dict)
