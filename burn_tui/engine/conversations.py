"""Conversations outlive the process: every session is on disk as soon as something was said in it.

Session ──keep──> rows of the ledger's database ──load──> Session

Only what changed since the last time is written. Without `store_text` the tabs are kept and not a word of theirs.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from burn_tui.core.chat import Message
from burn_tui.core.environment import Privacy
from burn_tui.core.transcript import Entry
from burn_tui.engine.clock import Clock
from burn_tui.engine.conversation_rows import (
    Row,
    encoded,
    entry_of,
    entry_row,
    fingerprint,
    message_of,
    resumed,
    storable,
)
from burn_tui.engine.ownership import may_live
from burn_tui.engine.session import Session
from burn_tui.engine.tables import conversations as sql

_DAY_S = 86_400.0
_EXCERPT_BEFORE, _EXCERPT_AFTER = 40, 160
"""Characters round what was looked for."""

Change = tuple[str, Mapping[str, object]]
"""A statement and its values."""


class Database(Protocol):
    """The ledger, as conversations see it. Both raise LedgerError."""

    async def read(self, statement: str, values: Mapping[str, object]) -> Sequence[Row]:
        """The rows of a question."""
        ...

    async def write(self, changes: Sequence[Change]) -> None:
        """All of the changes, or none."""


class Kept(Struct, frozen=True, kw_only=True):
    """A session as it was kept."""

    id: str
    name: str
    environment: str
    requested: str | None
    privacy: Privacy
    draft: str
    entries: list[Entry]
    messages: tuple[Message, ...]
    is_on_screen: bool = False

    def restored(self, session: Session) -> Session:
        """`session`, a new one in the environment of that name, made what it was."""
        session.id, session.name = self.id, self.name
        session.requested, session.privacy, session.draft = self.requested, self.privacy, self.draft
        session.transcript.entries, session.messages = list(self.entries), self.messages
        return session


class Past(Struct, frozen=True, kw_only=True):
    """A session that is open nowhere, in short."""

    id: str
    name: str
    environment: str
    changed_at: float
    """Seconds since the epoch."""
    questions: int
    beginning: str
    """Of its first question, or of its draft if nothing was asked."""


class Found(Struct, frozen=True, kw_only=True):
    """A place in a conversation in which some words stand."""

    session_id: str
    name: str
    environment: str
    position: int
    """Of the entry, from 0."""
    kind: str
    """asked, answer or notice"""
    at: float
    """Seconds since the epoch."""
    before: str
    match: str
    after: str


class Conversations:
    """Every method may be called by many tasks at once, and raises LedgerError for what the database cannot do."""

    def __init__(self, database: Database, *, owner: str, clock: Clock, keeps_text: bool = True) -> None:
        self.keeps_text = keeps_text
        self._database = database
        self._owner = owner
        """This process."""
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: dict[str, _Known] = {}
        """By the session's id, what is on disk of it."""

    async def keep(self, session: Session, *, position: int, is_on_screen: bool) -> bool:
        """Bring what is on disk of this session up to date; False if there was nothing to write, which costs nothing.

        `position`: of its tab, from 0.
        """
        async with self._lock:
            known = self._kept.get(session.id) or _Known()
            row = self._row(session, position, is_on_screen=is_on_screen)
            now = _Known(row, session if self.keeps_text else None)
            if now.is_as(known):
                return False
            if self.keeps_text:
                now.entries = [fingerprint(entry) for entry in session.transcript.entries]
            changes = [*_entry_changes(session, known, now), *_message_changes(session, known, now)]
            changed_at_us = round(self._clock.now() * 1_000_000)
            await self._database.write([(sql.KEEP_SESSION, row | {"changed_at_us": changed_at_us}), *changes])
            self._kept[session.id] = now
            return True

    async def close(self, session: Session) -> None:
        """It stands in no tab any more."""
        async with self._lock:
            self._kept.pop(session.id, None)
            await self._database.write([(sql.CLOSE, {"session_id": session.id})])

    async def forget(self, session_id: str) -> None:
        """Not a trace of the session is left, but for its attempts in the ledger."""
        async with self._lock:
            self._kept.pop(session_id, None)
            await self._database.write([(sql.FORGET, {"session_id": session_id})])

    async def tabs_of_last_time(self) -> list[Kept]:
        """The sessions that stood in the tabs when burn-tui last ended, however it did, in their order."""
        owners = await self._database.read(sql.OWNERS, {})
        last = next((row["owner"] for row in owners if self._is_free(row["owner"])), None)
        tabs = [] if last is None else await self._database.read(sql.TABS_OF, {"owner": last})
        sessions = [(await self.load(tab["id"]), bool(tab["is_on_screen"])) for tab in tabs]
        return [msgspec.structs.replace(kept, is_on_screen=on_screen) for kept, on_screen in sessions if kept]

    async def load(self, session_id: str) -> Kept | None:
        """The session as it was kept; None if there is none of that id."""
        rows = await self._database.read(sql.SESSION, {"session_id": session_id})
        if not rows:
            return None
        entry_rows = await self._database.read(sql.ENTRIES, {"session_id": session_id})
        message_rows = await self._database.read(sql.MESSAGES, {"session_id": session_id})
        (row,) = rows
        entries, draft = resumed([entry_of(one) for one in entry_rows], row["draft"])
        return Kept(
            id=row["id"],
            name=row["name"],
            environment=row["environment"],
            requested=row["requested"],
            privacy=row["privacy"],
            draft=draft,
            entries=entries,
            messages=_messages(message_rows),
        )

    async def past(self, *, limit: int = 200) -> list[Past]:
        """Sessions that are open in no process, the latest first."""
        rows = await self._database.read(sql.PAST, {"limit": limit, "owners": _json(await self._owners_elsewhere())})
        return [
            Past(
                id=row["id"],
                name=row["name"],
                environment=row["environment"],
                changed_at=row["changed_at_us"] / 1_000_000,
                questions=row["questions"],
                beginning=row["first_question"] or row["draft"],
            )
            for row in rows
            if row["id"] not in self._kept
        ]

    async def search(self, words: str, *, among: Sequence[Session] = (), limit: int = 100) -> list[Found]:
        """Where `words` stand, the latest first: in `among` as it is now, and in anything else that was kept.

        Capital and small letters are alike; in what was kept only those of English.
        """
        values = {
            "pattern": _pattern(words),
            "limit": limit,
            "owners": _json(await self._owners_elsewhere()),
            "among": _json([session.id for session in among]),
        }
        rows = await self._database.read(sql.SEARCH, values)
        found = [one for session in among for one in _found_in(session, words)]
        found += [_found(row, row["text"], words) for row in rows]
        return sorted(found, key=lambda one: one.at, reverse=True)[:limit]

    async def prune(self, *, keep_days: float) -> None:
        """Drop sessions that nobody has touched for so long, and those in which nothing was said.

        Without `store_text`, every word that was kept before is erased.
        """
        owners = _json([*await self._owners_elsewhere(), self._owner])
        free = [row["owner"] for row in await self._database.read(sql.OWNERS, {}) if self._is_free(row["owner"])]
        before_us = round((self._clock.now() - keep_days * _DAY_S) * 1_000_000)
        changes: list[Change] = [
            (sql.PRUNE, {"before_us": before_us, "owners": owners}),
            (sql.PRUNE_EMPTY, {"owners": owners, "last_owner": free[0] if free else ""}),
        ]
        if not self.keeps_text:
            changes += [(statement, {}) for statement in sql.ERASE_TEXT]
        await self._database.write(changes)

    def _row(self, session: Session, position: int, *, is_on_screen: bool) -> dict[str, object]:
        return {
            "id": session.id,
            "name": storable(session.name),
            "environment": session.environment.name,
            "requested": session.requested,
            "privacy": session.privacy,
            "draft": storable(session.draft) if self.keeps_text else "",
            "owner": self._owner,
            "position": position,
            "is_on_screen": is_on_screen,
        }

    def _is_free(self, owner: str) -> bool:
        return owner != self._owner and not may_live(owner)

    async def _owners_elsewhere(self) -> list[str]:
        """Other processes that may still run."""
        owners = [row["owner"] for row in await self._database.read(sql.OWNERS, {})]
        return [owner for owner in owners if owner != self._owner and may_live(owner)]


class _Known:
    """What is on disk of one session."""

    def __init__(self, row: dict[str, object] | None = None, session: Session | None = None) -> None:
        """`session` is None where no text is kept."""
        self.row = row
        self.revision = session.transcript.revision if session else None
        self.messages: tuple[Message, ...] = session.messages if session else ()
        self.entries: list[tuple[object, ...]] = []
        """A fingerprint of each; taken only when something is written."""

    def is_as(self, other: "_Known") -> bool:
        """Whether there is nothing to write."""
        is_same_text = self.revision == other.revision and self.messages is other.messages
        return is_same_text and self.row == other.row


def _entry_changes(session: Session, known: _Known, now: _Known) -> list[Change]:
    changes: list[Change] = []
    for position, told in enumerate(now.entries):
        if position >= len(known.entries) or known.entries[position] != told:
            place = {"session_id": session.id, "position": position}
            changes.append((sql.KEEP_ENTRY, place | entry_row(session.transcript.entries[position])))
    if len(now.entries) < len(known.entries):
        changes.append((sql.DROP_ENTRIES, {"session_id": session.id, "position": len(now.entries)}))
    return changes


def _message_changes(session: Session, known: _Known, now: _Known) -> list[Change]:
    changes: list[Change] = []
    for position, message in enumerate(now.messages):
        if position >= len(known.messages) or known.messages[position] is not message:
            row = {"session_id": session.id, "position": position, "message": encoded(message)}
            changes.append((sql.KEEP_MESSAGE, row))
    if len(now.messages) < len(known.messages):
        changes.append((sql.DROP_MESSAGES, {"session_id": session.id, "position": len(now.messages)}))
    return changes


def _messages(rows: Sequence[Row]) -> tuple[Message, ...]:
    """As many of the newest as can be read: a model is better off with less than with a gap."""
    messages: list[Message] = []
    for row in rows:
        try:
            messages.append(message_of(row))
        except msgspec.ValidationError:
            messages.clear()
    return tuple(messages)


def _json(owners: list[str]) -> str:
    return encoded(owners).decode()


def _pattern(words: str) -> str:
    """For LIKE."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _found_in(session: Session, words: str) -> Iterator[Found]:
    wanted = re.compile(re.escape(words), re.IGNORECASE)
    for position, entry in enumerate(session.transcript.entries):
        if wanted.search(entry.text):
            place = {"session_id": session.id, "name": session.name, "environment": session.environment.name}
            yield _found(place | entry_row(entry) | {"position": position}, entry.text, words)


def _found(row: Row, text: str, words: str) -> Found:
    before, match, after = excerpt(text, words)
    return Found(
        session_id=row["session_id"],
        name=row["name"],
        environment=row["environment"],
        position=row["position"],
        kind=row["kind"],
        at=row["at_us"] / 1_000_000,
        before=before,
        match=match,
        after=after,
    )


def excerpt(text: str, words: str) -> tuple[str, str, str]:
    """What stands before, in, and after the first place where `text` has `words`, on one line and not too long."""
    match = re.search(re.escape(words), text, re.IGNORECASE)
    start, end = match.span() if match else (0, 0)
    before = text[max(start - _EXCERPT_BEFORE, 0) : start]
    return _on_one_line(before), _on_one_line(text[start:end]), _on_one_line(text[end : end + _EXCERPT_AFTER])


def _on_one_line(text: str) -> str:
    return "".join(" " if character.isspace() else character for character in text)
