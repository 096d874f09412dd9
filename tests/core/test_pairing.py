"""Calls and results go out together or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.chat import Message, Text, ToolCall, ToolResult, said
from burn_tui.core.pairing import paired

HI = said("user", "hi")


def call(*ids: str) -> Message:
    return Message("assistant", tuple(ToolCall(call_id, "add", "{}") for call_id in ids))


def result(*ids: str) -> Message:
    return Message("tool", tuple(ToolResult(call_id, "3") for call_id in ids))


def test_a_conversation_in_which_all_calls_are_answered_is_left_as_it_is() -> None:
    messages = (HI, call("a", "b"), result("a"), result("b"), said("assistant", "3"))
    assert paired(messages) == messages


def test_a_call_that_nobody_answered_is_left_out_and_its_text_is_kept() -> None:
    turn = Message("assistant", (Text("I will add."), ToolCall("a", "add", "{}")))
    assert paired((HI, turn, said("user", "no"))) == (HI, said("assistant", "I will add."), said("user", "no"))


def test_a_result_that_nobody_asked_for_is_left_out() -> None:
    assert paired((HI, result("a"))) == (HI,)


def test_a_result_that_comes_after_the_person_went_on_is_too_late() -> None:
    assert paired((HI, call("a"), said("user", "no"), result("a"))) == (HI, said("user", "no"))


def test_a_result_belongs_to_the_latest_call_of_its_id() -> None:
    messages = (HI, call("a"), call("a"), result("a"), said("user", "again"), call("a"), result("a"))
    assert paired(messages) == (HI, call("a"), result("a"), said("user", "again"), call("a"), result("a"))


@given(st.lists(st.sampled_from([HI, call("a"), call("b"), call("a", "b"), result("a"), result("b")])))
def test_every_call_that_is_kept_has_a_result_and_every_result_a_call(messages: list[Message]) -> None:
    parts = [part for message in paired(tuple(messages)) for part in message.parts]
    for call_id in ("a", "b"):
        of_id = [part for part in parts if isinstance(part, ToolCall | ToolResult) and part.id == call_id]
        assert [type(part) for part in of_id] == [ToolCall, ToolResult] * (len(of_id) // 2)
    assert paired(paired(tuple(messages))) == paired(tuple(messages))
