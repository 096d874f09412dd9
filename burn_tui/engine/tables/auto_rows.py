"""What auto remembers, in tables of the ledger's file (auto.py), and every statement on them.

No prompt is kept: words are only there as numbers of buckets. Corrections alone hold a prompt's words, as a set; they
are not written where text is not kept.
"""

import sqlite3
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from burn_tui.core.auto import PROMPTS_RANKED
from burn_tui.core.route_learning import FIRST_GRADIENT, WINDOW, Foretold, Learner, Moved, Record
from burn_tui.core.task_class import TASK_CLASSES, Correction, TaskClass

MOST_CORRECTIONS = 200

Weights = Mapping[int, tuple[float, float]]
"""By bucket, the weight and its sum of squares."""


class DecisionRow(Struct, frozen=True, kw_only=True):
    """One row of auto_decisions."""

    at_us: int
    request_id: str
    task: str
    tier: str | None
    score: float
    gain: float
    worth: float
    is_explored: bool
    project: str
    operation: str
    session: str


class Remembered(Struct, frozen=True, kw_only=True):
    """Everything that is there at the start."""

    worths: list[float]
    """Of the latest prompts, oldest first."""
    learners: dict[str, Learner]
    corrections: list[Correction]


def remembered(connection: sqlite3.Connection, tiers: Mapping[str, bool]) -> Remembered:
    """`tiers`: those that are learned of, each with whether it leans on the rule."""
    statement = "SELECT worth FROM auto_decisions WHERE tier IS NOT NULL ORDER BY id DESC LIMIT ?"
    worths = [row[0] for row in connection.execute(statement, (PROMPTS_RANKED,))]
    frozen = connection.execute("SELECT is_frozen FROM auto_state").fetchone()
    learners = {tier: _learner(connection, tier, leans_on_rule=leans) for tier, leans in tiers.items()}
    for learner in learners.values():
        learner.is_frozen = bool(frozen and frozen[0])
    return Remembered(worths=worths[::-1], learners=learners, corrections=_corrections(connection))


def _learner(connection: sqlite3.Connection, tier: str, *, leans_on_rule: bool) -> Learner:
    rows = connection.execute("SELECT bucket, weight, gradient FROM auto_weights WHERE tier = ?", (tier,)).fetchall()
    learner = Learner({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}, leans_on_rule=leans_on_rule)
    learner.record = record(connection, tier)
    return learner


def record(connection: sqlite3.Connection, tier: str) -> Record:
    """How well rule and learner have foretold, in all processes together."""
    count = connection.execute("SELECT count(*) FROM auto_labels WHERE tier = ?", (tier,)).fetchone()[0]
    latest = connection.execute(
        "SELECT failed, weight, by_rule, by_learner FROM auto_labels WHERE tier = ? ORDER BY id DESC LIMIT ?",
        (tier, WINDOW),
    ).fetchall()
    return Record(count, (Foretold(bool(row[0]), *row[1:]) for row in reversed(latest)))


def _corrections(connection: sqlite3.Connection) -> list[Correction]:
    statement = "SELECT task, words FROM auto_corrections ORDER BY id DESC LIMIT ?"
    found = []
    for task, words in connection.execute(statement, (MOST_CORRECTIONS,)):
        if task in TASK_CLASSES:
            found.append(Correction(frozenset(msgspec.json.decode(words, type=list[str])), task))
    return found


def note_decision(connection: sqlite3.Connection, row: DecisionRow) -> None:
    """Write one decision down."""
    connection.execute(
        "INSERT OR IGNORE INTO auto_decisions "
        "(at_us, request_id, task, tier, score, gain, worth, is_explored, project, operation, session) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        msgspec.structs.astuple(row),
    )


def day_so_far(connection: sqlite3.Connection, since_us: int) -> tuple[int, int]:
    """Prompts that auto has decided since then, and those that went to the strong tier, at once or by escalation."""
    statement = (
        "SELECT count(*), coalesce(sum(tier = 'strong' OR is_escalated), 0) FROM auto_decisions "
        "WHERE tier IS NOT NULL AND at_us >= ?"
    )
    asked, premium = connection.execute(statement, (since_us,)).fetchone()
    return asked, premium


def note_escalation(connection: sqlite3.Connection, request_id: str) -> None:
    """Write down that the strong tier was asked as well."""
    connection.execute("UPDATE auto_decisions SET is_escalated = 1 WHERE request_id = ?", (request_id,))


def note_held(connection: sqlite3.Connection, request_id: str, held_us: int) -> None:
    """Write down how long a client's stream waited for a check."""
    connection.execute("UPDATE auto_decisions SET held_us = ? WHERE request_id = ?", (held_us, request_id))


def note_label(connection: sqlite3.Connection, tier: str, sign: str, foretold: Foretold, at_us: int) -> None:
    """Write down how an answer turned out."""
    connection.execute(
        "INSERT INTO auto_labels (at_us, tier, sign, failed, weight, by_rule, by_learner) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at_us, tier, sign, foretold.failed, foretold.weight, foretold.by_rule, foretold.by_learner),
    )


def keep_moves(connection: sqlite3.Connection, tier: str, moved: Mapping[int, Moved]) -> Weights:
    """Write how far weights have moved, and say where they are now.

    Moves are added to what is there: another process may have learned since this one last looked.
    """
    connection.executemany(
        "INSERT INTO auto_weights VALUES (:tier, :bucket, :weight, :first + :gradient) ON CONFLICT (tier, bucket) "
        "DO UPDATE SET weight = weight + :weight, gradient = gradient + :gradient",
        [
            {"tier": tier, "bucket": bucket, "first": FIRST_GRADIENT, "weight": by.weight, "gradient": by.gradient}
            for bucket, by in moved.items()
        ],
    )
    statement = "SELECT weight, gradient FROM auto_weights WHERE tier = ? AND bucket = ?"
    return {bucket: connection.execute(statement, (tier, bucket)).fetchone() for bucket in moved}


def keep_correction(connection: sqlite3.Connection, task: TaskClass, words: Iterable[str]) -> None:
    """Remember what a person said of a prompt."""
    connection.execute(
        "INSERT INTO auto_corrections (task, words) VALUES (?, ?)",
        (task, msgspec.json.encode(sorted(words)).decode()),
    )


def freeze(connection: sqlite3.Connection, *, is_frozen: bool) -> None:
    """Whether nothing more is learned from now on."""
    connection.execute(
        "INSERT INTO auto_state VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET is_frozen = excluded.is_frozen",
        (is_frozen,),
    )


def forget(connection: sqlite3.Connection) -> tuple[int, int]:
    """Forget what was learned and every correction: how many labels and corrections that were. Decisions stay."""
    counts = [connection.execute(f"DELETE FROM {table}").rowcount for table in ("auto_labels", "auto_corrections")]  # noqa: S608
    connection.execute("DELETE FROM auto_weights")
    connection.execute("DELETE FROM auto_state")
    return counts[0], counts[1]


def decisions(connection: sqlite3.Connection, since_us: int) -> list[DecisionRow]:
    """Every decision since then, oldest first."""
    statement = (
        "SELECT at_us, request_id, task, tier, score, gain, worth, is_explored, project, operation, session "
        "FROM auto_decisions WHERE at_us >= ? ORDER BY id"
    )
    fields = DecisionRow.__struct_fields__
    return [
        msgspec.convert(dict(zip(fields, row, strict=True)), DecisionRow, strict=False)
        for row in connection.execute(statement, (since_us,))
    ]
