"""An answer, folded out of the events that a decoder gives."""

from collections.abc import Iterable

from msgspec import Struct

from burn_tui.core.events import (
    FinishSeen,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import Failure
from burn_tui.core.usage import Usage
from burn_tui.providers.dialect import Decoder


class Answered(Struct):
    """All events of one body, folded."""

    text: str = ""
    reasoning: str = ""
    calls: dict[int, list[str]] = {}
    """id, name and arguments by index."""
    usage: Usage = Usage()
    model: str | None = None
    finish: str | None = None
    signatures: tuple[str, ...] = ()
    """Of the reasoning."""
    failure: Failure | None = None


def folded(events: Iterable[WireEvent]) -> Answered:
    """The events as one answer. Nothing may follow a Failure."""
    answered = Answered()
    for event in events:
        assert answered.failure is None, f"{event} came after {answered.failure}"
        match event:
            case TextDelta(text):
                answered.text += text
            case ReasoningDelta(text, signature):
                answered.reasoning += text
                answered.signatures += (signature,) if signature else ()
            case ToolCallDelta():
                call = answered.calls.setdefault(event.index, ["", "", ""])
                call[0] += event.id
                call[1] += event.name
                call[2] += event.arguments
            case UsageSeen(usage):
                answered.usage = answered.usage.updated(usage)
            case ModelSeen(model):
                answered.model = model
            case FinishSeen(reason):
                answered.finish = reason
            case Failure():
                answered.failure = event
            case _:
                pass
    return answered


def decoded(decoder: Decoder, body: bytes, chunk: int) -> list[WireEvent]:
    """Everything that `decoder` gives for `body` in pieces of `chunk` bytes."""
    events: list[WireEvent] = []
    for start in range(0, len(body), chunk):
        events += decoder.feed(body[start : start + chunk])
    return events + decoder.finish()
