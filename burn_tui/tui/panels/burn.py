"""What is spent today, against budget and expectation, and how fast."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual.content import Content

from burn_tui.core.bottlenecks import Bottleneck
from burn_tui.core.burn import BurnView, Trend
from burn_tui.core.expectation import LEARNED_DAYS
from burn_tui.core.tension import Tension
from burn_tui.tui import format as fmt
from burn_tui.tui.actions import ACTIONS
from burn_tui.tui.blocks import chart, meter, sparkline
from burn_tui.tui.gauge import gauge, reason
from burn_tui.tui.panels.panel import Panel, PanelFacts
from burn_tui.tui.telling import headline, standard
from burn_tui.tui.widgets.packing import packed, spread

_FIGURE_CELLS = 18
"""Name and value of a rate that stands beside its chart."""

_HIGHEST_CHART = 8
"""Rows."""

_GAUGE_CELLS = 8

_MOST_SLOW = 2
"""Operations that are named."""

_THE_HOUR = ", last hour"

_ARROWS: dict[Trend, str] = {"rising": "▲", "steady": "▶", "falling": "▼"}
"""Where the last quarter of an hour goes."""


class BurnPanel(Panel):
    """Money first, then the two rates over the last hour, then what is wrong."""

    title: ClassVar[str] = "burn"

    def full(self, facts: PanelFacts, width: int) -> list[Content]:
        """Every figure, with a bar for the budget."""
        burn = facts.burn
        lines = [_spent(burn, width)]
        if burn.share_of_limit is not None:
            lines.append(_bar(burn.share_of_limit, width))
        lines += [spread(_ratio_of_the_hour(burn, width), _day_end(burn), width), *_expected(burn, width)]
        if burn.tension is not None:
            lines.append(_tension(burn.tension, width))
        lines.append(Content())
        rows = min((self.spare_rows - len(_troubles(burn, width))) // 2, _HIGHEST_CHART)
        for rate in _rates(burn):
            lines += [*_grown(rate, width, rows), Content()] if rows > 1 else [_flat(rate, width)]
        return [*lines, *([] if rows > 1 else [Content()]), *_calls(burn, width), *_troubles(burn, width)]

    def strip(self, facts: PanelFacts, width: int) -> list[Content]:
        """Two lines of money, two of rates; what is wrong stands beside them."""
        burn = facts.burn
        ratio = _ratio(burn)
        money = [_spent(burn, width), spread(ratio, _beside_ratio(burn, width - ratio.cell_length - 1), width)]
        return money + [_flat(rate, width) for rate in _rates(burn)]


class _Rate(Struct, frozen=True):
    name: str
    value: str
    minutes: Sequence[float]
    style: str


def _rates(burn: BurnView) -> tuple[_Rate, _Rate]:
    money, tokens = burn.current_nanousd_per_minute, burn.current_tokens_per_minute
    return (
        _Rate("$/min", fmt.money_rate(money), burn.nanousd_per_minute, "$warning 70%"),
        _Rate("tok/min", fmt.tokens(tokens), burn.tokens_per_minute, "$primary 70%"),
    )


def _flat(rate: _Rate, width: int) -> Content:
    drawn = sparkline(rate.minutes, min(width - _FIGURE_CELLS, len(rate.minutes)))
    return Content.assemble(_figure(rate).pad_right(_FIGURE_CELLS - _figure(rate).cell_length), (drawn, rate.style))


def _grown(rate: _Rate, width: int, rows: int) -> list[Content]:
    known = rate.minutes
    # Where there are more columns than minutes, some minutes are one column wider than others.
    minutes = [known[column * len(known) // width] for column in range(width)] if width > len(known) else known
    columns = min(width, len(minutes))
    heading = spread(_figure(rate), Content.styled("last hour", "$foreground-disabled"), width)
    return [heading, *(Content.styled(row, rate.style) for row in chart(minutes, columns, rows))]


def _figure(rate: _Rate) -> Content:
    return Content.assemble((f"{rate.name:<8}", "$foreground-muted"), (rate.value, "bold"))


def _spent(burn: BurnView, width: int) -> Content:
    spent = Content.styled(fmt.money(burn.spent_nanousd), "bold $foreground")
    share = burn.share_of_limit
    if share is None:
        return Content.assemble(spent, (" today, no budget", "$foreground-muted"))
    of = Content.styled(f" of {fmt.money(burn.limit_nanousd)} today", "$foreground-muted")
    return spread(Content.assemble(spent, of), Content.styled(fmt.share(share), _share_style(share)), width)


def _share_style(share: float) -> str:
    if share >= 1.0:
        return "bold $text-error"
    return "bold $text-warning" if share >= 0.8 else "bold $text-success"


def _bar(share: float, width: int) -> Content:
    full, empty = meter(share, width)
    return Content.assemble((full, _share_style(share).removeprefix("bold ")), (empty, "$panel"))


def _ratio(burn: BurnView) -> Content:
    """Of the last hour."""
    if burn.expected_by is None:
        return Content.styled(f"usual day: {burn.days_learned} of {LEARNED_DAYS} learned", "$foreground-muted")
    if burn.ratio is None:
        return Content.styled(f"-  of {standard(burn)}", "$foreground-muted")
    style = "$text-success" if burn.ratio < 1.5 else "bold $text-warning" if burn.ratio < 3.0 else "bold $text-error"
    arrow = f" {_ARROWS[burn.trend]}" if burn.trend else ""
    return Content.assemble((fmt.burn(burn.ratio) + arrow, style), (f" {standard(burn)}", "$foreground-muted"))


def _ratio_of_the_hour(burn: BurnView, width: int) -> Content:
    """It says so where there is room: beside the day's figures it would pass for one of them."""
    ratio = _ratio(burn)
    if burn.ratio is None or ratio.cell_length + len(_THE_HOUR) + 1 + _day_end(burn).cell_length > width:
        return ratio
    return Content.assemble(ratio, (_THE_HOUR, "$foreground-disabled"))


def _expected(burn: BurnView, width: int) -> list[Content]:
    """By now, and where that is known from."""
    if burn.expected_nanousd is None:
        return []
    by_now = Content.assemble(("usual by now ", "$foreground-muted"), fmt.money(burn.expected_nanousd))
    if burn.expected_by == "budget":
        by_now = Content.assemble(("even share by now ", "$foreground-muted"), fmt.money(burn.expected_nanousd))
    known = f"{burn.days_learned} days learned" if burn.expected_by == "learned" else _still_learning(burn)
    return [spread(by_now, Content.styled(known, "$foreground-disabled"), width)]


def _still_learning(burn: BurnView) -> str:
    return f"{burn.days_learned} of {LEARNED_DAYS} days learned"


def _day_end(burn: BurnView) -> Content:
    if burn.projected_day_end_nanousd is None:
        return Content()
    return Content.assemble(("day end ~ ", "$foreground-muted"), fmt.money(burn.projected_day_end_nanousd))


def _tension(tension: Tension, width: int) -> Content:
    shown = Content.assemble(("tension ", "$foreground-muted"), gauge(tension, _GAUGE_CELLS))
    return spread(shown, Content.styled(reason(tension), "$foreground-muted"), width)


def _beside_ratio(burn: BurnView, room: int) -> Content:
    """The most urgent of what has no line of its own in the strip."""
    if burn.told:
        count, key = len(burn.told), ACTIONS["cause"].shown
        told = Content.styled(f"⚠ {count} alert{'' if count == 1 else 's'}: {key}", "bold $text-warning")
        return told if told.cell_length <= room else Content.styled(f"⚠ {count} {key}", "bold $text-warning")
    if burn.tension is not None and burn.tension.word != "calm":
        return gauge(burn.tension, 4)
    if burn.unpriced_requests:
        return Content.styled(f"{burn.unpriced_requests} unpriced", "bold $text-warning")
    if burn.open_attempts:
        return _open(burn)
    return _day_end(burn)


def _open(burn: BurnView) -> Content:
    calls = "1 call open" if burn.open_attempts == 1 else f"{burn.open_attempts} calls open"
    return Content.styled(calls, "bold $text-error" if burn.open_attempts else "$foreground-muted")


def _calls(burn: BurnView, width: int) -> list[Content]:
    pieces = [_open(burn)]
    if burn.unpriced_requests:
        requests = "1 request" if burn.unpriced_requests == 1 else f"{burn.unpriced_requests} requests"
        text = f"unpriced: {requests}, {fmt.tokens(burn.unpriced_tokens)} tokens"
        pieces.append(Content.styled(text, "bold $text-warning"))
    return packed(pieces, width).split("\n")


def _troubles(burn: BurnView, width: int) -> list[Content]:
    """What was told and not dismissed, and what is slow."""
    lines: list[Content] = []
    if burn.told:
        others = f" and {len(burn.told) - 1} more" if len(burn.told) > 1 else ""
        text = f"⚠ {headline(burn.told[0].what)}{others}  {ACTIONS['cause'].shown}: why"
        lines += [line.rstrip() for line in Content.styled(text, "bold $text-warning").wrap(width)]
    slowest = sorted((one for one in burn.slowest if one.p50_s), key=lambda one: -(one.p50_s or 0.0))[:_MOST_SLOW]
    return lines + [_slow(one, width) for one in slowest]


def _slow(one: Bottleneck, width: int) -> Content:
    name = Content.assemble(("slow " if one.is_slow else "longest ", "$foreground-muted"), one.operation_name)
    p50 = Content.styled(f"p50 {fmt.seconds(one.p50_s)}", "bold $text-warning" if one.is_slow else "$foreground-muted")
    advice = one.advice
    better = f"  → {advice.instead} {fmt.seconds(advice.call_s)}" if advice and advice.instead else ""
    whole = Content.assemble(p50, (better, "$text-success"))
    return spread(name, whole if name.cell_length + whole.cell_length < width else p50, width)
