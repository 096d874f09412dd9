"""From a request to the targets that may serve it now: gathers what the core's `plan` must know, and words its no."""

from collections.abc import Mapping
from functools import partial

from msgspec import structs

from burn_tui.core.cascade import cascaded
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, estimate_request_tokens
from burn_tui.core.checks import wanted
from burn_tui.core.environment import Denied
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.events import Refused
from burn_tui.core.health import Health, scope_of
from burn_tui.core.model_names import AUTO
from burn_tui.core.routing import Outlook, Plan, Route, candidates, may_be_asked, plan
from burn_tui.core.routing_rules import marked
from burn_tui.engine.admission import Admission, Caller
from burn_tui.engine.auto import Auto, question
from burn_tui.engine.cascades import Cascades
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
    chance: float = 1.0,
) -> Plan | Refused:
    """The plan of `request`, or why there is none. Nothing is sent or written.

    `cascades`: what checking answers has come to; None = no answer is checked.

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
        _by_auto, request=request, caller=caller, admission=admission, auto=auto, cascades=cascades, chance=chance
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
    chance: float,
    tokens: int,
    now: float,
) -> Plan:
    """The plan in the order that auto puts the targets in."""
    is_open = {target: may_be_asked(outlook, tokens=tokens, now=now) for target, outlook in outlooks.items()}
    decision = auto.decide(request, caller, admission=admission, is_open=is_open, chance=chance)
    cascade = None
    # What a client has been sent of a stream cannot be taken back.
    if cascades is not None and not (caller.source == "gateway" and request.stream):
        policy = admission.setup.auto
        decision, cascade = cascaded(
            decision,
            wanted(
                request,
                marked(question(request))[1],
                decision.task,
                commands=policy.checks,
                named=caller.check or decision.check,
            ),
            is_open,
            partial(admission.estimate, request),
            ratio=policy.cascade_ratio,
            spent=cascades.spent(decision.task),
        )
    decided = plan(structs.replace(route, targets=decision.targets), outlooks, tokens=tokens, now=now)
    if not decided.targets:
        return decided
    admission.hesitates = decision.asks_first
    first, served = decision.targets[0], decided.targets[0]
    note = () if first == served else (f"{first} is not available",)
    return structs.replace(decided, why=(*decision.why, *note), auto=decision, cascade=cascade)


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
            "Who has a settings file names providers there: providers: {anthropic: {}}.",
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
