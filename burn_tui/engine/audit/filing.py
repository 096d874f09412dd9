"""Puts what was found into the ledger: each response once, however often and wherever it was found.

    ReadPiece ──> has our own gateway served it? ── yes ──> nothing: it has a row already
                            │ no
                            v
                  is the response known? ── no ──> a row, marked as late, and its sums
                            │
                            └─ yes ──> does this copy say more? ── yes ──> a correction; the row stays

Everything here runs in the database's thread, within one transaction with the note of how far each log was read.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from burn_tui.core.audit_operations import operation_of
from burn_tui.core.latency import bucket_of
from burn_tui.core.minutes import minute_of
from burn_tui.core.usage import AttemptOpened, Correction, CostSource, Usage
from burn_tui.engine import audit_sql as sql
from burn_tui.engine import ledger_sql
from burn_tui.engine.audit.pieces import COUNTS, ReadPiece, add, identifier
from burn_tui.engine.audit.reader import Found, Skipped
from burn_tui.engine.audit.readers import READERS
from burn_tui.engine.audit.served_here import ServedHere
from burn_tui.engine.ledger import LATE_S
from burn_tui.engine.ledger_names import Names
from burn_tui.engine.ledger_writing import MINUTES_KEPT, Writing

UNKNOWN = "unknown"
"""A provider or a model that a log does not name."""

MOST_SKIPPED = 1000
"""Lines of one piece that are kept with their reason; all are counted."""

EARLIEST, LATEST = 1_400_000_000.0, 4_000_000_000.0
"""Between 2014 and 2096: no other time is one at which somebody has asked a model."""

MAIN_BRANCHES = {"", "main", "master", "HEAD"}


class Cost(Struct, frozen=True):
    """What a response cost, and how that is known."""

    nanousd: int | None
    source: CostSource | None
    as_of: str | None
    """ISO date of the price; None where none was used."""
    rule: str
    """What else is to be said of it; "" = nothing."""


Pricing = Callable[[str, Found], Cost]
"""By provider."""


class Filed(Struct):
    """What came of a batch."""

    new_rows: int = 0
    late_rows: int = 0
    """Those of the new rows that change the past."""
    corrected: int = 0


class Filing:
    """For one import. It remembers the numbers of words, so it is forgotten with a transaction that came to nothing."""

    def __init__(self, pricing: Pricing, *, now: float) -> None:
        self._pricing = pricing
        self._now = now
        self._names: Names | None = None
        self._labels: dict[tuple[str, ...], int] = {}

    def file(self, connection: sqlite3.Connection, pieces: Sequence[ReadPiece]) -> Filed:
        """Write all that the pieces hold, and how far they were read."""
        if self._names is None:
            self._names = Names(connection)
        writing, filed = Writing(connection, owner=""), Filed()
        merged: dict[bytes, tuple[str, Found]] = {}
        is_served_here, served = ServedHere(connection, pieces, now=self._now), set[bytes]()
        for piece in pieces:
            tool = READERS[piece.reader].tool
            for event_id, found in _under_known_names(connection, piece):
                earlier = merged.get(event_id)
                if not EARLIEST <= found.at <= LATEST:
                    piece.skipped.append(Skipped(0, "a time at which nobody can have asked"))
                elif is_served_here(event_id, found):
                    served.add(event_id)
                elif earlier is None:
                    merged[event_id] = (tool, found)
                else:
                    add(earlier[1], found)
            _note(connection, piece, tool)
        for event_id in served & merged.keys():
            del merged[event_id]
        known = self._insert(connection, merged) if merged else []
        for event_id in known:
            filed.corrected += self._improve(writing, event_id, merged.pop(event_id)[1])
        filed.new_rows = len(merged)
        filed.late_rows = sum(self._is_late(found) for _, found in merged.values())
        return filed

    def _insert(self, connection: sqlite3.Connection, merged: Mapping[bytes, tuple[str, Found]]) -> list[bytes]:
        """Write rows and their sums; what was known already is left as it is, and given back."""
        first_id = connection.execute(sql.NEXT_ID).fetchone()[0]
        rows = [self._row(first_id + n, event_id, *one) for n, (event_id, one) in enumerate(merged.items())]
        written = connection.executemany(sql.INSERT, rows).rowcount
        ids = {"first_id": first_id, "last_id": first_id + len(rows) - 1}
        known: list[bytes] = []
        if written < len(rows):
            new = {row[0] for row in connection.execute(sql.IDS, ids)}
            known = [event_id for n, event_id in enumerate(merged) if first_id + n not in new]
        if written:
            self._keep_branches(connection, first_id, merged, known)
            self._roll_up(connection, ids)
        return known

    def _keep_branches(
        self,
        connection: sqlite3.Connection,
        first_id: int,
        merged: Mapping[bytes, tuple[str, Found]],
        known: Iterable[bytes],
    ) -> None:
        names, left_out = self._names, set(known)
        assert names is not None
        branches = [
            (first_id + n, names.number(found.branch))
            for n, (event_id, (_, found)) in enumerate(merged.items())
            if found.branch not in MAIN_BRANCHES and event_id not in left_out
        ]
        connection.executemany(sql.KEEP_BRANCH, branches)

    def _roll_up(self, connection: sqlite3.Connection, ids: Mapping[str, int]) -> None:
        """Add the rows with these ids to the sums."""
        if ids["first_id"] == ids["last_id"]:
            statements: Sequence[str] = ledger_sql.ROLL_UP_ONE
            values = {"id": ids["first_id"], "oldest_minute": 0}
        else:
            statements = ledger_sql.ROLL_UP_RANGE
            # Not reckoned from the newest row: a clock may have been wrong when it was logged.
            values = {**ids, "oldest_minute": minute_of(self._now) - MINUTES_KEPT}
        for statement in statements:
            connection.execute(statement, values)

    def _row(self, number: int, event_id: bytes, tool: str, found: Found) -> tuple[object, ...]:
        """The columns of audit_sql.COLUMNS."""
        names = self._names
        assert names is not None
        provider_name = found.provider_name or UNKNOWN
        cost = self._pricing(provider_name, found)
        at_us = round(found.at * 1_000_000)
        return (
            number,
            event_id,
            # In the order of time, as those of live requests are: an index is quicker to write in an order.
            (at_us // 1000).to_bytes(6) + event_id[6:],
            at_us,
            self._labels_of(tool, provider_name, found),
            names.number(found.session_id or None),
            names.number(f"from the log of {tool}{cost.rule}"),
            round(found.duration_s * 1_000_000),
            found.input_tokens,
            found.output_tokens,
            found.cache_read_input_tokens,
            found.cache_creation_input_tokens,
            found.cache_creation_1h_input_tokens,
            found.reasoning_output_tokens,
            found.is_estimated,
            cost.nanousd,
            cost.source,
            names.number(cost.as_of),
            self._is_late(found),
            bucket_of(found.duration_s) if found.duration_s > 0 else None,
        )

    def _is_late(self, found: Found) -> bool:
        """A time that has not come yet is as little of this moment as one that has long passed."""
        return abs(self._now - found.at - found.duration_s) > LATE_S

    def _labels_of(self, tool: str, provider_name: str, found: Found) -> int:
        key = (tool, provider_name, found.model, found.cwd, found.command, found.agent, found.tools)
        known = self._labels.get(key)
        if known is None:
            assert self._names is not None
            known = self._labels[key] = self._names.labels_of(
                AttemptOpened(
                    event_id="",
                    request_id="",
                    attempt=1,
                    started_at=0.0,
                    provider_name=provider_name,
                    request_model=found.model or UNKNOWN,
                    operation_name=operation_of(command=found.command, agent=found.agent, tools=found.tools),
                    project=found.cwd or None,
                    source=tool,  # type: ignore[arg-type]
                )
            )
        return known

    def _improve(self, writing: Writing, event_id: bytes, found: Found) -> bool:
        """Correct a row that says less than this copy of it; False = it does not."""
        row = writing.connection.execute(sql.KNOWN_FIGURES, (event_id,)).fetchone()
        earlier = writing.connection.execute(sql.CORRECTED_BY, (event_id,)).fetchone()
        known = {name: (row[name] or 0) + (earlier[name] if earlier else 0) for name in COUNTS}
        most = {name: max(known[name], getattr(found, name) or 0) for name in COUNTS}
        if most == known:
            return False
        whole = structs.replace(found, **most)
        if row["cost_source"] == "logged" and found.cost_nanousd is None:
            return False
        words = " ".join(map(str, most.values()))
        return writing.correct(
            Correction(
                event_id=_written(identifier(f"{_written(event_id)} {words}")),
                corrects=_written(event_id),
                at=self._now,
                why="another copy of the response in the logs says more",
                usage=msgspec.convert(most, Usage),
                cost_nanousd=self._pricing(found.provider_name or UNKNOWN, whole).nanousd,
            )
        )


def _under_known_names(connection: sqlite3.Connection, piece: ReadPiece) -> Iterable[tuple[bytes, Found]]:
    """What was found, under the id by which the response was known first, where its second key tells."""
    for event_id, twin, found in zip(piece.event_ids, piece.twins, piece.found, strict=True):
        if not twin:
            yield event_id, found
            continue
        known = connection.execute(sql.TWIN, (twin,)).fetchone()
        if known is None:
            connection.execute(sql.KEEP_TWIN, (twin, event_id))
        yield known[0] if known else event_id, found


def _note(connection: sqlite3.Connection, piece: ReadPiece, tool: str) -> None:
    """Remember how far a log was read, and what could not be."""
    connection.execute(sql.FORGET_UNFINISHED if piece.goes_on else sql.FORGET_SKIPPED, (piece.path,))
    kept = [(piece.path, one.line, one.why[:200]) for one in piece.skipped[:MOST_SKIPPED]]
    if piece.unfinished_line:
        kept.append((piece.path, piece.unfinished_line, sql.UNFINISHED))
    if kept:
        connection.executemany(sql.KEEP_SKIPPED, kept)
    connection.execute(
        sql.KEEP_FILE,
        {
            "path": piece.path,
            "tool": tool,
            "inode": piece.inode,
            "size": piece.size,
            "changed_ns": piece.changed_ns,
            "offset": piece.offset,
            "fingerprint": piece.fingerprint,
            "memory": piece.memory,
            "skipped": len(piece.skipped),
            "unfinished": int(piece.unfinished_line > 0),
            "goes_on": piece.goes_on,
        },
    )


def _written(event_id: bytes) -> str:
    return str(uuid.UUID(bytes=event_id))
