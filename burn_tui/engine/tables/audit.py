"""What the audit remembers of other tools' logs, in tables of the ledger's file.

audit_files ── how far each log was read, so that it is gone on with where it was left
audit_skipped ── lines that could not be read
audit_twins ── second keys of responses that are known by another one
found_branches ── rows of work on another branch than the main one
"""

from burn_tui.core.usage import TOKEN_COUNTS

AUDIT = (
    # Paths are bytes, as the file system has them. What was read is known by hashes of its beginning and its end:
    # `fingerprint`. `memory` is the reader's own.
    """
    CREATE TABLE audit_files (
        path BLOB NOT NULL PRIMARY KEY,
        tool TEXT NOT NULL,
        inode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        changed_ns INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        fingerprint BLOB NOT NULL,
        memory BLOB NOT NULL,
        skipped INTEGER NOT NULL,
        unfinished INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE audit_skipped (
        path BLOB NOT NULL, line INTEGER NOT NULL, why TEXT NOT NULL, PRIMARY KEY (path, line)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE audit_twins (twin BLOB NOT NULL PRIMARY KEY, event_id BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE found_branches (attempt INTEGER PRIMARY KEY, branch INTEGER NOT NULL)",
)
"""Of migrations.py. An attempt is an id of attempt_rows, a branch one of names."""

PLACES = "SELECT path, inode, size, changed_ns, offset, fingerprint, memory FROM audit_files"
"""As in pieces.Place."""

KEEP_FILE = """
    INSERT INTO audit_files
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (path) DO UPDATE SET
        tool = excluded.tool, inode = excluded.inode, size = excluded.size, changed_ns = excluded.changed_ns,
        offset = excluded.offset, fingerprint = excluded.fingerprint, memory = excluded.memory,
        skipped = excluded.skipped + iif(?11, audit_files.skipped, 0), unfinished = excluded.unfinished
"""

FORGET_SKIPPED = "DELETE FROM audit_skipped WHERE path = ?"

UNFINISHED = "the line has no end yet"

FORGET_UNFINISHED = f"DELETE FROM audit_skipped WHERE path = ? AND why = '{UNFINISHED}'"  # noqa: S608 - from here

KEEP_SKIPPED = "INSERT OR REPLACE INTO audit_skipped VALUES (?, ?, ?)"

SKIPPED = """
    SELECT path, audit_skipped.line AS line, why FROM audit_skipped JOIN audit_files USING (path)
    WHERE tool = ? ORDER BY path, audit_skipped.line
"""

SKIPPED_BY_FILE = "SELECT path, skipped + unfinished FROM audit_files WHERE tool = ? AND skipped + unfinished > 0"

TWIN = "SELECT event_id FROM audit_twins WHERE twin = ?"

KEEP_TWIN = "INSERT OR IGNORE INTO audit_twins VALUES (?, ?)"

KEEP_BRANCH = "INSERT OR IGNORE INTO found_branches VALUES (?, ?)"

KNOWN_FIGURES = """
    SELECT input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens,
           cache_creation_1h_input_tokens, reasoning_output_tokens, cost_source
    FROM attempt_rows WHERE event_id = ?
"""

CORRECTED_BY = """
    SELECT sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
           sum(cache_read_input_tokens) AS cache_read_input_tokens,
           sum(cache_creation_input_tokens) AS cache_creation_input_tokens,
           sum(cache_creation_1h_input_tokens) AS cache_creation_1h_input_tokens,
           sum(reasoning_output_tokens) AS reasoning_output_tokens
    FROM corrections WHERE corrects = ? HAVING count(*) > 0
"""

ANY_GATEWAY = "SELECT 1 FROM labels WHERE source = 'gateway' LIMIT 1"

GATEWAY_CALLS = """
    SELECT names.name, started_at_us, coalesce(started_at_us + duration_us, :now_us)
    FROM attempt_rows JOIN names ON names.id = conversation_id
    WHERE started_at_us BETWEEN :since_us AND :until_us
      AND labels IN (SELECT id FROM labels WHERE source = 'gateway')
"""
"""Of clients that have said which session asks."""

MODELS_MET = "SELECT DISTINCT provider_name, request_model FROM labels WHERE provider_name <> '' LIMIT 500"

NEXT_ID = "SELECT coalesce(max(id), 0) + 1 FROM attempt_rows"

IDS = "SELECT id FROM attempt_rows WHERE id BETWEEN :first_id AND :last_id"

COLUMNS = (
    "id",
    "event_id",
    "request_id",
    "started_at_us",
    "labels",
    "session_id",
    "route_reason",
    "duration_us",
    *TOKEN_COUNTS,
    "usage_estimated",
    "cost_nanousd",
    "cost_source",
    "price_as_of",
    "is_late",
    "duration_bucket",
)
"""Of attempt_rows, that an import knows something of."""

INSERT = f"""
    INSERT OR IGNORE INTO attempt_rows ({", ".join(COLUMNS)}, attempt, lane, waited_us, input_tokens_estimate)
    VALUES ({", ".join("?" * len(COLUMNS))}, 1, 0, 0, 0)
"""  # noqa: S608 - columns from here

SOURCES = "SELECT DISTINCT source FROM labels"

OF_TOOL = """
    SELECT coalesce(sum(attempts), 0) AS rows,
           coalesce(sum(input_tokens), 0) AS input_tokens,
           coalesce(sum(output_tokens), 0) AS output_tokens,
           coalesce(sum(cache_read_input_tokens), 0) AS cache_read_input_tokens,
           coalesce(sum(cache_creation_input_tokens), 0) AS cache_creation_input_tokens,
           coalesce(sum(cache_creation_1h_input_tokens), 0) AS cache_creation_1h_input_tokens,
           coalesce(sum(reasoning_output_tokens), 0) AS reasoning_output_tokens,
           coalesce(sum(cost_nanousd), 0) AS cost_nanousd,
           coalesce(sum(unpriced_requests), 0) AS unpriced_requests,
           coalesce(sum(unpriced_tokens), 0) AS unpriced_tokens,
           coalesce(sum(estimated), 0) AS estimated
    FROM ({found}) WHERE labels IN (SELECT id FROM labels WHERE source = :tool)
"""
"""`found`: what is counted in a period."""
