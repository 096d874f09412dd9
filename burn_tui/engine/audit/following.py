"""Follows the logs of other tools: what is written into them stands in the ledger a moment later.

    Watch ──changed logs──> from where each was left ──> pieces ──> ledger ──> told
     (each second; logs that somebody is writing, each fifth of one)

What was written before the dashboard began is left to `burn-tui audit`, unless it is of a session that is still going
on: that one is read from its beginning.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from burn_tui.core.errors import LedgerError
from burn_tui.engine.audit.filing import Filed
from burn_tui.engine.audit.importing import Importer, known_logs, wanted_of
from burn_tui.engine.audit.logs import Log
from burn_tui.engine.audit.pieces import Place, ReadPiece, Wanted, read_log
from burn_tui.engine.audit.watching import Watch, lately
from burn_tui.engine.beat import beat
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger

GLANCE_S = 0.2
LOOK_S = 1.0
EVERYWHERE_S = 60.0

Told = Callable[[Filed], None]


class Follower:
    """For one process. `told` is called after new rows; an error of the ledger is left to the next look."""

    def __init__(self, importer: Importer, ledger: Ledger, *, clock: Clock, told: Told | None = None) -> None:
        self._importer = importer
        self._ledger = ledger
        self._clock = clock
        self._told = told
        self._watch = Watch(importer.roots)
        self._known: dict[bytes, Place] = {}
        self._pending: dict[str, Log] = {}
        """Changed, and not in the ledger yet."""
        self._looked_at = self._everywhere_at = 0.0

    async def run(self) -> None:
        """Until it is cancelled."""
        await self.begin()
        while True:
            is_written = bool(self._watch.just_written(self._clock.now()))
            await beat(GLANCE_S if is_written else LOOK_S)
            is_due = self._clock.monotonic() - self._looked_at >= LOOK_S - GLANCE_S / 2
            await (self.look() if is_due else self.glance())

    async def begin(self) -> None:
        """Learn what is there, and read what is being written."""
        logs = await asyncio.to_thread(self._watch.look_everywhere, self._clock.now())
        self._everywhere_at = self._clock.monotonic()
        with suppress(LedgerError):  # who cannot read it now may be able to later
            await self._importer.warm_up()
        await self._take(lately(logs, self._clock.now()))

    async def look(self) -> None:
        """Look once, nearby, or everywhere when it is time for it."""
        now = self._clock.now()
        self._looked_at = self._clock.monotonic()
        if self._clock.monotonic() - self._everywhere_at >= EVERYWHERE_S:
            changed = await asyncio.to_thread(self._watch.look_everywhere, now)
            self._everywhere_at = self._clock.monotonic()
        else:
            changed = self._watch.look_nearby(now)
        await self._take(changed)

    async def glance(self) -> None:
        """Look once at the logs that somebody is writing."""
        await self._take(self._watch.glance(self._clock.now()))

    async def _take(self, changed: Sequence[Log]) -> None:
        self._pending |= {log.path: log for log in changed}
        if not self._pending:
            return
        try:
            await self._take_pending()
        except LedgerError:
            return  # the ledger says so itself, and what was not written is still pending
        self._pending.clear()

    async def _take_pending(self) -> None:
        if not self._known:
            self._known = await self._ledger.reading(known_logs)
        for log in self._pending.values():
            wanted = wanted_of(log, self._known.get(os.fsencode(log.path)))
            if wanted is None:
                continue
            pieces = await asyncio.to_thread(_pieces, wanted)
            filed = await self._importer.take_read(pieces)
            self._known |= {piece.head.path: piece.head.place for piece in pieces}
            if self._told and (filed.new_rows or filed.corrected):
                self._told(filed)


def _pieces(wanted: Wanted) -> list[ReadPiece]:
    return list(read_log(wanted))
