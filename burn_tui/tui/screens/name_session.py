"""A name for a session, and for a new one the environment it stands in."""

from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from burn_tui.core.environment import Environment
from burn_tui.tui.actions import bindings
from burn_tui.tui.badges import badge
from burn_tui.tui.cells import filled
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.too_small import TooSmall

_SIGN_CELLS = 8

_FRAME_CELLS = 4


class Named(Struct, frozen=True):
    """What the person decided."""

    name: str
    environment: str | None
    """None where there was nothing to choose."""


class NameSessionScreen(ModalScreen[Named | None]):
    """Dismisses with None if the person changed their mind."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("name")

    def __init__(
        self,
        heading: str,
        proposed: str,
        *,
        palette: Palette,
        environments: tuple[Environment, ...] = (),
        marked: int = 0,
        may_be_empty: bool = False,
        what: str = "name",
    ) -> None:
        """`what`: what is to be typed, in a word."""
        super().__init__()
        self._what = what
        self._may_be_empty = may_be_empty
        self._heading = heading
        self._proposed = proposed
        self._palette = palette
        self._environments = environments
        self._marked = marked

    def compose(self) -> ComposeResult:
        """The name, then the environments, all reachable without leaving the name."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = self._heading
            yield Input(self._proposed, placeholder=self._what, compact=True, select_on_focus=True)
            if self._environments:
                yield OptionList(*map(self._option, self._environments), compact=True)
            arrows = "↑ ↓ choose the environment, " if self._environments else ""
            yield Static(f"{arrows}Enter takes it, Escape goes back", classes="text hint")
        yield TooSmall()

    def on_mount(self) -> None:
        """Mark the environment that is safest to begin in."""
        if self._environments:
            environments = self.query_one(OptionList)
            environments.can_focus = False
            environments.highlighted = self._marked
        self.query_one(Input).focus()

    def _option(self, environment: Environment) -> Option:
        rule = "asks before paid calls" if environment.confirm else ""
        if environment.allow is not None:
            rule = f"only {', '.join(environment.allow) or 'nobody'} may be called"
        sign = " " + filled(str(badge(environment)), _SIGN_CELLS)
        has_room = cell_len(f"{sign} {environment.name}  {rule}") <= self.app.size.width - _FRAME_CELLS
        return Option(
            Content.assemble(
                (sign, f"bold {self._palette.environment(environment.hue)}"),
                f" {environment.name}",
                ("  " if has_room else "\n" + " " * (_SIGN_CELLS + 2)) if rule else "",
                (rule, "$foreground-muted"),
            )
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the name."""
        self._take(event.value)

    def on_option_list_option_selected(self) -> None:
        """A click on an environment."""
        self._take(self.query_one(Input).value)

    def key_up(self) -> None:
        """The list follows the arrows while the name has the focus."""
        self._move(-1)

    def key_down(self) -> None:
        """The list follows the arrows while the name has the focus."""
        self._move(1)

    def _move(self, by: int) -> None:
        if self._environments:
            environments = self.query_one(OptionList)
            environments.highlighted = ((environments.highlighted or 0) + by) % len(self._environments)

    def action_cancel(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)

    def _take(self, name: str) -> None:
        environment = None
        if self._environments:
            environment = self._environments[self.query_one(OptionList).highlighted or 0].name
        proposed = "" if self._may_be_empty else self._proposed
        self.dismiss(Named(name.strip() or proposed, environment))
