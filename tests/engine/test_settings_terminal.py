"""What the settings say of the terminal, its keys and its panes."""

import pytest

from burn_tui.core.errors import SettingsError
from burn_tui.core.neighbours import Rule
from burn_tui.engine.settings import Settings, read
from burn_tui.engine.settings_terminal import KeyChange
from burn_tui.engine.yaml_source import parse


def settings(text: str) -> Settings:
    return read(parse(text, file="config.yaml"))


def refusal(text: str) -> str:
    with pytest.raises(SettingsError) as raised:
        settings(text)
    return str(raised.value)


def test_without_a_word_nothing_is_coloured_but_the_dashboard_and_nothing_rings() -> None:
    terminal = settings("theme: ops").terminal
    assert (terminal.tab_colour, terminal.notify, terminal.reduced_motion, terminal.mouse) == (
        False,
        ("toast",),
        False,
        True,
    )


def test_the_terminal_does_as_it_is_told() -> None:
    terminal = settings(
        "terminal: {tab_colour: true, notify: [bell, osc9], reduced_motion: true, mouse: false}"
    ).terminal
    assert (terminal.tab_colour, terminal.notify, terminal.reduced_motion, terminal.mouse) == (
        True,
        ("bell", "osc9"),
        True,
        False,
    )
    assert "config.yaml, line 1: terminal.notify[0]" in refusal("terminal: {notify: [ring]}")


def test_keys_are_kept_with_their_line() -> None:
    assert settings("keys:\n  burn: f6\n  stop: [escape, ctrl+x]\n").key_changes == (
        KeyChange("burn", ("f6",), 2),
        KeyChange("stop", ("escape", "ctrl+x"), 3),
    )


def test_rules_for_neighbours_are_read_in_their_order_and_home_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    text = """
environments: {production: {}, local: {}}
neighbours:
  - {environment: production, host: "*.prod"}
  - {environment: local, path: ~/play, branch: "*"}
"""
    assert settings(text).neighbours == (
        Rule(environment="production", host="*.prod"),
        Rule(environment="local", path="/home/me/play", branch="*"),
    )


def test_a_rule_that_can_never_hold_is_refused_with_its_line() -> None:
    text = "environments: {production: {}}\nneighbours:\n  - {environment: prodution, host: x}\n"
    assert "config.yaml, line 3: neighbours[0].environment" in refusal(text)
    assert "Did you mean 'production'?" in refusal(text)
    assert "fits nothing" in refusal("neighbours:\n  - {environment: production}\n")
    assert "Did you mean 'host'?" in refusal("neighbours:\n  - {environment: production, hst: x}\n")
