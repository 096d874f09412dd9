"""Which targets a request is offered to, in which order, and what follows each failure.

`plan` decides before the first attempt; after a failed one `quick_retry_s` says whether the same target is asked once
more at once, and if not, `next_step` who is asked instead. None of them acts.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from burn_tui.core.auto import AutoDecision
from burn_tui.core.cascade import Cascade, Earlier
from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.environment import Denied
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.events import Skipped
from burn_tui.core.failure import FALLS_BACK, ErrorType, Failure
from burn_tui.core.latency import Histogram, percentile
from burn_tui.core.model_names import AUTO
from burn_tui.core.policy import DEFAULT_POLICY, Policy

MAX_ATTEMPTS = 4
"""Of one request, over all targets."""

QUICK_RETRY_S = (0.1, 0.3)
"""The shortest and the longest pause before a target that stumbled is asked once more."""

FEWEST_HEDGE_SAMPLES = 20
"""With fewer answers nobody can say what is unusually slow."""

DEFAULT_ROUTE = "default"
PINNED = "pinned"

_STUMBLES: frozenset[ErrorType] = frozenset({"transient", "overloaded"})
"""What may be over a moment later."""

_OF_THE_KEY: frozenset[ErrorType] = frozenset({"rate_limited", "quota_exhausted", "auth"})
"""What the same target may not answer to another of its keys."""

_OF_THE_ADDRESS: frozenset[ErrorType] = frozenset({"transient", "overloaded", "timeout"})
"""What may go better at another address of the same target."""


class Route(Struct, frozen=True):
    """A named order of preference."""

    name: str
    targets: tuple[Target, ...]
    policy: Policy = Policy()


class Outlook(Struct, frozen=True, kw_only=True):
    """What is known of one target before anybody is asked. Times are seconds since the epoch."""

    denied: Denied | None = None
    """The guard's word; None = it lets the request pass, or asks first."""
    missing_key: str | None = None
    """Where no key was found; None = there is one, or none is needed."""
    is_admitted: bool = True
    """False = it rests, or another request is its probe."""
    rests_until: float | None = None
    rests_for: ErrorType | None = None
    is_exhausted: bool = False
    """True = it has said that nothing is left of its limits."""
    context_window: int | None = None
    """Tokens; None = unknown, so nothing is too long for it."""
    unable: str | None = None
    """Why the model cannot do what the request asks for; None = nothing is known against it."""


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
    largest_window: int | None = None
    """The largest of the context windows that are too small; None = none is."""
    is_beyond: bool = False
    """True = somebody was left out only because the model cannot do what is asked for."""
    auto: AutoDecision | None = None
    """What put the targets in their order; None = the route's own order holds."""
    cascade: Cascade | None = None
    """What is checked of the answer, and whether a stronger target is asked if it fails; None = nothing is."""
    earlier: Earlier | None = None
    """The answer in whose place the first target is asked; None = it is no second attempt at a question."""


def candidates(requested: str | None, routes: Mapping[str, Route], catalog: Catalog, policy: Policy) -> Route:
    """The targets that `requested` means: a route's, or one pinned target under the general `policy`.

    None = the default route, or `auto` where there is none. `auto` chooses among the targets of the route of that name,
    else of the default route, else among all that are known. UnknownTargetError if it means nothing.
    """
    if requested == AUTO or (requested is None and DEFAULT_ROUTE not in routes):
        among = routes.get(AUTO) or routes.get(DEFAULT_ROUTE) or Route(AUTO, catalog.targets, policy)
        return Route(AUTO, among.targets, among.policy)
    if requested is None or requested == DEFAULT_ROUTE:
        return routes.get(DEFAULT_ROUTE) or Route(DEFAULT_ROUTE, catalog.targets, policy)
    if requested in routes:
        return routes[requested]
    try:
        return Route(PINNED, (catalog.resolve(requested),), policy)
    except UnknownTargetError as error:
        known = [*routes, *(str(target) for target in catalog.targets)]
        raise UnknownTargetError(requested, known) from error


def plan(route: Route, outlooks: Mapping[Target, Outlook], *, tokens: int, now: float) -> Plan:
    """The targets of `route` that may be asked now, and why the others may not.

    `outlooks` has every target of the route; `tokens` is the room that the request needs, answer included.
    """
    open_now: list[Target] = []
    skipped: list[Skipped] = []
    targets = tuple(dict.fromkeys(route.targets))  # listed twice is not asked twice
    for target in targets:
        if (why := _why_not(outlooks[target], tokens, now)) is None:
            open_now.append(target)
        else:
            skipped.append(Skipped(target, why))
    # Sorting is stable: who has said that nothing is left comes last, and otherwise the route's order holds.
    open_now.sort(key=lambda target: outlooks[target].is_exhausted)
    seen = [outlooks[target] for target in targets]
    return Plan(
        route.name,
        tuple(open_now),
        _reasons(route, open_now),
        tuple(skipped),
        next((outlook.denied for outlook in seen if outlook.denied), None),
        min((until for outlook in seen if (until := _back_at(outlook, tokens)) is not None), default=None),
        max((outlook.context_window or 0 for outlook in seen if _only_is_too_small(outlook, tokens)), default=None),
        is_beyond=any(outlook.unable and not (outlook.denied or outlook.missing_key) for outlook in seen),
    )


def may_be_asked(outlook: Outlook, *, tokens: int, now: float) -> bool:
    """Whether a target with this outlook is open to a request that needs so much room."""
    return _why_not(outlook, tokens, now) is None


def _why_not(outlook: Outlook, tokens: int, now: float) -> str | None:
    if outlook.denied is not None:
        return outlook.denied.why
    if outlook.missing_key is not None:
        return f"{outlook.missing_key} is not set."
    if outlook.unable is not None:
        return outlook.unable
    if _is_too_small(outlook, tokens):
        return f"It takes {outlook.context_window:,} tokens, and this needs about {tokens:,}."
    if outlook.is_admitted:
        return None
    seconds = (outlook.rests_until or now) - now
    if seconds <= 0:
        return "It is being probed by another request."
    if outlook.rests_for == "auth":
        return "Its key was refused, and is not tried again before it or the settings change."
    reason = (outlook.rests_for or "unknown").replace("_", " ")
    return f"It rests for {seconds:.0f} s more ({reason})."


def _is_too_small(outlook: Outlook, tokens: int) -> bool:
    return outlook.context_window is not None and tokens > outlook.context_window


def _only_is_too_small(outlook: Outlook, tokens: int) -> bool:
    return outlook.unable is None and _is_too_small(outlook, tokens)


def _back_at(outlook: Outlook, tokens: int) -> float | None:
    """When a target that only rests is back; None for one that does not rest, or that waiting does not bring back."""
    is_barred = outlook.denied is not None or outlook.missing_key is not None or outlook.rests_for == "auth"
    cannot = outlook.unable is not None or _is_too_small(outlook, tokens)
    return None if is_barred or cannot or outlook.is_admitted else outlook.rests_until


def _reasons(route: Route, open_now: list[Target]) -> tuple[str, ...]:
    if not open_now:
        return ("nothing on this route may be asked now",)
    if route.name == PINNED:
        return (f"you pinned {open_now[0]}",)
    position = route.targets.index(open_now[0])
    order = "first choice" if position == 0 else f"choice {position + 1}, the ones before it are not available"
    return (f"route {route.name}", order)


def quick_retry_s(failure: Failure, *, earlier_attempts: int, was_cut: bool, chance: float) -> float | None:
    """Seconds after which the same target is asked once more; None = it is not.

    Only after an HTTP answer that may be a stumble, only once (`earlier_attempts` on this target, this one not
    counted), and never after text was shown. `chance` from 0 to 1 spreads the retries of many clients.
    """
    is_stumble = failure.error_type in _STUMBLES and failure.http_status is not None and not failure.retry_after_s
    if not is_stumble or earlier_attempts or was_cut:
        return None
    shortest, longest = QUICK_RETRY_S
    return shortest + chance * (longest - shortest)


def hedge_after_s(first_chunks: Histogram) -> float | None:
    """Seconds without a word after which a second target is asked as well; None = too little is known to say.

    `first_chunks` are the first target's times to the first chunk of late. What 95 % of them did not exceed is usual;
    twice that, and a second more, is not.
    """
    usual = percentile(first_chunks, 0.95)
    if usual is None or sum(first_chunks.values()) < FEWEST_HEDGE_SAMPLES:
        return None
    return max(2 * usual, usual + 1.0)


class Try(Struct, frozen=True):
    """Ask this target next, at once. It may be the same one, by another key or at another address."""

    target: Target


class GiveUp(Struct, frozen=True):
    """Nobody else is asked."""

    why: str
    is_final: bool = True
    """False = somebody would be asked who rests now."""


Step = Try | GiveUp


def next_step(
    failure: Failure,
    *,
    failed: Target,
    targets: tuple[Target, ...],
    attempts: int,
    admits: Callable[[Target], bool],
    fits: Callable[[Target], bool] = lambda _target: True,
    policy: Policy = DEFAULT_POLICY,
    was_cut: bool = False,
    has_other_address: bool = False,
) -> Step:
    """What follows when `failed` did not answer: the next target of the plan that still admits, or the end.

    `attempts` counts those already made, this one included; `admits` says whether a target may be asked now, `fits`
    whether its context window is known to be large enough where `failed` said that its own is not.
    `was_cut`: text was shown already. `has_other_address`: the failed target can be reached at one that this request
    has not tried.
    """
    if was_cut and policy.on_cut == "ask":
        return GiveUp("the answer broke off, and going on is left to you")
    if not _falls_back(failure.error_type, policy):
        return GiveUp("another provider would refuse it as well")
    if attempts >= MAX_ATTEMPTS:
        return GiveUp(f"{attempts} attempts were made")
    after = [target for target in targets[targets.index(failed) + 1 :] if admits(target)]
    if failure.error_type == "context_length":
        return next((Try(target) for target in after if fits(target)), GiveUp("no other target has a larger window"))
    other_key = failure.error_type in _OF_THE_KEY and admits(failed)
    other_address = failure.error_type in _OF_THE_ADDRESS and has_other_address
    # The last attempt is kept for somebody else: five keys at their limit must not use up all there are.
    if (other_key or other_address) and (attempts < MAX_ATTEMPTS - 1 or not after):
        return Try(failed)
    return Try(after[0]) if after else GiveUp("no other target is available", is_final=False)


def _falls_back(error_type: ErrorType, policy: Policy) -> bool:
    if error_type == "content_filter":
        return policy.on_filter == "fall_back"
    return error_type in FALLS_BACK
