"""`burn-tui report` for people: one line a key, as wide as its figures. Pure."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from burn_tui.core.report import Figures, Grouping, Marker, Report
from burn_tui.tui import format as fmt
from burn_tui.tui.cells import filled, filled_before

_MARKS: tuple[tuple[str, str], ...] = (
    ("fallback_attempts", "fallback"),
    ("truncated_attempts", "truncated"),
    ("estimated_attempts", "estimated"),
    ("cached_attempts", "cached"),
    ("unpriced_requests", "unpriced"),
)
"""Field, and the marker's word."""


def table(report: Report, *, by: Grouping, only: Marker | None) -> str:
    """The report as text with aligned columns, the totals last."""
    head = (by, "requests", "attempts", "failed", "in", "out", "cost", "per accepted", "marks")
    lines = [head, *(_line(row.key if row.key is not None else "-", row) for row in report.rows)]
    lines.append(_line("all" if only is None else f"all {only}", report.totals))
    return "\n".join(_aligned(lines))


def marks(figures: Figures) -> str:
    """What must not be overlooked: "3 fallback, 120 cached"; "" where there is nothing."""
    return ", ".join(f"{getattr(figures, field):,} {word}" for field, word in _MARKS if getattr(figures, field))


def _line(key: str, figures: Figures) -> tuple[str, ...]:
    accepted = figures.accepted_answers
    return (
        _on_one_line(key),
        f"{figures.requests:,}",
        f"{figures.attempts:,}",
        f"{figures.failures:,}" if figures.failures else "-",
        fmt.tokens(figures.input_tokens),
        fmt.tokens(figures.output_tokens),
        cost(figures),
        f"{fmt.money(figures.cost_per_accepted_answer_nanousd)} ({accepted})" if accepted else "-",
        marks(figures),
    )


def cost(figures: Figures) -> str:
    """Dollars; with a ">" where it is a lower bound, as the cost of some is unknown."""
    is_bound = figures.unpriced_requests > 0 and figures.cost_nanousd is not None
    return f"{'>' if is_bound else ''}{fmt.money(figures.cost_nanousd)}"


def _aligned(lines: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for key, *figures, marked in lines:
        columns = [filled(key, widths[0]), *map(filled_before, figures, widths[1:])]
        yield "  ".join([*columns, marked]).rstrip()


def _on_one_line(text: str) -> str:
    """Names come from outside: nothing in them may move the cursor or break the line."""
    return "".join(character if character.isprintable() else "?" for character in text)
