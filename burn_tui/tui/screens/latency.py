"""How long answers take: percentiles as bars, by provider, model, operation or hour."""

from collections.abc import Callable
from typing import ClassVar, get_args

from msgspec import Struct
from textual.binding import BindingType
from textual.content import Content

from burn_tui.core.inspection import Group
from burn_tui.core.latency import Histogram, Latency, percentile, samples
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.screens.report import Desk, ReportScreen, heading, nothing
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import GAP, Column, table

_GROUPS: tuple[Group, ...] = get_args(Group)
_QUANTILES = (("p50", 0.50, "█"), ("p95", 0.95, "▓"), ("p99", 0.99, "░"))
_HOUR_S = 3600.0

_ROOMY_CELLS = 70
"""From here on a bar stands beside its figures, else below them."""

_COLUMNS = (
    Column("name", is_left=True, style="$foreground"),
    Column("n"),
    Column("p50", style="bold"),
    Column("p95"),
    Column("p99", rank=1),
)
_FAILED = Column("failed", rank=2, style="$text-error")


class Part(Struct, frozen=True):
    """One of the three things that are measured."""

    title: str
    note: str
    histogram: Callable[[Latency], Histogram]
    in_words: Callable[[float | None], str]


def _speed(tokens_per_s: float | None) -> str:
    return "-" if tokens_per_s is None else fmt.tokens(tokens_per_s)


_PARTS = (
    Part("whole answers", "failures are counted, not measured", lambda one: one.duration, fmt.seconds),
    Part("to the first chunk", "", lambda one: one.first_chunk, fmt.seconds),
    Part("tokens a second", "the longer, the better", lambda one: one.speed, _speed),
)


class Measured(Struct, frozen=True):
    """What is on screen."""

    group: Group
    latencies: tuple[Latency, ...]


class LatencyScreen(ReportScreen[Measured]):
    """Of the last 24 hours."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("latency")
    name_of: ClassVar[str] = "latency"
    title_of: ClassVar[str] = "Latency of 24 hours"
    place: ClassVar[Place] = "latency"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._group: Group = "provider"

    async def look(self) -> Measured:
        """What the ledger knows now."""
        group = self._group
        return Measured(group, tuple(_ordered(group, await self.desk.runtime.lens.latencies(group))))

    def action_next_group(self) -> None:
        """By something else."""
        self._group = _GROUPS[(_GROUPS.index(self._group) + 1) % len(_GROUPS)]
        self.refresh_report()

    def lines(self, view: Measured, width: int) -> list[Content]:
        """A table for each of the three, with bars."""
        lines = [*_groups(view.group, width), *_legend(width)]
        if not view.latencies:
            return [*lines, Content(), *nothing("Nothing was asked within 24 hours.")]
        tables = [_table(part, view, width) for part in _PARTS]
        beside = max(line.cell_length for figures in tables for line in figures) + GAP
        for part, figures in zip(_PARTS, tables, strict=True):
            lines += [Content(), heading(part.title, part.note if width >= _ROOMY_CELLS else "")]
            lines += _with_bars(part, view, figures, beside if width >= _ROOMY_CELLS else 0, width)
        return lines


def _table(part: Part, view: Measured, width: int) -> list[Content]:
    """The headings, and the figures of each."""
    columns = (*_COLUMNS, _FAILED) if part is _PARTS[0] else _COLUMNS
    headings, figures = table(columns, [_cells(part, view.group, one) for one in view.latencies], width)
    return [headings, *figures]


def _with_bars(part: Part, view: Measured, figures: list[Content], beside: int, width: int) -> list[Content]:
    """Each line has its bar beside it, from column `beside` on; 0 = below it."""
    longest = max(percentile(part.histogram(one), 0.99) or 0.0 for one in view.latencies)
    headings, *rest = figures
    lines = [headings]
    for one, line in zip(view.latencies, rest, strict=True):
        bar = _bar(part.histogram(one), longest, width - beside)
        lines += [Content.assemble(line.pad_right(beside - line.cell_length), bar)] if beside else [line, bar]
    return lines


def _ordered(group: Group, latencies: list[Latency]) -> list[Latency]:
    if group == "hour":
        return sorted(latencies, key=lambda one: int(one.name))
    return sorted(latencies, key=lambda one: (-one.attempts, one.name))


def _groups(current: Group, width: int) -> list[Content]:
    pieces = [Content.styled(group, "bold reverse" if group == current else "$foreground-muted") for group in _GROUPS]
    return packed([heading("by"), *pieces], width, gap=2).split("\n")


def _cells(part: Part, group: Group, one: Latency) -> dict[str, str]:
    histogram = part.histogram(one)
    quantiles = {name: part.in_words(percentile(histogram, quantile)) for name, quantile, _ in _QUANTILES}
    name = fmt.clock_time(int(one.name) * _HOUR_S) if group == "hour" else one.name
    failed = str(one.failures) if one.failures else ""
    return {"name": name, "n": str(samples(histogram)), "failed": failed} | quantiles


def _bar(histogram: Histogram, longest: float, width: int) -> Content:
    """As long as its p99 beside the others', with p50 and p95 on the way."""
    bar, ended_at = "", 0
    for _, quantile, glyph in _QUANTILES:
        ends_at = round((percentile(histogram, quantile) or 0.0) / longest * width) if longest else 0
        ends_at = max(min(ends_at, width), ended_at)
        bar += glyph * (ends_at - ended_at)
        ended_at = ends_at
    return Content.styled(bar or "·", "$primary")


def _legend(width: int) -> list[Content]:
    pieces = [
        Content.assemble((glyph * 2, "$primary"), (f" to {name}", "$foreground-muted")) for name, _, glyph in _QUANTILES
    ]
    return packed(pieces, width).split("\n")
