"""Whom one request asks: the target and the lane to it, and what the attempts there teach about their health.

    take ──> asked ──> learn: answered, failed or cancelled ──> take ...
      └──> leave: not asked after all

Between taking and learning or leaving, a target that has just rested is this request's alone: it is the probe.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from burn_tui.core.breaker import Breaker
from burn_tui.core.catalog import Target
from burn_tui.core.failure import Failure
from burn_tui.core.health import Scope, scope_of
from burn_tui.core.rate_limits import Headroom
from burn_tui.engine.setup import Setup

if TYPE_CHECKING:
    from burn_tui.engine.router import Router

_WELL = Breaker()


class Choice:
    """Of one request; nothing is chosen before the first `take`."""

    def __init__(self, router: "Router", setup: Setup) -> None:
        self.target: Target
        self.lane = 0
        self.is_probe = False
        """True from taking a target that has just rested until that attempt is over: nobody else may probe it."""
        self._router = router
        self._setup = setup
        self._taken: set[Scope] = set()
        """Models behind keys that were taken already, so that another lane is tried before one of them again."""

    @property
    def scope(self) -> Scope:
        """The target's model behind the lane's key."""
        return scope_of(self.target, self.lane)

    @property
    def rests(self) -> bool:
        """Whether the target has refused somebody, perhaps another request, since it was taken."""
        return self._router.health.state(self.scope, self._router.clock.now()) == "resting"

    def take(self, target: Target) -> None:
        """Choose `target` and a lane to it; if it has just rested, this is its probe from now on.

        Without a pause since it was found to admit requests, or two would take themselves for the probe.
        """
        router, now = self._router, self._router.clock.now()
        lanes = self._untried_lanes(target) or self._setup.lanes(target)
        self.target = target
        self.lane = router.health.lane(target, lanes, now, uses=router.uses) or 0
        self._taken.add(self.scope)
        router.uses[self.scope.key] += 1
        self.is_probe = router.health.state(self.scope, now) == "half_open"
        router.health = router.health.on_start(self.scope, now)

    def leave(self) -> None:
        """What was taken was not asked after all."""
        if self.is_probe:
            self.is_probe = False
            self._router.health = self._router.health.released(self.scope)

    def admits(self, target: Target) -> bool:
        """Whether `target` may be asked now."""
        return self._setup.admits(target, self._router.health, self._router.clock.now())

    def has_other_address(self) -> bool:
        """Whether the target can be reached at an address that this request has not tried."""
        health, now, target = self._router.health, self._router.clock.now(), self.target
        provider = self._setup.catalog.provider(target)
        tried = {provider.at(one.lane).base_url for one in self._taken if one.provider_name == target.provider_name}
        return any(
            health.admits(scope_of(target, lane), now) and provider.at(lane).base_url not in tried
            for lane in self._untried_lanes(target)
        )

    async def learn(self, failure: Failure | None, headroom: tuple[Headroom, ...], *, is_forgiven: bool) -> None:
        """Remember how the attempt ended; rests are kept for after a restart as well.

        `is_forgiven`: the target is asked once more, and only that counts.
        """
        router, scope, now = self._router, self.scope, self._router.clock.now()
        before = router.health.breakers
        router.health = router.health.on_headroom(scope, now, headroom)
        if failure is None:
            router.health = router.health.on_success(scope, now)
        elif failure.error_type == "cancelled":
            self.leave()
        elif not is_forgiven:
            router.health = router.health.on_failure(scope, now, failure, is_probe=self.is_probe)
        self.is_probe = False
        # Shielded: the request may be on its way out already, and the rest concerns all that come after it.
        if moved := self._moved_rests(before, scope):
            await asyncio.shield(self._keep_rests(moved))

    def _moved_rests(self, before: Mapping[Scope, Breaker], scope: Scope) -> list[tuple[Scope, Breaker]]:
        """The rests that are not as they are kept."""
        router, moved = self._router, []
        for one in (scope, scope.key):
            old, new = before.get(one, _WELL), router.health.breakers.get(one, _WELL)
            if old.resting_until != new.resting_until or one in router.lifted:
                moved.append((one, new))
        return moved

    async def _keep_rests(self, rests: list[tuple[Scope, Breaker]]) -> None:
        router = self._router
        for scope, rest in rests:
            router.lifted.discard(scope)
            await router.books.keep_rest(scope, rest, self._setup.keys.fingerprint(scope.provider_name, scope.lane))

    def _untried_lanes(self, target: Target) -> list[int]:
        return [lane for lane in self._setup.lanes(target) if scope_of(target, lane) not in self._taken]
