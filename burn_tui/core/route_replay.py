"""What the past would have cost, and how long it would have taken, under another policy of auto.

The same prompts, each with as many tokens as it really had: another model might have written more or less, so the
figures compare policies and promise nothing.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, structs

from burn_tui.core.auto import PROMPTS_RANKED, AutoPolicy, Day, Standing, Weighed, decide_auto, tiers_of
from burn_tui.core.catalog import Target
from burn_tui.core.routing_rules import Facts, first_match
from burn_tui.core.task_class import Classified, TaskClass


class Past(Struct, frozen=True, kw_only=True):
    """One request that was answered."""

    day: int
    """Days since the epoch."""
    task: TaskClass
    score: float
    gain: float
    project: str
    operation: str
    target: Target
    """Who answered."""
    input_tokens: int
    output_tokens: int
    cost_nanousd: int | None
    """What it cost; None = unknown."""
    duration_s: float


class Outcome(Struct, frozen=True, kw_only=True):
    """Money and time of all requests together."""

    requests: int
    cost_nanousd: int
    """Of those whose price is known."""
    unpriced: int
    """Requests whose price is unknown."""
    median_s: float | None
    """Of a request's duration; None = not measured."""
    by_target: Mapping[str, int]
    """Requests each."""


class Replay(Struct, frozen=True, kw_only=True):
    """Then, and what would have been."""

    then: Outcome
    other: Outcome
    by_tier: Mapping[str, int]
    skipped_rules: int
    """Rules that ask for words of the prompt, which are not kept, and so were left out."""
    unmeasured: int
    """Requests that would have gone to somebody whose duration was never measured."""


def replay(
    past: Sequence[Past],
    policy: AutoPolicy,
    targets: Sequence[Target],
    *,
    cost: Callable[[Target, Past], int | None],
    is_local: Callable[[Target], bool],
) -> Replay:
    """`past`, oldest first, as `policy` would have routed it over `targets`."""
    rules = tuple(rule for rule in policy.rules if not rule.needs_text)
    durations = _medians(past)
    worths: deque[float] = deque(maxlen=PROMPTS_RANKED)
    tiers: dict[str, int] = {}
    chosen: list[tuple[Past, Target]] = []
    day, asked, premium = -1, 0, 0
    for one in past:
        if one.day != day:
            day, asked, premium = one.day, 0, 0
        decided = decide_auto(
            Classified(one.task, "as it was then"),
            Weighed(score=one.score, gain=one.gain, seen=(), learning=""),
            _standings(one, targets, policy, durations=durations, cost=cost, is_local=is_local),
            policy=structs.replace(policy, rules=rules),
            day=Day(worths=sorted(worths), asked=asked, premium=premium),
            rule=first_match(rules, Facts(prompt="", task=one.task, project=one.project, operation=one.operation)),
            resolve=lambda name: next(target for target in targets if name in {str(target), target.model}),
        )
        worths.append(decided.worth)
        asked, premium = asked + 1, premium + (decided.tier == "strong")
        tiers[decided.tier] = tiers.get(decided.tier, 0) + 1
        chosen.append((one, decided.targets[0]))
    return Replay(
        then=_outcome([(one.target, one.cost_nanousd, one.duration_s) for one in past]),
        other=_outcome([(target, cost(target, one), durations.get(target)) for one, target in chosen]),
        by_tier=tiers,
        skipped_rules=len(policy.rules) - len(rules),
        unmeasured=sum(target not in durations for _, target in chosen),
    )


def _standings(
    one: Past,
    targets: Sequence[Target],
    policy: AutoPolicy,
    *,
    durations: Mapping[Target, float],
    cost: Callable[[Target, Past], int | None],
    is_local: Callable[[Target], bool],
) -> list[Standing]:
    costs = {target: cost(target, one) for target in targets}
    tiers = tiers_of(costs, {target for target in targets if is_local(target)}, policy.tiers)
    return [
        Standing(
            target=target,
            tier=tiers[target],
            is_open=True,
            estimate_nanousd=costs[target],
            p50_s=durations.get(target),
        )
        for target in targets
    ]


def _medians(past: Sequence[Past]) -> dict[Target, float]:
    times: dict[Target, list[float]] = {}
    for one in past:
        times.setdefault(one.target, []).append(one.duration_s)
    return {target: _median(found) for target, found in times.items()}


def _median(times: Sequence[float]) -> float:
    return sorted(times)[len(times) // 2]


def _outcome(requests: Sequence[tuple[Target, int | None, float | None]]) -> Outcome:
    by_target: dict[str, int] = {}
    for target, _, _ in requests:
        by_target[str(target)] = by_target.get(str(target), 0) + 1
    times = [seconds for _, _, seconds in requests if seconds is not None]
    return Outcome(
        requests=len(requests),
        cost_nanousd=sum(cost for _, cost, _ in requests if cost is not None),
        unpriced=sum(cost is None for _, cost, _ in requests),
        median_s=_median(times) if times else None,
        by_target=dict(sorted(by_target.items(), key=lambda item: -item[1])),
    )
