"""The tab of another program's session: its figures, and its attempts as they come. Nothing is typed here."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from burn_tui.core.failure import IN_WORDS
from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.tui import format as fmt
from burn_tui.tui.actions import bindings
from burn_tui.tui.foreign_views import figures, kind_of
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.report import Listing
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.packing import packed
from burn_tui.tui.widgets.table import Column, table

if TYPE_CHECKING:
    from burn_tui.engine.foreign_sessions import Attempt, ForeignSession

_COLUMNS = (
    Column("when", is_left=True),
    Column("served by", is_left=True, style="$foreground"),
    Column("cost", style="bold", by_point=True),
    Column("in", rank=3),
    Column("out", rank=3),
    Column("took", rank=2),
    Column("operation", is_left=True, rank=4),
    Column("", is_left=True, rank=1),
)

_SCROLL_BAR_CELLS = 3

_ROOMY_CELLS = 60
"""Below it names are short, and what can be looked up elsewhere is left out."""

_LONG_CELLS = 80
"""From there it is said in words how an attempt ended."""


class Watched(Struct, frozen=True):
    """What is on screen."""

    seen: "ForeignSession"
    attempts: "tuple[Attempt, ...]"
    """The latest first."""


class WatchedPane(Vertical):
    """Stands where a session of the dashboard has its conversation."""

    DEFAULT_CSS = """
    WatchedPane { width: 1fr; height: 1fr; padding: 0 1; }
    WatchedPane #watched-attempts-heading { margin-top: 1; }
    .-short WatchedPane #watched-attempts-heading, .-squat WatchedPane #watched-attempts-heading { margin-top: 0; }
    .-narrow WatchedPane { padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("watched session")

    view: Watched | None = None

    def compose(self) -> ComposeResult:
        """Figures above, the list below."""
        yield Figures(id="watched-figures")
        yield Headings(id="watched-attempts-heading")
        yield Listing()

    def show(self, view: Watched) -> None:
        """Draw it; what did not change costs nothing."""
        if self.view is None or self.view.seen.name != view.seen.name:
            self.listing.highlighted = 0
        self.view = view
        self._draw()

    def on_resize(self) -> None:
        """Columns depend on the width."""
        self._draw()

    @property
    def listing(self) -> Listing:
        """The attempts."""
        return self.query_one(Listing)

    @property
    def marked(self) -> "Attempt | None":
        """The attempt that the keys concern; None = there is none."""
        at = self.listing.highlighted
        return self.view.attempts[at] if self.view and at is not None and at < len(self.view.attempts) else None

    def _draw(self) -> None:
        if self.view is None:
            return
        width = max(self.content_size.width - _SCROLL_BAR_CELLS, 1)
        headings, rows = table(_COLUMNS, [_cells(one, width) for one in self.view.attempts], width)
        self.query_one(Figures).show(self.view.seen)
        self.query_one(Headings).show(headings)
        self.listing.show(rows)


_LOOKED_UP = {"tokens", "fell back from", "project"}


class Figures(Drawn["ForeignSession"]):
    """What it is, and what it burns."""

    def draw(self, view: "ForeignSession", width: int) -> Content:
        """As many lines as it takes."""
        glyph, words = kind_of(view)
        is_roomy = width >= _ROOMY_CELLS
        called = f", calls itself {legible(view.operation_name)}" if is_roomy and view.operation_name else ""
        title = Content.assemble((f"{glyph} {legible(view.name)}", "bold"), (f"  {words}{called}", "$foreground-muted"))
        facts = [
            Content.assemble((f"{label} ", "$foreground-muted"), (legible(figure), style))
            for label, figure, style in figures(view)
            if is_roomy or label not in _LOOKED_UP
        ]
        return Content("\n").join([title.truncate(width, ellipsis=True), packed(facts, width, 3 if is_roomy else 2)])


class Headings(Drawn[Content]):
    """Of the columns."""

    def draw(self, view: Content, width: int) -> Content:
        """One line."""
        return view.truncate(width, ellipsis=True)


def _cells(one: "Attempt", width: int) -> dict[str, Content | str]:
    opened = one if isinstance(one, AttemptOpened) else one.opened
    served_by = f"{opened.provider_name}/{opened.request_model}" if opened.provider_name else ""
    is_roomy = width >= _ROOMY_CELLS
    cells: dict[str, Content | str] = {
        "when": f"{datetime.fromtimestamp(opened.started_at).astimezone():{'%H:%M:%S' if is_roomy else '%H:%M'}}",
        "served by": legible(served_by if is_roomy else opened.provider_name) or "nobody",
        "operation": legible(opened.operation_name),
        "": _outcome(one, is_long=width >= _LONG_CELLS),
    }
    return {**cells, **(_figures(one) if isinstance(one, UsageRecord) else {"cost": "…"})}


def _figures(record: UsageRecord) -> dict[str, str]:
    return {
        "cost": fmt.money(record.cost_nanousd),
        "in": fmt.tokens(record.usage.input_tokens or 0),
        "out": fmt.tokens(record.usage.output_tokens or 0),
        "took": fmt.seconds(record.duration_s),
    }


def _outcome(one: "Attempt", *, is_long: bool) -> Content:
    if isinstance(one, AttemptOpened):
        return Content.styled("calling", "bold $text-error")
    if one.error_type is not None:
        return Content.styled(IN_WORDS[one.error_type] if is_long else "failed", "$text-error")
    if one.opened.fell_back_from:
        words = f"instead of {legible(one.opened.fell_back_from.partition('/')[0])}" if is_long else "instead"
        return Content.styled(words, "$text-warning")
    return Content.styled("ok", "$foreground-muted")
