"""A word and a glyph for every environment."""

import pytest

from burn_tui.core.environment import DEVELOPMENT, Environment, unknown
from burn_tui.tui.badges import badge


@pytest.mark.parametrize(
    ("name", "expected"),
    [("production", "■ PROD"), ("local", "▲ LOCAL"), ("staging", "◆ STAGE"), ("prod-eu", "■ PROD"), ("dev", "● DEV")],
)
def test_a_well_known_environment_has_its_own_sign_whatever_its_colour(name: str, expected: str) -> None:
    assert str(badge(Environment(name=name, hue="cyan"))) == expected


def test_the_one_environment_that_exists_without_settings_is_development() -> None:
    assert str(badge(DEVELOPMENT)) == "● DEV"


def test_an_unknown_environment_has_a_question_mark_even_if_it_is_called_production() -> None:
    assert str(badge(unknown("production"))) == "? PRODUCTI"


def test_another_environment_keeps_its_name_and_takes_the_glyph_of_its_colour() -> None:
    assert str(badge(Environment(name="sandbox", hue="green"))) == "◆ SANDBOX"
