"""One conversation in one environment, with its context kept across providers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from burn_tui.core.chat import ChatRequest, Message, said
from burn_tui.core.environment import Environment
from burn_tui.core.events import Event, Refused, RequestFinished, TextDelta, Truncated
from burn_tui.core.transcript import Transcript
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.router import Preview, Router


class Session:
    """A plain object: it knows nothing of any interface, and any number of them may be alive."""

    def __init__(self, name: str, environment: Environment, *, router: Router, clock: Clock) -> None:
        self.id = clock.new_id()
        self.name = name
        self.environment = environment
        self.requested: str | None = None
        """A pinned "provider/model", a route's name, or None for the default route."""
        self.transcript = Transcript()
        self.draft = ""
        """What stands in the prompt, unsent."""
        self.is_busy = False
        """True from sending until the last event."""
        self._messages: list[Message] = []
        self._is_confirmed = False
        self._router = router
        self._clock = clock

    def preview(self, text: str) -> Preview:
        """Where `text` would go if it were sent now, at what estimated cost."""
        return self._router.preview(self._request(text), self._caller())

    async def send(self, text: str, *, confirmed: bool = False) -> AsyncGenerator[Event]:
        """Send `text` and give the router's events as they come; close the iterator to abort.

        Only an answered turn becomes context: what was refused or failed is not said twice.
        `confirmed`: a person agreed to paid calls from this session; they are asked once, not for every prompt.
        """
        self.is_busy = True
        self._is_confirmed |= confirmed
        self.transcript.ask(text, at=self._clock.now())
        answer: list[str] = []
        try:
            async with aclosing(self._router.send(self._request(text), self._caller())) as events:
                async for event in events:
                    self._note(event, text, answer)
                    yield event
        finally:
            # A closed iterator hears no last event, and the tab must not stay red for it.
            self.transcript.stop()
            self.is_busy = False

    def _note(self, event: Event, text: str, answer: list[str]) -> None:
        self.transcript.apply(event, at=self._clock.now())
        match event:
            case TextDelta():
                answer.append(event.text)
            case Truncated():
                answer.clear()
            case Refused():
                self.transcript.withdraw_ask()
            case RequestFinished(served=served) if served is not None:
                self._messages += [said("user", text), said("assistant", "".join(answer))]
            case _:
                pass

    def _request(self, text: str) -> ChatRequest:
        return ChatRequest(messages=(*self._messages, said("user", text)), model=self.requested)

    def _caller(self) -> Caller:
        return Caller(
            environment=self.environment,
            session_id=self.id,
            conversation_id=self.id,
            operation_name=self.name,
            confirmed=self._is_confirmed,
        )
