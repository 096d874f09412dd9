"""What an audit says, in sentences: the same on the screen and on standard output. Pure."""

from collections.abc import Iterable, Sequence

from burn_tui.core.audit import LATELY_DAYS, Audit, Priced
from burn_tui.core.audit_routes import Alternative
from burn_tui.core.audit_savings import CacheUse, ServedAsWell
from burn_tui.core.audit_switches import PROMPT_PAUSE_S, Rule, Switches
from burn_tui.core.audit_tasks import ProviderShare, in_words, short_name
from burn_tui.tui import format as fmt

TOOL_NAMES = {
    "router": "burn-tui",
    "gateway": "burn-tui's gateway",
    "import": "imports",
    "demo": "the demo's history",
    "claude_code": "Claude Code",
    "codex": "Codex",
    "gemini_cli": "Gemini CLI",
    "opencode": "opencode",
    "aider": "aider",
    "llm": "llm",
}
"""Where calls come from, by the ledger's word for it."""

CONCENTRATED = 0.8
"""From this share on one provider's bad day is a bad day for everything."""

MOST_CHEAPER = MOST_CACHES = 6
"""Findings of a kind."""

MOST_NAMED = 4
"""Tasks in a sentence."""

UNSEEN = (
    "Tools that keep no counts on this machine: Cursor, Copilot, chats in a browser, scripts with a key of their own.",
    "Logs that were deleted before burn-tui read them; Claude Code deletes its own after 30 days. What was read stays.",
    "Whether an answer was any good, except where you have judged it. As well means: as reliably, in no more calls.",
    "Prompts of other tools: one is taken to begin a session, or to follow a minute of silence in it.",
    "The directory in logs of llm and of aider's analytics, and in those of Gemini CLI before it named projects.",
)
"""What no audit can know."""


def cheaper(one: ServedAsWell) -> str:
    """What to change, and what it is known from."""
    return (
        f"{in_words(one.task)}: {one.cheap} did it {_times(one.cheap_calls)}, {_failed(one.cheap_failure_share)}; "
        f"{one.dear} {_times(one.dear_calls)}, {_failed(one.dear_failure_share)}. The same tokens there: "
        f"{fmt.money(one.instead_nanousd)} instead of {fmt.money(one.spent_nanousd)}, "
        f"{fmt.money(one.saved_nanousd)} less."
    )


def cheaper_in_short(found: Sequence[ServedAsWell]) -> tuple[str, ...]:
    """The largest savings, and what all others come to."""
    others = found[MOST_CHEAPER:]
    said = [cheaper(one) for one in found[:MOST_CHEAPER]]
    less = fmt.money(sum(one.saved_nanousd for one in others))
    return (*said, f"{len(others)} more like these, {less} less in all.") if others else tuple(said)


def cache(one: CacheUse) -> str:
    """What was written, what of it was used, and whether it paid."""
    where = f"{one.target} in {short_name(one.project)}" if one.project else str(one.target)
    written, read = fmt.tokens(one.written_tokens), fmt.tokens(one.read_tokens)
    if one.net_nanousd is None:
        return f"{where}: {written} written, {read} read. Its price is unknown."
    unread = f", {fmt.tokens(one.unread_tokens)} of that for nothing ({fmt.money(one.wasted_nanousd)})"
    gained = (
        f"The cache saved {fmt.money(one.net_nanousd)}."
        if one.net_nanousd >= 0
        else f"Without a cache it would have cost {fmt.money(-one.net_nanousd)} less."
    )
    return f"{where}: {written} written{unread if one.unread_tokens else ''}; {read} read. {gained}"


def caches(found: Sequence[CacheUse]) -> tuple[str, ...]:
    """Those that wasted something, each for itself; what the others gained, in one sentence."""
    wasteful = [one for one in found if one.unread_tokens or (one.net_nanousd or 0) < 0]
    gained = sum(one.net_nanousd or 0 for one in found if one not in wasteful)
    others = "All others" if wasteful else "All caches"
    said = [cache(one) for one in wasteful[:MOST_CACHES]]
    return (*said, f"{others} were read again, and saved {fmt.money(gained)}.") if gained else tuple(said)


def dependence(share: ProviderShare) -> str | None:
    """What a provider's outage would stop; None = nothing hangs on it alone, or not much on it at all."""
    if share.cost_share < CONCENTRATED or not share.only_here:
        return None
    named = ", ".join(share.only_here[:MOST_NAMED])
    more = len(share.only_here) - MOST_NAMED
    others = f" and {more} more" if more > 0 else ""
    return (
        f"{fmt.share(share.cost_share)} hangs on {share.provider_name}. When it fails, these stop with it, as nobody "
        f"else has done them: {named}{others}. A second target on their route would take over."
    )


def changes(seen: Switches) -> str:
    """How often a person changes places."""
    if not seen.prompts or not seen.active_s:
        return "Too little was asked to say anything."
    tabs, providers = seen.an_hour(seen.tab_changes), seen.an_hour(seen.provider_changes)
    until = "" if seen.next_prompt_s is None else f" After one the next prompt takes {fmt.seconds(seen.next_prompt_s)}."
    return (
        f"{tabs:.1f} changes of tab and {providers:.1f} of provider in each hour of work "
        f"({seen.prompts:,} prompts, {seen.active_s / 3600:,.1f} h).{until}"
    )


def rule(one: Rule) -> str:
    """What would make the most frequent change rarer."""
    first, second = one.pair.places
    often = f"{one.an_hour:.1f} times an hour"
    if one.kind == "one route":
        project = short_name(one.pair.projects[0])
        return (
            f"You go between {first} and {second} {often}. One route for {project} with both providers on it "
            "would serve them from one tab."
        )
    return (
        f"You go between {first} and {second} {often}. Let each run until it needs you: ask for more at once in one "
        "before you turn to the other."
    )


def route(one: Alternative) -> str:
    """What the month would have cost along a route."""
    if one.estimate_nanousd is None:
        return f"{one.route}: nobody on it has a known price."
    left_out = f" {one.left_out:,} calls are left out: no price, or no room." if one.left_out else ""
    return (
        f"{one.route}: about {fmt.money(one.estimate_nanousd)} instead of {fmt.money(one.recorded_nanousd)} "
        f"for {one.calls:,} calls.{left_out}"
    )


def priced(one: Priced) -> str:
    """By which rule the costs of some calls are known."""
    calls = f"{one.calls:,} call{'' if one.calls == 1 else 's'}"
    match one.cost_source:
        case "logged":
            return f"{calls}, {fmt.money(one.cost_nanousd)}: as the tool itself noted it (audit.trust_logged_costs)."
        case None:
            return f"{calls}: unknown, as their model has no known price."
        case _:
            days = one.first_as_of if one.first_as_of == one.last_as_of else f"{one.first_as_of} to {one.last_as_of}"
            as_of = f"by prices as of {days}" if days else "by your own prices"
            return f"{calls}, {fmt.money(one.cost_nanousd)}: {as_of}{f', {one.rule}' if one.rule else ''}."


def unseen(audit: Audit) -> tuple[str, ...]:
    """What cannot be seen, with what this audit in particular lacks before it."""
    here = []
    if audit.unpriced_attempts:
        here.append(
            f"The cost of {audit.unpriced_attempts:,} calls: their model has no known price. Tokens are counted."
        )
    if audit.estimated_attempts:
        here.append(f"The exact tokens of {audit.estimated_attempts:,} calls: their logs round them.")
    return (*here, *UNSEEN)


def findings(audit: Audit) -> str:
    """All of it as text, the headings on lines of their own."""
    parts = (
        ("where a cheaper model served as well", cheaper_in_short(audit.cheaper)),
        ("cache waste", caches(audit.caches)),
        ("providers", filter(None, map(dependence, audit.providers))),
        (f"changes of place, of {LATELY_DAYS} days", _of_switches(audit.switches)),
        (f"the last {LATELY_DAYS} days along another route (an estimate)", map(route, audit.routes)),
        ("how other tools' calls were priced", map(priced, audit.priced)),
        ("what cannot be seen", unseen(audit)),
    )
    return "\n\n".join("\n".join([title, *lines]) for title, sentences in parts if (lines := _indented(sentences)))


def prompts_mean() -> str:
    """How prompts are told from calls."""
    return f"a prompt: a session's first call, or one after {PROMPT_PAUSE_S:.0f} s of silence in it"


def _of_switches(seen: Switches | None) -> tuple[str, ...]:
    if seen is None:
        return ()
    return (changes(seen), *((rule(seen.rule),) if seen.rule else ()))


def _indented(sentences: Iterable[str]) -> list[str]:
    return [f"  {sentence}" for sentence in sentences]


def _times(calls: int) -> str:
    return f"{calls:,} times"


def _failed(share: float) -> str:
    return f"{max(share * 100, 0.1):.1f} % failed" if share else "none failed"
