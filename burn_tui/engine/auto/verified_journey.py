"""The end of a request's journey: an answer that is none may be followed by that of a stronger target, once.

asked before, and answered by auto's cheaper tiers ──> Escalated: the first attempt is a stronger target's

answered ──no flaw, or nobody stronger may be asked (NotEscalated)──> RequestFinished
   └── Escalated ──answered──> RequestFinished
           └── failed: FellBack to the first answer, which is said again ──> RequestFinished
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from msgspec import structs

from burn_tui.core.chat import ChatRequest
from burn_tui.core.events import Escalated, Event, FellBack, FinishSeen, TextDelta, UsageSeen
from burn_tui.core.routing import Plan
from burn_tui.engine.admission import Caller
from burn_tui.engine.attempt import Attempt, Watch
from burn_tui.engine.auto.verification import Verification, left_standing, row_reason
from burn_tui.engine.choice import Choice
from burn_tui.engine.hedged_journey import HedgedJourney

if TYPE_CHECKING:
    from burn_tui.engine.router import Router


class VerifiedJourney(HedgedJourney):
    """Looks at the answer before it is the end; a question that was answered before goes to a stronger target."""

    def __init__(
        self,
        router: "Router",
        request: ChatRequest,
        caller: Caller,
        *,
        watch: Watch | None = None,
        is_out: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__(router, request, caller, watch=watch)
        self._is_out = is_out or (lambda: False)
        self._again: Escalated | None = None
        """What is to be said before the first attempt; None = it is no second attempt at a question."""

    def _begin(self, decided: Plan) -> None:
        super()._begin(decided)
        if (earlier := decided.earlier) is None:
            return
        self._again = Escalated(
            earlier.target,
            self._target,
            earlier.why,
            from_nanousd=earlier.nanousd,
            to_nanousd=self._admission.estimate(self._request, self._target),
        )
        self._reason = row_reason(self._again)

    def _notices(self) -> list[Event]:
        again, self._again = self._again, None
        told: list[Event] = [again] if again is not None and again.to_target == self._target else []
        return told + super()._notices()

    async def _answered(self) -> AsyncGenerator[Event]:
        check = Verification(self._router, self._plan, self._request, self._caller, self._admission)
        first, target, is_out = self._attempt, self._target, self._is_out()
        if not is_out and (waiting := check.waiting(first)) is not None:
            yield waiting
        flaw = await check.flaw(first, runs_command=not is_out)
        following = None if flaw is None or is_out else check.following(target, self._choice)
        if flaw is not None:
            hindrance: str | None = ""
            if following is not None:
                escalated = check.escalated(flaw, first.record, following)
                hindrance = await self._hindrance(check, escalated)
                if hindrance is None:
                    async with aclosing(self._stronger(first, escalated)) as events:
                        async for event in events:
                            yield event
                else:
                    yield left_standing(flaw, target, following, hindrance)
            await check.failed(self._id, target, is_escalated=hindrance is None)
        second = None if self._attempt is first else self._attempt.record
        await check.note(first.record, flaw, following, second)
        yield self._finished(target if self._attempt.failure is not None else self._target)

    async def _hindrance(self, check: Verification, escalated: Escalated) -> str | None:
        """Why the stronger target may not be asked; None = it may, its row is open and it is the one that is chosen."""
        choice = Choice(self._router, self._setup)
        choice.take(escalated.to_target)
        opened = structs.replace(
            self._opened(self._request, escalated.to_target, choice.lane), route_reason=row_reason(escalated)
        )
        if (hindrance := await check.hindrance(opened, escalated.to_target)) is not None:
            choice.leave()
            return hindrance
        self._router.auto.escalated(self._id, escalated.to_target)
        self._choice, self._sending, self._warnings = choice, self._request, ()
        self._attempt = self._call(opened, escalated.to_target)
        return None

    async def _stronger(self, first: Attempt, escalated: Escalated) -> AsyncGenerator[Event]:
        """The stronger target's attempt. Where that fails, the first answer is the answer after all."""
        attempt = self._attempt
        since = self._router.clock.monotonic()
        try:
            async with aclosing(attempt.events([escalated, *self._notices()])) as events:
                async for event in events:
                    yield event
        finally:
            await self._note(attempt)
        if attempt.failure is None:
            return
        waited_s = self._router.clock.monotonic() - since
        why = f"{self._sentence} The first answer stands."
        yield FellBack(escalated.to_target, escalated.from_target, attempt.failure.error_type, why, waited_s)
        yield TextDelta(first.answer.text)
        yield FinishSeen(first.record.finish_reason or "stop", first.record.finish_reason or "stop")
        yield UsageSeen(first.record.usage)
        # Who answered stands last.
        self._records.remove(first.record)
        self._records.append(first.record)
