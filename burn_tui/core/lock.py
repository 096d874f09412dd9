"""The lock of a guarded environment: opened for a while or for a number of requests, it closes itself.

locked ──unlock──> open ──time is up, or the last request left──> locked
"""

from msgspec import Struct, structs


class Lock(Struct, frozen=True):
    """The lock of one session. Times are seconds since the epoch."""

    open_until: float | None = None
    """None = locked."""
    requests_left: int | None = None
    """Requests that may still leave; None = as many as the time allows."""

    def is_open(self, now: float) -> bool:
        """Whether a request may leave now."""
        return self.left_s(now) > 0 and self.requests_left != 0

    def left_s(self, now: float) -> float:
        """Seconds until it closes itself; 0 = it is locked."""
        if self.open_until is None or self.requests_left == 0:
            return 0.0
        return max(self.open_until - now, 0.0)

    def after_request(self) -> "Lock":
        """After one more request left."""
        return (
            self if self.requests_left is None else structs.replace(self, requests_left=max(self.requests_left - 1, 0))
        )


LOCKED = Lock()


def unlocked(now: float, *, for_s: float, requests: int | None) -> Lock:
    """A lock just opened for `for_s` seconds or `requests` requests (None = any number), whichever ends first."""
    return Lock(now + for_s, requests)
