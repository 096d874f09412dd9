"""Nothing that a model, a provider, a file or a log says can act on the terminal."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from support.checkout import console_script
from support.dashboard import dashboard
from support.scripted import SONNET, ScriptedRuntime, answers, quiet_day
from textual.color import Color

from burn_tui.core.events import AttemptFailed, RequestFinished
from burn_tui.core.failure import Failure
from burn_tui.tui.inert import Inert
from burn_tui.tui.legible_terminal import LegibleTerminal

BLACK = Color(0, 0, 0)

ATTACKS = {
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "title": "\x1b]0;evil\x07",
    "cursor": "\x1b[2J\x1b[1;1H",
    "eight bits": "\x9b2J\x9d0;evil\x9c",
    "bidi": "\u202etxt.exe\u2066",
    "zero width": "a\u200bb\u200d\ufeffc",
    "bell": "\x07\x08\x0b",
}
EVIL = " ".join(ATTACKS.values())
FORBIDDEN = set("\x1b\x07\x08\x0b\x9b\x9c\x9d\u202e\u2066\u200b\u200d\ufeff")


@given(st.lists(st.text(st.characters(codec=None)), max_size=4))
def test_no_line_that_reaches_the_terminal_holds_a_control_character(texts: list[str]) -> None:
    style = Style(link="https://evil.example/\x1b")
    line = Inert().apply([Segment(text, style) for text in texts], BLACK)
    shown = "".join(segment.text for segment in line)
    assert not [one for one in shown if ord(one) < 32 or 127 <= ord(one) < 160]
    assert not FORBIDDEN & set(shown)
    assert not [segment for segment in line if segment.style and segment.style.link]


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_an_honest_line_stays_as_it_is(text: str) -> None:
    line = [Segment(text, Style(bold=True))]
    assert Inert().apply(line, BLACK) == line


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_is_taken_out_was_as_wide_as_nothing(attack: str) -> None:
    (segment,) = Inert().apply([Segment(attack)], BLACK)
    assert cell_len(segment.text) == sum(cell_len(one) for one in segment.text)


async def test_a_hostile_answer_title_and_error_leave_nothing_on_the_screen_that_acts() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    async with dashboard(runtime, size=(160, 45)) as running:
        running.main.deck.active.name = f"name {EVIL}"
        runtime.router.scripts.append(answers(SONNET, f"# {EVIL}\n\n[{EVIL}](https://evil.example)\n\n`{EVIL}`"))
        await running.send("say something evil")
        await running.settled()
        failed = AttemptFailed(1, SONNET, Failure("transient", EVIL))
        runtime.router.scripts.append([failed, RequestFinished("r", None, None, ())])
        await running.send("and fail")
        await running.settled()
        running.app.notify(EVIL, markup=False)
        await running.pilot.pause()
        shown = running.text() + running.text("#transcript")
        assert "evil" in shown
        assert not FORBIDDEN & set(shown)
        assert not [one for one in shown if ord(one) < 32 and one != "\n"]


def test_a_terminal_that_a_command_prints_to_shows_signs_instead() -> None:
    raw = io.BytesIO()
    terminal = LegibleTerminal(raw, "utf-8", "replace", line_buffering=True)
    print(EVIL, file=terminal)
    terminal.flush()
    assert not FORBIDDEN & set(raw.getvalue().decode())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_the_command_line_does_so_on_a_real_terminal_and_leaves_pipes_alone() -> None:
    program = (
        f"from burn_tui import cli\nimport sys\ncli._understood = lambda _: sys.exit(print({EVIL!r}))\ncli.main([])"
    )
    on_terminal = _on_terminal([sys.executable, "-c", program])
    assert "evil" in on_terminal
    assert not FORBIDDEN & set(on_terminal)
    piped = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert piped.stdout.decode() == EVIL + "\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_a_hostile_file_name_does_not_act_on_the_terminal_either(tmp_path: Path) -> None:
    on_terminal = _on_terminal([console_script("burn-tui"), "locate", "--data-dir", str(tmp_path / EVIL)])
    assert "evil" in on_terminal
    assert not FORBIDDEN & set(on_terminal)


async def test_a_hostile_file_name_in_a_notice_and_in_a_directory_leaves_nothing_that_acts() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.notices.append(f"{EVIL}.yaml: cannot be read.")
    runtime.settings = structs.replace(runtime.settings, origin=f"evil {EVIL}")
    async with dashboard(runtime, size=(160, 45)) as running:
        await running.until(lambda: "cannot be read" in running.text())
        shown = running.text()
    assert "evil" in shown
    assert not FORBIDDEN & set(shown)


def _on_terminal(command: list[str]) -> str:
    """What a command writes on a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs) as running:
        running.wait()
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    return said
