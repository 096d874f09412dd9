"""Where the time goes: operations by what they take, and what would help the slow ones."""

from typing import ClassVar

from textual.content import Content

from burn_tui.core.bottlenecks import FEWEST_CALLS, Advice, Bottleneck
from burn_tui.tui import format as fmt
from burn_tui.tui.screens.report import ReportScreen, nothing
from burn_tui.tui.widgets.packing import packed, spread

_PARTS = (("waiting", "█", "$warning"), ("generating", "▓", "$primary"), ("retrying", "░", "$error"))
"""Name, glyph and colour: the three differ without any colour."""

_MOST = 40
"""Operations."""


class BottlenecksScreen(ReportScreen[tuple[Bottleneck, ...]]):
    """Of the last 24 hours."""

    name_of: ClassVar[str] = "slow"
    title_of: ClassVar[str] = "Bottlenecks of 24 hours"

    async def look(self) -> tuple[Bottleneck, ...]:
        """What the ledger knows now."""
        return await self.desk.runtime.lens.bottlenecks(self.desk.runtime.settings.slow_s)

    def lines(self, view: tuple[Bottleneck, ...], width: int) -> list[Content]:
        """The one that takes most time first."""
        if not view:
            return nothing("Nothing was asked within 24 hours.")
        slow_s = self.desk.runtime.settings.slow_s
        lines = [*_legend(width), *_slow_means(slow_s, width)]
        longest = max(one.wall_s for one in view)
        for one in view[:_MOST]:
            lines += [Content(), *_entry(one, longest, width)]
        return lines


def _legend(width: int) -> list[Content]:
    words = {"retrying": "lost in attempts that failed"}
    pieces = [
        Content.assemble((glyph * 2, colour), " ", (words.get(name, name), "$foreground-muted"))
        for name, glyph, colour in _PARTS
    ]
    return packed(pieces, width).split("\n")


def _slow_means(slow_s: float, width: int) -> list[Content]:
    text = f"slow: the median of at least {FEWEST_CALLS} answers is above {fmt.seconds(slow_s)}"
    return [line.rstrip() for line in Content.styled(text, "$foreground-muted").wrap(width)]


def _entry(one: Bottleneck, longest: float, width: int) -> list[Content]:
    name = Content.assemble((one.operation_name, "bold"), (f" · {one.provider_name}", "$foreground-muted"))
    figures = [
        Content.styled(f"p50 {fmt.seconds(one.p50_s)}", "bold $text-error" if one.is_slow else "$foreground"),
        Content.styled(f"n {one.answers}", "$foreground-muted"),
        Content.styled(f"{fmt.seconds(one.wall_s)} in all", "$foreground-muted"),
    ]
    if one.failures:
        figures.append(Content.styled(f"{one.failures} failed", "$text-error"))
    if one.is_slow:
        figures.insert(0, Content.styled("SLOW", "bold $text-error"))
    beside = Content("  ").join(figures)
    if name.cell_length + beside.cell_length + 2 <= width:
        lines = [spread(name, beside, width)]
    else:
        lines = [name.truncate(width, ellipsis=True), *packed(figures, width, gap=2).split("\n")]
    lines.append(_bar(one, longest, width))
    return [*lines, *_advice(one.advice, width)] if one.advice else lines


def _bar(one: Bottleneck, longest: float, width: int) -> Content:
    """Its length is the time it takes beside the others, in three parts."""
    seconds = (one.waiting_s, one.generating_s, one.retrying_s)
    bar, ended_at, so_far = Content(), 0, 0.0
    for (_, glyph, colour), part in zip(_PARTS, seconds, strict=True):
        so_far += part
        ends_at = max(round(so_far / longest * width), ended_at + (part > 0)) if longest else 0
        bar = Content.assemble(bar, (glyph * (min(ends_at, width) - ended_at), colour))
        ended_at = min(ends_at, width)
    return bar


def _advice(advice: Advice, width: int) -> list[Content]:
    text = Content.assemble(("→ ", "$text-success"), (_suggestion(advice), "$foreground"))
    return [line.rstrip().pad_left(2) for line in text.wrap(max(width - 2, 1))]


def _suggestion(advice: Advice) -> str:
    saved, call = fmt.seconds(advice.saved_s), fmt.seconds(advice.call_s)
    match advice.kind:
        case "same elsewhere":
            return f"Ask {advice.instead}: the same takes {call} there (n {advice.known_from}), {saved} less in all."
        case "faster model":
            by = f"by its speed (n {advice.known_from})"
            return f"Ask {advice.instead}: about {call} a call {by}, {saved} less in all."
        case "fewer failures":
            return f"Route round it while it fails: {advice.known_from} attempts failed and took {saved}."
        case "shorter answers":
            return f"Ask for answers half as long: about {call} a call, {saved} less in all."
