"""Asking and answering: from the prompt to the router, and back into the conversation."""

from contextlib import aclosing
from typing import TYPE_CHECKING

from textual import on, work
from textual.widgets import TextArea

from burn_tui.core.errors import BurnError
from burn_tui.core.events import Confirmation, ReasoningDelta, Refused, RequestFinished, TextDelta
from burn_tui.core.transcript import Answer
from burn_tui.tui.messages import Dismissed, PromptSubmitted, RouterSaid, SendEnded
from burn_tui.tui.screens.frame import Frame
from burn_tui.tui.screens.question import QuestionScreen, about_paid_call
from burn_tui.tui.widgets.prompt import Prompt
from burn_tui.tui.widgets.transcript_view import TranscriptView

if TYPE_CHECKING:
    from burn_tui.engine.session import Session


class Asking(Frame):
    """Every session may have one answer being written at a time, on screen or not."""

    @on(TextArea.Changed, "#prompt")
    def _keep_draft(self) -> None:
        prompt = self.query_one(Prompt)
        if (session := self.deck.find(prompt.owner)) is not None:
            session.draft = prompt.text
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
        self._send(session, message.text, confirmed=False)

    def _send(self, session: "Session", text: str, *, confirmed: bool) -> None:
        self._put_draft(session, "")
        self.run_worker(self._deliver(session, text, confirmed=confirmed), group=_group(session))

    async def _deliver(self, session: "Session", text: str, *, confirmed: bool) -> None:
        """Post what the router says, then that it has ended, however it did."""
        last: Refused | RequestFinished | None = None
        problem = ""
        try:
            async with aclosing(session.send(text, confirmed=confirmed)) as events:
                async for event in events:
                    if isinstance(event, Refused) or (isinstance(event, RequestFinished) and last is None):
                        last = event
                    self.post_message(RouterSaid(session.id, event))
        except BurnError as error:
            problem = str(error)
        finally:
            self.post_message(SendEnded(session.id, text, last=last, problem=problem))

    @on(RouterSaid)
    def _hear(self, message: RouterSaid) -> None:
        if message.session_id == self.deck.active.id:
            self.query_one(TranscriptView).notice_change()
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
        is_free_to_ask = self.app.screen is self and session is self.deck.active and not session.draft
        if _is_unanswered(session, message):
            self._give_back(session, message.prompt, is_withdrawn=isinstance(message.last, Refused))
        self._refresh()
        if session is self.deck.active:
            self.query_one(TranscriptView).notice_change()
        if isinstance(message.last, Refused) and message.last.confirmation is not None:
            # A dialog that opened while the person types elsewhere would take the next letter for its answer.
            if is_free_to_ask:
                self._ask_to_pay(session, message.last.confirmation)
            else:
                self.notify(f"{session.name} asks before paid calls. Its prompt waits unsent.", severity="warning")

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
    async def _ask_to_pay(self, session: "Session", asked: Confirmation) -> None:
        colour = self._palette.environment(session.environment.hue)
        if await self.app.push_screen_wait(QuestionScreen(about_paid_call(asked, session), colour=colour)):
            self._send(session, session.draft, confirmed=True)

    def action_stop(self) -> None:
        """The running answer; else the banner, else the notice."""
        session = self.deck.active
        if session.is_busy:
            self._stop(session)
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
