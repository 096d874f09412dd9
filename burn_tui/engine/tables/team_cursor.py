"""The tables in which a machine remembers what has left for its team, and every statement on them."""
# ruff: noqa: S608 - what is put into statements are fragments from here

TEAM_CURSOR = (
    # By the id of the team: another server starts from the beginning. `anchor` is the event_id of the row `through`: a
    # ledger in which another row stands there was repaired, so the cursor is worth nothing.
    """
    CREATE TABLE team_cursors (
        team_id TEXT NOT NULL,
        source TEXT NOT NULL,
        through INTEGER NOT NULL,
        anchor BLOB,
        PRIMARY KEY (team_id, source)
    ) WITHOUT ROWID
    """,
    # Attempts up to the cursor that were still open when it passed them.
    """
    CREATE TABLE team_waiting (
        team_id TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (team_id, id)
    ) WITHOUT ROWID
    """,
    # What must be known while the server is away.
    """
    CREATE TABLE team_known (
        address TEXT NOT NULL PRIMARY KEY, team_id TEXT NOT NULL, has_budgets INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
)
"""Of migrations.py."""

_ATTEMPT = """
    attempts.id AS id, attempts.event_id AS event_id, started_at_us, attempt, provider_name, request_model,
    attempts.environment AS environment, operation_name, project, member, source, prompt_name, prompt_version,
    coalesce(sessions.name, attempts.session_id) AS session, error_type, cost_nanousd, input_tokens, output_tokens,
    cache_read_input_tokens, cache_creation_input_tokens, reasoning_output_tokens, duration_us, time_to_first_chunk_us,
    settled_at_us
"""

_OF_ATTEMPTS = "attempts LEFT JOIN sessions ON sessions.id = attempts.session_id"

ATTEMPTS_AFTER = f"SELECT {_ATTEMPT} FROM {_OF_ATTEMPTS} WHERE attempts.id > :through ORDER BY attempts.id LIMIT :limit"

ATTEMPTS_WAITING = f"""
    SELECT {_ATTEMPT} FROM {_OF_ATTEMPTS}
    WHERE attempts.id IN (SELECT id FROM team_waiting WHERE team_id = :team_id) AND settled_at_us IS NOT NULL
    LIMIT :limit
"""

LATEST_ATTEMPTS = f"""
    SELECT {_ATTEMPT} FROM {_OF_ATTEMPTS} WHERE settled_at_us IS NOT NULL ORDER BY attempts.id DESC LIMIT :limit
"""

_WHOSE = """
    started_at_us, provider_name, request_model, attempts.environment AS environment, operation_name, project, member,
    source, prompt_name, prompt_version, coalesce(sessions.name, attempts.session_id) AS session
"""

CORRECTIONS_AFTER = f"""
    SELECT corrections.rowid AS id, corrections.event_id AS raw_id, {_WHOSE},
           corrections.cost_nanousd AS cost_nanousd, corrections.unpriced_requests AS unpriced,
           corrections.input_tokens AS input_tokens, corrections.output_tokens AS output_tokens,
           corrections.cache_read_input_tokens AS cache_read_input_tokens,
           corrections.cache_creation_input_tokens AS cache_creation_input_tokens,
           corrections.reasoning_output_tokens AS reasoning_output_tokens
    FROM corrections JOIN attempts
        ON attempts.id = (SELECT attempt_rows.id FROM attempt_rows WHERE attempt_rows.event_id = corrections.corrects)
    LEFT JOIN sessions ON sessions.id = attempts.session_id
    WHERE corrections.rowid > :through ORDER BY corrections.rowid LIMIT :limit
"""

FEEDBACK_AFTER = f"""
    SELECT feedback.rowid AS id, feedback.event_id AS raw_id, feedback.at_us AS at_us, verdict, note, {_WHOSE}
    FROM feedback JOIN attempts
        ON attempts.id = (SELECT attempt_rows.id FROM attempt_rows WHERE attempt_rows.event_id = feedback.event_id)
    LEFT JOIN sessions ON sessions.id = attempts.session_id
    WHERE feedback.rowid > :through ORDER BY feedback.rowid LIMIT :limit
"""

CURSORS = "SELECT source, through, anchor FROM team_cursors WHERE team_id = :team_id"

MOVE = """
    INSERT INTO team_cursors (team_id, source, through, anchor) VALUES (:team_id, :source, :through, :anchor)
    ON CONFLICT (team_id, source) DO UPDATE SET through = excluded.through, anchor = excluded.anchor
"""

ANCHORS = {
    "attempts": "SELECT event_id FROM attempt_rows WHERE id = :through",
    "corrections": "SELECT event_id FROM corrections WHERE rowid = :through",
    "feedback": "SELECT event_id FROM feedback WHERE rowid = :through",
}
"""The row that a cursor stands on."""

WAIT_FOR = "INSERT OR IGNORE INTO team_waiting (team_id, id) VALUES (:team_id, :id)"

NO_LONGER_WAIT_FOR = "DELETE FROM team_waiting WHERE team_id = :team_id AND id = :id"

START_OVER = (
    "DELETE FROM team_cursors WHERE team_id = :team_id",
    "DELETE FROM team_waiting WHERE team_id = :team_id",
)

LEFT_TO_SEND = """
    SELECT (SELECT count(*) FROM attempt_rows WHERE id > :through AND duration_us IS NOT NULL)
         + (SELECT count(*) FROM team_waiting JOIN attempt_rows ON attempt_rows.id = team_waiting.id
            WHERE team_id = :team_id AND duration_us IS NOT NULL) AS rows_left
"""

KNOWN = "SELECT team_id, has_budgets FROM team_known WHERE address = :address"

KNOW = """
    INSERT INTO team_known (address, team_id, has_budgets) VALUES (:address, :team_id, :has_budgets)
    ON CONFLICT (address) DO UPDATE SET team_id = excluded.team_id, has_budgets = excluded.has_budgets
"""
