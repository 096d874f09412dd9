"""The tables in which prompts are remembered, and every statement on them.

`prompt_version` holds the text of every version that was ever used, under its own hash: what an answer came from can be
read and sent again, whatever has become of the file.
"""

PROMPTS = (
    """
    CREATE TABLE prompt_version (
        version TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        variant TEXT,
        text TEXT NOT NULL,
        first_used_at_us INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX prompt_version_by_name ON prompt_version (name, first_used_at_us)",
    # What labels stood for, in the order in which that was changed. NULL = the label was new.
    """
    CREATE TABLE prompt_pins (
        id INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        what TEXT NOT NULL,
        stem TEXT NOT NULL,
        label TEXT NOT NULL,
        before_pin TEXT,
        after_pin TEXT NOT NULL
    )
    """,
    # A provider may put another model behind the same name: which ones it said it was.
    """
    CREATE TABLE served_models (
        provider_name TEXT NOT NULL,
        request_model TEXT NOT NULL,
        response_model TEXT NOT NULL,
        first_seen_at_us INTEGER NOT NULL,
        PRIMARY KEY (provider_name, request_model, response_model)
    ) WITHOUT ROWID
    """,
)
"""Of migrations.py."""

KEEP_VERSION = """
    INSERT OR IGNORE INTO prompt_version (version, name, variant, text, first_used_at_us)
    VALUES (:version, :name, :variant, :text, :at_us)
"""

VERSION = "SELECT text, variant FROM prompt_version WHERE name = :name AND version GLOB :beginning || '*' LIMIT 2"

VERSIONS = "SELECT version, variant, text, first_used_at_us FROM prompt_version WHERE name = :name"

NAMES = "SELECT DISTINCT name FROM prompt_version"

USE = """
    SELECT prompt_version AS version, min(day) AS first_day, max(day) AS last_day,
           sum(attempts) AS attempts, sum(answers) AS answers, sum(failures) AS failures,
           sum(cost_nanousd) AS cost_nanousd, sum(unpriced_requests) AS unpriced,
           sum(duration_us) AS duration_us
    FROM days JOIN labels ON labels.id = labels
    WHERE prompt_name = :name GROUP BY prompt_version
"""
"""From the roll-ups. duration_us is that of whole answers."""

THUMBS = """
    SELECT prompt_version AS version, sum(verdict = 1) AS up, sum(verdict = -1) AS down
    FROM (SELECT event_id, verdict FROM feedback WHERE rowid IN (SELECT max(rowid) FROM feedback GROUP BY event_id))
    JOIN attempt_rows USING (event_id) JOIN labels ON labels.id = labels
    WHERE prompt_name = :name GROUP BY prompt_version
"""
"""The last word on each answer."""

NOTE_PIN = """
    INSERT INTO prompt_pins (at_us, what, stem, label, before_pin, after_pin)
    VALUES (:at_us, :what, :stem, :label, :before_pin, :after_pin)
"""

PINNED = """
    SELECT at_us, what, stem, label, before_pin, after_pin FROM prompt_pins
    WHERE stem = :name OR stem GLOB :name || '.*' ORDER BY id DESC
"""

SERVED = (
    "SELECT response_model FROM served_models WHERE provider_name = ? AND request_model = ? ORDER BY first_seen_at_us"
)

NOTE_SERVED = "INSERT OR IGNORE INTO served_models VALUES (?, ?, ?, ?)"
