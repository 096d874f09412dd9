"""Who else works in the panes beside the dashboard, and in which environment.

    processes in a pane's foreground ──(core.place)──> hosts, containers, pods, scripts
    these ──(the user's rules)──> environments; the most dangerous one of a pane is the pane's, and what no rule knows
                                  is the most dangerous of all

Every process of a pipeline is looked at: `cat dump.sql | docker exec -i db psql` has the one that matters at its end.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, structs

from burn_tui.core.environment import Environment, unknown
from burn_tui.core.place import Kind, Place, Process, places

_REACH: tuple[Kind, ...] = ("ssh", "pod", "container", "script")
"""How far from this machine, the farthest first: a pane is named after that."""


class Pane(Struct, frozen=True, kw_only=True):
    """A pane of tmux."""

    id: str
    """As tmux names it: "%3"."""
    where: str
    """As a person finds it: "work:2.1"."""
    foreground: tuple[Process, ...]


class Rule(Struct, frozen=True, kw_only=True):
    """What the user says of places. Every pattern that is given has to fit; * and ? stand for anything."""

    environment: str
    host: str | None = None
    container: str | None = None
    context: str | None = None
    branch: str | None = None
    path: str | None = None
    """A directory; what is below it fits as well."""

    def fits(self, place: Place) -> bool:
        """Whether it speaks of this place. A rule without any pattern speaks of none."""
        given = {name: pattern for name, pattern in structs.asdict(self).items() if pattern and name != "environment"}
        return bool(given) and all(_fits(name, pattern, getattr(place, name)) for name, pattern in given.items())


class Neighbour(Struct, frozen=True, kw_only=True):
    """One pane that reaches somewhere."""

    pane: str
    """As tmux names it: "%3"."""
    where: str
    kind: Kind
    name: str
    detail: str
    """What else tells it from others, such as its namespace; "" = nothing."""
    environment: Environment
    rule: str
    """Why it is thought to be there, in words."""


def neighbours(
    panes: Iterable[Pane], rules: Sequence[Rule], environments: Mapping[str, Environment]
) -> list[Neighbour]:
    """Everybody who reaches somewhere, the most dangerous first."""
    found = [one for pane in panes if (one := _neighbour(pane, rules, environments)) is not None]
    return sorted(found, key=lambda one: (-danger(one.environment), _REACH.index(one.kind), one.where))


def danger(environment: Environment) -> int:
    """How careful one has to be there: 3 for nobody knows, 2 for production, 1 where paid calls are asked about."""
    if not environment.is_known:
        return 3
    return 2 if environment.is_production else int(environment.confirm or environment.lock)


def _neighbour(pane: Pane, rules: Sequence[Rule], environments: Mapping[str, Environment]) -> Neighbour | None:
    found = places(pane.foreground)
    if not found:
        return None
    judged = [(place, *_judged(place, rules, environments)) for place in found]
    farthest = min(found, key=lambda place: _REACH.index(place.kind))
    _, environment, rule = max(judged, key=lambda one: (danger(one[1]), one[0] is farthest))
    return Neighbour(
        pane=pane.id,
        where=pane.where,
        kind=farthest.kind,
        name=farthest.name,
        detail=_detail(farthest),
        environment=environment,
        rule=rule,
    )


def _judged(place: Place, rules: Sequence[Rule], environments: Mapping[str, Environment]) -> tuple[Environment, str]:
    for number, rule in enumerate(rules, start=1):
        if rule.fits(place):
            environment = environments.get(rule.environment)
            return environment or unknown(rule.environment), f"rule {number}"
    return unknown(""), "no rule fits"


def _detail(place: Place) -> str:
    words = {
        "ssh": (),
        "container": (place.context,),
        "pod": (place.namespace, place.context),
        "script": (place.path, place.branch),
    }[place.kind]
    return " ".join(word for word in words if word)


def _fits(name: str, pattern: str, value: str) -> bool:
    if not value:
        return False
    if name == "path":
        return fnmatchcase(value, pattern) or fnmatchcase(value, f"{pattern.rstrip('/')}/*")
    return fnmatchcase(value.lower(), pattern.lower())
