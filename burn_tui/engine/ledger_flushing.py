"""What an attempt came to is on the disk a moment after the answer, not before its end.

    settlement committed ──> the system has it: whoever kills the process loses nothing
            │ the next row of a call that leaves, or FLUSH_S
            v
         on the disk: the power may go

If the power goes in that moment, the row is there as it was when its call left: it is settled as interrupted, with what
the call was estimated to cost. To wait for the disk once more a request takes longer than all of the ledger's SQL.
"""

import asyncio
from collections.abc import Awaitable, Callable

FLUSH_S = 0.1
"""A settlement is on the disk at the latest after so long and what the disk takes; many of them share that."""


class Flushing:
    """Of one open ledger. `flush` puts on the disk whatever is committed, and raises nothing."""

    def __init__(self, flush: Callable[[], Awaitable[None]]) -> None:
        self._flush = flush
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Something was committed that is not on the disk yet."""
        if self._task is None:
            self._task = asyncio.create_task(self._flush_soon())

    async def finish(self) -> None:
        """At once, if there is anything to do."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self._flush()

    async def _flush_soon(self) -> None:
        await asyncio.sleep(FLUSH_S)
        # Forgotten first: what is committed while the disk works may be too late for it.
        self._task = None
        await self._flush()
