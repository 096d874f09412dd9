"""What is known of every provider's health: who rests until when, and who has how much of its limits left.

A rest is about a Scope: a model behind one key, or everything behind that key where the key itself is the trouble.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from burn_tui.core.breaker import Breaker, State
from burn_tui.core.catalog import Target
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.rate_limits import Headroom

_KEY_WIDE: frozenset[ErrorType] = frozenset({"auth", "quota_exhausted"})
"""Troubles of the key, which all its models share."""


_CLOSED = Breaker()

USUAL_RESET_S = 60.0
"""Of a limit whose provider does not say when it is full again: most are counted by the minute."""


class Scope(Struct, frozen=True, order=True):
    """What a rest or a limit is about."""

    provider_name: str
    lane: int
    """Which of the provider's keys and addresses, from 0."""
    model: str = ""
    """"" = every model behind that key."""

    @property
    def key(self) -> "Scope":
        """Everything behind the same key."""
        return Scope(self.provider_name, self.lane)


def scope_of(target: Target, lane: int) -> Scope:
    """The scope of one model behind one key."""
    return Scope(target.provider_name, lane, target.model)


class _Measured(Struct, frozen=True):
    """Limits as a response stated them."""

    at: float
    limits: tuple[Headroom, ...]


class Health(Struct, frozen=True):
    """Of all providers. Times are seconds since the epoch; every change gives a new Health."""

    breakers: Mapping[Scope, Breaker] = {}
    """Those that are not simply closed."""
    measured: Mapping[Scope, _Measured] = {}
    """Latest limits by key."""

    def state(self, scope: Scope, now: float) -> State:
        """The worse of the model's and its key's state."""
        states = {breaker.state(now) for breaker in self._breakers(scope)}
        return "resting" if "resting" in states else "half_open" if "half_open" in states else "closed"

    def admits(self, scope: Scope, now: float) -> bool:
        """Whether a request may go there now."""
        return all(breaker.admits(now) for breaker in self._breakers(scope))

    def rests_until(self, scope: Scope) -> float | None:
        """When the later of its rests ends; None = it has none."""
        return max((b.resting_until for b in self._breakers(scope) if b.resting_until is not None), default=None)

    def rests_for(self, scope: Scope) -> ErrorType | None:
        """What the later of its rests is for; None = it has none."""
        resting = [breaker for breaker in self._breakers(scope) if breaker.resting_until is not None]
        return max(resting, key=lambda breaker: breaker.resting_until or 0.0).resting_for if resting else None

    def share_left(self, scope: Scope, now: float) -> float | None:
        """Of the tightest limit of its key, 0.0 to 1.0; None where the provider did not say or all is full again."""
        measured = self.measured.get(scope.key)
        if measured is None:
            return None
        shares = [
            limit.remaining / limit.limit if limit.limit else float(limit.remaining > 0)
            for limit in measured.limits
            if limit.remaining is not None and measured.at + _reset_s(limit) > now
        ]
        return min(shares, default=None)

    def limits(self, scope: Scope) -> tuple[float, tuple[Headroom, ...]]:
        """The limits as its key's latest response stated them, and when that was; () = it stated none."""
        measured = self.measured.get(scope.key)
        return (measured.at, measured.limits) if measured else (0.0, ())

    def is_exhausted(self, scope: Scope, now: float) -> bool:
        """Whether the provider has said that nothing is left, so that it would refuse the next request."""
        return self.share_left(scope, now) == 0.0

    def lane(self, target: Target, lanes: Iterable[int], now: float, *, uses: Mapping[Scope, int]) -> int | None:
        """The lane that a request to `target` takes: the one with most of its limits left, then the least used one.

        `lanes` are those that have their key; None = none of them admits a request. `uses` counts requests by key.
        """
        admitted = [scope for lane in lanes if self.admits(scope := scope_of(target, lane), now)]
        if not admitted:
            return None

        def burden(scope: Scope) -> tuple[float, int, int]:
            share = self.share_left(scope, now)
            return -(1.0 if share is None else share), uses.get(scope.key, 0), scope.lane

        return min(admitted, key=burden).lane

    def on_start(self, scope: Scope, now: float) -> "Health":
        """After an admitted request left."""
        return self._with({one: breaker.on_start(now) for one, breaker in self._of(scope)})

    def on_success(self, scope: Scope, now: float) -> "Health":
        """After an answer."""
        return self._with({one: breaker.on_success(now) for one, breaker in self._of(scope)})

    def on_failure(self, scope: Scope, now: float, failure: Failure, *, is_probe: bool = True) -> "Health":
        """After a failed attempt: the rest is the key's or the model's, whoever is to blame.

        `is_probe`: as for Breaker.on_failure.
        """
        to_blame = scope.key if failure.error_type in _KEY_WIDE else scope
        changed = {}
        for one, breaker in self._of(scope):
            if one == to_blame:
                changed[one] = breaker.on_failure(now, failure, is_probe=is_probe)
            elif is_probe:
                changed[one] = breaker.released()
        return self._with(changed)

    def released(self, scope: Scope) -> "Health":
        """After a probe that told nothing, or did not leave at all: another may go."""
        return self._with({one: breaker.released() for one, breaker in self._of(scope)})

    def on_headroom(self, scope: Scope, now: float, limits: tuple[Headroom, ...]) -> "Health":
        """After a response that stated its limits; () = it stated none, so what is known holds."""
        if not limits:
            return self
        return Health(self.breakers, {**self.measured, scope.key: _Measured(now, limits)})

    def without(self, scopes: Iterable[Scope]) -> "Health":
        """Nothing remembered against these: their key or address has changed."""
        forgotten = set(scopes)
        return Health({one: b for one, b in self.breakers.items() if one not in forgotten}, self.measured)

    def _of(self, scope: Scope) -> list[tuple[Scope, Breaker]]:
        return [(one, self.breakers.get(one, _CLOSED)) for one in (scope, scope.key)]

    def _breakers(self, scope: Scope) -> list[Breaker]:
        return [breaker for _, breaker in self._of(scope)]

    def _with(self, changed: Mapping[Scope, Breaker]) -> "Health":
        merged = {**self.breakers, **changed}
        return Health({one: breaker for one, breaker in merged.items() if breaker != _CLOSED}, self.measured)


def _reset_s(limit: Headroom) -> float:
    return USUAL_RESET_S if limit.reset_s is None else limit.reset_s
