"""From a request to the targets that may serve it now: gathers what the core's `plan` must know, and words its no."""

from collections.abc import Mapping
from functools import partial

from msgspec import structs

from burn_tui.core.auto import AutoDecision
from burn_tui.core.cascade import Cascade, Earlier, cascaded, following, repeated
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, estimate_request_tokens
from burn_tui.core.checks import wanted
from burn_tui.core.environment import Allowed, Denied
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.events import Refused
from burn_tui.core.health import Health, scope_of
from burn_tui.core.model_names import AUTO
from burn_tui.core.routing import Outlook, Plan, Route, candidates, may_be_asked, plan
from burn_tui.core.routing_rules import marked
from burn_tui.engine.admission import Admission, Caller
from burn_tui.engine.auto.cascades import Cascades
from burn_tui.engine.auto.choosing import Auto, question
from burn_tui.engine.auto.retries import Retries
from burn_tui.engine.overlong import too_long
from burn_tui.engine.setup import Setup


def decide(
    request: ChatRequest,
    caller: Caller,
    *,
    admission: Admission,
    health: Health,
    now: float,
    auto: Auto,
    cascades: Cascades | None = None,
    retries: Retries | None = None,
    chance: float = 1.0,
) -> Plan | Refused:
    """The plan of `request`, or why there is none. Nothing is sent or written.

    `cascades`: what checking answers has come to; None = no answer is checked. `retries`: what was answered before;
    None = no question counts as asked again.

    `chance` from 0 to 1 picks the few prompts on which auto tries something out; 1 = none.
    """
    try:
        route = route_of(request, admission.setup)
    except UnknownTargetError as error:
        return Refused("no_target", str(error), "Choose one with F2, or with --target.")
    tokens = estimate_request_tokens(request) + (request.max_output_tokens or 0)
    outlooks = {
        target: _outlook(target, request, admission, health, now, denied=admission.forbidden(request, target, caller))
        for target in route.targets
    }
    by_auto = partial(
        _by_auto,
        request=request,
        caller=caller,
        admission=admission,
        auto=auto,
        cascades=cascades,
        retries=retries,
        chance=chance,
    )
    way = by_auto if route.name == AUTO and route.targets else plan
    decided = way(route, outlooks, tokens=tokens, now=now)
    if decided.targets:
        return decided
    refused = _nobody(decided, tokens)
    if refused.kind == "guard" and (here := _on_this_machine(request, caller, admission)):
        return structs.replace(refused, mend=f"{refused.mend} On this machine: {', '.join(here)}.")
    if refused.kind != "context_length" or decided.largest_window is None:
        return refused
    facts = too_long(request, caller, admission=admission, tokens=tokens, window=decided.largest_window)
    return structs.replace(refused, too_long=facts)


def _by_auto(
    route: Route,
    outlooks: Mapping[Target, Outlook],
    *,
    request: ChatRequest,
    caller: Caller,
    admission: Admission,
    auto: Auto,
    cascades: Cascades | None,
    retries: Retries | None,
    chance: float,
    tokens: int,
    now: float,
) -> Plan:
    """The plan in the order that auto puts the targets in."""
    is_open = {target: may_be_asked(outlook, tokens=tokens, now=now) for target, outlook in outlooks.items()}
    said = caller.instead_of
    decision = auto.decide(
        request,
        caller,
        admission=admission,
        is_open=is_open,
        chance=chance,
        wants_strong="you asked for a stronger answer" if said else None,
    )
    earlier = said or (retries.again(request, caller) if retries is not None else None)
    cascade = None
    if earlier is not None:
        decision, earlier = _again(decision, earlier, is_open, request, caller, admission=admission, auto=auto)
    if earlier is None and cascades is not None:
        decision, cascade = _checked(decision, is_open, request, caller, admission=admission, cascades=cascades)
    decided = plan(structs.replace(route, targets=decision.targets), outlooks, tokens=tokens, now=now)
    if not decided.targets:
        return decided
    admission.hesitates = decision.asks_first
    first, served = decision.targets[0], decided.targets[0]
    note = () if first == served else (f"{first} is not available",)
    if cascade is not None:
        estimate = partial(admission.estimate, request)
        backup = following(decision, cascade, served, decided.targets, estimate)
        if backup is not None and decision.tiers[backup] == "strong":
            capped = auto.over_cap(admission.setup.auto, is_counted=False)
            note = (*note, f"no escalation to {backup}: {capped}") if capped else note
            backup = None if capped else backup
        cascade = structs.replace(cascade, backup=backup)
    earlier = earlier if first == served else None
    return structs.replace(decided, why=(*decision.why, *note), auto=decision, cascade=cascade, earlier=earlier)


def _again(
    decision: AutoDecision,
    earlier: Earlier,
    is_open: Mapping[Target, bool],
    request: ChatRequest,
    caller: Caller,
    *,
    admission: Admission,
    auto: Auto,
) -> tuple[AutoDecision, Earlier | None]:
    """The decision for a question that was answered before; None = it is made as if it had not been."""
    policy, estimate = admission.setup.auto, partial(admission.estimate, request)
    stronger = repeated(decision, earlier, is_open, estimate, ratio=policy.cascade_ratio)
    if stronger is None or earlier.is_said:
        return decision, earlier if stronger is not None else None
    first = stronger.targets[0]
    capped = auto.over_cap(policy, is_counted=False) if stronger.tier == "strong" else None
    # Nobody is there who could be asked: what would only lead to a question is not done.
    is_asked_first = caller.source == "gateway" and not isinstance(
        admission.verdict(first, caller, estimate(first)), Allowed
    )
    why = capped or (f"{first} wants a word of a person" if is_asked_first else None)
    if why is not None:
        return structs.replace(decision, why=(*decision.why, f"asked again, and not escalated: {why}")), None
    return stronger, earlier


def _checked(
    decision: AutoDecision,
    is_open: Mapping[Target, bool],
    request: ChatRequest,
    caller: Caller,
    *,
    admission: Admission,
    cascades: Cascades,
) -> tuple[AutoDecision, Cascade]:
    """The decision with what is checked of the answer."""
    policy, named = admission.setup.auto, caller.check or decision.check
    prompt = marked(question(request))[1]
    decision, cascade = cascaded(
        decision,
        wanted(request, prompt, decision.task, commands=policy.checks, named=named),
        is_open,
        partial(admission.estimate, request),
        ratio=policy.cascade_ratio,
        spent=cascades.spent(decision.task),
    )
    return decision, structs.replace(cascade, is_named=bool(named))


def route_of(request: ChatRequest, setup: Setup) -> Route:
    """The route that the request asks for; UnknownTargetError if it means nothing."""
    return candidates(request.model, setup.routes, setup.catalog, setup.policy)


def _outlook(
    target: Target, request: ChatRequest, admission: Admission, health: Health, now: float, *, denied: Denied | None
) -> Outlook:
    setup = admission.setup
    scopes = [scope_of(target, lane) for lane in setup.lanes(target)]
    rests = [(until, health.rests_for(scope)) for scope in scopes if (until := health.rests_until(scope)) is not None]
    until, reason = min(rests, key=lambda rest: rest[0], default=(None, None))
    return Outlook(
        denied=denied,
        missing_key=None if scopes else setup.keys.place(target.provider_name),
        is_admitted=any(health.admits(scope, now) for scope in scopes),
        rests_until=until,
        rests_for=reason,
        is_exhausted=bool(scopes) and all(health.is_exhausted(scope, now) for scope in scopes),
        context_window=setup.context_window(target),
        unable=setup.unable(target, request),
    )


def _on_this_machine(request: ChatRequest, caller: Caller, admission: Admission) -> list[str]:
    """What may be asked whatever else is forbidden; [] where no model runs here."""
    setup = admission.setup
    able = (one for one in setup.catalog.targets if setup.is_local(one) and setup.unable(one, request) is None)
    return [str(target) for target in able if admission.forbidden(request, target, caller) is None]


def _nobody(decided: Plan, tokens: int) -> Refused:
    """Why none of the planned targets may be asked."""
    if not decided.skipped:
        return Refused(
            "no_target",
            "No provider is configured.",
            "Export a key such as ANTHROPIC_API_KEY, start Ollama, or try burn-tui --demo. "
            "Settings with a section providers: know only those that it names.",
        )
    if decided.earliest_at is not None:
        reasons = " ".join(f"{skipped.target}: {skipped.why}" for skipped in decided.skipped)
        return Refused(
            "no_target",
            f"Nobody on route {decided.route} may be asked now. {reasons}",
            "Wait, choose another provider, or set patience_s in the settings so that a request waits by itself.",
            retry_at=decided.earliest_at,
        )
    if decided.largest_window is not None:
        return Refused(
            "context_length",
            f"The conversation needs about {tokens:,} tokens, and the largest context window on route "
            f"{decided.route} that may be used holds {decided.largest_window:,}.",
            "Choose a model with a larger window, agree to a shorter conversation, or start a new session.",
        )
    if decided.denied is not None:
        return Refused("guard", decided.denied.why, decided.denied.mend)
    reasons = " ".join(f"{skipped.target}: {skipped.why}" for skipped in decided.skipped)
    mend = "Set the key that is missing or refused, or choose another provider."
    if decided.is_beyond:
        mend = "Choose a model that can. If this one can, its entry under models: in the settings says so wrongly."
    return Refused("no_target", f"Nobody on route {decided.route} may be asked now. {reasons}", mend)
