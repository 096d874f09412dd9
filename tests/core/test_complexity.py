"""What can be seen of a prompt's difficulty."""

import string

import pytest
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


_OF_DESIGN = """
    architecture redesign trade-off tradeoffs refactoring migrate concurrency deadlock distributed prove
    optimise optimize scalable
"""
_OF_CHORES = "rename typo typos reformat oneliner one-liner spelling spellcheck capitalize pretty-print"


@pytest.mark.parametrize("word", [*_OF_DESIGN.split(), "race condition", "root cause", "threat model"])
def test_each_word_of_design_is_counted(word: str) -> None:
    assert complexity(looked_at(f"Think of the {word} here.")).design == 1


@pytest.mark.parametrize("word", [*_OF_CHORES.split(), "commit message", "sort the"])
def test_each_chore_is_counted(word: str) -> None:
    assert complexity(looked_at(f"This is a {word} job.")).chores == 1


@given(st.integers(1, 200))
def test_more_of_the_same_is_worth_more(times: int) -> None:
    assert _score("tree " * times) < _score("tree " * (times + 1))


def test_a_question_is_worth_less_than_the_same_as_a_task() -> None:
    assert _score("why does the cache grow?") < _score("say why the cache grows.")


def test_a_sum_of_everyday_life_is_worth_less_than_one_of_mathematicians() -> None:
    everyday = "She buys 3 pens and 4 books, each for 5 dollars, and pays with a note. Name the total."
    mathematics = "Name the remainder of 3 to the power of 400, divided by the least prime above 5000. Go on."
    assert _score(everyday) < _score(mathematics)
    assert complexity(looked_at(everyday)).is_everyday
    assert not complexity(looked_at(mathematics)).is_everyday


def test_figures_to_choose_from_are_worth_less_than_sentences() -> None:
    asked = "How long does the light need? "
    figures = f"{asked}A. 8.31 min B. 12.75 min C. 499.0 s D. 5.2 h"
    sentences = f"{asked}A. A minute B. An hour or so C. A day D. A month"
    assert complexity(looked_at(figures)).has_figures
    assert not complexity(looked_at(sentences)).has_figures
    assert _score(figures) < _score(sentences)


def test_figures_in_the_question_alone_are_none_to_choose_from() -> None:
    assert not complexity(looked_at("Of 100, 200, 300 and 400, which does 7 divide? A) the first B) none")).has_figures
    assert not complexity(looked_at("Point A. 12 34 56 78 90")).has_figures


def test_the_reasons_name_what_was_counted() -> None:
    reasons = complexity(looked_at("Refactor it, but only if not used.")).reasons
    assert reasons == ("34 characters", "1 word of design work")


def test_the_reasons_name_what_makes_a_prompt_worth_less() -> None:
    reasons = complexity(looked_at("How many eggs are left each day?\nA. 12\nB. 18")).reasons
    assert reasons == ("44 characters", "1 question", "a sum of everyday life", "figures to choose from")
