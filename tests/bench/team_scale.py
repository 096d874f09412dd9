"""A year of a team in PostgreSQL: how long each of the screens' questions takes, and what a row takes on disk.

    python tests/bench/team_scale.py [--days 365] [--members 20] [--requests 2000]

Starts a server of its own (tests/support/postgres.py), loads members x requests x days rows by COPY, lets the server
make its roll-ups, and asks each question so often that the slow tail shows. The floor is a question without any data.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.postgres import Server, running_server

from burn_tui.core.budget import Budget
from burn_tui.core.team import Sharing
from burn_tui.core.usage import AttemptOpened
from burn_tui.engine.team import reading, reservations
from burn_tui.engine.team import schema as team_schema
from burn_tui.engine.team.connection import Connection, Line, address_of
from burn_tui.engine.team.pushing import _COLUMNS

ASKED = 40
"""Times that each question is asked."""

WANTED_MS = 200.0

DAY_S = 86_400
SESSIONS_A_DAY = 5
MODELS = ("anthropic/claude-sonnet-4-5", "openai/gpt-5-mini", "gemini/gemini-2.5-flash", "ollama/qwen3:8b")
ENVIRONMENTS = ("production", "staging", "local")
PROJECTS = ("billing", "search", "web")
LABELS_A_MEMBER = len(MODELS) * len(ENVIRONMENTS) * len(PROJECTS)

_LABELS = """
    INSERT INTO burn.labels (digest, member, provider_name, request_model, environment, operation_name, project, source,
                             prompt_name, prompt_version)
    SELECT gen_random_uuid(), 'member-' || member, split_part(model, '/', 1), split_part(model, '/', 2), environment,
           'chat', project, 'router', '', ''
    FROM generate_series(1, %s) AS member, unnest(%s::text[]) AS model, unnest(%s::text[]) AS environment,
         unnest(%s::text[]) AS project
"""

_ROLL_UP = (
    """
    INSERT INTO burn.stale_hours
    SELECT generate_series(date_trunc('hour', min(started_at)), max(started_at), interval '1 hour') FROM burn.entries
    """,
    "SELECT burn.refresh()",
    "ANALYZE",
)

_HOURS = "SELECT count(*), pg_total_relation_size('burn.hours') FROM burn.hours"


def load(line: Line, days: int, members: int, requests: int) -> int:
    """Rows of that many days up to now, in the order in which they would have come; how many."""
    now = time.time()
    months = "SELECT burn.make_months(to_timestamp(%s), now())"
    line.run(lambda it: it.execute(months, (now - days * DAY_S,)))
    line.run(lambda it: it.execute(_LABELS, (members, list(MODELS), list(ENVIRONMENTS), list(PROJECTS))))
    names = (
        "INSERT INTO burn.sessions (digest, name) SELECT gen_random_uuid(), 's' || n FROM generate_series(1, %s) AS n"
    )
    line.run(lambda it: it.execute(names, (days * members * SESSIONS_A_DAY,)))
    rows = 0
    for day in range(days):
        start = now - (days - day) * DAY_S

        def copy_day(connection: Connection, start: float = start, day: int = day) -> None:
            with connection.cursor().copy(f"COPY burn.entries ({_COLUMNS}) FROM STDIN") as copy:
                for block in _day(start, day, members, requests):
                    copy.write(block)

        line.run(copy_day)
        rows += members * requests
    return rows


def _day(start: float, day: int, members: int, requests: int) -> Iterator[str]:
    """In COPY's text form: ten hours of work, with everybody in turn."""
    chance = random.Random(day)
    step = 36_000 / requests
    for number in range(requests):
        lines = []
        for member in range(members):
            at = start + 28_800 + number * step + chance.random()
            label = member * LABELS_A_MEMBER + 1 + (number // 60 + day) % LABELS_A_MEMBER
            session = (day * members + member) * SESSIONS_A_DAY + 1 + number * SESSIONS_A_DAY // requests
            tokens = chance.randrange(200, 20_000)
            event_id = f"{int(at * 1000):012x}7{chance.getrandbits(12):03x}8{chance.getrandbits(60):015x}"
            when = datetime.fromtimestamp(at, UTC).isoformat()
            failed = "rate_limited" if chance.random() < 0.02 else ""
            lines.append(
                f"{event_id}\t{when}\t{tokens * 3000}\t{tokens}\t{tokens // 8}\t{tokens // 2}\t0\t0\t{label}\t{session}"
                f"\t{1500 + tokens // 8}\t400\t1\t0\t{failed}\n"
            )
        yield "".join(lines)


def questions(now: float) -> dict[str, Callable[[Connection], object]]:
    """All that the screen, the commands and the admission of a request ask."""
    since = (now - DAY_S) // 3_600 * 3_600  # a whole day, whatever time it is
    opened = AttemptOpened(
        event_id="00000000-0000-7000-8000-000000000001",
        request_id="r",
        attempt=1,
        started_at=now,
        provider_name="openai",
        request_model="gpt-5-mini",
        project="billing",
        cost_estimate_nanousd=1,
    )
    sharing = Sharing(member="member-1")
    return {
        "floor: SELECT 1": lambda it: it.execute("SELECT 1").fetchall(),
        "screen: who burns": lambda it: reading.spent_by_member(it, since=since),
        "screen: on what": lambda it: reading.lines(it, since=since),
        "screen: shared budgets (day, month)": reservations.standings,
        "screen: prompts": lambda it: reading.feedback_by_version(it, since=now - 30 * DAY_S),
        "screen: what is usual (once a day)": lambda it: reading.past_hours(it, until=since),
        "request: reserve under two budgets": lambda it: reservations.reserve(it, opened, sharing, "s1"),
        "digest: week by member": lambda it: reading.week(it, "member", until=now),
        "digest: week by model": lambda it: reading.week(it, "model", until=now),
        "status: storage": reading.storage,
        "push: bring one hour up to date": _refresh_one_hour,
    }


def _refresh_one_hour(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO burn.stale_hours SELECT date_trunc('hour', max(started_at)) FROM burn.entries "
        "WHERE started_at > now() - interval '1 day'"
    )
    connection.execute("SELECT burn.refresh()")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--members", type=int, default=20)
    parser.add_argument("--requests", type=int, default=2_000, help="a member and a day")
    given = parser.parse_args()
    with running_server() as server:
        measure(server, given.days, given.members, given.requests)


def measure(server: Server, days: int, members: int, requests: int) -> None:
    """Load, and ask."""
    server.run("ALTER SYSTEM SET max_wal_size = '4GB'")
    server.run("SELECT pg_reload_conf()")
    line = Line(address_of(server.new_database() + "&options=-c%20statement_timeout%3D0%20-c%20timezone%3DUTC"))
    line.run(team_schema.make)
    for name, period in (("day", "day"), ("month", "month")):
        budget = Budget(name=name, limit_nanousd=2**62, period=period, timezone=UTC)  # type: ignore[arg-type]
        line.run(lambda it, budget=budget: reservations.set_budget(it, budget))  # type: ignore[misc]
    began = time.perf_counter()
    rows = load(line, days, members, requests)
    loaded = time.perf_counter()
    print(f"{rows:,} rows loaded in {loaded - began:.0f} s, {rows / (loaded - began):,.0f} a second")
    server.run("VACUUM ANALYZE", line.address.conninfo)  # as autovacuum does within a minute
    print(f"vacuumed in {time.perf_counter() - loaded:.0f} s")
    loaded = time.perf_counter()
    for statement in _ROLL_UP:
        line.run(lambda it, statement=statement: it.execute(statement))  # type: ignore[misc]
    print(f"all roll-ups made in {time.perf_counter() - loaded:.0f} s")
    stored = line.run(reading.storage)
    ((hours, size),) = line.run(lambda it: it.execute(_HOURS).fetchall())
    print(f"{stored.size_bytes / rows:.0f} bytes a row with all indexes, and {size / rows:.0f} for {hours:,} roll-ups")
    floor = None
    for name, question in questions(time.time()).items():
        times = sorted(_ms(line, question) for _ in range(ASKED))
        floor = floor or median(times)
        worst = times[-1]
        mark = "" if worst < WANTED_MS else "   SLOWER THAN WANTED"
        print(f"{name:<38} p50 {median(times):8.2f} ms   worst {worst:8.2f} ms   {median(times) / floor:6.0f} x{mark}")
    line.close()


def _ms(line: Line, question: Callable[[Connection], object]) -> float:
    began = time.perf_counter()
    line.run(question)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
