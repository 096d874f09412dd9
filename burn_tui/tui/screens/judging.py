"""What the person thinks of an answer: a verdict, a note, or the wish to have another one."""

from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Literal

from msgspec import structs
from textual import work
from textual.worker import Worker, WorkerCancelled

from burn_tui.core.errors import BurnError, LedgerError
from burn_tui.core.events import Refused
from burn_tui.core.model_names import AUTO
from burn_tui.core.transcript import Answer, Asked, Entry, Transcript, Verdict
from burn_tui.core.turns import Turn
from burn_tui.core.usage import Feedback
from burn_tui.tui import format as fmt
from burn_tui.tui.actions import ACTIONS
from burn_tui.tui.messages import Delivery
from burn_tui.tui.screens.asking import Asking, later_questions
from burn_tui.tui.screens.choose_provider import ChooseProviderScreen, choices
from burn_tui.tui.screens.compare import CompareScreen, Side
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.reading import Reading

if TYPE_CHECKING:
    from burn_tui.engine.session import Session


_THUMBS: dict[Verdict, Literal[1, -1]] = {"good": 1, "bad": -1}


class Judging(Asking, Reading):
    """Verdicts and notes are kept in the ledger, by the attempt that they are about."""

    # --- verdicts and notes ----------------------------------------------------------------------

    async def action_rate(self, verdict: Verdict) -> None:
        """Thumbs up or down; once more takes it back."""
        if (answer := self._answer_to_judge()) is not None:
            await self._judge(answer, None if answer.verdict == verdict else verdict, answer.note)

    @work
    async def action_note(self) -> None:
        """Ask for some words."""
        answer = self._answer_to_judge()
        if answer is None:
            return
        dialog = NameSessionScreen(
            "Your note on this answer", answer.note, palette=self._palette, may_be_empty=True, what="note"
        )
        noted = await self.app.push_screen_wait(dialog)
        if noted is not None:
            await self._judge(answer, answer.verdict, noted.name)

    def _answer_to_judge(self) -> Answer | None:
        message = self.reader.message
        if isinstance(message, Answer) and message.record is not None:
            return message
        self.notify("There is no answer here that could be judged.", severity="warning")
        return None

    async def _judge(self, answer: Answer, verdict: Verdict | None, note: str) -> None:
        assert answer.record is not None
        thumb = None if verdict is None else _THUMBS[verdict]
        event_id, now = answer.record.opened.event_id, self._runtime.clock.now()
        try:
            await self._runtime.ledger.add_feedback(
                Feedback(event_id=event_id, at=now, verdict=thumb, note=note or None)
            )
        except LedgerError as error:
            self._warn(str(error))
            return
        await self._runtime.router.auto.judged(event_id, verdict)
        session, is_new = self.deck.active, answer.verdict != verdict
        session.transcript.rate(answer, verdict, note)
        self.reader.notice_change()
        if is_new and not self.reader.is_heading_in_sight:
            self.notify(f"Judged {verdict}. {ACTIONS['note'].shown} adds a note." if verdict else "Not judged now.")
        if verdict == "bad" and is_new:
            self._offer_stronger(session, answer)

    def _offer_stronger(self, session: "Session", answer: Answer) -> None:
        """Say by which key a better answer is to be had, and for how much: nothing is spent without a word."""
        turn = next((turn for turn in session.turns() if turn.answer is answer), None)
        if turn is None or answer.record is None or answer.record.opened.route != AUTO:
            return
        preview = session.preview_stronger(turn)
        if preview.is_escalated:
            key, cost = ACTIONS["stronger"].shown, fmt.money(preview.cost_estimate_nanousd)
            self.notify(f"{key} has {preview.target} answer it once, for about {cost}.", title="Thumbs down")

    def action_stronger(self) -> None:
        """Have the strong tier answer a question, once; the conversation goes on from that answer."""
        session, turn = self.deck.active, self._turn_to_ask_again()
        if turn is None:
            return
        preview = session.preview_stronger(turn)
        if not preview.is_escalated:
            why = preview.why if preview.target is None else f"Nobody stronger than {turn.answer.target} may be asked."
            self.notify(why, severity="warning")
            return
        self._dispatch(session, structs.replace(_once_more(turn, AUTO), instead_of=turn.earlier))

    # --- another answer --------------------------------------------------------------------------

    @work
    async def action_again(self) -> None:
        """Have somebody else answer a question; the conversation goes on from that answer."""
        session, turn = self.deck.active, self._turn_to_ask_again()
        if turn is None:
            return
        requested = await self._somebody(session, "Who answers it again?")
        if requested is not None and not session.is_busy:
            self._dispatch(session, _once_more(turn, requested))

    @work
    async def action_compare(self) -> None:
        """Have somebody else answer a question, beside the answer that there is."""
        session, turn = self.deck.active, self._turn_to_ask_again()
        if turn is None:
            return
        requested = await self._somebody(session, "Who answers it, too?")
        if requested is None:
            return
        left, twin = Transcript(), session.twin()
        left.append([turn.asked, turn.answer])
        twin.messages = turn.before
        answering: list[Worker[None]] = []

        def begin(screen: CompareScreen) -> None:
            answering.append(self.run_worker(self._answer_beside(screen, twin, turn.asked.text, requested)))

        titles = (str(turn.answer.target), requested)
        side = await self.app.push_screen_wait(CompareScreen(left, twin.transcript, titles=titles, begin=begin))
        for worker in answering:
            worker.cancel()
            with suppress(WorkerCancelled):
                await worker.wait()
        await self._keep_one(session, twin, turn, side)

    async def _answer_beside(
        self, screen: CompareScreen, twin: "Session", text: str, requested: str, *, is_confirmed: bool = False
    ) -> None:
        refused: Refused | None = None
        try:
            async with aclosing(twin.send(text, requested=requested, confirmed=is_confirmed)) as events:
                async for event in events:
                    refused = event if isinstance(event, Refused) else refused
                    screen.notice_change()
        except BurnError as error:
            self._warn(str(error))
        screen.show_from_the_beginning()
        if refused is not None and refused.confirmation is not None:
            if await self._agrees_to_pay(twin, refused.confirmation):
                await self._answer_beside(screen, twin, text, requested, is_confirmed=True)
            else:
                screen.dismiss("left")

    async def _keep_one(self, session: "Session", twin: "Session", turn: Turn, side: Side) -> None:
        """Both stay on screen, one of them goes on."""
        # Below later questions an answer stands with its own once more.
        came = [entry for entry in twin.transcript.entries if turn.later or not isinstance(entry, Asked)]
        session.lock, session.is_confirmed = twin.lock, session.is_confirmed or twin.is_confirmed
        if any(isinstance(entry, Answer) and entry.text for entry in came):
            session.transcript.append(came)
            is_right = side == "right" and len(twin.messages) > len(turn.before)
            if is_right:
                session.messages = twin.messages
            session.transcript.note("context", _compared(turn, is_right=is_right), self._runtime.clock.now())
            first, second = _attempt_of([turn.answer]), _attempt_of(came)
            kept, replaced = (second, first) if is_right else (first, second)
            if kept is not None and replaced is not None:
                await self._note_outcomes((kept, "kept"), (replaced, "replaced"))
        if session is self.deck.active:
            self.reader.follow()
        self._refresh()

    def _turn_to_ask_again(self) -> Turn | None:
        """The marked one, else the last one; None where there is none, which is said."""
        session = self.deck.active
        if session.is_busy:
            self.notify("An answer is still being written. Escape stops it.", severity="warning")
            return None
        turns = session.turns()
        marked = self.reader.message if self.reader.is_marked else None
        if not turns:
            self.notify("Nothing has been answered here that could be asked again.", severity="warning")
            return None
        chosen = [turn for turn in turns if marked is None or marked is turn.asked or marked is turn.answer]
        if not chosen:
            self.notify("The marked message is not sent along any more. Mark another question.", severity="warning")
            return None
        return chosen[-1]

    async def _somebody(self, session: "Session", heading: str) -> str | None:
        """Whom the person chooses; None if nobody."""
        offered = choices(self._runtime.router, session)
        dialog = ChooseProviderScreen(offered, current=session.requested, palette=self._palette, heading=heading)
        chosen = await self.app.push_screen_wait(dialog)
        return None if chosen is None else chosen.requested or "default"


def _once_more(turn: Turn, requested: str) -> Delivery:
    """Its question again, to whom is named here; the answer takes the place of the one that there is."""
    return Delivery(
        text=turn.asked.text,
        requested=requested,
        before=turn.before,
        replaces=_attempt_of([turn.answer]),
        forgets=turn.later,
    )


def _attempt_of(entries: Sequence[Entry]) -> str | None:
    """Of the last answer among these; None = there is none that was recorded."""
    records = (entry.record for entry in reversed(entries) if isinstance(entry, Answer) and entry.text)
    return next((record.opened.event_id for record in records if record is not None), None)


def _compared(turn: Turn, *, is_right: bool) -> str:
    """Which of two answers it goes on from."""
    if not turn.later:
        which = "the answer right above" if is_right else "the first of these answers"
        return f"Compared. It goes on from {which}, and the other is not sent along."
    if not is_right:
        return "Compared. It goes on as before, and the answer right above is not sent along."
    rest = later_questions(turn.later)
    return f"Compared. It goes on from the answer right above; the other and {rest} are not sent along any more."
