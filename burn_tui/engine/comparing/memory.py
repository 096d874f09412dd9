"""What the ledger remembers of comparisons."""

from contextlib import suppress
from sqlite3 import Connection

import msgspec
from msgspec import structs

from burn_tui.core.comparison import Comparison, Result, result_without_text, without_text
from burn_tui.engine.ledger_reading import rows
from burn_tui.engine.ledger_rows import microseconds
from burn_tui.engine.tables import comparisons as sql


def begin(connection: Connection, comparison: Comparison) -> None:
    """Remember what will be asked."""
    head = msgspec.json.encode(structs.replace(comparison, results=(), stopped="")).decode()
    values = {"id": comparison.id, "name": comparison.name, "at_us": microseconds(comparison.at), "head": head}
    connection.execute(sql.BEGIN, values)


def add(connection: Connection, id_: str, position: int, result: Result) -> None:
    """Remember one more result."""
    values = {"id": id_, "position": position, "result": msgspec.json.encode(result).decode()}
    connection.execute(sql.ADD_RESULT, values)


def stop(connection: Connection, id_: str, why: str) -> None:
    """Remember why it ended early."""
    connection.execute(sql.STOP, {"id": id_, "stopped": why})


def forget_words(connection: Connection) -> None:
    """Let no word stay of what was asked and answered in any comparison."""
    for row in rows(connection, sql.HEADS):
        with suppress(msgspec.DecodeError):
            bare = without_text(msgspec.json.decode(row["head"], type=Comparison))
            connection.execute(sql.REPLACE_HEAD, {"id": row["id"], "head": msgspec.json.encode(bare).decode()})
    for row in rows(connection, sql.RESULTS_WITH_WORDS):
        with suppress(msgspec.DecodeError):
            bare_result = result_without_text(msgspec.json.decode(row["result"], type=Result))
            values = {"id": row["comparison"], "position": row["position"]}
            connection.execute(sql.REPLACE_RESULT, {**values, "result": msgspec.json.encode(bare_result).decode()})


def latest(connection: Connection, name: str, before: float | None) -> Comparison | None:
    """The last comparison of a prompt that has any result, of those that began before that; None = there is none.

    `before`: seconds since the epoch; None = of all.
    """
    values = {"name": name, "before_us": None if before is None else microseconds(before)}
    for row in rows(connection, sql.LATEST, values):
        results = rows(connection, sql.RESULTS, {"id": row["id"]})
        try:
            head = msgspec.json.decode(row["head"], type=Comparison)
            kept = tuple(msgspec.json.decode(one["result"], type=Result) for one in results)
        except msgspec.DecodeError:
            return None  # a later burn-tui wrote it in a form of its own
        return structs.replace(head, results=kept, stopped=row["stopped"])
    return None
