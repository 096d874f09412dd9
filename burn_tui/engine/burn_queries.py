"""Questions to the ledger about burning and waiting, each within the transaction of whoever asks."""
# ruff: noqa: S608 - what is put into statements are fragments from tables/ledger.py and from here

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from burn_tui.core.alerts import LONGEST_MIN, DaySpending, MinuteSpending, Samples
from burn_tui.core.bottlenecks import Speed, Work
from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Target
from burn_tui.core.expectation import HourSum, Measure
from burn_tui.core.inspection import MOST_REQUESTS, Group, LastError, Which
from burn_tui.core.latency import Histogram, Latency, percentile, samples
from burn_tui.core.minutes import MINUTE_S, minute_of
from burn_tui.core.price_changes import LOOKED_BACK_DAYS, TokensUsed
from burn_tui.core.tension import Drift
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.ledger_periods import HOUR_US, parts_of_period, up_to_now
from burn_tui.engine.ledger_reading import rows
from burn_tui.engine.ledger_rows import microseconds, record_of
from burn_tui.engine.tables import ledger as sql

LEARNED_FROM_DAYS = 182
"""Half a year holds the active days that are learned from, also of weekends with long gaps."""

DAY_HOURS = 24
"""What screens about waiting look back."""

DRIFT_HOURS = 2
"""What is "now" for a model's drift: the running hour and the one before."""

FEWEST_DRIFT_SAMPLES = 5
"""With fewer on either side a median says nothing."""

ERRORS_REMEMBERED_S = 7 * 86_400.0

FEW = 12
"""Operations that the panel may choose its slowest from."""

MEASURES: tuple[Measure, ...] = ("nanousd", "tokens")

_ALL_MEASURES = _FIRST_CHUNK, _DURATION, _SPEED = (1, 2, 3)
"""As the table of latencies numbers them."""

_OPERATIONS = """
    sum(cost_nanousd) - sum(late_nanousd) AS live_nanousd, sum(late_nanousd) AS late_nanousd,
    sum(unpriced_tokens) - sum(late_unpriced_tokens) AS live_tokens, sum(late_unpriced_tokens) AS late_tokens
"""

_MINUTES = f"""
    SELECT minute, operation_name, {_OPERATIONS} FROM minutes JOIN labels ON labels.id = labels
    WHERE minute > :now_minute - :window AND minute <= :now_minute
    GROUP BY minute, operation_name ORDER BY minute
"""

_MINUTES_OF_ALL = f"""
    SELECT minute, '' AS operation_name, {_OPERATIONS} FROM minutes
    WHERE minute > :now_minute - :window AND minute <= :now_minute GROUP BY minute
"""

_SPENT = ("cost_nanousd", "late_nanousd", "unpriced_tokens", "late_unpriced_tokens")

_DAY = f"""
    SELECT operation_name, {_OPERATIONS}
    FROM (SELECT labels, {sql.summed(_SPENT)} FROM ({sql.in_period(f"labels, {', '.join(_SPENT)}")}) GROUP BY labels)
        AS numbered
    JOIN labels ON labels.id = numbered.labels GROUP BY operation_name
"""
"""First by number: by words SQLite takes several times as long."""

_DAY_OF_ALL = f"""
    SELECT '' AS operation_name, coalesce(live_nanousd, 0) AS live_nanousd, coalesce(late_nanousd, 0) AS late_nanousd,
           coalesce(live_tokens, 0) AS live_tokens, coalesce(late_tokens, 0) AS late_tokens
    FROM (SELECT {_OPERATIONS} FROM ({sql.in_period(", ".join(_SPENT))}))
"""

_OPEN = """
    SELECT started_at_us / 60000000 AS minute, operation_name,
           sum(coalesce(cost_estimate_nanousd, 0)) AS live_nanousd, 0 AS late_nanousd,
           sum(iif(cost_estimate_nanousd IS NULL, input_tokens_estimate, 0)) AS live_tokens, 0 AS late_tokens
    FROM attempt_rows JOIN labels ON labels.id = labels
    WHERE duration_us IS NULL AND started_at_us < (:now_minute + 1) * 60000000
    GROUP BY minute, operation_name
"""

_HOURS = """
    SELECT hour, sum(cost_nanousd) AS nanousd, sum(unpriced_tokens) AS tokens FROM hours
    WHERE hour >= :first_hour AND hour <= :now_hour GROUP BY hour
"""

_LAST_HOUR = """
    SELECT coalesce(sum(attempts), 0) AS attempts, coalesce(sum(failures), 0) AS failures
    FROM minutes WHERE minute > :now_minute - 60 AND minute <= :now_minute
"""

_IN_HOURS = "hour > :now_hour - :hours AND hour <= :now_hour"

_WORKS = f"""
    SELECT operation_name, provider_name, sum(answers) AS answers, sum(attempts) AS attempts,
           sum(failures) AS failures, sum(first_chunk_us) AS first_chunk_us, sum(duration_us) AS duration_us,
           sum(failed_us) AS failed_us, sum(output_tokens) AS output_tokens, sum(cost_nanousd) AS cost_nanousd
    FROM hours JOIN labels ON labels.id = labels WHERE {_IN_HOURS} GROUP BY operation_name, provider_name
"""

_KEYS: dict[Group, tuple[str, str]] = {
    "provider": ("provider_name", "request_model IS NOT NULL"),
    "model": ("provider_name || '/' || request_model", "request_model IS NOT NULL"),
    "operation": ("operation_name", "operation_name IS NOT NULL"),
    "hour": ("id", "request_model IS NOT NULL"),
}
"""What a group is named by, and which subjects count for it: all of them would count everything twice."""

_DRIFT = f"""
    SELECT provider_name || '/' || request_model AS name, bucket, samples, recent FROM (
        SELECT subject, bucket, sum(samples) AS samples,
               sum(iif(hour > :now_hour - :recent_hours, samples, 0)) AS recent
        FROM latencies
        WHERE subject IN (SELECT id FROM subjects WHERE request_model IS NOT NULL)
          AND measure = {_FIRST_CHUNK} AND {_IN_HOURS}
        GROUP BY subject, bucket
    ) JOIN subjects ON subjects.id = subject
"""

_USED = """
    SELECT provider_name, request_model, sum(attempts) AS requests, sum(input_tokens) AS input_tokens,
           sum(output_tokens) AS output_tokens, sum(cache_read_input_tokens) AS cache_read_input_tokens,
           sum(cache_creation_input_tokens) AS cache_creation_input_tokens,
           sum(cache_creation_1h_input_tokens) AS cache_creation_1h_input_tokens
    FROM days JOIN labels ON labels.id = labels WHERE day > :now_day - :days AND day <= :now_day
    GROUP BY provider_name, request_model
"""

_LAST_ERRORS = """
    SELECT provider_name, request_model, error_type, http_status, max(started_at_us) AS at_us
    FROM attempt_rows JOIN labels ON labels.id = labels
    WHERE error_type IS NOT NULL AND error_type NOT IN ('refused', 'cancelled', 'interrupted')
      AND started_at_us >= :since_us
    GROUP BY provider_name
"""
"""SQLite takes bare columns from the row that holds the max()."""

_COSTLIEST = """
    SELECT * FROM attempts WHERE id IN (
        SELECT attempt_rows.id FROM attempt_rows JOIN labels ON labels.id = labels
        WHERE started_at_us >= :since_us AND started_at_us < :until_us AND duration_us IS NOT NULL
          AND (:operation_name IS NULL OR operation_name = :operation_name)
          AND (:provider_name IS NULL OR provider_name = :provider_name)
          AND (:environment IS NULL OR environment = :environment)
          AND (:project IS NULL OR project = :project)
          AND (:session_id IS NULL OR session_id = (SELECT id FROM names WHERE name = :session_id))
          AND (:prompt_name IS NULL OR prompt_name = :prompt_name)
          AND (:prompt_version IS NULL OR prompt_version = :prompt_version)
        ORDER BY coalesce(cost_nanousd, cost_estimate_nanousd, 0) DESC, started_at_us DESC LIMIT :most
    )
"""

_LATEST_REQUEST = """
    SELECT * FROM attempts WHERE id IN (
        SELECT id FROM attempt_rows WHERE duration_us IS NOT NULL AND started_at_us < :before_us
          AND (:session_id IS NULL OR session_id = (SELECT id FROM names WHERE name = :session_id))
        ORDER BY started_at_us DESC LIMIT 1
    )
"""

_NEXT_REQUEST = """
    SELECT * FROM attempts WHERE id IN (
        SELECT id FROM attempt_rows WHERE duration_us IS NOT NULL AND started_at_us > :after_us
          AND (:session_id IS NULL OR session_id = (SELECT id FROM names WHERE name = :session_id))
        ORDER BY started_at_us LIMIT 1
    )
"""


def burnt(
    connection: sqlite3.Connection, *, day_start: float, now: float, by_operation: bool = True
) -> dict[Measure, Samples]:
    """Who spent what within the last minutes and since `day_start`; calls in flight count with their estimates.

    Not `by_operation`: what was spent, without a word on who did, which takes a third of the time.
    """
    times = up_to_now(day_start, now)
    times |= {"now_minute": minute_of(now), "window": LONGEST_MIN}
    still_open = rows(connection, _OPEN, times)
    recent = [row for row in still_open if row["minute"] > minute_of(now) - LONGEST_MIN]
    minutes = sorted(
        [*rows(connection, _MINUTES if by_operation else _MINUTES_OF_ALL, times), *recent],
        key=lambda row: int(row["minute"]),
    )
    day = [
        *rows(connection, _DAY if by_operation else _DAY_OF_ALL, times),
        *(row for row in still_open if row["minute"] * MINUTE_S >= day_start),
    ]
    return {measure: _samples(minutes, day, measure) for measure in MEASURES}


def _samples(minutes: Iterable[Mapping[str, Any]], day: Iterable[Mapping[str, Any]], measure: Measure) -> Samples:
    live, late = f"live_{measure}", f"late_{measure}"
    return Samples(
        minutes=tuple(
            MinuteSpending(row["minute"], row["operation_name"], row[live], row[late])
            for row in minutes
            if row[live] or row[late]
        ),
        day=tuple(DaySpending(row["operation_name"], row[live], row[late]) for row in day if row[live] or row[late]),
    )


def past_hours(connection: sqlite3.Connection, *, now: float) -> dict[Measure, list[HourSum]]:
    """What is learned from, in both measures."""
    now_hour = microseconds(now) // HOUR_US
    found = rows(connection, _HOURS, {"first_hour": now_hour - LEARNED_FROM_DAYS * DAY_HOURS, "now_hour": now_hour})
    return {measure: [HourSum(row["hour"], row[measure]) for row in found if row[measure]] for measure in MEASURES}


def budget_spent(connection: sqlite3.Connection, budget: Budget, *, since: float, until: float) -> tuple[int, int]:
    """Nano-USD that the budget's settled rows of [since, until) have cost, and the part of it without late ones."""
    kind, _, name = budget.scope.partition(":")
    columns = "cost_nanousd, late_nanousd"
    if kind == "session":
        ours = "session_id = (SELECT id FROM names WHERE name = :name)"
        parts = sql.by_hour_in_period(columns, table="session_hours", where=ours)
    elif kind == "all":
        parts = sql.in_period(columns)
    else:
        label = {"provider": "provider_name"}.get(kind, kind)
        parts = sql.in_period(columns, f"labels IN (SELECT id FROM labels WHERE {label} = :name)")
    (row,) = rows(
        connection,
        f"SELECT coalesce(sum(cost_nanousd), 0) AS spent, coalesce(sum(late_nanousd), 0) AS late FROM ({parts})",
        {"name": name, **parts_of_period(since, until)},
    )
    return row["spent"], row["spent"] - row["late"]


def last_hour(connection: sqlite3.Connection, *, now: float) -> tuple[int, int]:
    """Attempts that started within it, and those of them that failed."""
    (row,) = rows(connection, _LAST_HOUR, {"now_minute": minute_of(now)})
    return row["attempts"], row["failures"]


def worst_drift(connection: sqlite3.Connection, *, now: float) -> Drift | None:
    """The model whose first chunks have become slowest against its own day; None = too little is known of all."""
    recent: defaultdict[str, dict[int, int]] = defaultdict(dict)
    before: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for row in rows(connection, _DRIFT, _hours_of(now, DAY_HOURS) | {"recent_hours": DRIFT_HOURS}):
        recent[row["name"]][row["bucket"]] = row["recent"]
        before[row["name"]][row["bucket"]] = row["samples"] - row["recent"]
    drifts = [Drift(name, times) for name in recent if (times := _times(recent[name], before[name])) is not None]
    return max(drifts, key=lambda drift: drift.times, default=None)


def _times(recent: Histogram, before: Histogram) -> float | None:
    if min(samples(recent), samples(before)) < FEWEST_DRIFT_SAMPLES:
        return None
    now_s, usual_s = percentile(recent, 0.5), percentile(before, 0.5)
    return None if now_s is None or usual_s is None else now_s / usual_s


def works(connection: sqlite3.Connection, *, now: float, slow_s: float | None = None) -> tuple[list[Work], list[Speed]]:
    """Every operation at every provider within 24 hours, and how fast the models were.

    With `slow_s` only what the panel needs: the durations of the FEW that take longest on average, and the models only
    if one of those is slow by its median.
    """
    found = [row for row in rows(connection, _WORKS, _hours_of(now, DAY_HOURS)) if row["attempts"]]
    few = found if slow_s is None else sorted(found, key=_mean_us, reverse=True)[:FEW]
    histograms = _work_histograms(connection, now, few)
    done = [
        Work(
            operation_name=row["operation_name"],
            provider_name=row["provider_name"],
            answers=row["answers"],
            attempts=row["attempts"],
            failures=row["failures"],
            first_chunk_s=row["first_chunk_us"] / 1e6,
            duration_s=row["duration_us"] / 1e6,
            failed_s=row["failed_us"] / 1e6,
            output_tokens=row["output_tokens"],
            cost_nanousd=row["cost_nanousd"],
            durations=histograms.get((row["operation_name"], row["provider_name"]), {}),
        )
        for row in found
    ]
    if slow_s is not None and not any((percentile(work.durations, 0.5) or 0.0) > slow_s for work in done):
        return done, []
    return done, [
        Speed(target=name, first_chunk=measures.get(_FIRST_CHUNK, {}), speed=measures.get(_SPEED, {}))
        for name, measures in _histograms(
            connection, "model", now, hours=DAY_HOURS, measures=(_FIRST_CHUNK, _SPEED)
        ).items()
    ]


def _mean_us(row: Mapping[str, Any]) -> float:
    return float(row["duration_us"] / row["answers"]) if row["answers"] else 0.0


def _work_histograms(
    connection: sqlite3.Connection, now: float, wanted: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str], dict[int, int]]:
    """Durations by operation and provider."""
    subjects = rows(
        connection, "SELECT id, operation_name, provider_name FROM subjects WHERE operation_name IS NOT NULL"
    )
    keys = {(row["operation_name"], row["provider_name"]) for row in wanted}
    known = {row["id"]: (row["operation_name"], row["provider_name"]) for row in subjects}
    names = {number: key for number, key in known.items() if key in keys}
    statement = f"""
        SELECT subject, bucket, sum(samples) AS samples FROM latencies
        WHERE subject IN ({_listed(list(names))}) AND {_IN_HOURS} AND measure = {_DURATION}
        GROUP BY subject, bucket
    """
    found: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for row in rows(connection, statement, _hours_of(now, DAY_HOURS)):
        found[names[row["subject"]]][row["bucket"]] = row["samples"]
    return dict(found)


def latencies(connection: sqlite3.Connection, group: Group, *, now: float) -> list[Latency]:
    """How long answers took within 24 hours. Hours are named by their number since the epoch, in UTC."""
    if group == "operation":
        histograms = _operation_histograms(connection, now)
    else:
        histograms = _histograms(connection, group, now, hours=DAY_HOURS)
    key = "hour" if group == "hour" else _KEYS[group][0]
    statement = f"""
        SELECT {key} AS name, sum(attempts) AS attempts, sum(failures) AS failures
        FROM hours JOIN labels ON labels.id = labels WHERE {_IN_HOURS} GROUP BY name
    """
    return [
        Latency(
            name=str(row["name"]),
            first_chunk=histograms.get(str(row["name"]), {}).get(_FIRST_CHUNK, {}),
            duration=histograms.get(str(row["name"]), {}).get(_DURATION, {}),
            speed=histograms.get(str(row["name"]), {}).get(_SPEED, {}),
            attempts=row["attempts"],
            failures=row["failures"],
        )
        for row in rows(connection, statement, _hours_of(now, DAY_HOURS))
        if row["attempts"]
    ]


def _histograms(
    connection: sqlite3.Connection, group: Group, now: float, *, hours: int, measures: Sequence[int] = _ALL_MEASURES
) -> dict[str, dict[int, Histogram]]:
    """By name and measure."""
    found: defaultdict[str, dict[int, dict[int, int]]] = defaultdict(dict)
    key, which = _KEYS[group]
    names = {
        row["id"]: str(row["name"]) for row in rows(connection, f"SELECT id, {key} AS name FROM subjects WHERE {which}")
    }
    # Added up by the number of a subject, and only then by its name: by words SQLite takes ten times as long.
    statement = f"""
        SELECT {"hour" if group == "hour" else "subject"} AS what, measure, bucket, sum(samples) AS samples
        FROM latencies
        WHERE subject IN (SELECT id FROM subjects WHERE {which}) AND {_IN_HOURS} AND measure IN ({_listed(measures)})
        GROUP BY what, measure, bucket
    """
    for row in rows(connection, statement, _hours_of(now, hours)):
        histogram = found[str(row["what"]) if group == "hour" else names[row["what"]]].setdefault(row["measure"], {})
        histogram[row["bucket"]] = histogram.get(row["bucket"], 0) + row["samples"]
    return {name: dict(histograms) for name, histograms in found.items()}


def _operation_histograms(connection: sqlite3.Connection, now: float) -> dict[str, dict[int, Histogram]]:
    """By operation and measure, from the rows: of operations the roll-up has durations only."""
    found: defaultdict[str, dict[int, dict[int, int]]] = defaultdict(dict)
    since = {"since_us": (microseconds(now) // HOUR_US - DAY_HOURS + 1) * HOUR_US, "now_us": microseconds(now)}
    for measure, column in ((_FIRST_CHUNK, "first_chunk"), (_DURATION, "duration"), (_SPEED, "speed")):
        statement = f"""
            SELECT operation_name, bucket, sum(samples) AS samples FROM (
                SELECT labels, {column}_bucket AS bucket, count(*) AS samples FROM attempt_rows
                WHERE started_at_us >= :since_us AND started_at_us <= :now_us
                  AND duration_us IS NOT NULL AND {column}_bucket IS NOT NULL
                GROUP BY labels, bucket
            ) AS numbered JOIN labels ON labels.id = numbered.labels GROUP BY operation_name, bucket
        """
        for row in rows(connection, statement, since):
            found[row["operation_name"]].setdefault(measure, {})[row["bucket"]] = row["samples"]
    return {name: dict(histograms) for name, histograms in found.items()}


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _hours_of(now: float, hours: int) -> dict[str, int]:
    return {"now_hour": microseconds(now) // HOUR_US, "hours": hours}


def last_errors(connection: sqlite3.Connection, *, now: float) -> dict[str, LastError]:
    """By provider, within a week; what somebody stopped or our own guard refused is none."""
    found = rows(connection, _LAST_ERRORS, {"since_us": microseconds(now - ERRORS_REMEMBERED_S)})
    return {
        row["provider_name"]: LastError(row["error_type"], row["http_status"], row["request_model"], row["at_us"] / 1e6)
        for row in found
    }


def used(connection: sqlite3.Connection, *, now: float) -> dict[Target, TokensUsed]:
    """What every model was used for within LOOKED_BACK_DAYS."""
    times = {"now_day": int(now // 86_400), "days": LOOKED_BACK_DAYS}
    figures = TokensUsed.__struct_fields__
    return {
        Target(row["provider_name"], row["request_model"]): TokensUsed(**{name: row[name] for name in figures})
        for row in rows(connection, _USED, times)
    }


def costliest(connection: sqlite3.Connection, which: Which) -> list[UsageRecord]:
    """At most MOST_REQUESTS settled attempts, the costliest first."""
    values = {name: getattr(which, name) for name in which.__struct_fields__ if name not in {"since", "until"}}
    times = {"since_us": microseconds(which.since), "until_us": microseconds(which.until), "most": MOST_REQUESTS}
    found = [record_of(row) for row in rows(connection, _COSTLIEST, values | times)]
    return sorted(found, key=lambda record: (-(record.cost_nanousd or 0), -record.opened.started_at))


def request_before(connection: sqlite3.Connection, before: float, session_id: str | None) -> str | None:
    """The id of the latest request that began before that time, of one session or (None) of all; None = none did."""
    values = {"before_us": microseconds(before), "session_id": session_id}
    return next((row["request_id"] for row in rows(connection, _LATEST_REQUEST, values)), None)


def request_after(connection: sqlite3.Connection, after: float, session_id: str | None) -> str | None:
    """The id of the first request that began after that time; as `request_before`."""
    values = {"after_us": microseconds(after), "session_id": session_id}
    return next((row["request_id"] for row in rows(connection, _NEXT_REQUEST, values)), None)
