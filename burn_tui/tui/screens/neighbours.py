"""The panes of tmux that reach somewhere: hosts, containers, pods and scripts, the most dangerous first."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from burn_tui.core.errors import BurnError
from burn_tui.core.neighbours import Neighbour
from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.badges import badge
from burn_tui.tui.cells import filled, shortened
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import TooSmall

LOOK_S = 2.0
"""Between two looks at the panes while the list is open."""

_ROOMY_CELLS = 76
"""Below it a neighbour has two lines."""

_NOBODY = "No pane runs ssh, a container or a script."

Look = Callable[[], list[Neighbour]]
"""Reads the panes; may block, and raise a BurnError."""

GoTo = Callable[[str], None]
"""Brings a pane on screen, by tmux's name for it; as Look."""


class NeighboursScreen(ModalScreen[str | None]):
    """Follows the panes while it is open. Dismisses with the pane that was gone to, None for none."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("neighbour list")

    def __init__(self, look: Look, go_to: GoTo, palette: Palette) -> None:
        super().__init__()
        self._look = look
        self._go_to = go_to
        self._palette = palette
        self._shown: list[Neighbour] = []
        self._drawn_width = 0
        """Of the terminal when the lines were made."""

    def compose(self) -> ComposeResult:
        """A framed list."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = "Neighbours"
            yield Static("Looking…", classes="hint", id="nobody")
            yield OptionList(compact=True)
            yield KeyLine(max_lines=3)
        yield TooSmall()

    def on_mount(self) -> None:
        """Look now and from then on."""
        self.query_one(OptionList).display = False
        self.query_one(KeyLine).show(tuple(actions_of("neighbour list")))
        self._follow()
        self.set_interval(LOOK_S, self._follow)

    def on_resize(self) -> None:
        """Lines are made for the width."""
        self._draw(self._shown)

    @work(exclusive=True)
    async def _follow(self) -> None:
        try:
            found = await asyncio.to_thread(self._look)
        except BurnError as error:
            self._say(str(error))
            return
        if found:
            self._draw(found)
        else:
            self._say(_NOBODY)

    def _say(self, words: str) -> None:
        self._shown = []
        nobody, listed = self.query_one("#nobody", Static), self.query_one(OptionList)
        nobody.update(Content(words))
        nobody.display, listed.display = True, False

    def _draw(self, found: list[Neighbour]) -> None:
        if not found:
            return
        nobody, listed = self.query_one("#nobody", Static), self.query_one(OptionList)
        marked = self._marked()
        lines = [_line(one, _widths(found), self._palette, self.app.size.width - 6) for one in found]
        if found != self._shown or len(lines) != listed.option_count or self.app.size.width != self._drawn_width:
            self._shown, self._drawn_width = found, self.app.size.width
            listed.clear_options()
            listed.add_options([Option(line, id=one.pane) for line, one in zip(lines, found, strict=True)])
            # Whoever comes and goes above it must not move the mark from the pane that it stood on.
            places = [one.pane for one in found]
            listed.highlighted = places.index(marked) if marked in places else 0
        nobody.display, listed.display = False, True
        if self.focused is not listed:
            listed.focus()

    def _marked(self) -> str | None:
        at = self.query_one(OptionList).highlighted
        return self._shown[at].pane if at is not None and at < len(self._shown) else None

    def on_option_list_option_selected(self) -> None:
        """A click on a pane."""
        self.action_go()

    @work(group="go")
    async def action_go(self) -> None:
        """Bring the marked pane on screen."""
        pane = self._marked()
        if pane is None:
            return
        try:
            await asyncio.to_thread(self._go_to, pane)
        except BurnError as error:
            self.notify(str(error), severity="error")
            return
        self.dismiss(pane)

    def action_cancel(self) -> None:
        """Stay here."""
        self.dismiss(None)


def _widths(found: list[Neighbour]) -> tuple[int, int, int]:
    """Of badge, kind and name."""
    return (
        max(cell_len(str(badge(one.environment))) for one in found),
        max(len(one.kind) for one in found),
        max(cell_len(one.name) for one in found),
    )


def _line(one: Neighbour, widths: tuple[int, int, int], palette: Palette, room: int) -> Content:
    """Where it is and what it is; below or beside that which pane, and why it is thought to be there."""
    sign_cells, kind_cells, name_cells = widths
    sign = filled(str(badge(one.environment)), sign_cells + 2)
    head = Content.assemble(
        (" " + sign, f"bold {palette.environment(one.environment.hue)}"),
        (f"{one.kind:<{kind_cells}}  ", "$foreground-muted"),
        (filled(one.name, name_cells), "bold"),
    )
    facts = "  ".join(fact for fact in (one.where, one.rule, one.detail) if fact)
    beside = room - head.cell_length - 2
    if room >= _ROOMY_CELLS and beside >= len(f"{one.where}  {one.rule}"):
        return Content.assemble(head, "  ", (shortened(facts, beside), "$foreground-muted"))
    below = Content.styled(" " * (sign_cells + 3) + shortened(facts, room - sign_cells - 3), "$foreground-muted")
    return Content("\n").join([head.truncate(room, ellipsis=True), below])
