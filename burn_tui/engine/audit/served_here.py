"""Leaves out of an import what our own gateway has served: it is in the ledger already, by a row of the gateway's.

Claude Code says to the gateway which of its sessions asks, in X-Claude-Code-Session-Id, and writes the same name into
its log; so does any tool that sends a header of callers.py. A response of such a session is the gateway's where it was
logged while the gateway had a call of that session under way, or within a minute of one. It is remembered by its id, so
that a copy in the log of a resumed session, which has another name, is left out as well.

A tool that does not say which session asks, or whose session was given another name by X-Burn-Session, counts twice.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from burn_tui.engine.audit.prepared import Prepared, found_in
from burn_tui.engine.audit.reader import Found
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.ledger_writing import LONGEST_CALL_S
from burn_tui.engine.tables import audit as sql

AROUND_S = 60.0
"""A tool writes its log a moment after the gateway has written its row, or before it."""

_MARK = b"served "
"""Before the id of a response, so that it is no second key of another one."""


class ServedHere:
    """Of the responses in these pieces. It costs one small question where the gateway has served nobody yet."""

    def __init__(self, connection: sqlite3.Connection, pieces: Sequence[Prepared], *, now: float) -> None:
        self._connection = connection
        self._calls: dict[str, list[tuple[float, float]]] = defaultdict(list)
        """By session: when they began and ended, in seconds since the epoch."""
        self.is_any = connection.execute(sql.ANY_GATEWAY).fetchone() is not None
        """Whether there is anything to ask."""
        times = [found.at for piece in pieces for found in found_in(piece)] if self.is_any else []
        if times:
            self._look(min(times) - LONGEST_CALL_S, max(times) + AROUND_S, now)

    def __call__(self, event_id: bytes, found: Found) -> bool:
        """Whether the gateway has served the response, as far as this copy of it tells; remembers it if so."""
        calls = self._calls.get(found.session_id, ())
        if any(began - AROUND_S <= found.at <= ended + AROUND_S for began, ended in calls):
            self._connection.execute(sql.KEEP_TWIN, (_MARK + event_id, b""))
            return True
        return self._connection.execute(sql.TWIN, (_MARK + event_id,)).fetchone() is not None

    def _look(self, since: float, until: float, now: float) -> None:
        values = {"since_us": microseconds(since), "until_us": microseconds(until), "now_us": microseconds(now)}
        for session, began_us, ended_us in self._connection.execute(sql.GATEWAY_CALLS, values):
            self._calls[session].append((began_us / 1_000_000, ended_us / 1_000_000))
