"""One line in the environment's colour: where this session stands, who serves it, what happens, what it burns."""

from collections.abc import Iterator

from msgspec import Struct
from textual.content import Content

from burn_tui.tui.badges import Badge
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.filled import filled, text_on
from burn_tui.tui.widgets.packing import spread

_GAP = 2


class Status(Struct, frozen=True, kw_only=True):
    """The session on screen."""

    badge: Badge
    colour: str
    served_by: str
    """Who answers or answered last, "provider/model"; "" = nobody yet."""
    state: str
    """In a word or two, such as "ready" or "answering 3 s"."""
    short_state: str
    is_calling: bool
    calling_colour: str
    spent: tuple[str, ...]
    """Today's spending, from the longest form to the shortest."""
    is_local_only: bool = False
    """Nothing of the session may leave this machine."""
    note: str = ""
    """A rule of the environment, for lines with room to spare."""
    gateway: str = ""
    """Where the gateway serves other programs; "" = it does not run. As note."""


class StatusLine(Drawn[Status]):
    """Shown at every width: below 80 columns it is all that is left of the burn panel."""

    DEFAULT_CSS = """
    StatusLine { height: 1; }
    """

    def show(self, view: Status) -> None:
        """Draw it on the environment's colour."""
        self.styles.background = view.colour
        self.styles.color = text_on(view.colour)
        super().show(view)

    def draw(self, view: Status, width: int) -> Content:
        """Place, provider, state and spending in the longest forms that have room together."""
        for served_by, state, spent in _forms(view):
            left = Content(" " * _GAP).join(piece for piece in (_place(view), Content(served_by), state) if piece)
            if left.cell_length + _GAP + spent.cell_length <= width:
                break
        room = width - left.cell_length - spent.cell_length - 2 * _GAP
        if view.note and len(view.note) <= room:
            left = Content.assemble(left, " " * _GAP, view.note)
            room -= _GAP + len(view.note)
        if view.gateway and len(gateway := f"⇄ gateway on {view.gateway}") <= room:
            left = Content.assemble(left, " " * _GAP, gateway)
        return spread(left, spent, width)


def _place(view: Status) -> Content:
    return Content.styled(f" {view.badge}" + ("  local only" if view.is_local_only else ""), "bold")


def _forms(view: Status) -> Iterator[tuple[str, Content, Content]]:
    provider_name = view.served_by.partition("/")[0]
    longest, *shorter = [Content.styled(f"{spent} ", "bold") for spent in view.spent]
    shortest = shorter[-1] if shorter else longest
    yield view.served_by, _state(view, view.state), longest
    for spent in (*shorter, longest):
        yield view.served_by, _state(view, view.state), spent
        yield provider_name, _state(view, view.state), spent
        yield provider_name, _state(view, view.short_state), spent
    yield "", _state(view, view.short_state), shortest


def _state(view: Status, words: str) -> Content:
    return Content.styled(f" ● {words} ", filled(view.calling_colour)) if view.is_calling else Content(words)
