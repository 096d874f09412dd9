"""The team's schema in PostgreSQL 14 or newer, who may do what in it, and its partitions.

    labels ──┐ words, each combination once
    sessions ┤
             v
          entries (a partition a month) ──burn.refresh()──> hours      roll-ups, computed from the rows alone
             ^                               ^
             └──────── stale_hours ──────────┘   marks hours whose roll-up does not hold all rows yet

Whoever writes marks the hour in the same transaction, so that at any moment the true sum of an hour is its roll-up if
it bears no mark, and the sum of its rows if it does. Members insert and select; what changes rows is done by functions
that belong to the owner.
"""

from datetime import datetime

from burn_tui.engine.team.connection import Connection, named
from burn_tui.engine.team.functions import FUNCTIONS

VERSION = 1
"""Of the schema."""

_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS burn",
    """
    CREATE TABLE IF NOT EXISTS burn.team (
        team_id uuid NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
        schema_version integer NOT NULL
    )
    """,
    # By digest: an index over nine words could be longer than PostgreSQL allows.
    """
    CREATE TABLE IF NOT EXISTS burn.labels (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest uuid NOT NULL UNIQUE,
        member text NOT NULL,
        provider_name text NOT NULL,
        request_model text NOT NULL,
        environment text NOT NULL,
        operation_name text NOT NULL,
        project text NOT NULL,
        source text NOT NULL,
        prompt_name text NOT NULL,
        prompt_version text NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS burn.sessions (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest uuid NOT NULL UNIQUE,
        name text NOT NULL
    )
    """,
    # attempt -1 = a correction, whose figures are differences. error '' = answered. The wide columns come first, so
    # that none is padded. One machine's clock may be wrong by years: elsewhen takes what no month takes.
    """
    CREATE TABLE IF NOT EXISTS burn.entries (
        event_id uuid NOT NULL,
        started_at timestamptz NOT NULL,
        cost_nanousd bigint,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        cache_read_input_tokens bigint NOT NULL,
        cache_creation_input_tokens bigint NOT NULL,
        reasoning_output_tokens bigint NOT NULL,
        labels integer NOT NULL,
        session integer NOT NULL,
        duration_ms integer NOT NULL,
        first_chunk_ms integer,
        attempt smallint NOT NULL,
        unpriced smallint NOT NULL,
        error_type text NOT NULL,
        PRIMARY KEY (event_id, started_at)
    ) PARTITION BY RANGE (started_at)
    """,
    "CREATE TABLE IF NOT EXISTS burn.entries_elsewhen PARTITION OF burn.entries DEFAULT",
    """
    CREATE INDEX IF NOT EXISTS entries_by_time ON burn.entries
    USING brin (started_at) WITH (pages_per_range = 16, autosummarize = on)
    """,
    "CREATE TABLE IF NOT EXISTS burn.stale_hours (hour timestamptz NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS burn.hours (
        hour timestamptz NOT NULL,
        labels integer NOT NULL,
        session integer NOT NULL,
        requests integer NOT NULL,
        attempts integer NOT NULL,
        failures integer NOT NULL,
        unpriced integer NOT NULL,
        tokens bigint NOT NULL,
        cost_nanousd bigint NOT NULL,
        last_at timestamptz NOT NULL,
        PRIMARY KEY (hour, labels, session)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS burn.verdicts (
        event_id uuid NOT NULL,
        at timestamptz NOT NULL,
        labels integer NOT NULL,
        verdict smallint,
        note text NOT NULL,
        PRIMARY KEY (event_id, at)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS burn.pins (
        prompt_name text NOT NULL,
        label text NOT NULL,
        prompt_version text NOT NULL,
        PRIMARY KEY (prompt_name, label)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS burn.budgets (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE,
        limit_nanousd bigint NOT NULL,
        period text NOT NULL CHECK (period IN ('day', 'week', 'month')),
        timezone text NOT NULL,
        scope text NOT NULL CHECK (scope IN ('all', 'provider', 'environment', 'session', 'project', 'member')),
        scope_name text NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS burn.reservations (
        event_id uuid NOT NULL PRIMARY KEY,
        started_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        amount_nanousd bigint NOT NULL,
        provider_name text NOT NULL,
        environment text NOT NULL,
        session text NOT NULL,
        project text NOT NULL,
        member text NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS reservations_by_end ON burn.reservations (expires_at)",
    # By their names, which say what they hold.
    """
    CREATE OR REPLACE VIEW burn.months AS
    SELECT name, to_date(right(name, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' AS since,
           (to_date(right(name, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' AS until
    FROM (
        SELECT relname::text AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'burn.entries'::regclass AND relname ~ '^entries_[0-9]{4}_[0-9]{2}$'
    ) AS partitions
    """,
)

_PRUNE_ROWS = (
    "DELETE FROM burn.entries_elsewhen WHERE started_at < now() - make_interval(days => %s)",
    "DELETE FROM burn.verdicts WHERE at < now() - make_interval(days => %s)",
)

WRITTEN = ("labels", "sessions", "entries", "stale_hours", "verdicts", "reservations")
"""Tables that members add rows to. Nobody but the owner changes or deletes any."""


def make(connection: Connection) -> None:
    """Everything there is, where it is not there yet."""
    for statement in (*_TABLES, *FUNCTIONS):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO burn.team (schema_version) SELECT %s WHERE NOT EXISTS (SELECT FROM burn.team)", (VERSION,)
    )
    make_months(connection)


def make_months(connection: Connection, since: datetime | None = None) -> None:
    """Partitions from `since` (None = this month) to three months ahead."""
    connection.execute("SELECT burn.make_months(coalesce(%s, now()), now() + interval '3 months')", (since,))


def grant(connection: Connection, role: str, *, may_write: bool) -> list[str]:
    """Give a role what it needs and no more; the statements that did it."""
    statements = ["GRANT USAGE ON SCHEMA burn TO {}", "GRANT SELECT ON ALL TABLES IN SCHEMA burn TO {}"]
    if may_write:
        tables = ", ".join(f"burn.{table}" for table in WRITTEN)
        statements += [
            f"GRANT INSERT ON {tables} TO {{}}",
            "GRANT EXECUTE ON FUNCTION burn.refresh(), burn.make_months(timestamptz, timestamptz) TO {}",
        ]
    granted = [named(statement, role) for statement in statements]
    for statement in granted:
        connection.execute(statement)
    return [statement.as_string(connection) for statement in granted]


def prune(connection: Connection, keep_days: int) -> list[str]:
    """Drop the months that ended more than `keep_days` ago; their names. Roll-ups stay."""
    expired = [
        str(row[0])
        for row in connection.execute(
            """
            SELECT name FROM burn.months WHERE until <= now() - make_interval(days => %s) ORDER BY name
            """,
            (keep_days,),
        )
    ]
    for name in expired:
        connection.execute(named("DROP TABLE burn.{}", name))
    for statement in _PRUNE_ROWS:
        connection.execute(statement, (keep_days,))
    return expired


def pin(connection: Connection, prompt_name: str, label: str, version: str) -> None:
    """Let the label stand for that version of the prompt, for all to see. For the owner."""
    connection.execute(
        """
        INSERT INTO burn.pins (prompt_name, label, prompt_version) VALUES (%s, %s, %s)
        ON CONFLICT (prompt_name, label) DO UPDATE SET prompt_version = excluded.prompt_version
        """,
        (prompt_name, label, version),
    )


def unpin(connection: Connection, prompt_name: str, label: str) -> bool:
    """False if the label stands for nothing. For the owner."""
    statement = "DELETE FROM burn.pins WHERE prompt_name = %s AND label = %s"
    return connection.execute(statement, (prompt_name, label)).rowcount > 0
