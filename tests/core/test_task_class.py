"""What kind of work a prompt is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.task_class import TASK_CLASSES, Correction, TaskClass, classify, words_of


@pytest.mark.parametrize(
    ("task", "prompt"),
    [
        ("infra_config", "Add a private subnet to infra/network.tf"),
        ("infra_config", "Write a kubernetes deployment for the api with two replicas"),
        ("infra_config", "the nginx config and the Dockerfile must agree on the port"),
        ("code_edit", "Refactor the parse function in src/lexer.py so that it takes a stream"),
        ("code_edit", "Implement the missing handler in server/routes.go"),
        ("quick_snippet", "How do I list the ten largest files with bash?"),
        ("quick_snippet", "a one-liner that counts lines in all CSV files"),
        ("architecture", "How should we split the monolith? What are the trade-offs of event sourcing?"),
        ("docs", "Write a README section and the docstrings for this module"),
        ("docs", "Summarize this meeting and reword the last paragraph"),
        ("test_or_debug", "Traceback (most recent call last): KeyError: 'id'. Why does it crash?"),
        ("test_or_debug", "write unit tests for the cart"),
        ("other", "Tell me about the weather of Mars."),
    ],
)
def test_the_words_of_a_prompt_tell_its_class(task: TaskClass, prompt: str) -> None:
    assert classify(prompt).task_class == task
    assert classify(prompt.upper()).task_class == task
    assert classify(prompt.replace(" ", "\n  ")).task_class == task


def test_what_a_person_said_of_a_prompt_holds_for_those_like_it() -> None:
    said = [Correction(words_of("Explain the sharding of our event store"), "architecture")]
    assert classify("explain the sharding of our event store, please", (), said).task_class == "architecture"
    assert classify("explain the weather", (), said).task_class == "other"


def test_the_users_own_patterns_beat_the_built_in_ones() -> None:
    patterns: tuple[tuple[TaskClass, str], ...] = (("infra_config", r"\.nomad\b"),)
    assert classify("write unit tests for api.NOMAD", patterns).task_class == "infra_config"


@given(st.text(max_size=4_000))
def test_every_prompt_has_a_class_and_a_reason(prompt: str) -> None:
    found = classify(prompt)
    assert found.task_class in TASK_CLASSES
    assert found.why
