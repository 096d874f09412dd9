"""The answered questions of a conversation, and what models were sent before each of them."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from burn_tui.core.cascade import Earlier
from burn_tui.core.chat import Message
from burn_tui.core.context import begins_a_turn
from burn_tui.core.transcript import Answer, Asked, Entry


class Turn(Struct, frozen=True):
    """A question and its answer, as they stand on screen."""

    asked: Asked
    answer: Answer
    before: tuple[Message, ...]
    """What models were sent before the question."""
    later: int
    """Questions that were answered after it and are sent along; 0 = it is the last one."""

    @property
    def earlier(self) -> Earlier:
        """The answer, with which the person is not content."""
        record = self.answer.record
        return Earlier(target=self.answer.target, nanousd=record.cost_nanousd if record else None, is_said=True)


def turns(entries: Sequence[Entry], messages: tuple[Message, ...]) -> list[Turn]:
    """Those that are sent along with the next question, oldest first.

    On screen stands more: what was forgotten, refused, or answered by somebody else whose answer was preferred.
    """
    starts = [at for at, message in enumerate(messages) if begins_a_turn(message)]
    ends = [*starts[1:], len(messages)]
    found: list[Turn] = []
    for asked, answer in reversed(list(_answered(entries))):
        after = len(starts) - found[-1].later - 1 if found else len(starts)
        if found and found[-1].asked is asked:
            after += 1  # An answer that another provider went on with stands in two pieces: both are of one turn.
        for number in range(after - 1, -1, -1):
            if _is_turn(messages[starts[number] : ends[number]], asked, answer):
                found.append(Turn(asked, answer, messages[: starts[number]], len(starts) - 1 - number))
                break
    return found[::-1]


def _answered(entries: Sequence[Entry]) -> Iterator[tuple[Asked, Answer]]:
    asked: Asked | None = None
    for entry in entries:
        if isinstance(entry, Asked):
            asked = entry
        elif isinstance(entry, Answer) and entry.text and asked is not None:
            yield asked, entry


def _is_turn(messages: Sequence[Message], asked: Asked, answer: Answer) -> bool:
    said = "".join(message.text for message in messages[1:] if message.role == "assistant")
    return messages[0].text == asked.text and answer.text in said
