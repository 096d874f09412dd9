"""What tmux and the terminal are told of the session on screen, and that nothing of it is left, in a real tmux."""

import os
import signal
import sys
from pathlib import Path

import pytest
from support.checkout import console_script
from support.tmux_server import Server, tmux_server

CONFIG = """
environments: {production: {}, local: {}}
neighbours:
  - {environment: production, host: "web*"}
"""

CRASHES = """
import sys
from burn_tui.tui.app import BurnApp
from burn_tui.cli import main

async def crash(self):
    raise ZeroDivisionError("on purpose")

BurnApp.action_quit = crash
sys.argv = ["burn-tui", *sys.argv[1:]]
main()
"""

WAITS = "#!/bin/sh\nwhile :; do sleep 60; done\n"


def opened(server: Server, tmp_path: Path, command: str, config: str = CONFIG) -> str:
    """The pane of a dashboard that has marked itself, with a shell that stays when the dashboard has gone."""
    (tmp_path / "config.yaml").write_text(config)
    places = f"--config {tmp_path / 'config.yaml'} --data-dir {tmp_path / 'data'}"
    pane = server.run_in_window(f"{command} {places}; exec cat")
    server.until(lambda: marks(server, pane)[0], "a mark")
    return pane


def marks(server: Server, pane: str) -> tuple[str, str]:
    sign, _, hue = server.tmux("display-message", "-p", "-t", pane, "#{@burn_env}|#{@burn_hue}").partition("|")
    return sign, hue


def pid_of_dashboard(server: Server, pane: str) -> int:
    tty = server.tmux("display-message", "-p", "-t", pane, "#{pane_pid}")
    (children,) = Path(f"/proc/{tty}/task").glob("*/children")
    return int(children.read_text().split()[0])


def test_the_pane_says_where_the_session_on_screen_is_and_nothing_once_burn_tui_has_left(tmp_path: Path) -> None:
    with tmux_server(tmp_path / "home") as server:
        pane = opened(server, tmp_path, console_script("burn-tui"))
        assert marks(server, pane) == ("■ PROD", "#5f91f6")
        server.tmux("send-keys", "-t", pane, "M-2")
        server.until(lambda: marks(server, pane) == ("▲ LOCAL", "#fae076"), "the mark of the other session")
        server.tmux("send-keys", "-t", pane, "C-q")
        server.until(lambda: marks(server, pane) == ("", ""), "that the mark is taken back")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_not_even_a_kill_leaves_a_pane_that_claims_to_be_in_production(number: signal.Signals, tmp_path: Path) -> None:
    with tmux_server(tmp_path / "home") as server:
        pane = opened(server, tmp_path, console_script("burn-tui"))
        os.kill(pid_of_dashboard(server, pane), number)
        server.until(lambda: marks(server, pane) == ("", ""), "that the mark is taken back")


def test_a_crash_takes_the_marks_back_and_gives_the_tab_its_colour_back(tmp_path: Path) -> None:
    script = tmp_path / "crashes.py"
    script.write_text(CRASHES)
    environ = {"LC_TERMINAL": "iTerm2"}
    with tmux_server(tmp_path / "home", environ) as server:
        raw = tmp_path / "raw"
        server.tmux("set-option", "-g", "allow-passthrough", "on")
        pane = opened(server, tmp_path, f"{sys.executable} {script}", CONFIG + "terminal: {tab_colour: true}\n")
        server.tmux("pipe-pane", "-t", pane, f"cat > {raw}")
        server.until(raw.exists, "that the pane is listened to")
        server.tmux("send-keys", "-t", pane, "M-2")
        server.until(lambda: b"SetColors=tab=fae076" in raw.read_bytes(), "the colour of the tab")
        server.tmux("send-keys", "-t", pane, "C-q")
        server.until(lambda: marks(server, pane) == ("", ""), "that the mark is taken back")
        server.until(lambda: b"SetColors=tab=default" in raw.read_bytes(), "that the tab gets its colour back")


def test_the_popup_lists_the_panes_and_goes_to_the_one_that_is_chosen(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh").write_text(WAITS)
    (programs / "ssh").chmod(0o755)
    (tmp_path / "config.yaml").write_text(CONFIG)
    with tmux_server(tmp_path / "home", {"PATH": f"{programs}:{os.environ['PATH']}"}) as server:
        known = server.run_in_window("ssh web1")
        unknown = server.run_in_window("ssh who-knows")
        switch = f"{console_script('burn-tui')} tmux switch --config {tmp_path / 'config.yaml'}"
        pane = server.run_in_window(f"{switch}; exec cat")

        def shown() -> str:
            return server.tmux("capture-pane", "-p", "-t", pane)

        server.until(lambda: "web1" in shown() and "who-knows" in shown(), "the list")
        assert shown().index("? UNKNOWN") < shown().index("■ PROD")
        assert (known, unknown) == ("%1", "%2")
        server.tmux("send-keys", "-t", pane, "q")
        server.until(lambda: "Neighbours" not in shown(), "the end of the list")


@pytest.mark.parametrize(("options", "config", "is_taken"), [("", "", "1"), (" --no-mouse", "", "0"), ("", "no", "0")])
def test_the_mouse_is_left_to_the_terminal_by_option_and_by_setting(
    options: str, config: str, is_taken: str, tmp_path: Path
) -> None:
    text = CONFIG + ("terminal: {mouse: false}\n" if config else "")
    with tmux_server(tmp_path / "home") as server:
        pane = opened(server, tmp_path, console_script("burn-tui") + options, text)
        server.until(
            lambda: server.tmux("display-message", "-p", "-t", pane, "#{mouse_any_flag}") == is_taken,
            "who has the mouse",
        )
