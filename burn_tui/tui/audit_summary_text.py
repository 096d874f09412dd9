"""`burn-tui audit` for people, and the line that says how far it is. Pure."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from burn_tui.core.audit_progress import Progress
from burn_tui.core.audit_tasks import TaskUse, in_words
from burn_tui.engine.audit.summary import Summary, ToolSummary
from burn_tui.tui import format as fmt
from burn_tui.tui.audit_words import findings
from burn_tui.tui.cells import filled, filled_before

MOST_TASKS = 15
"""The costliest; --json has all."""

_BAR = 24


def text(summary: Summary) -> str:
    """Tools, tasks, and what could not be read."""
    if not summary.tools:
        return "No logs of other tools were found. Name another home directory with --home."
    parts = [_table(_TOOL_HEAD, map(_tool, summary.tools))]
    tasks = summary.audit.tasks
    if tasks:
        parts.append(_table(_TASK_HEAD, map(_task, tasks[:MOST_TASKS])))
        if len(tasks) > MOST_TASKS:
            parts.append(f"{len(tasks) - MOST_TASKS:,} more tasks with --json.")
        parts.append(_on_lines(findings(summary.audit)))
    parts += filter(None, map(_skipped, summary.tools))
    return "\n\n".join(parts)


def progress_line(progress: Progress) -> str:
    """As in "[######......] 41 %  880 of 2,146 MB  96 MB/s  13 s left"."""
    full = round(progress.share * _BAR)
    left = "" if progress.left_s is None else f"  {fmt.countdown(progress.left_s)} left"
    size = f"{progress.bytes_done / 1e6:,.0f} of {progress.bytes / 1e6:,.0f} MB"
    bar = f"[{'#' * full}{'.' * (_BAR - full)}]"
    return f"{bar} {fmt.share(progress.share)}  {size}  {progress.bytes_per_s / 1e6:,.0f} MB/s{left}"


_TOOL_HEAD = ("tool", "files", "MB", "responses", "in", "out", "cost", "skipped lines")
_TASK_HEAD = ("task", "sessions", "calls", "in", "out", "cost", "model")


def _tool(tool: ToolSummary) -> tuple[str, ...]:
    return (
        tool.tool,
        f"{tool.files:,}",
        f"{tool.bytes / 1e6:,.1f}",
        f"{tool.rows:,}",
        fmt.tokens(tool.input_tokens),
        fmt.tokens(tool.output_tokens),
        _cost(tool.cost_nanousd, unpriced=tool.unpriced_requests),
        f"{tool.skipped_lines:,}" if tool.skipped_lines else "-",
    )


def _task(use: TaskUse) -> tuple[str, ...]:
    return (
        _on_one_line(in_words(use.task)),
        f"{use.sessions:,}",
        f"{use.attempts:,}",
        fmt.tokens(use.input_tokens),
        fmt.tokens(use.output_tokens),
        _cost(use.cost_nanousd, unpriced=use.unpriced_attempts),
        _on_one_line(str(use.target)),
    )


def _cost(nanousd: int | None, *, unpriced: int) -> str:
    """With a ">" where it is a lower bound, as the cost of some is unknown."""
    return f"{'>' if unpriced and nanousd is not None else ''}{fmt.money(nanousd)}"


def _skipped(tool: ToolSummary) -> str:
    if not tool.skipped_lines:
        return ""
    lines = [f"  {_on_one_line(one.file)}:{one.line}  {_on_one_line(one.why)}" for one in tool.skipped]
    return "\n".join([f"{tool.tool}: {tool.skipped_lines:,} lines could not be read and are not counted.", *lines])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines: Sequence[tuple[str, ...]] = [head, *rows]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            # The first column and a last one of words begin at the same place, figures end there.
            filled(text, width) if column == 0 or head[column] == "model" else filled_before(text, width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _on_lines(text: str) -> str:
    return "\n".join(map(_on_one_line, text.split("\n")))


def _on_one_line(text: str) -> str:
    """Names come from outside: nothing in them may move the cursor or break the line."""
    return "".join(character if character.isprintable() else "?" for character in text)
