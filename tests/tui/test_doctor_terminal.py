"""What the doctor finds in the terminal, in tmux, and among the keys."""

from pathlib import Path

import pytest
from msgspec import structs
from support.tmux_server import tmux_server

from burn_tui.engine.settings import Settings
from burn_tui.engine.settings_file import settings_for
from burn_tui.engine.settings_terminal import KeyChange
from burn_tui.tui import doctor_terminal


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path / "none.yaml", {}, is_explicit=False)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"TERM": "xterm-256color"}, "all colours"),
        ({"TERM": "linux"}, "sixteen colours"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "no colours"),
    ],
)
def test_the_colours_of_the_terminal_are_told(environ: dict[str, str], says: str) -> None:
    (finding,) = doctor_terminal.terminal(environ)
    assert says in finding.words


def test_without_a_tool_the_way_to_a_clipboard_is_told(tmp_path: Path) -> None:
    (finding,) = doctor_terminal.clipboard({"PATH": str(tmp_path), "DISPLAY": ":0"})
    assert "OSC 52" in finding.words
    assert finding.mend is not None
    tool = tmp_path / "xclip"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    (finding,) = doctor_terminal.clipboard({"PATH": str(tmp_path), "DISPLAY": ":0"})
    assert (finding.words, finding.mend) == ("copies with xclip", None)


def test_outside_tmux_nothing_is_said_of_it() -> None:
    assert list(doctor_terminal.tmux({})) == []


def test_a_tmux_that_waits_after_escape_is_told_how_to_stop(tmp_path: Path) -> None:
    with tmux_server(tmp_path) as server:
        server.tmux("set-option", "-s", "escape-time", "500")
        server.tmux("set-option", "-s", "set-clipboard", "off")
        mends = {finding.mend for finding in doctor_terminal.tmux(server.environ()) if finding.mend}
    assert mends == {"Write into tmux.conf: set -sg escape-time 20", "Write into tmux.conf: set -s set-clipboard on"}


def test_a_prefix_that_the_dashboard_needs_is_told(tmp_path: Path, settings: Settings) -> None:
    with tmux_server(tmp_path) as server:
        server.tmux("set-option", "-g", "prefix", "C-p")
        clashes = [finding for finding in doctor_terminal.keys(settings, server.environ()) if finding.mend]
    assert len(clashes) == 1
    assert "tmux takes ctrl+p" in clashes[0].words


def test_keys_that_do_not_clash_are_well(settings: Settings) -> None:
    (finding,) = doctor_terminal.keys(settings, {})
    assert (finding.words, finding.mend) == ("no clash", None)


def test_a_key_that_cannot_work_is_told(settings: Settings) -> None:
    wrong = structs.replace(settings, key_changes=(KeyChange("burn", ("ctrl+i",), 3),))
    (finding,) = doctor_terminal.keys(wrong, {})
    assert finding.mend is not None
    assert "terminals send tab" in finding.mend
