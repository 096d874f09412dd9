"""What the parts of the interface tell each other."""

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from textual.message import Message

from burn_tui.core.chat import Message as ChatMessage

if TYPE_CHECKING:  # the first frame is painted without them
    from burn_tui.core.cascade import Earlier
    from burn_tui.core.events import Event, Refused, RequestFinished
    from burn_tui.engine.prompts.library import Prepared


class PromptSubmitted(Message):
    """The person pressed Enter."""

    def __init__(self, session_id: str, text: str) -> None:
        super().__init__()
        self.session_id = session_id
        """Whose prompt it was when Enter was pressed: the tab may change before this arrives."""
        self.text = text


class RouterSaid(Message):
    """The router said something about a prompt of this session."""

    def __init__(self, session_id: str, event: "Event") -> None:
        super().__init__()
        self.session_id = session_id
        self.event = event


class Delivery(Struct, frozen=True, kw_only=True):
    """A question on its way to the router."""

    text: str
    requested: str | None = None
    """Who is to answer this once; None = whom the session asks."""
    before: tuple[ChatMessage, ...] | None = None
    """The context, in place of the session's own; None = the session's."""
    replaces: str | None = None
    """The attempt whose answer the new one takes the place of; None = it takes none."""
    forgets: int = 0
    """So many later questions are not sent along any more once it is answered."""
    prompt: str = ""
    """As it was typed, to be given back if nobody answers; "" = it was not typed now."""
    draft: str = ""
    """What stood in the prompt once it was sent: while it still does, nobody is typing."""
    is_confirmed: bool = False
    """A person has agreed to this very request."""
    instead_of: "Earlier | None" = None
    """The answer in whose place the person wants one of auto's strong tier; None = it is a question like any other."""
    prepared: "Prepared | None" = None
    """The versioned prompt that is sent in place of `text`; None = it is none."""


class SendEnded(Message):
    """Nothing more will be said about this question."""

    def __init__(
        self, session_id: str, delivery: Delivery, *, last: "Refused | RequestFinished | None", problem: str
    ) -> None:
        super().__init__()
        self.session_id = session_id
        self.delivery = delivery
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
