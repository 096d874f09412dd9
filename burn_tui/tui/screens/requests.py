"""The requests of a time and a contributor, the costliest first: where an alert leads to."""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct, structs
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from burn_tui.core.failure import IN_WORDS
from burn_tui.core.inspection import MOST_REQUESTS, Which
from burn_tui.core.usage import UsageRecord
from burn_tui.tui import format as fmt
from burn_tui.tui.action import Place
from burn_tui.tui.actions import bindings
from burn_tui.tui.screens.inspector import InspectorScreen
from burn_tui.tui.screens.report import Desk, Listing, Page, ReportScreen
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import Column, table

_DAY_S = 86_400.0

_COLUMNS = (
    Column("when", is_left=True),
    Column("cost", style="bold", by_point=True),
    Column("operation", is_left=True, style="$foreground"),
    Column("served by", is_left=True, rank=1),
    Column("in", rank=4),
    Column("out", rank=4),
    Column("took", rank=3),
    Column("", is_left=True, rank=2, style="$text-error"),
)


class Found(Struct, frozen=True):
    """What is on screen."""

    which: Which
    records: tuple[UsageRecord, ...]


class RequestsScreen(ReportScreen[Found]):
    """Enter inspects the marked one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("request list")
    title_of: ClassVar[str] = "Requests"
    place: ClassVar[Place] = "request list"

    def __init__(self, desk: Desk, which: Which, why: str) -> None:
        super().__init__(desk)
        self._which = which
        self._only = which.operation_name
        self._why = why

    def content(self) -> ComposeResult:
        """What they are, and the list."""
        with VerticalScroll(classes="top", can_focus=False):
            yield Page(self.lines, id="why")
        yield Page(self._headings, id="headings")
        yield Listing()

    async def look(self) -> Found:
        """What the ledger knows now."""
        return Found(self._which, tuple(await self.desk.runtime.lens.costliest(self._which)))

    def draw_report(self, view: Found) -> None:
        """A row for each attempt."""
        self.query_one("#why", Page).show(view)
        self.query_one("#headings", Page).show(view)
        _, rows = table(_COLUMNS, [_cells(record) for record in view.records], self.row_cells)
        self.query_one(Listing).show(rows)

    def lines(self, view: Found, width: int) -> list[Content]:
        """Why these, and what they come to."""
        known = sum(record.cost_nanousd or 0 for record in view.records)
        unpriced = sum(record.cost_nanousd is None for record in view.records)
        count = f"the {MOST_REQUESTS} costliest" if len(view.records) >= MOST_REQUESTS else f"{len(view.records)}"
        pieces = [
            Content.styled(view.which.operation_name or view.which.prompt_name or "all operations", "bold"),
            Content.styled(f"{_when(view.which.since)} to {_when(view.which.until)}", "$foreground-muted"),
            Content.styled(f"{count} attempts, {fmt.money(known)}", "$foreground"),
        ]
        if unpriced:
            pieces.append(Content.styled(f"{unpriced} without a price", "$text-warning"))
        why = [line.rstrip() for line in Content.styled(self._why, "bold $text-warning").wrap(width)]
        return [*why, *packed(pieces, width).split("\n")]

    def _headings(self, view: Found, _: int) -> list[Content]:
        headings, _rows = table(_COLUMNS, [_cells(record) for record in view.records], self.row_cells)
        return [Content(), headings]

    def on_option_list_option_selected(self) -> None:
        """Enter or a click."""
        self.action_inspect()

    def action_inspect(self) -> None:
        """Everything about the marked one."""
        marked = self.query_one(Listing).highlighted
        if marked is not None and self.last is not None:
            request_id = self.last.records[marked].opened.request_id
            self.app.push_screen(InspectorScreen(self.desk, request_id))

    def action_all_operations(self) -> None:
        """All contributors of that time, or the first one again."""
        operation = None if self._which.operation_name else self._only
        self._which = structs.replace(self._which, operation_name=operation)
        self.refresh_report()


def costliest(desk: Desk) -> RequestsScreen:
    """What cost most within a day, whoever asked."""
    now = desk.now
    return RequestsScreen(desk, Which(since=now - _DAY_S, until=now + 1), "The costliest of 24 hours.")


def _cells(record: UsageRecord) -> dict[str, str]:
    opened = record.opened
    return {
        "when": _when(opened.started_at),
        "cost": fmt.money(record.cost_nanousd),
        "operation": opened.operation_name,
        "served by": f"{opened.provider_name}/{opened.request_model}",
        "in": fmt.tokens(record.usage.input_tokens or 0),
        "out": fmt.tokens(record.usage.output_tokens or 0),
        "took": fmt.seconds(record.duration_s),
        "": IN_WORDS[record.error_type] if record.error_type else "",
    }


def _when(epoch_s: float) -> str:
    return f"{datetime.fromtimestamp(epoch_s).astimezone():%d %b %H:%M}"
