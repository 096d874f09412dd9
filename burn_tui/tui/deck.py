"""The open sessions, in the order of their tabs, those of other programs behind them, and which one is on screen."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from burn_tui.core.transcript import Answer, Asked

if TYPE_CHECKING:
    from burn_tui.core.transcript import Entry
    from burn_tui.engine.conversations import Kept
    from burn_tui.engine.foreign_sessions import ForeignSession
    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.session import Session

MOST_CLOSED = 20
"""So many closed sessions can be brought back."""


class Deck:
    """There is always at least one session."""

    def __init__(self, runtime: "Runtime", tabs_of_last_time: "Sequence[Kept]" = ()) -> None:
        self._runtime = runtime
        self.position = 0
        """Of the session on screen, or of the one that was there before a foreign one, from 0."""
        self.sessions: list[Session] = []
        self.unread: set[str] = set()
        """Ids of sessions in which something was said that the person has not seen."""
        self._closed: list[tuple[Session, int]] = []
        """The last ones, each with the position of its tab."""
        self.foreign: tuple[ForeignSession, ...] = ()
        """Those of other programs; their tabs stand behind the sessions'."""
        self.watched: ForeignSession | None = None
        """The one of them on screen; None = a session of this dashboard is."""
        self._unwanted: set[str] = set()
        """Names of those whose tab was closed."""
        for kept in tabs_of_last_time:
            self.sessions.append(self._restored(kept))
            if kept.is_on_screen:
                self.position = len(self.sessions) - 1
        if not self.sessions:
            self.sessions = runtime.opening_sessions() or [runtime.session("main")]

    @property
    def active(self) -> "Session":
        """The session on screen, or that was there last."""
        return self.sessions[self.position]

    @property
    def shown_position(self) -> int:
        """Of the tab on screen, from 0."""
        return self.position if self.watched is None else len(self.sessions) + self.foreign.index(self.watched)

    def is_seen(self, session: "Session") -> bool:
        """Whether it is on screen."""
        return self.watched is None and session is self.active

    def follow(self, found: "Iterable[ForeignSession]") -> bool:
        """Have tabs for these foreign sessions from now on; whether anything changed.

        The one on screen stays, however long it is silent.
        """
        wanted = tuple(one for one in found if one.name not in self._unwanted)
        if self.watched is not None:
            now = next((one for one in wanted if one.name == self.watched.name), None)
            if now is None:
                now = structs.replace(self.watched, in_flight=0, nanousd_per_minute=0.0)
                wanted = (*wanted, now)
            self.watched = now
        before, self.foreign = self.foreign, wanted
        return wanted != before

    def stop_watching(self) -> None:
        """Put the session back that was on screen before."""
        self.watched = None

    def dismiss(self, position: int) -> None:
        """Close the tab of the foreign session there: whatever it does, it has none any more."""
        gone = self.foreign[position - len(self.sessions)]
        self._unwanted.add(gone.name)
        self.foreign = tuple(one for one in self.foreign if one is not gone)
        if self.watched is gone:
            self.watched = None

    def find(self, session_id: str) -> "Session | None":
        """The session of that id; None if it was closed meanwhile."""
        return next((session for session in self.sessions if session.id == session_id), None)

    def go_to(self, position: int) -> bool:
        """Put the session at `position` on screen, foreign ones being last; False if there is none."""
        if not 0 <= position < len(self.sessions) + len(self.foreign):
            return False
        if position < len(self.sessions):
            self.position, self.watched = position, None
        else:
            self.watched = self.foreign[position - len(self.sessions)]
        return True

    def open(self, name: str, environment: str | None) -> "Session":
        """A new session at the end, put on screen. Without an environment it is the least guarded one."""
        return self._add(self._runtime.session(name, environment), len(self.sessions))

    def open_kept(self, kept: "Kept") -> "Session":
        """A session of the past at the end, put on screen."""
        self.forget_closed(kept.id)
        return self._add(self._restored(kept), len(self.sessions))

    def duplicate(self, session: "Session") -> "Session":
        """The same conversation once more, beside it and on screen: what is said there does not change this one."""
        copy = self._runtime.session(f"{session.name} copy", session.environment.name)
        copy.requested, copy.privacy = session.requested, session.privacy
        copy.draft, copy.messages = session.draft, session.messages
        copy.transcript.entries = [structs.replace(entry) for entry in _finished(session)]
        return self._add(copy, self.sessions.index(session) + 1)

    def move(self, session: "Session", by: int) -> bool:
        """Change places with the neighbours; False at either end. Who is on screen stays there."""
        at = self.sessions.index(session)
        if not 0 <= at + by < len(self.sessions):
            return False
        on_screen = self.active
        self.sessions.insert(at + by, self.sessions.pop(at))
        self.position = self.sessions.index(on_screen)
        return True

    def close(self, session: "Session") -> None:
        """Drop the session; its neighbour is on screen if it was. The last one is followed by a fresh one."""
        at = self.sessions.index(session)
        self.sessions.remove(session)
        self._closed = [*self._closed, (session, at)][-MOST_CLOSED:]
        if not self.sessions:
            self.sessions.append(self._runtime.session("main", session.environment.name))
        if at < self.position or self.position == len(self.sessions):
            self.position -= 1
        self.position = max(self.position, 0)

    def reopen(self) -> "Session | None":
        """Bring back the session that was closed last, where it stood and put on screen; None if there is none.

        Foreign ones whose tabs were closed come back with it.
        """
        self._unwanted.clear()
        if not self._closed:
            return None
        session, at = self._closed.pop()
        return self._add(session, min(at, len(self.sessions)))

    def forget_closed(self, session_id: str) -> None:
        """It cannot be brought back."""
        self._closed = [(session, at) for session, at in self._closed if session.id != session_id]

    def fresh_name(self) -> str:
        """A name that no open session has."""
        taken = {session.name for session in self.sessions}
        number = len(self.sessions) + 1
        while f"session-{number}" in taken:
            number += 1
        return f"session-{number}"

    def continued(self) -> int:
        """How many sessions `--continue` will open; 0 = none of them holds anything, or nothing is kept."""
        is_used = any(session.transcript.entries or session.draft.strip() for session in self.sessions)
        return len(self.sessions) if is_used and self._runtime.keeps_conversations else 0

    def unfinished(self) -> list[str]:
        """What would be lost if burn-tui ended now, one sentence each."""
        return [reason for session in self.sessions for reason in self._unfinished(session)]

    def _unfinished(self, session: "Session") -> list[str]:
        reasons = []
        if session.is_busy:
            reasons.append(f"{session.name}: an answer is still being written.")
        if session.draft.strip() and not self._runtime.keeps_conversations:
            reasons.append(f"{session.name}: a draft of {len(session.draft)} characters was not sent.")
        return reasons

    def _restored(self, kept: "Kept") -> "Session":
        return kept.restored(self._runtime.session(kept.name, kept.environment))

    def _add(self, session: "Session", position: int) -> "Session":
        self.sessions.insert(position, session)
        self.position, self.watched = position, None
        return session


def _finished(session: "Session") -> "list[Entry]":
    """Without the question that is being answered, and what came of it up to now."""
    entries = session.transcript.entries
    if not session.is_busy:
        return entries
    last_question = max((at for at, entry in enumerate(entries) if isinstance(entry, Asked)), default=len(entries))
    return [entry for entry in entries[:last_question] if not isinstance(entry, Answer) or entry.record]
