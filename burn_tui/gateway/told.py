"""What a client is told of a request beside its answer: who served it, instead of whom, why, and what it cost.

In headers, as far as it is known when they are sent. A stream that has begun has it at its end: in comments, which
every reader of server-sent events skips, or, since Google's own clients read those as data, in a field of the last
response (providers/gemini_ending.py).
"""

import re

from burn_tui.core.events import (
    AttemptFinished,
    AttemptStarted,
    ContextReduced,
    Escalated,
    Event,
    FellBack,
    NotEscalated,
    RequestFinished,
    RouteDecided,
)
from burn_tui.core.money import NANOUSD
from burn_tui.core.usage import UsageRecord

_LONGEST = 300
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


class Told:
    """Takes the events of one request."""

    def __init__(self) -> None:
        self._request_id = ""
        self._served_by = ""
        self._reason = ""
        self._from: list[str] = []
        self._escalated_from = ""
        self._first_cost = ""
        self._left_out: tuple[str, ...] = ()
        self._standing = ""
        self.held_s = 0.0
        """How long a stream was kept back for a check; 0 = it was not."""
        self._attempts = 0
        self._records: list[UsageRecord] = []

    def take(self, event: Event) -> None:
        """Note what is told."""
        match event:
            case RouteDecided(request_id=request_id, why=why):
                self._request_id, self._reason = request_id, ", ".join(why)
            case AttemptStarted(target=target):
                self._served_by = str(target)
                self._attempts += 1
            case FellBack(from_target=before, why=why):
                self._from.append(str(before))
                self._reason, self._left_out = why, ()
            case Escalated(from_target=before, why=why, from_nanousd=spent):
                self._escalated_from, self._reason, self._left_out = str(before), why, ()
                self._first_cost = "unknown" if spent is None else f"{spent / NANOUSD:.9f}"
            case NotEscalated(why=why):
                self._standing = why
            case ContextReduced(what=what):
                self._left_out = what
            case AttemptFinished(record=record):
                self._records.append(record)
            case RequestFinished(request_id=request_id, served=served):
                self._request_id = request_id
                self._served_by = str(served) if served else ""
            case _:
                pass

    @property
    def _is_over(self) -> bool:
        """Whether every attempt that has begun has ended."""
        return len(self._records) == self._attempts

    @property
    def headers(self) -> dict[str, str]:
        """As far as it is known."""
        told = {
            "x-burn-request-id": self._request_id,
            "x-burn-served-by": self._served_by,
            "x-burn-fallback-from": ", ".join(self._from),
            "x-burn-escalated-from": self._escalated_from,
            "x-burn-escalated-from-cost-usd": self._first_cost,
            "x-burn-not-escalated": self._standing,
            "x-burn-held-s": f"{self.held_s:.3f}" if self.held_s else "",
            "x-burn-reason": self._reason,
            "x-burn-left-out": "; ".join(self._left_out),
            "x-burn-attempts": str(self._attempts),
            "x-burn-cost-usd": _cost(self._records) if self._is_over else "",
        }
        return {name: _UNPRINTABLE.sub("?", words)[:_LONGEST] for name, words in told.items() if words}

    @property
    def early_headers(self) -> dict[str, str]:
        """What is certain before it is decided whose answer is shown."""
        return {"x-burn-request-id": self._request_id} if self._request_id else {}

    @property
    def comments(self) -> bytes:
        """The same for the end of a stream. Without a blank line: it would end an event that is none."""
        return b"".join(f": {name}: {words}\n".encode() for name, words in self.headers.items())


def _cost(records: list[UsageRecord]) -> str:
    """Of all attempts together, in US dollars; unknown as soon as one of them is."""
    known = [record.cost_nanousd for record in records if record.cost_nanousd is not None]
    return f"{sum(known) / NANOUSD:.9f}" if len(known) == len(records) else "unknown"
