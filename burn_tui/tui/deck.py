"""The open sessions, in the order of their tabs, and which of them is on screen."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.session import Session


class Deck:
    """There is always at least one session."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self.sessions: list[Session] = runtime.opening_sessions() or [runtime.session("main")]
        self.position = 0
        """Of the session on screen, from 0."""

    @property
    def active(self) -> "Session":
        """The session on screen."""
        return self.sessions[self.position]

    def find(self, session_id: str) -> "Session | None":
        """The session of that id; None if it was closed meanwhile."""
        return next((session for session in self.sessions if session.id == session_id), None)

    def go_to(self, position: int) -> bool:
        """Put the session at `position` on screen; False if there is none."""
        if not 0 <= position < len(self.sessions):
            return False
        self.position = position
        return True

    def open(self, name: str, environment: str | None) -> "Session":
        """A new session at the end, put on screen. Without an environment it is the least guarded one."""
        session = self._runtime.session(name, environment)
        self.sessions.append(session)
        self.position = len(self.sessions) - 1
        return session

    def close(self, session: "Session") -> None:
        """Drop the session; its neighbour is on screen if it was. The last one is followed by a fresh one."""
        at = self.sessions.index(session)
        self.sessions.remove(session)
        if not self.sessions:
            self.sessions.append(self._runtime.session("main", session.environment.name))
        if at < self.position or self.position == len(self.sessions):
            self.position -= 1
        self.position = max(self.position, 0)

    def fresh_name(self) -> str:
        """A name that no open session has."""
        taken = {session.name for session in self.sessions}
        number = len(self.sessions) + 1
        while f"session-{number}" in taken:
            number += 1
        return f"session-{number}"

    def unfinished(self, sessions: "list[Session] | None" = None) -> list[str]:
        """What would be lost if these sessions (None = all of them) were closed, one sentence each."""
        return [reason for session in sessions or self.sessions for reason in _unfinished(session)]


def _unfinished(session: "Session") -> list[str]:
    reasons = []
    if session.is_busy:
        reasons.append(f"{session.name}: an answer is still being written.")
    if session.draft.strip():
        reasons.append(f"{session.name}: a draft of {len(session.draft)} characters was not sent.")
    return reasons
