"""Codex CLI: ~/.codex/sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl and ~/.codex/archived_sessions.

Seen in the logs of versions 0.34 to 0.145. One JSON object a line: timestamp, type and payload. What matters:

    session_meta     payload.id, .timestamp, .cwd, .git.branch, .model_provider, .forked_from_id,
                     .source.subagent.thread_spawn.parent_thread_id
    turn_context     payload.model, .cwd
    event_msg        payload.type "token_count", .info.total_token_usage and .info.last_token_usage, each with
                     input_tokens             cached ones included
                     cached_input_tokens
                     output_tokens            reasoning included
                     reasoning_output_tokens

What is to know of them:

- One token_count is one response; `total` has grown by `last`. It is written again, with an unchanged total, whenever
  rate limits are told of: a total that did not change is no response. Versions without `last` give it by difference.
- A fork begins with its own session_meta, which names its parent, and repeats the parent's lines, also session_meta
  and token_count, often under the time of the fork. Totals are the parent's then, so within one line of descent a
  total makes a response the same; a subagent that begins afresh stands under its own id. A copy that names no parent
  keeps its times, and is known by time and total.
- Old versions do not name a model before the first turn_context, or at all (then it is unknown).
- model_provider is the name of an entry in ~/.codex/config.toml; "openai" is built in.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from burn_tui.engine.audit.jsonl import UNREADABLE, lines_with, why
from burn_tui.engine.audit.reader import Found, Piece, Reading, Skipped, Tokens

_META, _CONTEXT, _COUNT = b'"session_meta"', b'"turn_context"', b'"token_count"'

AT_ONCE_S = 5.0
"""A token_count that comes sooner after the beginning of a fork is its parent's: no model has answered by then."""

_Total = tuple[int, int, int, int]


class _Counts(Struct, gc=False):
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0

    @property
    def total(self) -> _Total:
        return (self.input_tokens, self.cached_input_tokens, self.output_tokens, self.reasoning_output_tokens)


class _Response(Struct, gc=False):
    input_tokens: Tokens = 0
    cached_input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    reasoning_output_tokens: Tokens = 0


class _Info(Struct, gc=False):
    total_token_usage: _Counts | None = None
    last_token_usage: _Response | None = None


class _Git(Struct, gc=False):
    branch: str | None = None


class _Payload(Struct, gc=False):
    type: str | None = None
    info: _Info | None = None
    id: str | None = None
    timestamp: datetime | None = None
    cwd: str | None = None
    model: str | None = None
    model_provider: str | None = None
    forked_from_id: str | None = None
    git: _Git | None = None
    source: Any = None


class _Line(Struct, gc=False):
    type: str = ""
    timestamp: datetime | None = None
    payload: _Payload | None = None


class _Memory(Struct, array_like=True):
    """What is known so far of the session."""

    session_id: str = ""
    root: str = ""
    """The first of its line of descent; the session itself where it has no parent."""
    began_at: float = 0.0
    is_fork: bool = False
    begins_afresh: bool | None = None
    """Whether its totals are its own and not its parent's; None = there was none yet."""
    model: str = ""
    provider_name: str = ""
    cwd: str = ""
    branch: str = ""
    agent: str = ""
    total: _Total = (0, 0, 0, 0)


_decode = msgspec.json.Decoder(_Line).decode
_remember = msgspec.msgpack.Decoder(_Memory).decode


class Codex:
    """The reader."""

    tool = "codex"
    grows = True

    def roots(self, home: Path) -> Iterable[Path]:
        """Sessions that were archived are moved."""
        return (home / ".codex" / "sessions", home / ".codex" / "archived_sessions")

    def reads(self, name: str) -> bool:
        """Other files there are indexes."""
        return name.endswith(".jsonl") and name.rpartition("/")[2].startswith("rollout-")

    def read(self, piece: Piece) -> Reading:
        """The memory is a _Memory."""
        session = _remember(piece.memory) if piece.memory else _Memory()
        found: list[Found] = []
        skipped: list[Skipped] = []
        for number, text in lines_with((_COUNT, _CONTEXT, _META), piece, skipped):
            try:
                response = _taken_in(_decode(text), session)
            except (*UNREADABLE, ValueError) as error:
                skipped.append(Skipped(number, why(error)))
                continue
            if response is not None:
                found.append(response)
        return Reading(found, skipped, msgspec.msgpack.encode(session))


def _taken_in(line: _Line, session: _Memory) -> Found | None:
    """What one line says: of the session, which is changed, or that there was a response."""
    payload = line.payload
    if payload is None:
        return None
    if line.type == "session_meta":
        _begin(payload, session)
    elif line.type == "turn_context":
        session.model = payload.model or session.model
        session.cwd = payload.cwd or session.cwd
    elif line.type == "event_msg" and payload.type == "token_count" and payload.info is not None:
        return _response(line, payload.info, session)
    return None


def _begin(payload: _Payload, session: _Memory) -> None:
    """The first session_meta is the session's own; those that follow are its ancestors', the nearest first."""
    if not payload.id:
        return
    parent = payload.forked_from_id or _spawned_by(payload.source)
    if not session.session_id:
        session.session_id = payload.id
        session.is_fork = bool(parent)
        session.began_at = payload.timestamp.timestamp() if payload.timestamp else 0.0
        session.provider_name = payload.model_provider or "openai"
        session.cwd = payload.cwd or ""
        session.branch = (payload.git.branch if payload.git else None) or ""
        session.agent = "subagent" if _spawned_by(payload.source) else ""
    session.root = parent or payload.id


def _spawned_by(source: object) -> str | None:
    """The thread that started this one as its subagent. `source` is only a word for sessions that a person began."""
    for name in ("subagent", "thread_spawn", "parent_thread_id"):
        if not isinstance(source, dict):
            return None
        source = source.get(name)
    return source if isinstance(source, str) else None


def _response(line: _Line, info: _Info, session: _Memory) -> Found | None:
    if line.timestamp is None:
        raise ValueError("no timestamp")
    total, before = (info.total_token_usage.total if info.total_token_usage else None), session.total
    if total is not None:
        if min(total) < 0 or max(total) > 2**53:
            raise ValueError("a total that no session reaches")
        if total == before:
            return None
        session.total = total
    used = info.last_token_usage or _difference(total, before)
    if used is None or not (used.input_tokens or used.output_tokens):
        return None
    at = line.timestamp.timestamp()
    if session.begins_afresh is None:
        session.begins_afresh = not session.is_fork or at - session.began_at > AT_ONCE_S
    descent = session.session_id if session.begins_afresh else session.root
    counts = f"{total} {used.input_tokens} {used.cached_input_tokens} {used.output_tokens}"
    return Found(
        key=f"{at:.3f} {counts}",
        twin=f"{descent} {counts}" if descent and total is not None else "",
        at=at,
        provider_name=session.provider_name or "openai",
        model=session.model,
        session_id=session.session_id,
        input_tokens=used.input_tokens,
        output_tokens=max(used.output_tokens, used.reasoning_output_tokens),
        cache_read_input_tokens=min(used.cached_input_tokens, used.input_tokens),
        reasoning_output_tokens=used.reasoning_output_tokens,
        cwd=session.cwd,
        branch=session.branch,
        agent=session.agent,
    )


def _difference(total: _Total | None, before: _Total) -> _Response | None:
    """By how much the total has grown; one that shrank has begun anew."""
    if total is None:
        return None
    grown = tuple(now - then for now, then in zip(total, before, strict=True))
    grown = total if min(grown) < 0 else grown
    return msgspec.convert(dict(zip(_Response.__struct_fields__, grown, strict=True)), _Response)


READER = Codex()
