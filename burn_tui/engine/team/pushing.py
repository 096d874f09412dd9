"""Rows of this machine into the team's tables: each once, however often it is sent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs

from burn_tui.core.team import Labels, SharedRow, SharedVerdict
from burn_tui.engine.team.connection import Connection, Line
from burn_tui.engine.team.rows import digest, time_of

_COLUMNS = """
    event_id, started_at, cost_nanousd, input_tokens, output_tokens, cache_read_input_tokens,
    cache_creation_input_tokens, reasoning_output_tokens, labels, session, duration_ms, first_chunk_ms, attempt,
    unpriced, error_type
"""

_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS burn_arriving (LIKE burn.entries INCLUDING DEFAULTS) ON COMMIT DELETE ROWS
"""

# Rows in one order for everybody, so that two who send the same ones do not wait for each other.
_TAKE_IN = f"""
    WITH new AS (
        INSERT INTO burn.entries ({_COLUMNS}) SELECT {_COLUMNS} FROM burn_arriving ORDER BY event_id
        ON CONFLICT DO NOTHING RETURNING started_at
    ), marked AS (
        INSERT INTO burn.stale_hours SELECT DISTINCT date_trunc('hour', started_at, 'UTC') FROM new
    )
    SELECT count(*) FROM new
"""  # noqa: S608 - the columns of this file

_NEW_LABELS = f"""
    INSERT INTO burn.labels (digest, {", ".join(Labels.__struct_fields__)})
    SELECT digest, {", ".join(Labels.__struct_fields__)} FROM jsonb_to_recordset(%s::jsonb) AS given(
        digest uuid, {", ".join(f"{name} text" for name in Labels.__struct_fields__)})
    WHERE NOT EXISTS (SELECT FROM burn.labels WHERE labels.digest = given.digest)
    ORDER BY digest ON CONFLICT DO NOTHING
"""  # noqa: S608 - the fields of a struct of ours

_NEW_SESSIONS = """
    INSERT INTO burn.sessions (digest, name)
    SELECT digest, name FROM jsonb_to_recordset(%s::jsonb) AS given(digest uuid, name text)
    WHERE NOT EXISTS (SELECT FROM burn.sessions WHERE sessions.digest = given.digest)
    ORDER BY digest ON CONFLICT DO NOTHING
"""


class Pushing:
    """One for a line. It remembers the numbers of words that the server has."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._labels: dict[str, int] = {}
        self._sessions: dict[str, int] = {}
        self._months: set[tuple[int, int]] = set()

    def push(self, rows: Sequence[SharedRow]) -> int:
        """Send them; how many the server did not have yet. When this returns it has committed all of them."""
        self._learn_words([row.labels for row in rows], [row.session for row in rows])
        self._make_months([row.started_at_us for row in rows])
        new = self._line.run(lambda connection: self._take_in(connection, rows))
        # Also where nothing is new: whoever sent it before may have died before this.
        self.refresh()
        return new

    def push_verdicts(self, verdicts: Sequence[SharedVerdict]) -> None:
        """Send what people thought of answers."""
        self._learn_words([verdict.labels for verdict in verdicts], [])
        values = [
            (one.event_id, time_of(one.at_us), self._labels[_digest(one.labels)], one.verdict, one.note)
            for one in verdicts
        ]
        statement = "INSERT INTO burn.verdicts VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"

        def work(connection: Connection) -> None:
            with connection.cursor() as cursor:
                cursor.executemany(statement, values)

        self._line.run(work)

    def refresh(self) -> None:
        """Bring the roll-ups up to date."""
        self._line.run(lambda connection: connection.execute("SELECT burn.refresh()"))

    def _take_in(self, connection: Connection, rows: Iterable[SharedRow]) -> int:
        connection.execute(_STAGE)
        with connection.cursor().copy(f"COPY burn_arriving ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(self._values(row))
        (new,) = connection.execute(_TAKE_IN).fetchone() or (0,)
        return int(new)

    def _values(self, row: SharedRow) -> tuple[object, ...]:
        return (
            row.event_id,
            time_of(row.started_at_us),
            row.cost_nanousd,
            row.input_tokens,
            row.output_tokens,
            row.cache_read_input_tokens,
            row.cache_creation_input_tokens,
            row.reasoning_output_tokens,
            self._labels[_digest(row.labels)],
            self._sessions[digest(row.session)],
            row.duration_ms,
            row.first_chunk_ms,
            row.attempt,
            row.unpriced,
            row.error_type,
        )

    def _learn_words(self, labels: Iterable[Labels], sessions: Iterable[str]) -> None:
        """In a transaction of their own: a word that nobody uses harms nobody, a number that was taken back would."""
        new_labels = {_digest(one): structs.asdict(one) for one in labels}
        new_sessions = {digest(name): {"name": name} for name in sessions}
        self._learn(self._labels, _NEW_LABELS, "labels", new_labels)
        self._learn(self._sessions, _NEW_SESSIONS, "sessions", new_sessions)

    def _learn(self, numbers: dict[str, int], insert: str, table: str, words: Mapping[str, Mapping[str, Any]]) -> None:
        unknown = {key: word for key, word in words.items() if key not in numbers}
        if not unknown:
            return
        given = msgspec.json.encode([{"digest": key, **word} for key, word in unknown.items()]).decode()
        select = f"SELECT digest::text, id FROM burn.{table} WHERE digest = ANY(%s::uuid[])"  # noqa: S608

        def work(connection: Connection) -> dict[str, int]:
            connection.execute(insert, (given,))
            return dict(connection.execute(select, (list(unknown),)).fetchall())

        numbers.update(self._line.run(work))

    def _make_months(self, times_us: Iterable[int]) -> None:
        times = [time_of(at) for at in times_us]
        months = {(at.year, at.month) for at in times}
        if months <= self._months:
            return
        statement = "SELECT burn.make_months(%s, greatest(%s, now() + interval '3 months'))"
        self._line.run(lambda connection: connection.execute(statement, (min(times), max(times))))
        self._months |= months


def _digest(labels: Labels) -> str:
    return digest(*structs.astuple(labels))
