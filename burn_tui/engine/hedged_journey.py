"""Where a target says nothing for far longer than usual, another one is asked beside it, and the quicker goes on.

attempt ──speaks in time──────────────────────────────────────> its events
   └── silent ──> Hedged: another attempt ──speaks first──> the slow one is stopped and metered, FellBack
                                          └── is slower ──> it is stopped and metered
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import structs

from burn_tui.core.budget import Fits
from burn_tui.core.events import AttemptFailed, AttemptFinished, Event, Hedged
from burn_tui.core.routing import hedge_after_s
from burn_tui.engine.attempt import CANCELLED
from burn_tui.engine.choice import Choice
from burn_tui.engine.hedge import Pump, first_to_speak
from burn_tui.engine.journey import Journey


class HedgedJourney(Journey):
    """Two attempts at once, where the route's policy has `hedge: true`."""

    def _answer(self) -> AsyncGenerator[Event]:
        return self._quicker() if self._policy.hedge else super()._answer()

    async def _quicker(self) -> AsyncGenerator[Event]:
        patience_s = await self._usual_patience_s()
        events = super()._answer() if patience_s is None else self._hedged(patience_s)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _usual_patience_s(self) -> float | None:
        router = self._router
        return hedge_after_s(await router.books.first_chunks(self._target, now=router.clock.now()))

    async def _hedged(self, patience_s: float) -> AsyncGenerator[Event]:
        """The attempt's events; if it has nothing to say for too long and another one is quicker, that one's."""
        one = Pump(self._attempt, self._notices())
        other: Pump | None = None
        try:
            async for event in one.opening():
                yield event
            if not await one.speaks(within_s=patience_s) and (beside := await self._beside(patience_s)) is not None:
                other, choice, hedged = beside
                yield hedged
                if await first_to_speak(one, other) is other:
                    async for event in self._overtaken(one, other, choice, hedged):
                        yield event
                    one, other = other, None
                else:
                    await self._note_loser(other, choice)
                    other = None
            async with aclosing(one.events()) as events:
                async for event in events:
                    yield event
        finally:
            await one.stop()
            if other is not None:
                await self._note_loser(other, choice)

    async def _beside(self, patience_s: float) -> tuple[Pump, Choice, Hedged] | None:
        """Another target that was asked as well; None if none may be."""
        after = self._plan.targets[self._plan.targets.index(self._target) + 1 :]
        following = next((target for target in after if self._choice.admits(target)), None)
        if following is None:
            return None
        choice = Choice(self._router, self._setup)
        choice.take(following)
        why = f"{self._target} has said nothing for {patience_s:.1f} s, far longer than usual."
        opened = structs.replace(
            self._opened(self._sending, following, choice.lane),
            attempt=len(self._records) + 2,
            route_reason=why,
            fell_back_from=str(self._target),
        )
        if not isinstance(await self._admission.admit(opened, following, self._caller), Fits):
            choice.leave()
            return None
        pump = Pump(self._call(opened, following))
        return pump, choice, Hedged(self._target, following, why)

    async def _overtaken(self, one: Pump, other: Pump, choice: Choice, hedged: Hedged) -> AsyncGenerator[Event]:
        """The end of the slow attempt, and the change to the quicker one."""
        await one.stop()
        for event in one.so_far():
            yield event
        slow = self._attempt
        if slow.failure is CANCELLED:
            yield AttemptFailed(slow.record.opened.attempt, self._target, CANCELLED)
            yield AttemptFinished(slow.record)
        await self._note(slow)
        why = f"{hedged.why} {hedged.also_target} was asked as well and was quicker."
        yield self._fall_back(hedged.also_target, "timeout", why, continues=False, choice=choice)
        self._attempt = other.attempt

    async def _note_loser(self, pump: Pump, choice: Choice) -> None:
        await pump.stop()
        self._records.append(pump.attempt.record)
        await choice.learn(pump.attempt.failure, pump.attempt.headroom, is_forgiven=False)
