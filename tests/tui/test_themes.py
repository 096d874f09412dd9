"""Themes: reading them, choosing one, following the user's files, and saying what is wrong with one."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from support.dashboard import dashboard
from support.scripted import ScriptedRuntime, quiet_day
from textual.theme import Theme

from burn_tui.core.errors import SettingsError, UnknownNameError
from burn_tui.tui.palette_theme import PaletteTheme, palette_of
from burn_tui.tui.theme import DEFAULT, SIXTEEN, choose, own_directory, read
from burn_tui.tui.wardrobe import LOOK_S, Wardrobe

DEFAULT_FILE = (own_directory() / "default.yaml").read_text()


def write(directory: Path, name: str, text: str) -> Path:
    """A theme of the user's, each version of it with a later time than the one before."""
    directory.mkdir(exist_ok=True)
    path = directory / f"{name}.yaml"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as raised:
        read(path)
    return str(raised.value)


def line_of(text: str, beginning: str) -> int:
    return next(at for at, line in enumerate(text.splitlines(), start=1) if line.strip().startswith(beginning))


# --- one file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "is_now", "key", "says"),
    [
        ('muted:      "#98a3b3"', 'muted:      "grey"', "interface.muted", "'grey' is no colour"),
        ('muted:      "#98a3b3"', "muted:      #98a3b3", "interface.muted", "a # without quotes begins a comment"),
        ('muted:      "#98a3b3"', 'mutd:       "#98a3b3"', "interface.mutd", "Did you mean 'muted'?"),
        ('violet: "#cfb0ff"', "violet: ansi_magenta", "environments.violet", "terminal's own"),
        ('violet: "#cfb0ff"', "violet: ansi_purple", "environments.violet", "is no colour"),
        ("dark: true", "dark: maybe", "dark", "true or false"),
        ('calling: "#f96258"', "calling: [1", "", "not valid YAML"),
    ],
)
def test_what_is_no_theme_is_refused_with_file_line_key_and_mend(
    tmp_path: Path, was: str, is_now: str, key: str, says: str
) -> None:
    text = DEFAULT_FILE.replace(was, is_now)
    path = write(tmp_path, "mine", text)
    refused = refusal(path)
    assert says in refused
    assert key in refused
    if key:
        assert f"{path}, line {line_of(text, is_now.split(':', maxsplit=1)[0])}:" in refused


def test_a_theme_without_any_other_colours_for_providers_is_refused(tmp_path: Path) -> None:
    text = re.sub(r"other_providers: \[.*\]", "other_providers: []", DEFAULT_FILE)
    assert "other_providers" in refusal(write(tmp_path, "mine", text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in refusal(path)


def test_colours_of_the_terminals_own_stand_as_what_they_usually_look_like() -> None:
    palette, _ = read(own_directory() / "ansi16.yaml")
    assert palette.interface.background == SIXTEEN[0]
    assert palette.environment("blue") == SIXTEEN[12]
    assert palette.attention == SIXTEEN[3]


def test_an_unknown_hue_is_grey_and_a_provider_without_a_colour_always_has_the_same_one() -> None:
    assert DEFAULT.environment("turquoise") == DEFAULT.environments.grey
    assert DEFAULT.provider("anthropic") == DEFAULT.providers["anthropic"]
    assert DEFAULT.provider("my-own-host") == DEFAULT.provider("my-own-host")


@given(st.text(min_size=1))
def test_every_provider_has_a_colour_of_the_theme(name: str) -> None:
    assert DEFAULT.provider(name) in {*DEFAULT.providers.values(), *DEFAULT.other_providers}


def test_a_theme_for_textual_remembers_its_palette_and_another_one_means_the_default() -> None:
    light, _ = read(own_directory() / "light.yaml")
    assert palette_of(PaletteTheme(light)) is light
    assert palette_of(Theme("of-textuals-own", primary="#112233")) is DEFAULT


def test_the_marked_row_of_a_list_is_seen_in_sixteen_colours_too() -> None:
    ansi, _ = read(own_directory() / "ansi16.yaml")
    variables = PaletteTheme(ansi).variables
    assert variables["marked"] != ansi.interface.background
    assert variables["marked"] in SIXTEEN


def test_a_theme_is_chosen_by_name_and_a_misspelt_name_is_answered_with_the_nearest() -> None:
    palettes = Wardrobe(None).palettes
    assert choose(palettes, None) is palettes["default"]
    assert choose(palettes, "light").name == "light"
    with pytest.raises(UnknownNameError, match="Did you mean 'light'"):
        choose(palettes, "ligth")


# --- all files --------------------------------------------------------------------------------------


def test_without_a_directory_there_are_the_themes_of_burn_tui_and_no_problems(tmp_path: Path) -> None:
    for directory in (None, tmp_path / "nowhere"):
        wardrobe = Wardrobe(directory)
        assert next(iter(wardrobe.palettes)) == "default"
        assert {"ops", "light", "ansi16"} <= set(wardrobe.palettes)
        assert wardrobe.problems == []


def test_a_theme_of_the_users_joins_and_replaces_those_of_burn_tui(tmp_path: Path) -> None:
    write(tmp_path, "mine", DEFAULT_FILE)
    write(tmp_path, "light", DEFAULT_FILE)
    wardrobe = Wardrobe(tmp_path)
    assert wardrobe.palettes["mine"] == structs.replace(DEFAULT, name="mine")
    assert wardrobe.palettes["light"].dark is True


def test_one_bad_theme_is_a_problem_and_the_others_are_there(tmp_path: Path) -> None:
    bad = write(tmp_path, "bad", DEFAULT_FILE.replace('"#f96258"', '"red"'))
    write(tmp_path, "good", DEFAULT_FILE)
    wardrobe = Wardrobe(tmp_path)
    (problem,) = wardrobe.problems
    assert f"{bad}, line {line_of(DEFAULT_FILE, 'calling')}: calling: 'red' is no colour." in problem
    assert "good" in wardrobe.palettes
    assert "bad" not in wardrobe.palettes


def test_a_theme_of_the_users_that_is_hard_to_read_is_worn_and_said(tmp_path: Path) -> None:
    path = write(tmp_path, "faint", DEFAULT_FILE.replace('"#98a3b3"', '"#3a4553"'))
    wardrobe = Wardrobe(tmp_path)
    (problem,) = wardrobe.problems
    place = f"{path}, line {line_of(DEFAULT_FILE, 'muted')}: interface.muted: on panel has a contrast of 1."
    assert problem.startswith(place)
    assert "worn" in problem
    assert wardrobe.palettes["faint"].interface.muted == "#3a4553"


def test_nothing_is_read_again_that_has_not_changed(tmp_path: Path) -> None:
    write(tmp_path, "mine", DEFAULT_FILE)
    wardrobe = Wardrobe(tmp_path)
    before = wardrobe.palettes["mine"]
    assert wardrobe.look() is False
    write(tmp_path, "other", DEFAULT_FILE)
    assert wardrobe.look() is True
    assert wardrobe.palettes["mine"] is before


def test_a_file_that_broke_keeps_its_colours_until_it_is_mended(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", DEFAULT_FILE.replace('"#f96258"', '"#f96257"'))
    wardrobe = Wardrobe(tmp_path)
    write(tmp_path, "mine", "dark: tr")
    assert wardrobe.look()
    assert len(wardrobe.problems) == 1
    assert wardrobe.palettes["mine"].calling == "#f96257"
    write(tmp_path, "mine", DEFAULT_FILE)
    assert wardrobe.look()
    assert wardrobe.problems == []
    assert wardrobe.palettes["mine"].calling == "#f96258"
    path.unlink()
    assert wardrobe.look()
    assert "mine" not in wardrobe.palettes


def test_notices_about_themes_come_and_go_and_the_others_stay(tmp_path: Path) -> None:
    notices = ["The disk is full."]
    write(tmp_path, "mine", "dark: tr")
    wardrobe = Wardrobe(tmp_path)
    wardrobe.tell(notices)
    assert len(notices) == 2
    write(tmp_path, "mine", DEFAULT_FILE)
    wardrobe.look()
    wardrobe.tell(notices)
    assert notices == ["The disk is full."]


# --- the dashboard ----------------------------------------------------------------------------------


def themed_runtime(directory: Path, theme: str | None = None) -> ScriptedRuntime:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.settings = structs.replace(runtime.settings, directory=directory, theme=theme)
    return runtime


def test_the_user_sees_what_they_saved_within_a_second() -> None:
    assert LOOK_S < 1.0


async def test_the_first_frame_is_in_the_default_colours_already() -> None:
    async with dashboard() as running:
        assert running.app.palette == DEFAULT
        assert running.app.theme == "default"


async def test_the_theme_of_the_settings_is_worn(tmp_path: Path) -> None:
    async with dashboard(themed_runtime(tmp_path, "light")) as running:
        assert running.app.palette.name == "light"
        assert str(running.app.theme_variables["background"]).lower() == "#fbfaf7"


async def test_a_theme_that_does_not_exist_is_a_notice_and_the_default_is_worn(tmp_path: Path) -> None:
    async with dashboard(themed_runtime(tmp_path, "ligth"), size=(160, 45)) as running:
        assert "Did you mean 'light'?" in " ".join(running.text("#notice").split())
        assert running.app.palette == DEFAULT


async def test_a_theme_that_is_saved_is_worn_at_once_and_one_that_breaks_is_a_notice(tmp_path: Path) -> None:
    write(tmp_path / "themes", "mine", DEFAULT_FILE)
    async with dashboard(themed_runtime(tmp_path, "mine"), size=(160, 45)) as running:
        write(tmp_path / "themes", "mine", DEFAULT_FILE.replace('"#5f91f6"', '"#6f9ff9"'))
        await running.until(lambda: running.app.palette.environments.blue == "#6f9ff9")
        await running.until(lambda: running.main.query_one("#status").styles.background.hex.lower() == "#6f9ff9")
        write(tmp_path / "themes", "mine", "dark: tr")
        await running.until(lambda: "expected true or false" in " ".join(running.text("#notice").split()))
        assert running.app.palette.environments.blue == "#6f9ff9"
        write(tmp_path / "themes", "mine", DEFAULT_FILE)
        await running.until(lambda: not running.main.query_one("#notice").display)
        assert running.app.palette.environments.blue == "#5f91f6"


async def test_another_theme_in_the_settings_is_worn_while_burn_tui_runs(tmp_path: Path) -> None:
    runtime = themed_runtime(tmp_path)
    async with dashboard(runtime) as running:
        runtime.settings = structs.replace(runtime.settings, theme="ops")
        await running.until(lambda: running.app.palette.name == "ops")
