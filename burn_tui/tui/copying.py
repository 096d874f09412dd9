"""Copying, wherever in the interface it is wanted: the toast says what was copied and who took it, and never lies."""

from typing import TYPE_CHECKING

from textual import on, work

from burn_tui.tui import format as fmt
from burn_tui.tui.dressing import DressedApp
from burn_tui.tui.messages import CopyWanted

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime

MOST_IN_A_SEQUENCE = 74_000
"""Bytes that the terminals with the tightest limit take in one OSC 52 sequence; it is sent as base64."""

_TAKEN: dict[str, str] = {"tmux": "to tmux: prefix ] pastes it"}


class CopyingApp(DressedApp):
    """An app whose every copy goes the way that works in this terminal."""

    _runtime: "Runtime | None" = None

    def copy_to_clipboard(self, text: str) -> None:
        """As Textual's widgets ask for it."""
        self._copy(text, f"{fmt.tokens(len(text))} character{'' if len(text) == 1 else 's'}")

    @on(CopyWanted)
    def _copy_what_is_wanted(self, message: CopyWanted) -> None:
        self._copy(message.text, message.what)

    @work
    async def _copy(self, text: str, what: str) -> None:
        tool = await self._runtime.clipboard.copy(text) if self._runtime is not None else None
        if tool is not None:
            self._clipboard = text
            self.notify(f"Copied {what}, {_TAKEN.get(tool, f'with {tool}')}.")
            return
        super().copy_to_clipboard(text)
        doubt = "It may be too long for it." if len(text.encode()) * 4 / 3 > MOST_IN_A_SEQUENCE else ""
        self.notify(f"Sent {what} to the terminal (OSC 52), which never says whether it took it. {doubt}".rstrip())
