"""How long a request waits for whoever is back first."""

from burn_tui.core.events import Refused

LOOK_AGAIN_S = 0.1
"""Between two looks at a full budget whose reservations may still shrink, or at a target that is being probed."""

CLOCK_SLACK_S = 0.005
"""A timer may ring a little before the clock on the wall has got there."""


class Patience:
    """Of one request."""

    def __init__(self) -> None:
        self.used_s = 0.0

    def next_s(self, refused: Refused, *, now: float, patience_s: float) -> float | None:
        """Seconds to wait before the next look; None = nobody will be back, or not within `patience_s` in all."""
        if refused.retry_at is None:
            return None
        seconds = refused.retry_at - now
        # A rest that is over while nobody is admitted is being probed: how that ends is known soon.
        seconds = seconds + CLOCK_SLACK_S if seconds > 0 else LOOK_AGAIN_S
        return seconds if self.used_s + seconds <= patience_s + CLOCK_SLACK_S else None
