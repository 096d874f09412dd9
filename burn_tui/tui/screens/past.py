"""Sessions that are open nowhere: each can be taken up again, or erased."""

from typing import ClassVar, Literal

from msgspec import Struct
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.badges import Badge
from burn_tui.tui.cells import filled, shortened
from burn_tui.tui.legible import legible
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import WIDEST_DIALOG, TooSmall

_BADGE_CELLS = 9

_NONE = "There are none yet. A session that you close stands here, and so do all of them after burn-tui has ended."
_TURNED_OFF = "Conversations are not kept: the settings say store_text: false."


class PastRow(Struct, frozen=True, kw_only=True):
    """One session."""

    session_id: str
    badge: Badge
    colour: str
    name: str
    when: str
    questions: int
    beginning: str


class PastWish(Struct, frozen=True):
    """What the person wants done; the dashboard does it."""

    what: Literal["open", "erase", "search"]
    session_id: str
    """"" where nothing is marked."""


class PastScreen(ModalScreen[PastWish | None]):
    """Dismisses with a wish, None to go back."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("past list")

    def __init__(self, rows: list[PastRow], *, is_kept: bool) -> None:
        super().__init__()
        self._rows = rows
        self._is_kept = is_kept

    def compose(self) -> ComposeResult:
        """A framed list, or why there is none."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = "Past sessions"
            if self._rows:
                yield OptionList(*map(self._option, self._rows), compact=True)
            else:
                yield Static(_NONE if self._is_kept else _TURNED_OFF, classes="text")
            yield KeyLine(max_lines=3)
        yield TooSmall()

    def on_mount(self) -> None:
        """The keys."""
        self.query_one(KeyLine).show(tuple(actions_of("past list")))

    def _option(self, row: PastRow) -> Option:
        room = min(self.app.size.width, WIDEST_DIALOG) - 8
        beginning = " ".join(legible(row.beginning).split())
        asked = f"{row.questions} question{'' if row.questions == 1 else 's'}" if row.questions else "a draft"
        is_tight = cell_len(row.name + row.when + asked) + _BADGE_CELLS + 4 > room
        return Option(
            Content.assemble(
                (filled(str(row.badge), _BADGE_CELLS), f"bold {row.colour}"),
                (f"{row.name}  ", "bold"),
                (row.when if is_tight else f"{row.when}  {asked}", "$foreground-muted"),
                (f"\n  {shortened(beginning, room)}", "$foreground-muted"),
            )
        )

    def on_option_list_option_selected(self) -> None:
        """A click on a session."""
        self.action_wish("open")

    def action_wish(self, what: Literal["open", "erase", "search"]) -> None:
        """Have it done with the marked session."""
        marked = self.query_one(OptionList).highlighted if self._rows else None
        session_id = "" if marked is None else self._rows[marked].session_id
        if session_id or what == "search":
            self.dismiss(PastWish(what, session_id))
        else:
            self.app.bell()

    def action_cancel(self) -> None:
        """Back to the dashboard."""
        self.dismiss(None)
