"""The footer: what can be done here, and with which key."""

from rich.cells import cell_len
from textual import events
from textual.content import Content

from burn_tui.tui.action import Action
from burn_tui.tui.widgets.drawn import Drawn

_GAP = 2


class KeyLine(Drawn[tuple[Action, ...]]):
    """Shows actions in the order of their worth; those that do not fit are left out whole.

    A click does what the key does.
    """

    DEFAULT_CSS = """
    KeyLine { height: 1; padding: 0 1; background: $surface; }
    """

    def __init__(self, *, max_lines: int = 1, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._max_lines = max_lines

    def draw(self, view: tuple[Action, ...], width: int) -> Content:
        """Key and label, side by side."""
        return Content("\n").join(
            Content(" " * _GAP).join(_entry(action) for action in line)
            for line in fitting_actions(view, width, self._max_lines)
        )

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked on."""
        lines = fitting_actions(self.view or (), self.content_size.width, self._max_lines)
        right = self.styles.padding.left
        for action in lines[event.y] if event.y < len(lines) else []:
            right += _cells(action) + _GAP
            if event.x < right:
                await self.screen.run_action(action.handler)
                return


def fitting_actions(actions: tuple[Action, ...], width: int, max_lines: int) -> list[list[Action]]:
    """The first actions, line by line, as many as have room."""
    lines: list[list[Action]] = [[]]
    used = -_GAP
    for action in actions:
        used += _GAP + _cells(action)
        if used > width:
            if len(lines) == max_lines:
                break
            lines.append([])
            used = _cells(action)
        lines[-1].append(action)
    return lines


def _entry(action: Action) -> Content:
    return Content.assemble((action.shown, "bold $text-accent"), " ", (action.label, "$foreground-muted"))


def _cells(action: Action) -> int:
    return cell_len(action.shown) + 1 + cell_len(action.label)
