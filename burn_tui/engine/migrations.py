"""The ledger's schema: a list that is only ever appended to. Its length is the schema's version.

Each entry is a tuple of statements that run in one transaction together with the record of their version
(PRAGMA user_version). What a released version has run is never edited: the files it made are out there.
"""

APPLICATION_ID = 0x6275726E
"""Marks a SQLite file as ours: "burn" in ASCII."""

_ROLL_UP_ONE = """
    INSERT INTO minutes
    SELECT minute, provider_name, environment, cost_nanousd, input_tokens, output_tokens,
           1, is_failure, is_unpriced, unpriced_tokens
    FROM counted WHERE event_id = NEW.event_id
    ON CONFLICT (minute, provider_name, environment) DO UPDATE SET
        cost_nanousd = cost_nanousd + excluded.cost_nanousd,
        input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        attempts = attempts + excluded.attempts,
        failures = failures + excluded.failures,
        unpriced_requests = unpriced_requests + excluded.unpriced_requests,
        unpriced_tokens = unpriced_tokens + excluded.unpriced_tokens;

    INSERT INTO hours
    SELECT hour, provider_name, request_model, environment, operation_name, cost_nanousd, input_tokens, output_tokens,
           cache_read_input_tokens, cache_creation_input_tokens, reasoning_output_tokens,
           1, is_failure, is_unpriced
    FROM counted WHERE event_id = NEW.event_id
    ON CONFLICT (hour, provider_name, request_model, environment, operation_name) DO UPDATE SET
        cost_nanousd = cost_nanousd + excluded.cost_nanousd,
        input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_creation_input_tokens = cache_creation_input_tokens + excluded.cache_creation_input_tokens,
        reasoning_output_tokens = reasoning_output_tokens + excluded.reasoning_output_tokens,
        attempts = attempts + excluded.attempts,
        failures = failures + excluded.failures,
        unpriced_requests = unpriced_requests + excluded.unpriced_requests;

    INSERT INTO latencies
    SELECT hour, provider_name, request_model, measure, bucket, 1
    FROM timed WHERE event_id = NEW.event_id
    ON CONFLICT (hour, provider_name, request_model, measure, bucket) DO UPDATE SET
        samples = samples + excluded.samples;
"""

_FIRST = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    # Times of rows are integer microseconds: minutes and hours then come from integer division, and no row is
    # counted for one minute in Python and for its neighbour in SQL because of a rounded float.
    """
    CREATE TABLE attempts (
        event_id TEXT NOT NULL PRIMARY KEY,
        request_id TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        started_at_us INTEGER NOT NULL,
        provider_name TEXT NOT NULL,
        request_model TEXT NOT NULL,
        requested TEXT,
        input_tokens_estimate INTEGER NOT NULL,
        cost_estimate_nanousd INTEGER,
        operation_name TEXT NOT NULL,
        conversation_id TEXT,
        session_id TEXT,
        environment TEXT NOT NULL,
        project TEXT,
        member TEXT,
        route TEXT,
        route_reason TEXT NOT NULL,
        fell_back_from TEXT,
        source TEXT NOT NULL,
        lane INTEGER NOT NULL DEFAULT 0,
        waited_s REAL NOT NULL DEFAULT 0,
        prompt_name TEXT,
        prompt_version TEXT,
        owner TEXT,
        settled_at_us INTEGER,
        duration_s REAL,
        time_to_first_chunk_s REAL,
        response_model TEXT,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cache_read_input_tokens INTEGER,
        cache_creation_input_tokens INTEGER,
        cache_creation_1h_input_tokens INTEGER,
        reasoning_output_tokens INTEGER,
        usage_estimated INTEGER NOT NULL DEFAULT 0,
        cost_nanousd INTEGER,
        cost_source TEXT,
        price_as_of TEXT,
        finish_reason TEXT,
        error_type TEXT,
        http_status INTEGER,
        malformed_events INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX attempts_by_start ON attempts (started_at_us)",
    "CREATE INDEX attempts_by_request ON attempts (request_id)",
    "CREATE INDEX attempts_by_session ON attempts (session_id, started_at_us) WHERE session_id IS NOT NULL",
    "CREATE INDEX attempts_by_project ON attempts (project, started_at_us) WHERE project IS NOT NULL",
    "CREATE INDEX attempts_open ON attempts (started_at_us) WHERE settled_at_us IS NULL",
    """
    CREATE INDEX attempts_failed ON attempts (started_at_us, provider_name, error_type) WHERE error_type IS NOT NULL
    """,
    """
    CREATE TABLE minutes (
        minute INTEGER NOT NULL,
        provider_name TEXT NOT NULL,
        environment TEXT NOT NULL,
        cost_nanousd INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        unpriced_requests INTEGER NOT NULL,
        unpriced_tokens INTEGER NOT NULL,
        PRIMARY KEY (minute, provider_name, environment)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE hours (
        hour INTEGER NOT NULL,
        provider_name TEXT NOT NULL,
        request_model TEXT NOT NULL,
        environment TEXT NOT NULL,
        operation_name TEXT NOT NULL,
        cost_nanousd INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read_input_tokens INTEGER NOT NULL,
        cache_creation_input_tokens INTEGER NOT NULL,
        reasoning_output_tokens INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        unpriced_requests INTEGER NOT NULL,
        PRIMARY KEY (hour, provider_name, request_model, environment, operation_name)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE latencies (
        hour INTEGER NOT NULL,
        provider_name TEXT NOT NULL,
        request_model TEXT NOT NULL,
        measure TEXT NOT NULL,
        bucket INTEGER NOT NULL,
        samples INTEGER NOT NULL,
        PRIMARY KEY (hour, provider_name, request_model, measure, bucket)
    ) WITHOUT ROWID
    """,
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
    # What a row contributes to the roll-ups is said once, here, for the triggers and for the rebuilding alike.
    # Refused requests never reached a provider, so they count for none. What somebody stopped is no failure.
    """
    CREATE VIEW counted AS
    SELECT event_id,
           started_at_us / 60000000 AS minute,
           started_at_us / 3600000000 AS hour,
           provider_name, request_model, environment, operation_name,
           coalesce(cost_nanousd, 0) AS cost_nanousd,
           coalesce(input_tokens, 0) AS input_tokens,
           coalesce(output_tokens, 0) AS output_tokens,
           coalesce(cache_read_input_tokens, 0) AS cache_read_input_tokens,
           coalesce(cache_creation_input_tokens, 0) AS cache_creation_input_tokens,
           coalesce(reasoning_output_tokens, 0) AS reasoning_output_tokens,
           coalesce(error_type NOT IN ('cancelled', 'interrupted'), 0) AS is_failure,
           cost_nanousd IS NULL AS is_unpriced,
           iif(cost_nanousd IS NULL, coalesce(input_tokens, 0) + coalesce(output_tokens, 0), 0) AS unpriced_tokens
    FROM attempts
    WHERE settled_at_us IS NOT NULL AND error_type IS NOT 'refused'
    """,
    # Whole answers only have a duration worth comparing: a refusal after 80 ms would make its provider look fast.
    """
    CREATE VIEW timed AS
    SELECT event_id, started_at_us / 3600000000 AS hour, provider_name, request_model,
           'time_to_first_chunk' AS measure, latency_bucket(time_to_first_chunk_s) AS bucket
    FROM attempts
    WHERE settled_at_us IS NOT NULL AND time_to_first_chunk_s IS NOT NULL
    UNION ALL
    SELECT event_id, started_at_us / 3600000000, provider_name, request_model,
           'duration', latency_bucket(duration_s)
    FROM attempts
    WHERE settled_at_us IS NOT NULL AND error_type IS NULL
    """,
    f"""
    CREATE TRIGGER attempts_inserted_settled AFTER INSERT ON attempts WHEN NEW.settled_at_us IS NOT NULL
    BEGIN {_ROLL_UP_ONE} END
    """,
    f"""
    CREATE TRIGGER attempts_settled AFTER UPDATE ON attempts WHEN NEW.settled_at_us IS NOT NULL
    BEGIN {_ROLL_UP_ONE} END
    """,
    """
    CREATE TRIGGER settled_attempts_never_change BEFORE UPDATE ON attempts WHEN OLD.settled_at_us IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a settled attempt never changes'); END
    """,
    """
    CREATE TRIGGER attempts_are_never_deleted BEFORE DELETE ON attempts
    BEGIN SELECT RAISE(ABORT, 'an attempt is never deleted'); END
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""Append only."""
