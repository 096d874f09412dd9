"""The same dashboard on terminals that can show less: in a real tmux, with the escape sequences read back."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.checkout import console_script
from support.tmux import Terminal, terminal

_COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[\d;]*)?m")
_TRUE_OR_256 = re.compile(r"\x1b\[(?:[\d;]*;)?[34]8;[\d;]*m")
_REVERSE = re.compile(r"\x1b\[(?:[\d;]*;)?7m|\x1b\[7;[\d;]*m")


@contextmanager
def demo(cwd: Path, environ: Mapping[str, str], config: str | None = None) -> Iterator[Terminal]:
    """burn-tui --demo, in a pane that tells it to be this terminal."""
    variables = {"TERM": "xterm-256color", "COLORTERM": "", **environ}
    command = ["env", *(f"{name}={value}" for name, value in variables.items()), console_script("burn-tui"), "--demo"]
    with terminal(command, size=(120, 40), cwd=cwd) as running:
        running.until_seen("DEMO")
        running.until(lambda: "$" in running.screen, "the spend of today")
        yield running


def raw(running: Terminal) -> str:
    return running.tmux("capture-pane", "-p", "-e")


def words_and_glyphs_carry_everything(running: Terminal) -> None:
    """Which session is open, in which environments they are, what goes on, and that somebody fell back."""
    first = running.screen.splitlines()[0]
    assert first.startswith("▸1 ")
    assert "▸" not in first[1:]
    assert all(sign in first for sign in ("■", "▲"))
    assert "PROD" in first
    running.type("why?")
    running.press("Enter")
    running.until_seen("send this paid call?")
    running.press("y")
    running.until(lambda: "⚠" in running.screen and "refused: rate limited" in running.words, "the fallback")


@pytest.mark.parametrize(
    "environ",
    [{"NO_COLOR": "1"}, {"TERM": "xterm-mono"}, {"TERM": "vt220"}, {"TERM": "dumb"}],
    ids=lambda environ: "-".join(environ.values()) if "TERM" in environ else "NO_COLOR",
)
def test_without_colours_words_glyphs_and_reverse_video_carry_everything(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with demo(tmp_path, environ) as running:
        words_and_glyphs_carry_everything(running)
        assert _COLOUR.findall(raw(running)) == []
        assert _REVERSE.search(raw(running))


def test_on_sixteen_colours_only_those_are_sent_and_the_environments_differ(tmp_path: Path) -> None:
    with demo(tmp_path, {"TERM": "xterm"}) as running:
        words_and_glyphs_carry_everything(running)
        assert _TRUE_OR_256.findall(raw(running)) == []
        tabs = raw(running).splitlines()[0]
        assert len(set(_COLOUR.findall(tabs))) >= 3


def test_with_all_colours_they_are_sent_as_they_are_in_the_theme(tmp_path: Path) -> None:
    with demo(tmp_path, {"COLORTERM": "truecolor"}) as running:
        assert "48;2;95;145;246" in raw(running).splitlines()[0]
