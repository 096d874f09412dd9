"""What cascading has cost and saved, class by class, and where it has therefore switched itself off.

Kept in the ledger's file where there is one; without one it lasts as long as the process.
"""

import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable

from msgspec import Struct

from burn_tui.core.cascade import LOOKED_BACK, LOOKED_BACK_DAYS, Balance, Sample, balance
from burn_tui.core.errors import LedgerError
from burn_tui.core.money import NANOUSD
from burn_tui.engine.auto.choosing import Memory

_DAY_US = 86_400_000_000

_KEEP = """
    INSERT OR IGNORE INTO cascades
        (at_us, request_id, task, event_id, target, cheap_nanousd, strong_event_id, strong_target, strong_nanousd,
         has_failed, why)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_LATEST = """
    SELECT task, cheap_nanousd, strong_nanousd, has_failed FROM (
        SELECT id, task, cheap_nanousd, strong_nanousd, has_failed,
               row_number() OVER (PARTITION BY task ORDER BY id DESC) AS place
        FROM cascades WHERE at_us >= ?
    ) WHERE place <= ? ORDER BY id
"""


class CascadeRow(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    at_us: int
    request_id: str
    task: str
    event_id: str
    target: str
    cheap_nanousd: int
    strong_event_id: str | None
    strong_target: str
    strong_nanousd: int
    has_failed: bool
    why: str
    """What was wrong with the answer; "" = nothing."""


class Cascades:
    """Of one router."""

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = lambda _sentence: None
        """Puts a sentence where it stays on screen."""
        self.trouble: str | None = None
        """Why what was measured is not kept; None = it is."""
        self._told: set[str] = set()
        self._memory: Memory | None = None
        self._samples: defaultdict[str, deque[Sample]] = defaultdict(lambda: deque(maxlen=LOOKED_BACK))

    async def remember(self, memory: Memory, *, now: float) -> None:
        """Take over what was kept, and keep everything there from now on."""
        since_us = int(now * 1e6) - LOOKED_BACK_DAYS * _DAY_US
        rows = await memory.reading(lambda found: found.execute(_LATEST, (since_us, LOOKED_BACK)).fetchall())
        self._memory = memory
        for task, cheap, strong, has_failed in rows:
            sample = Sample(cheap_nanousd=cheap, strong_nanousd=strong, has_failed=bool(has_failed))
            self._samples[task].append(sample)
        for task in self._samples:
            self._tell_if_off(task)

    def spent(self, task: str) -> Balance | None:
        """What it has come to in a class of tasks; None = nothing was checked there."""
        return balance(self._samples[task]) if self._samples.get(task) else None

    @property
    def by_task(self) -> dict[str, Balance]:
        """The same of all classes."""
        return {task: balance(samples) for task, samples in sorted(self._samples.items()) if samples}

    async def note(self, row: CascadeRow) -> None:
        """One more answer was checked."""
        before = self.spent(row.task)
        self._samples[row.task].append(
            Sample(cheap_nanousd=row.cheap_nanousd, strong_nanousd=row.strong_nanousd, has_failed=row.has_failed)
        )
        if before is None or not before.is_off:
            self._tell_if_off(row.task)
        if self._memory is None:
            return
        values = tuple(getattr(row, name) for name in CascadeRow.__struct_fields__)
        try:
            await self._memory.writing(lambda found: found.execute(_KEEP, values))
        except LedgerError as error:
            self.trouble = str(error)
        else:
            self.trouble = None

    def tell_once(self, sentence: str) -> None:
        """Tell what is told already only if it is not."""
        if sentence not in self._told:
            self._told.add(sentence)
            self.tell(sentence)

    def _tell_if_off(self, task: str) -> None:
        found = balance(self._samples[task])
        if found.is_off:
            self.tell(
                f"Cascading is off for {task}: {found.failed} of {found.checked} checked answers failed, which lost "
                f"${-found.net_nanousd / NANOUSD:.4f}. burn-tui route reset starts anew."
            )


def forget(connection: sqlite3.Connection) -> int:
    """Forget what was measured: how many answers that were."""
    return connection.execute("DELETE FROM cascades").rowcount
