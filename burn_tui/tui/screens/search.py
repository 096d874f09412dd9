"""Where something was said, in whichever session, open or past: found while it is typed."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from msgspec import Struct
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.badges import Badge
from burn_tui.tui.cells import shortened, shortened_before
from burn_tui.tui.legible import legible
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import WIDEST_DIALOG, TooSmall

DELAY_S = 0.15
"""After the last key before the search begins."""

_BEFORE_TYPING = "Type some words, and every session is searched, open or past."
_NOTHING = "Nobody has said that."


class Hit(Struct, frozen=True, kw_only=True):
    """One place where the words stand."""

    session_id: str
    position: int
    """Of the entry in its session, from 0."""
    badge: Badge
    colour: str
    name: str
    who: str
    when: str
    before: str
    match: str
    after: str


class SearchScreen(ModalScreen[Hit | None]):
    """Dismisses with the place to go to."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("search")

    def __init__(self, look: Callable[[str], Awaitable[list[Hit]]]) -> None:
        super().__init__()
        self._look = look
        self._hits: list[Hit] = []
        self._delay: Timer | None = None

    def compose(self) -> ComposeResult:
        """The words, and below them where they stand."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = "Search all sessions"
            yield Input(placeholder="words", compact=True)
            yield Static(_BEFORE_TYPING, classes="text hint none")
            yield OptionList(compact=True)
            yield KeyLine(max_lines=2)
        yield TooSmall()

    def on_mount(self) -> None:
        """The words keep the focus; the list follows the arrows."""
        self.query_one(OptionList).can_focus = False
        self.query_one(OptionList).display = False
        self.query_one(KeyLine).show(tuple(actions_of("search")))
        self.query_one(Input).focus()

    def on_input_changed(self) -> None:
        """Search once the person pauses."""
        if self._delay is not None:
            self._delay.stop()
        self._delay = self.set_timer(DELAY_S, self._search)

    @work(exclusive=True)
    async def _search(self) -> None:
        words = self.query_one(Input).value.strip()
        self._hits = await self._look(words) if words else []
        found = self.query_one(OptionList)
        found.clear_options()
        found.add_options([self._option(hit) for hit in self._hits])
        found.highlighted = 0 if self._hits else None
        found.display = bool(self._hits)
        nothing = self.query_one(".none", Static)
        nothing.display = not self._hits
        nothing.update(_NOTHING if words else _BEFORE_TYPING)

    def _option(self, hit: Hit) -> Option:
        room = min(self.app.size.width, WIDEST_DIALOG) - 8
        before = shortened_before(hit.before, room // 3)
        after = shortened(hit.after, room - len(before) - len(hit.match))
        return Option(
            Content.assemble(
                (f"{hit.badge}", f"bold {hit.colour}"),
                (f" {hit.name}  ", "bold"),
                (f"{hit.who}  {hit.when}\n", "$foreground-muted"),
                (f"  {legible(before)}", "$foreground-muted"),
                (legible(hit.match), "bold $text-accent"),
                (legible(after), "$foreground-muted"),
            )
        )

    def on_input_submitted(self) -> None:
        """Enter in the words."""
        self.action_go()

    def action_go(self) -> None:
        """Go to the marked place."""
        self._go(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click goes there, too."""
        self._go(event.option_index)

    def action_mark(self, by: int) -> None:
        """The place above or below."""
        found = self.query_one(OptionList)
        if self._hits:
            found.highlighted = ((found.highlighted or 0) + by) % len(self._hits)

    def action_cancel(self) -> None:
        """Back to the dashboard."""
        self.dismiss(None)

    def _go(self, position: int | None) -> None:
        if position is not None and position < len(self._hits):
            self.dismiss(self._hits[position])
        else:
            self.app.bell()
