"""Attempts that run beside each other: each in a task of its own, its events kept until they are wanted."""

import asyncio
from collections.abc import AsyncGenerator, Iterable

from burn_tui.core.events import AttemptStarted, Event
from burn_tui.engine.attempt import Attempt


class Pump:
    """Runs one attempt. It speaks when the first word of its answer has come, or when it is over without one."""

    def __init__(self, attempt: Attempt, notices: Iterable[Event] = ()) -> None:
        self.attempt = attempt
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._has_spoken = asyncio.Event()
        self._task = asyncio.create_task(self._run(notices))

    @property
    def has_something(self) -> bool:
        """Whether what it said is a word of an answer, and not that there will be none."""
        return self.attempt.has_begun

    async def speaks(self, *, within_s: float | None = None) -> bool:
        """Wait until it speaks; False if it does not `within_s` seconds."""
        try:
            async with asyncio.timeout(within_s):
                await self._has_spoken.wait()
        except TimeoutError:
            return False
        return True

    async def opening(self) -> AsyncGenerator[Event]:
        """The events that come at once: all up to AttemptStarted."""
        event: Event | None = None
        while not isinstance(event, AttemptStarted):
            event = await self._events.get()
            if event is None:
                self._events.put_nowait(None)
                return
            yield event

    def so_far(self) -> list[Event]:
        """The events that have come and were not given yet."""
        events = [self._events.get_nowait() for _ in range(self._events.qsize())]
        if events[-1:] == [None]:
            self._events.put_nowait(events.pop())
        return [event for event in events if event is not None]

    async def events(self) -> AsyncGenerator[Event]:
        """Everything that has not been given yet, to the end. Closing it stops the attempt."""
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await self._task
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End the attempt; it is recorded as cancelled unless it was over."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, notices: Iterable[Event]) -> None:
        events = self.attempt.events(notices)
        try:
            async for event in events:
                self._events.put_nowait(event)
                if self.attempt.has_begun:
                    self._has_spoken.set()
        finally:
            await events.aclose()
            self._has_spoken.set()
            self._events.put_nowait(None)


async def first_to_speak(one: Pump, other: Pump) -> Pump:
    """Whichever has a word of an answer first; if both end without one, `one`."""
    waits = {asyncio.create_task(pump.speaks()): pump for pump in (one, other)}
    try:
        pending = set(waits)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for wait, pump in waits.items():
                if wait in done and pump.has_something:
                    return pump
    finally:
        for wait in waits:
            wait.cancel()
    return one
