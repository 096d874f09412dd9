"""Puts what was found into the ledger: each response once, however often and wherever it was found.

    Prepared ──> has our own gateway served it? ── yes ──> nothing: it has a row already
                            │ no
                            v
                  is the response known? ── no ──> a row, marked as late, and its sums
                            │
                            └─ yes ──> does this copy say more? ── yes ──> a correction; the row stays

Everything here runs in the database's thread, within one transaction with the note of how far each log was read.
"""

import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from burn_tui.core.minutes import minute_of
from burn_tui.core.usage import TOKEN_COUNTS, AttemptOpened, Correction, Usage
from burn_tui.engine.audit.costs import Costs
from burn_tui.engine.audit.pieces import Head, add, identifier
from burn_tui.engine.audit.prepared import (
    AS_OF,
    BUCKET,
    EVENT_ID,
    ID,
    IS_LATE,
    LABELS,
    REASON,
    SESSION,
    UNKNOWN,
    Labels,
    Prepared,
    Row,
    found_in,
    row_of,
    rows_of,
)
from burn_tui.engine.audit.reader import Found
from burn_tui.engine.audit.readers import READERS
from burn_tui.engine.audit.served_here import ServedHere
from burn_tui.engine.ledger_names import Names
from burn_tui.engine.ledger_writing import MINUTES_KEPT, Writing
from burn_tui.engine.tables import audit as sql
from burn_tui.engine.tables import ledger as ledger_sql

MOST_SKIPPED = 1000
"""Lines of one piece that are kept with their reason; all are counted."""


class Filed(Struct):
    """What came of a batch."""

    new_rows: int = 0
    late_rows: int = 0
    """Those of the new rows that change the past."""
    corrected: int = 0


class _Batch:
    """Rows that are to be written together, each response once."""

    def __init__(self) -> None:
        self.rows: dict[bytes, Row] = {}
        self._from: dict[bytes, tuple[Prepared, int]] = {}
        """Where the first copy of each was found."""
        self._founds: dict[int, list[Found]] = {}
        """What was found in pieces, by their identity: it is decoded for few of them."""
        self.merged: dict[bytes, tuple[str, Found]] = {}
        """Those of which there was another copy, with their tool."""

    def add(self, event_id: bytes, row: Row, piece: Prepared, n: int) -> None:
        """Take the row of a response, or what this copy says more of it than the first."""
        if event_id not in self.rows:
            self.rows[event_id] = row
            self._from[event_id] = (piece, n)
        else:
            add(self.found(event_id)[1], self._found_in(piece)[n])

    def found(self, event_id: bytes) -> tuple[str, Found]:
        """What all copies together say of a response, and whose it is."""
        known = self.merged.get(event_id)
        if known is None:
            piece, n = self._from[event_id]
            known = self.merged[event_id] = (READERS[piece.head.reader].tool, self._found_in(piece)[n])
        return known

    def branches(self) -> Iterable[tuple[bytes, str]]:
        """Of the responses that are of work on another branch than the main one."""
        of_pieces = {id(piece): dict(piece.branches) for piece, _ in self._from.values() if piece.branches}
        if not of_pieces:
            return
        for event_id, (piece, n) in self._from.items():
            if branch := of_pieces.get(id(piece), {}).get(n):
                yield event_id, branch

    def forget(self, event_ids: Iterable[bytes]) -> None:
        """Leave these out."""
        for event_id in event_ids:
            del self.rows[event_id], self._from[event_id]

    def _found_in(self, piece: Prepared) -> list[Found]:
        found = self._founds.get(id(piece))
        if found is None:
            found = self._founds[id(piece)] = found_in(piece)
        return found


class Filing:
    """For one import. It remembers the numbers of words, so it is forgotten with a transaction that came to nothing."""

    def __init__(self, costs: Costs, *, now: float) -> None:
        self._costs = costs
        self._now = now
        self._names: Names | None = None
        self._labels: dict[tuple[str, ...], int] = {}

    def file(self, connection: sqlite3.Connection, pieces: Sequence[Prepared]) -> Filed:
        """Write all that the pieces hold, and how far they were read. All of them have rows."""
        if self._names is None:
            self._names = Names(connection)
        batch = self._batch(connection, pieces)
        writing, filed = Writing(connection, owner=""), Filed()
        known = self._insert(connection, batch) if batch.rows else []
        for event_id in known:
            filed.corrected += self._improve(writing, event_id, batch.found(event_id)[1])
        batch.forget(known)
        filed.new_rows = len(batch.rows)
        filed.late_rows = sum(bool(row[IS_LATE]) for row in batch.rows.values())
        return filed

    def _batch(self, connection: sqlite3.Connection, pieces: Sequence[Prepared]) -> _Batch:
        """The responses in the pieces that our own gateway has not served; notes how far the pieces go."""
        batch, served = _Batch(), ServedHere(connection, pieces, now=self._now)
        ours = set[bytes]()
        known_by_twin = _known_by_twin(connection, pieces)
        for piece in pieces:
            tool = READERS[piece.head.reader].tool
            rows = rows_of(piece)
            self._put_numbers(rows, tool, piece.labels, piece.words)
            for n, row in enumerate(rows):
                event_id: bytes = row[EVENT_ID]  # type: ignore[assignment]
                if piece.twins and piece.twins[n]:
                    event_id = known_by_twin[piece.twins[n]]
                if served.is_any and served(event_id, found_in(piece)[n]):
                    ours.add(event_id)
                else:
                    batch.add(event_id, row, piece, n)
            _note(connection, piece.head, tool)
        batch.forget(ours & batch.rows.keys())
        for event_id, (tool, found) in batch.merged.items():
            if event_id in batch.rows:
                row, labels, words = row_of(event_id, found, tool, self._costs, now=self._now)
                self._put_numbers([row], tool, labels, words)
                batch.rows[event_id] = row
        return batch

    def _put_numbers(
        self, rows: Iterable[Row], tool: str, labels: Sequence[Labels], words: Sequence[str | None]
    ) -> None:
        """Put the ledger's numbers of words and labels in the place of those of the piece."""
        names = self._names
        assert names is not None
        label_numbers = [self._labels_of(tool, *one) for one in labels]
        word_numbers: list[object] = [names.number(word) for word in words]
        for row in rows:
            row[LABELS] = label_numbers[row[LABELS]]  # type: ignore[call-overload]
            row[SESSION] = word_numbers[row[SESSION]]  # type: ignore[call-overload]
            row[REASON] = word_numbers[row[REASON]]  # type: ignore[call-overload]
            row[AS_OF] = word_numbers[row[AS_OF]]  # type: ignore[call-overload]

    def _insert(self, connection: sqlite3.Connection, batch: _Batch) -> list[bytes]:
        """Write rows and their sums; what was known already is left as it is, and given back."""
        first_id: int = connection.execute(sql.NEXT_ID).fetchone()[0]
        for number, (event_id, row) in enumerate(batch.rows.items(), first_id):
            row[ID], row[EVENT_ID] = number, event_id
        written = connection.executemany(sql.INSERT, batch.rows.values()).rowcount
        ids = {"first_id": first_id, "last_id": first_id + len(batch.rows) - 1}
        known: list[bytes] = []
        if written < len(batch.rows):
            new = {row[0] for row in connection.execute(sql.IDS, ids)}
            known = [event_id for event_id, row in batch.rows.items() if row[ID] not in new]
        if written:
            self._keep_branches(connection, batch, set(known))
            self._roll_up(connection, ids, is_timed=any(row[BUCKET] is not None for row in batch.rows.values()))
        return known

    def _keep_branches(self, connection: sqlite3.Connection, batch: _Batch, left_out: set[bytes]) -> None:
        names = self._names
        assert names is not None
        branches = [
            (batch.rows[event_id][ID], names.number(branch))
            for event_id, branch in batch.branches()
            if event_id not in left_out
        ]
        connection.executemany(sql.KEEP_BRANCH, branches)

    def _roll_up(self, connection: sqlite3.Connection, ids: Mapping[str, int], *, is_timed: bool) -> None:
        """Add the rows with these ids to the sums. `is_timed`: whether there is one whose duration is known."""
        if ids["first_id"] == ids["last_id"]:
            statements: Sequence[str] = ledger_sql.ROLL_UP_ONE
            values = {"id": ids["first_id"], "oldest_minute": 0}
        else:
            statements = ledger_sql.ROLL_UP_IMPORT if is_timed else ledger_sql.ROLL_UP_UNTIMED_IMPORT
            # Not reckoned from the newest row: a clock may have been wrong when it was logged.
            values = {**ids, "oldest_minute": minute_of(self._now) - MINUTES_KEPT}
        for statement in statements:
            connection.execute(statement, values)

    def _labels_of(self, tool: str, provider_name: str, model: str, operation: str, cwd: str) -> int:
        key = (tool, provider_name, model, operation, cwd)
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
                    request_model=model,
                    operation_name=operation,
                    project=cwd or None,
                    source=tool,  # type: ignore[arg-type]
                )
            )
        return known

    def _improve(self, writing: Writing, event_id: bytes, found: Found) -> bool:
        """Correct a row that says less than this copy of it; False = it does not."""
        row = writing.connection.execute(sql.KNOWN_FIGURES, (event_id,)).fetchone()
        earlier = writing.connection.execute(sql.CORRECTED_BY, (event_id,)).fetchone()
        known = {name: (row[name] or 0) + (earlier[name] if earlier else 0) for name in TOKEN_COUNTS}
        most = {name: max(known[name], getattr(found, name) or 0) for name in TOKEN_COUNTS}
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
                cost_nanousd=self._costs(found.provider_name or UNKNOWN, whole).nanousd,
            )
        )


def _known_by_twin(connection: sqlite3.Connection, pieces: Sequence[Prepared]) -> dict[bytes, bytes]:
    """For each second key in the pieces the id by which its response was known first; new ones are kept."""
    first: dict[bytes, bytes] = {}
    for piece in pieces:
        if piece.twins:
            for twin, row in zip(piece.twins, rows_of(piece), strict=True):
                if twin:
                    first.setdefault(twin, row[EVENT_ID])  # type: ignore[arg-type]
    if connection.executemany(sql.KEEP_TWIN, first.items()).rowcount < len(first):
        return {twin: connection.execute(sql.TWIN, (twin,)).fetchone()[0] for twin in first}
    return first


def _note(connection: sqlite3.Connection, head: Head, tool: str) -> None:
    """Remember how far a log was read, and what could not be."""
    connection.execute(sql.FORGET_UNFINISHED if head.goes_on else sql.FORGET_SKIPPED, (head.path,))
    kept = [(head.path, one.line, one.why[:200]) for one in head.skipped[:MOST_SKIPPED]]
    if head.unfinished_line:
        kept.append((head.path, head.unfinished_line, sql.UNFINISHED))
    if kept:
        connection.executemany(sql.KEEP_SKIPPED, kept)
    read = structs.astuple(head.place)
    counts = (len(head.skipped), int(head.unfinished_line > 0), head.goes_on)
    connection.execute(sql.KEEP_FILE, (head.path, tool, *read, *counts))


def _written(event_id: bytes) -> str:
    return str(uuid.UUID(bytes=event_id))
