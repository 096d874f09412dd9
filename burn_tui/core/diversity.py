"""What stops working when one provider is down, by what the routes say and by who may be asked from where."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from burn_tui.core.catalog import Target
from burn_tui.core.environment import Environment
from burn_tui.core.routing import Route


class Outage(Struct, frozen=True, kw_only=True):
    """One route without the provider."""

    route: str
    environments: tuple[str, ...]
    """Where it is so; () = everywhere."""
    then: Target | None
    """Who is asked first instead; None = the route stops."""


class Reliance(Struct, frozen=True, kw_only=True):
    """How much hangs on one provider."""

    provider_name: str
    outages: tuple[Outage, ...]
    """Routes that it is the first choice of, those that stop at first; () = nothing would change."""

    @property
    def stops(self) -> tuple[Outage, ...]:
        """What would not work any more."""
        return tuple(one for one in self.outages if one.then is None)


def reliances(
    providers: Iterable[str],
    routes: Sequence[Route],
    environments: Sequence[Environment],
    can_be_asked: Callable[[Target, Environment], bool],
) -> tuple[Reliance, ...]:
    """Of each provider. `can_be_asked`: from that environment, with the keys that there are; rests do not matter."""
    return tuple(_reliance(name, routes, environments, can_be_asked) for name in providers)


def _reliance(
    provider_name: str,
    routes: Sequence[Route],
    environments: Sequence[Environment],
    can_be_asked: Callable[[Target, Environment], bool],
) -> Reliance:
    outages: list[Outage] = []
    for route in routes:
        then: dict[Target | None, list[str]] = {}
        for place in environments:
            asked = [target for target in route.targets if can_be_asked(target, place)]
            if asked and asked[0].provider_name == provider_name:
                left = next((target for target in asked if target.provider_name != provider_name), None)
                then.setdefault(left, []).append(place.name)
        outages += [
            Outage(route=route.name, environments=() if len(names) == len(environments) else tuple(names), then=target)
            for target, names in then.items()
        ]
    return Reliance(provider_name=provider_name, outages=tuple(sorted(outages, key=lambda one: one.then is not None)))
