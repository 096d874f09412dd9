"""Asking and answering: from the prompt to the router, and back into the conversation."""

from contextlib import aclosing
from typing import TYPE_CHECKING

from msgspec import structs
from textual import on, work
from textual.widgets import TextArea

from burn_tui.core.errors import BurnError, LedgerError
from burn_tui.core.events import Confirmation, FinishSeen, ReasoningDelta, Refused, RequestFinished, TextDelta, TooLong
from burn_tui.core.shorthand import Addressed
from burn_tui.core.transcript import Answer
from burn_tui.core.usage import Outcome
from burn_tui.tui import views
from burn_tui.tui.messages import Delivery, Dismissed, PromptSubmitted, RouterSaid, SendEnded
from burn_tui.tui.screens.keeping import Keeping
from burn_tui.tui.screens.question import QuestionScreen, about_length, about_paid_call
from burn_tui.tui.widgets.prompt import Prompt
from burn_tui.tui.widgets.transcript_view import TranscriptView

if TYPE_CHECKING:
    from burn_tui.engine.session import Session


_ASKED_AGAIN = "Asked again: it goes on from this answer, and {rest} not sent along any more."


class Asking(Keeping):
    """Every session may have one answer being written at a time, on screen or not."""

    @on(TextArea.Changed, "#prompt")
    def _keep_draft(self) -> None:
        prompt = self.query_one(Prompt)
        if (session := self.deck.find(prompt.owner)) is not None:
            session.draft = prompt.whole_text
        prompt.show_candidates()
        self._preview_timer.reset()
        self._preview_timer.resume()

    @on(PromptSubmitted)
    def _submit(self, message: PromptSubmitted) -> None:
        session = self.deck.find(message.session_id)
        if session is None:
            return
        if session.is_busy:
            self.notify("An answer is still being written. Escape stops it.", severity="warning")
            return
        self._send(session, message.text)

    def _send(self, session: "Session", prompt: str) -> None:
        """Send `prompt` to whom it names at its beginning, else to whom the session asks."""
        addressed = self._addressed(session, prompt)
        if not addressed.text.strip():
            self.notify(f"Type the question behind {prompt.strip()}.", severity="warning")
            return
        self._dispatch(session, Delivery(text=addressed.text, requested=addressed.requested, prompt=prompt))

    def _addressed(self, session: "Session", prompt: str) -> Addressed:
        return views.names(self._runtime.router, session).addressed(prompt)

    def _dispatch(self, session: "Session", delivery: Delivery) -> None:
        if delivery.prompt:
            self._put_draft(session, "")
        if session is self.deck.active:
            self.query_one(TranscriptView).follow()
        delivery = structs.replace(delivery, draft=session.draft)
        self.run_worker(self._deliver(session, delivery), group=_group(session))

    async def _deliver(self, session: "Session", delivery: Delivery) -> None:
        """Post what the router says, then that it has ended, however it did."""
        last: Refused | RequestFinished | None = None
        problem = ""
        answering = session.send(
            delivery.text,
            requested=delivery.requested,
            before=delivery.before,
            confirmed=delivery.is_confirmed,
            prompt=delivery.prepared,
            instead_of=delivery.instead_of,
        )
        try:
            async with aclosing(answering) as events:
                async for event in events:
                    if isinstance(event, Refused) or (isinstance(event, RequestFinished) and last is None):
                        last = event
                    if not isinstance(event, TextDelta | ReasoningDelta | FinishSeen):
                        # The lamp goes on and out with the call, however long the disk takes.
                        self._show_tabs()
                        await self._keep(session)
                    self.post_message(RouterSaid(session.id, event))
        except BurnError as error:
            problem = str(error)
        finally:
            self.post_message(SendEnded(session.id, delivery, last=last, problem=problem))

    @on(RouterSaid)
    def _hear(self, message: RouterSaid) -> None:
        if message.session_id == self.deck.active.id:
            self.query_one(TranscriptView).notice_change()
        session = self.deck.find(message.session_id)
        if session is not None and isinstance(message.event, RequestFinished) and not self.deck.is_seen(session):
            self.deck.unread.add(message.session_id)
        if not isinstance(message.event, TextDelta | ReasoningDelta):
            self._refresh()

    @on(SendEnded)
    def _settle(self, message: SendEnded) -> None:
        """A prompt that nobody answered goes back to where it was typed."""
        self._tick()
        if message.problem:
            self._warn(message.problem)
        session = self.deck.find(message.session_id)
        if session is None:
            return
        delivery, is_answered = message.delivery, not _is_unanswered(session, message)
        is_typing = session.draft != delivery.draft
        if not is_answered and delivery.prompt:
            self._give_back(session, delivery.prompt, is_withdrawn=isinstance(message.last, Refused))
        if is_answered and delivery.before is not None:
            session.transcript.note("context", _asked_again(delivery.forgets), self._runtime.clock.now())
            if delivery.replaces is not None:
                self.run_worker(self._note_outcomes((delivery.replaces, "replaced")))
        self._refresh()
        if session is self.deck.active:
            self.query_one(TranscriptView).notice_change()
        if isinstance(message.last, Refused) and _has_a_question(message.last):
            # A dialog that opened while the person types elsewhere would take the next letter for its answer.
            if self.app.screen is self and self.deck.is_seen(session) and not is_typing:
                self._ask_about(session, delivery, message.last)
            else:
                self.notify(f"{session.name} has a question. Its prompt waits unsent.", severity="warning")

    async def _note_outcomes(self, *outcomes: tuple[str, Outcome]) -> None:
        """What became of answers, by their attempt; reports tell by it what an accepted answer costs."""
        try:
            for event_id, outcome in outcomes:
                await self._runtime.ledger.note_outcome(event_id, outcome, at=self._runtime.clock.now())
        except LedgerError as error:
            self._warn(str(error))

    def _give_back(self, session: "Session", prompt: str, *, is_withdrawn: bool) -> None:
        if not session.draft.strip():
            self._put_draft(session, prompt)
        elif is_withdrawn:
            self._put_draft(session, f"{prompt}\n\n{session.draft}")

    def _put_draft(self, session: "Session", text: str) -> None:
        session.draft = text
        if session is self.deck.active:
            self.query_one(Prompt).put(session.id, text)

    @work
    async def _ask_about(self, session: "Session", delivery: Delivery, refused: Refused) -> None:
        if refused.confirmation is not None:
            if await self._agrees_to_pay(session, refused.confirmation):
                self._dispatch(session, structs.replace(delivery, is_confirmed=True))
        elif refused.too_long is not None:
            await self._ask_to_shorten(session, delivery, refused.too_long)

    async def _agrees_to_pay(self, session: "Session", asked: Confirmation) -> bool:
        colour = self._palette.environment(session.environment.hue)
        word = await self.app.push_screen_wait(QuestionScreen(about_paid_call(asked, session), colour=colour))
        return word == "yes"

    async def _ask_to_shorten(self, session: "Session", delivery: Delivery, asked: TooLong) -> None:
        match await self.app.push_screen_wait(QuestionScreen(about_length(asked))):
            case "yes":
                session.shorten(asked.shorten_to, delivery.text)
                self._dispatch(session, structs.replace(delivery, before=None))
            case "other":
                prompt = delivery.prompt and f"@{asked.carrier} {delivery.text}"
                self._dispatch(session, structs.replace(delivery, requested=str(asked.carrier), prompt=prompt))
            case _:
                pass

    def action_stop(self) -> None:
        """The running answer; else the banner, else the notice."""
        session = self.deck.active
        if session.is_busy:
            self._stop(session)
        elif self.selections:
            self.clear_selection()
        elif session.transcript.unseen_fallbacks:
            self._dismiss(Dismissed("fallback"))
        elif self._runtime.notices:
            self._dismiss(Dismissed("notice"))
        else:
            self.query_one(Prompt).focus()

    def action_dismiss_banner(self) -> None:
        """The banner."""
        self._dismiss(Dismissed("fallback"))

    @on(Dismissed)
    def _dismiss(self, message: Dismissed) -> None:
        if message.what == "fallback":
            self.deck.active.transcript.dismiss_fallbacks()
        else:
            del self._runtime.notices[:1]
        self._refresh()

    def _stop(self, session: "Session") -> None:
        self.workers.cancel_group(self, _group(session))

    @on(Prompt.ScrollWanted)
    def _scroll(self, message: Prompt.ScrollWanted) -> None:
        transcript = self.query_one(TranscriptView)
        transcript.scroll_relative(y=message.pages * max(transcript.size.height - 1, 1), animate=False)


def _asked_again(forgets: int) -> str:
    rest = f"the earlier one and {later_questions(forgets)} are" if forgets else "the earlier one is"
    return _ASKED_AGAIN.format(rest=rest)


def later_questions(number: int) -> str:
    """So many questions that came after one, in words."""
    return "the question after it" if number == 1 else f"the {number} questions after it"


def _has_a_question(refused: Refused) -> bool:
    """Whether a person's word could change it."""
    if (too_long := refused.too_long) is not None:
        return too_long.carrier is not None or too_long.shortest <= too_long.shorten_to
    return refused.confirmation is not None


def _group(session: "Session") -> str:
    return f"send-{session.id}"


def _is_unanswered(session: "Session", ended: SendEnded) -> bool:
    """A stopped answer of which some text came is an answer; one that was cut by its provider is not."""
    match ended.last:
        case RequestFinished(served=served):
            return served is None
        case Refused():
            return True
        case None:
            return bool(ended.problem) or not _has_text(session)


def _has_text(session: "Session") -> bool:
    last = session.transcript.entries[-1] if session.transcript.entries else None
    return isinstance(last, Answer) and bool(last.text)
