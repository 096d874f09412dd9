"""One conversation in one environment, with its context kept across providers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import structs

from burn_tui.core.assembly import AnswerBuilder
from burn_tui.core.cascade import Earlier
from burn_tui.core.chat import ChatRequest, Message, said
from burn_tui.core.context import shortened
from burn_tui.core.environment import Environment, Privacy
from burn_tui.core.events import AttemptStarted, Escalated, Event, FellBack, Refused, RequestFinished
from burn_tui.core.lock import LOCKED, Lock, unlocked
from burn_tui.core.model_names import AUTO
from burn_tui.core.transcript import Transcript
from burn_tui.core.turns import Turn, turns
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.prompts.library import Prepared
from burn_tui.engine.router import Preview, Router


class Session:
    """A plain object: it knows nothing of any interface, and any number of them may be alive."""

    def __init__(
        self, name: str, environment: Environment, *, router: Router, clock: Clock, test_mark: str | None = None
    ) -> None:
        self.id = clock.new_id()
        self.name = name
        self.environment = environment
        self.requested: str | None = None
        """A pinned "provider/model", a route's name, or None for the default route."""
        self.privacy: Privacy = "any"
        self.lock: Lock = LOCKED
        """Of the environment, as far as this session goes; means nothing where the environment has none."""
        self.transcript = Transcript()
        self.messages: tuple[Message, ...] = ()
        """What models are sent before the next question: the answered turns, oldest first."""
        self.draft = ""
        """What stands in the prompt, unsent."""
        self.is_busy = False
        """True from sending until the last event."""
        self.is_confirmed = False
        """A person has agreed to paid calls from this session."""
        self._is_counted = False
        """Whether the request that is running has been counted by the lock: once, by its first call that costs."""
        self._test_mark = test_mark
        self._router = router
        self._clock = clock

    def preview(self, text: str, *, requested: str | None = None) -> Preview:
        """Where `text` would go if it were sent now, at what estimated cost; `requested` as for `send`."""
        return self._router.preview(self._request(self.messages, text, requested), self._caller())

    def preview_stronger(self, turn: Turn) -> Preview:
        """Who would answer the question of `turn` if a stronger answer was asked for, once."""
        request = self._request(turn.before, turn.asked.text, AUTO)
        return self._router.preview(request, structs.replace(self._caller(), instead_of=turn.earlier))

    def preview_of(self, prompt: Prepared) -> Preview:
        """The same for a versioned prompt."""
        return self._router.preview(*self._prompted(prompt, self.messages, None, self._caller()))

    def unlock(self) -> None:
        """Open the environment's lock for this session, for as long as the environment says."""
        place = self.environment
        self.lock = unlocked(self._clock.now(), for_s=place.unlock_s, requests=place.unlock_requests)

    def shorten(self, tokens: int, question: str) -> None:
        """Forget the oldest turns until the rest and `question` fit into `tokens`. On screen they stay."""
        *kept, _ = shortened((*self.messages, said("user", question)), tokens)
        self.messages = tuple(kept)

    def turns(self) -> list[Turn]:
        """The answered questions that are sent along with the next one, oldest first."""
        return turns(self.transcript.entries, self.messages)

    def twin(self) -> "Session":
        """Asks something beside this session, in its name and under its rules; what is said there stays there."""
        twin = Session(self.name, self.environment, router=self._router, clock=self._clock, test_mark=self._test_mark)
        twin.id, twin.requested, twin.privacy = self.id, self.requested, self.privacy
        twin.lock, twin.is_confirmed, twin.messages = self.lock, self.is_confirmed, self.messages
        return twin

    async def send(
        self,
        text: str,
        *,
        confirmed: bool = False,
        requested: str | None = None,
        before: tuple[Message, ...] | None = None,
        prompt: Prepared | None = None,
        instead_of: Earlier | None = None,
    ) -> AsyncGenerator[Event]:
        """Send `text` and give the router's events as they come; close the iterator to abort.

        Only an answered turn becomes context: what was refused or failed is not said twice.
        `confirmed`: a person agreed to this request, and so to paid calls from this session and to unlocking it.
        `requested`: who is to answer this once; None = whom the session asks. `before`: the context, in place of the
        session's own; the answer then goes on from there. `prompt`: what is sent in place of `text`. `instead_of`: the
        answer in whose place one of auto's strong tier is wanted.
        """
        self.is_busy, self._is_counted = True, False
        if confirmed:
            self.is_confirmed = True
            if not self.lock.is_open(self._clock.now()):
                self.unlock()
        self.transcript.ask(text, at=self._clock.now())
        answer = AnswerBuilder()
        before = self.messages if before is None else before
        request, caller = self._request(before, text, requested), self._caller(confirmed_now=confirmed)
        caller = structs.replace(caller, instead_of=instead_of) if instead_of is not None else caller
        if prompt is not None:
            request, caller = self._prompted(prompt, before, requested, caller)
        try:
            async with aclosing(self._router.send(request, caller)) as events:
                async for event in events:
                    self._note(event, request.messages, answer)
                    yield event
        finally:
            # A closed iterator hears no last event, and the tab must not stay red for it.
            self.transcript.stop()
            self.is_busy = False

    def _note(self, event: Event, question: tuple[Message, ...], answer: AnswerBuilder) -> None:
        self.transcript.apply(event, at=self._clock.now())
        answer.take(event)
        match event:
            case AttemptStarted(is_free=False) if not self._is_counted:
                self._is_counted, self.lock = True, self.lock.after_request()
            case FellBack(from_target=target, continues=True):
                answer.cut(target.provider_name)
            case FellBack() | Escalated():
                answer.clear()
            case Refused():
                self.transcript.withdraw_ask()
            case RequestFinished(served=served) if served is not None:
                self.messages = (*question, answer.message(served.provider_name))
            case _:
                pass

    def _request(self, before: tuple[Message, ...], text: str, requested: str | None) -> ChatRequest:
        return ChatRequest(messages=(*before, said("user", text)), model=requested or self.requested)

    def _prompted(
        self, prompt: Prepared, before: tuple[Message, ...], requested: str | None, caller: Caller
    ) -> tuple[ChatRequest, Caller]:
        """What is asked with a versioned prompt, and who asks it."""
        request = prompt.request(before=before, model=requested or self.requested)
        name = prompt.chosen.version.name
        return request, structs.replace(caller, prompt=prompt.after(before), operation_name=name)

    def _caller(self, *, confirmed_now: bool = False) -> Caller:
        return Caller(
            environment=self.environment,
            session_id=self.id,
            conversation_id=self.id,
            operation_name=self.name,
            privacy=self.privacy,
            is_confirmed=self.is_confirmed,
            is_confirmed_now=confirmed_now,
            is_unlocked=self.lock.is_open(self._clock.now()),
            test_mark=self._test_mark,
        )
