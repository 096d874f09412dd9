"""The tables in which conversations are kept, and every statement on them.

They stand apart from the attempts: text can be turned off and pruned, and no figure is lost with it.
"""

# ruff: noqa: S608 - what is put into statements is a fragment from here

CONVERSATIONS = (
    # `owner` is the process in whose tabs a session stands or stood last; NULL = it was closed.
    """
    CREATE TABLE sessions (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        environment TEXT NOT NULL,
        requested TEXT,
        privacy TEXT NOT NULL,
        draft TEXT NOT NULL,
        owner TEXT,
        position INTEGER NOT NULL,
        is_on_screen INTEGER NOT NULL,
        changed_at_us INTEGER NOT NULL
    )
    """,
    "CREATE INDEX sessions_by_change ON sessions (changed_at_us)",
    """
    CREATE TABLE session_entries (
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at_us INTEGER NOT NULL,
        text TEXT NOT NULL,
        facts BLOB NOT NULL,
        PRIMARY KEY (session_id, position)
    )
    """,
    """
    CREATE TABLE session_messages (
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        message BLOB NOT NULL,
        PRIMARY KEY (session_id, position)
    )
    """,
)

KEEP_SESSION = """
    INSERT INTO sessions
    VALUES (:id, :name, :environment, :requested, :privacy, :draft, :owner, :position, :is_on_screen, :changed_at_us)
    ON CONFLICT (id) DO UPDATE SET
        name = excluded.name, environment = excluded.environment, requested = excluded.requested,
        privacy = excluded.privacy, draft = excluded.draft, owner = excluded.owner, position = excluded.position,
        is_on_screen = excluded.is_on_screen, changed_at_us = excluded.changed_at_us
"""

KEEP_ENTRY = """
    INSERT OR REPLACE INTO session_entries VALUES (:session_id, :position, :kind, :at_us, :text, :facts)
"""
DROP_ENTRIES = "DELETE FROM session_entries WHERE session_id = :session_id AND position >= :position"

KEEP_MESSAGE = "INSERT OR REPLACE INTO session_messages VALUES (:session_id, :position, :message)"
DROP_MESSAGES = "DELETE FROM session_messages WHERE session_id = :session_id AND position >= :position"

CLOSE = "UPDATE sessions SET owner = NULL WHERE id = :session_id"
FORGET = "DELETE FROM sessions WHERE id = :session_id"

SESSION = "SELECT * FROM sessions WHERE id = :session_id"
ENTRIES = "SELECT * FROM session_entries WHERE session_id = :session_id ORDER BY position"
MESSAGES = "SELECT message FROM session_messages WHERE session_id = :session_id ORDER BY position"

OWNERS = """
    SELECT owner, max(changed_at_us) AS changed_at_us FROM sessions
    WHERE owner IS NOT NULL GROUP BY owner ORDER BY changed_at_us DESC
"""
TABS_OF = "SELECT id, is_on_screen FROM sessions WHERE owner = :owner ORDER BY position"

_IS_ELSEWHERE = "coalesce(owner IN (SELECT value FROM json_each(:owners)), 0)"
"""Open in another process that may still run; those are nobody else's business."""

PAST = f"""
    SELECT id, name, environment, draft, changed_at_us,
           (SELECT count(*) FROM session_entries WHERE session_id = sessions.id AND kind = 'asked') AS questions,
           (SELECT text FROM session_entries WHERE session_id = sessions.id AND kind = 'asked'
            ORDER BY position LIMIT 1) AS first_question
    FROM sessions
    WHERE NOT {_IS_ELSEWHERE} AND (questions > 0 OR draft <> '')
    ORDER BY changed_at_us DESC LIMIT :limit
"""

SEARCH = f"""
    SELECT session_id, name, environment, session_entries.position AS position, kind, at_us, text
    FROM session_entries JOIN sessions ON sessions.id = session_id
    WHERE text LIKE :pattern ESCAPE '\\' AND NOT {_IS_ELSEWHERE}
        AND session_id NOT IN (SELECT value FROM json_each(:among))
    ORDER BY at_us DESC LIMIT :limit
"""

PRUNE = f"DELETE FROM sessions WHERE changed_at_us < :before_us AND NOT {_IS_ELSEWHERE}"
PRUNE_EMPTY = f"""
    DELETE FROM sessions
    WHERE draft = '' AND NOT {_IS_ELSEWHERE} AND coalesce(owner, '') <> :last_owner
        AND NOT EXISTS (SELECT 1 FROM session_entries WHERE session_id = sessions.id)
"""
ERASE_TEXT = (
    "DELETE FROM session_entries",
    "DELETE FROM session_messages",
    "UPDATE sessions SET draft = '' WHERE draft <> ''",
)
