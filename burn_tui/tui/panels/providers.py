"""One row a provider: what it cost today, how fast it answers, whether it may be asked."""

from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content

from burn_tui.core.burn import ProviderBurn
from burn_tui.tui import format as fmt
from burn_tui.tui.cells import filled, filled_before
from burn_tui.tui.panels.panel import STRIP_LINES, Health, Panel, PanelFacts
from burn_tui.tui.widgets.packing import packed

_HEADINGS = ("provider", "today", "tokens", "p50", "p95", "failed", "left", "state")
_DROPPED_FIRST = ("failed", "p95", "tokens", "p50", "left", "today")
"""Where the panel is narrow; name and state always stay."""

_NOBODY = Content.styled("No provider is configured.", "$foreground-muted")

_LEFT_ALIGNED = {"provider", "state"}
_GAP = 2
_SWATCH_CELLS = 2

Row = dict[str, str]
"""Heading -> text."""


class ProvidersPanel(Panel):
    """The costliest first, then those that were not asked today."""

    title: ClassVar[str] = "providers today"

    def full(self, facts: PanelFacts, width: int) -> list[Content]:
        """With a line of headings; p50 and p95 are of the time to the first chunk."""
        rows, healths = _table(facts)
        if not rows:
            return [_NOBODY]
        columns = _fitting_columns(rows, width)
        heading = _line({name: name for name in _HEADINGS}, columns, None)
        percentiles = ", ".join(name for name in ("p50", "p95") if name in columns)
        notes = [f"{percentiles}: time to the first chunk"] if percentiles else []
        notes += ["left: of the tightest rate limit"] if facts.burn.headroom and "left" in columns else []
        lines = [Content.styled(heading.plain, "$foreground-muted")]
        lines += [_line(row, columns, health) for row, health in zip(rows, healths, strict=True)]
        note = packed([Content.styled(text, "$foreground-disabled") for text in notes], width)
        return [*lines, Content(), *note.split("\n")] if notes else lines

    def strip(self, facts: PanelFacts, width: int) -> list[Content]:
        """The first four."""
        rows, healths = _table(facts)
        shown = rows[:STRIP_LINES]
        if not shown:
            return [_NOBODY]
        columns = _fitting_columns(shown, width)
        return [_line(row, columns, health) for row, health in zip(shown, healths, strict=False)]


def _table(facts: PanelFacts) -> tuple[list[Row], list[Health | None]]:
    """Rows and, beside them, what is known of each provider; None for one that is not configured here."""
    health = {one.provider_name: one for one in facts.health}
    burnt = {one.provider_name: one for one in facts.burn.providers}
    by_cost = sorted(burnt.values(), key=lambda one: -(one.cost_nanousd or 0))
    names = list(dict.fromkeys([*(one.provider_name for one in by_cost), *health]))
    rows = [_row(name, burnt.get(name), health.get(name), facts.burn.headroom.get(name)) for name in names]
    return rows, [health.get(name) for name in names]


def _row(name: str, burnt: ProviderBurn | None, health: Health | None, left: float | None) -> Row:
    row = dict.fromkeys(_HEADINGS, "") | {"provider": name, "state": health.state if health else "elsewhere"}
    row["left"] = "" if left is None else fmt.share(left)
    if burnt is None:
        return row
    is_free = health is not None and health.is_local and not burnt.cost_nanousd
    return row | {
        "today": "free" if is_free else fmt.money(burnt.cost_nanousd),
        "tokens": fmt.tokens(burnt.tokens),
        "p50": fmt.seconds(burnt.p50_first_chunk_s),
        "p95": fmt.seconds(burnt.p95_first_chunk_s),
        "failed": str(burnt.failures) if burnt.failures else "",
    }


def _fitting_columns(rows: list[Row], width: int) -> dict[str, int]:
    """Heading -> width of its column, for as many columns as have room."""
    cells = {name: max(cell_len(text) for text in (name, *(row[name] for row in rows))) for name in _HEADINGS}
    for empty in ("failed", "left"):
        if not any(row[empty] for row in rows):
            del cells[empty]
    for dropped in _DROPPED_FIRST:
        if _SWATCH_CELLS + sum(cells.values()) + _GAP * (len(cells) - 1) <= width:
            break
        cells.pop(dropped, None)
    return cells


def _line(row: Row, columns: dict[str, int], health: Health | None) -> Content:
    cells = [
        Content.styled(_aligned(row[name], name, width), _style(name, row[name])) for name, width in columns.items()
    ]
    swatch = ("▌ ", health.colour) if health else "  "
    return Content.assemble(swatch, Content(" " * _GAP).join(cells))


def _aligned(text: str, name: str, width: int) -> str:
    return filled(text, width) if name in _LEFT_ALIGNED else filled_before(text, width)


def _style(name: str, text: str) -> str:
    match name:
        case "provider" | "today":
            return "$foreground"
        case "failed":
            return "$text-error"
        case "state" if text.startswith(("resting", "trying")):
            return "bold $text-warning"
        case "state":
            return "$text-success"
        case _:
            return "$foreground-muted"
