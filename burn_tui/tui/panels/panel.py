"""What a panel is given, and the two forms it has."""

from typing import ClassVar, Literal

from msgspec import Struct
from textual.content import Content

from burn_tui.core.burn import BurnView
from burn_tui.tui.widgets.drawn import Drawn

Form = Literal["full", "strip"]
"""strip: at most four lines, for screens of 80 to 119 columns."""

STRIP_LINES = 4

FIGURES_HEIGHT = 34
"""Rows of a terminal in which all panels have room below each other, without charts."""


class Health(Struct, frozen=True, kw_only=True):
    """A provider at this moment."""

    provider_name: str
    colour: str
    state: str
    """"ok", "resting 43 s" or "trying again"."""
    is_local: bool


class PanelFacts(Struct, frozen=True, kw_only=True):
    """Everything that panels draw."""

    burn: BurnView
    health: tuple[Health, ...]
    """In the order of the settings."""


class Panel(Drawn[PanelFacts]):
    """One subject. Subclasses draw it in both forms."""

    title: ClassVar[str]
    """Stands in the frame of the full form."""

    def __init__(self, form: Form) -> None:
        super().__init__(classes=f"-{form}")
        self._form = form
        if form == "full":
            self.border_title = self.title

    def draw(self, view: PanelFacts, width: int) -> Content:
        """The lines of the panel's form."""
        lines = self.full(view, width) if self._form == "full" else self.strip(view, width)[:STRIP_LINES]
        return Content("\n").join(lines)

    @property
    def spare_rows(self) -> int:
        """Rows of the terminal that the figures do not need; never negative."""
        return max(self.app.size.height - FIGURES_HEIGHT, 0)

    def full(self, facts: PanelFacts, width: int) -> list[Content]:
        """Everything."""
        raise NotImplementedError

    def strip(self, facts: PanelFacts, width: int) -> list[Content]:
        """The most important in four lines."""
        raise NotImplementedError
