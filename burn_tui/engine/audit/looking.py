"""Looks at everything that an audit says, and remembers it for as long as the ledger stays as it is.

ledger: anything new? ── no ──> what is remembered, of this process or of the file beside the ledger
              │ yes
              └──> the prices of all models ──> asking.py, in two threads with connections of their own
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path

import msgspec
from msgspec import Struct

from burn_tui.core.audit import Audit
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price
from burn_tui.core.routing import Route
from burn_tui.engine.audit.asking import Answerers, audit, models_met, state_of
from burn_tui.engine.audit.pricing import Prices
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.reports import ledger_to_read

REMEMBERED = 4
"""Periods, of which a person looks at one or two."""

_FILE = "PRAGMA database_list"


class _Remembered(Struct, frozen=True):
    """One audit, and what it was made of."""

    key: str
    audit: Audit


class Looking:
    """For one ledger. Its methods raise LedgerError."""

    def __init__(
        self,
        ledger: Ledger,
        prices: Prices,
        *,
        routes: Iterable[Route],
        targets: Iterable[Target],
        own_price: Callable[[Target], Price | None] = lambda _: None,
        own_window: Callable[[Target], int | None] = lambda _: None,
        cache: Path | None = None,
        made_for: object = None,
    ) -> None:
        """`made_for`: what routes and prices are of, for whoever wants to know whether they still hold."""
        self.made_for = made_for
        self._ledger = ledger
        self._prices = prices
        self._routes = tuple(routes)
        self._targets = tuple(targets)
        self._own_price = own_price
        self._own_window = own_window
        self._cache = cache
        """Where audits are kept from one process to the next; None = nowhere."""
        self._remembered: dict[float, _Remembered] = {}
        self._asking: dict[float, asyncio.Task[Audit]] = {}

    async def look(self, since: float, now: float) -> Audit:
        """Of the attempts that started since then, both in seconds since the epoch.

        What is remembered has the `until` of its time: whatever has started meanwhile would have been written.
        Whoever asks again while it is being reckoned waits for the same, also if nobody has the patience to the end.
        """
        asking = self._asking.get(since)
        if asking is None:
            asking = self._asking[since] = asyncio.create_task(self._look(since, now))
            asking.add_done_callback(partial(self._done, since))
        return await asyncio.shield(asking)

    def _done(self, since: float, asked: asyncio.Task[Audit]) -> None:
        del self._asking[since]
        if not asked.cancelled():
            asked.exception()  # who waited was told; without anybody there is nobody to tell

    async def _look(self, since: float, now: float) -> Audit:
        state, models = await self._ledger.reading(lambda connection: (state_of(connection), models_met(connection)))
        await self._prices.know([(target.provider_name, target.model) for target in (*models, *self._targets)])
        answerers = Answerers(price=self._price, window=self._window, routes=self._routes, targets=self._targets)
        key = self._key(state, since, models)
        known = self._remembered.get(since) or self._read()
        if known is None or known.key != key:
            known = _Remembered(key, await self._asked(partial(audit, since=since, now=now, answerers=answerers)))
            self._write(known)
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
        self._remembered[since] = known
        return known.audit

    async def _asked(self, question: Callable[..., Audit]) -> Audit:
        """The answer, without holding up whoever writes to the ledger meanwhile."""
        file = await self._ledger.reading(_file)
        return await (self._ledger.reading(question) if file is None else asyncio.to_thread(_in_thread, file, question))

    def _price(self, target: Target) -> Price | None:
        return self._own_price(target) or self._prices.price(target)

    def _window(self, target: Target) -> int | None:
        return self._own_window(target) or self._prices.window(target)

    def _key(self, state: str, since: float, models: Iterable[Target]) -> str:
        """Of everything that an audit is made of."""
        targets = dict.fromkeys((*models, *self._targets, *(one for route in self._routes for one in route.targets)))
        facts = [(str(target), self._price(target), self._window(target)) for target in targets]
        made_of = msgspec.json.encode((state, since, facts, [(route.name, route.targets) for route in self._routes]))
        return blake2b(made_of, digest_size=16).hexdigest()

    def _read(self) -> _Remembered | None:
        if self._cache is None:
            return None
        try:
            return msgspec.json.decode(self._cache.read_bytes(), type=_Remembered)
        except (OSError, msgspec.DecodeError):
            return None

    def _write(self, made: _Remembered) -> None:
        if self._cache is None:
            return
        # Only ever a saving of time: where it cannot be written all is reckoned again.
        with suppress(OSError):
            fresh = self._cache.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(made))
            fresh.replace(self._cache)


def _file(connection: sqlite3.Connection) -> Path | None:
    """Where the ledger is; None = only in memory."""
    name = connection.execute(_FILE).fetchone()[2]
    return Path(name) if name else None


def _in_thread(file: Path, question: Callable[..., Audit]) -> Audit:
    with ledger_to_read(file) as connection, ledger_to_read(file) as beside:
        if connection is None or beside is None:
            return Audit(since=0.0, until=0.0)
        while state_of(connection) != state_of(beside):  # a row came in between; who reads never waits for who writes
            for one in (connection, beside):
                one.execute("ROLLBACK")
                one.execute("BEGIN")
        return question(connection, beside=beside)
