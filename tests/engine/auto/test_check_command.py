"""A command of the user's judges an answer: in its own directory, for a limited time, without keys."""

import os
import sys
from pathlib import Path

import pytest
from support.waiting import until

from burn_tui.core.checks import CommandCheck
from burn_tui.engine.auto.check_command import Judged, judged

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are POSIX's")

ANSWER = "Here:\n```python\nprint('hello')\n```\n"


def _check(code: str, **more: object) -> CommandCheck:
    fields: dict[str, object] = {"name": "tests", "run": (sys.executable, "-I", "-c", code), "file": "answer.py"}
    return CommandCheck(**{**fields, **more})  # type: ignore[arg-type]  # fields of many types


async def _judged(check: CommandCheck, project: Path | None = None, answer: str = ANSWER) -> Judged:
    return await judged(check, answer, project=project, environ=dict(os.environ))


async def test_the_command_finds_the_answers_code_in_its_file() -> None:
    code = "import sys; sys.exit(open('answer.py').read() != \"print('hello')\\n\")"
    assert await _judged(_check(code)) == Judged(word="passed")


async def test_what_the_command_said_last_is_the_reason() -> None:
    said = await _judged(_check("print('3 failed'); raise SystemExit(1)"))
    assert said == Judged(word="failed", why="failed check tests: 3 failed")


async def test_the_command_is_told_of_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-not-a-real-one")
    code = "import os; raise SystemExit(' '.join(n for n in os.environ if 'KEY' in n or 'TOKEN' in n) or 0)"
    assert (await _judged(_check(code))).word == "passed"


async def test_home_is_the_directory_of_the_check_and_gone_afterwards(tmp_path: Path) -> None:
    note = tmp_path / "where"
    code = f"import os; open({str(note)!r}, 'w').write(os.environ['HOME'] + '\\n' + os.getcwd())"
    assert (await _judged(_check(code))).word == "passed"
    home, place = note.read_text().splitlines()
    assert home == place
    assert not _is_there(Path(place))


async def test_a_command_that_takes_too_long_is_ended_with_everything_it_has_started(tmp_path: Path) -> None:
    note = tmp_path / "child"
    run = ("sh", "-c", f"sleep 600 & echo $! > '{note}.new'; mv '{note}.new' '{note}'; wait")
    # A busy machine may not even have begun in the first of these times.
    for timeout_s in (0.5, 4.0, 32.0):
        said = await _judged(_check("", run=run, timeout_s=timeout_s))
        assert said == Judged(word="failed", why=f"did not pass check tests within {timeout_s:g} s")
        if note.exists():
            break
    child = int(note.read_text())
    await until(lambda: not _lives(child))


def _is_there(place: Path) -> bool:
    return place.exists()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead one that nobody has waited for yet still answers.
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2] if Path("/proc").exists() else True


async def test_output_without_end_neither_fills_the_memory_nor_hides_the_verdict() -> None:
    code = "import sys\nfor _ in range(3000): print('x' * 1000)\nprint('that was it')\nsys.exit(3)"
    assert (await _judged(_check(code))).why == "failed check tests: that was it"


async def test_files_of_the_project_lie_beside_the_answer_and_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text("first")
    code = "import pathlib; p = pathlib.Path('tests/test_it.py'); assert p.read_text() == 'first'; p.write_text('x')"
    assert (await _judged(_check(code, copies=("tests",)), tmp_path)).word == "passed"
    assert (tmp_path / "tests" / "test_it.py").read_text() == "first"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"run": ("no-such-program",)}, "no-such-program"),
        ({"copies": ("missing",)}, "missing is no file or folder"),
        ({"copies": ("../elsewhere",)}, "is no file or folder"),
        ({"file": "../answer.py"}, "lies outside"),
    ],
)
async def test_a_check_that_cannot_be_run_says_nothing_about_the_answer(
    tmp_path: Path, fields: dict[str, object], why: str
) -> None:
    said = await _judged(_check("", **fields), tmp_path)
    assert said.word == "cannot"
    assert why in said.why
