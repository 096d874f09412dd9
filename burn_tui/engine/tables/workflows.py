"""What is kept of workflows, so that a run that was killed goes on where it was."""

WORKFLOWS = (
    """
    CREATE TABLE workflow_runs (
        run_id TEXT NOT NULL PRIMARY KEY,
        at_us INTEGER NOT NULL,
        file TEXT NOT NULL,
        is_done INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX workflow_runs_by_file ON workflow_runs (file, at_us)",
    # Answers only: a step that failed or was interrupted has no row. `answer` is NULL where no text is kept.
    """
    CREATE TABLE workflow_steps (
        run_id TEXT NOT NULL,
        step TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        request_id TEXT NOT NULL,
        served TEXT NOT NULL,
        answer TEXT,
        cost_nanousd INTEGER,
        duration_us INTEGER NOT NULL,
        PRIMARY KEY (run_id, step)
    )
    """,
)
"""Of migrations.py. `fingerprint` is a SHA-256 of what was asked, of whom, and how it was checked."""

BEGIN = "INSERT INTO workflow_runs (run_id, at_us, file) VALUES (?, ?, ?)"
END = "UPDATE workflow_runs SET is_done = 1 WHERE run_id = ?"
KEEP_STEP = "INSERT OR REPLACE INTO workflow_steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
UNFINISHED = "SELECT run_id, is_done FROM workflow_runs WHERE file = ? ORDER BY at_us DESC, rowid DESC LIMIT 1"
STEPS = """
    SELECT step, fingerprint, request_id, served, answer, cost_nanousd, duration_us FROM workflow_steps
    WHERE run_id = ? AND answer IS NOT NULL
"""
