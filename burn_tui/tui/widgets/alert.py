"""Bands above the prompt that stay until the person dismisses them."""

from typing import Literal

from msgspec import Struct
from textual.content import Content

from burn_tui.tui.messages import Dismissed
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.packing import spread

Kind = Literal["fallback", "notice"]


_ROOMY_CELLS = 50
"""Below it headline and detail share their lines."""

_MEND = Content.styled("Escape dismisses", "$foreground-muted")
_MEND_IN_SHORT = Content.styled("Escape hides", "$foreground-muted")


class Alert(Struct, frozen=True):
    """What one band says."""

    headline: str
    """What happened."""
    detail: str = ""
    """What it means now; "" = nothing more to say."""
    brief: str = ""
    """The detail where there is little room; "" = there is no shorter form."""
    others: int = 0
    """How many more wait behind this one."""
    can_be_dismissed: bool = True
    """False = Escape does something else at the moment."""


class AlertBand(Drawn[Alert | None]):
    """Takes no room while there is nothing to say. A click dismisses it, as Escape does."""

    DEFAULT_CSS = """
    AlertBand { display: none; padding: 0 1; color: $warning; background: $warning 12%; border-left: outer $warning; }
    AlertBand.-notice { color: $error; background: $error 12%; border-left: outer $error; }
    """

    def __init__(self, kind: Kind, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=f"-{kind}")
        self.kind = kind

    def show(self, view: Alert | None) -> None:
        """Appear with `view`, or make room."""
        self.display = view is not None
        super().show(view)

    def draw(self, view: Alert | None, width: int) -> Content:
        """The sign and the headline first, what it means below, and how to be rid of it."""
        if view is None:
            return Content()
        others = f"  and {view.others} more" if view.others else ""
        headline = Content.styled(view.headline, "bold")
        is_narrow = width < _ROOMY_CELLS
        said = (is_narrow and view.brief) or view.detail
        detail = Content.styled(f"{said}{others}".strip(), "$foreground")
        if is_narrow or not detail:
            lines = _indented(Content.assemble(headline, " ", detail), width, "⚠ ")
            return Content("\n").join(_ended(lines, width) if view.can_be_dismissed else lines)
        head, rest = _indented(headline, width, "⚠ "), _indented(detail, width, "  ")
        if not view.can_be_dismissed:
            return Content("\n").join([*head, *rest])
        if head[-1].cell_length + _MEND.cell_length + 2 <= width:
            return Content("\n").join([*_ended(head, width), *rest])
        return Content("\n").join([*head, *_ended(rest, width)])

    def on_click(self) -> None:
        """The person has seen it."""
        self.post_message(Dismissed(self.kind))


def _ended(lines: list[Content], width: int) -> list[Content]:
    """With how to be rid of the band, behind the last line if that has room for it: it must not cut a sentence."""
    *before, last = lines
    for mend in (_MEND, _MEND_IN_SHORT):
        if last.cell_length + mend.cell_length + 2 <= width:
            return [*before, spread(last, mend, width)]
    return [*lines, spread(Content(), _MEND, width)]


def _indented(text: Content, width: int, sign: str) -> list[Content]:
    lines = text.wrap(max(width - len(sign), 1))
    return [
        Content.assemble(sign if position == 0 else " " * len(sign), line.rstrip())
        for position, line in enumerate(lines)
    ]
