"""Settings in a real tmux: put in, sourced again, and taken back."""

from io import StringIO
from pathlib import Path

import pytest
from support.tmux_server import Server, tmux_server

from burn_tui.core.errors import WrongCallError
from burn_tui.engine.tmux.client import Tmux, TmuxError, program_in_words
from burn_tui.engine.tmux.command import install, show, uninstall

OPTIONS = (
    "window-status-format",
    "window-status-current-format",
    "pane-border-format",
    "status-right",
    "status-right-length",
    "pane-border-style",
    "pane-active-border-style",
)
PROGRAM = "/opt/burn-tui"


def options(server: Server) -> dict[str, str]:
    return {name: server.tmux("show-options", "-gv", name) for name in OPTIONS}


def installed(server: Server, key: str = "B") -> str:
    out = StringIO()
    install(program=PROGRAM, key=key, environ=server.environ(), out=out)
    return out.getvalue()


def uninstalled(server: Server) -> str:
    out = StringIO()
    uninstall(environ=server.environ(), out=out)
    return out.getvalue()


def test_a_running_tmux_has_it_at_once_and_is_as_it_was_when_it_goes(tmp_path: Path) -> None:
    with tmux_server(tmp_path) as server:
        before, key = options(server), server.tmux("list-keys", "-T", "prefix")
        installed(server)
        after = options(server)
        assert after != before
        assert {name: after[name] for name in OPTIONS if "style" in name} == {
            name: before[name] for name in OPTIONS if "style" in name
        }
        assert "/opt/burn-tui status --tmux" in after["status-right"]
        assert "tmux switch" in server.tmux("list-keys", "-T", "prefix", "B")
        uninstalled(server)
        assert options(server) == before
        assert server.tmux("list-keys", "-T", "prefix") == key
        assert not (tmp_path / ".tmux.conf").exists()


def test_the_persons_own_formats_stay_and_are_added_to_once_however_often_the_file_is_read(tmp_path: Path) -> None:
    own = "set -g status-right '%H:%M #(date)'\nset -g window-status-format '#I mine'\nset -g status-right-length 55"
    (tmp_path / ".tmux.conf").write_text(own)
    with tmux_server(tmp_path) as server:
        before = options(server)
        installed(server)
        once = options(server)
        assert once["status-right"].startswith("%H:%M #(date) #(")
        assert once["window-status-format"].startswith("#I mine#{?@burn_env")
        assert once["status-right-length"] == "95"
        assert "Nothing to do" in installed(server)
        for option in ("window-status-current-format", "pane-border-format"):
            assert options(server)[option] == once[option]
        server.tmux("source-file", str(tmp_path / ".tmux.conf"))
        assert options(server) == once
        uninstalled(server)
        assert options(server) == before
        assert (tmp_path / ".tmux.conf").read_text() == own


def test_a_new_server_has_it_from_the_file(tmp_path: Path) -> None:
    with tmux_server(tmp_path) as server:
        installed(server)
    with tmux_server(tmp_path) as server:
        assert "@burn_env" in options(server)["pane-border-format"]


def test_only_panes_that_say_where_they_are_show_it(tmp_path: Path) -> None:
    with tmux_server(tmp_path) as server:
        installed(server)
        pane = server.run_in_window("exec cat")
        server.tmux("set-option", "-p", "-t", pane, "@burn_env", "■ PROD")
        server.tmux("set-option", "-p", "-t", pane, "@burn_hue", "#5f91f6")
        for option in ("window-status-format", "pane-border-format"):
            shown = {at: server.tmux("display-message", "-p", "-t", at, f"#{{E:{option}}}") for at in ("%0", pane)}
            assert shown[pane].endswith(" #[fg=#5f91f6,bold]■ PROD#[default]")
            assert "burn" not in shown["%0"]
            assert "■" not in shown["%0"]


def test_a_key_that_the_person_uses_is_not_taken_and_another_one_can_be_named(tmp_path: Path) -> None:
    (tmp_path / ".tmux.conf").write_text("bind B new-window\n")
    with tmux_server(tmp_path) as server:
        with pytest.raises(WrongCallError, match="--key"):
            installed(server)
        assert (tmp_path / ".tmux.conf").read_text() == "bind B new-window\n"
        installed(server, key="G")
        assert "new-window" in server.tmux("list-keys", "-T", "prefix", "B")
        assert "burn-tui" in server.tmux("list-keys", "-T", "prefix", "G")
        uninstalled(server)
        assert "new-window" in server.tmux("list-keys", "-T", "prefix", "B")


def test_a_key_of_tmuxs_own_is_not_taken_either(tmp_path: Path) -> None:
    with tmux_server(tmp_path) as server, pytest.raises(WrongCallError, match="something else"):
        installed(server, key="c")


def test_without_a_server_the_file_is_written_all_the_same(tmp_path: Path) -> None:
    with tmux_server(tmp_path) as server:
        environ = server.environ()
    install(program=PROGRAM, key="B", environ=environ, out=StringIO())
    assert b"burn-tui" in (tmp_path / ".tmux.conf").read_bytes()
    uninstall(environ=environ, out=StringIO())
    assert not (tmp_path / ".tmux.conf").exists()


def test_what_would_be_written_can_be_looked_at(tmp_path: Path) -> None:
    with tmux_server(tmp_path) as server:
        environ, out = server.environ(), StringIO()
        show(program=PROGRAM, key="B", environ=environ, out=out)
        assert f"would be written into {tmp_path / '.tmux.conf'}" in out.getvalue()
        installed(server)
        show(program=PROGRAM, key="B", environ=environ, out=out)
        assert "stand in" in out.getvalue()
        assert "display-popup" in out.getvalue()


def test_a_machine_without_tmux_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(TmuxError, match="not installed"):
        Tmux({"PATH": str(tmp_path)}).check_version()


@pytest.mark.parametrize(("version", "is_fine"), [("tmux 3.1c", False), ("tmux 3.2", True), ("tmux next-3.6", True)])
def test_a_tmux_that_is_too_old_is_told_so(tmp_path: Path, version: str, is_fine: bool) -> None:
    script = tmp_path / "tmux"
    script.write_text(f"#!/bin/sh\necho '{version}'\n")
    script.chmod(0o755)
    old = Tmux({"PATH": f"{tmp_path}:/usr/bin:/bin"})
    if is_fine:
        old.check_version()
    else:
        with pytest.raises(TmuxError, match=r"This tmux is 3\.1"):
            old.check_version()


def test_burn_tui_is_named_so_that_any_shell_finds_it(tmp_path: Path) -> None:
    script = tmp_path / "my tools" / "burn-tui"
    script.parent.mkdir()
    script.touch(0o755)
    assert program_in_words("burn-tui", {"PATH": str(script.parent)}) == f"'{script}'"
    assert program_in_words("/somewhere/__main__.py", {"PATH": "/bin"}).endswith(" -m burn_tui")
