"""A policy that did well becomes the settings' own."""

from pathlib import Path

import pytest
from support.command import burn_tui, two_providers

from burn_tui.core.errors import BurnError, SettingsError, WrongCallError
from burn_tui.engine.auto.adopting import adopt, adopted
from burn_tui.engine.settings import load

SETTINGS = """\
# mine
providers:
  near: {dialect: ollama-chat, base_url: "http://127.0.0.1:9", models: [small]}  # at home

auto:
  strong_share: 0.5  # much
  # more to come

# what it may cost
budgets:
  - {name: day, limit_usd: 5}
rules:
  - {tier: strong}
"""
POLICY = "auto:\n  strong_share: 0.1 # little\nrules:\n  - path: '**/*.tf'\n    tier: cheap"


def _adopted(settings: str, policy: str) -> str:
    return adopted(settings, policy, file="config.yaml", policy_file="policy.yaml")


def test_only_the_two_sections_change_and_every_comment_elsewhere_stays() -> None:
    assert _adopted(SETTINGS, POLICY) == SETTINGS.replace(
        "  strong_share: 0.5  # much\n  # more to come\n", "  strong_share: 0.1 # little\n"
    ).replace("  - {tier: strong}\n", "  - path: '**/*.tf'\n    tier: cheap\n")


def test_adopting_twice_changes_nothing_more() -> None:
    once = _adopted(SETTINGS, POLICY)
    assert _adopted(once, POLICY) == once


def test_a_section_that_was_not_there_is_put_at_the_end_and_one_that_the_policy_lacks_goes() -> None:
    found = _adopted("theme: default", "rules:\n- {tier: cheap}\n")
    assert found == "theme: default\n\nrules:\n- {tier: cheap}\n"
    assert _adopted(found, "auto: {explore: 0}") == "theme: default\n\n\nauto: {explore: 0}\n"


@pytest.mark.parametrize(
    "settings", ["{theme: default, auto: {explore: 0}}", "{theme: default}", "theme: 'a\n  b'\n..."]
)
def test_settings_that_are_not_written_in_lines_are_left_alone(settings: str) -> None:
    with pytest.raises(BurnError):
        _adopted(settings, POLICY)


def test_what_would_not_be_taken_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(SETTINGS)
    with pytest.raises(SettingsError):
        adopt("rules: [{use: nobody/here}]", policy_file="policy.yaml", settings_file=file)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("config.yaml", SETTINGS)]


def test_the_file_keeps_its_rights_and_a_copy_of_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(SETTINGS)
    file.chmod(0o640)
    kept = adopt(POLICY, policy_file="policy.yaml", settings_file=file)
    assert kept.read_text() == SETTINGS
    assert (file.stat().st_mode & 0o777, load(file).auto.strong_share) == (0o640, 0.1)


def test_without_a_settings_file_there_is_nothing_to_write_to(tmp_path: Path) -> None:
    with pytest.raises(WrongCallError, match="cannot be read"):
        adopt(POLICY, policy_file="policy.yaml", settings_file=tmp_path / "config.yaml")


def test_one_option_of_a_replay_adopts_what_was_replayed(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("rules:\n  - {tier: cheap}\n")
    with two_providers(tmp_path) as world:
        assert world.ask("--target", "auto").code == 0
        replay = ("route", "replay", "--policy", str(policy), *world.places)
        before = world.config.read_text()
        assert burn_tui(*replay, environ=world.environ).code == 0
        assert world.config.read_text() == before
        adopted_now = burn_tui(*replay, "--adopt", environ=world.environ)
        assert (adopted_now.code, adopted_now.out.splitlines()[-1].startswith("Adopted: ")) == (0, True)
        assert world.config.read_text() == f"{before}\nrules:\n  - {{tier: cheap}}\n"
        explained = burn_tui("route", "explain", "why?", *world.places, environ=world.environ)
    assert "your rule for always" in explained.out
