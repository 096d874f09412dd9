"""First the cheap answer, then a look at it, and the strong one only where it fails: who that is, and what it is worth.

    net of one checked answer = strong − cheap   if it passed: the strong one was not needed
                                −cheap           if it failed: it was paid for nothing

Measured against asking the strong target at once. Where the sum of a class falls below zero, its cheap answers fail so
often that the detour costs more than it saves, and it is no longer taken.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, structs

from burn_tui.core.auto import TIERS, AutoDecision
from burn_tui.core.catalog import Target
from burn_tui.core.checks import Wanted
from burn_tui.core.money import NANOUSD

LOOKED_BACK = 50
"""So many of a class's latest checked answers count."""

FEWEST = 20
"""With fewer nobody can say whether it is worth it."""

LOOKED_BACK_DAYS = 30
"""Older ones do not count, so that a class that was given up is tried again some day."""


class Sample(Struct, frozen=True, kw_only=True):
    """One answer of a cheap target that was checked."""

    cheap_nanousd: int
    strong_nanousd: int
    """What the strong target cost, or would have cost for the same tokens."""
    has_failed: bool

    @property
    def net_nanousd(self) -> int:
        """What the detour saved; below 0 = what it cost."""
        return -self.cheap_nanousd if self.has_failed else self.strong_nanousd - self.cheap_nanousd


class Balance(Struct, frozen=True, kw_only=True):
    """What cascading has come to in one class of tasks."""

    checked: int
    failed: int
    wasted_nanousd: int
    """For cheap answers that failed."""
    saved_nanousd: int
    """By cheap answers that passed."""

    @property
    def net_nanousd(self) -> int:
        """Below 0 = it loses money."""
        return self.saved_nanousd - self.wasted_nanousd

    @property
    def is_off(self) -> bool:
        """Whether it is better to ask the strong target at once."""
        return self.checked >= FEWEST and self.net_nanousd < 0

    @property
    def in_words(self) -> str:
        """As "on: 12 of 50 checked answers failed, $0.0100 wasted, $0.3000 saved"."""
        word = "off" if self.is_off else "on"
        return (
            f"{word}: {self.failed} of {self.checked} checked answers failed, "
            f"${self.wasted_nanousd / NANOUSD:.4f} wasted, ${self.saved_nanousd / NANOUSD:.4f} saved"
        )


def balance(samples: Iterable[Sample]) -> Balance:
    """The sum of one class."""
    latest = list(samples)[-LOOKED_BACK:]
    nets = [one.net_nanousd for one in latest]
    return Balance(
        checked=len(latest),
        failed=sum(one.has_failed for one in latest),
        wasted_nanousd=-sum(net for net in nets if net < 0),
        saved_nanousd=sum(net for net in nets if net > 0),
    )


class Cascade(Struct, frozen=True, kw_only=True):
    """What is checked of an answer of this plan, and what follows if it fails."""

    wanted: Wanted
    ratio: float
    """So many times dearer a target has to be, to be worth a check."""
    is_off: bool = False
    """True = for this class nobody is asked after a failed check."""
    is_first: bool = False
    """True = a cheap target was put before the strong one because of the check."""
    is_named: bool = False
    """True = the user named the check, so that it holds also where the tier was named."""
    backup: Target | None = None
    """Who would be asked if the answer of the plan's first target failed now; None = nobody."""


class Earlier(Struct, frozen=True, kw_only=True):
    """An answer to the very same question, with which somebody is not content."""

    target: Target
    """Who gave it."""
    nanousd: int | None
    """What it cost; None = unknown."""
    is_said: bool = False
    """True = a person asks for a stronger answer; False = the question just came once more."""

    @property
    def why(self) -> str:
        """A sentence for the person."""
        more = "you asked for a stronger answer" if self.is_said else "the same question was asked again"
        return f"{self.target} had answered this, and {more}."


Estimate = Callable[[Target], int | None]


def stronger(
    decided: AutoDecision, failed: Target, targets: Sequence[Target], estimate: Estimate, *, ratio: float
) -> Target | None:
    """Who is asked after `failed`: the first of the highest tier above it that is so many times dearer.

    None = nobody is, or a price is unknown, or the budget is spent so fast that only cheap targets are asked.
    """
    if decided.banner is not None or failed not in decided.tiers:
        return None
    place = TIERS.index(decided.tiers[failed])
    above = [target for target in targets if TIERS.index(decided.tiers.get(target, "local")) > place]
    dearer = [target for target in above if is_worth(estimate(failed), estimate(target), ratio)]
    # Sorting is stable: within a tier the order of the plan holds.
    return max(dearer, key=lambda target: TIERS.index(decided.tiers[target]), default=None)


def following(
    decided: AutoDecision, cascade: Cascade, failed: Target, targets: Sequence[Target], estimate: Estimate
) -> Target | None:
    """Who of `targets` is asked after the answer of `failed` failed its check; None = nobody, and it stays."""
    if cascade.is_off or (decided.is_explicit and not cascade.is_named):
        return None
    return stronger(decided, failed, targets, estimate, ratio=cascade.ratio)


def is_worth(cheap: int | None, dear: int | None, ratio: float) -> bool:
    """Whether the one is so many times dearer than the other; False where a price is unknown."""
    return cheap is not None and dear is not None and dear > 0 and dear >= ratio * cheap


def cascaded(
    decided: AutoDecision,
    wanted: Wanted,
    is_open: Mapping[Target, bool],
    estimate: Estimate,
    *,
    ratio: float,
    spent: Balance | None,
) -> tuple[AutoDecision, Cascade]:
    """The decision with a cheap target first where its answer can be checked, and the reasons for that."""
    is_off = spent is not None and spent.is_off
    plain = Cascade(wanted=wanted, ratio=ratio, is_off=is_off)
    if is_off and spent is not None:
        lost = f"${-spent.net_nanousd / NANOUSD:.4f}"
        why = f"cascading is off for {decided.task}: it lost {lost} over {spent.checked} checked answers"
        return structs.replace(decided, why=(*decided.why, why)), plain
    if not wanted.is_strict:
        return decided, plain
    first = next((target for target in decided.targets if is_open[target]), None)
    if first is None or decided.is_explicit or decided.tiers[first] != "strong":
        return _told(decided, wanted, is_open, estimate, ratio), plain
    cheaper = [
        target
        for target in decided.targets
        if is_open[target]
        and decided.tiers[target] in {"cheap", "local"}
        and is_worth(estimate(target), estimate(first), ratio)
    ]
    if not cheaper:
        return decided, plain
    cheap = max(cheaper, key=lambda target: (decided.tiers[target] == "cheap", -(estimate(target) or 0)))
    why = f"{cheap} first, since {wanted.in_words} is checked, and {first} if it fails"
    order = (cheap, *(target for target in decided.targets if target != cheap))
    moved = structs.replace(
        decided, targets=order, tier=decided.tiers[cheap], why=(*decided.why, why), because=why, asks_first=None
    )
    return moved, structs.replace(plain, is_first=True)


def repeated(
    decided: AutoDecision, earlier: Earlier, is_open: Mapping[Target, bool], estimate: Estimate, *, ratio: float
) -> AutoDecision | None:
    """The decision for a question that was answered before, with a stronger target first than the one that answered.

    None = there is none, or the user said who answers.
    """
    if decided.is_explicit and not earlier.is_said:
        return None
    targets = [target for target in decided.targets if is_open[target]]
    if earlier.is_said:  # it was decided for the strong tier already
        is_above = bool(targets) and _place(decided, targets[0]) > _place(decided, earlier.target)
        return decided if is_above else None
    first = stronger(decided, earlier.target, targets, estimate, ratio=ratio)
    if first is None:
        return None
    why = f"asked again: {first} after {earlier.target}"
    return structs.replace(
        decided,
        targets=(first, *(target for target in decided.targets if target != first)),
        tier=decided.tiers[first],
        why=(*decided.why, why),
        because=why,
    )


def _place(decided: AutoDecision, target: Target) -> int:
    """Of its tier, from the cheapest; one that is unknown by now counts as that."""
    return TIERS.index(decided.tiers.get(target, "local"))


def _told(
    decided: AutoDecision, wanted: Wanted, is_open: Mapping[Target, bool], estimate: Estimate, ratio: float
) -> AutoDecision:
    """The decision as it was, with a word on what follows if the check fails."""
    targets = [target for target in decided.targets if is_open[target]]
    following = stronger(decided, targets[0], targets, estimate, ratio=ratio) if targets else None
    if following is None:
        return decided
    return structs.replace(
        decided, why=(*decided.why, f"{wanted.in_words} is checked, and {following} asked if it fails")
    )
