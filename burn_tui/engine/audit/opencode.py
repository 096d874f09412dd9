"""opencode: its messages, in SQLite and, of versions before 1.2, in one JSON document each.

Seen in versions 0.6 to 1.1 (documents) and 1.2 to 1.14 (SQLite), in packages/opencode/src of
github.com/anomalyco/opencode: session/message-v2.ts, session/session.sql.ts, session/index.ts, storage/storage.ts.

    ~/.local/share/opencode/opencode.db, opencode-<channel>.db    message (id, session_id, time_created, time_updated,
                                                                  data); the first start of 1.2 copies all documents
    ~/.local/share/opencode/storage/message/<session>/<message>.json                      the same with id and sessionID
    ~/.local/share/opencode/project/<name>/storage/session/message/<session>/<message>.json          before that

    data       {role: "assistant", providerID, modelID, time: {created, completed?}, path: {cwd, root}, cost,
               tokens: {total?, input, output, reasoning, cache: {read, write}}, agent? (before: mode), ...}
               times are milliseconds since the epoch
    tokens     `input` is WITHOUT what was read from or written to a cache; `output` is without reasoning in later
               versions and with it in earlier ones, which `total` tells; where there is none, Google's models count it
               apart and all others within
    cost       dollars, by opencode's own price list; 0 also for a subscription and for models without a price

A forked session holds copies of its parent's messages under new ids; time, model and counts are theirs.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from burn_tui.core.money import nanousd
from burn_tui.engine.audit import served_by
from burn_tui.engine.audit.decoding import decoded, remembered
from burn_tui.engine.audit.reader import Found, Piece, Reading, Skipped, Tokens

_DATABASE = re.compile(r"opencode(-[\w.-]+)?\.db")
_DOCUMENT = re.compile(r"(storage|project/[^/]+/storage/session)/message/[^/]+/[^/]+\.json")

_PRIMARY = frozenset({"build", "plan"})
"""Agents that are the person's own conversation."""

_AGAIN_MS = 3_600_000
"""What has changed so shortly before the last look is looked at again: an answer is written while it comes."""

_BATCH = 2_000

_CHANGED = """
    SELECT rowid, id, session_id, time_updated, data FROM message WHERE time_updated >= ? ORDER BY time_updated
"""

_Milliseconds = Annotated[float, Meta(ge=0, le=1e14)]


class _Cache(Struct):
    read: Tokens = 0
    write: Tokens = 0


class _Tokens(Struct):
    total: Tokens | None = None
    input: Tokens = 0
    output: Tokens = 0
    reasoning: Tokens = 0
    cache: _Cache = msgspec.field(default_factory=_Cache)


class _Time(Struct):
    created: _Milliseconds
    completed: _Milliseconds | None = None


class _Path(Struct):
    cwd: str = ""


class _Role(Struct):
    role: str = ""


class _Answer(Struct):
    time: _Time
    id: str = ""
    session_id: str = msgspec.field(name="sessionID", default="")
    model: str = msgspec.field(name="modelID", default="")
    provider: str = msgspec.field(name="providerID", default="")
    path: _Path | None = None
    cost: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    tokens: _Tokens | None = None
    agent: str | None = None
    mode: str | None = None


class _Memory(Struct):
    updated_ms: int = 0


class OpencodeDatabase:
    """The messages of a database."""

    tool = "opencode"

    def roots(self, home: Path) -> Iterable[Path]:
        """Where opencode keeps everything."""
        return (home / ".local" / "share" / "opencode",)

    def reads(self, name: str) -> bool:
        """Whether it is a database of some channel of opencode."""
        return _DATABASE.fullmatch(name) is not None

    def read_database(self, connection: sqlite3.Connection, memory: bytes) -> Iterator[Reading]:
        """What has changed, in the order in which it did."""
        seen = remembered(memory, _Memory) or _Memory()
        rows = connection.execute(_CHANGED, (seen.updated_ms - _AGAIN_MS,))
        while batch := rows.fetchmany(_BATCH):
            reading = Reading([], [])
            for number, message_id, session_id, updated_ms, data in batch:
                text = data.encode() if isinstance(data, str) else data or b""
                _read(text, number, reading, message_id=str(message_id), session_id=str(session_id))
                if isinstance(updated_ms, int):
                    seen.updated_ms = max(seen.updated_ms, updated_ms)
            reading.memory = msgspec.json.encode(seen)
            yield reading


class OpencodeDocuments:
    """One message, one file, of earlier versions."""

    tool = "opencode"
    grows = False

    def roots(self, home: Path) -> Iterable[Path]:
        """Where opencode keeps everything."""
        return (home / ".local" / "share" / "opencode",)

    def reads(self, name: str) -> bool:
        """Whether it is a message."""
        return _DOCUMENT.fullmatch(name) is not None

    def read(self, piece: Piece) -> Reading:
        """The one answer in the file, if it is one."""
        reading = Reading([], [])
        _read(piece.data, 0, reading)
        return reading


def _read(data: bytes, number: int, into: Reading, *, message_id: str = "", session_id: str = "") -> None:
    said = decoded(data, _Role, number)
    answer = said if isinstance(said, Skipped) or said.role != "assistant" else decoded(data, _Answer, number)
    if isinstance(answer, Skipped):
        into.skipped.append(answer)
    elif isinstance(answer, _Answer) and answer.tokens is not None and _is_used(answer.tokens):
        answer.id, answer.session_id = message_id or answer.id, session_id or answer.session_id
        if answer.id:
            into.found.append(_found(answer, answer.tokens))
        else:
            into.skipped.append(Skipped(number, "no id"))


def _is_used(tokens: _Tokens) -> bool:
    """An answer that has not begun, or failed before it did, holds zeros only."""
    return any((tokens.input, tokens.output, tokens.reasoning, tokens.cache.read, tokens.cache.write))


def _found(answer: _Answer, tokens: _Tokens) -> Found:
    completed, agent = answer.time.completed, answer.agent or answer.mode or ""
    cost = nanousd(answer.cost) if answer.cost else None
    provider = served_by.provider(answer.provider)
    output = tokens.output if _holds_reasoning(tokens, provider) else tokens.output + tokens.reasoning
    return Found(
        key=answer.id,
        at=answer.time.created / 1000,
        provider_name=provider,
        model=answer.model,
        session_id=answer.session_id,
        input_tokens=tokens.input + tokens.cache.read + tokens.cache.write,
        output_tokens=output,
        cache_read_input_tokens=tokens.cache.read,
        cache_creation_input_tokens=tokens.cache.write,
        reasoning_output_tokens=tokens.reasoning,
        cost_nanousd=cost,
        duration_s=max(completed - answer.time.created, 0.0) / 1000 if completed else 0.0,
        cwd=answer.path.cwd if answer.path else "",
        agent="" if agent in _PRIMARY else agent,
        twin=_twin(answer, tokens) if completed else "",
    )


def _holds_reasoning(tokens: _Tokens, provider: str) -> bool:
    """Whether `output` does."""
    if tokens.total is not None:
        return tokens.total == tokens.input + tokens.cache.read + tokens.cache.write + tokens.output
    return provider != "gemini"


def _twin(answer: _Answer, tokens: _Tokens) -> str:
    """What a copy in a forked session shares with its original."""
    counts = (tokens.input, tokens.output, tokens.reasoning, tokens.cache.read, tokens.cache.write)
    times = (answer.time.created, answer.time.completed)
    return ":".join(map(str, (answer.provider, answer.model, *times, *counts)))


DATABASE = OpencodeDatabase()
DOCUMENTS = OpencodeDocuments()
