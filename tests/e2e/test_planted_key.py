"""A key that is planted is found on no surface, even where a provider repeats it in its own words."""

from pathlib import Path

import pytest
from support.checkout import console_script
from support.command import as_a_shell_has_it, burn_tui, two_providers
from support.tmux import terminal

from burn_tui.core.failure import Failure
from burn_tui.simulator.script import Refuse

PLANTED = ("hunter2 is no-usual.key", "sk-ant-api03-planted-planted-planted")
"""One that no pattern knows, and one that looks like what it is."""

COMMANDS = (
    "status",
    "status --json",
    "report --by model --json",
    "digest",
    "export --otel -",
    "doctor",
    "locate",
)


@pytest.fixture(params=PLANTED, ids=["unusual", "usual"])
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def refusing(key: str) -> Refuse:
    return Refuse(Failure("caller_fault", f"it was {key} that sent a bad request. Authorization: Bearer {key}", 400))


def files_with(key: str, directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]


def test_no_command_and_no_file_gives_a_key_away(tmp_path: Path, key: str) -> None:
    with two_providers(tmp_path, primary=refusing(key)) as world:
        world.environ = {"PRIMARY_KEY": key, "SPARE_KEY": f"{key}2"}
        said = [world.ask(), world.ask("--json"), world.ask("--target", "primary/big", "--json")]
        assert [one.code for one in said] == [1, 1, 1]
        said += [burn_tui(*command.split(), *world.places, environ=world.environ) for command in COMMANDS]
    assert [one for one in said if key in one.out + one.narration] == []
    assert any("[secret]" in one.out + one.narration for one in said), "the provider did repeat it"
    assert files_with(key, world.data_dir) == []


def test_no_screen_gives_a_key_away(tmp_path: Path, key: str) -> None:
    with two_providers(tmp_path, primary=refusing(key)) as world:
        environ = as_a_shell_has_it({"PRIMARY_KEY": key, "SPARE_KEY": f"{key}2"})
        command = [console_script("burn-tui"), *world.places]
        with terminal(command, size=(160, 45), cwd=tmp_path, environ=environ) as running:
            running.until_seen("primary/big")
            running.type("why does it never stop?")
            running.press("Enter")
            running.until_seen("No answer")
            screens = [running.screen]
            for screen in ("M-i", "M-p", "M-a"):
                running.press(screen)
                running.until(lambda: running.screen != screens[-1], f"the screen of {screen}")
                screens.append(running.screen)
                running.press("Escape")
                running.until_seen("No answer")
    assert [screen for screen in screens if key in screen] == []
    assert any("[secret]" in screen for screen in screens), "the provider did repeat it"
    assert files_with(key, world.data_dir) == []
