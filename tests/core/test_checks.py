"""What can be told of an answer without asking anybody."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burn_tui.core.chat import ChatRequest, FinishReason, JsonFormat, said
from burn_tui.core.checks import (
    LONGEST_WITHOUT_CODE,
    CommandCheck,
    Wanted,
    code_in,
    flaw,
    has_code,
    is_past_doubt,
    wanted,
)
from burn_tui.core.task_class import TaskClass

PLAIN = Wanted()
SCHEMA = json.dumps({"type": "object", "required": ["team"], "properties": {"team": {"type": "string"}}})


def _wanted(prompt: str, task: TaskClass = "other", form: JsonFormat | None = None, cap: int | None = None) -> Wanted:
    request = ChatRequest(messages=(said("user", prompt),), response_format=form, max_output_tokens=cap)
    return wanted(request, prompt, task)


def _kind(one: Wanted, text: str, finish: FinishReason | None = "stop") -> str | None:
    found = flaw(one, text, finish)
    return found.kind if found else None


def test_an_answer_without_words_is_empty() -> None:
    assert _kind(PLAIN, " \n") == "empty"
    assert _kind(PLAIN, "Yes.") is None


def test_an_answer_that_ends_at_the_models_limit_is_cut_off_but_not_at_the_callers_own() -> None:
    assert _kind(_wanted("Why?"), "Because the", "length") == "truncated"
    assert _kind(_wanted("Why?", cap=5), "Because the", "length") is None


def test_what_may_still_fail_is_kept_back_and_what_may_not_is_past_doubt() -> None:
    assert not is_past_doubt(PLAIN, "I")
    assert not is_past_doubt(PLAIN, "I'm sorry, but")
    assert is_past_doubt(PLAIN, "The answer")
    assert not is_past_doubt(Wanted(is_json=True), "The answer is there, and long enough. " * 10)
    assert not is_past_doubt(Wanted(is_code=True), "The answer is there:")
    assert is_past_doubt(Wanted(is_code=True), "The answer is there:\n```python\n")
    assert is_past_doubt(Wanted(is_code=True), "word " * LONGEST_WITHOUT_CODE)


@given(
    text=st.text(max_size=300) | st.text(alphabet="a0{};`~\n\t def", max_size=60),
    is_code=st.booleans(),
    finish=st.sampled_from(["stop", "length"]),
)
@example(text="0{00", is_code=True, finish="stop")
def test_who_is_past_doubt_has_no_flaw_that_is_no_matter_of_its_end(
    text: str, is_code: bool, finish: FinishReason
) -> None:
    one = Wanted(is_code=is_code, is_capped=True)
    if is_past_doubt(one, text[: len(text) // 2]):
        assert _kind(one, text, finish) is None


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot assist with this request.",
        "Sorry, I can’t do that.",
        "Unfortunately, I am unable to provide this.",
        "As an AI language model, I cannot create such content.",
    ],
)
def test_a_model_that_declines_has_not_answered(text: str) -> None:
    assert _kind(PLAIN, text) == "refusal"


@pytest.mark.parametrize(
    "text",
    [
        "I can help with that: call `close()`.",
        "The user cannot log in because the token has expired.",
        "Sorry about the bug; here is the fix.",
        "I can't help with that. " + "But the long story is this. " * 40,
        "You can't assign to a frozen struct.",
    ],
)
def test_words_like_those_of_a_refusal_are_none(text: str) -> None:
    assert _kind(PLAIN, text) is None


def test_json_that_was_asked_for_by_the_caller_has_to_stand_alone_and_follow_the_schema() -> None:
    asked = _wanted("Which team?", form=JsonFormat(SCHEMA))
    assert _kind(asked, '{"team": "billing"}') is None
    assert _kind(asked, 'Here: {"team": "billing"}') == "json"
    assert _kind(asked, '{"team": 3}') == "schema"
    assert _kind(asked, '{"team": "bil') == "json"


def test_json_that_was_asked_for_in_words_may_stand_in_a_block_or_in_a_sentence() -> None:
    asked = _wanted("Reply with JSON only: which team?")
    assert asked.is_strict
    assert _kind(asked, '```json\n{"team": "billing"}\n```') is None
    assert _kind(asked, 'Sure: {"team": "billing"}') is None
    assert _kind(asked, "The billing team.") == "json"


def test_a_schema_that_cannot_be_checked_finds_no_flaw() -> None:
    asked = _wanted("Which?", form=JsonFormat('{"unevaluatedItems": false}'))
    assert _kind(asked, "[1]") is None


def test_a_prompt_that_only_mentions_json_asks_for_none() -> None:
    assert not _wanted("Why does the JSON parser return an error?").is_json
    assert not _wanted("Return the JSON schema of it in words").is_json


def test_code_that_was_asked_for_is_missed_only_where_there_is_none_at_all() -> None:
    asked = _wanted("Write a function that adds two numbers", "quick_snippet")
    assert _kind(asked, "Adding is done by counting up.") == "no_code"
    for text in ("```python\ndef add(a, b): ...\n```", "Use `a + b`.", "def add(a, b):\n    return a + b"):
        assert _kind(asked, text) is None, text


def test_a_question_about_code_asks_for_none() -> None:
    assert _kind(_wanted("Why does the function fail?", "test_or_debug"), "It divides by zero.") is None
    assert _kind(_wanted("Write a function", "docs"), "In words, then.") is None


def test_the_rules_check_comes_before_that_of_the_class() -> None:
    tests = CommandCheck(name="tests", run=("pytest",), tasks=("code_edit",))
    lint = CommandCheck(name="lint", run=("ruff",))
    request = ChatRequest(messages=(said("user", "Fix it"),))
    commands = (tests, lint)
    assert wanted(request, "Fix it", "code_edit", commands=commands).command == tests
    assert wanted(request, "Fix it", "code_edit", commands=commands, named="lint").command == lint
    assert wanted(request, "Fix it", "docs", commands=commands).command is None


def test_the_code_of_an_answer_is_what_stands_in_its_blocks() -> None:
    assert code_in("First\n```python\na = 1\n```\nthen\n~~~\nb = 2\n~~~\n") == "a = 1\n\nb = 2\n"
    assert code_in("a = 1") == "a = 1"


@given(st.text(), st.sampled_from(["stop", "length", None]))
def test_any_text_is_judged_and_one_with_a_fenced_block_has_code(text: str, finish: FinishReason | None) -> None:
    for one in (PLAIN, _wanted("Reply in JSON"), _wanted("Write a function", "code_edit")):
        found = flaw(one, text, finish)
        assert found is None or found.why
    assert has_code(f"{text}\n```\n{text}")
