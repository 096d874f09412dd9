"""Which way to a clipboard is taken."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from burn_tui.engine import clipboard
from burn_tui.engine.clipboard import Clipboard


def tool(directory: Path, name: str, script: str) -> None:
    """A program of that name."""
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def environ(directory: Path, **variables: str) -> dict[str, str]:
    return {"PATH": f"{directory}:/usr/bin:/bin", **variables}


@pytest.mark.parametrize(
    ("variables", "platform", "names"),
    [
        ({"TMUX": "/tmp/t,1,0", "DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}, "linux", ["tmux", "tmux"]),
        ({"SSH_CONNECTION": "a b c d", "DISPLAY": ":10"}, "linux", []),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "linux", ["wl-copy", "xclip", "xsel"]),
        ({"DISPLAY": ":0"}, "linux", ["xclip", "xsel"]),
        ({}, "darwin", ["pbcopy"]),
        ({"WSL_DISTRO_NAME": "Ubuntu"}, "linux", ["clip.exe"]),
        ({}, "win32", ["clip.exe"]),
        ({}, "linux", []),
    ],
)
def test_what_is_tried_follows_from_where_the_terminal_is(
    variables: Mapping[str, str], platform: str, names: list[str]
) -> None:
    assert [way.name for way in Clipboard(variables, platform=platform).ways()] == names


async def test_the_tool_is_given_the_text_and_named(tmp_path: Path) -> None:
    tool(tmp_path, "xclip", f"cat > {tmp_path}/taken; echo $@ >> {tmp_path}/taken")
    board = Clipboard(environ(tmp_path, DISPLAY=":0"), platform="linux")
    assert await board.copy("ärger\n") == "xclip"
    assert (tmp_path / "taken").read_text() == "ärger\n-selection clipboard\n"


async def test_a_tool_that_fails_is_followed_by_the_next(tmp_path: Path) -> None:
    tool(tmp_path, "wl-copy", "exit 1")
    tool(tmp_path, "xclip", "cat > /dev/null")
    board = Clipboard(environ(tmp_path, WAYLAND_DISPLAY="w", DISPLAY=":0"), platform="linux")
    assert await board.copy("text") == "xclip"


async def test_an_old_tmux_is_asked_in_its_own_way(tmp_path: Path) -> None:
    tool(tmp_path, "tmux", f'[ "$2" = "-w" ] && exit 1; cat > {tmp_path}/taken')
    board = Clipboard(environ(tmp_path, TMUX="t"), platform="linux")
    assert await board.copy("text") == "tmux"
    assert (tmp_path / "taken").read_text() == "text"


async def test_a_tool_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "PATIENCE_S", 0.05)
    tool(tmp_path, "xclip", "exec sleep 60")
    tool(tmp_path, "xsel", "cat > /dev/null")
    board = Clipboard(environ(tmp_path, DISPLAY=":0"), platform="linux")
    assert await board.copy("text") == "xsel"


async def test_without_any_tool_nobody_claims_to_have_copied(tmp_path: Path) -> None:
    assert await Clipboard({"PATH": str(tmp_path), "DISPLAY": ":0"}, platform="linux").copy("text") is None


async def test_a_tool_that_cannot_be_run_is_no_tool(tmp_path: Path) -> None:
    path = tmp_path / "xclip"
    path.write_text("not a program")
    path.chmod(0o755)
    assert await Clipboard({"PATH": str(tmp_path), "DISPLAY": ":0"}, platform="linux").copy("text") is None
