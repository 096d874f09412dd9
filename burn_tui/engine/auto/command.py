"""`burn-tui route`: why auto would ask whom, what another policy would have cost, and what was learned."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TextIO

import msgspec
from msgspec import Struct, structs

from burn_tui.core.auto import TIERS, AutoDecision
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.errors import WrongCallError
from burn_tui.core.events import Refused, Skipped
from burn_tui.core.model_names import AUTO
from burn_tui.core.money import NANOUSD
from burn_tui.core.report import since_of
from burn_tui.core.route_replay import Outcome, Replay
from burn_tui.engine.admission import Admission, Caller
from burn_tui.engine.auto.cascades import forget
from burn_tui.engine.auto.replaying import past_since, replay_under
from burn_tui.engine.clock import local_timezone
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings_auto import policy_in
from burn_tui.engine.tables import auto_rows as sql
from burn_tui.engine.yaml_source import parse


class Explained(Struct, frozen=True, kw_only=True):
    """What `route explain --json` prints. null = unknown."""

    task: str
    tier: str
    profile: str | None
    targets: list[str]
    """In the order in which they would be asked."""
    why: list[str]
    skipped: dict[str, str]
    """Who may not be asked, and why."""
    tiers: dict[str, str]
    worth: float
    """Gain per dollar."""
    rank: float
    """The share of the latest prompts that are worth less."""
    is_explicit: bool
    asks_first: str | None
    cost_estimate_nanousd: int | None
    checked: str | None = None
    """What is checked of the answer; null = nothing is."""
    cascades: dict[str, str] = {}
    """What cascading has come to in each class, and where it is off."""


async def explain(
    prompt: str, *, boot: Callable[[], Awaitable[Runtime]], environment: str | None, as_json: bool, out: TextIO
) -> int:
    """Say how auto would route `prompt`; nothing is sent. The exit code: 0, or 3 where nobody may be asked."""
    runtime = await boot()
    try:
        router = runtime.router
        await router.setup.prices.ready()
        await router.auto.prepare(router.setup)
        request = ChatRequest(messages=(said("user", prompt),), model=AUTO)
        caller = Caller(environment=runtime.environment(environment), operation_name="ask", test_mark=runtime.test_mark)
        admission = Admission(router.setup, router.books)
        decided = router.decide(request, caller, admission)
        if isinstance(decided, Refused) or decided.auto is None:
            reason = f"{decided.reason} {decided.mend}" if isinstance(decided, Refused) else "No target is known."
            out.write(f"{reason}\n")
            return 3
        estimates = {target: admission.estimate(request, target) for target in decided.targets}
        cascades = {task: spent.in_words for task, spent in router.cascades.by_task.items()}
        checked = decided.cascade.wanted.in_words if decided.cascade else None
    finally:
        await runtime.close()
    if as_json:
        explained = structs.replace(
            _explained(decided.auto, decided.targets, decided.skipped, estimates), checked=checked, cascades=cascades
        )
        out.write(msgspec.json.encode(explained).decode() + "\n")
    else:
        _tell(decided.auto, decided.why, decided.targets, decided.skipped, estimates=estimates, out=out)
        out.write(f"checked of the answer: {checked}\n" if checked else "")
        out.write("".join(f"cascading of {task}: {words}\n" for task, words in cascades.items()))
    return 0


def _explained(
    auto: AutoDecision,
    targets: tuple[Target, ...],
    skipped: tuple[Skipped, ...],
    estimates: Mapping[Target, int | None],
) -> Explained:
    return Explained(
        task=auto.task,
        tier=auto.tier,
        profile=auto.profile,
        targets=[str(target) for target in targets],
        why=list(auto.why),
        skipped={str(one.target): one.why for one in skipped},
        tiers={str(target): tier for target, tier in auto.tiers.items()},
        worth=round(auto.worth, 6),
        rank=round(auto.rank, 4),
        is_explicit=auto.is_explicit,
        asks_first=auto.asks_first,
        cost_estimate_nanousd=estimates[targets[0]],
    )


def _tell(
    auto: AutoDecision,
    why: tuple[str, ...],
    targets: tuple[Target, ...],
    skipped: tuple[Skipped, ...],
    *,
    estimates: Mapping[Target, int | None],
    out: TextIO,
) -> None:
    out.write(f"{auto.task} > {auto.tier} > {targets[0]}\n")
    for banner in (auto.banner, auto.asks_first):
        if banner is not None:
            out.write(f"! {banner}\n")
    width = max(len(str(target)) for target in (*targets, *(one.target for one in skipped)))
    lines = [f"  - {reason}" for reason in why]
    for place, target in enumerate(targets, 1):
        lines.append(f"  {place}. {target!s:<{width}}  {auto.tiers[target]:<6}  {_dollars(estimates[target])}")
    lines += [f"     {one.target!s:<{width}}  not now: {one.why}" for one in skipped]
    out.write("\n".join(lines) + "\n")


async def replayed(
    policy_text: str, *, file: str, boot: Callable[[], Awaitable[Runtime]], since: str, as_json: bool, out: TextIO
) -> int:
    """Print what the requests since then would have cost and taken under the policy in that text."""
    runtime = await boot()
    try:
        setup, now = runtime.router.setup, runtime.clock.now()
        policy = policy_in(parse(policy_text, file=file), setup.catalog)
        await setup.prices.ready()
        past = await past_since(runtime.ledger, since_of(since, now=now, timezone=local_timezone()))
        found = replay_under(policy, past, setup) if past else None
    finally:
        await runtime.close()
    if found is None:
        raise WrongCallError("No request since then was planned by burn-tui.", mend="Choose an earlier --since.")
    if as_json:
        out.write(msgspec.json.encode(found).decode() + "\n")
    else:
        _tell_replay(found, out)
    return 0


def _tell_replay(found: Replay, out: TextIO) -> None:
    for title, outcome in (("as it was", found.then), ("by this policy", found.other)):
        seconds = "not measured" if outcome.median_s is None else f"{outcome.median_s:.2f} s median"
        unpriced = f", {outcome.unpriced} without a price" if outcome.unpriced else ""
        out.write(
            f"{title + ':':<16}{_dollars(outcome.cost_nanousd)}  {seconds}  {outcome.requests} requests{unpriced}\n"
        )
    out.write(f"difference:     {_difference(found.then, found.other)}\n")
    shares = ", ".join(f"{tier} {found.by_tier[tier]}" for tier in TIERS if tier in found.by_tier)
    out.write(f"tiers:          {shares}\n")
    out.writelines(f"  {count:>6}  {target}\n" for target, count in found.other.by_target.items())
    if found.skipped_rules:
        out.write(f"{found.skipped_rules} rules ask for words of the prompt, which are not kept: left out.\n")
    if found.unmeasured:
        out.write(f"{found.unmeasured} requests would go where no duration was measured in that time.\n")
    out.write("Each prompt is counted with the tokens that it really had.\n")


def _difference(then: Outcome, other: Outcome) -> str:
    less = then.cost_nanousd - other.cost_nanousd
    share = f" ({abs(less) / then.cost_nanousd * 100:.0f} %)" if then.cost_nanousd else ""
    return f"{_dollars(abs(less))} {'less' if less >= 0 else 'more'}{share}"


def _dollars(nanousd: int | None) -> str:
    return "price unknown" if nanousd is None else f"${nanousd / NANOUSD:.4f}"


async def reset(*, boot: Callable[[], Awaitable[Runtime]], out: TextIO) -> int:
    """Forget what was learned; decisions stay in the ledger."""
    runtime = await boot()
    try:
        labels, corrections = await runtime.ledger.writing(sql.forget)
        checked = await runtime.ledger.writing(forget)
    finally:
        await runtime.close()
    checks = f" Of cascading: {checked} checked answers." if checked else ""
    out.write(f"Forgotten: {labels} labels and {corrections} corrections.{checks} The rule decides again.\n")
    return 0


async def freeze(*, boot: Callable[[], Awaitable[Runtime]], is_frozen: bool, out: TextIO) -> int:
    """Learn nothing more, or go on learning."""
    runtime = await boot()
    try:
        await runtime.ledger.writing(partial(sql.freeze, is_frozen=is_frozen))
        said_now = [f"{tier}: {learner.record.in_words}" for tier, learner in runtime.router.auto.learners.items()]
    finally:
        await runtime.close()
    out.write("Nothing more is learned.\n" if is_frozen else "Learning goes on.\n")
    out.write("".join(f"  {line}\n" for line in said_now))
    return 0
