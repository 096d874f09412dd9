"""The tables of what auto remembers. Not in auto_rows.py: whoever opens a ledger need not know how auto thinks."""

AUTO = (
    # One row for each request that was planned, whoever was asked for: `tier` is NULL where auto did not decide.
    """
    CREATE TABLE auto_decisions (
        id INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        request_id TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL,
        tier TEXT,
        score REAL NOT NULL,
        gain REAL NOT NULL,
        worth REAL NOT NULL,
        is_explored INTEGER NOT NULL,
        project TEXT NOT NULL,
        operation TEXT NOT NULL,
        session TEXT NOT NULL
    )
    """,
    "CREATE INDEX auto_decisions_by_time ON auto_decisions (at_us)",
    """
    CREATE TABLE auto_labels (
        id INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        tier TEXT NOT NULL,
        sign TEXT NOT NULL,
        failed INTEGER NOT NULL,
        weight REAL NOT NULL,
        by_rule REAL NOT NULL,
        by_learner REAL NOT NULL
    )
    """,
    """
    CREATE TABLE auto_weights (
        tier TEXT NOT NULL,
        bucket INTEGER NOT NULL,
        weight REAL NOT NULL,
        gradient REAL NOT NULL,
        PRIMARY KEY (tier, bucket)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE auto_corrections (id INTEGER PRIMARY KEY, task TEXT NOT NULL, words TEXT NOT NULL)",
    "CREATE TABLE auto_state (id INTEGER PRIMARY KEY CHECK (id = 1), is_frozen INTEGER NOT NULL)",
)
"""Of migrations.py. `at_us` is microseconds since the epoch, UTC."""

AUTO_OUTCOMES = (
    # Whether the strong tier was asked after the tier that was decided on had answered.
    "ALTER TABLE auto_decisions ADD COLUMN is_escalated INTEGER NOT NULL DEFAULT 0",
    # How long the first words of a stream were kept back for a check; NULL = they were not.
    "ALTER TABLE auto_decisions ADD COLUMN held_us INTEGER",
)
"""Of migrations.py."""
