"""Which tasks use which models, and what could be otherwise: from burn-tui's own calls and other tools' logs."""

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from textual.binding import BindingType
from textual.content import Content

from burn_tui.core.audit import LATELY_DAYS, Audit, ToolSeen
from burn_tui.core.audit_progress import Progress
from burn_tui.core.audit_routes import Alternative
from burn_tui.core.audit_switches import Pair, Switches
from burn_tui.core.audit_tasks import ProviderShare, TaskUse, in_words, without_branches
from burn_tui.tui import audit_words as words
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import ACTIONS, bindings
from burn_tui.tui.blocks import meter
from burn_tui.tui.cells import filled
from burn_tui.tui.screens.report import Desk, ReportScreen, heading, nothing
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import Column, table

PERIODS_DAYS = (30, 7, 90, 0)
"""Of which one is looked at; 0 = all of it."""

AGAIN_S = 15.0
"""A ledger that other tools write into all the time is not added up anew for each of their calls."""

MOST_TASKS = 20
MOST_FINDINGS = 6

PRICE_RULE = "at the price of their time; today's where no change is known"

_DAY_S = 86_400.0

_TASKS = (
    Column("task", is_left=True, style="bold $foreground"),
    Column("model", is_left=True, style="$foreground"),
    Column("sessions", rank=4),
    Column("calls", rank=2),
    Column("in", rank=3),
    Column("out", rank=5),
    Column("cost", style="$foreground", by_point=True),
    Column("failed", rank=6, style="$text-error"),
)
_PAIRS = (
    Column("between", is_left=True, style="$foreground"),
    Column("changes"),
    Column("next prompt", rank=1),
)
_ROUTES = (
    Column("route", is_left=True, style="bold $foreground"),
    Column("estimate", style="$foreground"),
    Column("was"),
    Column("difference", style="$foreground"),
    Column("served by", is_left=True, rank=2),
)

_COST_CELLS = 12
"""For a cost beside a task."""

_ROOMY_CELLS = 70
"""From here on a task and its model stand on one line."""


class Seen(Struct, frozen=True):
    """What is on screen."""

    days: int
    """Of PERIODS_DAYS."""
    has_branches: bool
    """Whether branches are shown apart."""
    audit: Audit
    progress: Progress | None
    """Of an import that is running; None = none is."""
    said: str
    """What the last import came to; "" = there was none."""


class AuditScreen(ReportScreen[Seen]):
    """Everything that core.audit says."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("audit")
    name_of: ClassVar[str] = "audit"
    title_of: ClassVar[str] = "Audit: tasks and their models"
    place: ClassVar[Place] = "audit"
    while_looking: ClassVar[str] = "adding up…"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._days = PERIODS_DAYS[0]
        self._has_branches = False
        self._looked_at: float | None = None

    async def look(self) -> Seen:
        """What the ledger knows now; its sums not oftener than every AGAIN_S."""
        runtime, now = self.desk.runtime, self.desk.now
        known, said = self.last, runtime.log_import.said
        is_old = self._looked_at is None or now - self._looked_at >= AGAIN_S
        if known is None or is_old or known.days != self._days or known.said != said:
            # Whole days, so that the period stays the same from one look to the next.
            since = (now // _DAY_S - self._days) * _DAY_S if self._days else 0.0
            audit = await runtime.lens.audit(since)
            self._looked_at = now
        else:
            audit = known.audit
        return Seen(self._days, self._has_branches, audit, runtime.log_import.progress, said)

    def action_next_period(self) -> None:
        """Another period."""
        self._days = PERIODS_DAYS[(PERIODS_DAYS.index(self._days) + 1) % len(PERIODS_DAYS)]
        self.refresh_report()

    def action_read_logs(self) -> None:
        """What other tools have logged until now."""
        self.desk.runtime.log_import.start()
        self.refresh_report()

    def action_toggle_branches(self) -> None:
        """Branches apart, or together."""
        self._has_branches = not self._has_branches
        self.refresh_report()

    def lines(self, view: Seen, width: int) -> list[Content]:
        """Tasks first; then what could be otherwise; then what cannot be seen."""
        lines = [*_head(view, width), Content()]
        if view.audit.tasks:
            lines += _tasks(view, width)
            lines += _findings(view.audit, width)
        else:
            lines += _nothing_yet(width)
        return [*lines, *_part("what cannot be seen", "", map(_point, words.unseen(view.audit)), width)]


def _head(view: Seen, width: int) -> list[Content]:
    audit = view.audit
    period = f"{view.days} days" if view.days else "all of it"
    pieces = [
        Content.styled(period, "bold reverse"),
        Content.styled(f"{audit.attempts:,} calls", "$foreground"),
        Content.styled(fmt.money(audit.cost_nanousd), "bold $foreground"),
        *(_tool(tool, has_calls=width >= _ROOMY_CELLS) for tool in audit.tools),
    ]
    lines = packed(pieces, width, gap=2).split("\n")
    if view.progress is not None:
        return [*lines, *_progress(view.progress, width)]
    return [*lines, *_wrapped(nothing(f"The logs were read: {view.said}"), width)] if view.said else lines


def _tool(tool: ToolSeen, *, has_calls: bool) -> Content:
    calls = f" {fmt.tokens(tool.attempts)} calls" if has_calls else ""
    name = words.TOOL_NAMES.get(tool.name, tool.name)
    return Content.assemble((name, "$text-accent"), (calls, "$foreground-muted"))


def _progress(progress: Progress, width: int) -> list[Content]:
    left = "" if progress.left_s is None else f", {fmt.countdown(progress.left_s)} left"
    facts = (
        f"{fmt.share(progress.share)} of {progress.bytes / 1e6:,.0f} MB, {progress.rows:,} new calls, "
        f"{progress.bytes_per_s / 1e6:,.0f} MB/s{left}"
    )
    bar = _bar(progress.share, min(24, width))
    said = Content.assemble(("reading logs ", "bold $text-warning"), (facts, "$foreground"))
    return packed([said, bar], width, gap=2).split("\n")


def _nothing_yet(width: int) -> list[Content]:
    key = ACTIONS["audit-read"].shown
    said = nothing("Nothing was asked in this time.")
    offer = nothing(f"{key} reads the logs of Claude Code, Codex, Gemini CLI, opencode, aider and llm.")
    return [*_wrapped([*said, *offer], width), Content()]


# --- tasks ------------------------------------------------------------------------------------------


def _tasks(view: Seen, width: int) -> list[Content]:
    uses = view.audit.tasks if view.has_branches else without_branches(view.audit.tasks)
    shown = uses[:MOST_TASKS]
    note = f"the costliest {len(shown)} of {len(uses):,}" if len(uses) > len(shown) else "the costliest first"
    columns = _TASKS if width >= _ROOMY_CELLS else tuple(one for one in _TASKS if one.name != "model")
    cells = [_cells(use, width) for use in shown]
    head, rows = table(columns, cells, width)
    lines = [heading("tasks", note), head]
    for use, row in zip(shown, rows, strict=True):
        lines.append(row)
        if width < _ROOMY_CELLS:
            lines.append(Content.styled(f"  {use.target}", "$foreground-muted").truncate(width, ellipsis=True))
    return [*lines, Content()]


def _cells(use: TaskUse, width: int) -> dict[str, Content | str]:
    is_roomy = width >= _ROOMY_CELLS
    bound = ">" if use.unpriced_attempts and use.cost_nanousd is not None else ""
    cells: dict[str, Content | str] = {
        "task": _named(in_words(use.task), width * 2 // 5 if is_roomy else width - _COST_CELLS, "bold $foreground"),
        "sessions": f"{use.sessions:,}" if use.sessions else "-",
        "calls": f"{use.attempts:,}",
        "in": fmt.tokens(use.input_tokens),
        "out": fmt.tokens(use.output_tokens),
        "cost": f"{bound}{fmt.money(use.cost_nanousd)}",
        "failed": fmt.share(use.failure_share) if use.failures else "",
    }
    return cells | ({"model": _named(str(use.target), width * 2 // 5)} if is_roomy else {})


# --- findings ---------------------------------------------------------------------------------------


def _findings(audit: Audit, width: int) -> list[Content]:
    cheaper = [_advice(said) for said in words.cheaper_in_short(audit.cheaper)]
    wasted = [_point(said) for said in words.caches(audit.caches)]
    return [
        *_part("where a cheaper model served as well", "by reliability; quality is not known", cheaper, width),
        *_part("cache waste", "what a session wrote to a cache and never read again", wasted, width),
        *_providers(audit.providers, width),
        *_changes(audit.switches, width),
        *_routes(audit.routes, width),
        *_part("how other tools' calls were priced", PRICE_RULE, map(_point, map(words.priced, audit.priced)), width),
    ]


def _providers(shares: tuple[ProviderShare, ...], width: int) -> list[Content]:
    names = max(cell_len(share.provider_name) for share in shares)
    amounts = max(len(fmt.money(share.cost_nanousd)) for share in shares)
    lines = [heading("providers", "share of the cost" if width >= _ROOMY_CELLS else "")]
    for share in shares:
        facts = Content.assemble(
            (filled(share.provider_name, names), "$foreground"),
            (f"  {fmt.share(share.cost_share):>5}", "bold $foreground"),
            (f"  {fmt.money(share.cost_nanousd):>{amounts}}", "$foreground-muted"),
        )
        room = width - facts.cell_length - 2
        lines.append(Content.assemble(facts, "  ", _bar(share.cost_share, min(room, 20))) if room > 0 else facts)
    said = filter(None, map(words.dependence, shares))
    return [*lines, *_wrapped(map(_advice, said), width), Content()]


def _changes(seen: Switches | None, width: int) -> list[Content]:
    if seen is None:
        return []
    note = f"of {LATELY_DAYS} days; {words.prompts_mean()}" if width >= 2 * _ROOMY_CELLS else f"of {LATELY_DAYS} days"
    lines = [heading("changes of place", note)]
    lines += _wrapped([Content.styled(words.changes(seen), "$foreground")], width)
    lines += _pairs(seen.pairs[:MOST_FINDINGS], width)
    if seen.rule is not None:
        lines += _wrapped([_advice(words.rule(seen.rule))], width)
    return [*lines, Content()]


def _pairs(pairs: tuple[Pair, ...], width: int) -> list[Content]:
    if not pairs:
        return []
    if width < _ROOMY_CELLS:
        return _wrapped((_point(f"{_between(pair)}: {pair.changes:,} changes") for pair in pairs), width)
    cells: list[dict[str, Content | str]] = [
        {
            "between": _named(_between(pair), width * 3 // 5),
            "changes": f"{pair.changes:,}",
            "next prompt": fmt.seconds(pair.next_prompt_s),
        }
        for pair in pairs
    ]
    head, rows = table(_PAIRS, cells, width)
    return [head, *rows]


def _between(pair: Pair) -> str:
    first, second = pair.places
    return f"{first}, two tabs" if first == second else f"{first} and {second}"


def _routes(found: tuple[Alternative, ...], width: int) -> list[Content]:
    if not found:
        return []
    note = "an estimate, by the same tokens" if width >= _ROOMY_CELLS else "an estimate"
    title = heading(f"the last {LATELY_DAYS} days along another route", note)
    if width < _ROOMY_CELLS:
        return [*_wrapped([title, *(_point(words.route(one)) for one in found)], width), Content()]
    head, rows = table(_ROUTES, [_route(one, width) for one in found], width)
    left_out = max(one.left_out for one in found)
    lines = [title, head, *rows]
    if left_out:
        said = f"Up to {left_out:,} calls are left out of a row: no known price, or no room for them."
        lines += _wrapped(nothing(said), width)
    return [*lines, Content()]


def _route(one: Alternative, width: int) -> dict[str, Content | str]:
    name = _named(one.route, width * 2 // 5, "bold $foreground")
    if one.estimate_nanousd is None:
        return {"route": name, "estimate": "unknown", "served by": _served_by(one)}
    less = one.difference_nanousd <= 0
    amount = f"{'-' if less else '+'}{fmt.money(abs(one.difference_nanousd))}"
    return {
        "route": name,
        "estimate": f"~{fmt.money(one.estimate_nanousd)}",
        "was": fmt.money(one.recorded_nanousd),
        "difference": Content.styled(amount, "$text-success" if less else "$text-warning"),
        "served by": _served_by(one),
    }


def _served_by(one: Alternative) -> str:
    return "" if [one.route] == [name for name, _ in one.served_by] else ", ".join(name for name, _ in one.served_by)


# --- lines ------------------------------------------------------------------------------------------


def _part(title: str, note: str, sentences: Iterable[Content], width: int) -> list[Content]:
    lines = _wrapped(sentences, width)
    return [heading(title, note if width >= _ROOMY_CELLS else ""), *lines, Content()] if lines else []


def _named(text: str, width: int, style: str = "$foreground") -> Content:
    """A name, which may be of any length."""
    return Content.styled(text, style).truncate(max(width, 1), ellipsis=True)


def _bar(share: float, width: int) -> Content:
    full, empty = meter(share, width)
    return Content.assemble((full, "$primary"), (empty, "$foreground-muted"))


def _point(text: str) -> Content:
    return Content.assemble(("· ", "$foreground-muted"), (text, "$foreground"))


def _advice(text: str) -> Content:
    return Content.assemble(("→ ", "$text-success"), (text, "$foreground"))


def _wrapped(sentences: Iterable[Content], width: int) -> list[Content]:
    """Each with its later lines behind its mark."""
    lines: list[Content] = []
    for sentence in sentences:
        first, *rest = sentence.wrap(max(width - 2, 1))
        lines += [first.rstrip(), *(line.rstrip().pad_left(2) for line in rest)]
    return lines
