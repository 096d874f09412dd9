"""The tables in which comparisons are kept, and every statement on them. A result is a row as soon as it is there, so
that a comparison that was stopped, or whose process died, is kept as far as it came.
"""

COMPARISONS = (
    # head: cases, contenders and the rest that is known from the start, as JSON.
    """
    CREATE TABLE comparisons (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        at_us INTEGER NOT NULL,
        head TEXT NOT NULL,
        stopped TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX comparisons_by_name ON comparisons (name, at_us)",
    """
    CREATE TABLE comparison_results (
        comparison TEXT NOT NULL,
        position INTEGER NOT NULL,
        result TEXT NOT NULL,
        PRIMARY KEY (comparison, position)
    ) WITHOUT ROWID
    """,
)
"""Of migrations.py."""

BEGIN = "INSERT INTO comparisons (id, name, at_us, head, stopped) VALUES (:id, :name, :at_us, :head, '')"

STOP = "UPDATE comparisons SET stopped = :stopped WHERE id = :id"

ADD_RESULT = "INSERT INTO comparison_results VALUES (:id, :position, :result)"

LATEST = """
    SELECT id, head, stopped FROM comparisons
    WHERE name = :name AND (:before_us IS NULL OR at_us < :before_us)
          AND id IN (SELECT comparison FROM comparison_results)
    ORDER BY at_us DESC, id DESC LIMIT 1
"""
"""The latest that has any result."""

RESULTS = "SELECT result FROM comparison_results WHERE comparison = :id ORDER BY position"

HEADS = "SELECT id, head FROM comparisons"

REPLACE_HEAD = "UPDATE comparisons SET head = :head WHERE id = :id"

RESULTS_WITH_WORDS = """
    SELECT comparison, position, result FROM comparison_results WHERE json_extract(result, '$.text') IS NOT NULL
"""

REPLACE_RESULT = "UPDATE comparison_results SET result = :result WHERE comparison = :id AND position = :position"
