"""What can be seen of a prompt's difficulty."""

import string

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.complexity import LONGEST_LOOKED_AT, complexity, looked_at


def _score(prompt: str) -> float:
    return complexity(looked_at(prompt)).score


_WORDS = st.lists(st.text(string.ascii_letters + "=_{}0123456789?.", min_size=1, max_size=12), min_size=1, max_size=80)


@given(_WORDS, st.sampled_from(["\n", "  ", "\t", " \n\n "]))
def test_white_space_and_case_change_nothing(words: list[str], space: str) -> None:
    plain = complexity(looked_at(" ".join(words)))
    assert complexity(looked_at(f"\n {space.join(words).upper()} ")) == plain
    assert complexity(looked_at(space.join(words).swapcase())) == plain


@given(st.text(min_size=2_500, max_size=12_000))
def test_no_more_than_the_allowed_characters_are_looked_at(prompt: str) -> None:
    assert len(looked_at(prompt)) <= LONGEST_LOOKED_AT


def test_of_a_long_prompt_the_beginning_and_the_end_count() -> None:
    text = looked_at("Explain this log. " + "noise " * 50_000 + "Why did it crash?")
    assert text.startswith("explain this log.")
    assert text.endswith("why did it crash?")


def test_a_restricted_formal_prompt_is_worth_more_than_a_chore_of_the_same_length() -> None:
    proof = "Prove that f(x) = x^2 + c is not injective unless c is {0} only."
    chore = "Please rename the variable foo to bar in this file and fix typos."
    assert _score(proof) > _score(chore) + 1


@given(st.integers(1, 200))
def test_more_of_the_same_is_worth_more(times: int) -> None:
    assert _score("tree " * times) < _score("tree " * (times + 1))


def test_the_reasons_name_what_was_counted() -> None:
    reasons = complexity(looked_at("Refactor it, but only if not used.")).reasons
    assert reasons == ("34 characters", "1 word of design work")
