"""Sessions of other programs, whichever process carries them: what a dashboard shows a read-only tab for.

They are read from the ledger, so that they are seen by every dashboard, and also after gateway or dashboard was
restarted: clients of a gateway, and tools whose logs are imported. A session is what its client calls so; without a
word from it, the label of its token.
"""

import sqlite3
from collections import Counter
from functools import partial

import msgspec
from msgspec import Struct

from burn_tui.core.catalog import Target
from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.ledger_periods import HOUR_US
from burn_tui.engine.ledger_reading import rows
from burn_tui.engine.ledger_rows import microseconds, opened_of, record_of
from burn_tui.engine.ownership import may_live
from burn_tui.engine.tables import foreign as sql

LOOK_BACK_S = 900.0
"""A session that was quiet for longer is over."""

RATE_S = 60.0
"""The time over which the present rate is taken."""

_CALM_S = 5.0
"""As long as nothing is written, rates are taken anew so often."""

MOST_ATTEMPTS = 200
"""Of the list of one session."""

Attempt = UsageRecord | AttemptOpened
"""A settled one, or one in flight."""


class ForeignSession(Struct, frozen=True, kw_only=True):
    """One session. Sums are those of its whole life."""

    name: str
    source: str
    """Which door it came through: "gateway", or the tool whose log it was read from."""
    environment: str
    """Of its last attempt, as the three that follow."""
    project: str | None
    operation_name: str
    """What its client calls itself, or the request."""
    last_route: Target | None
    """Whom the last attempt asked; None = it was refused before it had a target."""
    fell_back_from: str | None
    """"provider/model" that the last attempt stands in for; None = it was the first choice."""
    requests: int
    errors: int
    """Attempts that failed, and those that were lately refused; what the client itself gave up is not among them."""
    in_flight: int
    """Calls that are open at this moment."""
    tokens: int
    cost_nanousd: int
    """Of the attempts whose cost is known."""
    unpriced: int
    """Attempts whose cost is unknown."""
    nanousd_per_minute: float
    last_at: float
    """When its last attempt ended, or began if it is open, in seconds since the epoch."""

    @property
    def is_calling(self) -> bool:
        """Whether a provider is being called for it."""
        return self.in_flight > 0


class ForeignWatch:
    """One for a process. A look that finds nothing written since the last one costs one tiny query."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seen: tuple[object, tuple[ForeignSession, ...]] = (None, ())

    @property
    def latest(self) -> tuple[ForeignSession, ...]:
        """What the last look saw."""
        return self._seen[1]

    async def look(self, now: float) -> tuple[ForeignSession, ...]:
        """Those that are active at `now`, in the order in which they appeared. LedgerError if it cannot be read."""
        # Without anybody there, time alone brings nobody.
        key = (await self._ledger.data_version(), now // _CALM_S if self._seen[1] else None)
        if self._seen[0] != key:
            found = tuple(await foreign_sessions(self._ledger, now=now))
            self._seen = ((key[0], now // _CALM_S if found else None), found)
        return self._seen[1]

    async def attempts(self, name: str) -> list[Attempt]:
        """The latest of one session, the latest first."""
        return await self._ledger.reading(partial(_attempts, name=name))


async def foreign_sessions(ledger: Ledger, *, now: float, look_back_s: float = LOOK_BACK_S) -> list[ForeignSession]:
    """Those that have asked anything in the last `look_back_s`, or wait for an answer, in the order of their first."""
    return await ledger.reading(partial(_sessions, now=now, look_back_s=look_back_s))


def _sessions(connection: sqlite3.Connection, *, now: float, look_back_s: float) -> list[ForeignSession]:
    since_us = microseconds(now - look_back_s)
    times = {"since_us": since_us, "since_hour": since_us // HOUR_US, "rate_us": microseconds(now - RATE_S)}
    found = rows(connection, sql.SESSIONS, times)
    if not found:
        return []
    in_flight = _in_flight(connection)
    active = [row for row in found if row["last_us"] >= since_us or in_flight[row["name"]]]
    names = msgspec.json.encode([row["name"] for row in active]).decode()
    sums = {row["name"]: row for row in rows(connection, sql.SUMS, {"names": names})}
    refused = {row["name"]: row["refused"] for row in rows(connection, sql.REFUSED, times)}
    return [
        _session(row, sums.get(row["name"]), in_flight=in_flight[row["name"]], refused=refused.get(row["name"], 0))
        for row in active
    ]


def _in_flight(connection: sqlite3.Connection) -> Counter[str]:
    """By session. A row whose process was killed stays open until somebody opens the ledger, and calls nobody."""
    open_rows = rows(connection, sql.IN_FLIGHT)
    living = {owner for owner in {row["owner"] for row in open_rows} if owner is None or may_live(owner)}
    return Counter(row["name"] for row in open_rows if row["owner"] in living)


def _session(row: sqlite3.Row, sums: sqlite3.Row | None, *, in_flight: int, refused: int) -> ForeignSession:
    return ForeignSession(
        name=row["name"],
        source=row["source"],
        environment=row["environment"],
        project=row["project"],
        operation_name=row["operation_name"],
        last_route=Target(row["provider_name"], row["request_model"]) if row["provider_name"] else None,
        fell_back_from=row["fell_back_from"],
        requests=sums["requests"] if sums else 0,
        errors=(sums["failures"] if sums else 0) + refused,
        in_flight=in_flight,
        tokens=sums["tokens"] if sums else 0,
        cost_nanousd=sums["cost_nanousd"] if sums else 0,
        unpriced=sums["unpriced"] if sums else 0,
        nanousd_per_minute=row["lately_nanousd"] / (RATE_S / 60),
        last_at=row["last_us"] / 1_000_000,
    )


def _attempts(connection: sqlite3.Connection, *, name: str) -> list[Attempt]:
    found = rows(connection, sql.ATTEMPTS, {"name": name, "most": MOST_ATTEMPTS})
    return [opened_of(row) if row["duration_us"] is None else record_of(row) for row in found]
