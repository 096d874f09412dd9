"""Whether a target may be asked now, or must rest.

          failures < TRIP_AFTER              a success
    closed ────────────────────> closed   <─────────────── half-open
       │                                                      ^   │
       │ a rest is ordered (429, 529, ...)                    │   │ any failure: a longer rest
       │ or TRIP_AFTER failures in a row        rest is over, │   │
       └───────────────────────────> resting ─────────────────┘   │
                                        ^                         │
                                        └─────────────────────────┘

Half-open lets exactly one request through, the probe; the others are turned away until it has answered.
"""

from typing import Literal

from msgspec import Struct, structs

from burn_tui.core.failure import ErrorType, Failure

State = Literal["closed", "resting", "half_open"]

TRIP_AFTER = 3
"""Failures in a row, of the kind that may pass by itself, before a target rests."""

FIRST_REST_S = 5.0
"""A rest that nobody asked for; doubled after each failed probe."""

LONGEST_REST_S = 300.0
"""Doubling ends here."""

PROBE_LIMIT_S = 120.0
"""A probe that has not reported by then is taken for lost, and another may go."""

UNTIL_CHANGED_S = 365 * 86_400.0
"""A rest that only new settings end: a key that was refused once is refused until somebody changes it."""

_ORDERED_REST_S: dict[ErrorType, float] = {
    "rate_limited": 30.0,
    "overloaded": 10.0,
    "quota_exhausted": 3600.0,
    "auth": UNTIL_CHANGED_S,
    "permission": 3600.0,
    "model_gone": 86400.0,
}
"""Failures that order a rest at once, and how long it is when the provider does not say."""

PASSES_BY_ITSELF: frozenset[ErrorType] = frozenset({"rate_limited", "overloaded"})
"""For these a provider's retry-after is an appointment. On the others it is boilerplate: money does not come back in
two seconds."""

_NOT_ITS_FAULT: frozenset[ErrorType] = frozenset(
    {"caller_fault", "content_filter", "context_length", "cancelled", "refused", "interrupted"}
)


class Breaker(Struct, frozen=True):
    """The health of one target. Times are seconds since the epoch."""

    failures: int = 0
    """In a row; 0 after any success."""
    resting_until: float | None = None
    """None = not resting."""
    resting_for: ErrorType | None = None
    """What the rest is for; None = not resting."""
    probe_since: float | None = None
    """When the one allowed request of the half-open state left; None = it is still to be had."""

    def state(self, now: float) -> State:
        """What a person is shown."""
        if self.resting_until is None:
            return "closed"
        return "resting" if now < self.resting_until else "half_open"

    def admits(self, now: float) -> bool:
        """Whether a request may go now."""
        match self.state(now):
            case "closed":
                return True
            case "resting":
                return False
            case "half_open":
                return self.probe_since is None or now - self.probe_since > PROBE_LIMIT_S

    def on_start(self, now: float) -> "Breaker":
        """After an admitted request left: in the half-open state it is the probe."""
        return structs.replace(self, probe_since=now) if self.state(now) == "half_open" else self

    def released(self) -> "Breaker":
        """After a probe that told nothing about this one: another may go."""
        return structs.replace(self, probe_since=None)

    def on_success(self, now: float) -> "Breaker":
        """After an answer. A rest goes on: the request had left before it was ordered."""
        return structs.replace(self, failures=0) if self.state(now) == "resting" else Breaker()

    def on_failure(self, now: float, failure: Failure, *, is_probe: bool = True) -> "Breaker":
        """After a failed attempt. Of two rests that overlap the later end holds, and what it is for.

        `is_probe`: False for one that had left before the rest began. While the probe is out, such a straggler tells
        nothing new unless it orders a rest, and it does not give the probe's place to somebody else.
        """
        if failure.error_type in _NOT_ITS_FAULT:
            return self.released() if is_probe else self
        if not is_probe and self.state(now) == "half_open" and failure.error_type not in _ORDERED_REST_S:
            return self
        # Ten calls in flight that fail together are one misfortune: the rest has begun with the first of them.
        failures = self.failures if self.state(now) == "resting" else self.failures + 1
        rest_s = self._rest_s(now, failures, failure)
        if rest_s is None or (self.resting_until or now) > now + rest_s:
            return structs.replace(self, failures=failures)
        return Breaker(failures, now + rest_s, failure.error_type)

    def _rest_s(self, now: float, failures: int, failure: Failure) -> float | None:
        ordered_s = _ORDERED_REST_S.get(failure.error_type)
        if ordered_s is not None:
            told_s = failure.retry_after_s
            if told_s is None:
                return ordered_s
            return told_s if failure.error_type in PASSES_BY_ITSELF else max(told_s, ordered_s)
        if failures >= TRIP_AFTER or self.state(now) == "half_open":
            return min(FIRST_REST_S * 2.0 ** max(failures - TRIP_AFTER, 0), LONGEST_REST_S)
        return None
