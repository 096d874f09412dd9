"""Makes rows of what was found, where it is read: in the worker processes, since a ledger has one writer at a time.

    ReadPiece ──costs──> Prepared ──numbers of words, ids──> rows of the ledger
              └── a model whose price was not looked up: the writer looks it up, and does this itself

What is left for the writer is what only the ledger can tell: which responses are known, and the numbers of words.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from burn_tui.core.audit_operations import operation_of
from burn_tui.core.latency import bucket_of
from burn_tui.engine.audit.costs import Costs
from burn_tui.engine.audit.pieces import Head, ReadPiece
from burn_tui.engine.audit.reader import Found, Skipped
from burn_tui.engine.audit.readers import READERS
from burn_tui.engine.ledger_rows import LATE_S
from burn_tui.engine.tables.audit import COLUMNS

UNKNOWN = "unknown"
"""A provider or a model that a log does not name."""

EARLIEST, LATEST = 1_400_000_000.0, 4_000_000_000.0
"""Between 2014 and 2096: no other time is one at which somebody has asked a model."""

ID, EVENT_ID, LABELS, SESSION, REASON, AS_OF, IS_LATE, BUCKET = (
    COLUMNS.index(name)
    for name in (
        "id",
        "event_id",
        "labels",
        "session_id",
        "route_reason",
        "price_as_of",
        "is_late",
        "duration_bucket",
    )
)
"""Places in a row."""

MAIN_BRANCHES = frozenset({"", "main", "master", "HEAD"})

Row = list[object]
"""The columns of COLUMNS in tables/audit.py. In place of the numbers of words and labels are their places in the lists
of the piece, until the writer puts them in; it puts the id in as well.
"""

Labels = tuple[str, str, str, str]
"""Provider, model, operation, working directory."""


class Prepared(Struct, array_like=True):
    """A piece of a log as rows."""

    head: Head
    responses: int
    """Rows, or responses where there are no rows yet."""
    models: list[tuple[str, str]]
    """Provider and model of all responses, each once."""
    is_priced: bool
    """False = the price of a model was not looked up: there are no rows yet."""
    rows: Raw
    """list[Row], which is read when it is written."""
    labels: list[Labels]
    words: list[str | None]
    """The first is None."""
    branches: list[tuple[int, str]]
    """Of the rows that are of work on another branch than the main one."""
    twins: list[bytes]
    """Second keys, as many as rows, b"" = it has none; [] = none has one."""
    found: Raw
    """Ids and list[Found], as in ReadPiece: only for responses that are found again."""


_encode = msgspec.msgpack.Encoder().encode
_rows = msgspec.msgpack.Decoder(list[Row]).decode
_found = msgspec.msgpack.Decoder(tuple[list[bytes], list[Found]]).decode


def prepared(piece: ReadPiece, costs: Costs, *, now: float) -> Prepared:
    """The piece as rows, if all prices are known. `now`: seconds since the epoch."""
    _leave_out_what_has_no_time(piece)
    models = list({(found.provider_name or UNKNOWN, found.model): None for found in piece.found})
    making = _Making(READERS[piece.head.reader].tool, costs, now)
    is_priced = all(model in costs.models for model in models)
    rows = making.rows(piece) if is_priced else []
    return Prepared(
        head=piece.head,
        responses=len(piece.found),
        models=models,
        is_priced=is_priced,
        rows=Raw(_encode(rows)),
        labels=list(making.labels),
        words=list(making.words),
        branches=[(n, one.branch) for n, one in enumerate(piece.found) if one.branch not in MAIN_BRANCHES],
        twins=piece.twins if any(piece.twins) else [],
        found=Raw(_encode((piece.event_ids, piece.found))),
    )


def anew(one: Prepared, costs: Costs, *, now: float) -> Prepared:
    """The same with the prices that are known by now."""
    event_ids, found = _found(one.found)
    piece = ReadPiece(head=one.head, event_ids=event_ids, twins=one.twins or [b""] * len(found), found=found)
    return prepared(piece, costs, now=now)


def rows_of(one: Prepared) -> list[Row]:
    """With places of words in them."""
    return _rows(one.rows)


def found_in(one: Prepared) -> list[Found]:
    """What the rows were made of."""
    return _found(one.found)[1]


def row_of(
    event_id: bytes, found: Found, tool: str, costs: Costs, *, now: float
) -> tuple[Row, Sequence[Labels], Sequence[str | None]]:
    """The row of one response, its labels and its words."""
    making = _Making(tool, costs, now)
    return making.row(event_id, found), list(making.labels), list(making.words)


class _Making:
    """Of rows of one piece. Words and labels are numbered in the order in which they come."""

    def __init__(self, tool: str, costs: Costs, now: float) -> None:
        self.words: dict[str | None, int] = {None: 0}
        self.labels: dict[Labels, int] = {}
        self._reason = f"from the log of {tool}"
        self._costs = costs
        self._now = now
        self._operations: dict[tuple[str, str, str], str] = {}

    def rows(self, piece: ReadPiece) -> list[Row]:
        return [self.row(event_id, found) for event_id, found in zip(piece.event_ids, piece.found, strict=True)]

    def row(self, event_id: bytes, found: Found) -> Row:
        words, provider_name = self.words, found.provider_name or UNKNOWN
        cost = self._costs(provider_name, found)
        at_us = round(found.at * 1_000_000)
        labels = (provider_name, found.model or UNKNOWN, self._operation(found), found.cwd)
        return [
            0,
            event_id,
            # In the order of time, as those of live requests are: an index is quicker to write in an order.
            (at_us // 1000).to_bytes(6) + event_id[6:],
            at_us,
            self.labels.setdefault(labels, len(self.labels)),
            words.setdefault(found.session_id or None, len(words)),
            words.setdefault(self._reason + cost.rule, len(words)),
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
            words.setdefault(cost.as_of, len(words)),
            # A time that has not come yet is as little of this moment as one that has long passed.
            abs(self._now - found.at - found.duration_s) > LATE_S,
            bucket_of(found.duration_s) if found.duration_s > 0 else None,
        ]

    def _operation(self, found: Found) -> str:
        key = (found.command, found.agent, found.tools)
        known = self._operations.get(key)
        if known is None:
            operation = operation_of(command=found.command, agent=found.agent, tools=found.tools)
            known = self._operations[key] = operation
        return known


def _leave_out_what_has_no_time(piece: ReadPiece) -> None:
    if all(EARLIEST <= one.at <= LATEST for one in piece.found):
        return
    kept = [n for n, one in enumerate(piece.found) if EARLIEST <= one.at <= LATEST]
    left_out = len(piece.found) - len(kept)
    piece.head.skipped += [Skipped(0, "a time at which nobody can have asked") for _ in range(left_out)]
    piece.event_ids = [piece.event_ids[n] for n in kept]
    piece.twins = [piece.twins[n] for n in kept]
    piece.found = [piece.found[n] for n in kept]
