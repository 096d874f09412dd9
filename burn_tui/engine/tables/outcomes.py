"""What became of answers, beside what a person thought of them (the table `feedback`).

    accepted = not replaced, and either with a thumb up, or kept in a comparison and without a thumb down

"kept": preferred to another answer to the same question. "replaced": the conversation goes on from another one, because
the question was asked again or the other one was preferred. The last thumb holds; being replaced is for good.
"""

OUTCOMES = (
    "CREATE TABLE outcomes (event_id BLOB NOT NULL, at_us INTEGER NOT NULL, outcome TEXT NOT NULL)",
    "CREATE INDEX outcomes_by_attempt ON outcomes (event_id)",
    """
    CREATE VIEW thumbs AS
    SELECT event_id, verdict FROM (SELECT event_id, verdict, max(rowid) FROM feedback GROUP BY event_id)
    """,
    """
    CREATE VIEW accepted AS
    SELECT event_id FROM thumbs WHERE verdict = 1
    UNION SELECT event_id FROM outcomes WHERE outcome = 'kept'
          AND event_id NOT IN (SELECT event_id FROM thumbs WHERE verdict = -1)
    EXCEPT SELECT event_id FROM outcomes WHERE outcome = 'replaced'
    """,
)
"""Of migrations.py."""

NOTE_OUTCOME = "INSERT INTO outcomes VALUES (:event_id, :at_us, :outcome)"
