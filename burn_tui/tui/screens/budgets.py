"""Budgets, the gauge and how it is made, and everything that was told with its evidence."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from burn_tui.core.alerts import Told
from burn_tui.core.budget import WARN_SHARE
from burn_tui.core.burn import BurnView
from burn_tui.core.inspection import BudgetStanding
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.blocks import meter
from burn_tui.tui.cells import filled
from burn_tui.tui.gauge import formula
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.report import Listing, Page, ReportScreen, heading
from burn_tui.tui.screens.requests import RequestsScreen
from burn_tui.tui.telling import cause, evidence, headline, scope_in_words
from burn_tui.tui.widgets.packing import packed, spread

_DAY_S = 86_400.0

_ROOMY_CELLS = 60
"""Below it what is evidence stands behind its label and not in a column of its own."""

_NONE_IS_SET = "None is set. In the settings: budgets: [{name: daily, limit_usd: 20}]."
_ANOTHER = "Another, in the settings: budgets: [{name: evals, limit_usd: 40, scope: project:evals, period: week}]."


class Money(Struct, frozen=True):
    """What is on screen."""

    standings: tuple[BudgetStanding, ...]
    told: tuple[Told, ...]
    burn: BurnView


class BudgetsScreen(ReportScreen[Money]):
    """What was told can be marked: Enter shows the requests that caused it."""

    AUTO_FOCUS: ClassVar[str | None] = "Listing"
    BINDINGS: ClassVar[list[BindingType]] = bindings("alerts")
    name_of: ClassVar[str] = "budgets"
    title_of: ClassVar[str] = "Budgets and alerts"
    place: ClassVar[Place] = "alerts"

    def content(self) -> ComposeResult:
        """Budgets above; below them what was told, one row each."""
        with VerticalScroll(classes="top"):
            yield Page(self.lines, id="budgets")
        yield Page(_alerts_heading, id="alerts")
        yield Listing()

    async def look(self) -> Money:
        """What the ledger knows now."""
        runtime = self.desk.runtime
        standings = await runtime.lens.budgets(runtime.settings.budgets)
        return Money(tuple(standings), await runtime.watch.told(), await runtime.burn())

    def draw_report(self, view: Money) -> None:
        """Both halves."""
        self.query_one("#budgets", Page).show(view)
        self.query_one("#alerts", Page).show(view)
        self.query_one(Listing).show([_told(one, self.row_cells) for one in view.told])

    def lines(self, view: Money, width: int) -> list[Content]:
        """Budgets and the gauge."""
        lines = [heading("budgets")]
        for standing in view.standings:
            lines += _budget(standing, self.desk.now, width)
        how_to_set = self._how_to_set(is_first=not view.standings, width=width)
        if not view.standings:
            lines += how_to_set
        if view.burn.tension is not None:
            lines += [Content(), heading("tension"), *formula(view.burn.tension, width)]
        return [*lines, Content(), *how_to_set] if view.standings else lines

    def _how_to_set(self, *, is_first: bool, width: int) -> list[Content]:
        how = _NONE_IS_SET if is_first else _ANOTHER
        if width >= _ROOMY_CELLS:
            how += f" The settings: {legible(self.desk.runtime.settings.origin)}."
        return [line.rstrip() for line in Content.styled(how, "$foreground-muted").wrap(max(width, 1))]

    def on_option_list_option_selected(self) -> None:
        """Enter or a click."""
        self.action_show_cause()

    def action_show_cause(self) -> None:
        """The requests behind the marked one."""
        told = self._marked()
        if told is not None:
            self.app.push_screen(RequestsScreen(self.desk, cause(told), headline(told.what)))

    @work
    async def action_dismiss_told(self) -> None:
        """The marked one has been seen."""
        told = self._marked()
        if told is not None:
            await self.desk.runtime.watch.dismiss(told, now=self.desk.now)
            self.refresh_report()

    def _marked(self) -> Told | None:
        marked = self.query_one(Listing).highlighted
        return None if marked is None or self.last is None else self.last.told[marked]


def _alerts_heading(view: Money, _: int) -> list[Content]:
    note = "the latest first" if view.told else "Nothing out of the usual was found."
    return [Content(), heading("alerts", note)]


def _budget(standing: BudgetStanding, now: float, width: int) -> list[Content]:
    budget = standing.budget
    share = standing.spent_nanousd / budget.limit_nanousd if budget.limit_nanousd else 1.0
    style = "$text-error" if share >= 1.0 else "$text-warning" if share >= WARN_SHARE else "$text-success"
    name = Content.assemble(
        (budget.name, "bold"), (f"  {scope_in_words(budget.scope)}, per {budget.period}", "$foreground-muted")
    )
    figures = [
        Content.styled(f"{fmt.money(standing.spent_nanousd)} of {fmt.money(budget.limit_nanousd)}", "$foreground"),
        Content.styled(fmt.share(share), f"bold {style}"),
        Content.styled(f"resets in {_left(standing.period_end - now)}", "$foreground-muted"),
    ]
    beside = Content("  ").join(figures)
    is_roomy = name.cell_length + beside.cell_length + 2 <= width
    full, empty = meter(share, width)
    bar = Content.assemble((full, style), (empty, "$panel"))
    return [*([spread(name, beside, width)] if is_roomy else [name, *packed(figures, width, 2).split("\n")]), bar]


def _left(left_s: float) -> str:
    return f"{left_s / _DAY_S:.0f} days" if left_s > 2 * _DAY_S else fmt.countdown(left_s)


def _told(told: Told, width: int) -> Content:
    when = datetime.fromtimestamp(told.at).astimezone()
    sign, style = ("·", "$foreground-muted") if told.is_dismissed else ("⚠", "bold $text-warning")
    sentence = Content.assemble((f"{sign} {when:%d %b %H:%M}  ", style), (headline(told.what), style))
    lines = [line.rstrip() for line in sentence.wrap(width)]
    facts = evidence(told.what)
    if width < _ROOMY_CELLS:
        pairs = [Content.assemble((f"{label} ", "$foreground-muted"), value) for label, value in facts]
        return Content("\n").join(
            [*lines, *(line.rstrip().pad_left(2) for pair in pairs for line in pair.wrap(width - 2))]
        )
    indent = max(cell_len(label) for label, _ in facts) + 2
    for label, value in facts:
        wrapped = Content(value).wrap(max(width - indent - 2, 1))
        for position, line in enumerate(wrapped):
            left = label if position == 0 else ""
            lines.append(Content.assemble("  ", (filled(left, indent), "$foreground-muted"), line.rstrip()))
    return Content("\n").join(lines)
