"""The row of tabs: one session each, coloured by environment or provider, with what goes on in it."""

from typing import Literal

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.timer import Timer

from burn_tui.tui.badges import Badge
from burn_tui.tui.cells import shortened
from burn_tui.tui.messages import TabChosen
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.filled import filled

PULSE_S = 0.5
"""Half a period of the red lamp."""

_NAME_CELLS = 24


Form = Literal["full", "word", "glyph"]
"""How much of a tab is shown: number and glyph always, then the word, then the name."""

_PREFERRED: tuple[tuple[Form, Form], ...] = (("full", "full"), ("full", "word"), ("full", "glyph"), ("word", "glyph"))
"""The active tab's form and that of the others, the best first."""

_MARK_CELLS = 4
_UNREAD = " ✱"

_OPEN = "▸"
"""Before the number of the session on screen."""


class Tab(Struct, frozen=True, kw_only=True):
    """One session as the row shows it."""

    badge: Badge
    name: str
    colour: str
    is_calling: bool
    """A provider is being called at this moment."""
    has_unseen_fallback: bool
    is_unread: bool = False
    """Something was said there that nobody has seen."""
    kind: str = ""
    """The glyph of a session that is only watched; "" = one of this dashboard."""


class Tabs(Struct, frozen=True, kw_only=True):
    """The whole row."""

    tabs: tuple[Tab, ...]
    active: int
    """Position of the session on screen, from 0."""
    label: str | None
    """A word that must stay on screen, such as DEMO; None = nothing."""
    calling_colour: str
    attention_colour: str


class SessionTabs(Drawn[Tabs]):
    """Clicking on a tab chooses it."""

    DEFAULT_CSS = """
    SessionTabs { height: 1; background: $surface; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._is_lamp_bright = True
        self._pulse: Timer | None = None

    def on_mount(self) -> None:
        """The lamp stands still until a provider is called."""
        self._pulse = self.set_interval(PULSE_S, self._blink, pause=True)

    def show(self, view: Tabs) -> None:
        """Draw the row; the lamp blinks while any session calls."""
        super().show(view)
        if self._pulse is None:
            return
        if any(tab.is_calling for tab in view.tabs) and self.app.animation_level != "none":
            self._pulse.resume()
        else:
            self._pulse.pause()
            self._is_lamp_bright = True

    def _blink(self) -> None:
        self._is_lamp_bright = not self._is_lamp_bright
        self.refresh()

    def draw(self, view: Tabs, width: int) -> Content:
        """Tabs from the left, the label at the right end."""
        label = Content.styled(f" {view.label} ", filled(view.attention_colour)) if view.label else Content()
        row = Content().join(
            self._tab(view, position, form) for position, form in lay_out(view, width - label.cell_length)
        )
        return Content.assemble(row, " " * (width - row.cell_length - label.cell_length), label)

    def _tab(self, view: Tabs, position: int, form: Form) -> Content:
        tab = view.tabs[position]
        number, sign, name = _words(tab, position, form)
        if position == view.active:
            # Where there are no colours, the sign alone says which one is open.
            body = Content.styled(_OPEN + number[1:] + sign + name, filled(tab.colour))
        else:
            body = Content.assemble(
                (number, "$foreground-muted"), (sign, f"bold {tab.colour}"), (name, "$foreground-muted")
            )
        return Content.assemble(body, self._mark(view, tab, is_active=position == view.active))

    def _mark(self, view: Tabs, tab: Tab, *, is_active: bool) -> Content:
        # Always of one width, so that the row does not jump when a call begins or ends.
        ground = filled(tab.colour) if is_active else ""
        if tab.is_calling:
            style = filled(view.calling_colour) if self._is_lamp_bright else f"bold {view.calling_colour}"
            return Content.assemble((" ", ground), (" ● ", style))
        if tab.has_unseen_fallback:
            return Content.assemble((" ", ground), (" ⚠ ", filled(view.attention_colour)))
        if tab.is_unread:
            return Content.styled(_UNREAD.ljust(_MARK_CELLS), f"bold {tab.colour}")
        return Content.styled(" " * _MARK_CELLS, ground)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the pointer."""
        if self.view is None:
            return
        left = 0
        label = len(self.view.label) + 2 if self.view.label else 0
        for position, form in lay_out(self.view, self.content_size.width - label):
            left += _cells(self.view.tabs[position], position, form)
            if event.x < left:
                self.post_message(TabChosen(position))
                return


def lay_out(view: Tabs, width: int) -> list[tuple[int, Form]]:
    """The tabs that fit into `width` columns, by position, each in the longest form that leaves room for the others.

    The active one is always among them.
    """
    for active_form, other_form in _PREFERRED:
        row = [(at, active_form if at == view.active else other_form) for at in range(len(view.tabs))]
        if _row_cells(view, row) <= width:
            return row
    row = [(at, "glyph") for at in range(len(view.tabs))]
    used = _row_cells(view, row)
    while len(row) > 1 and used > width:
        # The end that is farther from the active tab goes first.
        at, form = row.pop(0 if view.active - row[0][0] > row[-1][0] - view.active else -1)
        used -= _cells(view.tabs[at], at, form)
    return row


def _row_cells(view: Tabs, row: list[tuple[int, Form]]) -> int:
    return sum(_cells(view.tabs[position], position, form) for position, form in row)


def _cells(tab: Tab, position: int, form: Form) -> int:
    return cell_len("".join(_words(tab, position, form))) + _MARK_CELLS


def _words(tab: Tab, position: int, form: Form) -> tuple[str, str, str]:
    """Number, sign of the environment and name, as far as the form shows them."""
    number = f" {position + 1} "
    kind = f" {tab.kind}" if tab.kind else ""
    match form:
        case "full":
            return number, str(tab.badge), f"{kind} {shortened(tab.name, _NAME_CELLS)}"
        case "word":
            return number, str(tab.badge), kind
        case "glyph":
            return number, tab.badge.glyph, tab.kind
