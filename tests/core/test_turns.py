"""Which questions on screen are still sent along, and what was sent before them."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.catalog import Target
from burn_tui.core.chat import Message, ToolResult, said
from burn_tui.core.transcript import Answer, Asked, Entry, Notice
from burn_tui.core.turns import turns

HERE = Target("here", "model")


def asked(text: str) -> Asked:
    return Asked(text, 0.0)


def answered(text: str) -> Answer:
    return Answer(HERE, 0.0, text, state="done")


def sent(*texts: str) -> tuple[Message, ...]:
    return tuple(said("assistant" if at % 2 else "user", text) for at, text in enumerate(texts))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(min_size=1, max_size=3)), max_size=6))
def test_of_a_plain_conversation_every_question_is_found_in_its_place(said_so: list[tuple[str, str]]) -> None:
    entries: list[Entry] = [one for question, answer in said_so for one in (asked(question), answered(answer))]
    messages = sent(*(text for pair in said_so for text in pair))
    found = turns(entries, messages)
    assert [len(turn.before) for turn in found] == list(range(0, len(messages), 2))
    assert [turn.later for turn in found] == list(range(len(said_so)))[::-1]


def test_an_answer_that_another_one_took_the_place_of_is_not_among_them() -> None:
    entries: list[Entry] = [asked("why"), answered("Because."), asked("why"), answered("Since.")]
    (turn,) = turns(entries, sent("why", "Since."))
    assert turn.answer is entries[-1]
    assert turn.before == ()


def test_what_was_forgotten_refused_or_never_answered_is_not_among_them() -> None:
    entries: list[Entry] = [
        *(asked("first"), answered("One.")),
        *(asked("refused"), Notice("refusal", "No.", 0.0)),
        *(asked("why"), answered("Because.")),
        *(asked("lost"), answered("")),
    ]
    assert [turn.asked.text for turn in turns(entries, sent("why", "Because."))] == ["why"]
    assert turns(entries, ()) == []


def test_both_pieces_of_an_answer_that_was_cut_belong_to_its_question() -> None:
    entries: list[Entry] = [asked("why"), answered("Because "), answered("of that.")]
    assert [turn.answer.text for turn in turns(entries, sent("why", "Because of that."))] == ["Because ", "of that."]


def test_what_a_tool_found_is_no_question() -> None:
    messages = (
        *sent("why", "Let me look. "),
        Message("user", (ToolResult("1", "four"),)),
        said("assistant", "It is four."),
    )
    (turn,) = turns([asked("why"), answered("It is four.")], messages)
    assert (turn.before, turn.later) == ((), 0)
