"""llm, Simon Willison's command line tool: its logs.db.

Seen in versions 0.13 to 0.36, with llm-anthropic and llm-gemini for what plugins put into `token_details`: llm/logs.py,
llm/migrations.py and llm/models.py of github.com/simonw/llm.

    ~/.config/io.datasette.llm/logs.db                          Linux
    ~/Library/Application Support/io.datasette.llm/logs.db      macOS
    responses (id, model, resolved_model?, conversation_id, duration_ms, datetime_utc,        until 0.31
               input_tokens, output_tokens, token_details)
    turns (id, model, resolved_model, thread_id, duration_ms, datetime_utc,                   from then on
           input_tokens, output_tokens, token_details)
    token_details  JSON, whatever the provider says beyond the two counts, zeros left out:
        OpenAI     {prompt_tokens_details: {cached_tokens}, completion_tokens_details: {reasoning_tokens}}, or, of the
                   responses API, {input_tokens_details: {...}, output_tokens_details: {...}}; all within the counts
        Anthropic  {cache_read_input_tokens, cache_creation_input_tokens, cache_creation: {ephemeral_1h_input_tokens}},
                   NOT within `input_tokens`
        Gemini     {cachedContentTokenCount, thoughtsTokenCount}, within the counts

It knows neither directory nor cost. Before 0.20 there were no counts, and there are none for plugins that set none.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from burn_tui.engine.audit import served_by
from burn_tui.engine.audit.decoding import decoded, remembered
from burn_tui.engine.audit.reader import MOST_TOKENS, Found, Reading, Skipped, Tokens

_BATCH = 2_000

_TABLES = (("responses", "conversation_id"), ("turns", "thread_id"))
"""Each with the column of what a conversation is called there."""

_COLUMNS = (
    "id",
    "model",
    "resolved_model",
    "duration_ms",
    "datetime_utc",
    "input_tokens",
    "output_tokens",
    "token_details",
)


class _Inner(Struct):
    cached_tokens: Tokens = 0
    reasoning_tokens: Tokens = 0


class _Lifetimes(Struct):
    ephemeral_1h_input_tokens: Tokens = 0


class _Details(Struct):
    prompt_tokens_details: _Inner | None = None
    completion_tokens_details: _Inner | None = None
    input_tokens_details: _Inner | None = None
    output_tokens_details: _Inner | None = None
    cache_read_input_tokens: Tokens = 0
    cache_creation_input_tokens: Tokens = 0
    cache_creation: _Lifetimes | None = None
    cached_content: Tokens = msgspec.field(name="cachedContentTokenCount", default=0)
    thoughts: Tokens = msgspec.field(name="thoughtsTokenCount", default=0)


class _Memory(Struct):
    """The last row that was read of each table."""

    responses: int = 0
    turns: int = 0


class LlmDatabase:
    """Every response that was logged."""

    tool = "llm"

    def roots(self, home: Path) -> Iterable[Path]:
        """Where llm keeps its settings and logs."""
        return (
            home / ".config" / "io.datasette.llm",
            home / "Library" / "Application Support" / "io.datasette.llm",
        )

    def reads(self, name: str) -> bool:
        """Whether it is the log."""
        return name == "logs.db"

    def read_database(self, connection: sqlite3.Connection, memory: bytes) -> Iterator[Reading]:
        """What was added."""
        seen = remembered(memory, _Memory) or _Memory()
        for table, conversation in _TABLES:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if not columns:
                continue
            wanted = ", ".join(name if name in columns else f"NULL AS {name}" for name in _COLUMNS)
            question = f"SELECT rowid, {conversation}, {wanted} FROM {table} WHERE rowid > ? ORDER BY rowid"  # noqa: S608
            rows = connection.execute(question, (getattr(seen, table),))
            while batch := rows.fetchmany(_BATCH):
                reading = Reading([], [])
                for rowid, session_id, *values in batch:
                    _read(rowid, session_id, dict(zip(_COLUMNS, values, strict=True)), reading)
                setattr(seen, table, batch[-1][0])
                reading.memory = msgspec.json.encode(seen)
                yield reading


def _read(number: int, session_id: object, row: dict[str, Any], into: Reading) -> None:
    if row["input_tokens"] is None and row["output_tokens"] is None:
        return
    details = _details(row["token_details"], number)
    at = _time(row["datetime_utc"])
    if isinstance(details, Skipped):
        into.skipped.append(details)
    elif at is None:
        into.skipped.append(Skipped(number, "no time"))
    elif not (_is_count(row["input_tokens"]) and _is_count(row["output_tokens"])):
        into.skipped.append(Skipped(number, "no count of tokens"))
    else:
        into.found.append(_found(row, str(session_id or ""), details, at))


def _found(row: dict[str, Any], session_id: str, details: _Details, at: float) -> Found:
    provider, model = served_by.provider_and_model(str(row["resolved_model"] or row["model"] or ""))
    if not provider:
        provider, _ = served_by.provider_and_model(str(row["model"] or ""))
    beside = details.cache_read_input_tokens + details.cache_creation_input_tokens
    inner = (details.prompt_tokens_details or details.input_tokens_details or _Inner()).cached_tokens
    reasoning = (details.completion_tokens_details or details.output_tokens_details or _Inner()).reasoning_tokens
    lifetimes = details.cache_creation or _Lifetimes()
    counted = row["input_tokens"]
    return Found(
        key=str(row["id"]),
        at=at,
        provider_name=provider,
        model=model,
        session_id=session_id,
        input_tokens=None if counted is None else counted + beside,
        output_tokens=row["output_tokens"],
        cache_read_input_tokens=details.cache_read_input_tokens or inner or details.cached_content,
        cache_creation_input_tokens=details.cache_creation_input_tokens,
        cache_creation_1h_input_tokens=lifetimes.ephemeral_1h_input_tokens,
        reasoning_output_tokens=reasoning or details.thoughts,
        duration_s=_seconds(row["duration_ms"]),
    )


def _details(text: object, number: int) -> _Details | Skipped:
    if not text:
        return _Details()
    return decoded(text.encode() if isinstance(text, str) else b"?", _Details, number)


def _is_count(value: object) -> bool:
    return value is None or (isinstance(value, int) and 0 <= value <= MOST_TOKENS)


def _seconds(duration_ms: object) -> float:
    return duration_ms / 1000 if isinstance(duration_ms, int) and 0 <= duration_ms < 10**9 else 0.0


def _time(text: object) -> float | None:
    """ISO, in UTC also where it does not say so."""
    try:
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


DATABASE = LlmDatabase()
