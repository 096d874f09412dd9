"""Home directories with logs of Claude Code and Codex, and what an import makes of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from support.attempts import NOW
from support.ledgers import ledger_in

from burn_tui.core.catalog import Target
from burn_tui.core.money import LongContext, Price, Rates
from burn_tui.engine.audit.importing import Imported, Importer
from burn_tui.engine.audit.pricing import Prices
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger

SONNET, CODEX_MODEL = "claude-sonnet-4-5-20250929", "gpt-5-codex"

_SHORT = Rates(
    input_rate=3_000_000_000, output_rate=15_000_000_000, cache_read_rate=300_000_000, cache_write_rate=3_750_000_000
)
_LONG = Rates(input_rate=6_000_000_000, output_rate=22_500_000_000)

PRICES = {
    Target("anthropic", SONNET): Price(rates=_SHORT, steps=(LongContext(above=200_000, rates=_LONG),)),
    Target("openai", CODEX_MODEL): Price(
        rates=Rates(input_rate=1_250_000_000, output_rate=10_000_000_000, cache_read_rate=125_000_000)
    ),
}
"""All that is known, so that no test needs the built-in price data."""

USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 100,
    "cache_read_input_tokens": 1000,
    "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 50,
}


def response(
    number: int = 1, *, output: int = 50, usage: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """A line of Claude Code with one block of a response; `message` says what else is different in it."""
    message = {
        "id": f"msg_01{number:022d}",
        "model": SONNET,
        "role": "assistant",
        "content": [{"type": "text", "text": "Fine."}],
        "usage": {**USAGE, "output_tokens": output} if usage is None else usage,
    }
    line = {
        "type": "assistant",
        "timestamp": "2026-03-02T13:00:00.000Z",
        "sessionId": "session-1",
        "uuid": f"uuid-{number}",
        "requestId": f"req_{number}",
        "cwd": "/srv/someone/web",
        "gitBranch": "main",
        "isSidechain": False,
        "message": {**message, **fields.pop("message", {})},
    }
    return {name: value for name, value in {**line, **fields}.items() if value is not None}


def count(total: int, last: int, *, seconds: int = 30, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    """A token_count of Codex: so many tokens of input so far and for the last response, a tenth of it as output."""
    return {
        "timestamp": f"2026-03-02T13:{seconds // 60:02d}:{seconds % 60:02d}.000Z",
        "type": "event_msg",
        "payload": {
            "type": "token_count",
            "info": {
                "total_token_usage": _counts(total, cached, reasoning),
                "last_token_usage": _counts(last, cached, reasoning),
            },
        },
    }


def _counts(tokens: int, cached: int, reasoning: int) -> dict[str, int]:
    return {
        "input_tokens": tokens,
        "cached_input_tokens": cached,
        "output_tokens": tokens // 10,
        "reasoning_output_tokens": reasoning,
        "total_tokens": tokens + tokens // 10,
    }


def meta(session_id: str, *, seconds: int = 0, **payload: Any) -> dict[str, Any]:
    """How a session of Codex begins."""
    at = f"2026-03-02T13:{seconds // 60:02d}:{seconds % 60:02d}.000Z"
    about = {"id": session_id, "timestamp": at, "cwd": "/srv/someone/api", "model_provider": "openai", **payload}
    return {"timestamp": at, "type": "session_meta", "payload": about}


def turn(model: str = CODEX_MODEL) -> dict[str, Any]:
    """The model of what comes next in a session of Codex."""
    about = {"cwd": "/srv/someone/api", "model": model}
    return {"timestamp": "2026-03-02T13:00:01.000Z", "type": "turn_context", "payload": about}


def written(*lines: Any) -> bytes:
    """Lines as a file has them; text and bytes as they are."""
    return b"".join(_line(line) + b"\n" for line in lines)


def _line(line: Any) -> bytes:
    return line if isinstance(line, bytes) else line.encode() if isinstance(line, str) else msgspec.json.encode(line)


def claude_log(home: Path, *lines: Any, session: str = "session-1") -> Path:
    """Write a log of Claude Code below a home directory."""
    return _log(home / ".claude" / "projects" / "-srv-someone-web" / f"{session}.jsonl", lines)


def codex_log(home: Path, *lines: Any, session: str = "a") -> Path:
    """Write a log of Codex below a home directory."""
    directory = home / ".codex" / "sessions" / "2026" / "03" / "02"
    return _log(directory / f"rollout-2026-03-02T13-00-00-{session}.jsonl", lines)


def _log(path: Path, lines: tuple[Any, ...]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(*lines))
    return path


def prices(*, trusts_logged_costs: bool = True) -> Prices:
    """PRICES and no others."""
    return Prices(PRICES, providers={}, today=lambda: date(2026, 3, 2), trusts_logged_costs=trusts_logged_costs)


def importer(ledger: Ledger, *homes: Path, prices_given: Prices | None = None, workers: int = 0) -> Importer:
    """Over these homes, without processes of its own."""
    return Importer(
        ledger, prices_given or prices(), homes=homes, environ={}, clock=Clock(now=lambda: NOW), workers=workers
    )


class Audited:
    """A ledger and the homes that are read into it."""

    def __init__(self, ledger: Ledger, *homes: Path) -> None:
        self.ledger = ledger
        self.homes = homes

    async def read(self, **options: Any) -> Imported:
        """What is new in the homes."""
        return await importer(self.ledger, *self.homes, **options).run()

    async def sums(self) -> dict[str, Any]:
        """What the reports are made of: rows, tokens and cost of all that was imported."""
        columns = "attempts", "input_tokens", "output_tokens", "cost_nanousd", "unpriced_requests"
        summed = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in columns)
        (row,) = await self.ledger.read(f"SELECT {summed} FROM days", {})
        return dict(row)

    async def rows(self) -> list[dict[str, Any]]:
        """Each row in words, by time."""
        found = await self.ledger.read("SELECT * FROM attempts ORDER BY started_at_us, id", {})
        return [dict(row) for row in found]

    async def skipped(self) -> list[tuple[str, int, str]]:
        """File, line and reason."""
        found = await self.ledger.read("SELECT path, line, why FROM audit_skipped ORDER BY path, line", {})
        return [(Path(row["path"].decode("utf-8", "replace")).name, row["line"], row["why"]) for row in found]


@asynccontextmanager
async def audited(tmp_path: Path, *homes: Path) -> AsyncIterator[Audited]:
    """An empty ledger; without homes, one home."""
    async with ledger_in(tmp_path / "data" / "ledger.sqlite3") as ledger:
        yield Audited(ledger, *(homes or (tmp_path / "home",)))
