"""Working with what was said: marking messages, selecting and copying."""

from burn_tui.core.transcript import Answer, Asked
from burn_tui.tui import format as fmt
from burn_tui.tui.markdown_blocks import code_blocks
from burn_tui.tui.messages import CopyWanted
from burn_tui.tui.screens.frame import Frame
from burn_tui.tui.widgets.transcript_reader import TranscriptReader


class Reading(Frame):
    """What concerns a message concerns the marked one, else the last answer."""

    _copied_code: tuple[str, int] = ("", 0)
    """The text of the message whose code was copied last, and how many of its blocks."""

    @property
    def reader(self) -> TranscriptReader:
        """The conversation on screen."""
        return self.query_one(TranscriptReader)

    def action_mark(self, by: int) -> None:
        """The message before (-1) or after (1)."""
        if not self.reader.mark(by):
            self.app.bell()

    def action_select_lines(self, by: int) -> None:
        """A line more, upwards (-1) or downwards (1)."""
        self.reader.select_lines(by)

    def action_copy(self) -> None:
        """What is selected, else the message."""
        selected = self.get_selected_text()
        if selected:
            self.post_message(CopyWanted(selected, f"{_amount(selected)} selected"))
        elif (message := self.reader.message) is not None:
            self.post_message(CopyWanted(message.text, f"{_called(message)}, {_amount(message.text)}"))
        else:
            self._say_that_there_is_nothing()

    def action_copy_code(self) -> None:
        """A code block of the message; the next one each time."""
        message = self.reader.message
        if message is None:
            self._say_that_there_is_nothing()
            return
        blocks = code_blocks(message.text)
        if not blocks:
            self.notify(f"There is no code in {_called(message)}.", severity="warning")
            return
        text, copied = self._copied_code
        number = copied % len(blocks) if text == message.text else 0
        self._copied_code = (message.text, number + 1)
        which = f" {number + 1} of {len(blocks)}" if len(blocks) > 1 else ""
        self.post_message(CopyWanted(blocks[number], f"code block{which}, {_amount(blocks[number])}"))

    def action_copy_text(self) -> None:
        """ctrl+c, wherever the focus is."""
        self.action_copy() if self.get_selected_text() else super().action_copy_text()

    def _say_that_there_is_nothing(self) -> None:
        self.notify("Nothing has been said here yet.", severity="warning")


def _called(message: Asked | Answer) -> str:
    return "your question" if isinstance(message, Asked) else f"the answer of {message.target.provider_name}"


def _amount(text: str) -> str:
    lines = text.count("\n") + 1
    if lines > 1:
        return f"{lines} lines"
    return f"{fmt.tokens(len(text))} character{'' if len(text) == 1 else 's'}"
