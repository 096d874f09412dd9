"""The command line: every flag is understood, every wrong call ends with exit code 2 and a mend."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from support.command import SETTINGS, burn_tui

from burn_tui.cli import main

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIMARY_KEY", raising=False)


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def _settings(directory: Path, text: str = SETTINGS) -> Path:
    file = directory / "config.yaml"
    file.write_text(text.format(primary=NOBODY + "/v1", spare=NOBODY))
    return file


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--version") == 0
    assert capsys.readouterr().out == f"burn-tui {version('burn-tui')}\n"


def test_it_runs_as_a_module_too() -> None:
    result = subprocess.run([sys.executable, "-m", "burn_tui", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"burn-tui {version('burn-tui')}\n"


def test_help_names_every_command_and_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--help") == 0
    top = capsys.readouterr().out
    assert _run("ask", "--help") == 0
    ask = capsys.readouterr().out
    for word in ("ask", "--demo", "--config", "--data-dir", "--version"):
        assert word in top
    for word in ("--env", "--target", "--yes", "--local", "--json", "--config", "--data-dir", "--demo"):
        assert word in ask


def test_help_and_version_import_nothing_that_costs_time() -> None:
    code = (
        "import sys\nfrom burn_tui.cli import parser\nparser().format_help()\n"
        "print([name for name in sys.argv[1:] if name in sys.modules])"
    )
    heavy = ["textual", "rich", "httpx", "aiosqlite", "yaml", "starlette", "uvicorn", "genai_prices"]
    result = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "burn-tui ask"),
        (["--demo"], "The dashboard needs a terminal"),
        (["aks", "hello"], "choose from"),
        (["ask"], "See burn-tui ask --help"),
        (["ask", ""], "The prompt is empty"),
        (["ask", " \n"], "The prompt is empty"),
        (["ask", "\udcff"], "not UTF-8"),
        (["ask", "hello", "world"], "into quotes"),
        (["ask", "hello", "--jsn"], "Did you mean --json?"),
        (["ask", "hello", "--environment", "local"], "Did you mean --env?"),
        (["ask", "hello", "--e", "local"], "Did you mean --env?"),
        (["ask", "hello", "--env"], "expected one argument"),
        (["--dmo"], "Did you mean --demo?"),
        (["--demo", "--config", "x.yaml"], "Leave away --demo"),
        (["ask", "hello", "--demo", "--data-dir", "here"], "Leave away --demo"),
        (["ask", "hello", "--config", "absent.yaml"], "absent.yaml: does not exist. Check --config"),
        (["ask", "hello", "--config", "x" * 300], "does not exist"),
        (["ask", "hello", "--config", "~no-such-user/x.yaml"], "does not exist"),
        (["ask", "hello", "--config", "."], "cannot be read: Is a directory"),
        (["ask", "hello", "--env", "production"], "Known: development"),
        (["ask", "hello", "--target", "openai/gpt"], "None is configured"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_wrong_call_ends_with_2_and_says_what_would_be_right(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(*arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "burn-tui: " in said.err
    assert said.out == ""


def test_standard_input_that_is_no_text_is_a_wrong_call() -> None:
    ended = burn_tui("ask", "-", stdin=b"\xff\xfe", environ={"PYTHONUTF8": "1"})
    assert ended.code == 2
    assert "not UTF-8" in ended.narration


# --- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("confirm: true", "confirm: no", "line 9: environments.production.confirm: no is ambiguous"),
        ("hue: blue", "huw: blue", "line 9: environments.production.huw: unknown key. Did you mean 'hue'?"),
        ("models: [big]", "models: big", "line 2: providers.primary.models: expected a list"),
        ('"${{PRIMARY_KEY}}"', "sk-live-0123456789", "line 2: providers.primary.api_key: a key must not stand"),
        ("{primary}", "http://127.0.0.1:99999/v1", "providers.primary.base_url: base_url must be an http or https"),
        ("{primary}", "http://[::1/v1", "providers.primary.base_url: base_url must be an http or https"),
        ("{primary}", "http:///v1", "providers.primary.base_url: base_url must be an http or https"),
        ("primary/big, spare", "primary/bog, spare", "Did you mean 'primary/big'?"),
        ("routes:", "rotes:", "line 11: rotes: unknown key. Did you mean 'routes'?"),
    ],
)
def test_wrong_settings_end_with_2_and_name_file_line_and_key(
    old: str, new: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in SETTINGS
    file = _settings(tmp_path, SETTINGS.replace(old, new))
    assert _run("ask", "hello", "--config", str(file), "--data-dir", str(tmp_path / "data")) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"burn-tui: {file}, ")
    assert words in said
    assert "sk-live" not in said
    assert not (tmp_path / "data").exists()


def _is_read(capsys: pytest.CaptureFixture[str], *arguments: str) -> bool:
    """Whether the settings of the test were: a name that means nothing is met by the names that they have."""
    assert _run(*arguments, "ask", "hello", "--target", "primary/bog") == 2
    return "primary/big" in capsys.readouterr().err


def test_settings_are_read_from_where_config_says_before_or_after_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _settings(tmp_path)
    assert not _is_read(capsys)
    assert _is_read(capsys, "--config", str(file))
    assert _run("ask", "hello", "--target", "primary/bog", "--config", str(file)) == 2
    assert "primary/big" in capsys.readouterr().err


def test_settings_are_read_from_the_variable_and_from_the_users_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "home" / "config" / "burn-tui"
    ours.mkdir(parents=True)
    file = _settings(ours)
    if sys.platform == "linux":
        assert _is_read(capsys)
    monkeypatch.setenv("BURN_TUI_CONFIG", str(file))
    assert _is_read(capsys)
    other = tmp_path / "other.yaml"
    other.write_text("{}")
    assert not _is_read(capsys, "--config", str(other))


def test_the_ledger_is_kept_where_data_dir_or_the_variable_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ("--config", str(_settings(tmp_path)))
    named, before, variable = tmp_path / "named", tmp_path / "before", tmp_path / "variable"
    assert _run("ask", "hello", *config, "--data-dir", str(named)) == 1
    assert _run("--data-dir", str(before), "ask", "hello", *config) == 1
    monkeypatch.setenv("BURN_TUI_DATA_DIR", str(variable))
    assert _run("ask", "hello", *config) == 1
    for directory in (named, before, variable):
        assert (directory / "ledger.sqlite3").exists()


def test_without_settings_keys_and_servers_it_says_what_would_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("ask", "hello") == 1
    said = capsys.readouterr().err
    assert "Export a key such as ANTHROPIC_API_KEY, start Ollama, or try burn-tui --demo." in said


def test_without_settings_a_key_in_the_environment_is_enough(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "key")
    assert _run("ask", "hello", "--target", "groq/openai/gpt-oss-21b") == 2
    assert "Did you mean 'groq/openai/gpt-oss-20b'?" in capsys.readouterr().err


def test_demo_answers_without_a_key_and_keeps_nothing(tmp_path: Path) -> None:
    ended = burn_tui("ask", "why?", "--demo", "--json", "--target", "ollama", environ={"TMPDIR": str(tmp_path)})
    assert ended.code == 0, ended.narration
    assert ended.report["served"]["provider"] == "ollama"
    assert "DEMO" in ended.narration
    assert not list(tmp_path.glob("burn-tui*"))
    assert not (tmp_path / "home").exists()
