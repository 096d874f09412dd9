"""What the ledger costs at size: the panel and reports beside the same questions on raw rows, in the same run.

    python tests/bench/ledger.py [ROWS] [DIRECTORY]

Default: 1,000,000 rows over 90 days in the system's temporary directory; the targets are meant for 10,000,000, which
take about 3 GB and ten minutes to make. The rows are a developer team's: six providers, fourteen models, forty
sessions a day that each do one thing for one project in one environment, busier by day than by night.
"""

import asyncio
import os
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

from msgspec import Struct

from burn_tui.core.budget import Budget
from burn_tui.core.latency import bucket_of
from burn_tui.core.report import GROUPINGS
from burn_tui.core.usage import AttemptOpened, PromptUse, Usage, UsageRecord
from burn_tui.engine import burn_queries as queries
from burn_tui.engine import ledger_reading as reading
from burn_tui.engine.burn_watch import BurnWatch
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.ledger_file import open_to_read, prepare
from burn_tui.engine.ledger_names import Names
from burn_tui.engine.ledger_rows import SHORTEST_GENERATION_S
from burn_tui.engine.ledger_writing import Writing
from burn_tui.engine.reports import report
from burn_tui.engine.tables import ledger as sql

DAYS = 90
DAY_S = 86_400.0
END = 1_772_496_000.0
"""2026-03-03 00:00 UTC: the end of the rows."""

NOW = END - 9.4 * 3600
"""In the middle of an hour of the last working day."""

DAY_START = END - 34 * 3600
"""Of the panel's 24 hours: days begin with an hour."""

BYTES_A_ROW = 300
BATCH = 100_000

PROVIDERS = {
    "anthropic": ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"),
    "openai": ("gpt-5", "gpt-5-mini", "gpt-5-nano"),
    "gemini": ("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"),
    "groq": ("llama-3.3-70b-versatile", "openai/gpt-oss-120b"),
    "openrouter": ("qwen/qwen3-coder", "deepseek/deepseek-chat-v3.1"),
    "ollama": ("qwen3:8b",),
}
TARGETS = [(provider, model) for provider, models in PROVIDERS.items() for model in models]
ENVIRONMENTS = ("production", "staging", "development", "local")
PROJECTS = ("api", "web", "infra", "search", "billing", "docs", "mobile", "research")
OPERATIONS = tuple(
    f"{verb}-{what}"
    for verb in ("review", "write", "fix", "explain")
    for what in ("diff", "tests", "docs", "query", "deploy", "schema")
)
BY_HOUR = (1, 1, 1, 1, 1, 1, 2, 4, 8, 10, 10, 9, 8, 9, 10, 10, 9, 8, 5, 4, 3, 3, 2, 1)


class Work(Struct, frozen=True):
    """One session of one day."""

    session_id: str
    operation: str
    project: str
    environment: str
    targets: tuple[tuple[str, str], ...]
    prompt: PromptUse | None


def works(chance: random.Random, clock: Clock) -> list[Work]:
    """What is done on one day."""
    day: list[Work] = []
    for _ in range(40):
        operation = chance.choice(OPERATIONS)
        own = random.Random(operation)  # an operation belongs to a project, and has its models
        prompt = None
        if own.random() < 0.25:
            version = f"{own.getrandbits(256) + chance.randrange(3):064x}"[-64:]
            prompt = PromptUse(name=operation, version=version, label="production")
        day.append(
            Work(
                session_id=clock.new_id(),
                operation=operation,
                project=own.choice(PROJECTS),
                environment=own.choices(ENVIRONMENTS, k=2)[chance.random() < 0.2],
                targets=tuple(own.sample(TARGETS, 3)),
                prompt=prompt,
            )
        )
    return day


Row = tuple[object, ...]


class Template(Struct, frozen=True):
    """A row without its ids and times."""

    attempt: int
    before: Row
    """What stands between its start and its end."""
    after: Row


def templates(day: list[Work], names: Names, chance: random.Random, number: int) -> list[Template]:
    """Rows without their ids and times: what stands before the start, and what after it."""
    made: list[Template] = []
    owner = names.number("pid:4711:123456@workstation")
    for _ in range(number):
        work = chance.choice(day)
        position = min(int(chance.expovariate(1.6)), 2)
        provider, model = work.targets[position]
        fell_back = chance.random() < 0.02
        opened = AttemptOpened(
            event_id="",
            request_id="",
            attempt=2 if fell_back else 1,
            started_at=0.0,
            provider_name=provider,
            request_model=model,
            operation_name=work.operation,
            environment=work.environment,
            project=work.project,
            prompt=work.prompt,
        )
        failed = chance.random() < 0.03
        tokens_in, tokens_out = int(chance.lognormvariate(8, 1)), int(chance.lognormvariate(6, 0.8)) + 1
        cached = int(tokens_in * chance.random()) if chance.random() < 0.5 else 0
        first_chunk_s = chance.lognormvariate(-0.4, 0.5)
        duration_s = first_chunk_s + tokens_out / chance.lognormvariate(4.5, 0.3)
        is_local, rate = provider == "ollama", 1 + TARGETS.index((provider, model))
        cost: int | None = 0 if is_local else (tokens_in * 3 + tokens_out * 15) * 1_000 // rate
        if provider == "openrouter" and chance.random() < 0.05:
            cost = None
        generating_s = duration_s - first_chunk_s
        before = (
            names.labels_of(opened),
            names.number(work.session_id),
            names.number(work.session_id),
            None,
            names.number("default"),
            names.number("first on route default"),
            names.number("anthropic/claude-sonnet-4-5") if fell_back else None,
            0,
            300_000 if fell_back else 0,
            owner,
            tokens_in + 50,
            cost,
            bytes(32) if work.prompt else None,
            bytes(32) if work.prompt else None,
            names.number(f"{chance.randrange(8):040x}"),
            chance.random() < 0.3,
        )
        answered: Row = (
            round(duration_s * 1e6),
            round(first_chunk_s * 1e6),
            names.number(f"{model}-2025-09-29"),
            tokens_in,
            tokens_out,
            cached,
            0,
            None,
            0,
            0,
            cost,
            None if cost is None else "price",
            names.number("2026-02-01"),
            "stop",
            None,
            200,
            0,
            0,
            bucket_of(first_chunk_s),
            bucket_of(duration_s),
            bucket_of(tokens_out / generating_s) if generating_s >= SHORTEST_GENERATION_S else None,
        )
        refused: Row = (
            210_000,
            None,
            None,
            0,
            0,
            None,
            None,
            None,
            None,
            0,
            0,
            None,
            None,
            None,
            "rate_limited",
            429,
            0,
            0,
            None,
            None,
            None,
        )
        made.append(Template(2 if fell_back else 1, before, refused if failed else answered))
    return made


def generated(rows: int, names: Names) -> Iterator[Row]:
    """All rows, oldest first."""
    chance, clock = random.Random(5), Clock()
    weight = sum(BY_HOUR)
    for day in range(DAYS):
        start = END - (DAYS - day) * DAY_S
        of_the_day = templates(works(chance, clock), names, chance, min(max(rows // DAYS // 4, 200), 20_000))
        for hour, share in enumerate(BY_HOUR):
            in_hour = rows * share // weight // DAYS
            for number in range(in_hour):
                at_us = int((start + hour * 3600 + 3600 * number / in_hour) * 1e6) + chance.randrange(1000)
                stamp = (at_us // 1000).to_bytes(6) + chance.randbytes(10)
                one = of_the_day[int(chance.random() * len(of_the_day))]
                yield (stamp, stamp[:8] + chance.randbytes(8), one.attempt, at_us, *one.before, *one.after)


def fill(file: Path, rows: int) -> int:
    """Make the ledger; how many rows it got."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        prepare(connection)
        connection.execute("PRAGMA synchronous = OFF")
        names, number = Names(connection), 0
        statement = f"INSERT INTO attempt_rows ({', '.join(sql.OPENED + sql.SETTLED)}) VALUES ({', '.join('?' * 41)})"
        source = generated(rows, names)
        start = perf_counter()
        while True:
            connection.execute("BEGIN")
            batch = [row for _, row in zip(range(BATCH), source, strict=False)]
            connection.executemany(statement, batch)
            connection.execute("COMMIT")
            number += len(batch)
            if len(batch) < BATCH:
                break
            _progress(f"{number:,} rows, {number / (perf_counter() - start):,.0f} a second")
        _progress("roll-ups")
        connection.execute("BEGIN")
        Writing(connection, owner="bench").rebuild_rollups()
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return number


def _progress(words: str) -> None:
    print(f"\r{words:<70}", end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


# --- questions ----------------------------------------------------------------------------------


def panel(connection: sqlite3.Connection) -> None:
    """All that the burn panel asks for, with a day of 24 hours behind it."""
    reading.spending(connection, DAY_START, NOW)
    queries.burnt(connection, day_start=DAY_START, now=NOW, by_operation=False)
    queries.last_hour(connection, now=NOW)
    queries.works(connection, now=NOW, slow_s=15.0)
    queries.worst_drift(connection, now=NOW)


_RAW = (
    "FROM attempt_rows JOIN labels ON labels.id = labels WHERE duration_us IS NOT NULL AND error_type IS NOT 'refused'"
)
_SINCE = "AND started_at_us >= :since_us AND started_at_us < :until_us"
_MONEY = """
    sum(cost_nanousd), sum(cost_nanousd IS NULL), sum(input_tokens), sum(output_tokens), count(*),
    sum(error_type IS NOT NULL), sum(duration_us), sum(time_to_first_chunk_us)
"""
RAW_PANEL = (
    (
        3600.0,
        f"SELECT started_at_us / 60000000, sum(cost_nanousd), sum(output_tokens) {_RAW} {_SINCE} GROUP BY 1",
    ),
    (7200.0, f"SELECT started_at_us / 60000000, operation_name, sum(cost_nanousd) {_RAW} {_SINCE} GROUP BY 1, 2"),
    (3600.0, f"SELECT count(*), sum(error_type IS NOT NULL) {_RAW} {_SINCE}"),
    (DAY_S, f"SELECT provider_name, {_MONEY} {_RAW} {_SINCE} GROUP BY 1"),
    (DAY_S, f"SELECT provider_name, first_chunk_bucket, count(*) {_RAW} {_SINCE} GROUP BY 1, 2"),
    (
        DAY_S,
        f"SELECT provider_name, error_type, max(started_at_us) {_RAW} {_SINCE} AND error_type IS NOT NULL GROUP BY 1",
    ),
    (DAY_S, f"SELECT operation_name, sum(cost_nanousd) {_RAW} {_SINCE} GROUP BY 1"),
    (DAY_S, f"SELECT operation_name, provider_name, {_MONEY} {_RAW} {_SINCE} GROUP BY 1, 2"),
    (DAY_S, f"SELECT operation_name, provider_name, duration_bucket, count(*) {_RAW} {_SINCE} GROUP BY 1, 2, 3"),
    (DAY_S, f"SELECT provider_name, request_model, first_chunk_bucket, count(*) {_RAW} {_SINCE} GROUP BY 1, 2, 3"),
    (DAY_S, f"SELECT provider_name, request_model, speed_bucket, count(*) {_RAW} {_SINCE} GROUP BY 1, 2, 3"),
)
"""The same questions without roll-ups: how far back, and the statement. Drift comes from the same histograms."""


def raw_panel(connection: sqlite3.Connection) -> None:
    """As `panel`, from the rows alone."""
    for length_s, statement in RAW_PANEL:
        connection.execute(statement, {"since_us": int((NOW - length_s) * 1e6), "until_us": int(NOW * 1e6)}).fetchall()


def by_provider(connection: sqlite3.Connection) -> None:
    """All days."""
    report(connection, since=END - DAYS * DAY_S, until=END, by="provider", timezone=UTC)


def raw_by_provider(connection: sqlite3.Connection) -> None:
    """The same from the rows alone."""
    statement = (
        f"SELECT provider_name, {sql.summed()} FROM counted JOIN labels ON labels.id = counted.labels GROUP BY 1"
    )
    connection.execute(statement).fetchall()


def milliseconds(work: Callable[[], object], times: int) -> float:
    """The median of so many."""
    taken = []
    for _ in range(times):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return statistics.median(taken) * 1e3


# --- the live path ------------------------------------------------------------------------------


async def live(file: Path) -> tuple[float, float, float, float]:
    """Milliseconds: a durable row, its settlement, a tick of the panel after news (CPU), and one without (CPU)."""
    clock = Clock(now=lambda: END)
    ledger = await Ledger.open(file, now=END)
    watch, day = BurnWatch(ledger), Budget(name="day", limit_nanousd=10**12, timezone=UTC)
    opening: list[float] = []
    settling: list[float] = []
    news: list[float] = []
    quiet: list[float] = []
    try:
        for number in range(200):
            attempt = AttemptOpened(
                event_id=clock.new_id(),
                request_id=clock.new_id(),
                attempt=1,
                started_at=END + number,
                provider_name="openai",
                request_model="gpt-5-mini",
                session_id="live",
                environment="local",
            )
            start = perf_counter()
            await ledger.reserve(attempt, ())
            opening.append(perf_counter() - start)
            start = perf_counter()
            await ledger.settle(
                UsageRecord(
                    opened=attempt,
                    duration_s=1.0,
                    time_to_first_chunk_s=0.4,
                    usage=Usage(input_tokens=9, output_tokens=9),
                    cost_nanousd=5,
                )
            )
            settling.append(perf_counter() - start)
            for ticks in (news, quiet):
                begin = process_time()
                await watch.look(END + number, daily=day, budgets=(day,), slow_s=15.0)
                await ledger.spending(day_start=END - DAY_S, now=END + number)
                ticks.append(process_time() - begin)
    finally:
        await ledger.close()
    one, other, third, fourth = (statistics.median(times) * 1e3 for times in (opening, settling, news, quiet))
    return one, other, third, fourth


def bare_write(directory: Path) -> float:
    """Milliseconds of appending a page to a file and flushing it: what no durable row can be faster than."""
    with (directory / "bare").open("wb") as file:

        def write() -> None:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())

        return milliseconds(write, 200)


def bytes_of_live_rows(directory: Path, number: int = 20_000) -> tuple[float, float]:
    """A row that was opened and settled one by one, while others came in between: with the minutes of two days, and
    once those are forgotten.
    """
    file, clock = directory / "one-by-one.sqlite3", Clock()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        prepare(connection)
        connection.execute("PRAGMA synchronous = OFF")
        names, writing = Names(connection), Writing(connection, owner="bench")
        source = (record for day in range(2) for record in _live_records(day, clock, names, number // 2))
        in_flight: list[UsageRecord] = []
        for record in source:
            connection.execute("BEGIN IMMEDIATE")
            writing.open(record.opened)
            in_flight.append(record)
            if len(in_flight) > 5:
                writing.settle(in_flight.pop(0))
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        of_pages = "SELECT sum(pgsize), sum(pgsize) FILTER (WHERE name != 'minutes') FROM dbstat"
        with_minutes, without = connection.execute(f"{of_pages} WHERE name NOT LIKE 'sqlite_s%'").fetchone()
    return with_minutes / number, without / number


def _live_records(day: int, clock: Clock, names: Names, number: int) -> Iterator[UsageRecord]:
    chance = random.Random(day)
    todo = works(chance, clock)
    for place in range(number):
        work = chance.choice(todo)
        provider, model = chance.choice(work.targets)
        first_chunk_s = chance.lognormvariate(-0.4, 0.5)
        yield UsageRecord(
            opened=AttemptOpened(
                event_id=clock.new_id(),
                request_id=clock.new_id(),
                attempt=1,
                started_at=END + day * DAY_S + place * DAY_S / number,
                provider_name=provider,
                request_model=model,
                session_id=work.session_id,
                conversation_id=work.session_id,
                environment=work.environment,
                operation_name=work.operation,
                project=work.project,
                prompt=work.prompt,
                route="default",
                route_reason="first on route default",
                input_tokens_estimate=900,
                cost_estimate_nanousd=9_000_000,
            ),
            duration_s=first_chunk_s + chance.lognormvariate(1, 0.5),
            time_to_first_chunk_s=first_chunk_s,
            response_model=model,
            usage=Usage(input_tokens=chance.randrange(9_000), output_tokens=chance.randrange(900)),
            cost_nanousd=chance.randrange(10**8),
            cost_source="price",
            price_as_of="2026-02-01",
            finish_reason="stop",
            http_status=200,
        )


def main() -> None:
    """Make it, ask it, print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as name:
        directory = Path(name)
        free = shutil.disk_usage(directory).free
        if free < rows * BYTES_A_ROW * 2:
            sys.exit(f"{directory} has {free / 1e9:.1f} GB free, and {rows * BYTES_A_ROW * 2 / 1e9:.1f} GB are needed.")
        file = directory / "ledger.sqlite3"
        number = fill(file, rows)
        print(f"{number:,} rows over {DAYS} days, {file.stat().st_size / 1e9:.2f} GB")
        print(
            f"  {file.stat().st_size / number:6.0f} bytes a row, all tables and indexes   (wanted under {BYTES_A_ROW})"
        )
        at_first, later = bytes_of_live_rows(directory)
        print(
            f"  {later:6.0f} bytes a row that was opened and settled by itself; {at_first:.0f} for its first two days"
        )
        with closing(open_to_read(file)) as connection:
            ours, raw = milliseconds(lambda: panel(connection), 25), milliseconds(lambda: raw_panel(connection), 3)
            print(
                f"  {ours:6.1f} ms the whole panel of 24 h; raw rows {raw:.0f} ms, {raw / ours:.0f}x"
                "   (wanted 15 ms, 40x)"
            )
            ours = milliseconds(lambda: by_provider(connection), 25)
            raw = milliseconds(lambda: raw_by_provider(connection), 1)
            print(
                f"  {ours:6.1f} ms all {DAYS} days by provider; raw rows {raw:,.0f} ms, {raw / ours:,.0f}x"
                "   (wanted 25 ms)"
            )
            for by in GROUPINGS:
                ask = partial(report, connection, since=END - DAYS * DAY_S, until=END, by=by, timezone=UTC)
                print(f"  {milliseconds(ask, 1):6.0f} ms a report of {DAYS} days by {by}")
        os.sync()  # or the disk is still busy with what was made for this
        opening, settling, news, quiet = asyncio.run(live(file))
        floor = bare_write(directory)
        print(
            f"  {opening:6.2f} ms a durable live row, {settling:.2f} ms its settlement; a bare write {floor:.2f} ms"
            "   (wanted 1 ms)"
        )
        print(
            f"  {news:6.2f} ms CPU a tick of the panel after news, {quiet:.2f} ms without: {news / 10:.2f} % and "
            f"{quiet / 10:.2f} % of a core at one a second   (wanted under 1 %)"
        )


if __name__ == "__main__":
    main()
