"""One of several prompts, and the way to the others."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.tui.one_prompt import OnePrompt, still_there

names = st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=5, unique=True)


@given(names, st.integers(-9, 9))
def test_turning_there_and_back_leads_to_where_one_was_and_once_round_sees_every_prompt(
    given_names: list[str], step: int
) -> None:
    one = OnePrompt(names=tuple(given_names), name=given_names[0])
    assert OnePrompt(names=one.names, name=one.turned(step)).turned(-step) == one.name
    assert {one.turned(steps) for steps in range(len(given_names))} == set(given_names)


def test_the_place_is_told_only_where_there_is_another_one() -> None:
    assert OnePrompt(names=("a", "b"), name="b").place == "2 of 2"
    assert OnePrompt(names=("a",), name="a").place == ""
    assert OnePrompt(names=(), name="").place == ""


def test_a_prompt_that_is_gone_gives_way_to_the_first_one() -> None:
    assert still_there("b", ("a", "b")) == "b"
    assert still_there("gone", ("a", "b")) == "a"
    assert still_there("gone", ()) == ""
