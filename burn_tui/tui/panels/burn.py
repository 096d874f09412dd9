"""What is spent today, against budget and expectation, and how fast."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual.content import Content

from burn_tui.core.burn import BurnView
from burn_tui.tui import format as fmt
from burn_tui.tui.blocks import chart, meter, sparkline
from burn_tui.tui.panels.panel import Panel, PanelFacts
from burn_tui.tui.widgets.packing import spread

_FIGURE_CELLS = 18
"""Name and value of a rate that stands beside its chart."""

_HIGHEST_CHART = 8
"""Rows."""


class BurnPanel(Panel):
    """Money first, then the two rates over the last hour."""

    title: ClassVar[str] = "burn"

    def full(self, facts: PanelFacts, width: int) -> list[Content]:
        """Every figure, with a bar for the budget."""
        burn = facts.burn
        lines = [_spent(burn, width)]
        if burn.limit_nanousd:
            lines.append(_bar(burn.spent_nanousd / burn.limit_nanousd, width))
        lines += [spread(_expected(burn), _day_end(burn), width), Content()]
        rows = min(self.spare_rows // 2, _HIGHEST_CHART)
        for rate in _rates(burn):
            lines += [*_grown(rate, width, rows), Content()] if rows > 1 else [_flat(rate, width)]
        return [*lines, *([] if rows > 1 else [Content()]), _calls(burn)]

    def strip(self, facts: PanelFacts, width: int) -> list[Content]:
        """Two lines of money, two of rates."""
        burn = facts.burn
        beside = _calls(burn) if burn.unpriced_requests or burn.open_attempts else _day_end(burn)
        money = [_spent(burn, width), spread(_expected(burn), beside, width)]
        return money + [_flat(rate, width) for rate in _rates(burn)]


class _Rate(Struct, frozen=True):
    name: str
    value: str
    minutes: Sequence[float]
    style: str


def _rates(burn: BurnView) -> tuple[_Rate, _Rate]:
    money, tokens = burn.current_nanousd_per_minute, burn.current_tokens_per_minute
    return (
        _Rate("$/min", fmt.money(money), burn.nanousd_per_minute, "$warning 70%"),
        _Rate("tok/min", fmt.tokens(tokens), burn.tokens_per_minute, "$primary 70%"),
    )


def _flat(rate: _Rate, width: int) -> Content:
    drawn = sparkline(rate.minutes, min(width - _FIGURE_CELLS, len(rate.minutes)))
    return Content.assemble(_figure(rate).pad_right(_FIGURE_CELLS - _figure(rate).cell_length), (drawn, rate.style))


def _grown(rate: _Rate, width: int, rows: int) -> list[Content]:
    columns = min(width, len(rate.minutes))
    heading = spread(_figure(rate), Content.styled("last hour", "$foreground-disabled"), width)
    return [heading, *(Content.styled(row, rate.style) for row in chart(rate.minutes, columns, rows))]


def _figure(rate: _Rate) -> Content:
    return Content.assemble((f"{rate.name:<8}", "$foreground-muted"), (rate.value, "bold"))


def _spent(burn: BurnView, width: int) -> Content:
    spent = Content.styled(fmt.money(burn.spent_nanousd), "bold $foreground")
    if not burn.limit_nanousd:
        return Content.assemble(spent, (" today, no budget", "$foreground-muted"))
    share = burn.spent_nanousd / burn.limit_nanousd
    of = Content.styled(f" of {fmt.money(burn.limit_nanousd)} today", "$foreground-muted")
    return spread(Content.assemble(spent, of), Content.styled(fmt.share(share), _share_style(share)), width)


def _share_style(share: float) -> str:
    if share >= 1.0:
        return "bold $text-error"
    return "bold $text-warning" if share >= 0.8 else "bold $text-success"


def _bar(share: float, width: int) -> Content:
    full, empty = meter(share, width)
    return Content.assemble((full, _share_style(share).removeprefix("bold ")), (empty, "$panel"))


def _expected(burn: BurnView) -> Content:
    if burn.expected_nanousd is None or burn.ratio is None:
        return Content.styled("no usual day known yet", "$foreground-muted")
    style = "$text-success" if burn.ratio < 1.5 else "bold $text-warning" if burn.ratio < 3.0 else "bold $text-error"
    expected = f" the usual {fmt.money(burn.expected_nanousd)}"
    return Content.assemble((fmt.ratio(burn.ratio), style), (expected, "$foreground-muted"))


def _day_end(burn: BurnView) -> Content:
    if burn.projected_day_end_nanousd is None:
        return Content()
    return Content.assemble(("day end ~ ", "$foreground-muted"), fmt.money(burn.projected_day_end_nanousd))


def _calls(burn: BurnView) -> Content:
    calls = "1 call open" if burn.open_attempts == 1 else f"{burn.open_attempts} calls open"
    style = "bold $text-error" if burn.open_attempts else "$foreground-muted"
    unpriced = f"   {burn.unpriced_requests} without a price" if burn.unpriced_requests else ""
    return Content.assemble((calls, style), (unpriced, "bold $text-warning"))
