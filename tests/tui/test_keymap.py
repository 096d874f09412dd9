"""The user's own keys: what can work does, and what cannot is said."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from support.dashboard import dashboard
from support.scripted import ScriptedRuntime, quiet_day
from support.tmux_server import tmux_server

from burn_tui.engine.settings_terminal import KeyChange
from burn_tui.tui.actions import ACTIONS, move_keys, own_keys
from burn_tui.tui.keymap import keymap, prefix_of_tmux, shown, textual_key
from burn_tui.tui.screens.burn import BurnScreen


@pytest.fixture(autouse=True)
def _own_keys_afterwards() -> Iterator[None]:
    yield
    move_keys({}, shown)


def problems(action: str, *keys: str, prefix: str | None = None) -> str:
    change = KeyChange(action, keys, 7)
    found = keymap([change], own_keys(), file="config.yaml", prefix=prefix)
    assert (action in found.keys) is not bool(found.problems)
    return " ".join(map(str, found.problems))


@pytest.mark.parametrize("keys", [("f12",), ("alt+z",), ("ctrl+x", "f11"), ("shift+f5",), ("pageup", "f7")])
def test_a_key_that_works_is_taken(keys: tuple[str, ...]) -> None:
    if "pageup" in keys:
        assert "scroll-up" in problems("burn", *keys)
    else:
        assert problems("burn", *keys) == ""


@pytest.mark.parametrize(
    ("action", "key", "says"),
    [
        ("brun", "f12", "Did you mean 'burn'?"),
        ("burn", "ctrl-x", "is no key"),
        ("burn", "F99", "is no key"),
        ("burn", "pgup", "is no key"),
        ("burn", "f1", "means 'help' already (help)"),
        ("burn", "enter", "means 'send' already"),
        ("burn", "ctrl+h", "terminals send backspace for ctrl+h"),
        ("burn", "ctrl+i", "terminals send tab for ctrl+i"),
        ("burn", "ctrl+tab", "cannot send ctrl+tab"),
        ("burn", "ctrl+shift+x", "cannot send ctrl+shift+x"),
        ("burn", "x", "is a letter to type there"),
        ("tab", "f12", "one for each number"),
    ],
)
def test_a_key_that_cannot_work_is_said_with_its_place(action: str, key: str, says: str) -> None:
    said = problems(action, key)
    assert said.startswith(f"config.yaml, line 7: keys.{action}: ")
    assert says in said


def test_an_action_without_any_key_is_said() -> None:
    assert "it has no key" in problems("burn")


def test_the_prefix_of_tmux_is_not_to_be_had() -> None:
    assert "tmux takes ctrl+b" in problems("burn", "ctrl+b", prefix="ctrl+b")
    assert problems("burn", "ctrl+b", prefix="ctrl+a") == ""


def test_a_letter_is_fine_where_nothing_is_typed() -> None:
    assert problems("list-go", "g") == ""


def test_two_actions_may_change_places() -> None:
    changes = [KeyChange("burn", ("f1",), 1), KeyChange("help", ("f5",), 2)]
    found = keymap(changes, own_keys(), file="config.yaml")
    assert found.problems == ()
    assert found.keys == {"burn": ("f1",), "help": ("f5",)}


def test_two_actions_that_want_the_same_key_are_both_told() -> None:
    changes = [KeyChange("burn", ("f12",), 1), KeyChange("help", ("f12",), 2)]
    assert len(keymap(changes, own_keys(), file="config.yaml").problems) == 2


def test_keys_are_shown_as_a_person_reads_them() -> None:
    assert shown(["f6", "ctrl+x"]) == "F6 or ctrl+x"
    assert shown(["escape"]) == "Escape"
    assert shown(["alt+left"]) == "alt+Left"
    assert shown(["x"]) == "x"


def test_the_prefix_is_read_from_tmux_itself(tmp_path: Path) -> None:
    assert (textual_key("C-b"), textual_key("M-x")) == ("ctrl+b", "alt+x")
    assert prefix_of_tmux({}) is None
    with tmux_server(tmp_path) as server:
        server.tmux("set-option", "-g", "prefix", "C-a")
        assert prefix_of_tmux(server.environ()) == "ctrl+a"


def runtime(*changes: KeyChange) -> ScriptedRuntime:
    made = ScriptedRuntime(burn=quiet_day())
    made.settings = structs.replace(made.settings, key_changes=changes)
    return made


async def test_a_moved_key_works_in_the_prompt_is_shown_everywhere_and_the_old_one_is_free() -> None:
    async with dashboard(runtime(KeyChange("burn", ("f12",), 3)), size=(160, 45)) as running:
        assert "F12 burn" in running.text("#keys")
        await running.pilot.press("f5")
        await running.pilot.pause()
        assert running.app.screen is running.main
        await running.pilot.press("f12")
        await running.until(lambda: isinstance(running.app.screen, BurnScreen))


async def test_keys_follow_the_settings_and_go_back() -> None:
    made = runtime()
    async with dashboard(made, size=(160, 45)) as running:
        made.settings = structs.replace(made.settings, key_changes=(KeyChange("burn", ("f12",), 3),))
        await running.until(lambda: "F12 burn" in running.text("#keys"))
        made.settings = structs.replace(made.settings, key_changes=())
        await running.until(lambda: "F5 burn" in running.text("#keys"))
    assert own_keys() == ACTIONS


async def test_a_key_that_cannot_work_is_a_notice_and_the_action_keeps_its_own() -> None:
    async with dashboard(runtime(KeyChange("burn", ("f1",), 3)), size=(160, 45)) as running:
        assert "config.yaml, line 3: keys.burn" in " ".join(running.text("#notice").split())
        assert "F5 burn" in running.text("#keys")
