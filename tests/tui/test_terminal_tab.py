"""What terminals are told to colour their tabs."""

import json
import re

import pytest

from burn_tui.tui.terminal_tab import TabColour, tab_colour

TERMINALS = {
    "iTerm2": {"TERM_PROGRAM": "iTerm.app"},
    "WezTerm": {"TERM_PROGRAM": "WezTerm"},
    "kitty": {"KITTY_WINDOW_ID": "1"},
    "Konsole": {"KONSOLE_VERSION": "250401"},
    "Windows Terminal": {"WT_SESSION": "guid"},
}

ONE_SEQUENCE = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\)")


def colour(**environ: str) -> TabColour:
    found = tab_colour(environ)
    assert found is not None
    return found


@pytest.mark.parametrize("name", TERMINALS)
def test_each_terminal_is_known_and_told_in_one_whole_sequence(name: str) -> None:
    terminal = colour(**TERMINALS[name])
    assert terminal.name == name
    assert ONE_SEQUENCE.fullmatch(terminal.set_to("#5f91f6"))
    assert ONE_SEQUENCE.fullmatch(terminal.reset)
    assert terminal.set_to("#5f91f6") != terminal.reset


def test_iterm_is_known_over_ssh_as_well() -> None:
    assert colour(LC_TERMINAL="iTerm2").set_to("#5f91f6") == "\x1b]1337;SetColors=tab=5f91f6\x07"


def test_windows_terminal_takes_the_colour_in_three_parts() -> None:
    assert colour(WT_SESSION="guid").set_to("#5f91f6") == "\x1b]4;264;rgb:5f/91/f6\x1b\\"


def test_kitty_is_told_in_json_and_does_not_answer() -> None:
    sequence = colour(KITTY_WINDOW_ID="1").set_to("#000100")
    command = json.loads(sequence.removeprefix("\x1bP@kitty-cmd").removesuffix("\x1b\\"))
    assert command["no_response"] is True
    assert command["payload"]["colors"] == {"active_bg": 256, "inactive_bg": 256}


def test_any_other_terminal_is_told_nothing() -> None:
    assert tab_colour({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}) is None


@pytest.mark.parametrize("name", TERMINALS)
def test_inside_tmux_it_is_wrapped_with_every_escape_doubled(name: str) -> None:
    bare, wrapped = colour(**TERMINALS[name]), colour(TMUX="/tmp/tmux,1,0", **TERMINALS[name])
    for plain, inside in ((bare.reset, wrapped.reset), (bare.set_to("#5f91f6"), wrapped.set_to("#5f91f6"))):
        assert inside.startswith("\x1bPtmux;\x1b\x1b")
        assert inside.removeprefix("\x1bPtmux;").removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b") == plain
