"""What clients mean by the names of models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.model_names import AUTO, meant


def _is_ours(name: str) -> bool:
    return name in {"quick", "gpt-5-mini"}


@pytest.mark.parametrize("name", [None, AUTO])
def test_auto_and_nothing_at_all_mean_themselves_whatever_is_written(name: str | None) -> None:
    assert meant(name, {"*": "quick"}, _is_ours) == name


@pytest.mark.parametrize("name", ["claude-opus-4-6", "gpt-5.3-codex", "o3-mini", "gemini-2.5-pro", "codex-mini-latest"])
def test_names_that_clients_have_built_in_mean_auto(name: str) -> None:
    assert meant(name, None, _is_ours) == AUTO


def test_a_usual_name_that_somebody_serves_means_that() -> None:
    assert meant("gpt-5-mini", None, _is_ours) == "gpt-5-mini"


def test_what_is_written_beats_what_is_served() -> None:
    assert meant("gpt-5-mini", {"gpt-*": "quick"}, _is_ours) == "quick"


def test_the_first_match_counts() -> None:
    assert meant("gpt-5", {"gpt-5": "quick", "*": AUTO}, _is_ours) == "quick"
    assert meant("gpt-5", {"*": AUTO, "gpt-5": "quick"}, _is_ours) == AUTO


@given(st.text())
def test_with_a_mapping_of_ones_own_nothing_else_is_guessed(name: str) -> None:
    assert meant(name, {}, _is_ours) == name
