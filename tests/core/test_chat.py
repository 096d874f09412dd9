"""Estimates of tokens are rough, and never too few to be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.chat import (
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    estimate_input_tokens,
    estimate_tokens,
    said,
)

FRAME = 4
"""What a message costs beside its parts."""

texts = st.text(max_size=200)


def test_no_text_has_no_tokens() -> None:
    assert estimate_tokens("") == 0


@pytest.mark.parametrize(("text", "tokens"), [("a", 1), ("four", 1), ("five!", 2), ("äöüß", 2), ("日本語", 3)])
def test_four_bytes_are_a_token_and_the_rest_is_one_too(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(texts, texts)
def test_more_text_is_never_fewer_tokens(text: str, more: str) -> None:
    assert estimate_tokens(text) <= estimate_tokens(text + more) <= estimate_tokens(text) + estimate_tokens(more)


@given(texts.filter(bool))
def test_any_text_at_all_is_at_least_one_token(text: str) -> None:
    assert estimate_tokens(text) >= 1


def test_half_a_surrogate_pair_can_be_estimated() -> None:
    assert estimate_tokens("\ud83d") == 1


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (Text("eight by"), 2),
        (Reasoning("eight by"), 2),
        (ToolCall("call_1", "find", '{"x": 1}'), 3),
        (ToolResult("call_1", "eight by"), 2),
        (Image(data="aGVsbG8=" * 10_000), 1_000),
    ],
)
def test_every_kind_of_part_is_counted(part: Part, tokens: int) -> None:
    assert estimate_input_tokens((Message("user", (part,)),)) == FRAME + tokens


@given(st.lists(texts, max_size=10))
def test_messages_are_the_sum_of_themselves_and_their_frames(contents: list[str]) -> None:
    messages = tuple(said("user", content) for content in contents)
    assert estimate_input_tokens(messages) == sum(FRAME + estimate_tokens(content) for content in contents)


def test_the_text_of_a_message_is_its_visible_text_only() -> None:
    parts = (Reasoning("hmm"), Text("Yes"), ToolCall("call_1", "find", "{}"), Text(", here."))
    assert Message("assistant", parts).text == "Yes, here."
