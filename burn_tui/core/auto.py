"""What `auto` means for one prompt: the order in which targets are asked, and every reason for it, in words.

    rules ──> class ──> worth: gain per dollar, ranked among the latest prompts ──> limits of the class,
    of the day and of the budget's pace ──> tier ──> targets of the tier by latency goal and price

What may be asked at all was settled before: environment, privacy, windows and rests. What the user said explicitly
beats what is calculated, up to the budget.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from msgspec import Struct, structs

from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, Text
from burn_tui.core.checks import CommandCheck
from burn_tui.core.money import NANOUSD
from burn_tui.core.routing_rules import Profile, Rule, Tier, marked
from burn_tui.core.task_class import Classified, TaskClass

TIERS: tuple[Tier, ...] = get_args(Tier)

PROMPTS_RANKED = 300
"""Among so many of the latest prompts a prompt's worth is ranked."""

_RANKED_BY_HABIT = 40
"""With fewer prompts than these the rule's usual spread still has a say."""

_USUAL_SCORE = 5.0
"""Half of what people ask scores less."""

NO_EXPLORING, CHEAP_ONLY = 1.5, 2.0
"""Times the pace at which the budget would just last."""

_FEWEST_PREMIUM = 20
"""So many prompts a day count at least when a share of them is capped."""

_LEAST_SPREAD = 3.0
"""Prices that differ by less than this factor are one tier."""

_UNPRICED_USD = 0.01
"""The extra cost that is assumed where a price is unknown."""

_DATE = re.compile(r"20\d\d-?[01]\d-?[0-3]\d")
_OWN_TEMPERATURE = re.compile(r"(?:^|/)(?:o\d|gpt-5)")
"""Models that take no temperature from anybody."""

_SEED = 7
"""Any number will do, as long as it stays the same."""

_FLOOR: Mapping[TaskClass, Tier] = {"architecture": "mid"}
_CEILING: Mapping[TaskClass, Tier] = {"quick_snippet": "cheap", "docs": "mid"}
_PROFILES: Mapping[TaskClass, Profile] = {"infra_config": "deterministic"}


class AutoPolicy(Struct, frozen=True, kw_only=True):
    """How auto decides: the section `auto:` of the settings."""

    strong_share: float = 0.2
    """Of the latest 300 prompts, those that are worth most."""
    mid_share: float = 0.3
    """The next ones."""
    local_share: float = 0.2
    """Those that are worth least, where a model runs on this machine."""
    premium_cap: float = 0.4
    """Of a day's prompts at most this share goes to the strong tier by itself, escalations included; 1 = no cap."""
    p50_s: float | None = None
    """Goal for the median time to the first word; None = none."""
    p95_s: float | None = None
    """The same for what 95 % of the calls stay below."""
    explore: float = 0.02
    """The share of prompts that the cheap tier is tried on although they seem worth more."""
    cascade_ratio: float = 8.0
    """From this ratio of prices on a checked cheap answer comes before a strong one."""
    tiers: Mapping[Target, Tier] = {}
    """The user's word on single targets; the others are sorted by price."""
    rules: tuple[Rule, ...] = ()
    patterns: tuple[tuple[TaskClass, str], ...] = ()
    """The user's own patterns of task classes."""
    checks: tuple[CommandCheck, ...] = ()
    """The user's commands that judge answers."""


class Standing(Struct, frozen=True, kw_only=True):
    """One target, as far as this prompt is concerned."""

    target: Target
    tier: Tier
    is_open: bool
    """Whether it may be asked now."""
    estimate_nanousd: int | None
    """What the prompt would cost there; None = unknown."""
    p50_s: float | None = None
    """Measured, of the last day; None = too few calls to say."""
    p95_s: float | None = None


class Day(Struct, frozen=True, kw_only=True):
    """What has happened before this prompt."""

    worths: Sequence[float] = ()
    """Of the latest prompts, sorted."""
    asked: int = 0
    """Prompts that auto decided today."""
    premium: int = 0
    """Those of them that went to the strong tier, at once or by escalation."""
    pace: float | None = None
    """Spent against what the elapsed part of the budget's period allows; None = there is no budget."""


class Weighed(Struct, frozen=True, kw_only=True):
    """What was foretold of the prompt."""

    score: float
    """By the rule of complexity.py."""
    gain: float
    """How much likelier a strong answer is good, from 0 to 1."""
    seen: tuple[str, ...]
    """What the rule counted, in words."""
    learning: str
    """Where the learner stands, in words."""


class AutoDecision(Struct, frozen=True, kw_only=True):
    """What auto makes of one prompt."""

    tier: Tier
    task: TaskClass
    profile: Profile | None
    targets: tuple[Target, ...]
    """All of them, in the order in which they are asked."""
    why: tuple[str, ...]
    because: str
    """The one of them that decided."""
    tiers: Mapping[Target, Tier]
    """Of each of them."""
    worth: float
    """Gain per dollar."""
    rank: float
    """The share of the latest prompts that are worth less."""
    is_explicit: bool = False
    """True = the user said who answers."""
    is_explored: bool = False
    check: str | None = None
    """The check that the user's rule names; None = it names none."""
    asks_first: str | None = None
    """Why a person has to agree to the strong tier; None = nobody has to."""
    banner: str | None = None
    """What must stand on screen while it lasts; None = nothing."""


def tiers_of(
    prices: Mapping[Target, int | None], local: set[Target], said: Mapping[Target, Tier]
) -> dict[Target, Tier]:
    """The tier of every target. `prices`: nano-USD of the same request at each; None = unknown, which counts as mid.

    The range between the cheapest and the dearest is parted into three equal ratios.
    """
    paid = [math.log(price) for target, price in prices.items() if price and target not in local]
    low, high = min(paid, default=0.0), max(paid, default=0.0)
    is_flat = high - low < math.log(_LEAST_SPREAD)

    def by_price(target: Target, price: int | None) -> Tier:
        if target in local:
            return "local"
        if price is None:
            return "mid"
        if price == 0 or is_flat:
            return "cheap"
        place = (math.log(price) - low) / (high - low)
        return "cheap" if place < 1 / 3 else "mid" if place < 2 / 3 else "strong"

    return {target: said.get(target) or by_price(target, price) for target, price in prices.items()}


def rank_of(worth: float, score: float, worths: Sequence[float]) -> float:
    """The share of the latest prompts that are worth less; in the beginning what the score usually means."""
    usual = 1 / (1 + math.exp(_USUAL_SCORE - score))
    trust = min(len(worths) / _RANKED_BY_HABIT, 1.0)
    measured = bisect_left(worths, worth) / len(worths) if worths else 0.0
    return trust * measured + (1 - trust) * usual


def decide_auto(
    classified: Classified,
    weighed: Weighed,
    standings: Sequence[Standing],
    *,
    policy: AutoPolicy,
    day: Day,
    mark: Tier | None = None,
    said_so: str | None = None,
    rule: Rule | None = None,
    resolve: Callable[[str], Target] | None = None,
    chance: float = 1.0,
) -> AutoDecision:
    """The order of the targets and the reasons for it.

    `mark`: the tier that the person wants, `said_so`: in which words; None = it stood before the prompt. `rule`: the
    user's rule that fits; `chance` from 0 to 1 picks the
    few prompts that the cheap tier is tried on, 1 = none.
    """
    task = classified.task_class
    profile = (rule.profile if rule else None) or _PROFILES.get(task)
    worth, extra = _worth(weighed.gain, standings)
    rank = rank_of(worth, weighed.score, day.worths)
    explicit = mark or (rule.tier if rule else None)
    spoken = [said_so or f"you wrote @{mark}"] if mark else [f"your rule for {rule.in_words}"] if rule else []
    calculated: list[str] = []
    there = {one.tier for one in standings}
    wanted, is_explored = explicit, False
    if wanted is None:
        tries = chance < policy.explore and profile != "deterministic" and (day.pace or 0.0) <= NO_EXPLORING
        place = _by_rank(rank, policy, has_local="local" in there)
        wanted, limits, is_explored = _calculated(place, task, policy, day, tries_cheap=tries)
        calculated = [*_ranked(weighed.gain, extra, rank, there), *limits]
    tier = _present(wanted, standings)
    first = resolve(rule.use) if rule and rule.use and resolve and mark is None else None
    said = [f"{task}: {classified.why}", *spoken]
    if calculated:
        said += [f"score {weighed.score:.1f} for {', '.join(weighed.seen)}", *calculated, weighed.learning]
    if tier != wanted and (explicit or len(there) > 1):
        said.append(_nobody_of(wanted, is_there=wanted in there))
    said += [] if first else _too_slow(tier, standings, policy)
    said.append(f"uses {first}" if first else f"{tier} tier")
    said += [f"{profile} profile"] if profile else []
    hurry = f"The budget is spent {day.pace:.1f} times too fast" if (day.pace or 0.0) > CHEAP_ONLY else None
    return AutoDecision(
        tier=tier,
        task=task,
        profile=profile,
        targets=_ordered(standings, tier, policy, first, dated_first=profile == "deterministic"),
        why=tuple(said),
        because=(spoken or calculated[-1:])[0],
        tiers={one.target: one.tier for one in standings},
        worth=worth,
        rank=rank,
        is_explicit=explicit is not None or first is not None,
        is_explored=is_explored,
        check=rule.check if rule else None,
        asks_first=f"{hurry}, and this asks the strong tier." if hurry and tier == "strong" else None,
        banner=f"{hurry}: auto asks cheap models only." if hurry else None,
    )


def _worth(gain: float, standings: Sequence[Standing]) -> tuple[float, str]:
    """Gain per dollar of going from the cheapest tier that is there to the dearest, and the dollars in words."""
    priced = [one.estimate_nanousd for one in standings if one.estimate_nanousd is not None]
    extra = (max(priced) - min(priced)) / NANOUSD if priced else 0.0
    if extra <= 0:
        return gain / _UNPRICED_USD, "at the same price" if len(priced) == len(standings) else "at an unknown price"
    return gain / extra, f"for ${extra:.4f} more"


def _ranked(gain: float, extra: str, rank: float, there: set[Tier]) -> list[str]:
    """What stands against what; `there`: the tiers that have a target."""
    if len(there) == 1:
        return [f"every target is of the {next(iter(there))} tier, so nothing is weighed"]
    dearest = max(there, key=TIERS.index, default="strong")
    return [
        f"{dearest} would be better in {gain * 100:.0f} of 100 such prompts, {extra}",
        f"{(1 - rank) * 100:.0f} of 100 prompts gain more from {dearest}",
    ]


def _calculated(
    tier: Tier, task: TaskClass, policy: AutoPolicy, day: Day, *, tries_cheap: bool
) -> tuple[Tier, list[str], bool]:
    steps = []
    if (floor := _FLOOR.get(task)) and TIERS.index(tier) < TIERS.index(floor):
        tier = floor
        steps.append(f"{task} is given at least the {floor} tier")
    if (ceiling := _CEILING.get(task)) and TIERS.index(tier) > TIERS.index(ceiling):
        tier = ceiling
        steps.append(f"{task} is given at most the {ceiling} tier")
    if tier == "strong" and (capped := over_cap(day, policy)) is not None:
        tier = "mid"
        steps.append(capped)
    if day.pace is not None and day.pace > CHEAP_ONLY and tier in {"mid", "strong"}:
        return "cheap", [*steps, f"budget pace {day.pace:.1f}x: cheap only"], False
    if day.pace is not None and day.pace > NO_EXPLORING:
        steps.append(f"budget pace {day.pace:.1f}x: nothing is tried out")
    if tries_cheap and tier in {"mid", "strong"}:
        return "cheap", [*steps, f"tried out on the cheap tier, where {tier} seems worth it"], True
    return tier, steps, False


def over_cap(day: Day, policy: AutoPolicy, *, is_counted: bool = False) -> str | None:
    """Why no further prompt of this day goes to the strong tier by itself; None = it may.

    `is_counted`: the prompt is one of the day's already, and is to be escalated.
    """
    asked = max(day.asked if is_counted else day.asked + 1, _FEWEST_PREMIUM)
    if day.premium + 1 <= policy.premium_cap * asked:
        return None
    return f"{day.premium} of {day.asked} prompts today were strong already, the cap is {_percent(policy.premium_cap)}"


def _by_rank(rank: float, policy: AutoPolicy, *, has_local: bool) -> Tier:
    if rank >= 1 - policy.strong_share:
        return "strong"
    if rank >= 1 - policy.strong_share - policy.mid_share:
        return "mid"
    return "local" if has_local and rank < policy.local_share else "cheap"


def _present(wanted: Tier, standings: Sequence[Standing]) -> Tier:
    """The tier that is nearest to the wanted one among those where somebody may be asked, the cheaper of two."""
    there = {one.tier for one in standings if one.is_open} or {one.tier for one in standings} or {wanted}
    place = TIERS.index(wanted)
    return min(there, key=lambda tier: (abs(TIERS.index(tier) - place), TIERS.index(tier)))


def _ordered(
    standings: Sequence[Standing], tier: Tier, policy: AutoPolicy, first: Target | None, *, dated_first: bool
) -> tuple[Target, ...]:
    """The tier's targets, then those of the next dearer tiers, then the cheaper ones. Sorting is stable: of equals the
    one that the settings name first.
    """
    place = TIERS.index(tier)

    def key(one: Standing) -> tuple[bool, int, bool, bool, bool, int]:
        distance = TIERS.index(one.tier) - place
        return (
            one.target != first,
            distance if distance >= 0 else len(TIERS) - distance,
            not meets_goals(one, policy),
            dated_first and not is_dated(one.target.model),
            one.estimate_nanousd is None,
            one.estimate_nanousd or 0,
        )

    return tuple(one.target for one in sorted(standings, key=key))


def meets_goals(one: Standing, policy: AutoPolicy) -> bool:
    """Whether the target is known to be no slower than the goals; who is not known is given the chance."""
    pairs = ((one.p50_s, policy.p50_s), (one.p95_s, policy.p95_s))
    return all(goal is None or measured is None or measured <= goal for measured, goal in pairs)


def _nobody_of(tier: Tier, *, is_there: bool) -> str:
    return f"nobody of the {tier} tier may be asked" if is_there else f"no target is of the {tier} tier"


def _too_slow(tier: Tier, standings: Sequence[Standing], policy: AutoPolicy) -> list[str]:
    """Who of the tier comes last because of the goals, each with the figure that was measured."""
    goals = (("median", policy.p50_s), ("95 %", policy.p95_s))
    said = []
    for one in standings:
        figures = zip(goals, (one.p50_s, one.p95_s), strict=True)
        missed = [f"{name} {at:.1f} s, goal {goal:g} s" for (name, goal), at in figures if goal and at and at > goal]
        if missed and one.tier == tier and one.is_open:
            said.append(f"{one.target} is too slow ({', '.join(missed)})")
    return said


def is_dated(model: str) -> bool:
    """Whether the name says which snapshot it is, so that it will mean the same tomorrow."""
    return _DATE.search(model) is not None


def profiled(request: ChatRequest, decided: AutoDecision | None, target: Target) -> ChatRequest:
    """`request` in the manner of the profile that was decided on, without the mark that stood before the prompt.

    What the caller asked for itself stays.
    """
    if decided is None:
        return request
    request, profile = _without_mark(request), decided.profile
    if profile is None:
        return request
    is_fixed = request.temperature is not None or request.top_p is not None or _OWN_TEMPERATURE.search(target.model)
    if not is_fixed:
        request = structs.replace(request, temperature=0.0 if profile == "deterministic" else 1.0)
    if profile == "deterministic" and request.seed is None:
        request = structs.replace(request, seed=_SEED)
    return request


def _without_mark(request: ChatRequest) -> ChatRequest:
    if not request.messages:
        return request
    *before, last = request.messages
    if last.role != "user" or not last.parts or not isinstance(first := last.parts[0], Text):
        return request
    mark, text = marked(first.text)
    if mark is None:
        return request
    parts = (structs.replace(first, text=text), *last.parts[1:])
    return structs.replace(request, messages=(*before, structs.replace(last, parts=parts)))


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
