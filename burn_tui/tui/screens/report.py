"""What all screens about burning and waiting have in common: the whole terminal, looked at again every second."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from msgspec import Struct
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from burn_tui.core.errors import BurnError
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import ACTIONS, actions_of, bindings
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.too_small import TALL, TooSmall

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.session import Session

AGAIN_S = 1.0
"""Between two looks."""

NAMES = (
    "request",
    "slow",
    "latency",
    "providers",
    "budgets",
    "pressure",
    "audit",
    "team",
    "prompts",
    "diversity",
)
"""Of the reports, in the order of their digits: 1 to 9, then 0."""

_FOR_EVER_S = 30 * 86_400.0

_TAB_GAP = 2

_FRAME_CELLS = 5
"""Frame, padding and the scroll bar."""

View = TypeVar("View")


class Desk(Struct, frozen=True):
    """What every report works with."""

    runtime: "Runtime"
    palette: Palette
    sessions: "tuple[Session, ...]"
    session: "Session"
    """The one on screen."""
    call: Callable[[str], None] = lambda _: None
    """Puts the call of a versioned prompt before what is typed."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.runtime.clock.now()


class Page(Drawn[View]):
    """Draws as its screen says."""

    def __init__(self, lines: Callable[[View, int], list[Content]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines_of = lines

    def draw(self, view: View, width: int) -> Content:
        """The lines of the screen."""
        return Content("\n").join(self._lines_of(view, width))


class ReportTabs(Drawn[str]):
    """Where one is, and the digits of the others. A click goes there."""

    def draw(self, view: str, width: int) -> Content:
        """All of them, side by side."""
        return packed((_tab(number, view) for number in range(1, len(NAMES) + 1)), width, _TAB_GAP)

    async def on_click(self, event: events.Click) -> None:
        """As its digit does."""
        if (number := number_at(event.x, event.y, self.content_size.width)) is not None:
            await self.screen.run_action(f"switch_report({number})")


def number_at(x: int, y: int, width: int) -> int | None:
    """The number of the report that stands in this column and row of tabs as wide as `width`; None = none does."""
    left, row = 0, 0
    for number in range(1, len(NAMES) + 1):
        cells = _tab(number, "").cell_length
        if left and left + cells > width:
            left, row = 0, row + 1
        if row == y and left <= x < left + cells:
            return number
        left += cells + _TAB_GAP
    return None


def _tab(number: int, current: str) -> Content:
    name, key = NAMES[number - 1], ACTIONS["report-switch"].keys[number - 1]
    if name == current:
        return Content.styled(f"{key} {name}", "bold reverse")
    return Content.assemble((f"{key} ", "bold $text-accent"), (name, "$foreground-muted"))


class ReportScreen(ModalScreen[None], Generic[View]):
    """Subclasses say what they look at and how it is drawn."""

    DEFAULT_CSS = """
    ReportScreen .report {
        width: 100%; height: 100%; border: round $accent; background: $background; padding: 0 1;
        border-title-style: bold; border-subtitle-color: $foreground;
    }
    ReportScreen VerticalScroll { height: 1fr; }
    ReportScreen ReportTabs { margin-bottom: 1; }
    ReportScreen.-short ReportTabs, ReportScreen.-squat ReportTabs { display: none; }
    ReportScreen .top { height: auto; max-height: 50%; }
    ReportScreen KeyLine { height: auto; margin-top: 1; padding: 0; background: transparent; }
    ReportScreen.-short KeyLine, ReportScreen.-squat KeyLine { margin-top: 0; }
    ReportScreen.-narrow .report { padding: 0; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("report")
    name_of: ClassVar[str] = ""
    """One of NAMES; "" = it is reached in another way."""
    title_of: ClassVar[str]
    place: ClassVar[Place] = "report"
    while_looking: ClassVar[str] = ""
    """What stands in the lower border until there is something to see, where that takes long; "" = nothing."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.last: View | None = None
        """What was seen last; None = nothing yet."""
        self._below = ""

    def compose(self) -> ComposeResult:
        """A frame with the page, which scrolls."""
        with Vertical(classes="report") as frame:
            frame.border_title = self.title_of
            yield ReportTabs()
            yield from self.content()
            yield KeyLine(max_lines=2 if self.app.size.height >= TALL else 1)
        yield TooSmall()

    def content(self) -> ComposeResult:
        """What stands in the frame."""
        with VerticalScroll():
            yield Page(self.lines)

    def on_mount(self) -> None:
        """Look now and from then on."""
        own = [] if self.place == "report" else actions_of(self.place)
        # Where there is little room the way back stays.
        self.query_one(KeyLine).show((*own[:1], ACTIONS["report-back"], *own[1:]))
        self.query_one(ReportTabs).show(self.name_of)
        self._say(self.while_looking)
        self.refresh_report()
        self.set_interval(AGAIN_S, self.refresh_report)

    @work(exclusive=True)
    async def refresh_report(self) -> None:
        """Look, and draw what has changed."""
        try:
            view = await self.look()
        except BurnError as error:
            self._say(str(error))
            return
        if self.is_mounted:
            self._say("")
            self.last = view
            self.draw_report(view)

    @on(events.Resize)
    def _keep_digits(self) -> None:
        """Where the tabs go, their digits stay."""
        self._say(self._below)

    def _say(self, problem: str) -> None:
        """In the lower border: what is wrong or awaited, else the digits where there is no room for the tabs."""
        self._below = problem
        switch, said = ACTIONS["report-switch"], Content(problem)
        if not problem and self.app.size.height < TALL:
            said = Content.assemble((switch.shown, "bold $text-accent"), " ", (switch.label, "$foreground-muted"))
        self.query_one(".report").border_subtitle = said.markup

    def draw_report(self, view: View) -> None:
        """Show what was seen."""
        self.query_one(Page).show(view)

    async def look(self) -> View:
        """What there is to see now."""
        raise NotImplementedError

    def lines(self, view: View, width: int) -> list[Content]:
        """How it is drawn."""
        raise NotImplementedError

    def action_cancel(self) -> None:
        """Back to where one came from."""
        self.dismiss(None)

    def action_switch_report(self, number: int) -> None:
        """Another report in place of this one, by its number from 1."""
        from burn_tui.tui.screens.reports import REPORTS  # noqa: PLC0415 - it knows all of them

        name = NAMES[number - 1]
        if name != self.name_of:
            self.app.switch_screen(REPORTS[name](self.desk))

    @property
    def row_cells(self) -> int:
        """Columns that a row of a list has."""
        return max(self.size.width - _FRAME_CELLS, 1)


class Listing(OptionList):
    """Rows of which one is marked. Showing the same ones again costs nothing, and the mark stays where it is."""

    DEFAULT_CSS = """
    Listing { height: 1fr; background: transparent; border: none; padding: 0; &:focus { border: none; } }
    Listing > .option-list--option { padding: 0; }
    Listing > .option-list--option-highlighted { background: $marked; color: $foreground; text-style: none; }
    Listing:focus > .option-list--option-highlighted { background: $marked; color: $foreground; text-style: none; }
    """

    def __init__(self) -> None:
        super().__init__(compact=True)
        self._shown: list[Content] | None = None

    def show(self, rows: list[Content]) -> None:
        """Draw these rows from now on."""
        if rows == self._shown:
            return
        marked = self.highlighted or 0
        self._shown = rows
        self.set_options(Option(row) for row in rows)
        self.highlighted = min(marked, len(rows) - 1) if rows else None


def heading(text: str, note: str = "") -> Content:
    """Of a part of a report."""
    return Content.assemble((text, "bold $text-accent"), (f"  {note}" if note else "", "$foreground-muted"))


def nothing(text: str) -> list[Content]:
    """Where there is nothing to see."""
    return [Content.styled(text, "$foreground-muted")]


def level_style(level: float) -> str:
    """Of something that gets worse from 0 to 1."""
    return "$text-error" if level >= 2 / 3 else "$text-warning" if level >= 1 / 3 else "$text-success"


def rest_in_words(left_s: float) -> str:
    """How long a rest goes on. One of years is ended by a person, not by time."""
    return "until its key changes" if left_s > _FOR_EVER_S else fmt.countdown(left_s)
