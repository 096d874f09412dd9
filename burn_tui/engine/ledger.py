"""The ledger: one row an attempt, and the sums of those rows, in one SQLite file that several processes share.

    reserve ──> row is open, its estimate is reserved ──settle──> row is settled, counted, and never changes again
                                │
                                └── its process died: settled as "interrupted" when a ledger is next opened

A row is on disk before its call leaves, so a bill has a row even if the power goes; what a call came to is on disk a
moment after it (ledger_flushing.py). While the file cannot be written
(a full disk, a damaged page) calls go on: their rows wait in memory (ledger_backlog.py), `trouble` says so, and they
are written as soon as it works again, also into the file that `burn-tui doctor --repair` puts in its place.

Whatever is asked or written is one function that runs in the database's thread, however many statements it has.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import aiosqlite
from msgspec import structs

from burn_tui.core.budget import Budget, Exceeds, Fits, Spent, reserve
from burn_tui.core.burn import Spending
from burn_tui.core.catalog import Target
from burn_tui.core.errors import LedgerError, LedgerUnavailableError
from burn_tui.core.latency import Histogram
from burn_tui.core.minutes import minute_of
from burn_tui.core.usage import AttemptOpened, Correction, UsageRecord, unsent
from burn_tui.engine import ledger_reading as reading
from burn_tui.engine.ledger_asides import BesideAttempts
from burn_tui.engine.ledger_backlog import Backlog, left_beside
from burn_tui.engine.ledger_errors import explained
from burn_tui.engine.ledger_file import flush_log, make_private_file
from burn_tui.engine.ledger_flushing import Flushing
from burn_tui.engine.ledger_reading import rows
from burn_tui.engine.ledger_rows import LATE_S, identifier, microseconds, record_of
from burn_tui.engine.ledger_transactions import IN_MEMORY, FileReplacedError, Kind, Transactions
from burn_tui.engine.ledger_writing import Writing
from burn_tui.engine.ownership import this_process
from burn_tui.engine.tables import ledger as sql

BUSY_S = 10.0
"""How long a statement waits for another process's transaction before it is an error."""

T = TypeVar("T")


class Ledger(BesideAttempts):
    """Made by `open` or `in_memory`. Every method may be called by many tasks at once.

    Every method raises LedgerError, with the mend, for whatever the database cannot do; except that what a live call
    writes is kept in memory where it may be possible later.
    """

    def __init__(self, connection: aiosqlite.Connection, transactions: Transactions, *, file: str, owner: str) -> None:
        self.on_trouble: Callable[[], None] = lambda: None
        """Called whenever `trouble` has changed."""
        self._connection = connection
        self._transactions = transactions
        self._file = file
        self._owner = owner
        self._backlog = Backlog()
        self._flushing = Flushing(self._flush)
        self._along: list[Callable[[Writing], object]] = []
        """What is written with whatever is written next."""
        self._error: LedgerUnavailableError | None = None
        self._latest: tuple[object, Spending] | None = None
        # The database orders what tasks do, except for these two.
        self._reserving_in_memory = asyncio.Lock()
        self._following = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, *, now: float, owner: str | None = None) -> Self:
        """The ledger in `path`, made if there is none. Rows that dead processes left open are settled as interrupted.

        `now`: seconds since the epoch. `owner`: who the rows of this ledger belong to; None = this process.
        """
        owner = owner or this_process()
        with explained(str(path)):
            make_private_file(path)
            ledger = cls(*await _connected(str(path), owner), file=str(path), owner=owner)
            try:
                await ledger._transacted("IMMEDIATE", lambda writing: writing.tidy(now))
                await ledger._take_in_what_was_left()
            except BaseException:
                await ledger._connection.close()
                raise
        return ledger

    @classmethod
    async def in_memory(cls) -> Self:
        """A ledger that is gone when it is closed."""
        owner = this_process()
        return cls(*await _connected(IN_MEMORY, owner), file=IN_MEMORY, owner=owner)

    async def close(self) -> None:
        """After what is being written is written. What cannot be is left beside the file, if that is possible."""
        if self._backlog or self._along:
            with suppress(LedgerError):
                await self._write(lambda _: None)
        if self._backlog.attempts and self._file != IN_MEMORY:
            with suppress(OSError):
                self._backlog.leave_beside(Path(self._file))
                self._backlog = Backlog()
        try:
            await self._flushing.finish()
        finally:
            with explained(self._file):
                await self._connection.close()

    @property
    def trouble(self) -> str | None:
        """Why not everything is written, with the mend; None = all is well."""
        if self._error is None:
            return None
        attempts = self._backlog.attempts
        waiting = (
            f"{attempts} attempt{'' if attempts == 1 else 's'} not written yet, kept in memory. " if attempts else ""
        )
        return f"{waiting}{self._error}"

    @property
    def is_lasting(self) -> bool:
        """False = it is gone when it is closed."""
        return self._file != IN_MEMORY

    # --- attempts -----------------------------------------------------------------------------------

    async def reserve(self, opened: AttemptOpened, budgets: tuple[Budget, ...]) -> Fits | Exceeds:
        """Put the row on disk if its estimate fits into all of `budgets`, which cover it; else write nothing.

        Looking and writing are one transaction, so that no two requests, of whichever process, share the last cent.
        """
        try:
            return await self._write(lambda writing: writing.reserve(opened, budgets))
        except LedgerUnavailableError:
            return await self._reserve_in_memory(opened, budgets)
        except asyncio.CancelledError:
            # The row may be there already, and whoever is cancelled here will not settle it.
            await asyncio.shield(self._settle_if_open(opened))
            raise

    async def settle(self, record: UsageRecord) -> None:
        """Complete the row and add it to the roll-ups. The first settlement of a row is the one that holds."""
        try:
            await self._write(lambda writing: writing.settle(record), waits_for_disk=False)
        except LedgerUnavailableError:
            self._backlog.settle(record)
            self.on_trouble()

    async def record(self, records: Iterable[UsageRecord]) -> None:
        """Write rows that are complete from the start, all or none. Those that are settled already stay as they are."""
        given = list(records)
        try:
            await self._write(lambda writing: writing.settle_all(given))
        except LedgerUnavailableError:
            for record in given:
                self._backlog.settle(record)
            self.on_trouble()

    async def take_over(self, records: Iterable[UsageRecord], *, now: float) -> int:
        """Write rows of calls that others made, all or none; how many were new. What ended long before `now` is late.

        LedgerUnavailableError where they cannot be written: whoever imports can do so again.
        """
        dated = [structs.replace(record, is_late=now - _ended(record) > LATE_S) for record in records]
        return await self._write(lambda writing: writing.settle_all(dated))

    async def correct(self, correction: Correction) -> bool:
        """Make the sums hold what is known by now; False if there is no such settled attempt."""
        return await self._write(lambda writing: writing.correct(correction))

    async def records(
        self,
        *,
        request_id: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
    ) -> list[UsageRecord]:
        """The newest `limit` settled attempts (of one request, or started in [since, until)), oldest first."""
        if request_id is not None:
            statement, values = sql.RECORDS_OF_REQUEST, {"request_id": identifier(request_id), "limit": limit}
        else:
            after_all = 2**62 if until is None else microseconds(until)
            times = {"since_us": 0 if since is None else microseconds(since), "until_us": after_all}
            statement, values = sql.RECORDS, {**times, "limit": limit}
        return [record_of(dict(row)) for row in reversed(await self._rows(statement, values))]

    async def open_attempts(self, budget: Budget | None = None, *, at: float = 0.0) -> int:
        """Calls in flight, in all processes that share the ledger; of a budget those that hold a part of its period
        around `at`, seconds since the epoch.
        """
        if budget is not None:
            return await self._read(lambda connection: reading.open_in_period(connection, budget, at))
        (row,) = await self._rows(sql.ALL_OPEN_ATTEMPTS)
        return int(row["open_attempts"])

    # --- sums ---------------------------------------------------------------------------------------

    async def spent(
        self,
        *,
        since: float,
        until: float,
        provider_name: str | None = None,
        environment: str | None = None,
        session_id: str | None = None,
        project: str | None = None,
    ) -> int:
        """Nano-USD of the attempts that started in [since, until), seconds since the epoch.

        Settled ones count with their cost, open ones with their estimate, and those of unknown cost not at all.
        """
        given = {
            "provider_name": provider_name,
            "environment": environment,
            "session_id": session_id,
            "project": project,
        }
        labels = {name: value for name, value in given.items() if value is not None}
        return await self._read(lambda connection: reading.spent(connection, since, until, labels))

    async def spent_in_period(self, budget: Budget, *, at: float) -> Spent:
        """What the budget's period around `at` (seconds since the epoch) has cost, reservations included."""
        spent = await self._read(lambda connection: reading.spent_in_period(connection, budget, at))
        return Spent(budget, spent.spent_nanousd + self._backlog.spent(budget, at=at))

    async def spending(self, *, day_start: float, now: float, version: tuple[int, ...] | None = None) -> Spending:
        """What the burn panel needs. Times are seconds since the epoch; `day_start` is a whole minute.

        Asked again before anything was written, by whichever process, and within the same minute, it costs one
        tiny query, and none for who gives the `version` that `data_version` has just told.
        """
        if version is not None and self._latest is not None and self._latest[0] == (version, day_start, minute_of(now)):
            return self._latest[1]

        def look(connection: sqlite3.Connection) -> tuple[object, Spending]:
            key = (_version(connection), day_start, minute_of(now))
            if self._latest is not None and self._latest[0] == key:
                return self._latest
            return key, reading.spending(connection, day_start, now)

        self._latest = await self._read(look)
        return self._latest[1]

    async def first_chunks(self, target: Target, *, now: float) -> Histogram:
        """The target's times to the first chunk over the last 24 hours; {} = it was not asked."""
        return await self._read(lambda connection: reading.first_chunks(connection, target, now))

    async def data_version(self) -> tuple[int, ...]:
        """Something that differs as soon as this or another process has written what figures and alarms are made of,
        for whoever wants to look often.
        """
        return await self._read(_version)

    async def rebuild_rollups(self) -> None:
        """Compute all roll-ups anew from the rows."""
        await self._write(lambda writing: writing.rebuild_rollups())

    # --- for other modules that keep their tables in the same file -----------------------------------

    async def read(self, statement: str, values: Mapping[str, object]) -> list[sqlite3.Row]:
        """The rows of a question."""
        return await self._read(lambda connection: rows(connection, statement, values))

    async def write(self, changes: Sequence[tuple[str, Mapping[str, object]]]) -> None:
        """All of the changes, each a statement and its values, or none.

        LedgerUnavailableError where that may be possible later: what is changed here is not kept for then.
        """

        def work(writing: Writing) -> None:
            for statement, values in changes:
                writing.connection.execute(statement, values)

        await self._write(work)

    async def reading(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` finds with several questions, all of one moment. It runs in the database's thread."""
        return await self._read(work)

    async def writing(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in one transaction, all or nothing; as `write` else. It runs in the database's thread."""
        return await self._write(lambda writing: work(writing.connection))

    def write_along(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Do `work` in the transaction of whatever is written next, or before something is read: a commit of its own
        costs as much as a call's row. For what a request leaves beside its rows, and may lose if the process is killed.
        """
        self._along.append(lambda writing: work(writing.connection))

    # --- how ----------------------------------------------------------------------------------------

    async def _reserve_in_memory(self, opened: AttemptOpened, budgets: tuple[Budget, ...]) -> Fits | Exceeds:
        """The same without a file, as far as this process can see; LedgerError if budgets cannot even be read."""
        async with self._reserving_in_memory:
            spent = [await self.spent_in_period(budget, at=opened.started_at) for budget in budgets]
            fits = reserve(opened.cost_estimate_nanousd, spent)
            if isinstance(fits, Fits):
                self._backlog.open(opened)
                self.on_trouble()
            return fits

    async def _settle_if_open(self, opened: AttemptOpened) -> None:
        if await self._rows(sql.IS_OPEN, {"event_id": identifier(opened.event_id)}):
            await self.settle(unsent(opened, "cancelled"))

    async def _take_in_what_was_left(self) -> None:
        left = left_beside(Path(self._file))
        if left:
            for path in left:
                self._backlog.take_in(path)
            await self._write(lambda _: None)
            for path in left:
                path.unlink(missing_ok=True)

    async def _note(self, statement: str, values: Mapping[str, object]) -> None:
        def work(writing: Writing) -> None:
            writing.connection.execute(statement, values)

        try:
            await self._write(work)
        except LedgerUnavailableError:
            self._backlog.add(work)
            self.on_trouble()

    async def _rows(self, statement: str, values: Mapping[str, object] | None = None) -> list[sqlite3.Row]:
        return await self.read(statement, values or {})

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` finds, all of one moment although other processes write."""
        if self._along:
            with suppress(LedgerUnavailableError):
                await self._write(lambda _: None)
        return await self._transacted("DEFERRED", lambda writing: work(writing.connection))

    async def _write(self, work: Callable[[Writing], T], *, waits_for_disk: bool = True) -> T:
        """In one transaction with whatever waits to be written."""
        waiting = self._backlog.taken() if self._backlog else None
        waits_for_disk |= waiting is not None
        along = Backlog()
        along.others, self._along = self._along, along.others

        def all_of_it(writing: Writing) -> T:
            if waiting is not None:
                waiting.write(writing)
            along.write(writing)
            return work(writing)

        try:
            result = await self._transacted("IMMEDIATE", all_of_it, waits_for_disk=waits_for_disk)
        except LedgerUnavailableError as error:
            self._error = error
            self._backlog.others += along.others
            self.on_trouble()
            raise
        if not waits_for_disk and self.is_lasting:
            self._flushing.begin()
        if waiting is not None:
            self._backlog.drop(waiting)
        if self._error is not None:
            self._error = None
            self.on_trouble()
        return result

    async def _transacted(self, kind: Kind, work: Callable[[Writing], T], *, waits_for_disk: bool = True) -> T:
        """In the file that stands in the ledger's place now."""
        with explained(self._file):
            try:
                return await self._run(kind, work, waits_for_disk=waits_for_disk)
            except FileReplacedError:
                await self._follow()
                return await self._run(kind, work, waits_for_disk=waits_for_disk)

    async def _run(self, kind: Kind, work: Callable[[Writing], T], *, waits_for_disk: bool) -> T:
        run = partial(self._transactions.run, kind, work, waits_for_disk=waits_for_disk)
        return await _hop(self._connection, run)

    async def _flush(self) -> None:
        """What cannot be flushed is trouble; of a file that has made room for another it matters no more."""
        with suppress(LedgerError):
            try:
                with explained(self._file):
                    await _hop(self._connection, partial(flush_log, Path(self._file)))
            except LedgerUnavailableError as error:
                self._error = error
                self.on_trouble()

    async def _follow(self) -> None:
        """Go over to the file that took the ledger's place."""
        async with self._following:
            if self._transactions.is_replaced:
                old = self._connection
                self._connection, self._transactions = await _connected(self._file, self._owner)
                await old.close()


async def _connected(file: str, owner: str) -> tuple[aiosqlite.Connection, Transactions]:
    connection = await aiosqlite.connect(file, timeout=BUSY_S, isolation_level=None)
    try:
        return connection, await _hop(connection, partial(_transactions, connection, file, owner))
    except BaseException:
        await connection.close()
        raise


def _transactions(connection: aiosqlite.Connection, file: str, owner: str) -> Transactions:
    return Transactions(connection._conn, file=file, owner=owner)  # noqa: SLF001 - in the thread that it belongs to


async def _hop(connection: aiosqlite.Connection, work: Callable[[], T]) -> T:
    """Run `work` in the database's thread. aiosqlite's own methods are this with one statement each, and a hop costs
    more than most statements.
    """
    execute: Callable[[Callable[[], T]], Awaitable[T]] = connection._execute  # noqa: SLF001
    return await execute(work)


def _version(connection: sqlite3.Connection) -> tuple[int, ...]:
    (row,) = rows(connection, sql.VERSION)
    return tuple(row)


def _ended(record: UsageRecord) -> float:
    return record.opened.started_at + record.duration_s
