"""What the ledger keeps beside the attempts: who rests, which guards were overruled, and what became of answers."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Mapping

from msgspec import structs

from burn_tui.core.breaker import Breaker
from burn_tui.core.health import Scope
from burn_tui.core.usage import Feedback, GuardOverride, Outcome
from burn_tui.engine.ledger_rows import identifier, microseconds
from burn_tui.engine.tables import ledger as sql
from burn_tui.engine.tables.outcomes import NOTE_OUTCOME


class BesideAttempts(ABC):
    """The part of a ledger that knows these; how a statement reaches the file is the ledger's business."""

    @abstractmethod
    async def _rows(self, statement: str, values: Mapping[str, object] | None = None) -> list[sqlite3.Row]:
        """What is found."""

    @abstractmethod
    async def _note(self, statement: str, values: Mapping[str, object]) -> None:
        """Write it, now or as soon as it is possible."""

    async def rests(self) -> dict[Scope, tuple[Breaker, str | None]]:
        """The rests that were kept, each with the fingerprint of the key that it was learned with."""
        return {
            Scope(row["provider_name"], row["lane"], row["model"]): (
                Breaker(row["failures"], row["resting_until"], row["resting_for"]),
                row["key_fingerprint"],
            )
            for row in await self._rows(sql.RESTS)
        }

    async def keep_rest(self, scope: Scope, breaker: Breaker, fingerprint: str | None) -> None:
        """Remember the rest for after a restart, or forget it where there is none any more."""
        key = {"provider_name": scope.provider_name, "lane": scope.lane, "model": scope.model}
        if breaker.resting_until is None:
            await self._note(sql.FORGET_REST, key)
            return
        rest = {
            "failures": breaker.failures,
            "resting_until": breaker.resting_until,
            "resting_for": breaker.resting_for,
            "key_fingerprint": fingerprint,
        }
        await self._note(sql.KEEP_REST, key | rest)

    async def note_override(self, override: GuardOverride) -> None:
        """Write down that a person overruled a guard."""
        columns = structs.asdict(override)
        columns["at_us"] = microseconds(columns.pop("at"))
        await self._note(sql.NOTE_OVERRIDE, columns)

    async def overrides(self) -> list[GuardOverride]:
        """Every time that a person overruled a guard, oldest first."""
        return [
            GuardOverride(
                event_id=row["event_id"],
                at=row["at_us"] / 1_000_000,
                environment=row["environment"],
                session_id=row["session_id"],
                why=row["why"],
                unlocked=bool(row["unlocked"]),
            )
            for row in await self._rows(sql.OVERRIDES)
        ]

    async def add_feedback(self, feedback: Feedback) -> None:
        """Write down what a person thinks of an answer; what was said before stays."""
        columns = {
            "event_id": identifier(feedback.event_id),
            "at_us": microseconds(feedback.at),
            "verdict": feedback.verdict,
            "note": feedback.note,
        }
        await self._note(sql.ADD_FEEDBACK, columns)

    async def note_outcome(self, event_id: str, outcome: Outcome, *, at: float) -> None:
        """Write down what became of an answer; `at`: seconds since the epoch."""
        values = {"event_id": identifier(event_id), "at_us": microseconds(at), "outcome": outcome}
        await self._note(NOTE_OUTCOME, values)

    async def feedback(self, event_id: str) -> list[Feedback]:
        """All that was said of an attempt, oldest first: the last verdict holds."""
        return [
            Feedback(event_id=event_id, at=row["at_us"] / 1_000_000, verdict=row["verdict"], note=row["note"])
            for row in await self._rows(sql.FEEDBACK, {"event_id": identifier(event_id)})
        ]
