"""A prompt that is called where a person types."""

import pytest

from burn_tui.core.errors import PromptError
from burn_tui.core.prompt_line import Called, called, variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/prompt triage ticket=a", Called("triage", "ticket=a")),
        ("/prompt triage@3f9a1c2b", Called("triage@3f9a1c2b", "")),
        ("/prompt\ntriage  ticket=a\nb", Called("triage", "ticket=a\nb")),
        ("/prompt", Called("", "")),
        ("/prompts", None),
        ("say /prompt", None),
    ],
)
def test_what_is_called_stands_behind_the_command(text: str, expected: Called | None) -> None:
    assert called(text) == expected


def test_a_value_goes_on_to_the_next_variable_blanks_lines_and_all() -> None:
    typed = "ticket=the printer = on fire\nsince x=1 noon team=it"
    assert variables(typed, ["ticket", "team"]) == {"ticket": "the printer = on fire\nsince x=1 noon", "team": "it"}


def test_a_name_that_begins_another_is_not_mistaken_for_it() -> None:
    assert variables("team_size=3 team=it", ["team", "team_size"]) == {"team_size": "3", "team": "it"}


def test_quotes_around_a_value_are_taken_off() -> None:
    assert variables("ticket=\" a \" team=''", ["ticket", "team"]) == {"ticket": " a ", "team": ""}


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("tickt=a", "no variable 'tickt'. Did you mean 'ticket'"),
        ("it burns", "'it' belongs to no variable. Write team=… before it."),
        ("ticket=a ticket=b", "Variable ticket is given twice"),
    ],
)
def test_words_that_belong_to_no_variable_are_told(typed: str, problem: str) -> None:
    with pytest.raises(PromptError, match=problem.replace("?", r"\?")):
        variables(typed, ["ticket", "team"])


def test_words_behind_a_prompt_without_variables_are_told() -> None:
    with pytest.raises(PromptError, match="has no variables"):
        variables("please", [])
