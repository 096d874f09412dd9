"""Who serves this session: one key picks at once."""

from string import ascii_lowercase, digits
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from burn_tui.core.catalog import Target
from burn_tui.core.model_names import AUTO
from burn_tui.tui import format as fmt
from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.badges import badge
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from burn_tui.engine.router import Router
    from burn_tui.engine.session import Session

KEYS = digits + ascii_lowercase
"""The key of each choice by its position; choices beyond them are reached with the arrows."""


class Choice(Struct, frozen=True, kw_only=True):
    """One way to be served."""

    requested: str | None
    """What the session asks for from then on; None = the default route."""
    title: str
    note: str
    """Its state in words."""
    provider_name: str | None = None
    """None for a route."""
    is_possible: bool = True
    """False = the environment forbids it."""


class Chosen(Struct, frozen=True):
    """The person's word; told apart from having changed their mind."""

    requested: str | None


def choices(router: "Router", session: "Session") -> list[Choice]:
    """The default route first, then the other routes, then every target."""
    routes = [
        Choice(
            requested=None if name == "default" else name,
            title=name,
            note=" › ".join(target.provider_name for target in route.targets),
        )
        for name, route in router.routes.items()
    ]
    routes.sort(key=lambda choice: choice.requested is not None)
    # Without a default route nothing asked for is auto, and then it needs no name.
    has_default = bool(routes) and routes[0].requested is None
    if AUTO not in router.routes:
        by_worth = Choice(requested=AUTO if has_default else None, title=AUTO, note="chosen for each prompt")
        routes.insert(1 if has_default else 0, by_worth)
    targets = []
    for target in router.catalog.targets:
        obstacle = _obstacle(router, session, target)
        targets.append(
            Choice(
                requested=str(target),
                title=str(target),
                note=obstacle or state_in_words(router.state(target)),
                provider_name=target.provider_name,
                is_possible=not obstacle,
            )
        )
    return routes + targets


def _obstacle(router: "Router", session: "Session", target: Target) -> str:
    """Why the target may not be asked from there, whatever its health; "" = it may."""
    environment = session.environment
    if not environment.allows(target.provider_name):
        return f"not from {badge(environment).word}"
    stays = "local" in {environment.privacy, session.privacy}
    return "not on this machine" if stays and not router.catalog.provider(target).is_local else ""


def state_in_words(state: tuple[str, float]) -> str:
    """A target's health, as Router.state gives it."""
    match state:
        case ("resting", seconds):
            return f"resting {fmt.countdown(seconds)}"
        case ("half_open", _):
            return "trying again"
        case _:
            return "ok"


class ChooseProviderScreen(ModalScreen[Chosen | None]):
    """Dismisses with what was chosen, None if nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("provider list")

    def __init__(
        self,
        offered: list[Choice],
        *,
        current: str | None,
        palette: Palette,
        heading: str = "Who serves this session?",
    ) -> None:
        super().__init__()
        self._heading = heading
        self._offered = offered
        self._current = current
        self._palette = palette

    def compose(self) -> ComposeResult:
        """A framed list."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = self._heading
            yield OptionList(*(self._option(position) for position in range(len(self._offered))), compact=True)
            yield KeyLine(max_lines=3)
        yield TooSmall()

    def on_mount(self) -> None:
        """Mark what holds now."""
        now = [choice.requested for choice in self._offered]
        self.query_one(OptionList).highlighted = now.index(self._current) if self._current in now else 0
        self.query_one(KeyLine).show(tuple(actions_of("provider list")))

    def _option(self, position: int) -> Option:
        choice = self._offered[position]
        colour = self._palette.provider(choice.provider_name) if choice.provider_name else "$foreground"
        key = KEYS[position] if position < len(KEYS) else " "
        longest = max(cell_len(offered.title) for offered in self._offered)
        has_room = self.app.size.width >= 2 * longest
        note = choice.note if has_room else "\n      ".join(wrap(choice.note, self.app.size.width - 12))
        return Option(
            Content.assemble(
                (f" {key} ", "bold $text-accent"),
                ("✓ " if choice.requested == self._current else "  ", "bold $text-success"),
                ("▌" if choice.provider_name else " ", colour),
                (choice.title, "bold" if choice.is_possible else ""),
                " " * (longest - cell_len(choice.title) + 2) if has_room else "\n      ",
                (note, _note_style(choice)),
            ),
            disabled=not choice.is_possible,
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self._pick(event.option_index)

    def action_pick(self, number: int) -> None:
        """The key of the choice, counted from 1."""
        self._pick(number - 1)

    def action_cancel(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)

    def _pick(self, position: int) -> None:
        if position < len(self._offered) and self._offered[position].is_possible:
            self.dismiss(Chosen(self._offered[position].requested))
        else:
            self.app.bell()


def _note_style(choice: Choice) -> str:
    if not choice.is_possible:
        return "$foreground-disabled"
    return "$text-warning" if choice.note.startswith(("resting", "trying")) else "$foreground-muted"
