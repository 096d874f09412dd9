"""Which targets a request is offered to, in which order, and what follows each failure.

`plan` decides before the first attempt, `next_step` after every failed one. Neither acts.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from burn_tui.core.breaker import Breaker
from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.environment import Denied, Environment, guard
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.events import Skipped
from burn_tui.core.failure import FALLS_BACK, Failure

MAX_ATTEMPTS = 4
"""Of one request, over all targets."""

DEFAULT_ROUTE = "default"
PINNED = "pinned"


class Route(Struct, frozen=True):
    """A named order of preference."""

    name: str
    targets: tuple[Target, ...]


class Plan(Struct, frozen=True):
    """Where a request goes."""

    route: str
    """The route's name, or "pinned"."""
    targets: tuple[Target, ...]
    """Those that may be asked now, in order; empty = none may."""
    why: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    denied: Denied | None = None
    """The guard's word on the first target that it turned away; None if it let all pass."""
    earliest_at: float | None = None
    """When the first resting target may be asked again, in seconds since the epoch; None = none rests."""


def candidates(requested: str | None, routes: Mapping[str, Route], catalog: Catalog) -> Route:
    """The targets that `requested` means: a route's, or one pinned target.

    None = the default route, or every known target in the settings' order where there is none.
    UnknownTargetError if it means nothing.
    """
    if requested is None or requested == DEFAULT_ROUTE:
        return routes.get(DEFAULT_ROUTE) or Route(DEFAULT_ROUTE, catalog.targets)
    if requested in routes:
        return routes[requested]
    try:
        return Route(PINNED, (catalog.resolve(requested),))
    except UnknownTargetError as error:
        known = [*routes, *(str(target) for target in catalog.targets)]
        raise UnknownTargetError(requested, known) from error


def plan(
    route: Route,
    *,
    environment: Environment,
    breakers: Mapping[Target, Breaker],
    missing_keys: Mapping[str, str],
    now: float,
) -> Plan:
    """The targets of `route` that may be asked now, and why the others may not.

    `missing_keys` maps a provider's name to the variable that holds no key.
    """
    open_now: list[Target] = []
    skipped: list[Skipped] = []
    denials: list[Denied] = []
    rests: list[float] = []
    for target in route.targets:
        verdict = guard(environment, target, is_free=False, confirmed=True)
        breaker = breakers.get(target, Breaker())
        if isinstance(verdict, Denied):
            denials.append(verdict)
            skipped.append(Skipped(target, verdict.why))
        elif variable := missing_keys.get(target.provider_name):
            skipped.append(Skipped(target, f"{variable} is not set."))
        elif not breaker.admits(now):
            until = breaker.resting_until or now
            rests.append(until)
            skipped.append(Skipped(target, _rest_in_words(breaker, until - now)))
        else:
            open_now.append(target)
    return Plan(
        route.name,
        tuple(open_now),
        _reasons(route, open_now),
        tuple(skipped),
        denials[0] if denials else None,
        min(rests, default=None),
    )


def _reasons(route: Route, open_now: list[Target]) -> tuple[str, ...]:
    if not open_now:
        return ("nothing on this route may be asked now",)
    if route.name == PINNED:
        return (f"you pinned {open_now[0]}",)
    position = route.targets.index(open_now[0])
    order = "first choice" if position == 0 else f"choice {position + 1}, the ones before it are not available"
    return (f"route {route.name}", order)


def _rest_in_words(breaker: Breaker, seconds: float) -> str:
    if seconds <= 0:
        return "It is being probed by another request."
    reason = (breaker.resting_for or "unknown").replace("_", " ")
    return f"It rests for {seconds:.0f} s more ({reason})."


class Try(Struct, frozen=True):
    """Ask this target next, at once."""

    target: Target


class GiveUp(Struct, frozen=True):
    """Nobody else is asked."""

    why: str


Step = Try | GiveUp


def next_step(
    failure: Failure, *, failed: Target, targets: tuple[Target, ...], attempts: int, admits: Callable[[Target], bool]
) -> Step:
    """What follows when `failed` did not answer: the next target of the plan that still admits, or the end.

    `attempts` counts those already made, this one included; `admits` says whether a target may be asked now.
    """
    if failure.error_type not in FALLS_BACK:
        return GiveUp("another provider would refuse it as well")
    if attempts >= MAX_ATTEMPTS:
        return GiveUp(f"{attempts} attempts were made")
    after = targets[targets.index(failed) + 1 :]
    return next((Try(target) for target in after if admits(target)), GiveUp("no other target is available"))
