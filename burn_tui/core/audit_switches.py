"""Changing one's place: how often a person goes from one tool, tab or provider to another, and what that takes.

    tab a   P...c.c     P..c                              P.c        P = a prompt, c = the calls that it led to
    tab b                       P..c.c....c      P..c
                    |---|   a change of tabs    |---|
                    "time until the next prompt"

Logs of other tools do not say what a person typed. A prompt is the first call of a session, or one after a pause of
PROMPT_PAUSE_S within it; what comes closer is an agent at work. Of burn-tui's own sessions every request is a prompt.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from burn_tui.core.latency import Histogram, added, bucket_of, percentile

PROMPT_PAUSE_S = 60.0
"""Tools that an agent calls seldom take longer."""

AWAY_S = 1800.0
"""Who does nothing for so long was not changing places but away."""

OFTEN_AN_HOUR = 4.0
FEWEST_CHANGES = 10
"""Below this nothing is suggested."""

MOST_PAIRS = 8

_US = 1_000_000

Call = tuple[int, int | None, int]
"""When it started, in microseconds since the epoch; the number of its session, None = it has none; the number of its
place."""


class Place(Struct, frozen=True, order=True):
    """Where a person works."""

    provider_name: str
    project: str
    """"" = not known."""
    is_prompted: bool = False
    """True = every call there is a person's request."""

    @property
    def name(self) -> str:
        """As "anthropic · web"."""
        return f"{self.provider_name} · {self.project}" if self.project else self.provider_name


class Pair(Struct, frozen=True, kw_only=True):
    """Two places that a person goes between, in either direction."""

    places: tuple[str, str]
    """Their names, in alphabetical order; twice the same = two tabs of one place."""
    changes: int
    next_prompt_s: float | None
    """The median time until the next prompt."""
    providers: tuple[str, str]
    projects: tuple[str, str]


RuleKind = Literal["one route", "one at a time"]


class Rule(Struct, frozen=True, kw_only=True):
    """What would make the changes of the most frequent pair fewer."""

    kind: RuleKind
    """one route: the same project at two providers, which one session with a route over both would serve. one at a
    time: two projects, or what may be two, of which each is left before it is finished."""
    pair: Pair
    an_hour: float
    """Changes of this pair in each hour of work."""


class Switches(Struct, frozen=True, kw_only=True):
    """How often a person changed places."""

    prompts: int
    active_s: float
    """Time between prompts that are less than AWAY_S apart."""
    provider_changes: int
    tab_changes: int
    """Every change of provider within one tab is none of these."""
    next_prompt_s: float | None
    """The median time from the last call in the place that was left until the next prompt; None = no changes."""
    pairs: tuple[Pair, ...]
    """The most frequent first."""
    rule: Rule | None
    """None = there is nothing to suggest."""

    def an_hour(self, changes: int) -> float:
        """So many changes as a rate over the time of work."""
        return changes * 3600 / self.active_s if self.active_s else 0.0


def switches(calls: Iterable[Call], places: Mapping[int, Place]) -> Switches:
    """What the calls, in the order of their times, tell. `places`: by their numbers, all that occur."""
    walk = _Walk(places)
    for at_us, session, place in calls:
        walk.take(at_us, session, place)
    return walk.result()


class _Walk:
    """From prompt to prompt."""

    def __init__(self, places: Mapping[int, Place]) -> None:
        self._places = places
        self._last_call_us: dict[int | None, int] = {}
        self._prompt: Call | None = None
        self._prompts = 0
        self._active_us = 0
        self._providers = 0
        self._tabs = 0
        self._waits: dict[tuple[Place, Place], Counter[int]] = defaultdict(Counter)

    def take(self, at_us: int, session: int | None, place: int) -> None:
        last_us = self._last_call_us.get(session)
        is_prompt = last_us is None or at_us - last_us >= PROMPT_PAUSE_S * _US or self._places[place].is_prompted
        if is_prompt:
            self._prompts += 1
            if self._prompt is not None:
                self._compare(self._prompt, at_us, session, place)
            self._prompt = (at_us, session, place)
        self._last_call_us[session] = at_us

    def _compare(self, before: Call, at_us: int, session: int | None, place: int) -> None:
        before_us, before_session, before_place = before
        waited_us = max(at_us - self._last_call_us[before_session], 0)
        if waited_us >= AWAY_S * _US:
            return
        self._active_us += at_us - before_us
        old, new = self._places[before_place], self._places[place]
        is_other_provider, is_other_tab = old.provider_name != new.provider_name, before_session != session
        self._providers += is_other_provider
        self._tabs += is_other_tab
        if is_other_provider or is_other_tab:
            first, second = sorted((old, new), key=lambda one: one.name)
            self._waits[first, second][bucket_of(waited_us / _US)] += 1

    def result(self) -> Switches:
        pairs = _pairs(self._waits)
        active_s = self._active_us / _US
        return Switches(
            prompts=self._prompts,
            active_s=active_s,
            provider_changes=self._providers,
            tab_changes=self._tabs,
            next_prompt_s=percentile(added(self._waits.values()), 0.5),
            pairs=pairs,
            rule=_rule(pairs, active_s),
        )


def _pairs(waits: Mapping[tuple[Place, Place], Histogram]) -> tuple[Pair, ...]:
    found = (
        Pair(
            places=(first.name, second.name),
            changes=sum(waited.values()),
            next_prompt_s=percentile(waited, 0.5),
            providers=(first.provider_name, second.provider_name),
            projects=(first.project, second.project),
        )
        for (first, second), waited in waits.items()
    )
    return tuple(sorted(found, key=lambda pair: (-pair.changes, pair.places))[:MOST_PAIRS])


def _rule(pairs: Iterable[Pair], active_s: float) -> Rule | None:
    """For the most frequent pair that something can be done about."""
    for pair in pairs:
        an_hour = pair.changes * 3600 / active_s if active_s else 0.0
        kind = _kind(pair)
        if kind is not None and pair.changes >= FEWEST_CHANGES and an_hour >= OFTEN_AN_HOUR:
            return Rule(kind=kind, pair=pair, an_hour=an_hour)
    return None


def _kind(pair: Pair) -> RuleKind | None:
    """Two tabs of one place are nothing to mend."""
    if pair.places[0] == pair.places[1]:
        return None
    is_one_project = pair.projects[0] == pair.projects[1] != ""
    return "one route" if is_one_project else "one at a time"
