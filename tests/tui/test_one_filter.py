"""The filters of a line act as one, and what one made of a line is kept for as long as nothing changes."""

from rich.segment import Segment
from rich.style import Style
from support.dashboard import dashboard
from support.scripted import ScriptedRuntime, quiet_day
from textual._ansi_theme import DEFAULT_TERMINAL_THEME
from textual.color import Color
from textual.filter import ANSIToTruecolor

from burn_tui.tui.inert import Inert
from burn_tui.tui.one_filter import OneFilter, Sparing

BLACK = Color(0, 0, 0)
TRUECOLOR = ANSIToTruecolor(DEFAULT_TERMINAL_THEME)


def styled(*styles: str) -> list[Segment]:
    return [Segment("text", Style.parse(style)) for style in styles]


def test_a_line_passes_every_filter_in_turn() -> None:
    (segment,) = OneFilter([TRUECOLOR, Inert()]).apply([Segment("a\x1bb", Style(color="red"))], BLACK)
    assert segment.text == "ab"
    assert segment.style is not None
    assert segment.style.color is not None
    assert segment.style.color.triplet is not None


def test_colours_that_only_the_terminal_knows_and_dimmed_ones_are_drawn_as_textual_draws_them() -> None:
    for style in ("red on #000000", "#ffffff on blue", "dim #ffffff on #000000", "default on default"):
        line = styled("bold #ffffff", style)
        assert Sparing(TRUECOLOR).apply(line, BLACK) == TRUECOLOR.apply(line, BLACK) != line


def test_other_lines_stay_as_they_are() -> None:
    line = [*styled("bold #ffffff on #102030", "italic"), Segment("plain")]
    assert Sparing(TRUECOLOR).apply(line, BLACK) is line


async def test_the_dashboard_filters_with_the_same_filter_until_its_theme_changes() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day())) as running:
        (before,) = running.app.get_line_filters()
        assert running.app.get_line_filters() == [before]
        running.app.wear("light")
        (after,) = running.app.get_line_filters()
        assert after is not before
        assert running.app.get_line_filters() == [after]
