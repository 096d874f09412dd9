"""The end of a request's journey: an answer that is none may be followed by that of a stronger target, once.

answered ──no flaw, or nobody stronger may be asked──> RequestFinished
   └── Escalated ──answered──> RequestFinished
           └── failed: FellBack to the first answer, which is said again ──> RequestFinished
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import structs

from burn_tui.core.events import Escalated, Event, FellBack, FinishSeen, TextDelta, UsageSeen
from burn_tui.engine.attempt import Attempt
from burn_tui.engine.choice import Choice
from burn_tui.engine.journey import Journey
from burn_tui.engine.verification import Verification, row_reason


class VerifiedJourney(Journey):
    """Looks at the answer before it is the end."""

    async def _answered(self) -> AsyncGenerator[Event]:
        check = Verification(self._router, self._plan, self._request, self._caller, self._admission)
        first, target = self._attempt, self._target
        if (waiting := check.waiting(first)) is not None:
            yield waiting
        flaw = await check.flaw(first)
        following = None if flaw is None else check.following(target, self._choice)
        if flaw is not None:
            escalated = check.escalated(flaw, first.record, following) if following is not None else None
            is_admitted = escalated is not None and await self._is_admitted(check, escalated)
            if escalated is not None and is_admitted:
                async with aclosing(self._stronger(first, escalated)) as events:
                    async for event in events:
                        yield event
            await check.failed(self._id, target, is_escalated=is_admitted)
        second = None if self._attempt is first else self._attempt.record
        await check.note(first.record, flaw, following, second)
        yield self._finished(target if self._attempt.failure is not None else self._target)

    async def _is_admitted(self, check: Verification, escalated: Escalated) -> bool:
        """Whether the stronger target may be asked; then its row is open and it is the one that is chosen."""
        choice = Choice(self._router, self._setup)
        choice.take(escalated.to_target)
        opened = structs.replace(
            self._opened(self._request, escalated.to_target, choice.lane), route_reason=row_reason(escalated)
        )
        if not await check.admitted(opened, escalated.to_target):
            choice.leave()
            return False
        self._choice, self._sending, self._warnings = choice, self._request, ()
        self._attempt = self._call(opened, escalated.to_target)
        return True

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
