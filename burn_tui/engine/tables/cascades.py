"""The table of checked answers."""

CASCADES = (
    # One row for each checked answer that a dearer target stood behind. `strong_event_id` is NULL where it was not
    # asked, and `strong_nanousd` is then what it would have cost for the same tokens.
    """
    CREATE TABLE cascades (
        id INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        request_id TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL,
        event_id TEXT NOT NULL,
        target TEXT NOT NULL,
        cheap_nanousd INTEGER NOT NULL,
        strong_event_id TEXT,
        strong_target TEXT NOT NULL,
        strong_nanousd INTEGER NOT NULL,
        has_failed INTEGER NOT NULL,
        why TEXT NOT NULL
    )
    """,
    "CREATE INDEX cascades_by_task ON cascades (task, at_us)",
)
"""Of migrations.py. `at_us` is microseconds since the epoch, UTC."""
