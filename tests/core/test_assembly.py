"""An answer is put together from its pieces, also where several attempts wrote it."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.assembly import AnswerBuilder
from burn_tui.core.chat import Message, Reasoning, Text, ToolCall
from burn_tui.core.events import Event, FinishSeen, ReasoningDelta, TextDelta, ToolCallDelta, UsageSeen
from burn_tui.core.usage import Usage


def _built(*events: Event) -> AnswerBuilder:
    answer = AnswerBuilder()
    for event in events:
        answer.take(event)
    return answer


def test_pieces_of_one_kind_are_one_part_and_parts_keep_their_order() -> None:
    answer = _built(ReasoningDelta("Hm, "), ReasoningDelta("well."), TextDelta("All "), TextDelta("is well."))
    assert answer.message("openai").parts == (Reasoning("Hm, well.", None, "openai"), Text("All is well."))


def test_a_signature_closes_its_thought() -> None:
    answer = _built(ReasoningDelta("One."), ReasoningDelta("", "proof"), ReasoningDelta("Two."))
    assert answer.message("anthropic").parts == (
        Reasoning("One.", "proof", "anthropic"),
        Reasoning("Two.", None, "anthropic"),
    )


def test_pieces_of_several_calls_may_come_in_turns() -> None:
    answer = _built(
        ToolCallDelta(0, "a", "look"),
        ToolCallDelta(1, "b", "listen"),
        ToolCallDelta(0, arguments='{"at":'),
        ToolCallDelta(1, arguments='{"to":2}'),
        ToolCallDelta(0, arguments="1}"),
    )
    assert answer.message("openai").parts == (ToolCall("a", "look", '{"at":1}'), ToolCall("b", "listen", '{"to":2}'))


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert _built(ToolCallDelta(0, "a", "look")).message("openai").parts == (ToolCall("a", "look", "{}"),)


def test_only_a_signed_call_names_its_signer() -> None:
    answer = _built(ToolCallDelta(0, "a", "look", "{}", "proof"), ToolCallDelta(1, "b", "listen", "{}"))
    signers = [part.provider_name for part in answer.message("gemini").parts if isinstance(part, ToolCall)]
    assert signers == ["gemini", None]


def test_what_is_no_delta_is_no_part_of_the_answer() -> None:
    answer = _built(TextDelta("Yes."), UsageSeen(Usage(output_tokens=1)), FinishSeen("stop", "stop"))
    assert answer.message("openai") == Message("assistant", (Text("Yes."),))


def test_after_a_cut_the_text_goes_on_the_thoughts_stay_their_writers_and_begun_calls_go() -> None:
    answer = _built(ReasoningDelta("Hm."), TextDelta("All "), ToolCallDelta(0, "a", "look"))
    answer.cut("anthropic")
    for event in (ReasoningDelta("Aha."), TextDelta("is well.")):
        answer.take(event)
    message = answer.message("openai")
    assert message.text == "All is well."
    thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
    assert [(thought.text, thought.provider_name) for thought in thoughts] == [("Hm.", "anthropic"), ("Aha.", "openai")]
    assert not [part for part in message.parts if isinstance(part, ToolCall)]


def test_an_answer_that_begins_anew_keeps_nothing() -> None:
    answer = _built(TextDelta("All "), ToolCallDelta(0, "a", "look"))
    answer.clear()
    answer.take(TextDelta("No."))
    assert answer.message("openai").parts == (Text("No."),)


@given(st.lists(st.text(max_size=5)))
def test_the_text_is_what_came_in_order(pieces: list[str]) -> None:
    answer = _built(*(TextDelta(piece) for piece in pieces))
    assert answer.text == answer.message("openai").text == "".join(pieces)
