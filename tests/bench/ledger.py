"""What the ledger costs at size: the panel and reports beside the same questions on raw rows, in the same run.

    python tests/bench/ledger.py [ROWS] [DIRECTORY]

Default: 1,000,000 rows over 90 days in the system's temporary directory; the targets are meant for 10,000,000, which
take about 3 GB and ten minutes to make. The rows are a developer team's: six providers, fourteen models, forty
sessions a day that each do one thing for one project in one environment, busier by day than by night.
"""

import asyncio
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from time import perf_counter, process_time

from msgspec import Struct

from burn_tui.core.latency import bucket_of
from burn_tui.core.usage import AttemptOpened, PromptUse, Usage, UsageRecord
from burn_tui.engine import ledger_reading as reading
from burn_tui.engine import ledger_sql as sql
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.ledger_file import prepare
from burn_tui.engine.ledger_names import Names
from burn_tui.engine.ledger_writing import Writing
from burn_tui.engine.ledger_rows import SHORTEST_GENERATION_S

DAYS = 90
DAY_S = 86_400.0
END = 1_772_496_000.0
"""2026-03-03 00:00 UTC: "now"."""

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


Template = tuple[object, ...]


def templates(day: list[Work], names: Names, chance: random.Random, number: int) -> list[tuple[Template, Template]]:
    """Rows without their ids and times: what stands before the start, and what after it."""
    made = []
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
        answered: Template = (
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
        refused: Template = (
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
        made.append(((2 if fell_back else 1, before), refused if failed else answered))
    return made


def generated(rows: int, names: Names) -> Iterator[Template]:
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
                (attempt, before), after = of_the_day[int(chance.random() * len(of_the_day))]
                yield (stamp, stamp[:8] + chance.randbytes(8), attempt, at_us, *before, *after)


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


if __name__ == "__main__":
    file = Path(sys.argv[2]) / "ledger.sqlite3"
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    n = fill(file, int(sys.argv[1]))
    print(n, file.stat().st_size, file.stat().st_size / n)
