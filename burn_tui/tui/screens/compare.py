"""Two answers to one question, side by side; where there is no room for that, one above the other."""

from collections.abc import Callable
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

    def __init__(
        self,
        left: Transcript,
        right: Transcript,
        *,
        titles: tuple[str, str],
        begin: "Callable[[CompareScreen], None]",
    ) -> None:
        """`titles`: who was asked. `begin`: called once there is something to look at."""
        super().__init__()
        self._transcripts = {"left": left, "right": right}
        self._titles = titles
        self._begin = begin

    def compose(self) -> ComposeResult:
        """The two conversations, each of one question and its answer."""
        with Vertical(id="compare-screen"):
            with Container(id="answers"):
                for number, (side, title) in enumerate(zip(self._transcripts, self._titles, strict=True), start=1):
                    view = TranscriptView(id=side, hint="Asking…")
                    view.border_title = f"{number} · {title}"
                    yield view
            yield KeyLine(max_lines=2)
        yield TooSmall()

    def on_mount(self) -> None:
        """The answer that there is from its beginning, the other one as it comes. The question is known."""
        for side, transcript in self._transcripts.items():
            self.query_one(f"#{side}", TranscriptView).bind(transcript)
        self.query_one("#left", TranscriptView).show_entry(1)
        self.query_one(KeyLine).show(tuple(actions_of("comparison")))
        self.call_after_refresh(self._begin, self)

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other where there is room."""
        self.query_one("#answers").set_class(event.size.width >= SIDE_BY_SIDE, "-beside")

    def notice_change(self) -> None:
        """More has come of the answer on the right."""
        for view in self.query("#right").results(TranscriptView):
            view.notice_change()

    def show_from_the_beginning(self) -> None:
        """Nothing more comes, so that it can be read."""
        for view in self.query("#right").results(TranscriptView):
            view.show_entry(1)

    def action_keep(self, side: Side) -> None:
        """Go on from that answer."""
        self.dismiss(side)
