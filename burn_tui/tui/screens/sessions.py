"""All sessions, with what each of them is doing."""

from typing import ClassVar, Literal

from msgspec import Struct
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.cells import filled
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.session_tabs import Tab
from burn_tui.tui.widgets.too_small import TooSmall


class Row(Struct, frozen=True, kw_only=True):
    """One session."""

    tab: Tab
    served_by: str
    """"provider/model" or what it is pinned to."""
    state: str
    draft: str


What = Literal["go", "new", "rename", "close", "duplicate", "reopen", "up", "down", "gateway"]


class Wish(Struct, frozen=True):
    """What the person wants done; the dashboard does it."""

    what: What
    position: int
    """Of the marked session, from 0."""


class SessionsScreen(ModalScreen[Wish | None]):
    """Dismisses with a wish, None to go back."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("session list")

    def __init__(self, rows: list[Row], *, marked: int, palette: Palette) -> None:
        super().__init__()
        self._rows = rows
        self._marked = marked
        self._palette = palette

    def compose(self) -> ComposeResult:
        """A framed list."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = "Sessions"
            yield OptionList(*(self._option(at, row) for at, row in enumerate(self._rows, start=1)), compact=True)
            yield KeyLine(max_lines=3)
        yield TooSmall()

    def on_mount(self) -> None:
        """Mark the session on screen."""
        self.query_one(OptionList).highlighted = self._marked
        self.query_one(KeyLine).show(tuple(actions_of("session list")))

    def _option(self, number: int, row: Row) -> Option:
        tab = row.tab
        state = (row.state, "$foreground-muted")
        if tab.has_unseen_fallback:
            state = ("fell back", self._palette.attention)
        elif tab.is_unread:
            state = ("✱ unread", "bold")
        room = self.app.size.width - 8
        beside = "  " if cell_len(f"{row.served_by}  draft: {row.draft}") <= room else "\n   "
        return Option(
            Content.assemble(
                (f"{number:>2} ", "$foreground-muted"),
                (filled(str(tab.badge), 8) + " ", f"bold {tab.colour}"),
                (f"{tab.kind} {tab.name}  " if tab.kind else f"{tab.name}  ", "bold"),
                (f"● {row.state}", f"bold {self._palette.calling}") if tab.is_calling else state,
                (f"\n   {row.served_by}", "$foreground-muted"),
                (f"{beside}draft: {row.draft}" if row.draft else "", "italic $foreground-muted"),
            )
        )

    def on_option_list_option_selected(self) -> None:
        """A click on a session."""
        self.action_go()

    def action_go(self) -> None:
        """Put the marked session on screen."""
        self._wish("go")

    def action_new(self) -> None:
        """Open another one."""
        self._wish("new")

    def action_rename(self) -> None:
        """Rename the marked one."""
        self._wish("rename")

    def action_close(self) -> None:
        """Close the marked one."""
        self._wish("close")

    def action_cancel(self) -> None:
        """Back to the dashboard."""
        self.dismiss(None)

    def action_duplicate(self) -> None:
        """The marked conversation once more."""
        self._wish("duplicate")

    def action_reopen(self) -> None:
        """Bring back the one that was closed last."""
        self._wish("reopen")

    def action_gateway(self) -> None:
        """Where other programs come in, whose sessions stand here as well."""
        self._wish("gateway")

    def action_move(self, by: Literal["up", "down"]) -> None:
        """Change places with the neighbour."""
        self._wish(by)

    def _wish(self, what: What) -> None:
        self.dismiss(Wish(what, self.query_one(OptionList).highlighted or 0))
