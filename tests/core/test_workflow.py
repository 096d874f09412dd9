"""What a file of steps means, and what is wrong with one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.workflow import Step, filled, fingerprint, problem


def _step(step: str, prompt: str | None = "Go.", **more: Any) -> Step:
    return Step(step=step, prompt=prompt, **more)


def test_answers_stand_where_they_are_referred_to() -> None:
    step = _step("write", "Write {{ outline }}, then {{outline}}.")
    assert filled(step, {"outline": "rivers"}).prompt == "Write rivers, then rivers."


def test_the_input_stands_below_a_prompt_that_does_not_say_where() -> None:
    assert filled(_step("b", "Shorten:", input="a"), {"a": "long"}).prompt == "Shorten:\n\nlong"
    assert filled(_step("b", "Shorten {{input}} now", input="a"), {"a": "long"}).prompt == "Shorten long now"


def test_a_versioned_prompt_is_given_the_input_as_a_variable() -> None:
    step = _step("b", None, use="review@production", input="a", variables={"tone": "like {{a}}", "n": 3})
    assert filled(step, {"a": "x"}).variables == {"tone": "like x", "n": 3, "input": "x"}


@given(st.text())
def test_what_an_answer_says_in_braces_is_not_filled_in(answer: str) -> None:
    said = f"{{{{other}}}}{answer}"
    assert filled(_step("b", "{{a}}"), {"a": said, "other": "secret"}).prompt == said


@pytest.mark.parametrize(
    ("steps", "place", "key", "what"),
    [
        ([], 0, "", "there is no step."),
        ([_step("a"), _step("a")], 1, "step", "there are two steps 'a'."),
        ([_step("a b")], 0, "step", "'a b' is no name for a step."),
        ([_step("input")], 0, "step", "'input' is no name for a step."),
        ([_step("a", None)], 0, "", "it needs either prompt: or use:."),
        ([_step("a", use="p")], 0, "", "it needs either prompt: or use:."),
        ([_step("a", " ")], 0, "prompt", "the prompt is empty."),
        ([_step("a", variables={"x": 1})], 0, "variables", "only a versioned prompt has variables."),
        ([_step("a", budget_usd=-1.0)], 0, "budget_usd", "a budget is not below 0."),
        ([_step("a", check="lint")], 0, "check", "there is no check 'lint'."),
        ([_step("a", "{{b}}"), _step("b")], 0, "prompt", "step 'b' comes later."),
        ([_step("a", "{{a}}")], 0, "prompt", "step 'a' comes later."),
        ([_step("a"), _step("b", input="c")], 1, "input", "there is no step 'c'."),
        ([_step("a", "{{input}}")], 0, "prompt", "{{input}} is used, and there is no input."),
        ([_step("a"), _step("b", None, use="p", variables={"x": "{{c}}"})], 1, "variables", "there is no step 'c'."),
    ],
)
def test_what_is_wrong_is_told_with_its_place(steps: list[Step], place: int, key: str, what: str) -> None:
    found = problem(steps, ())
    assert found is not None
    assert (found.place, found.key, found.what) == (place, key, what)
    assert found.mend


def test_checks_of_the_settings_are_known_by_their_names() -> None:
    steps = [_step("a", check="lint"), _step("b", check="json", input="a")]
    assert problem(steps, ("lint",)) is None


def test_a_step_is_another_one_as_soon_as_anything_it_asks_is_another() -> None:
    base = _step("a", "{{x}}")
    assert fingerprint(filled(base, {"x": "1"})) == fingerprint(filled(base, {"x": "1"}))
    assert fingerprint(filled(base, {"x": "1"})) != fingerprint(filled(base, {"x": "2"}))
    assert fingerprint(_step("a")) != fingerprint(_step("a", target="auto"))
