"""Where the person types: Enter sends, alt+Enter begins a new line."""

from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import TextArea

from burn_tui.tui.actions import bindings, handler_at
from burn_tui.tui.messages import PromptSubmitted


class Prompt(TextArea):
    """Grows with its text up to a few lines, then scrolls."""

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
        self._opened: Screen[Any] | None = None
        """The dialog that the last key opened; keys that were pressed after it are meant for the dialog."""

    def put(self, owner: str, text: str) -> None:
        """Hold the draft of another session, with the cursor behind it."""
        self.owner = owner
        if text != self.text:
            self.text = text
        self.move_cursor(self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        """Do what a key means here and now, so that keys pressed in quick succession keep their order.

        Textual's own bindings are looked up only after the key has travelled up to the app; meanwhile the next letters
        would already stand in the prompt, and a change of tab would find them there.
        """
        handler = handler_at("dashboard", event.key)
        if self.screen.focused is not self or (self._opened is not None and self.app.screen is self._opened):
            _claim(event)
            self.app.post_message(events.Key(event.key, event.character))
        elif handler_at("prompt", event.key) == "app.focus_next":
            _claim(event)
            self.screen.focus_next()
        elif event.key == "enter":
            _claim(event)
            self.action_send()
        elif handler is not None:
            _claim(event)
            await self.screen.run_action(handler)
            self._opened = self.app.screen if self.app.screen is not self.screen else None

    def action_send(self) -> None:
        """Hand the text over; it stays here until it is taken."""
        if self.text.strip():
            self.post_message(PromptSubmitted(self.owner, self.text))

    def action_new_line(self) -> None:
        """Break the line at the cursor."""
        self.insert("\n")

    def action_cursor_page_up(self) -> None:
        """Scroll what stands above; a prompt is too short to have pages of its own."""
        self.post_message(self.ScrollWanted(-1))

    def action_cursor_page_down(self) -> None:
        """Scroll what stands above."""
        self.post_message(self.ScrollWanted(1))


def _claim(event: events.Key) -> None:
    event.stop()
    event.prevent_default()
