"""Notices that a question which auto had answered comes once more: whoever asks again was not content.

A retry costs money, so what only looks like one is none. It is the same last message of the person, before long, in the
same conversation, and either after the very same history (the answer is made anew) or right behind its own answer (the
question was typed again). Steps of an agent, which send the same question with ever more behind it, are none; nor is a
"go on" that follows a "go on". A client that names no conversation is known by its history, so that its first question,
sent again, is none either: a script may well ask the same thing a hundred times.
"""

from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

from burn_tui.core.auto import AutoDecision
from burn_tui.core.cascade import Earlier
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, Image, Message, Text
from burn_tui.core.task_class import words_of
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.admission import Caller

WITHIN_S = 600.0
"""Between an answer and the same question; later it is a new one."""

FEWEST_WORDS = 5
"""Different ones, of a question that is typed again: shorter ones ("go on", "yes, please") are said often."""

ESCALATED = "escalated: "
"""Begins the reason of an attempt that was made in place of an earlier answer."""

_MOST_KEPT = 500

_Key = tuple[str, int]


class _Answered(Struct):
    """One question and its last answer."""

    before: int
    """Stands for the history."""
    at: float
    earlier: Earlier
    is_spent: bool
    """True = it was escalated already: once is enough."""


class _Asked(Struct):
    key: _Key
    before: int
    targets: frozenset[Target]
    """Those that auto knows."""


class Retries:
    """Of one router; lasts as long as the process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._answered: OrderedDict[_Key, _Answered] = OrderedDict()
        self._asked: OrderedDict[str, _Asked] = OrderedDict()
        """By request."""

    def again(self, request: ChatRequest, caller: Caller) -> Earlier | None:
        """The answer that the question of `request` had and that is to be escalated; None = there is none."""
        if not self._answered or (key := _key(request, caller)) is None or (one := self._answered.get(key)) is None:
            return None
        if one.is_spent or self._now() - one.at > WITHIN_S:
            return None
        return one.earlier if one.before == _before(request) or _is_typed_again(request) else None

    def took(self, request_id: str, request: ChatRequest, caller: Caller, decided: AutoDecision | None) -> None:
        """A request goes out."""
        if decided is None or (key := _key(request, caller)) is None:
            return
        self._asked[request_id] = _Asked(key, _before(request), frozenset(decided.tiers))
        _limit(self._asked)

    def answered(self, record: UsageRecord) -> None:
        """One attempt is over. It counts before the client has its last word, for it may ask again at once."""
        opened = record.opened
        asked, target = self._asked.get(opened.request_id), Target(opened.provider_name, opened.request_model)
        if asked is None or record.error_type is not None or target not in asked.targets:
            return
        last = self._answered.pop(asked.key, None)
        was_spent = last is not None and last.is_spent and self._now() - last.at <= WITHIN_S
        is_spent = was_spent or opened.route_reason.startswith(ESCALATED)
        earlier = Earlier(target=target, nanousd=record.cost_nanousd)
        self._answered[asked.key] = _Answered(asked.before, self._now(), earlier, is_spent)
        _limit(self._answered)


def _key(request: ChatRequest, caller: Caller) -> _Key | None:
    """The conversation and the question; None = nothing of it can be known again."""
    messages = request.messages
    if not messages or (question := _question(messages[-1])) is None:
        return None
    conversation = caller.conversation_id
    if conversation is None:
        if not any(message.role == "assistant" for message in messages):
            return None
        conversation = f"{caller.session_id}/{caller.environment.name}/{_before(request)}"
    return conversation, question


def _question(message: Message) -> int | None:
    """Stands for what a person says; None = it is somebody else, or a tool."""
    if message.role != "user":
        return None
    said: list[str | None] = []
    for part in message.parts:
        match part:
            case Text(text):
                said.append(text)
            case Image():
                said.append(part.url or part.data)
            case _:
                return None
    return hash(tuple(said))


def _before(request: ChatRequest) -> int:
    """Stands for what was said before the question: as much as tells histories of one conversation apart."""
    before = request.messages[:-1]
    return hash((len(before), before[-1].text if before else ""))


def _is_typed_again(request: ChatRequest) -> bool:
    """Whether the question stands in the history as well, with nothing but its answer behind it."""
    if len(request.messages) < 3:
        return False
    first, answer, second = request.messages[-3:]
    if answer.role != "assistant" or _question(first) != _question(second):
        return False
    return len(words_of(second.text)) >= FEWEST_WORDS


def _limit(kept: OrderedDict[_Key, _Answered] | OrderedDict[str, _Asked]) -> None:
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)
