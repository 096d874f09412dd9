"""What the audit asks of the ledger.

    sums of hours and days ──> what each task came to ──┐
    rows, by label, branch and session ──> its sessions ┴─> tasks, cheaper models, caches, concentration
    rows, in the order of their times ──> changes of place
    rows, by model and size ──> other routes

Sums do not know which session did what, nor how large a call was, so for that the rows themselves are asked. A million
of them take seconds: whoever has a screen does this beside it, with a connection of its own.
"""
# ruff: noqa: S608 - what is put into statements are fragments from here

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from msgspec import Struct, structs

from burn_tui.core.audit import LATELY_DAYS, Audit, Priced, ToolSeen
from burn_tui.core.audit_routes import MOST_PINNED, Alternative, SizedCalls, alternatives, thresholds
from burn_tui.core.audit_savings import cache_uses, served_as_well
from burn_tui.core.audit_switches import Place, Switches, switches
from burn_tui.core.audit_tasks import Task, TaskUse, concentration, ranked, short_name
from burn_tui.core.catalog import Target
from burn_tui.core.money import Price
from burn_tui.core.routing import Route
from burn_tui.core.usage import TOKEN_COUNTS, Usage
from burn_tui.engine.ledger_periods import parts_of_period
from burn_tui.engine.ledger_reading import Row, rows
from burn_tui.engine.tables import ledger as sql

_DAY_S = 86_400.0

FOREVER = 4_000_000_000.0
"""The end of every period, in seconds since the epoch: a log may be of a machine whose clock is ahead."""

_SUMS = ("attempts", "failures", "unpriced_attempts", *TOKEN_COUNTS, "cost_nanousd")

_IN_PERIOD = "started_at_us >= :since_us AND started_at_us < :until_us"

_SIZE = """
    attempt_rows.input_tokens AS size_in,
    coalesce(attempt_rows.input_tokens, 0) + coalesce(attempt_rows.output_tokens, 0) AS size,
    attempt_rows.cost_nanousd IS NULL AS was_unpriced
"""
"""As the row was written, for a correction to be where its row is."""

# Corrections hold differences, so they are added up like rows that make no attempt.
_CORRECTED = f"""
    SELECT labels, session_id, attempt_rows.id AS id, 0 AS attempts, 0 AS failures,
           corrections.unpriced_requests AS unpriced_attempts, {_SIZE},
           {", ".join(f"corrections.{name}" for name in (*TOKEN_COUNTS, "cost_nanousd"))}
    FROM corrections CROSS JOIN attempt_rows ON attempt_rows.event_id = corrections.corrects WHERE {_IN_PERIOD}
"""

_COUNTED = f"""
    SELECT labels, session_id, id, 1 AS attempts,
           coalesce(error_type NOT IN ('cancelled', 'interrupted'), 0) AS failures,
           cost_nanousd IS NULL AS unpriced_attempts, {_SIZE}, {", ".join((*TOKEN_COUNTS, "cost_nanousd"))}
    FROM attempt_rows WHERE duration_us IS NOT NULL AND error_type IS NOT 'refused' AND {_IN_PERIOD}
"""

_SUMMED = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in _SUMS)

_ROLLED_UP = (*(name if name != "unpriced_attempts" else "unpriced_requests AS unpriced_attempts" for name in _SUMS),)

_OF_LABELS = f"""
    SELECT labels, {_SUMMED} FROM ({sql.in_period(f"labels, {', '.join(_ROLLED_UP)}")}) GROUP BY labels
"""

_OF_BRANCHES = f"""
    SELECT labels, branch, {_SUMMED} FROM found_branches CROSS JOIN ({_COUNTED} UNION ALL {_CORRECTED}) AS counted
    ON counted.id = found_branches.attempt GROUP BY labels, branch
"""

_SESSIONS = f"""
    SELECT labels, branch, count(session_id) AS sessions, sum(max(written - read, 0)) AS unread FROM (
        SELECT labels, session_id, {{branch}} AS branch,
               coalesce(sum(cache_read_input_tokens), 0) AS read,
               coalesce(sum(cache_creation_input_tokens), 0) AS written
        FROM attempt_rows {{join}}
        WHERE duration_us IS NOT NULL AND error_type IS NOT 'refused' AND {_IN_PERIOD}
        GROUP BY labels, session_id, {{branch}}
    ) GROUP BY labels, branch
"""

_JOIN = "LEFT JOIN found_branches ON found_branches.attempt = attempt_rows.id"

_LABELS = "SELECT id, provider_name, request_model, operation_name, project, source FROM labels"

_BRANCHES = "SELECT id, name FROM names WHERE id IN (SELECT branch FROM found_branches)"

_ESTIMATED = f"SELECT coalesce(sum(estimated), 0) AS estimated FROM ({sql.in_period('estimated')})"

_IN_ORDER = f"""
    SELECT started_at_us, session_id, labels FROM attempt_rows
    WHERE attempt <= 1 AND error_type IS NOT 'refused' AND {_IN_PERIOD} ORDER BY started_at_us
"""

_REASONS = "SELECT id, name FROM names WHERE name GLOB 'from the log of *'"
"""As prepared.py writes them."""

_PRICED = f"""
    SELECT route_reason, cost_source, (SELECT name FROM names WHERE id = price_as_of) AS as_of,
           count(*) AS calls, coalesce(sum(cost_nanousd), 0) AS cost_nanousd
    FROM attempt_rows WHERE {_IN_PERIOD} AND duration_us IS NOT NULL GROUP BY route_reason, cost_source, price_as_of
"""

_TOOLS = f"""
    SELECT source AS name, sum(attempts) AS attempts, sum(cost_nanousd) AS cost_nanousd,
           sum(unpriced_requests) AS unpriced
    FROM ({sql.in_period("labels, attempts, cost_nanousd, unpriced_requests")}) AS counted
    JOIN labels ON labels.id = counted.labels GROUP BY source HAVING sum(attempts) > 0 ORDER BY source
"""

Prices = Callable[[Target], Price | None]
Windows = Callable[[Target], int | None]


# An attempt is settled once, so these differ whenever a sum does.
_STATE = """
    SELECT (SELECT max(id) FROM attempt_rows) || ' ' || (SELECT count(*) FROM attempt_rows WHERE duration_us IS NULL)
           || ' ' || coalesce((SELECT max(rowid) FROM corrections), 0) AS state
"""

_MODELS = "SELECT DISTINCT provider_name, request_model FROM labels"


class Answerers(Struct, frozen=True, kw_only=True):
    """Who could answer now, and at what price."""

    price: Prices
    window: Windows
    """Tokens that a model takes; None = unknown."""
    routes: tuple[Route, ...] = ()
    targets: tuple[Target, ...] = ()
    """Each of the first MOST_PINNED is a route of its own; () = the models that cost most in the past."""


class _OfCalls(Struct, frozen=True, kw_only=True):
    """What is told of calls whatever task they were for."""

    tools: tuple[ToolSeen, ...]
    switches: Switches
    priced: tuple[Priced, ...]
    estimated: int


def audit(
    connection: sqlite3.Connection,
    *,
    since: float,
    now: float,
    answerers: Answerers,
    beside: sqlite3.Connection | None = None,
) -> Audit:
    """Everything about the attempts that started since then, both in seconds since the epoch.

    `beside`: another connection, to the same moment of the same ledger. What does not need the tasks is asked there at
    the same time: SQLite lets other threads run while it looks.
    """
    lately = max(since, now - LATELY_DAYS * _DAY_S)
    with ThreadPoolExecutor(1) as thread:
        ask = partial(_of_calls, since=since, lately=lately)
        asked = None if beside is None else thread.submit(ask, beside)
        tasks = task_uses(connection, since=since, until=FOREVER)
        if not answerers.targets:  # nobody is set up: the models that were used are what there is to choose from
            answerers = structs.replace(answerers, targets=tuple(dict.fromkeys(use.target for use in tasks)))
        routes = other_routes(connection, since=lately, until=FOREVER, given=answerers)
        calls = ask(connection) if asked is None else asked.result()
    return Audit(
        since=since,
        until=now,
        tasks=tasks,
        tools=calls.tools,
        cheaper=served_as_well(tasks, answerers.price),
        caches=cache_uses(tasks, answerers.price),
        providers=concentration(tasks),
        switches=calls.switches,
        routes=routes,
        priced=calls.priced,
        estimated_attempts=calls.estimated,
        unpriced_attempts=sum(use.unpriced_attempts for use in tasks),
    )


def _of_calls(connection: sqlite3.Connection, *, since: float, lately: float) -> _OfCalls:
    (estimated,) = rows(connection, _ESTIMATED, parts_of_period(since, FOREVER))
    return _OfCalls(
        tools=tools_seen(connection, since=since),
        switches=_switches(connection, since=lately),
        priced=priced(connection, since=since),
        estimated=estimated["estimated"],
    )


def task_uses(connection: sqlite3.Connection, *, since: float, until: float) -> tuple[TaskUse, ...]:
    """Task by model, the costliest first."""
    period = parts_of_period(since, until)
    branches = {row["id"]: row["name"] for row in rows(connection, _BRANCHES)}
    labels = {row["id"]: row for row in rows(connection, _LABELS)}
    parts: dict[tuple[int, int | None], Counter[str]] = defaultdict(Counter)
    for row in rows(connection, _OF_LABELS, period):
        parts[row["labels"], None].update({name: row[name] for name in _SUMS})
    for row in rows(connection, _OF_BRANCHES, period) if branches else ():
        sums = {name: row[name] for name in _SUMS}
        parts[row["labels"], row["branch"]].update(sums)
        parts[row["labels"], None].subtract(sums)
    branch, join = ("branch", _JOIN) if branches else ("NULL", "")
    for row in rows(connection, _SESSIONS.format(branch=branch, join=join), period):
        parts[row["labels"], row["branch"]].update(sessions=row["sessions"], unread=row["unread"] or 0)
    return _uses(parts, labels, branches)


def other_routes(
    connection: sqlite3.Connection, *, since: float, until: float, given: Answerers
) -> tuple[Alternative, ...]:
    """What the calls of the period would have cost elsewhere."""
    pinned = (Route(str(target), (target,)) for target in given.targets[:MOST_PINNED])
    routes = [*given.routes, *pinned]
    calls = _sized(connection, routes, since=since, until=until, given=given) if routes else []
    return alternatives(routes, calls, price=given.price, window=given.window)


def state_of(connection: sqlite3.Connection) -> str:
    """Something that differs as soon as an audit would; it costs next to nothing."""
    (row,) = rows(connection, _STATE)
    return str(row["state"])


def models_met(connection: sqlite3.Connection) -> tuple[Target, ...]:
    """Every model that ever was asked, in alphabetical order."""
    return tuple(sorted(Target(row["provider_name"], row["request_model"]) for row in rows(connection, _MODELS)))


def tools_seen(connection: sqlite3.Connection, *, since: float) -> tuple[ToolSeen, ...]:
    """Everybody whose calls the ledger holds, burn-tui's own doors among them, by name."""
    return tuple(
        ToolSeen(
            name=row["name"],
            attempts=row["attempts"],
            cost_nanousd=None
            if row["unpriced"] >= row["attempts"] and not row["cost_nanousd"]
            else row["cost_nanousd"],
        )
        for row in rows(connection, _TOOLS, parts_of_period(since, FOREVER))
    )


def priced(connection: sqlite3.Connection, *, since: float) -> tuple[Priced, ...]:
    """How the costs of other tools' calls are known. Corrections keep to their rows'."""
    reasons = {row["id"]: row["name"].partition(", ")[2] for row in rows(connection, _REASONS)}
    if not reasons:
        return ()
    found: dict[tuple[str | None, str], list[Row]] = defaultdict(list)
    for row in rows(connection, _PRICED, parts_of_period(since, FOREVER)):
        if row["route_reason"] in reasons:
            found[row["cost_source"], reasons[row["route_reason"]]].append(row)
    made = (_priced(source, rule, of_kind) for (source, rule), of_kind in found.items())
    return tuple(sorted(made, key=lambda one: (-one.calls, one.rule, one.cost_source or "")))


def _priced(cost_source: str | None, rule: str, of_kind: Iterable[Row]) -> Priced:
    parts = list(of_kind)
    days = sorted(row["as_of"] for row in parts if row["as_of"] is not None)
    return Priced(
        cost_source=cost_source,
        rule=rule,
        calls=sum(row["calls"] for row in parts),
        cost_nanousd=sum(row["cost_nanousd"] for row in parts),
        first_as_of=days[0] if days else None,
        last_as_of=days[-1] if days else None,
    )


def _uses(
    parts: Mapping[tuple[int, int | None], Counter[str]], labels: Mapping[int, Row], branches: Mapping[int, str]
) -> tuple[TaskUse, ...]:
    """Labels that differ in nothing but what a task does not know, such as the tool, are one."""
    together: dict[tuple[Task, Target], Counter[str]] = defaultdict(Counter)
    for (number, branch), sums in parts.items():
        label = labels[number]
        name = "" if branch is None else branches[branch]
        task = Task(label["project"] or "", name, label["operation_name"])
        together[task, Target(label["provider_name"], label["request_model"])].update(sums)
    return ranked(_use(task, target, sums) for (task, target), sums in together.items() if sums["attempts"])


def _use(task: Task, target: Target, sums: Counter[str]) -> TaskUse:
    is_unknown = sums["unpriced_attempts"] >= sums["attempts"] and not sums["cost_nanousd"]
    return TaskUse(
        task=task,
        provider_name=target.provider_name,
        request_model=target.model,
        sessions=sums["sessions"],
        cost_nanousd=None if is_unknown else sums["cost_nanousd"],
        unread_cache_tokens=sums["unread"],
        **{name: sums[name] for name in _SUMS if name != "cost_nanousd"},
    )


def _switches(connection: sqlite3.Connection, *, since: float) -> Switches:
    places = {
        row["id"]: Place(row["provider_name"], short_name(row["project"] or ""), is_prompted=row["source"] == "router")
        for row in rows(connection, _LABELS)
    }
    plain = connection.cursor()
    plain.row_factory = None  # a million rows by name would take a second more
    return switches(plain.execute(_IN_ORDER, parts_of_period(since, FOREVER)), places)


def _sized(
    connection: sqlite3.Connection, routes: Iterable[Route], *, since: float, until: float, given: Answerers
) -> list[SizedCalls]:
    """The calls of each model, those apart that some target of the routes serves otherwise."""
    targets = dict.fromkeys(target for route in routes for target in route.targets)
    long, windows = thresholds(targets, price=given.price, window=given.window)
    statement = _by_size(long, windows)
    period = parts_of_period(since, until)
    labels = {row["id"]: Target(row["provider_name"], row["request_model"]) for row in rows(connection, _LABELS)}
    return [
        SizedCalls(
            target=labels[row["labels"]],
            calls=row["attempts"],
            usage=Usage(**{name: row[name] for name in TOKEN_COUNTS}),
            largest_input_tokens=row["largest_input_tokens"],
            largest_tokens=row["largest_tokens"],
            cost_nanousd=row["cost_nanousd"],
            unpriced_calls=row["unpriced_attempts"],
        )
        for row in rows(connection, statement, period)
    ]


def _by_size(long: Iterable[int], windows: Iterable[int]) -> str:
    edges = [*(f"size_in > {edge:d}" for edge in long), *(f"size > {edge:d}" for edge in windows)]
    return f"""
        SELECT labels, {_SUMMED}, max(size_in) AS largest_input_tokens, max(size) AS largest_tokens
        FROM ({_COUNTED} UNION ALL {_CORRECTED}) WHERE NOT failures AND size_in IS NOT NULL
        GROUP BY {", ".join(("labels", "was_unpriced", *edges))} HAVING sum(attempts) > 0
    """


def iterate_json(tasks: Iterable[TaskUse]) -> Iterator[dict[str, Any]]:
    """The `tasks` of `burn-tui audit --json`: null = not known; amounts are integer nano-USD."""
    for use in tasks:
        yield {
            "project": use.task.project or None,
            "branch": use.task.branch or None,
            "operation_name": use.task.operation_name,
            "provider_name": use.provider_name,
            "request_model": use.request_model,
            **{
                name: getattr(use, name)
                for name in TaskUse.__struct_fields__
                if name not in {"task", "provider_name", "request_model"}
            },
        }
