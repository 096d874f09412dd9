"""What becomes of colours on terminals that have few of them or none."""

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter, Monochrome

from burn_tui.tui.terminal_colours import Sixteen, Uncoloured, colours_of, filters
from burn_tui.tui.theme import DEFAULT, SIXTEEN, own_directory, read

GROUND = Color.parse(DEFAULT.interface.background)


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm-256color"}, "all"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "all"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "all"),
        ({"TERM": "xterm"}, "sixteen"),
        ({"TERM": "linux"}, "sixteen"),
        ({"TERM": "screen"}, "sixteen"),
        ({"TERM": "xterm-kitty"}, "all"),
        ({"TERM": "xterm-mono", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "xterm-mono"}, "none"),
        ({"TERM": "vt220"}, "none"),
        ({"TERM": "dumb"}, "none"),
        ({}, "none"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "all"),
        ({"TERM": "nobody-knows-this-one"}, "sixteen"),
        ({"TERM": "nobody-knows-this-256color"}, "all"),
    ],
)
def test_what_a_terminal_can_show_is_told_by_its_environment(environ: dict[str, str], colours: str) -> None:
    assert colours_of(environ) == colours


def drawn(line_filter: LineFilter, style: str) -> Style:
    (segment,) = line_filter.apply([Segment("text", Style.parse(style))], GROUND)
    assert segment.text == "text"
    assert segment.style is not None
    return segment.style


def test_without_colours_a_filled_ground_is_reversed_and_bold_stays() -> None:
    style = drawn(Uncoloured(DEFAULT.interface.background), f"bold #000000 on {DEFAULT.environments.blue}")
    assert (style.color, style.bgcolor, style.bold, style.reverse) == (None, None, True, True)


def test_without_colours_the_grounds_of_tabs_and_dialogs_are_the_screens_own() -> None:
    for ground in (DEFAULT.interface.background, DEFAULT.interface.surface, DEFAULT.interface.panel):
        style = drawn(Uncoloured(DEFAULT.interface.background), f"{DEFAULT.interface.foreground} on {ground}")
        assert not style.reverse


def test_what_is_reversed_on_a_filled_ground_still_differs_from_it() -> None:
    line_filter = Uncoloured(DEFAULT.interface.background)
    filled = f"#000000 on {DEFAULT.environments.blue}"
    assert drawn(line_filter, filled).reverse != drawn(line_filter, f"reverse {filled}").reverse


def test_sixteen_colours_are_sent_by_their_numbers() -> None:
    style = drawn(Sixteen(), f"bold {SIXTEEN[12]} on {SIXTEEN[0]}")
    assert style.color is not None
    assert style.bgcolor is not None
    assert (style.color.number, style.bgcolor.number, style.bold) == (12, 0, True)


def test_a_mixture_is_sent_as_the_nearest_of_the_sixteen() -> None:
    style = drawn(Sixteen(), "#f0f050 on #0a0a00")
    assert style.color is not None
    assert style.bgcolor is not None
    assert (style.color.number, style.bgcolor.number) == (11, 0)


def test_a_line_without_style_stays_without() -> None:
    for line_filter in (Sixteen(), Uncoloured("#000000")):
        assert line_filter.apply([Segment("text")], GROUND) == [Segment("text")]


def test_only_terminals_and_themes_that_need_it_have_a_filter() -> None:
    ansi, _ = read(own_directory() / "ansi16.yaml")
    assert filters([], "all", DEFAULT) == []
    assert filters([], "sixteen", DEFAULT) == []
    assert [type(one) for one in filters([], "all", ansi)] == [Sixteen]
    assert [type(one) for one in filters([Monochrome()], "none", ansi)] == [Uncoloured]
