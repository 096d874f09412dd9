"""Everybody's burn: who spends how much, in which session, with which model, from where, and what all may spend."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content

from burn_tui.core.budget import WARN_SHARE
from burn_tui.core.environment import Environment
from burn_tui.core.team import Line, Member, SharedBudget, TeamView, VersionFeedback
from burn_tui.tui import format as fmt
from burn_tui.tui.badges import badge
from burn_tui.tui.blocks import meter
from burn_tui.tui.cells import shortened
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.report import ReportScreen, heading, nothing
from burn_tui.tui.telling import scope_in_words
from burn_tui.tui.widgets.packing import packed, spread
from burn_tui.tui.widgets.table import Cells, Column, table

_MEMBERS = (
    Column("member", is_left=True, style="bold"),
    Column("today", style="$foreground", by_point=True),
    Column("usual by now", rank=2),
    Column("ratio"),
    Column("last asked", rank=1),
    Column(" ", is_left=True),
)

_LINES = (
    Column("member", is_left=True, style="bold"),
    Column("session", is_left=True, rank=1, style="$foreground"),
    Column("model", is_left=True, rank=2),
    Column("from", is_left=True, rank=3),
    Column("today", style="$foreground", by_point=True),
    Column("asked", rank=4),
    Column("failed", rank=6),
    Column("tokens", rank=5),
    Column("last", rank=7),
)

_VERSIONS = (
    Column("prompt", is_left=True, style="bold"),
    Column("version", is_left=True),
    Column("good", style="$text-success"),
    Column("bad", style="$text-error"),
    Column("pinned as", is_left=True, rank=1, style="$foreground"),
)

_LONGEST_SESSION, _LONGEST_SESSION_NARROW = 24, 18
"""Cells; the rest of a name is not worth a column. Narrow is below _ROOMY."""

_ROOMY = 100

_VERSION_DIGITS = 12


class TeamScreen(ReportScreen[TeamView]):
    """Of today, live within five seconds."""

    name_of: ClassVar[str] = "team"
    title_of: ClassVar[str] = "Team"

    async def look(self) -> TeamView:
        """What the team's server knows now."""
        return await self.desk.runtime.membership.view()

    def lines(self, view: TeamView, width: int) -> list[Content]:
        """What is wrong, what may be spent, who spends, and on what."""
        if not view.where:
            return _in_no_team(width)
        lines = [*_standing(view, width)]
        if view.budgets:
            lines += _part("shared budgets", "", width)
            for budget in view.budgets:
                lines += _budget(budget, width)
        lines += _part("who burns", "today, beside what is usual by this time of the day", width)
        lines += _table(_MEMBERS, (_member(one, self.desk.now) for one in view.members), width) or nothing(
            "Nobody has asked anything today."
        )
        if view.lines:
            lines += _part("on what", "the costliest first", width)
            lines += _table(_LINES, (self._line(one, width) for one in view.lines), width)
        if view.feedback:
            lines += _part("prompts", "what people thought of the answers within 30 days", width)
            lines += _table(_VERSIONS, map(_version, view.feedback), width)
        return lines

    def _line(self, one: Line, width: int) -> Cells:
        own = self.desk.runtime.settings.environments.get(one.environment)
        style = self.desk.palette.environment(own.hue) if own else "$foreground-muted"
        place = badge(own or Environment(name=legible(one.environment) or "-", hue="grey"))
        longest = _LONGEST_SESSION if width >= _ROOMY else _LONGEST_SESSION_NARROW
        session = legible(one.session)
        return {
            "member": legible(one.member),
            "session": shortened(session, longest),
            "model": legible(one.model),
            "from": Content.styled(str(place), style),
            "today": f"{'>' if one.unpriced else ''}{fmt.money(one.cost_nanousd)}",
            "asked": f"{one.requests:,}",
            "failed": Content.styled(f"{one.failures:,}", "$text-error") if one.failures else "-",
            "tokens": fmt.tokens(one.tokens),
            "last": fmt.clock_time(one.last_at),
        }


def _in_no_team(width: int) -> list[Content]:
    text = (
        'This machine is in no team. With a PostgreSQL database of your own, add team: {url: "${BURN_TEAM_URL}"} to '
        "the settings file; its owner runs burn-tui team init once. What would leave this machine: "
        "burn-tui team preview."
    )
    return _wrapped(text, "$foreground-muted", width)


def _standing(view: TeamView, width: int) -> list[Content]:
    """Whether the figures are of now, and what of this machine is not among them."""
    if view.problem is not None:
        lines = _wrapped(f"⚠ {view.problem}", "bold $text-warning", width)
        lines += _wrapped(view.away_rule, "$text-warning", width) if view.away_rule else []
    else:
        lines = _wrapped(view.where, "$foreground-muted", width)
    if view.waiting:
        lines += _wrapped(f"Rows of this machine that wait to leave: {view.waiting:,}.", "$foreground-muted", width)
    return lines


def _budget(budget: SharedBudget, width: int) -> list[Content]:
    used = budget.spent_nanousd + budget.reserved_nanousd
    share = used / budget.limit_nanousd if budget.limit_nanousd else 1.0
    style = "$text-error" if share >= 1.0 else "$text-warning" if share >= WARN_SHARE else "$text-success"
    scope = _scope_in_words(budget.scope)
    name = Content.styled(legible(budget.name), "bold")
    covers = Content.styled(f"{scope}, per {budget.period} of {budget.timezone}", "$foreground-muted")
    figures = [
        Content.styled(f"{fmt.money(budget.spent_nanousd)} of {fmt.money(budget.limit_nanousd)}", "$foreground"),
        Content.styled(fmt.share(share), f"bold {style}"),
    ]
    if budget.reserved_nanousd:
        figures.insert(1, Content.styled(f"{fmt.money(budget.reserved_nanousd)} reserved", "$foreground-muted"))
    beside = Content("  ").join(figures)
    full, empty = meter(share, width)
    bar = Content.assemble((full, style), (empty, "$panel"))
    both = Content.assemble(name, "  ", covers)
    if both.cell_length + beside.cell_length + 2 <= width:
        return [spread(both, beside, width), bar]
    return [*packed([name, covers], width, 2).split("\n"), *packed(figures, width, 2).split("\n"), bar]


def _scope_in_words(scope: str) -> str:
    kind, _, name = scope.partition(":")
    return f"what {legible(name)} asks" if kind == "member" else legible(scope_in_words(scope))


def _member(one: Member, now: float) -> Cells:
    ratio = one.ratio
    return {
        "member": legible(one.name),
        "today": fmt.money(one.cost_nanousd),
        "usual by now": "-" if one.expected_nanousd is None else fmt.money(one.expected_nanousd),
        "ratio": "-" if ratio is None else fmt.ratio(ratio),
        "last asked": f"{fmt.countdown(max(now - one.last_at, 0.0))} ago",
        " ": Content.styled("▲ burns high", "bold $text-error") if one.burns_high else "",
    }


def _version(one: VersionFeedback) -> Cells:
    return {
        "prompt": legible(one.prompt_name),
        "version": legible(one.prompt_version[:_VERSION_DIGITS]),
        "good": f"{one.good:,}",
        "bad": f"{one.bad:,}" if one.bad else "-",
        "pinned as": legible(one.pins),
    }


def _table(columns: tuple[Column, ...], rows: Iterable[Cells], width: int) -> list[Content]:
    """With its headings; [] where there is no row."""
    headings, drawn = table(columns, list(rows), width)
    return [headings, *drawn] if drawn else []


def _part(name: str, note: str, width: int) -> list[Content]:
    return [Content(), *(line.rstrip() for line in heading(name, note).wrap(max(width, 1)))]


def _wrapped(text: str, style: str, width: int) -> list[Content]:
    return [line.rstrip() for line in Content.styled(legible(text), style).wrap(max(width, 1))]
