"""Keeps a stream back until its answer may be taken for one: what a client was sent cannot be taken back.

    kept back ──past doubt, or it calls a tool, or too large to be kept──> shown from its beginning, as it comes
        └── complete ──checked──> shown, or forgotten for the stronger target's

Where only refusals and missing code are looked for, a few words suffice, and the rest passes through. Where the answer
has to be JSON, or a command of the user's judges it, it is kept back to its end. Meanwhile a client is sent what its
dialect skips, so that it does not take the connection for dead.
"""

from collections.abc import Callable, Mapping

from burn_tui.core.checks import Wanted, is_past_doubt
from burn_tui.core.events import ReasoningDelta, TextDelta, ToolCallDelta

PING_S = 10.0
"""Between two signs of life while something is kept back."""

MOST_HELD = 1_000_000
"""Characters of one answer; a longer one is shown unchecked."""

PINGS: Mapping[str, bytes] = {
    # docs.anthropic.com/en/docs/build-with-claude/streaming: "any number of ping events".
    "anthropic-messages": b'event: ping\ndata: {"type": "ping"}\n\n',
    "openai-chat": b": burn-tui checks the answer\n\n",
    "openai-responses": b": burn-tui checks the answer\n\n",
}
"""What is sent by dialect. Google's clients read comments as data and know no such event: they wait in silence."""


class Holding:
    """Of one stream."""

    def __init__(self, wanted: Wanted, monotonic: Callable[[], float]) -> None:
        self.is_over = False
        """Whether nothing is kept back any more."""
        self._wanted = wanted
        self._monotonic = monotonic
        self._pieces: list[str] = []
        self._size = 0
        self._since: float | None = None
        self._held_s = 0.0

    @property
    def has_begun(self) -> bool:
        """Whether anything of an answer was kept back."""
        return self._since is not None

    @property
    def held_s(self) -> float:
        """For how long the first piece was kept back; 0 = nothing was."""
        if self._since is None or self.is_over:
            return self._held_s
        return self._monotonic() - self._since

    def take(self, delta: TextDelta | ReasoningDelta | ToolCallDelta) -> None:
        """More of the answer has come."""
        if self.is_over:
            return
        if self._since is None:
            self._since = self._monotonic()
        if isinstance(delta, ToolCallDelta):
            self.end()
            return
        self._size += len(delta.text)
        if isinstance(delta, TextDelta):
            self._pieces.append(delta.text)
        is_shown = not self._wanted.is_strict and is_past_doubt(self._wanted, "".join(self._pieces))
        if is_shown or self._size > MOST_HELD:
            self.end()

    def begin_anew(self) -> None:
        """What came is no answer, and another one follows."""
        self._pieces.clear()
        self._size = 0

    def end(self) -> None:
        """Keep nothing back from now on."""
        self._held_s = self.held_s
        self.is_over = True
