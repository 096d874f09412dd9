"""Where the person types: Enter sends, alt+Enter begins a new line."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import TextArea

from burn_tui.tui.actions import bindings, handler_at, handler_of_command
from burn_tui.tui.completion import COMMAND, Candidate
from burn_tui.tui.folding import Folds, is_long
from burn_tui.tui.messages import PromptSubmitted
from burn_tui.tui.widgets.completions import Completions, Offer


class Prompt(TextArea):
    """Grows with its text up to a few lines, then scrolls.

    What the screen knows and the prompt needs is handed over as functions, so that every key is done at once.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("prompt")

    DEFAULT_CSS = """
    Prompt {
        height: auto; min-height: 1; max-height: 6; border: none; padding: 0; background: transparent;
        &:focus { border: none; }
        & .text-area--placeholder { color: $text-muted; }
    }
    """

    class ScrollWanted(Message):
        """The person wants to read further up or down in the conversation."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages
            """Negative = up."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(
            id=id, compact=True, highlight_cursor_line=False, placeholder="Ask anything", tab_behavior="focus"
        )
        self.cursor_blink = False
        self.owner = ""
        """Id of the session that the text belongs to; "" = none yet."""
        self.completions: Completions | None = None
        """Where candidates are shown; None = nowhere."""
        self.candidates: Callable[[str], tuple[Candidate, ...]] = lambda _: ()
        """What a text could become."""
        self.sent_before: Callable[[], Sequence[str]] = lambda: ()
        """What was sent before, the latest first."""
        self._marked = 0
        """Which candidate Tab takes."""
        self._refused = ""
        """The text for which the person wants to see no candidates."""
        self._recalled = 0
        """How far back in the history the text is; 0 = it is the draft."""
        self._unsent = ""
        """The draft while something of the history stands in its place."""
        self._folds = Folds()
        self._opened: Screen[Any] | None = None
        """The dialog that the last key opened; keys that were pressed after it are meant for the dialog."""

    @property
    def whole_text(self) -> str:
        """The text with everything that is folded in it."""
        return self._folds.unfold(self.text)

    def put(self, owner: str, text: str) -> None:
        """Hold the draft of another session, with the cursor behind it."""
        self.owner, self._recalled = owner, 0
        self._write(text)

    def show_candidates(self) -> None:
        """Offer what the text could become."""
        if self.completions is not None:
            self.completions.show(Offer(self.offered, self._marked))

    @property
    def offered(self) -> tuple[Candidate, ...]:
        """What the text could become, unless the person does not want to see it."""
        return () if self.text == self._refused else self.candidates(self.text)

    def _write(self, text: str) -> None:
        folded = self._folds.fold(text)
        if folded != self.text:
            self.text = folded
        self.move_cursor(self.document.end)

    # --- keys ------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        """Do what a key means here and now, so that keys pressed in quick succession keep their order.

        Textual's own bindings are looked up only after the key has travelled up to the app; meanwhile the next letters
        would already stand in the prompt, and a change of tab would find them there.
        """
        if self.screen.focused is not self or (self._opened is not None and self.app.screen is self._opened):
            _claim(event)
            self.app.post_message(events.Key(event.key, event.character))
        elif (offered := self.offered) and await self._complete(event.key, offered):
            _claim(event)
        elif handler_at("prompt", event.key) == "app.focus_next":
            _claim(event)
            self.screen.focus_next()
        elif event.key == "enter":
            _claim(event)
            self.action_send()
        elif (handler := handler_at("dashboard", event.key)) is not None:
            _claim(event)
            await self._do(handler)

    async def _do(self, handler: str) -> None:
        await self.screen.run_action(handler)
        self._opened = self.app.screen if self.app.screen is not self.screen else None

    async def _complete(self, key: str, offered: tuple[Candidate, ...]) -> bool:
        """What a key means while candidates are shown; False = the same as ever."""
        marked = offered[min(self._marked, len(offered) - 1)]
        match key:
            case "up" | "down":
                self._marked = (min(self._marked, len(offered) - 1) + (1 if key == "down" else -1)) % len(offered)
                self.show_candidates()
            case "escape":
                self._refused = self.text
                self.show_candidates()
            case "enter" if marked.text.startswith(COMMAND) and " " not in marked.text:
                self._write("")
                await self._do(handler_of_command(marked.text.removeprefix(COMMAND)))
            case "tab" | "enter":
                self._write(f"{marked.text} ")
            case _:
                self._marked = 0
                return False
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        """What is too long to be edited is put aside, and a mark stands for it."""
        if is_long(event.text):
            event.stop()
            event.prevent_default()
            self.insert(self._folds.mark_for(event.text.replace("\r\n", "\n").replace("\r", "\n")))

    def action_delete_left(self) -> None:
        """A mark goes as a whole."""
        row, column = self.cursor_location
        mark = self._folds.mark_before(self.document.get_line(row)[:column])
        if mark and not self.selected_text:
            self.delete((row, column - len(mark)), (row, column))
        else:
            super().action_delete_left()

    def action_send(self) -> None:
        """Hand the text over; it stays here until it is taken."""
        if self.text.strip():
            self.post_message(PromptSubmitted(self.owner, self.whole_text))

    def action_new_line(self) -> None:
        """Break the line at the cursor."""
        self.insert("\n")

    def action_cursor_up(self, select: bool = False) -> None:
        """Above the first line stands what was sent before."""
        if select or not self.navigator.is_first_wrapped_line(self.cursor_location) or not self._recall(1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Below the last line of something that was sent before stands what was sent after it, and then the draft."""
        if select or not self.navigator.is_last_wrapped_line(self.cursor_location) or not self._recall(-1):
            super().action_cursor_down(select)

    def _recall(self, steps: int) -> bool:
        """Go back in the history, or on; False if it ends there."""
        history, wanted = self.sent_before(), self._recalled + steps
        if not 0 <= wanted <= len(history):
            return False
        if self._recalled == 0:
            self._unsent = self.whole_text
        self._recalled = wanted
        self._write(history[wanted - 1] if wanted else self._unsent)
        return True

    def action_cursor_page_up(self) -> None:
        """Scroll what stands above; a prompt is too short to have pages of its own."""
        self.post_message(self.ScrollWanted(-1))

    def action_cursor_page_down(self) -> None:
        """Scroll what stands above."""
        self.post_message(self.ScrollWanted(1))


def _claim(event: events.Key) -> None:
    event.stop()
    event.prevent_default()
