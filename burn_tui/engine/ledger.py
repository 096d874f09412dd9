"""The ledger: one row an attempt, and the sums of those rows, in one SQLite file that several processes share.

    reserve ──> row is open, its estimate is reserved ──settle──> row is settled, counted, and never changes again
                                │
                                └── its process died: settled as "interrupted" when a ledger is next opened

A row is on disk before its call leaves, so a bill has a row even if the power goes. Roll-ups are kept by triggers
(migrations.py): a row and its sums change in one statement.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

import aiosqlite
import msgspec
from msgspec import structs

from burn_tui.core.breaker import Breaker
from burn_tui.core.budget import Budget, Exceeds, Fits, Spent, period_of, reserve
from burn_tui.core.burn import WINDOW_MINUTES, MinuteSample, ProviderSpending, Spending, minute_of
from burn_tui.core.errors import LedgerError
from burn_tui.core.health import Scope
from burn_tui.core.latency import bucket_of
from burn_tui.core.usage import AttemptOpened, GuardOverride, Usage, UsageRecord
from burn_tui.engine import ledger_sql as sql
from burn_tui.engine.ledger_errors import explained
from burn_tui.engine.ledger_rows import microseconds, open_row, record_of, settled_row
from burn_tui.engine.migrations import APPLICATION_ID, MIGRATIONS
from burn_tui.engine.ownership import may_live, this_process

BUSY_S = 10.0
"""How long a statement waits for another process's transaction before it is an error."""

LONGEST_CALL_S = 86_400.0
"""A row that is open for longer is abandoned, whatever its process looks like: the bound on believing that the
owner of a row lives, when its process number may have been given to somebody else."""

_HOUR_US = 3_600_000_000
_IN_MEMORY = ":memory:"
_SIDE_FILES = ("", "-wal", "-shm")


class Ledger:
    """Made by `open` or `in_memory`. Every method may be called by many tasks at once.

    Every method raises LedgerError, with the mend, for whatever the database cannot do.
    """

    def __init__(self, connection: aiosqlite.Connection, *, file: str, owner: str) -> None:
        self._connection = connection
        self._file = file
        self._owner = owner
        # A transaction of several statements must not swallow a statement of another task, nor roll it back.
        self._lock = asyncio.Lock()
        self._latest: tuple[object, Spending] | None = None

    @classmethod
    async def open(cls, path: Path, *, now: float, owner: str | None = None) -> Self:
        """The ledger in `path`, made if there is none. Rows that dead processes left open are settled as interrupted.

        `now`: seconds since the epoch. `owner`: who the rows of this ledger belong to; None = this process.
        """
        with explained(str(path)):
            _make_private_file(path)
            await _recognise(path)
            ledger = cls(await _connect(str(path)), file=str(path), owner=owner or this_process())
            try:
                await ledger._prepare()
                await ledger._settle_interrupted(now)
            except BaseException:
                await ledger.close()
                raise
            for suffix in _SIDE_FILES:
                _keep_private(path.with_name(path.name + suffix))
        return ledger

    @classmethod
    async def in_memory(cls) -> Self:
        """A ledger that is gone when it is closed."""
        ledger = cls(await _connect(_IN_MEMORY), file=_IN_MEMORY, owner=this_process())
        await ledger._prepare()
        return ledger

    async def close(self) -> None:
        """After what is being written is written."""
        async with self._lock:
            with explained(self._file):
                await self._connection.close()

    async def reserve(self, opened: AttemptOpened, budgets: tuple[Budget, ...]) -> Fits | Exceeds:
        """Put the row on disk if its estimate fits into all of `budgets`, which cover it; else write nothing.

        Looking and writing are one transaction, so that no two requests, of whichever process, share the last cent.
        """
        try:
            async with self._transaction("IMMEDIATE"):
                spent = [await self._spent_in_period(budget, opened.started_at) for budget in budgets]
                fits = reserve(opened.cost_estimate_nanousd, spent)
                if isinstance(fits, Fits):
                    await self._connection.execute(sql.OPEN_ATTEMPT, open_row(opened, owner=self._owner))
                return fits
        except asyncio.CancelledError:
            # The row may be there already, and whoever is cancelled here will not settle it.
            await asyncio.shield(self._settle_if_open(opened))
            raise

    async def settle(self, record: UsageRecord) -> None:
        """Complete the row and add it to the roll-ups. The first settlement of a row is the one that holds."""
        await self._write(sql.SETTLE, settled_row(record))

    async def record(self, records: Iterable[UsageRecord]) -> None:
        """Write rows that are complete from the start, all or none. Those that are settled already stay as they are."""
        rows = [settled_row(record) for record in records]
        async with self._transaction("IMMEDIATE"):
            await self._connection.executemany(sql.SETTLE, rows)

    async def records(self, *, request_id: str | None = None, limit: int = 100) -> list[UsageRecord]:
        """The newest `limit` settled attempts (of one request), oldest first."""
        if request_id is None:
            rows = await self._read(sql.RECORDS, {"limit": limit})
        else:
            rows = await self._read(sql.RECORDS_OF_REQUEST, {"request_id": request_id, "limit": limit})
        return [record_of(dict(row)) for row in reversed(rows)]

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
        statement, values = _question_of_spent(
            since,
            until,
            provider_name=provider_name,
            environment=environment,
            session_id=session_id,
            project=project,
        )
        rows = await self._read(statement, values)
        return int(rows[0]["spent_nanousd"])

    async def spent_in_period(self, budget: Budget, *, at: float) -> Spent:
        """What the budget's period around `at` (seconds since the epoch) has cost, reservations included."""
        async with self._transaction("DEFERRED"):
            return await self._spent_in_period(budget, at)

    async def open_attempts(self) -> int:
        """Calls in flight, in all processes that share the ledger."""
        (row,) = await self._read(sql.ALL_OPEN_ATTEMPTS)
        return int(row["open_attempts"])

    async def rests(self) -> dict[Scope, tuple[Breaker, str | None]]:
        """The rests that were kept, each with the fingerprint of the key that it was learned with."""
        return {
            Scope(row["provider_name"], row["lane"], row["model"]): (
                Breaker(row["failures"], row["resting_until"], row["resting_for"]),
                row["key_fingerprint"],
            )
            for row in await self._read(sql.RESTS)
        }

    async def keep_rest(self, scope: Scope, breaker: Breaker, fingerprint: str | None) -> None:
        """Remember the rest for after a restart, or forget it where there is none any more."""
        key = {"provider_name": scope.provider_name, "lane": scope.lane, "model": scope.model}
        if breaker.resting_until is None:
            await self._write(sql.FORGET_REST, key)
            return
        rest = {
            "failures": breaker.failures,
            "resting_until": breaker.resting_until,
            "resting_for": breaker.resting_for,
            "key_fingerprint": fingerprint,
        }
        await self._write(sql.KEEP_REST, key | rest)

    async def note_override(self, override: GuardOverride) -> None:
        """Write down that a person overruled a guard."""
        columns = structs.asdict(override)
        columns["at_us"] = microseconds(columns.pop("at"))
        await self._write(sql.NOTE_OVERRIDE, columns)

    async def overrides(self) -> list[GuardOverride]:
        """Every time that a person overruled a guard, oldest first."""
        return [
            GuardOverride(
                event_id=row["event_id"],
                at=row["at_us"] / 1_000_000,
                environment=row["environment"],
                session_id=row["session_id"],
                why=row["why"],
                unlocked=bool(row["unlocked"]),
            )
            for row in await self._read(sql.OVERRIDES)
        ]

    async def spending(self, *, day_start: float, now: float) -> Spending:
        """What the burn panel needs. Times are seconds since the epoch; `day_start` is a whole minute.

        Asked again before anything was written, by whichever process, and within the same minute, it costs one
        tiny query.
        """
        key = (await self.data_version(), day_start, minute_of(now))
        if self._latest is None or self._latest[0] != key:
            self._latest = (key, await self._read_spending(day_start, now))
        return self._latest[1]

    async def data_version(self) -> tuple[int, int]:
        """Something that differs as soon as this or another process has written, for whoever wants to look often."""
        (row,) = await self._read(sql.VERSION)
        return row["data_version"], row["own_changes"]

    async def rebuild_rollups(self) -> None:
        """Compute all roll-ups anew from the rows."""
        async with self._transaction("IMMEDIATE"):
            for statement in sql.REBUILD_ROLLUPS:
                await self._connection.execute(statement)

    async def _prepare(self) -> None:
        """Make what is there a ledger of this version."""
        # Some builds of SQLite allow no functions of ours in views and triggers unless the schema is trusted.
        for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = ON"):
            await self._rows(f"PRAGMA {setting}")
        await self._connection.create_function("latency_bucket", 1, bucket_of, deterministic=True)
        for version in range(await self._number("PRAGMA user_version") + 1, len(MIGRATIONS) + 1):
            await self._migrate_to(version)

    async def _migrate_to(self, version: int) -> None:
        async with self._transaction("IMMEDIATE"):
            # Another process may have done it while this one waited for its turn.
            if await self._number("PRAGMA user_version") < version:
                for statement in MIGRATIONS[version - 1]:
                    await self._connection.execute(statement)
                await self._connection.execute(f"PRAGMA user_version = {version}")

    async def _settle_interrupted(self, now: float) -> None:
        owners = [row["owner"] for row in await self._rows(sql.OPEN_OWNERS)]
        if not owners:
            return
        dead = [owner for owner in owners if not may_live(owner)]
        values = {
            "now_us": microseconds(now),
            "dead_owners": msgspec.json.encode(dead).decode(),
            "abandoned_before_us": microseconds(now - LONGEST_CALL_S),
        }
        await self._write(sql.INTERRUPT, values)

    async def _spent_in_period(self, budget: Budget, at: float) -> Spent:
        """For use within a transaction."""
        start, end = period_of(budget, datetime.fromtimestamp(at, UTC))
        kind, _, name = budget.scope.partition(":")
        label = {} if kind == "all" else {_LABELS[kind]: name}
        rows = await self._rows(*_question_of_spent(start.timestamp(), end.timestamp(), **label))
        return Spent(budget, int(rows[0]["spent_nanousd"]))

    async def _settle_if_open(self, opened: AttemptOpened) -> None:
        rows = await self._read(sql.IS_OPEN, {"event_id": opened.event_id})
        if rows:
            await self.settle(_never_sent(opened))

    async def _read_spending(self, day_start: float, now: float) -> Spending:
        times = {
            "now_us": microseconds(now),
            "now_minute": minute_of(now),
            "now_hour": microseconds(now) // _HOUR_US,
            "day_start_us": microseconds(day_start),
            "day_start_minute": minute_of(day_start),
            "window": WINDOW_MINUTES,
        }
        # One transaction, so that all figures are of the same moment although other processes write.
        async with self._transaction("DEFERRED"):
            samples = await self._rows(sql.MINUTE_SAMPLES, times)
            sums = await self._rows(sql.PROVIDER_SUMS, times)
            first_chunks = await self._rows(sql.FIRST_CHUNKS, times)
            last_errors = await self._rows(sql.LAST_ERRORS, times)
            open_attempts = await self._rows(sql.OPEN_ATTEMPTS)
        return Spending(
            minutes=tuple(MinuteSample(row["minute"], row["cost_nanousd"], row["tokens"]) for row in samples),
            providers=_providers(sums, first_chunks, last_errors, open_attempts),
        )

    async def _write(self, statement: str, values: Mapping[str, object]) -> None:
        async with self._lock:
            with explained(self._file):
                await self._connection.execute(statement, values)

    async def _read(self, statement: str, values: Mapping[str, object] | None = None) -> list[aiosqlite.Row]:
        async with self._lock:
            with explained(self._file):
                return await self._rows(statement, values)

    async def _rows(self, statement: str, values: Mapping[str, object] | None = None) -> list[aiosqlite.Row]:
        """For use while nobody else can interfere: within a transaction, and before the ledger is handed out."""
        return list(await self._connection.execute_fetchall(statement, values or {}))

    async def _number(self, statement: str) -> int:
        (row,) = await self._rows(statement)
        return int(row[0])

    @asynccontextmanager
    async def _transaction(self, kind: Literal["IMMEDIATE", "DEFERRED"]) -> AsyncIterator[None]:
        async with self._lock:
            with explained(self._file):
                try:
                    await self._connection.execute(f"BEGIN {kind}")
                    yield
                    await self._connection.commit()
                except BaseException:
                    # Shielded: a transaction left open by a second cancellation would take in other tasks' rows.
                    await asyncio.shield(self._connection.rollback())
                    raise


async def _connect(file: str, *, uri: bool = False) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(file, timeout=BUSY_S, isolation_level=None, uri=uri)
    connection.row_factory = aiosqlite.Row
    return connection


async def _recognise(path: Path) -> None:
    """LedgerError unless the file is empty or a ledger that this version knows.

    Looked at through a connection that cannot write: one that can would fold another program's log into its file.
    """
    connection = await _connect(_read_only(path), uri=True)
    try:
        (row,) = await connection.execute_fetchall(sql.IDENTITY)
    finally:
        await connection.close()
    if row["tables"] > 0 and row["application_id"] != APPLICATION_ID:
        mend = "Name another directory with --data-dir."
        raise LedgerError("is a database of another program.", file=str(path), mend=mend)
    if row["user_version"] > len(MIGRATIONS):
        problem = f"was written by a newer burn-tui (schema {row['user_version']}, this one knows {len(MIGRATIONS)})."
        raise LedgerError(problem, file=str(path), mend="Upgrade burn-tui, or name another --data-dir.")


def _read_only(path: Path) -> str:
    """The address (sqlite.org/uri.html) of a file that is not to be written."""
    return f"{path.absolute().as_uri()}?mode=ro"


def _make_private_file(path: Path) -> None:
    """Make file and directory, for this user only; what is there stays as it is. OSError if it cannot be written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _keep_private(path: Path) -> None:
    if path.exists() and path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _never_sent(opened: AttemptOpened) -> UsageRecord:
    """An attempt that was called off while its row was being written."""
    nothing = Usage(input_tokens=0, output_tokens=0)
    return UsageRecord(opened=opened, duration_s=0.0, usage=nothing, cost_nanousd=0, error_type="cancelled")


_LABELS = {"provider": "provider_name", "environment": "environment", "session": "session_id", "project": "project"}
"""Of a budget's scope."""


def _question_of_spent(
    since: float,
    until: float,
    *,
    provider_name: str | None = None,
    environment: str | None = None,
    session_id: str | None = None,
    project: str | None = None,
) -> tuple[str, dict[str, object]]:
    """The statement that adds up a period, and its values; sessions and projects are not in the roll-ups."""
    filters: dict[str, object] = {
        "provider_name": provider_name,
        "environment": environment,
        "session_id": session_id,
        "project": project,
    }
    if session_id is not None:
        statement = sql.SPENT_BY_SESSION
    else:
        statement = sql.SPENT if project is None else sql.SPENT_BY_PROJECT
    return statement, filters | _parts_of_period(microseconds(since), microseconds(until))


def _parts_of_period(since_us: int, until_us: int) -> dict[str, object]:
    """A period cut into whole hours and what is left of it at both ends, either of which may be empty."""
    first_hour, after_hour = -(-since_us // _HOUR_US), until_us // _HOUR_US
    head_end_us = min(first_hour * _HOUR_US, until_us)
    return {
        "since_us": since_us,
        "head_end_us": head_end_us,
        "first_hour": first_hour,
        "after_hour": after_hour,
        "tail_start_us": max(after_hour * _HOUR_US, head_end_us),
        "until_us": until_us,
    }


_Rows = Iterable[aiosqlite.Row]


def _providers(
    sums: _Rows, first_chunks: _Rows, last_errors: _Rows, open_attempts: _Rows
) -> tuple[ProviderSpending, ...]:
    """One for each provider that was called today or is being called."""
    parts: dict[str, dict[str, Any]] = {row["provider_name"]: dict(row) for row in sums}
    for row in open_attempts:
        parts.setdefault(row["provider_name"], {}).update(dict(row))
    for row in last_errors:
        parts[row["provider_name"]]["last_error_type"] = row["error_type"]
    for row in first_chunks:
        if row["provider_name"] in parts:
            parts[row["provider_name"]].setdefault("first_chunk", {})[row["bucket"]] = row["samples"]
    return tuple(ProviderSpending(**part) for part in parts.values())
