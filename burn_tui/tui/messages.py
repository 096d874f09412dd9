"""What the parts of the interface tell each other."""

from typing import Literal

from textual.message import Message

from burn_tui.core.events import Event, Refused, RequestFinished


class PromptSubmitted(Message):
    """The person pressed Enter."""

    def __init__(self, session_id: str, text: str) -> None:
        super().__init__()
        self.session_id = session_id
        """Whose prompt it was when Enter was pressed: the tab may change before this arrives."""
        self.text = text


class RouterSaid(Message):
    """The router said something about a prompt of this session."""

    def __init__(self, session_id: str, event: Event) -> None:
        super().__init__()
        self.session_id = session_id
        self.event = event


class SendEnded(Message):
    """Nothing more will be said about this prompt."""

    def __init__(self, session_id: str, prompt: str, *, last: Refused | RequestFinished | None, problem: str) -> None:
        super().__init__()
        self.session_id = session_id
        self.prompt = prompt
        self.last = last
        """The refusal if there was one, else the last event; None if it was stopped or broke before that."""
        self.problem = problem
        """An error of ours in words; "" = there was none."""


class TabChosen(Message):
    """The person clicked on a tab."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position
        """From 0."""


class CopyWanted(Message):
    """The person wants to have something on the clipboard."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what
        """In words, for the toast."""


class Dismissed(Message):
    """The person has seen the fallback banner or a notice."""

    def __init__(self, what: Literal["fallback", "notice"]) -> None:
        super().__init__()
        self.what = what
