"""Characters that were cut in two: JSON spells one beyond U+FFFF as two halves, and a provider that cuts its text
anywhere cuts between them as well, so that each half comes in an event of its own.
"""

from collections.abc import Iterable, Iterator

from msgspec import structs

from burn_tui.core.events import FinishSeen, ReasoningDelta, TextDelta, ToolCallDelta, WireEvent
from burn_tui.core.failure import Failure
from burn_tui.providers.reading import whole_text

_Delta = TextDelta | ReasoningDelta | ToolCallDelta

_LOST = "\ufffd"
"""Stands for a character whose other half never came."""


class Halves:
    """Keeps a half back until its other comes, so that what is passed on can be written as UTF-8."""

    def __init__(self) -> None:
        self._waiting: dict[WireEvent, str] = {}
        """By the delta that says that the half was lost: one for the text, for the thinking and for each call."""

    @property
    def is_waiting(self) -> bool:
        """Whether a half is kept back."""
        return bool(self._waiting)

    def joined(self, events: Iterable[WireEvent]) -> Iterator[WireEvent]:
        """`events` without half a character in any text."""
        for event in events:
            if isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta):
                yield from self._joined(event)
                continue
            if isinstance(event, FinishSeen | Failure):
                yield from self.rest()
            yield _whole(event)

    def rest(self) -> list[WireEvent]:
        """A sign for each half that is still alone. Nothing is kept back after it."""
        lost = list(self._waiting)
        self._waiting.clear()
        return lost

    def _joined(self, delta: _Delta) -> Iterator[WireEvent]:
        blank, lost = _blank(delta), _with(_blank(delta), _LOST)
        words = self._waiting.pop(lost, "") + _words(delta)
        if words and "\ud800" <= words[-1] <= "\udbff":
            words, self._waiting[lost] = words[:-1], words[-1]
        if (passed_on := _whole(_with(delta, words))) != blank:
            yield passed_on


def _words(delta: _Delta) -> str:
    return delta.arguments if isinstance(delta, ToolCallDelta) else delta.text


def _with(delta: _Delta, words: str) -> _Delta:
    field = "arguments" if isinstance(delta, ToolCallDelta) else "text"
    return structs.replace(delta, **{field: words})


def _blank(delta: _Delta) -> _Delta:
    """One of its kind that says nothing."""
    return ToolCallDelta(delta.index) if isinstance(delta, ToolCallDelta) else type(delta)("")


def _whole(event: WireEvent) -> WireEvent:
    """With no half in any of its texts: ids, names and the like are not told in pieces."""
    texts = {name: value for name in event.__struct_fields__ if isinstance(value := getattr(event, name), str)}
    return structs.replace(event, **{name: whole_text(value) for name, value in texts.items()})
