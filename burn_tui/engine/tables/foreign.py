"""How sessions of other programs are found in the ledger without looking through its rows.

session_hours of the last hours ─┐
rows in flight ──────────────────┼──> sessions that are active ──> each by its own rows, and its sums
rows that were refused ──────────┘
"""

FOREIGN_INDEXES = (
    # Sessions come and go for ever: the active ones are found by the hour, and each by its latest rows.
    "CREATE INDEX session_hours_by_hour ON session_hours (hour)",
    "CREATE INDEX attempts_by_session ON attempt_rows (session_id, started_at_us) WHERE session_id IS NOT NULL",
)
"""Of migrations.py."""

SESSIONS = """
    WITH active AS (
        SELECT session_id FROM session_hours WHERE hour >= :since_hour
        UNION SELECT session_id FROM attempt_rows WHERE duration_us IS NULL AND +session_id IS NOT NULL
        UNION SELECT session_id FROM attempt_rows
              WHERE error_type IS NOT NULL AND started_at_us >= :since_us AND +session_id IS NOT NULL
    ), latest AS (
        SELECT session_id, (
            SELECT id FROM attempt_rows WHERE session_id = active.session_id
            ORDER BY started_at_us DESC, id DESC LIMIT 1
        ) AS id
        FROM active
    )
    SELECT names.name AS name, source, environment, project, operation_name, provider_name, request_model,
           started_at_us + coalesce(duration_us, 0) AS last_us,
           (SELECT name FROM names WHERE id = fell_back_from) AS fell_back_from,
           (SELECT min(started_at_us) FROM attempt_rows WHERE session_id = latest.session_id) AS first_us,
           (SELECT coalesce(sum(cost_nanousd), 0) FROM attempt_rows
            WHERE session_id = latest.session_id AND started_at_us >= :rate_us) AS lately_nanousd
    FROM latest
    JOIN attempt_rows ON attempt_rows.id = latest.id
    JOIN labels ON labels.id = attempt_rows.labels
    JOIN names ON names.id = latest.session_id
    WHERE source NOT IN ('router', 'demo')
    ORDER BY first_us, name
"""
"""What dashboards and `ask` themselves asked is not among them, nor what the demo invents. A plus keeps the planner
from an index by which it would look through everybody.
"""

SUMS = """
    SELECT (SELECT name FROM names WHERE id = session_id) AS name, sum(requests) AS requests,
           sum(failures) AS failures, sum(cost_nanousd) AS cost_nanousd, sum(unpriced_requests) AS unpriced,
           sum(input_tokens + output_tokens) AS tokens
    FROM session_hours
    WHERE session_id IN (SELECT names.id FROM names JOIN json_each(:names) ON names.name = json_each.value)
    GROUP BY session_id
"""

REFUSED = """
    SELECT (SELECT name FROM names WHERE id = session_id) AS name, count(*) AS refused
    FROM attempt_rows WHERE error_type IS NOT NULL AND error_type = 'refused' AND started_at_us >= :since_us
    GROUP BY session_id
"""
"""They are in no sum, since they reached no provider."""

IN_FLIGHT = """
    SELECT (SELECT name FROM names WHERE id = session_id) AS name, (SELECT name FROM names WHERE id = owner) AS owner
    FROM attempt_rows WHERE duration_us IS NULL AND +session_id IS NOT NULL
"""

ATTEMPTS = """
    SELECT * FROM attempts WHERE id IN (
        SELECT id FROM attempt_rows WHERE session_id = (SELECT id FROM names WHERE name = :name)
        ORDER BY started_at_us DESC, id DESC LIMIT :most
    )
    ORDER BY started_at_us DESC, id DESC
"""
