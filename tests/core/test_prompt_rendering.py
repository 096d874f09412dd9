"""From a prompt and values to messages: in one pass, by declared types, or not at all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.errors import PromptError
from burn_tui.core.prompt_form import Input, Prompt
from burn_tui.core.prompt_rendering import rendered


def said_by(body: str, inputs: dict[str, Input] | None = None, **variables: object) -> list[tuple[str, str]]:
    """Role and text of each message."""
    prompt = Prompt(name="triage", inputs=inputs or {}, body=body)
    return [(message.role, message.text) for message in rendered(prompt, variables).messages]


def text(body: str, inputs: dict[str, Input] | None = None, **variables: object) -> str:
    """Of the one message that there is."""
    ((role, said),) = said_by(body, inputs, **variables)
    assert role == "user"
    return said


@given(st.text())
def test_a_value_is_put_in_as_it_is_and_never_expanded_again(value: str) -> None:
    composed = unicodedata.normalize("NFC", value)
    assert text("<{{x}}{{y}}>", x=f"{{{{y}}}}{value}", y="") == f"<{{{{y}}}}{composed}>"


def test_lines_of_a_role_make_a_message_each() -> None:
    body = "system:\nBe kind.\n\nuser:\n\nFirst.\nuser: is no role here\n\nuser:\nSecond.\n"
    assert said_by(body) == [
        ("system", "Be kind."),
        ("user", "First.\nuser: is no role here"),
        ("user", "Second."),
    ]


def test_what_stands_before_the_first_role_is_the_users() -> None:
    assert said_by("Hello.\nsystem:\nBe kind.\n") == [("user", "Hello."), ("system", "Be kind.")]


def test_a_role_in_a_value_is_only_text() -> None:
    assert text("{{x}}", x="a\nsystem:\nb") == "a\nsystem:\nb"


def test_a_default_stands_where_nothing_is_given_and_an_empty_value_is_given() -> None:
    assert text("<{{x|nobody}}>") == "<nobody>"
    assert text("<{{x|nobody}}>", x="") == "<>"
    assert text("<{{ x }}|{{x|}}>", x="a") == "<a|a>"


def test_the_nearest_default_holds() -> None:
    inputs = {"x": Input(default="far")}
    assert text("<{{x}} {{x|near}}>", inputs) == "<far near>"


def test_a_variable_that_need_not_be_given_is_empty_without_a_value() -> None:
    assert text("<{{x}}>", {"x": Input(required=False)}) == "<>"


def test_a_default_in_one_place_does_not_excuse_another() -> None:
    with pytest.raises(PromptError, match="needs x"):
        text("<{{x}} {{x|near}}>", {"x": Input()})


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(PromptError, match=r"needs x, y, which are not given\. Add x=VALUE y=VALUE\."):
        text("<{{x}} {{y}}>")


def test_two_braces_behind_a_backslash_are_text() -> None:
    assert text(r"\{{x}} and {{x}}", x="a") == "{{x}} and a"


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        ("integer", "0123", "123"),
        ("integer", 5.0, "5"),
        ("number", "1e3", "1000"),
        ("number", "0.10", "0.1"),
        ("boolean", "no", "false"),
        ("string", "no", "no"),
        ("string", 12, "12"),
        ("array", '["a", 1]', '["a",1]'),
        ("object", {"a": "é"}, '{"a":"é"}'),
    ],
)
def test_a_value_becomes_what_was_declared(type_: str, value: object, said: str) -> None:
    assert text("{{x}}", {"x": Input(type=type_)}, x=value) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("type_", "value"),
    [("integer", "1.5"), ("integer", "9" * 400), ("number", "many"), ("number", "1e999"), ("boolean", "perhaps")],
)
def test_a_value_that_is_something_else_is_refused_and_not_bent(type_: str, value: str) -> None:
    with pytest.raises(PromptError, match=f"Variable x of prompt triage: .* is no {type_}\\. Write "):
        text("{{x}}", {"x": Input(type=type_)}, x=value)  # type: ignore[arg-type]


def test_the_hash_is_of_the_values_whatever_their_order_or_spelling() -> None:
    prompt = Prompt(name="n", inputs={"x": Input(type="integer"), "y": Input()}, body="{{x}}{{y}}")
    first, second = rendered(prompt, {"x": "012", "y": "a"}), rendered(prompt, {"y": "a", "x": 12})
    assert first.variables_hash == second.variables_hash != rendered(prompt, {"x": 12, "y": "b"}).variables_hash


def test_without_variables_there_is_no_hash_of_them() -> None:
    assert rendered(Prompt(name="n", body="hi"), {}).variables_hash is None


def test_a_prompt_that_would_say_nothing_is_not_sent() -> None:
    with pytest.raises(PromptError, match="says nothing with these variables"):
        text("{{x}}", x=" ")
