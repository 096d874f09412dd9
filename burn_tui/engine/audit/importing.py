"""Takes over into the ledger what other tools have logged, from where it was left.

    homes ──walk──> logs ──compare with audit_files──> those that changed ──worker processes──> pieces
                                                                                                  │
    ledger <──one transaction a batch: rows, sums, how far each log was read──────────────────────┘

Whoever stops it loses nothing but the batch that was under way: the next import goes on after the one before.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from msgspec import Struct

from burn_tui.core.audit_progress import Progress
from burn_tui.engine.audit.filing import Filed, Filing
from burn_tui.engine.audit.logs import Log, logs_below, roots
from burn_tui.engine.audit.pieces import Place, ReadPiece, Wanted, read_log
from burn_tui.engine.audit.prepared import Prepared, anew, prepared
from burn_tui.engine.audit.pricing import Prices
from burn_tui.engine.audit.worker import LENGTH, PIPE_BYTES, Order, decoded, encoded
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.tables import audit as sql

BATCH_ROWS, BATCH_FILES = 5_000, 500
"""What is written in one transaction: little enough that nobody waits long for the lock."""

LARGE_BYTES = 256 << 20
LARGE_TIMES = 6
"""An import of so much is done once. Its batches are so many times as large: each of them writes nearly all pages of an
index of random ids anew."""
PARTS = 20
"""Of the first and the last one of so many the batches are small all the same: prices are looked up for the first, and
while the last is written nothing is left to be read.
"""

ROOMY = ("PRAGMA cache_size = -65536", "PRAGMA wal_autocheckpoint = 16384")
USUAL = ("PRAGMA cache_size = -2000", "PRAGMA wal_autocheckpoint = 1000")
"""SQLite's own: 2 MB of pages in memory, and a log of 4 MB (sqlite.org/pragma.html)."""

ORDER_BYTES = 8 << 20
"""Of logs that a worker is given at once."""

FEW_BYTES = 4 << 20
"""That much is read before a worker would have started."""

MOST_WORKERS = 4
"""One for each core, up to so many: the writer, who is one more, cannot take in what more of them read."""

QUEUED_PIECES = 48
"""Read and not written yet, so that workers go on while a batch is written; more would only take memory."""


class Imported(Struct, frozen=True, kw_only=True):
    """What an import came to."""

    logs: Sequence[Log]
    """All that are there, read anew or not."""
    new_rows: int
    corrected: int


Tell = Callable[[Progress], None]


class Importer:
    """For one ledger. `environ` says where tools keep their logs elsewhere; {} = only the homes are looked at."""

    def __init__(
        self,
        ledger: Ledger,
        prices: Prices,
        *,
        homes: Iterable[Path],
        environ: Mapping[str, str],
        clock: Clock,
        workers: int | None = None,
    ) -> None:
        self.roots = roots(homes, environ)
        self._ledger = ledger
        self._prices = prices
        self._clock = clock
        self._workers = min(os.cpu_count() or 1, MOST_WORKERS) if workers is None else workers

    async def run(self, tell: Tell | None = None) -> Imported:
        """Read whatever has changed. `tell` is called after each batch."""
        logs = await asyncio.to_thread(self.logs)
        wanted = await self.wanted(logs)
        filed = await self._import(wanted, tell or _quietly)
        return Imported(logs=logs, new_rows=filed.new_rows, corrected=filed.corrected)

    def logs(self) -> list[Log]:
        """All that are there."""
        return [log for root in self.roots for log in logs_below(root)]

    async def wanted(self, logs: Iterable[Log]) -> list[tuple[Log, Wanted]]:
        """Those that have changed since they were read, and from where on."""
        known = await self._ledger.reading(known_logs)
        return [(log, one) for log in logs if (one := wanted_of(log, known.get(os.fsencode(log.path)))) is not None]

    async def warm_up(self) -> None:
        """Look up the prices of all models that were met before: that takes a second, which a live line should not."""
        met = await self._ledger.read(sql.MODELS_MET, {})
        await self._prices.know((row["provider_name"], row["request_model"]) for row in met)

    async def take_read(self, pieces: Iterable[ReadPiece]) -> Filed:
        """Write pieces into the ledger that were read here."""
        now = self._clock.now()
        rows = [prepared(piece, self._prices.costs, now=now) for piece in pieces]
        return await self._take(rows, Filing(self._prices.costs, now=now))

    async def _take(self, pieces: Sequence[Prepared], filing: Filing) -> Filed:
        """Write pieces into the ledger; those first that somebody could not price are looked at again."""
        await self._prices.know({model for piece in pieces if not piece.is_priced for model in piece.models})
        now = self._clock.now()
        priced = [piece if piece.is_priced else anew(piece, self._prices.costs, now=now) for piece in pieces]
        return await self._ledger.writing(partial(filing.file, pieces=priced))

    async def _import(self, wanted: Sequence[tuple[Log, Wanted]], tell: Tell) -> Filed:
        total, began = Filed(), self._clock.monotonic()
        sizes = {one.path: log.size - one.offset for log, one in wanted}
        size = sum(sizes.values())
        progress = partial(Progress, files=len(wanted), bytes=size)
        filing = Filing(self._prices.costs, now=self._clock.now())
        done: set[bytes] = set()
        async with self._read(wanted, size) as pieces, self._room(size):
            async for batch in _ahead(_batches(pieces, sizes)):
                filed = await self._take(batch, filing)
                total.new_rows += filed.new_rows
                total.corrected += filed.corrected
                done |= {piece.head.path for piece in batch}
                tell(
                    progress(
                        files_done=len(done),
                        bytes_done=sum(sizes[path] for path in done),
                        rows=total.new_rows,
                        elapsed_s=self._clock.monotonic() - began,
                    )
                )
        return total

    @asynccontextmanager
    async def _room(self, size: int) -> AsyncIterator[None]:
        """For a large import: more of the database in memory, so that its pages are written less often."""
        if size <= LARGE_BYTES:
            yield
            return
        await self._ledger.reading(partial(_executed, ROOMY))
        try:
            yield
        finally:
            await self._ledger.reading(partial(_executed, USUAL))

    @asynccontextmanager
    async def _read(self, wanted: Sequence[tuple[Log, Wanted]], size: int) -> AsyncIterator[AsyncIterator[Prepared]]:
        """The pieces of all logs, as they come."""
        if size <= FEW_BYTES or not self._workers:
            yield self._here(wanted)
            return
        orders, queue = self._orders(wanted), asyncio.Queue[Prepared | None](QUEUED_PIECES)
        working = asyncio.create_task(_work(orders, queue, self._workers))
        try:
            yield _queued(queue)
            await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _here(self, wanted: Sequence[tuple[Log, Wanted]]) -> AsyncIterator[Prepared]:
        for _, one in wanted:
            for piece in await asyncio.to_thread(_all_pieces, one):
                yield prepared(piece, self._prices.costs, now=self._clock.now())

    def _orders(self, wanted: Sequence[tuple[Log, Wanted]]) -> Iterator[Order]:
        """Made when they are given, by the prices that are known then."""
        for logs in _portions(wanted):
            yield Order(logs, self._prices.costs, self._clock.now())


def _quietly(_: Progress) -> None:
    """Nobody watches."""


def _executed(statements: Sequence[str], connection: Connection) -> None:
    for statement in statements:
        connection.execute(statement).fetchall()


def known_logs(connection: Connection) -> dict[bytes, Place]:
    """What the ledger knows of logs, by path."""
    plain = connection.cursor()
    plain.row_factory = None  # ten thousand rows by name would take longer than to ask for them
    return {path: Place(*place) for path, *place in plain.execute(sql.PLACES)}


def wanted_of(log: Log, known: Place | None) -> Wanted | None:
    """From where on a log is to be read; None = it is as it was.

    Whoever reads it looks at its content before going on where it was left. A file that has shrunk, or was changed
    without growing, is another one.
    """
    if known is not None and (log.inode, log.size, log.changed_ns) == (known.inode, known.size, known.changed_ns):
        return None
    path = os.fsencode(log.path)
    if known is None:
        return Wanted(log.reader, path)
    if log.size <= known.size and known.fingerprint:
        return Wanted(log.reader, path)
    return Wanted(log.reader, path, known.offset, known.fingerprint, known.memory)


def _portions(wanted: Sequence[tuple[Log, Wanted]]) -> Iterator[list[Wanted]]:
    """Large ones first, so that no worker is left alone with one at the end; the others in the order of time, so that
    what is written together lies together in the ledger.
    """
    order: list[Wanted] = []
    size = 0
    for log, one in sorted(wanted, key=_turn):
        order.append(one)
        size += log.size - one.offset
        if size >= ORDER_BYTES:
            yield order
            order, size = [], 0
    if order:
        yield order


def _turn(pair: tuple[Log, Wanted]) -> tuple[int, int]:
    log, _ = pair
    return -(log.size // ORDER_BYTES), log.changed_ns


def _all_pieces(wanted: Wanted) -> list[ReadPiece]:
    return list(read_log(wanted))


async def _batches(pieces: AsyncIterator[Prepared], sizes: Mapping[bytes, int]) -> AsyncIterator[list[Prepared]]:
    """`sizes`: bytes to be read of each log, by path."""
    left = dict(sizes)
    size = bytes_left = sum(sizes.values())
    batch: list[Prepared] = []
    rows = 0
    async for piece in pieces:
        batch.append(piece)
        rows += piece.responses
        bytes_left -= left.pop(piece.head.path, 0)
        is_midst = size < bytes_left * PARTS < size * (PARTS - 1)
        times = LARGE_TIMES if size > LARGE_BYTES and is_midst else 1
        if rows >= BATCH_ROWS * times or len(batch) >= BATCH_FILES * times:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


async def _ahead(batches: AsyncIterator[list[Prepared]]) -> AsyncIterator[list[Prepared]]:
    """The next batch is gathered while one is written: else the workers would wait for the writer, and it for them."""
    coming = asyncio.ensure_future(anext(batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.ensure_future(anext(batches, None))
            yield batch
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _queued(queue: "asyncio.Queue[Prepared | None]") -> AsyncIterator[Prepared]:
    while (piece := await queue.get()) is not None:
        yield piece


async def _work(orders: Iterator[Order], queue: "asyncio.Queue[Prepared | None]", workers: int) -> None:
    """All orders, by so many processes."""
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(_one_worker(orders, queue))
    await queue.put(None)


async def _one_worker(orders: Iterator[Order], queue: "asyncio.Queue[Prepared | None]") -> None:
    """Until there are no orders left. A log that is the end of its worker is left for the next import.

    Each order is given while the one before it is worked on: a worker that asked for it would wait until somebody has
    the time to answer.
    """
    coming = next(orders, None)
    while coming is not None:
        async with _process() as (to_worker, from_worker):
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                to_worker.write(encoded(coming))
                while coming is not None:
                    coming = next(orders, None)
                    if coming is not None:
                        to_worker.write(encoded(coming))
                    while body := await _message(from_worker):
                        for piece in decoded(body):
                            await queue.put(piece)


@asynccontextmanager
async def _process() -> AsyncIterator[tuple[asyncio.StreamWriter, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "burn_tui.engine.audit.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=PIPE_BYTES,
        # A terminal sends ctrl+c to all of its processes: a worker is ended by whoever started it, or by its death.
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdin, process.stdout
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _message(pipe: asyncio.StreamReader) -> bytes:
    head = await pipe.readexactly(LENGTH.size)
    return await pipe.readexactly(LENGTH.unpack(head)[0])
