"""What the ledger says to its database. Parameters are named after columns.

Periods are answered from five parts (see ledger_periods.py): whole days, the whole hours at both ends of them, and at
both ends of those the rows of a broken hour.
"""
# ruff: noqa: S608 - what is put into statements are lists of columns from migrations.py and fragments from here

from functools import cache

from burn_tui.core.usage import TOKEN_COUNTS
from burn_tui.engine.tables.commits import ROOM_BYTES
from burn_tui.engine.tables.migrations import CORRECTED, MINUTE_SUMS, SUMS


def _comma(columns: tuple[str, ...]) -> str:
    return ", ".join(columns)


def _added(columns: tuple[str, ...]) -> str:
    return ", ".join(f"{column} = {column} + excluded.{column}" for column in columns)


def summed(columns: tuple[str, ...] = SUMS) -> str:
    """Each column's sum under its own name."""
    return ", ".join(f"sum({column}) AS {column}" for column in columns)


_SUMMED = summed()

IDENTITY = """
    SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master) AS tables
    FROM pragma_application_id, pragma_user_version
"""
"""What a file is, at one moment: another process may be making it."""

# --- writing ------------------------------------------------------------------------------------

OPENED = (
    "event_id",
    "request_id",
    "attempt",
    "started_at_us",
    "labels",
    "session_id",
    "conversation_id",
    "requested",
    "route",
    "route_reason",
    "fell_back_from",
    "lane",
    "waited_us",
    "owner",
    "input_tokens_estimate",
    "cost_estimate_nanousd",
    "variables_hash",
    "rendered_hash",
    "git_commit",
    "git_is_dirty",
)
"""What is known of an attempt before its call leaves."""

SETTLED = (
    "duration_us",
    "time_to_first_chunk_us",
    "response_model",
    *TOKEN_COUNTS,
    "usage_estimated",
    "cost_nanousd",
    "cost_source",
    "price_as_of",
    "finish_reason",
    "error_type",
    "http_status",
    "malformed_events",
    "is_late",
    "first_chunk_bucket",
    "duration_bucket",
    "speed_bucket",
)
"""What an attempt came to."""

OPEN_ATTEMPT = f"""
    INSERT INTO attempt_rows ({_comma(OPENED)}, finish_reason)
    VALUES ({", ".join("?" * len(OPENED))}, zeroblob({ROOM_BYTES}))
"""

SETTLE = f"""
    INSERT INTO attempt_rows ({_comma(OPENED + SETTLED)}) VALUES ({", ".join("?" * len(OPENED + SETTLED))})
    ON CONFLICT (event_id) DO UPDATE SET
        rendered_hash = excluded.rendered_hash, {", ".join(f"{column} = excluded.{column}" for column in SETTLED)}
    WHERE attempt_rows.duration_us IS NULL
    RETURNING id
"""
"""Inserts a settled row or settles an open one; a row that is settled already stays as it is, and gives no id.

What a prompt was rendered to is known only when it leaves."""

INTERRUPT = """
    UPDATE attempt_rows SET
        duration_us = 0,
        input_tokens = input_tokens_estimate,
        usage_estimated = 1,
        cost_nanousd = cost_estimate_nanousd,
        cost_source = iif(cost_estimate_nanousd IS NULL, NULL, 'estimated'),
        finish_reason = NULL,
        error_type = 'interrupted'
    WHERE duration_us IS NULL
      AND (owner IN (SELECT id FROM names WHERE name IN (SELECT value FROM json_each(:dead_owners)))
           OR started_at_us < :abandoned_before_us)
    RETURNING id
"""

OPEN_OWNERS = """
    SELECT DISTINCT name AS owner FROM attempt_rows JOIN names ON names.id = owner WHERE duration_us IS NULL
"""

_ROLL_UPS = (
    ("minutes", "minute, labels", MINUTE_SUMS, "minute >= :oldest_minute"),
    ("hours", "hour, labels", SUMS, "true"),
    ("days", "day, labels", SUMS, "true"),
    ("session_hours", "session_id, hour", SUMS, "session_id IS NOT NULL"),
    ("commit_hours", "git_commit, hour", SUMS, "git_commit IS NOT NULL"),
)
"""Table, its key, what it adds up, and which rows it takes."""


def _add_one(counted: str) -> tuple[str, ...]:
    """Without grouping, which takes a third of the time."""
    return tuple(
        f"""
        INSERT INTO {table} ({key}, {_comma(sums)}) SELECT {key}, {_comma(sums)} FROM {counted}
        WHERE id = :id AND {takes}
        ON CONFLICT ({key}) DO UPDATE SET {_added(sums)}
        """
        for table, key, sums, takes in _ROLL_UPS
    )


ROLL_UP_ONE = (
    *_add_one("counted_rows"),
    """
    INSERT INTO latencies (subject, measure, hour, bucket, samples)
    SELECT subject, measure, hour, bucket, 1 FROM timed WHERE id = :id AND bucket IS NOT NULL
    ON CONFLICT (subject, measure, hour, bucket) DO UPDATE SET samples = samples + 1
    """,
)
"""Adds the row of an id to all sums."""

ROLL_UP_CORRECTION = _add_one("counted_corrections")

FRESH = (
    f"""
    CREATE TEMP TABLE IF NOT EXISTS fresh_sums AS
    SELECT minute, hour, day, labels, session_id, git_commit, {_comma(SUMS)} FROM counted_rows LIMIT 0
    """,
    """
    CREATE TEMP TABLE IF NOT EXISTS fresh_samples AS
    SELECT hour, labels, measure, bucket, 1 AS samples FROM timed LIMIT 0
    """,
)
"""Where many rows are added up before they are added to the sums: they have few keys between them."""


def _add_many(counted: str, which: str) -> tuple[str, ...]:
    return (*_add_sums(counted, which), *_add_samples(which))


def _add_sums(counted: str, which: str, sums: str = _SUMMED) -> tuple[str, ...]:
    return (
        "DELETE FROM fresh_sums",
        f"""
        INSERT INTO fresh_sums
        SELECT minute, hour, day, labels, session_id, git_commit, {sums} FROM {counted} WHERE {which}
        GROUP BY session_id, iif(minute >= :oldest_minute, minute, 60 * hour), labels, git_commit
        """,
        *(
            f"""
            INSERT INTO {table} ({key}, {_comma(sums)}) SELECT {key}, {summed(sums)} FROM fresh_sums
            WHERE {takes} GROUP BY {key}
            ON CONFLICT ({key}) DO UPDATE SET {_added(sums)}
            """
            for table, key, sums, takes in _ROLL_UPS
        ),
        "DELETE FROM fresh_sums",
    )


def _add_samples(which: str) -> tuple[str, ...]:
    return (
        "DELETE FROM fresh_samples",
        f"""
        INSERT INTO fresh_samples
        SELECT hour, labels, measure, bucket, count(*) FROM timed
        WHERE of_what = 'model' AND {which} AND bucket IS NOT NULL GROUP BY hour, labels, measure, bucket
        """,
        *(
            f"""
            INSERT INTO latencies (subject, measure, hour, bucket, samples)
            SELECT {subject}, measure, hour, bucket, sum(samples)
            FROM fresh_samples JOIN labels ON labels.id = labels
            WHERE {takes} GROUP BY {subject}, measure, hour, bucket
            ON CONFLICT (subject, measure, hour, bucket) DO UPDATE SET samples = samples + excluded.samples
            """
            for subject, takes in (("model_subject", "true"), ("operation_subject", "measure = 2"))
        ),
        "DELETE FROM fresh_samples",
    )


ROLL_UP_MANY = _add_many("counted_rows", "id IN (SELECT value FROM json_each(:ids))")
"""Adds the rows of a JSON list of ids to all sums."""

_RANGE = "id BETWEEN :first_id AND :last_id"

_OF_EVERY_IMPORTED = {
    **dict.fromkeys(("requests", "attempts", "answers"), "count(*)"),
    **dict.fromkeys(("failures", "fallbacks", "truncated", "first_chunk_us", "failed_us", "waited_us"), "0"),
}
"""What logs tell of is answers, one attempt each: adding that up row by row would take a third longer."""

ROLL_UP_UNTIMED_IMPORT = _add_sums(
    "counted_rows", _RANGE, _comma(tuple(_OF_EVERY_IMPORTED.get(name, f"sum({name})") for name in SUMS))
)
"""Adds rows of an import, whose ids follow each other, to all sums; none of them is a sample of a time."""

ROLL_UP_IMPORT = (*ROLL_UP_UNTIMED_IMPORT, *_add_samples(_RANGE))
"""The same for rows of which some are."""

REBUILD_ROLL_UPS = (
    *(f"DELETE FROM {table}" for table in (*(table for table, _, _, _ in _ROLL_UPS), "latencies")),
    *_add_many("counted", "true"),
)

NEWEST = "SELECT coalesce(max(started_at_us), 0) / 60000000 AS minute FROM attempt_rows"

FORGET_MINUTES = "DELETE FROM minutes WHERE minute < :oldest_minute"

KNOWN_FIGURES = """
    SELECT input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens,
           cache_creation_1h_input_tokens, reasoning_output_tokens, cost_nanousd,
           cost_nanousd IS NULL AS unpriced_requests
    FROM attempt_rows WHERE event_id = :corrects AND duration_us IS NOT NULL
"""

EARLIER_CORRECTIONS = f"""
    SELECT {summed(CORRECTED)} FROM corrections WHERE corrects = :corrects HAVING count(*) > 0
"""

CORRECT = f"""
    INSERT OR IGNORE INTO corrections (event_id, corrects, at_us, why, {_comma(CORRECTED)})
    VALUES (:event_id, :corrects, :at_us, :why, {", ".join(f":{column}" for column in CORRECTED)})
    RETURNING rowid
"""

ADD_FEEDBACK = "INSERT INTO feedback VALUES (:event_id, :at_us, :verdict, :note)"

KEEP_REST = """
    INSERT INTO rests VALUES (:provider_name, :lane, :model, :failures, :resting_until, :resting_for, :key_fingerprint)
    ON CONFLICT (provider_name, lane, model) DO UPDATE SET
        failures = excluded.failures,
        resting_until = excluded.resting_until,
        resting_for = excluded.resting_for,
        key_fingerprint = excluded.key_fingerprint
"""

FORGET_REST = "DELETE FROM rests WHERE provider_name = :provider_name AND lane = :lane AND model = :model"

NOTE_OVERRIDE = """
    INSERT OR IGNORE INTO guard_overrides VALUES (:event_id, :at_us, :environment, :session_id, :why, :unlocked)
"""

# --- reading rows -------------------------------------------------------------------------------

RECORDS = """
    SELECT * FROM attempts
    WHERE duration_us IS NOT NULL AND started_at_us >= :since_us AND started_at_us < :until_us
    ORDER BY started_at_us DESC, attempt DESC, id DESC LIMIT :limit
"""

RECORDS_OF_REQUEST = """
    SELECT * FROM attempts
    WHERE id IN (
        SELECT id FROM attempt_rows
        WHERE substr(request_id, 1, 6) = substr(:request_id, 1, 6) AND request_id = :request_id
    ) AND duration_us IS NOT NULL
    ORDER BY started_at_us DESC, attempt DESC, id DESC LIMIT :limit
"""

IS_OPEN = "SELECT 1 FROM attempt_rows WHERE event_id = :event_id AND duration_us IS NULL"

ALL_OPEN_ATTEMPTS = "SELECT count(*) AS open_attempts FROM attempt_rows WHERE duration_us IS NULL"

RESTS = "SELECT * FROM rests"

OVERRIDES = "SELECT * FROM guard_overrides ORDER BY at_us, event_id"

FEEDBACK = "SELECT * FROM feedback WHERE event_id = :event_id ORDER BY at_us, rowid"

VERSION = """
    SELECT (SELECT coalesce(max(id), 0) FROM attempt_rows) AS rows,
           (SELECT count(*) FROM attempt_rows WHERE duration_us IS NULL) AS open_rows,
           (SELECT coalesce(max(rowid), 0) FROM corrections) AS corrections,
           (SELECT coalesce(max(id), 0) FROM told) AS told,
           (SELECT count(*) FROM told WHERE dismissed_at_us IS NULL) AS standing
"""
"""Differs as soon as an attempt was opened, settled or corrected, or something was told or dismissed, by whichever
process. Ids only grow and a settled row never opens again, so none of these states comes twice. Conversations, which
are written every second while an answer streams, are not in it.
"""

# --- reading sums -------------------------------------------------------------------------------

_PARTS = (
    ("days", "day >= :first_day AND day < :after_day"),
    ("hours", "hour >= :first_hour AND hour < :head_hours_end"),
    ("hours", "hour >= :tail_hours_start AND hour < :after_hour"),
)
_HOURS = (("{table}", "hour >= :first_hour AND hour < :after_hour"),)
_BROKEN_HOURS = (
    ("counted", "started_at_us >= :since_us AND started_at_us < :head_end_us"),
    ("counted", "started_at_us >= :tail_start_us AND started_at_us < :until_us"),
)


def in_period(columns: str, where: str = "true") -> str:
    """A question for these columns of SUMS, `labels` and `session_id` apart, in all parts of a period.

    `where`: a condition on `labels`.
    """
    return _union(_PARTS + _BROKEN_HOURS, columns, where)


def by_hour_in_period(columns: str, *, table: str, where: str = "true") -> str:
    """The same from a table of hours, which knows the hour; a condition may be on it as well."""
    hours = tuple((name.format(table=table), when) for name, when in _HOURS)
    return _union(hours + _BROKEN_HOURS, columns, where)


def _union(parts: tuple[tuple[str, str], ...], columns: str, where: str) -> str:
    return " UNION ALL ".join(f"SELECT {columns} FROM {table} WHERE {when} AND {where}" for table, when in parts)


def labelled(labels: tuple[str, ...]) -> str:
    """The condition that rows have these labels, given under their names."""
    if not labels:
        return "true"
    conditions = " AND ".join(f"{label} = :{label}" for label in labels)
    return f"labels IN (SELECT id FROM labels WHERE {conditions})"


@cache
def spent(labels: tuple[str, ...]) -> str:
    """What the attempts with these labels cost in a period, and what is reserved for those that are open."""
    where = labelled(labels)
    return f"""
        SELECT (SELECT coalesce(sum(cost_nanousd), 0) FROM ({in_period("cost_nanousd", where)}))
             + ({_RESERVED} AND {where}) AS spent_nanousd
    """


@cache
def spent_by_session(labels: tuple[str, ...]) -> str:
    """The same of one session."""
    where = f"{_OF_SESSION} AND {labelled(labels)}"
    if labels:  # rare, and the roll-up of sessions does not know them
        parts = f"SELECT cost_nanousd FROM counted WHERE {_IN_PERIOD} AND {where}"
    else:
        parts = by_hour_in_period("cost_nanousd", table="session_hours", where=where)
    return f"""
        SELECT (SELECT coalesce(sum(cost_nanousd), 0) FROM ({parts})) + ({_RESERVED} AND {where}) AS spent_nanousd
    """


_OF_SESSION = "session_id = (SELECT id FROM names WHERE name = :session_id)"

_IN_PERIOD = "started_at_us >= :since_us AND started_at_us < :until_us"

_RESERVED = f"""
    SELECT coalesce(sum(cost_estimate_nanousd), 0) FROM attempt_rows WHERE duration_us IS NULL AND {_IN_PERIOD}
"""


@cache
def open_in_period(labels: tuple[str, ...]) -> str:
    """How many open attempts with these labels hold a reservation in a period."""
    where = _OF_SESSION if labels == ("session_id",) else labelled(labels)
    return f"""
        SELECT count(*) AS open_attempts FROM attempt_rows
        WHERE duration_us IS NULL AND cost_estimate_nanousd > 0 AND {_IN_PERIOD} AND {where}
    """


MINUTE_SAMPLES = """
    SELECT minute, sum(cost_nanousd) AS cost_nanousd, sum(input_tokens + output_tokens) AS tokens
    FROM minutes WHERE minute > :now_minute - :window AND minute <= :now_minute
    GROUP BY minute ORDER BY minute
"""

_OF_PROVIDERS = (
    "cost_nanousd",
    "unpriced_requests",
    "unpriced_tokens",
    "input_tokens",
    "output_tokens",
    "attempts",
    "failures",
)

PROVIDER_SUMS = f"""
    SELECT provider_name, {summed(_OF_PROVIDERS)}
    FROM (
        SELECT labels, {summed(_OF_PROVIDERS)} FROM ({in_period(f"labels, {_comma(_OF_PROVIDERS)}")}) GROUP BY labels
    ) AS numbered JOIN labels ON labels.id = numbered.labels
    GROUP BY provider_name
"""
"""First by number: by words SQLite takes several times as long."""

FIRST_CHUNKS = """
    SELECT provider_name, bucket, samples FROM (
        SELECT subject, bucket, sum(samples) AS samples FROM latencies
        WHERE subject IN (SELECT id FROM subjects WHERE request_model IS NOT NULL)
          AND hour > :now_hour - 24 AND hour <= :now_hour AND measure = 1
        GROUP BY subject, bucket
    ) JOIN subjects ON subjects.id = subject
"""
"""Of each model: a provider has several."""

FIRST_CHUNKS_OF_MODEL = """
    SELECT bucket, sum(samples) AS samples FROM subjects CROSS JOIN latencies ON subject = subjects.id
    WHERE provider_name = :provider_name AND request_model = :model AND measure = 1
      AND hour > :now_hour - 24 AND hour <= :now_hour
    GROUP BY bucket
"""

LAST_ERRORS = """
    SELECT provider_name, error_type, max(at_us) FROM (
        SELECT labels, error_type, max(started_at_us) AS at_us FROM attempt_rows
        WHERE error_type IS NOT NULL AND error_type NOT IN ('refused', 'cancelled', 'interrupted')
          AND started_at_us >= :since_us AND started_at_us <= :now_us
        GROUP BY labels
    ) AS numbered JOIN labels ON labels.id = numbered.labels
    GROUP BY provider_name
"""
"""SQLite takes a bare column from the row that holds the max()."""

OPEN_ATTEMPTS = """
    SELECT provider_name, count(*) AS open_attempts FROM attempt_rows JOIN labels ON labels.id = labels
    WHERE duration_us IS NULL
      AND ifnull(owner, 0) NOT IN (SELECT id FROM names WHERE name IN (SELECT value FROM json_each(:dead_owners)))
    GROUP BY provider_name
"""

LATEST_ENVIRONMENT = f"""
    SELECT environment FROM attempt_rows JOIN labels ON labels.id = labels
    WHERE {_IN_PERIOD} AND environment != '' ORDER BY started_at_us DESC, attempt_rows.id DESC LIMIT 1
"""

LATEST_FALLBACK = f"""
    SELECT started_at_us, names.name AS fell_back_from, provider_name, request_model
    FROM attempt_rows JOIN labels ON labels.id = labels JOIN names ON names.id = fell_back_from
    WHERE {_IN_PERIOD} ORDER BY started_at_us DESC, attempt_rows.id DESC LIMIT 1
"""
