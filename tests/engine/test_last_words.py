"""What a request that nobody answered ends with."""

import pytest

from burn_tui.engine.last_words import followed_by


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Rate limit reached", "Rate limit reached. All rest."),
        ("Slow down.", "Slow down. All rest."),
        ("Really?\n", "Really? All rest."),
        ("", "All rest."),
    ],
)
def test_our_own_sentence_begins_after_the_end_of_the_providers(said: str, told: str) -> None:
    assert followed_by(said, "All rest.") == told


def test_what_a_provider_said_stays_as_it_is_where_nothing_follows() -> None:
    assert followed_by("Rate limit reached", "") == "Rate limit reached"
