"""Which models providers say they answer with. One that is new behind a known name is told of, once."""

from collections.abc import Callable
from functools import partial
from sqlite3 import Connection

from burn_tui.core.alerts import Told
from burn_tui.core.errors import LedgerUnavailableError
from burn_tui.core.model_changes import ModelChange
from burn_tui.core.usage import UsageRecord
from burn_tui.engine import burn_memory
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.tables import prompts as sql


class ServedModels:
    """One for a process; all that share a ledger share what it remembers, so that a change is told of once."""

    def __init__(self, ledger: Ledger, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._now = now
        self._known: set[tuple[str, str, str]] = set()

    async def note(self, record: UsageRecord) -> None:
        """Remember who answered. Nearly always that is known, and costs nothing."""
        if record.response_model is None or record.opened.source != "router":
            return
        key = (record.opened.provider_name, record.opened.request_model, record.response_model)
        if key in self._known:
            return
        try:
            await self._ledger.writing(partial(_noted, key=key, at_us=microseconds(self._now())))
        except LedgerUnavailableError:
            return  # the next answer tells
        self._known.add(key)


def _noted(connection: Connection, key: tuple[str, str, str], at_us: int) -> None:
    provider_name, request_model, response_model = key
    before = [row[0] for row in connection.execute(sql.SERVED, (provider_name, request_model))]
    if response_model in before:
        return
    connection.execute(sql.NOTE_SERVED, (*key, at_us))
    if before:
        change = ModelChange(
            provider_name=provider_name, request_model=request_model, before=before[-1], after=response_model
        )
        burn_memory.tell(connection, [Told(id=at_us, at=at_us / 1e6, what=change)])
