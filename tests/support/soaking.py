"""A working day in a few minutes: many sessions, clients of the gateway and the log of another tool at once, all faults
of the simulator among the answers, and books beside the ledger that know what it must say in the end.

    sessions ─────┐                    ┌── tills: five simulated providers, each with its own book
    clients ──────┼── one runtime ─────┤
    written log ──┘        │           └── the log's own book
                           v
                        ledger ══ all books together, to the nano-dollar?
"""

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from support.gateways import Doorway, served
from support.homes import claude_log, response, written
from support.tills import SLOWLY, Till, owed
from support.waiting import until
from support.world import World, world

from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Target
from burn_tui.core.events import TextDelta
from burn_tui.core.money import Price, Rates
from burn_tui.core.policy import TimeLimits
from burn_tui.core.usage import Usage
from burn_tui.engine.clock import Clock
from burn_tui.engine.session import Session
from burn_tui.engine.settings_schema import AuditSettings

DIALECTS = {
    "anthropic": "anthropic-messages",
    "openai": "openai-chat",
    "responses": "openai-responses",
    "gemini": "gemini-generate",
    "ollama": "ollama-chat",
}

START = datetime(2026, 3, 2, 20, tzinfo=UTC).timestamp()
"""So that eight hours hold a midnight."""

TURNS = 12
"""Of a conversation, until its tab is closed and another one opened."""

LOG_LINES = 200
"""Of a session of the other tool."""

TOOL_MODEL = "claude-sonnet-4-5-20250929"
TOOL_PRICE = Price(
    rates=Rates(
        input_rate=3_000_000_007,
        output_rate=15_000_000_011,
        cache_read_rate=300_000_013,
        cache_write_rate=3_750_000_017,
    )
)

LIMITS = TimeLimits(first_chunk_s=30.0, idle_s=30.0)
"""Longer than anything that is answered in the end, so that only what is to be cut is cut."""


def price_of(number: int) -> Price:
    """Of the provider with that number: odd ones, so that every sum is rounded."""
    rates = Rates(
        input_rate=37_500_001 * (number + 1),
        output_rate=150_000_007 * (number + 1),
        cache_read_rate=3_750_003,
        cache_write_rate=46_875_009,
    )
    return Price(rates=rates)


class Books(Struct, frozen=True, kw_only=True):
    """The ledger and the other books, side by side. Money in nano-USD."""

    answers: int
    """Given to their end, by the books of the providers."""
    wanted_nanousd: int
    """What they and the calls of the other tool cost, by their own books."""
    found_nanousd: int
    """What the ledger's counted rows cost."""
    missing: int
    """Answers in a book that have no such row in the ledger."""
    unknown: int
    """Counted rows of the ledger that are in no book."""
    wrong: int
    """Rows with another cost than the book's."""
    log_lines: int
    log_rows: int
    estimated: int
    """Rows of answers that were cut or never came: what those cost nobody knows."""
    estimated_nanousd: int
    cut: int
    """The same by the books: how often a provider did so."""
    free: int
    """Rows of calls that were refused."""
    days_nanousd: int
    """What the ledger's sums by day come to."""

    @property
    def agree(self) -> bool:
        """To the nano-dollar, and row by row."""
        sums = (
            self.found_nanousd == self.wanted_nanousd,
            self.days_nanousd == self.found_nanousd + self.estimated_nanousd,
        )
        return all(sums) and not self.missing + self.unknown + self.wrong and self.log_lines == self.log_rows


class Soak:
    """`async with Soak(...) as soak: await soak.run(seconds)`, and then `await soak.books()`."""

    def __init__(self, directory: Path, *, speed: float, seed: int, think_s: float, longest_s: float = 0.1) -> None:
        """`speed`: how much faster the clock on the wall goes. `think_s`: between two questions, on the mean.

        `longest_s`: how long a provider may say nothing and still answer.
        """
        began = time.time()
        self.clock = Clock(now=lambda: round(START + (time.time() - began) * speed, 6))
        self.asked = 0
        self._directory = directory
        self._chance = random.Random(seed)
        self._think_s = think_s
        self._prices = {name: price_of(number) for number, name in enumerate(DIALECTS) if name != "ollama"}
        self._tills = {
            name: Till(dialect, self._prices.get(name), seed=seed + number, longest_s=longest_s)
            for number, (name, dialect) in enumerate(DIALECTS.items())
        }
        self._stack = AsyncExitStack()
        self._log_lines = 0
        self._log_nanousd = 0
        self._is_over = False

    async def __aenter__(self) -> "Soak":
        prices = {Target(name, "big"): price for name, price in self._prices.items()}
        self.world: World = await self._stack.enter_async_context(
            world(
                self._directory / "data",
                self._tills,
                dialects=DIALECTS,
                shapes={"ollama": {"is_local": True}},
                clock=self.clock,
                prices={**prices, Target("anthropic", TOOL_MODEL): TOOL_PRICE},
                limits=LIMITS,
                audit=AuditSettings(homes=(str(self._directory / "home"),)),
                budgets=(Budget(name="day", limit_nanousd=10**15, timezone=UTC),),
            )
        )
        self._door: Doorway = await self._stack.enter_async_context(served(self.world, self._directory))
        # To the server under the simulated providers every cut answer is an exception, and worth a page.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def run(
        self, seconds: float, *, sessions: int = 20, clients: int = 4, fewest: int = 0, tenth: Callable[[int], None]
    ) -> None:
        """Let everybody work for so long, and until they have asked `fewest` questions.

        `tenth` is called after each tenth of the time, with its number.
        """
        self._write_log()
        self.world.runtime.log_import.follow()
        talking = [asyncio.create_task(self._talk(f"session-{number}")) for number in range(sessions)]
        talking += [asyncio.create_task(self._call(number)) for number in range(clients)]
        talking += [asyncio.create_task(self._log()), asyncio.create_task(self._look())]
        for number in range(1, 11):
            await asyncio.sleep(seconds / 10)
            tenth(number)
        await until(lambda: self.asked >= fewest)
        self._is_over = True
        await asyncio.gather(*talking)
        await self._settled()

    # --- those who ask -------------------------------------------------------------------------------

    async def _talk(self, name: str) -> None:
        session, turns = self._opened(name), 0
        while not self._is_over:
            if turns == TURNS:
                session, turns = self._opened(name), 0
            turns += 1
            leaves = self._chance.random() < 0.03
            question = f"Question {self.asked}: why do rivers meander?" + (f" {SLOWLY}" if leaves else "")
            self.asked += 1
            async with aclosing(session.send(question)) as events:
                async for event in events:
                    if leaves and isinstance(event, TextDelta):
                        break
            await self._think()

    def _opened(self, name: str) -> Session:
        session = self.world.runtime.session(name)
        session.requested = self._chance.choice([None, None, None, None, "openai/big", "gemini/big"])
        return session

    async def _call(self, number: int) -> None:
        """A client of the gateway: in three dialects, in a stream or not, and now and then gone before the end."""
        while not self._is_over:
            stream = self._chance.random() < 0.7
            leaves = stream and self._chance.random() < 0.05
            question = f"Client {number} asks: is all well?" + (f" {SLOWLY}" if leaves else "")
            path, body = self._chance.choice(_CALLS)(question)
            self.asked += 1
            async with self._door.http.stream("POST", path, json={**body, "stream": stream}) as answer:
                async for _ in answer.aiter_bytes():
                    if leaves:
                        break
            await self._think()

    async def _think(self) -> None:
        await asyncio.sleep(self._chance.expovariate(1 / self._think_s))

    # --- those who look on ---------------------------------------------------------------------------

    async def _log(self) -> None:
        while not self._is_over:
            await asyncio.sleep(0.05)
            self._write_log()

    def _write_log(self) -> None:
        counts = {
            "input_tokens": self._chance.randint(1, 5_000),
            "output_tokens": self._chance.randint(1, 5_000),
            "cache_read_input_tokens": self._chance.randint(0, 50_000),
            "cache_creation_input_tokens": self._chance.randint(0, 5_000),
        }
        number = self._log_lines
        self._log_lines += 1
        plain, read, write = (counts[name] for name in _INPUTS)
        usage = Usage(plain + read + write, counts["output_tokens"], read, write)
        self._log_nanousd += owed(usage, TOOL_PRICE)
        session, now = f"session-{number // LOG_LINES}", self.clock.now()
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = response(number, timestamp=at, usage=counts, sessionId=session)
        log = self._directory / "home" / ".claude" / "projects" / "-srv-someone-web" / f"{session}.jsonl"
        if not log.exists():
            claude_log(self._directory / "home", session=session)
        with log.open("ab") as file:
            file.write(written(line))
        os.utime(log, (now, now))

    async def _look(self) -> None:
        """As the dashboard does it; and whoever runs it mends the keys that were refused."""
        runtime = self.world.runtime
        while not self._is_over:
            await asyncio.sleep(0.5)
            await runtime.burn()
            runtime.use(runtime.settings)
            for provider in self.world.providers.values():
                provider.seen.clear()
                provider.refusals.clear()

    async def _settled(self) -> None:
        """Until every row is written, those of the log as well."""
        ledger = self.world.runtime.ledger
        async with asyncio.timeout(60.0):
            # The ledger tells nobody.
            while await ledger.open_attempts() or await self._log_rows() < self._log_lines:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def _log_rows(self) -> int:
        found = await self.world.runtime.ledger.read(
            "SELECT count(*) AS rows FROM attempts WHERE source = 'claude_code'", {}
        )
        return int(found[0]["rows"])

    # --- what came of it -----------------------------------------------------------------------------

    async def books(self) -> Books:
        """The ledger beside all other books."""
        ledger = self.world.runtime.ledger
        rows = await ledger.read("SELECT * FROM attempts", {})
        days = await ledger.read("SELECT sum(cost_nanousd) AS nanousd FROM days", {})
        counted = [row for row in rows if row["cost_source"] == "price"]
        estimated = [row for row in rows if row["cost_source"] == "estimated"]
        asked = {
            (row["provider_name"], row["input_tokens"]): row["cost_nanousd"]
            for row in counted
            if row["source"] != "claude_code"
        }
        book = {(name, tokens): cost for name, till in self._tills.items() for tokens, cost in till.book.items()}
        return Books(
            answers=len(book),
            wanted_nanousd=sum(book.values()) + self._log_nanousd,
            found_nanousd=sum(row["cost_nanousd"] for row in counted),
            missing=len(book.keys() - asked.keys()),
            unknown=len(asked.keys() - book.keys()),
            wrong=sum(asked[key] != book[key] for key in asked.keys() & book.keys()),
            log_lines=self._log_lines,
            log_rows=await self._log_rows(),
            estimated=len(estimated),
            estimated_nanousd=sum(row["cost_nanousd"] for row in estimated),
            cut=sum(till.cut for till in self._tills.values()),
            free=len(rows) - len(counted) - len(estimated),
            days_nanousd=int(days[0]["nanousd"]),
        )


_INPUTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def _messages(question: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}]


_CALLS: tuple[Callable[[str], tuple[str, dict[str, Any]]], ...] = (
    lambda question: ("/v1/chat/completions", {"model": "default", "messages": _messages(question)}),
    lambda question: ("/v1/messages", {"model": "default", "max_tokens": 99, "messages": _messages(question)}),
    lambda question: ("/v1/responses", {"model": "default", "input": question}),
)
