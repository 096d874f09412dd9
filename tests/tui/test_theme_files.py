"""Every theme of burn-tui can be read by every kind of eye."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from burn_tui.tui.colour_vision import TEXT_CONTRAST, contrast, distance, nearest_pair
from burn_tui.tui.theme import DEFAULT, SIXTEEN, Palette, own_directory, read
from burn_tui.tui.theme_rules import ENVIRONMENTS_APART, environment_colours, faults
from burn_tui.tui.widgets.filled import text_on

FILES = sorted(own_directory().glob("*.yaml"))
EVERY_FILE = pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)


def test_all_the_themes_are_there() -> None:
    names = {"default", "ops", "light", "high-contrast", "deuteranopia", "tritanopia", "ansi16"}
    assert {file.stem for file in FILES} == names


@EVERY_FILE
def test_every_text_is_readable_and_no_two_colours_that_matter_look_alike_to_anybody(file: Path) -> None:
    assert faults(read(file)[0]) == []


@EVERY_FILE
def test_text_on_a_ground_of_any_colour_is_readable(file: Path) -> None:
    palette = read(file)[0]
    grounds = {*environment_colours(palette).values(), *palette.providers.values(), *palette.other_providers}
    assert {ground for ground in grounds if contrast(text_on(ground), ground) < TEXT_CONTRAST} == set()


def test_the_colours_in_the_code_are_those_of_the_default_file() -> None:
    assert read(own_directory() / "default.yaml")[0] == DEFAULT


def test_production_is_blue_and_local_testing_yellow_unless_the_theme_is_for_operators() -> None:
    for file in FILES:
        blue, yellow = (_rgb(read(file)[0].environment(hue)) for hue in ("blue", "yellow"))
        assert (max(blue) == blue[2]) is (file.stem != "ops"), file.stem
        assert min(yellow) == yellow[2], file.stem


def test_in_the_theme_for_operators_production_is_red_and_a_call_is_not() -> None:
    ops = read(own_directory() / "ops.yaml")[0]
    red, _, blue = _rgb(ops.environment("blue"))
    assert red > 2 * blue
    assert distance(ops.environment("blue"), ops.calling) > ENVIRONMENTS_APART


def test_texts_of_the_high_contrast_theme_have_seven_to_one() -> None:
    palette = read(own_directory() / "high-contrast.yaml")[0]
    texts = structs.asdict(palette.interface)
    for ground in ("background", "surface", "panel"):
        del texts[ground]
    for name, colour in {**texts, **environment_colours(palette)}.items():
        assert contrast(colour, palette.interface.background) >= 7.0, name


def test_what_matters_in_sixteen_colours_is_sixteen_different_numbers_at_most() -> None:
    palette = read(own_directory() / "ansi16.yaml")[0]
    colours = environment_colours(palette)
    assert palette.is_ansi
    assert set(colours.values()) <= set(SIXTEEN)
    assert len(set(colours.values())) == len(colours)


Change = Callable[[Palette], Palette]


def _interface(**colours: str) -> Change:
    return lambda palette: structs.replace(palette, interface=structs.replace(palette.interface, **colours))


def _hues(**colours: str) -> Change:
    return lambda palette: structs.replace(palette, environments=structs.replace(palette.environments, **colours))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (_interface(muted="#4a5563"), ("interface", "muted")),
        (_interface(error="#b03030"), ("interface", "error")),
        (_hues(blue="#1040a0"), ("environments", "blue")),
        (lambda palette: structs.replace(palette, attention="#704000"), ("attention",)),
        (lambda palette: structs.replace(palette, other_providers=("#202020",)), ("other_providers", 0)),
        (lambda palette: structs.replace(palette, providers={"openai": "#203020"}), ("providers", "openai")),
    ],
)
def test_a_text_that_is_hard_to_read_is_a_fault_with_its_place(change: Change, path: tuple[str | int, ...]) -> None:
    assert path in {fault.path for fault in faults(change(DEFAULT)) if "contrast" in fault.problem}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (_hues(red=DEFAULT.calling), ("environments", "red")),
        (_hues(green=DEFAULT.environments.cyan), ("environments", "green")),
        (lambda palette: structs.replace(palette, attention=palette.calling), ("calling",)),
        (lambda palette: structs.replace(palette, providers={"a": "#dc7f68", "b": "#dd7f68"}), ("providers",)),
        (lambda palette: structs.replace(palette, other_providers=("#8fd3b2", "#8fd4b2")), ("other_providers",)),
    ],
)
def test_colours_that_somebody_takes_for_each_other_are_a_fault(change: Change, path: tuple[str | int, ...]) -> None:
    assert path in {fault.path for fault in faults(change(DEFAULT)) if "alike" in fault.problem}


def test_colours_that_only_some_eyes_confuse_are_a_fault_that_names_these_eyes() -> None:
    alike = _hues(green="#7f9060", red="#d06070")(DEFAULT)
    (fault,) = (fault for fault in faults(alike) if fault.path[0] == "environments" and "alike" in fault.problem)
    assert "deuteranopia" in fault.problem
    assert nearest_pair(environment_colours(alike))[0] < ENVIRONMENTS_APART


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
