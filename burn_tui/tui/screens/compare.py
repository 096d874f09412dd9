"""Two answers to one question, side by side; where there is no room for that, one above the other."""

from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.screen import ModalScreen

from burn_tui.core.transcript import Transcript
from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import TooSmall
from burn_tui.tui.widgets.transcript_view import TranscriptView

Side = Literal["left", "right"]

SIDE_BY_SIDE = 90
"""Columns from which the answers stand beside each other."""


class CompareScreen(ModalScreen[Side]):
    """Dismisses with the side whose answer goes on in the session."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("comparison")
    AUTO_FOCUS = "#left"

    def __init__(self, left: Transcript, right: Transcript, *, titles: tuple[str, str]) -> None:
        """`titles`: who was asked."""
        super().__init__()
        self._transcripts = {"left": left, "right": right}
        self._titles = titles

    def compose(self) -> ComposeResult:
        """The two conversations, each of one question and its answer."""
        with Vertical(id="compare-screen"):
            with Container(id="answers"):
                for number, (side, title) in enumerate(zip(self._transcripts, self._titles, strict=True), start=1):
                    view = TranscriptView(id=side)
                    view.border_title = f"{number} · {title}"
                    yield view
            yield KeyLine(max_lines=2)
        yield TooSmall()

    def on_mount(self) -> None:
        """Both from their beginning."""
        for side, transcript in self._transcripts.items():
            self.query_one(f"#{side}", TranscriptView).bind(transcript)
        self.query_one(KeyLine).show(tuple(actions_of("comparison")))

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room."""
        self.query_one("#answers").set_class(event.size.width >= SIDE_BY_SIDE, "-beside")

    def notice_change(self) -> None:
        """More has come of the answer on the right."""
        self.query_one("#right", TranscriptView).notice_change()

    def action_keep(self, side: Side) -> None:
        """Go on from that answer."""
        self.dismiss(side)
