"""What the whole team burns: questions to the roll-ups, which stay small however many rows there are."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from burn_tui.core.expectation import HourSum
from burn_tui.core.team import Line, VersionFeedback
from burn_tui.engine.team.connection import Connection

MOST_LINES = 200
"""On the screen, the costliest first."""

LEARNED_FROM_DAYS = 45
"""More than six weeks: the thirty working days among them are more than are learned from."""

_LINES = """
    SELECT member, sessions.name AS session, provider_name, request_model, environment,
           sum(requests), sum(failures), sum(tokens), sum(cost_nanousd), sum(unpriced), extract(epoch FROM max(last_at))
    FROM burn.hours JOIN burn.labels ON labels.id = hours.labels JOIN burn.sessions ON sessions.id = hours.session
    WHERE hour >= %s GROUP BY 1, 2, 3, 4, 5 ORDER BY 9 DESC, 7 DESC, 1, 2 LIMIT %s
"""

_TODAY = """
    SELECT member, sum(cost_nanousd), extract(epoch FROM max(last_at))
    FROM burn.hours JOIN burn.labels ON labels.id = hours.labels WHERE hour >= %s GROUP BY member ORDER BY 2 DESC, 1
"""

_PAST_HOURS = """
    SELECT member, extract(epoch FROM hour)::bigint / 3600, sum(cost_nanousd)::bigint
    FROM burn.hours JOIN burn.labels ON labels.id = labels WHERE hour >= %s AND hour < %s GROUP BY member, hour
"""

_FEEDBACK = """
    WITH judged AS (
        SELECT prompt_name, prompt_version, count(*) FILTER (WHERE verdict = 1) AS good,
               count(*) FILTER (WHERE verdict = -1) AS bad
        FROM (
            SELECT DISTINCT ON (event_id) labels, verdict FROM burn.verdicts WHERE at >= %s ORDER BY event_id, at DESC
        ) AS last JOIN burn.labels ON labels.id = labels
        WHERE prompt_name <> '' AND verdict IS NOT NULL GROUP BY 1, 2
    ), pinned AS (
        SELECT prompt_name, prompt_version, string_agg(label, ', ' ORDER BY label) AS pins FROM burn.pins GROUP BY 1, 2
    )
    SELECT prompt_name, prompt_version, coalesce(good, 0), coalesce(bad, 0), coalesce(pins, '')
    FROM judged FULL JOIN pinned USING (prompt_name, prompt_version) ORDER BY 1, 3 DESC, 2 LIMIT %s
"""

_GROUPED = """
    SELECT {key} AS key, sum(cost_nanousd) FILTER (WHERE hour >= %(since)s),
           sum(cost_nanousd) FILTER (WHERE hour < %(since)s),
           coalesce(sum(requests) FILTER (WHERE hour >= %(since)s), 0),
           coalesce(sum(failures) FILTER (WHERE hour >= %(since)s), 0),
           coalesce(sum(unpriced) FILTER (WHERE hour >= %(since)s), 0)
    FROM burn.hours JOIN burn.labels ON labels.id = labels WHERE hour >= %(before)s AND hour < %(until)s
    GROUP BY 1 ORDER BY 2 DESC NULLS LAST, 1
"""

_KEYS = {
    "member": "member",
    "model": "provider_name || '/' || request_model",
    "project": "project",
    "environment": "environment",
}


class Change(Struct, frozen=True, kw_only=True):
    """What something cost in one week, and in the week before."""

    key: str
    """"" = what has none, such as no project."""
    cost_nanousd: int
    before_nanousd: int
    requests: int
    failures: int
    unpriced: int
    """Attempts of unknown cost."""


class Storage(Struct, frozen=True, kw_only=True):
    """How much there is."""

    rows: int
    """About."""
    size_bytes: int
    """With all indexes."""
    months: tuple[str, ...]
    """Partitions, as "2026-03"."""


def lines(connection: Connection, *, since: float) -> tuple[Line, ...]:
    """Who burnt what from that time on (a full hour, seconds since the epoch), the costliest first."""
    return tuple(
        Line(
            member=member,
            session=session,
            model=f"{provider}/{model}",
            environment=environment,
            requests=int(requests),
            failures=int(failures),
            tokens=int(tokens),
            cost_nanousd=int(cost),
            unpriced=int(unpriced),
            last_at=float(last_at),
        )
        for member, session, provider, model, environment, requests, failures, tokens, cost, unpriced, last_at in (
            connection.execute(_LINES, (_time(since), MOST_LINES)).fetchall()
        )
    )


def spent_by_member(connection: Connection, *, since: float) -> list[tuple[str, int, float]]:
    """Name, nano-USD and the time of the latest attempt of everyone who asked anything since then."""
    rows = connection.execute(_TODAY, (_time(since),)).fetchall()
    return [(member, int(cost), float(last_at)) for member, cost, last_at in rows]


def past_hours(connection: Connection, *, until: float) -> dict[str, list[HourSum]]:
    """By member what the hours before `until` cost, as far back as is learned from."""
    since = until - LEARNED_FROM_DAYS * 86_400
    found: dict[str, list[HourSum]] = {}
    for member, hour, cost in connection.execute(_PAST_HOURS, (_time(since), _time(until))).fetchall():
        found.setdefault(member, []).append(HourSum(int(hour), int(cost)))
    return found


def feedback_by_version(connection: Connection, *, since: float) -> tuple[VersionFeedback, ...]:
    """What people thought of the versions of prompts, and which of them labels stand for. The last word on an answer
    holds.
    """
    rows = connection.execute(_FEEDBACK, (_time(since), MOST_LINES)).fetchall()
    return tuple(
        VersionFeedback(prompt_name=name, prompt_version=version, good=good, bad=bad, pins=pins)
        for name, version, good, bad, pins in rows
    )


def week(connection: Connection, by: str, *, until: float) -> list[Change]:
    """The seven days before `until` beside the seven before those, by member, model, project or environment."""
    times = {"since": _time(until - 7 * 86_400), "before": _time(until - 14 * 86_400), "until": _time(until)}
    rows = connection.execute(_GROUPED.format(key=_KEYS[by]), times).fetchall()
    return [
        Change(
            key=key,
            cost_nanousd=int(cost or 0),
            before_nanousd=int(before or 0),
            requests=int(requests),
            failures=int(failures),
            unpriced=int(unpriced),
        )
        for key, cost, before, requests, failures, unpriced in rows
    ]


def storage(connection: Connection) -> Storage:
    """What the rows take on the server's disk."""
    statement = """
        SELECT coalesce(sum(greatest(reltuples, 0)), 0), coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'burn.entries'::regclass
    """
    rows, size = connection.execute(statement).fetchone() or (0, 0)
    months: list[Any] = connection.execute("SELECT right(name, 7) FROM burn.months ORDER BY 1").fetchall()
    return Storage(rows=int(rows), size_bytes=int(size), months=tuple(row[0].replace("_", "-") for row in months))


def _time(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
