"""What the ledger says to its database. Parameters are named after columns; None switches a filter off."""

IDENTITY = """
    SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) AS tables
    FROM pragma_application_id, pragma_user_version
"""
"""What a file is, at one moment: another process may be making it."""

OPEN_ATTEMPT = """
    INSERT INTO attempts (
        event_id, request_id, attempt, started_at_us, provider_name, request_model, requested,
        input_tokens_estimate, cost_estimate_nanousd, operation_name, conversation_id, session_id, environment,
        project, member, route, route_reason, fell_back_from, source, lane, waited_s, owner
    ) VALUES (
        :event_id, :request_id, :attempt, :started_at_us, :provider_name, :request_model, :requested,
        :input_tokens_estimate, :cost_estimate_nanousd, :operation_name, :conversation_id, :session_id, :environment,
        :project, :member, :route, :route_reason, :fell_back_from, :source, :lane, :waited_s, :owner
    )
"""

SETTLE = """
    INSERT INTO attempts (
        event_id, request_id, attempt, started_at_us, provider_name, request_model, requested,
        input_tokens_estimate, cost_estimate_nanousd, operation_name, conversation_id, session_id, environment,
        project, member, route, route_reason, fell_back_from, source, lane, waited_s, settled_at_us,
        duration_s, time_to_first_chunk_s, response_model, input_tokens, output_tokens,
        cache_read_input_tokens, cache_creation_input_tokens, cache_creation_1h_input_tokens,
        reasoning_output_tokens, usage_estimated, cost_nanousd, cost_source, price_as_of,
        finish_reason, error_type, http_status, malformed_events
    ) VALUES (
        :event_id, :request_id, :attempt, :started_at_us, :provider_name, :request_model, :requested,
        :input_tokens_estimate, :cost_estimate_nanousd, :operation_name, :conversation_id, :session_id, :environment,
        :project, :member, :route, :route_reason, :fell_back_from, :source, :lane, :waited_s, :settled_at_us,
        :duration_s, :time_to_first_chunk_s, :response_model, :input_tokens, :output_tokens,
        :cache_read_input_tokens, :cache_creation_input_tokens, :cache_creation_1h_input_tokens,
        :reasoning_output_tokens, :usage_estimated, :cost_nanousd, :cost_source, :price_as_of,
        :finish_reason, :error_type, :http_status, :malformed_events
    )
    ON CONFLICT (event_id) DO UPDATE SET
        settled_at_us = excluded.settled_at_us,
        duration_s = excluded.duration_s,
        time_to_first_chunk_s = excluded.time_to_first_chunk_s,
        response_model = excluded.response_model,
        input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens,
        cache_read_input_tokens = excluded.cache_read_input_tokens,
        cache_creation_input_tokens = excluded.cache_creation_input_tokens,
        cache_creation_1h_input_tokens = excluded.cache_creation_1h_input_tokens,
        reasoning_output_tokens = excluded.reasoning_output_tokens,
        usage_estimated = excluded.usage_estimated,
        cost_nanousd = excluded.cost_nanousd,
        cost_source = excluded.cost_source,
        price_as_of = excluded.price_as_of,
        finish_reason = excluded.finish_reason,
        error_type = excluded.error_type,
        http_status = excluded.http_status,
        malformed_events = excluded.malformed_events
    WHERE attempts.settled_at_us IS NULL
"""
"""Inserts a settled row or settles an open one; a row that is settled already stays as it is.
The roll-ups follow by trigger, so a row and its sums are one statement and cannot come apart."""

OPEN_OWNERS = "SELECT DISTINCT owner FROM attempts WHERE settled_at_us IS NULL"

INTERRUPT = """
    UPDATE attempts SET
        settled_at_us = :now_us,
        duration_s = 0,
        input_tokens = input_tokens_estimate,
        usage_estimated = 1,
        cost_nanousd = cost_estimate_nanousd,
        cost_source = iif(cost_estimate_nanousd IS NULL, NULL, 'estimated'),
        error_type = 'interrupted'
    WHERE settled_at_us IS NULL
      AND (owner IN (SELECT value FROM json_each(:dead_owners)) OR started_at_us < :abandoned_before_us)
"""

RECORDS = """
    SELECT * FROM attempts WHERE settled_at_us IS NOT NULL
    ORDER BY started_at_us DESC, attempt DESC, event_id DESC LIMIT :limit
"""

RECORDS_OF_REQUEST = """
    SELECT * FROM attempts WHERE request_id = :request_id AND settled_at_us IS NOT NULL
    ORDER BY started_at_us DESC, attempt DESC, event_id DESC LIMIT :limit
"""

SPENT = """
    SELECT
        (SELECT coalesce(sum(cost_nanousd), 0) FROM hours
         WHERE hour >= :first_hour AND hour < :after_hour
           AND (:provider_name IS NULL OR provider_name = :provider_name)
           AND (:environment IS NULL OR environment = :environment))
      + (SELECT coalesce(sum(cost_nanousd), 0) FROM attempts
         WHERE settled_at_us IS NOT NULL AND started_at_us >= :since_us AND started_at_us < :head_end_us
           AND (:provider_name IS NULL OR provider_name = :provider_name)
           AND (:environment IS NULL OR environment = :environment))
      + (SELECT coalesce(sum(cost_nanousd), 0) FROM attempts
         WHERE settled_at_us IS NOT NULL AND started_at_us >= :tail_start_us AND started_at_us < :until_us
           AND (:provider_name IS NULL OR provider_name = :provider_name)
           AND (:environment IS NULL OR environment = :environment))
      + (SELECT coalesce(sum(cost_estimate_nanousd), 0) FROM attempts
         WHERE settled_at_us IS NULL AND started_at_us >= :since_us AND started_at_us < :until_us
           AND (:provider_name IS NULL OR provider_name = :provider_name)
           AND (:environment IS NULL OR environment = :environment))
      AS spent_nanousd
"""
"""Whole hours from the roll-up, the broken ones at both ends from the rows, and what open rows reserve."""

SPENT_BY_SESSION = """
    SELECT coalesce(sum(iif(settled_at_us IS NULL, cost_estimate_nanousd, cost_nanousd)), 0) AS spent_nanousd
    FROM attempts
    WHERE session_id = :session_id AND started_at_us >= :since_us AND started_at_us < :until_us
      AND (:project IS NULL OR project = :project)
      AND (:provider_name IS NULL OR provider_name = :provider_name)
      AND (:environment IS NULL OR environment = :environment)
"""

SPENT_BY_PROJECT = """
    SELECT coalesce(sum(iif(settled_at_us IS NULL, cost_estimate_nanousd, cost_nanousd)), 0) AS spent_nanousd
    FROM attempts
    WHERE project = :project AND started_at_us >= :since_us AND started_at_us < :until_us
      AND (:provider_name IS NULL OR provider_name = :provider_name)
      AND (:environment IS NULL OR environment = :environment)
"""

MINUTE_SAMPLES = """
    SELECT minute, sum(cost_nanousd) AS cost_nanousd, sum(input_tokens + output_tokens) AS tokens
    FROM minutes WHERE minute > :now_minute - :window AND minute <= :now_minute
    GROUP BY minute ORDER BY minute
"""

PROVIDER_SUMS = """
    SELECT provider_name,
           sum(cost_nanousd) AS cost_nanousd,
           sum(unpriced_requests) AS unpriced_requests,
           sum(unpriced_tokens) AS unpriced_tokens,
           sum(input_tokens) AS input_tokens,
           sum(output_tokens) AS output_tokens,
           sum(attempts) AS attempts,
           sum(failures) AS failures
    FROM minutes WHERE minute >= :day_start_minute AND minute <= :now_minute
    GROUP BY provider_name
"""

FIRST_CHUNKS = """
    SELECT provider_name, bucket, sum(samples) AS samples
    FROM latencies WHERE hour > :now_hour - 24 AND hour <= :now_hour AND measure = 'time_to_first_chunk'
    GROUP BY provider_name, bucket
"""

LAST_ERRORS = """
    SELECT provider_name, error_type, max(started_at_us)
    FROM attempts
    WHERE error_type IS NOT NULL AND error_type NOT IN ('refused', 'cancelled', 'interrupted')
      AND started_at_us >= :day_start_us AND started_at_us <= :now_us
    GROUP BY provider_name
"""
"""SQLite takes a bare column from the row that holds the max()."""

OPEN_ATTEMPTS = "SELECT provider_name, count(*) AS open_attempts FROM attempts WHERE settled_at_us IS NULL GROUP BY 1"

IS_OPEN = "SELECT 1 FROM attempts WHERE event_id = :event_id AND settled_at_us IS NULL"

ALL_OPEN_ATTEMPTS = "SELECT count(*) AS open_attempts FROM attempts WHERE settled_at_us IS NULL"

RESTS = "SELECT * FROM rests"

KEEP_REST = """
    INSERT INTO rests VALUES (:provider_name, :lane, :model, :failures, :resting_until, :resting_for, :key_fingerprint)
    ON CONFLICT (provider_name, lane, model) DO UPDATE SET
        failures = excluded.failures,
        resting_until = excluded.resting_until,
        resting_for = excluded.resting_for,
        key_fingerprint = excluded.key_fingerprint
"""

FORGET_REST = "DELETE FROM rests WHERE provider_name = :provider_name AND lane = :lane AND model = :model"

NOTE_OVERRIDE = """
    INSERT INTO guard_overrides VALUES (:event_id, :at_us, :environment, :session_id, :why, :unlocked)
"""

OVERRIDES = "SELECT * FROM guard_overrides ORDER BY at_us, event_id"

VERSION = "SELECT data_version, total_changes() AS own_changes FROM pragma_data_version"
"""data_version counts what other connections committed, total_changes what this one wrote."""

REBUILD_ROLLUPS = (
    "DELETE FROM minutes",
    "DELETE FROM hours",
    "DELETE FROM latencies",
    """
    INSERT INTO minutes
    SELECT minute, provider_name, environment, sum(cost_nanousd), sum(input_tokens), sum(output_tokens),
           count(*), sum(is_failure), sum(is_unpriced), sum(unpriced_tokens)
    FROM counted GROUP BY minute, provider_name, environment
    """,
    """
    INSERT INTO hours
    SELECT hour, provider_name, request_model, environment, operation_name,
           sum(cost_nanousd), sum(input_tokens), sum(output_tokens),
           sum(cache_read_input_tokens), sum(cache_creation_input_tokens), sum(reasoning_output_tokens),
           count(*), sum(is_failure), sum(is_unpriced)
    FROM counted GROUP BY hour, provider_name, request_model, environment, operation_name
    """,
    """
    INSERT INTO latencies
    SELECT hour, provider_name, request_model, measure, bucket, count(*)
    FROM timed GROUP BY hour, provider_name, request_model, measure, bucket
    """,
)
