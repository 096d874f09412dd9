"""The ledger's schema: a list that is only ever appended to. Its length is the schema's version.

Each entry is a tuple of statements that run in one transaction together with the record of their version
(PRAGMA user_version). What a released version has run is never edited: the files it made are out there.

    names ──┐ words that recur, each once            subjects ── what latencies are kept of
    labels ─┤ what reports group by, as one number      │
            v                                           v
      attempt_rows ──(counted)──> minutes, hours, days, session_hours, latencies        roll-ups; computed from the rows
            ^                                                                      alone, so they can be made anew
       corrections, feedback                         attempts: the rows in words, for people and programs
"""
# ruff: noqa: S608 - what is put into statements are lists of columns from this file

from burn_tui.engine.burn_memory import BURN_MEMORY
from burn_tui.engine.tables.audit import AUDIT
from burn_tui.engine.tables.auto import AUTO, AUTO_OUTCOMES
from burn_tui.engine.tables.cascades import CASCADES
from burn_tui.engine.tables.commits import by_commit
from burn_tui.engine.tables.comparisons import COMPARISONS
from burn_tui.engine.tables.conversations import CONVERSATIONS
from burn_tui.engine.tables.foreign import FOREIGN_INDEXES
from burn_tui.engine.tables.outcomes import OUTCOMES
from burn_tui.engine.tables.prompts import PROMPTS
from burn_tui.engine.tables.team_cursor import TEAM_CURSOR
from burn_tui.engine.tables.workflows import WORKFLOWS

APPLICATION_ID = 0x6275726E
"""Marks a SQLite file as ours: "burn" in ASCII."""

LABELS = (
    "provider_name",
    "request_model",
    "environment",
    "operation_name",
    "project",
    "member",
    "source",
    "prompt_name",
    "prompt_version",
    "prompt_variant",
    "prompt_label",
)
"""What reports group by and budgets cover, sessions and commits apart, which are too many to be in each sum's key."""

NAMES = (
    "requested",
    "conversation_id",
    "session_id",
    "route",
    "route_reason",
    "fell_back_from",
    "owner",
    "response_model",
    "price_as_of",
    "git_commit",
)
"""Columns of attempt_rows that hold the number of a name."""

SUMS = (
    "requests",
    "attempts",
    "answers",
    "failures",
    "fallbacks",
    "truncated",
    "estimated",
    "cached",
    "unpriced_requests",
    "unpriced_tokens",
    "late_unpriced_tokens",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_1h_input_tokens",
    "reasoning_output_tokens",
    "cost_nanousd",
    "late_nanousd",
    "first_chunk_us",
    "duration_us",
    "failed_us",
    "waited_us",
)
"""What every roll-up adds up. late_ is the part of rows that came long after their calls. Microseconds are those of
whole answers, failed_us apart: the time that was lost to the others."""

MINUTE_SUMS = (
    "attempts",
    "failures",
    "cost_nanousd",
    "late_nanousd",
    "unpriced_tokens",
    "late_unpriced_tokens",
    "input_tokens",
    "output_tokens",
)

CORRECTED = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_1h_input_tokens",
    "reasoning_output_tokens",
    "cost_nanousd",
    "unpriced_requests",
    "unpriced_tokens",
)
"""What a correction changes; the time an attempt took is not among it."""

_MINUTE_US, _HOUR_US, _DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000


def _integers(columns: tuple[str, ...]) -> str:
    return ", ".join(f"{column} INTEGER NOT NULL" for column in columns)


def _name(column: str) -> str:
    return f"(SELECT name FROM names WHERE id = {column}) AS {column}"


def _identifier(column: str) -> str:
    """A column of identifiers, which are kept as 16 bytes if they are UUIDs, as people write them."""
    digits = f"lower(hex({column}))"
    parts = (f"substr({digits}, {start}, {length})" for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)))
    uuid = " || '-' || ".join(parts)
    return f"iif(typeof({column}) = 'blob', {uuid}, {column}) AS {column}"


def _digits(column: str) -> str:
    return f"iif({column} IS NULL, NULL, lower(hex({column}))) AS {column}"


_ROWS = (
    "CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    # Latencies are kept of two things: a model at its provider, and an operation at its provider.
    """
    CREATE TABLE subjects (
        id INTEGER PRIMARY KEY,
        provider_name TEXT NOT NULL,
        request_model TEXT,
        operation_name TEXT
    )
    """,
    "CREATE INDEX subjects_by_name ON subjects (provider_name, request_model, operation_name)",
    """
    CREATE TABLE labels (
        id INTEGER PRIMARY KEY,
        provider_name TEXT NOT NULL,
        request_model TEXT NOT NULL,
        environment TEXT NOT NULL,
        operation_name TEXT NOT NULL,
        project TEXT,
        member TEXT,
        source TEXT NOT NULL,
        prompt_name TEXT,
        prompt_version TEXT,
        prompt_variant TEXT,
        prompt_label TEXT,
        model_subject INTEGER NOT NULL,
        operation_subject INTEGER NOT NULL
    )
    """,
    f"CREATE INDEX labels_by_name ON labels ({', '.join(LABELS)}, model_subject, operation_subject)",
    # Times are integer microseconds: minutes and hours then come from integer division, and no row is counted for one
    # minute in Python and for its neighbour in SQL because of a rounded float. A row is open while it has no duration.
    # Buckets are those of core.latency; NULL where the attempt is no sample.
    """
    CREATE TABLE attempt_rows (
        id INTEGER PRIMARY KEY,
        event_id BLOB NOT NULL UNIQUE,
        request_id BLOB NOT NULL,
        attempt INTEGER NOT NULL,
        started_at_us INTEGER NOT NULL,
        labels INTEGER NOT NULL,
        session_id INTEGER,
        conversation_id INTEGER,
        requested INTEGER,
        route INTEGER,
        route_reason INTEGER NOT NULL,
        fell_back_from INTEGER,
        lane INTEGER NOT NULL,
        waited_us INTEGER NOT NULL,
        owner INTEGER,
        input_tokens_estimate INTEGER NOT NULL,
        cost_estimate_nanousd INTEGER,
        variables_hash BLOB,
        rendered_hash BLOB,
        git_commit INTEGER,
        git_is_dirty INTEGER,
        duration_us INTEGER,
        time_to_first_chunk_us INTEGER,
        response_model INTEGER,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cache_read_input_tokens INTEGER,
        cache_creation_input_tokens INTEGER,
        cache_creation_1h_input_tokens INTEGER,
        reasoning_output_tokens INTEGER,
        usage_estimated INTEGER NOT NULL DEFAULT 0,
        cost_nanousd INTEGER,
        cost_source TEXT,
        price_as_of INTEGER,
        finish_reason TEXT,
        error_type TEXT,
        http_status INTEGER,
        malformed_events INTEGER NOT NULL DEFAULT 0,
        is_late INTEGER NOT NULL DEFAULT 0,
        first_chunk_bucket INTEGER,
        duration_bucket INTEGER,
        speed_bucket INTEGER
    )
    """,
    "CREATE INDEX attempts_by_start ON attempt_rows (started_at_us)",
    "CREATE INDEX attempts_by_request ON attempt_rows (request_id)",
    "CREATE INDEX attempts_open ON attempt_rows (started_at_us) WHERE duration_us IS NULL",
    "CREATE INDEX attempts_failed ON attempt_rows (started_at_us, labels, error_type) WHERE error_type IS NOT NULL",
    """
    CREATE TRIGGER settled_attempts_never_change BEFORE UPDATE ON attempt_rows WHEN OLD.duration_us IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a settled attempt never changes'); END
    """,
    """
    CREATE TRIGGER attempts_are_never_deleted BEFORE DELETE ON attempt_rows
    BEGIN SELECT RAISE(ABORT, 'an attempt is never deleted'); END
    """,
    f"""
    CREATE VIEW attempts AS
    SELECT attempt_rows.id AS id,
           {_identifier("event_id")},
           {_identifier("request_id")},
           attempt, started_at_us, {", ".join(LABELS)}, {", ".join(map(_name, NAMES))},
           lane, waited_us, input_tokens_estimate, cost_estimate_nanousd,
           {_digits("variables_hash")}, {_digits("rendered_hash")}, git_is_dirty,
           started_at_us + duration_us AS settled_at_us, duration_us, time_to_first_chunk_us,
           input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens,
           cache_creation_1h_input_tokens, reasoning_output_tokens, usage_estimated, cost_nanousd, cost_source,
           finish_reason, error_type, http_status, malformed_events, is_late
    FROM attempt_rows JOIN labels ON labels.id = attempt_rows.labels
    """,
)

_BESIDE_THE_ROWS = (
    # A correction holds differences, so that sums take it in like one more row.
    f"""
    CREATE TABLE corrections (
        event_id BLOB NOT NULL PRIMARY KEY,
        corrects BLOB NOT NULL,
        at_us INTEGER NOT NULL,
        why TEXT NOT NULL,
        {_integers(CORRECTED)}
    )
    """,
    "CREATE INDEX corrections_by_attempt ON corrections (corrects)",
    """
    CREATE TRIGGER corrections_never_change BEFORE UPDATE ON corrections
    BEGIN SELECT RAISE(ABORT, 'a correction never changes'); END
    """,
    """
    CREATE TRIGGER corrections_are_never_deleted BEFORE DELETE ON corrections
    BEGIN SELECT RAISE(ABORT, 'a correction is never deleted'); END
    """,
    # Verdicts: 1 = thumbs up, -1 = thumbs down, NULL = taken back. The last row of an attempt holds.
    "CREATE TABLE feedback (event_id BLOB NOT NULL, at_us INTEGER NOT NULL, verdict INTEGER, note TEXT)",
    "CREATE INDEX feedback_by_attempt ON feedback (event_id)",
    # Rests outlive a restart; with another key they are forgotten.
    """
    CREATE TABLE rests (
        provider_name TEXT NOT NULL,
        lane INTEGER NOT NULL,
        model TEXT NOT NULL,
        failures INTEGER NOT NULL,
        resting_until REAL,
        resting_for TEXT,
        key_fingerprint TEXT,
        PRIMARY KEY (provider_name, lane, model)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE guard_overrides (
        event_id TEXT NOT NULL PRIMARY KEY,
        at_us INTEGER NOT NULL,
        environment TEXT NOT NULL,
        session_id TEXT,
        why TEXT NOT NULL,
        unlocked INTEGER NOT NULL
    )
    """,
)

_WHEN = f"""
    started_at_us,
    started_at_us / {_MINUTE_US} AS minute, started_at_us / {_HOUR_US} AS hour, started_at_us / {_DAY_US} AS day
"""

_ROLL_UPS = (
    # The live strip and the alarms look at minutes; what is older than two days is taken out when a ledger is opened.
    f"""
    CREATE TABLE minutes (
        minute INTEGER NOT NULL, labels INTEGER NOT NULL, {_integers(MINUTE_SUMS)}, PRIMARY KEY (minute, labels)
    ) WITHOUT ROWID
    """,
    f"""
    CREATE TABLE hours (
        hour INTEGER NOT NULL, labels INTEGER NOT NULL, {_integers(SUMS)}, PRIMARY KEY (hour, labels)
    ) WITHOUT ROWID
    """,
    # Days of UTC: three months are then 90 days and the hours at both ends, in whatever time zone.
    f"""
    CREATE TABLE days (
        day INTEGER NOT NULL, labels INTEGER NOT NULL, {_integers(SUMS)}, PRIMARY KEY (day, labels)
    ) WITHOUT ROWID
    """,
    f"""
    CREATE TABLE session_hours (
        session_id INTEGER NOT NULL, hour INTEGER NOT NULL, {_integers(SUMS)}, PRIMARY KEY (session_id, hour)
    ) WITHOUT ROWID
    """,
    # Measures: 1 = time to the first chunk, 2 = duration of whole answers (both seconds), 3 = tokens per second.
    # Of operations there are durations only: that is what makes one slow, and the others can be asked of the rows.
    """
    CREATE TABLE latencies (
        subject INTEGER NOT NULL,
        hour INTEGER NOT NULL,
        measure INTEGER NOT NULL,
        bucket INTEGER NOT NULL,
        samples INTEGER NOT NULL,
        PRIMARY KEY (subject, measure, hour, bucket)
    ) WITHOUT ROWID
    """,
    # What a row contributes to the roll-ups is said once, here. Refused requests never reached a provider, so they
    # count for none. What somebody stopped is no failure. A request is counted where its first attempt is.
    f"""
    CREATE VIEW counted_rows AS
    SELECT id, event_id, {_WHEN}, labels, session_id, git_commit,
           attempt <= 1 AS requests,
           1 AS attempts,
           error_type IS NULL AS answers,
           coalesce(error_type NOT IN ('cancelled', 'interrupted'), 0) AS failures,
           fell_back_from IS NOT NULL AS fallbacks,
           error_type IS 'truncated' AS truncated,
           usage_estimated OR cost_source IS 'estimated' AS estimated,
           coalesce(cache_read_input_tokens > 0, 0) AS cached,
           cost_nanousd IS NULL AS unpriced_requests,
           iif(cost_nanousd IS NULL, coalesce(input_tokens, 0) + coalesce(output_tokens, 0), 0) AS unpriced_tokens,
           iif(is_late AND cost_nanousd IS NULL, coalesce(input_tokens, 0) + coalesce(output_tokens, 0), 0)
               AS late_unpriced_tokens,
           coalesce(input_tokens, 0) AS input_tokens,
           coalesce(output_tokens, 0) AS output_tokens,
           coalesce(cache_read_input_tokens, 0) AS cache_read_input_tokens,
           coalesce(cache_creation_input_tokens, 0) AS cache_creation_input_tokens,
           coalesce(cache_creation_1h_input_tokens, 0) AS cache_creation_1h_input_tokens,
           coalesce(reasoning_output_tokens, 0) AS reasoning_output_tokens,
           coalesce(cost_nanousd, 0) AS cost_nanousd,
           iif(is_late, coalesce(cost_nanousd, 0), 0) AS late_nanousd,
           iif(error_type IS NULL, coalesce(time_to_first_chunk_us, 0), 0) AS first_chunk_us,
           iif(error_type IS NULL, duration_us, 0) AS duration_us,
           iif(error_type IS NULL, 0, duration_us) AS failed_us,
           iif(error_type IS NULL, waited_us, 0) AS waited_us
    FROM attempt_rows
    WHERE duration_us IS NOT NULL AND error_type IS NOT 'refused'
    """,
    f"""
    CREATE VIEW counted_corrections AS
    SELECT corrections.rowid AS id, corrections.event_id, {_WHEN}, labels, session_id, git_commit,
           0 AS requests, 0 AS attempts, 0 AS answers, 0 AS failures, 0 AS fallbacks, 0 AS truncated, 0 AS estimated,
           0 AS cached, unpriced_requests, unpriced_tokens, unpriced_tokens AS late_unpriced_tokens,
           corrections.input_tokens, corrections.output_tokens, corrections.cache_read_input_tokens,
           corrections.cache_creation_input_tokens, corrections.cache_creation_1h_input_tokens,
           corrections.reasoning_output_tokens, corrections.cost_nanousd, corrections.cost_nanousd AS late_nanousd,
           0 AS first_chunk_us, 0 AS duration_us, 0 AS failed_us, 0 AS waited_us
    FROM corrections JOIN attempt_rows ON attempt_rows.event_id = corrections.corrects
    """,
    "CREATE VIEW counted AS SELECT * FROM counted_rows UNION ALL SELECT * FROM counted_corrections",
    # Each attempt is up to three samples of its model and one of its operation.
    f"""
    CREATE VIEW timed AS
    SELECT attempt_rows.id AS id, attempt_rows.labels AS labels, started_at_us / {_HOUR_US} AS hour, of_what, measure,
           CASE of_what WHEN 'model' THEN model_subject ELSE operation_subject END AS subject,
           CASE measure WHEN 1 THEN first_chunk_bucket WHEN 2 THEN duration_bucket ELSE speed_bucket END AS bucket
    FROM attempt_rows JOIN labels ON labels.id = attempt_rows.labels JOIN (
        SELECT 1 AS measure, 'model' AS of_what UNION ALL SELECT 2, 'model' UNION ALL SELECT 3, 'model'
        UNION ALL SELECT 2, 'operation'
    )
    WHERE duration_us IS NOT NULL
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (f"PRAGMA application_id = {APPLICATION_ID}", *_ROWS, *_BESIDE_THE_ROWS, *_ROLL_UPS),
    CONVERSATIONS,
    BURN_MEMORY,
    FOREIGN_INDEXES,
    PROMPTS,
    TEAM_CURSOR,
    AUDIT,
    by_commit(SUMS),
    OUTCOMES,
    AUTO,
    COMPARISONS,
    CASCADES,
    WORKFLOWS,
    AUTO_OUTCOMES,
)
"""Append only."""
