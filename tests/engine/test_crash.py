"""After a fault of our own: a report that helps, and gives nothing away."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from burn_tui.engine.crash import farewell, report

NOW = 1_772_000_000.0
KEY = "sk-" + "planted" * 4
PROMPT = f"translate this: {KEY}"


def failing(prompt: str) -> None:
    try:
        {"": ""}[prompt]
    except KeyError as error:
        raise RuntimeError(prompt) from error


def fault() -> RuntimeError:
    with pytest.raises(RuntimeError) as raised:
        failing(PROMPT)
    return raised.value


def test_a_report_names_the_versions_the_place_and_what_led_there() -> None:
    text = report(fault(), now=NOW)
    assert "burn-tui 0." in text
    assert "Textual" not in text.splitlines()[0]
    assert "builtins.KeyError" in text
    assert "which led to\nbuiltins.RuntimeError" in text
    assert "test_crash.py" in text
    assert "in failing\n    raise RuntimeError(prompt) from error" in text


def test_a_report_holds_no_message_no_value_and_no_home() -> None:
    text = report(fault(), now=NOW)
    assert KEY not in text
    assert "translate" not in text
    assert str(Path.home()) not in text


def test_it_is_kept_for_its_owner_alone_and_the_place_is_said(tmp_path: Path) -> None:
    words = farewell(fault(), tmp_path / "crashes", now=NOW)
    (path,) = (tmp_path / "crashes").iterdir()
    assert str(path) in words
    assert KEY not in words
    assert "Traceback" not in words
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_where_it_cannot_be_kept_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    words = farewell(fault(), tmp_path / "file" / "crashes", now=NOW)
    assert "builtins.RuntimeError" in words
    assert KEY not in words


def test_each_of_a_group_is_told() -> None:
    text = report(ExceptionGroup(KEY, [ValueError(KEY), TypeError(KEY)]), now=NOW)
    assert "builtins.ValueError" in text
    assert "builtins.TypeError" in text
    assert KEY not in text


def test_the_command_line_keeps_one(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom burn_tui import cli\nfrom burn_tui.commands import doctor\n"
        f"doctor._locate = lambda _: {{}}[{KEY!r}]\n"
        f"cli.main(['locate', '--data-dir', {str(tmp_path)!r}])\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "burn-tui failed (KeyError)." in ended.stderr
    assert KEY not in ended.stderr + ended.stdout
    (path,) = (tmp_path / "crashes").iterdir()
    assert KEY not in path.read_text()
