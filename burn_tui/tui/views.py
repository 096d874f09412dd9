"""What the widgets of the dashboard show, made of sessions and the engine's figures. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from burn_tui.core.budget import WARN_SHARE
from burn_tui.core.catalog import Target
from burn_tui.core.environment import Standing, find, forbidden
from burn_tui.core.events import Escalated
from burn_tui.core.prompt_line import COMMAND as CALL
from burn_tui.core.shorthand import Addressed, Names
from burn_tui.core.transcript import Answer, Asked, Transcript
from burn_tui.tui import foreign_views
from burn_tui.tui import format as fmt
from burn_tui.tui.actions import commands
from burn_tui.tui.audit_words import TOOL_NAMES
from burn_tui.tui.badges import badge
from burn_tui.tui.cells import shortened
from burn_tui.tui.completion import COMMAND, NAME, Candidate, called
from burn_tui.tui.completion import candidates as candidates_of
from burn_tui.tui.panels.panel import Health
from burn_tui.tui.screens.choose_provider import state_in_words
from burn_tui.tui.screens.past import PastRow
from burn_tui.tui.screens.search import Hit
from burn_tui.tui.screens.sessions import Row
from burn_tui.tui.telling import standard
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.alert import Alert
from burn_tui.tui.widgets.route_line import Fact
from burn_tui.tui.widgets.session_tabs import Tab, Tabs
from burn_tui.tui.widgets.status_line import Status
from burn_tui.tui.widgets.welcome import Offer, Start

if TYPE_CHECKING:
    from burn_tui.core.burn import BurnView
    from burn_tui.engine.conversations import Found, Past
    from burn_tui.engine.router import Preview, Router
    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.session import Session
    from burn_tui.tui.deck import Deck


def names(router: "Router", session: "Session") -> Names:
    """Who can be called by name in a prompt of this session."""

    def allows(target: Target) -> bool:
        standing = Standing(is_local=router.catalog.provider(target).is_local, privacy=session.privacy)
        return forbidden(session.environment, target, standing) is None

    return Names(catalog=router.catalog, routes=router.routes, price=router.setup.prices.price, allows=allows)


def is_calling(session: "Session") -> bool:
    """Whether a provider is being called for this session at this moment."""
    return session.is_busy and session.transcript.answering is not None


def served_by(session: "Session") -> Target | None:
    """Who answers, or answered last; None = nobody yet."""
    answers = (entry for entry in reversed(session.transcript.entries) if isinstance(entry, Answer))
    return next((answer.target for answer in answers), None)


def session_colour(session: "Session", palette: Palette, *, by_provider: bool) -> str:
    """The colour of everything that belongs to the session."""
    if not by_provider:
        return palette.environment(session.environment.hue)
    target = served_by(session)
    pinned = (session.requested or "").partition("/")[0]
    name = target.provider_name if target else pinned
    return palette.provider(name) if name else palette.environment("grey")


def tabs(deck: "Deck", palette: Palette, *, by_provider: bool, label: str | None, foreign: Sequence[Tab] = ()) -> Tabs:
    """The row of tabs. `foreign`: those of other programs' sessions, which stand behind the deck's own."""
    own = (
        Tab(
            badge=badge(session.environment),
            name=session.name,
            colour=session_colour(session, palette, by_provider=by_provider),
            is_calling=is_calling(session),
            has_unseen_fallback=bool(session.transcript.unseen_fallbacks),
            is_unread=session.id in deck.unread,
        )
        for session in deck.sessions
    )
    return Tabs(
        tabs=(*own, *foreign),
        active=deck.shown_position,
        label=label,
        calling_colour=palette.calling,
        attention_colour=palette.attention,
    )


def status(session: "Session", palette: Palette, *, by_provider: bool, burn: "BurnView | None", now: float) -> Status:
    """The line below the tabs."""
    target = served_by(session)
    state, short_state = _state(session, now)
    return Status(
        badge=badge(session.environment),
        colour=session_colour(session, palette, by_provider=by_provider),
        served_by=str(target or ""),
        state=state,
        short_state=short_state,
        is_calling=is_calling(session),
        calling_colour=palette.calling,
        spent=spent(burn),
        note=_rule(session),
        is_local_only=is_local_only(session),
    )


def _state(session: "Session", now: float) -> tuple[str, str]:
    """In words, and shorter."""
    answer = session.transcript.answering
    if not session.is_busy:
        return "ready", "ready"
    if answer is None:
        return "routing", "routing"
    waited = fmt.countdown(max(now - answer.at, 0.0))
    return f"answering {waited}" if answer.state == "streaming" else f"calling {waited}", waited


def spent(burn: "BurnView | None") -> tuple[str, ...]:
    """Today's spending, from the longest form to the shortest."""
    if burn is None:
        return ("",)
    money = fmt.money(burn.spent_nanousd)
    if burn.ratio is None:
        return f"{money} today", money
    ratio = fmt.burn(burn.ratio)
    return f"{money} today, {ratio} {standard(burn)}", f"{money} {ratio}", money


def is_local_only(session: "Session") -> bool:
    """Whether nothing of it may leave this machine."""
    return "local" in {session.privacy, session.environment.privacy}


def _rule(session: "Session") -> str:
    environment = session.environment
    if environment.allow is not None:
        return f"only {', '.join(environment.allow) or 'nobody'} may be called from here"
    return "paid calls are asked about first" if environment.confirm else ""


def rows(deck: "Deck", shown: Tabs, now: float) -> list[Row]:
    """The list of sessions, those of other programs behind the deck's own."""
    own = [
        Row(
            tab=tab,
            served_by=session.requested or str(served_by(session) or "nobody was asked yet"),
            state=_state(session, now)[0],
            draft=_beginning(session.draft),
        )
        for tab, session in zip(shown.tabs, deck.sessions, strict=False)
    ]
    behind = zip(shown.tabs[len(own) :], deck.foreign, strict=True)
    return own + [foreign_views.row(seen, tab, now) for tab, seen in behind]


_LONG_BEGINNING = 200
"""Characters that are looked at for the beginning of a draft."""


def _beginning(draft: str) -> str:
    return shortened(" ".join(draft[:_LONG_BEGINNING].split()), 30)


def completing(offered: tuple[Candidate, ...]) -> tuple[Fact, ...]:
    """What keys do while candidates are shown; nothing would be sent now."""
    is_command = offered[0].text.startswith(COMMAND) and not offered[0].text.startswith(CALL + " ")
    return (
        Fact("Enter does it" if is_command else "Enter takes it"),
        Fact("↑ ↓ choose", tone="quiet"),
        Fact("Escape: it is only text", tone="quiet"),
    )


def history(deck: "Deck") -> list[str]:
    """What was asked before, the latest first: in the session on screen, then in the others."""
    sessions = [deck.active, *(session for session in deck.sessions if session is not deck.active)]
    asked = [
        entry.text for session in sessions for entry in reversed(session.transcript.entries) if isinstance(entry, Asked)
    ]
    return list(dict.fromkeys(asked))


def candidates(
    prompt: str, router: "Router", session: "Session", prompts: Callable[[], Iterable[str]]
) -> tuple[Candidate, ...]:
    """What the beginning of a prompt could become. `prompts`: the names of versioned ones, asked for when needed."""
    if prompt[:1] not in {COMMAND, NAME}:
        return ()
    if prompt.startswith(f"{CALL} "):
        return called(prompt, prompts())
    return candidates_of(prompt, commands=commands(), names=names(router, session).offered())


def past_row(past: "Past", runtime: "Runtime", palette: Palette) -> PastRow:
    """A session of the past in its list."""
    environment = find(past.environment, runtime.settings.environments)
    return PastRow(
        session_id=past.id,
        badge=badge(environment),
        colour=palette.environment(environment.hue),
        name=past.name,
        when=when(past.changed_at, runtime.clock.now()),
        questions=past.questions,
        beginning=past.beginning,
    )


def hit(found: "Found", runtime: "Runtime", palette: Palette) -> Hit:
    """A place where words were found."""
    environment = find(found.environment, runtime.settings.environments)
    return Hit(
        session_id=found.session_id,
        position=found.position,
        badge=badge(environment),
        colour=palette.environment(environment.hue),
        name=found.name,
        who={"asked": "you", "answer": "answer"}.get(found.kind, "notice"),
        when=when(found.at, runtime.clock.now()),
        before=found.before,
        match=found.match,
        after=found.after,
    )


def when(at: float, now: float, timezone: tzinfo | None = None) -> str:
    """The time of a moment today, the date of any other, in the local time zone for None.

    Both are seconds since the epoch.
    """
    moment, today = datetime.fromtimestamp(at, timezone), datetime.fromtimestamp(now, timezone)
    if moment.date() == today.date():
        return f"{moment:%H:%M}"
    return f"{moment.day} {moment:%b}" + ("" if moment.year == today.year else f" {moment.year}")


def start(runtime: "Runtime", palette: Palette) -> Start:
    """What an empty session shows."""
    offers = tuple(
        Offer(
            provider_name=provider.name,
            colour=palette.provider(provider.name),
            models=", ".join(model.name for model in provider.models) or "any model",
        )
        for provider in runtime.router.catalog.providers.values()
    )
    unread = tuple((TOOL_NAMES[tool], logs) for tool, logs in runtime.log_import.unread.items())
    settings = runtime.settings
    return Start(offers=offers, origin=settings.origin, names_providers=not settings.finds_providers, unread=unread)


def health(router: "Router", palette: Palette) -> tuple[Health, ...]:
    """Every provider's state: its worst target's, since that is what a person has to know."""
    found = []
    for provider in router.catalog.providers.values():
        states = [router.state(Target(provider.name, model.name)) for model in provider.models]
        worst = max(states, key=lambda state: (state[0] == "resting", state[0] == "half_open", state[1]), default=None)
        found.append(
            Health(
                provider_name=provider.name,
                colour=palette.provider(provider.name),
                state=state_in_words(worst) if worst else "ok",
                is_local=provider.is_local,
            )
        )
    return tuple(found)


def route(
    session: "Session", addressed: Addressed, preview: "Preview", burn: "BurnView | None", now: float
) -> tuple[Fact, ...]:
    """The line below the prompt. Tokens and price are left out while there is nothing to send."""
    way = _way(session, addressed, preview)
    if preview.target is None:
        return (Fact(" > ".join([*way, "nobody"]), tone="stop"), Fact(preview.why, tone="attention"))
    facts = [Fact(" > ".join([*way, str(preview.target)]), f"{way[0]} > {preview.target}")]
    if addressed.unknown:
        facts.append(Fact(f"nobody is called {addressed.unknown}", f"no {addressed.unknown}", tone="attention"))
    if session.draft.strip():
        facts.append(_size(preview.input_tokens_estimate))
        facts.append(_price(preview.cost_estimate_nanousd))
    if is_local_only(session):
        facts.append(Fact("local only", tone="good"))
    if preview.auto is not None and session.draft.strip():
        facts.append(Fact(f"{preview.auto.tier}: {preview.auto.because}", preview.auto.tier, tone="quiet"))
    if preview.auto is not None and preview.auto.banner is not None:
        facts.append(Fact(preview.auto.banner, "spent too fast: cheap only", tone="attention"))
    facts += _guard(session, preview, now)
    if burn is not None and (share := burn.share_of_limit) is not None:
        facts.append(Fact(f"budget {fmt.share(share)}", tone="quiet" if share < WARN_SHARE else "attention"))
    return tuple(facts)


def _way(session: "Session", addressed: Addressed, preview: "Preview") -> list[str]:
    """How it comes to the target: by a word of the prompt, of the session, by the default route, or by what auto sees
    in the prompt: auto stands there only where it decides.
    """
    is_pinned = preview.route == "pinned"
    usual = "pinned" if is_pinned else session.requested or preview.route
    way = [usual if addressed.requested is None else "this once"]
    if not is_pinned and preview.route != way[0]:
        way.append(preview.route)
    if preview.auto is not None and session.draft.strip():
        way.append(preview.auto.task)
    return way


def _guard(session: "Session", preview: "Preview", now: float) -> list[Fact]:
    """Whether the environment holds the prompt up, and the countdown while its lock is open."""
    word, left_s = badge(session.environment).word, session.lock.left_s(now)
    if preview.asks_first:
        is_locked = session.environment.lock and left_s <= 0
        return [Fact(f"{word} locked" if is_locked else f"{word} asks first", tone="attention")]
    if not session.environment.lock or left_s <= 0:
        return []
    requests = session.lock.requests_left
    left = fmt.countdown(left_s) + ("" if requests is None else f", {requests} requests")
    return [Fact(f"{word} unlocked {left}", f"unlocked {left}", tone="attention")]


def _size(tokens: int) -> Fact:
    return Fact(f"~{fmt.tokens(tokens)} tokens", f"~{fmt.tokens(tokens)} tok", tone="quiet")


def _price(nanousd: int | None) -> Fact:
    if nanousd is None:
        return Fact("price unknown", tone="attention")
    return Fact("free", tone="good") if nanousd == 0 else Fact(f"est. {fmt.money(nanousd)}", tone="quiet")


def fallback(transcript: Transcript, *, is_busy: bool = False) -> Alert | None:
    """The band for the latest fallback that the person has not dismissed yet. While it is busy, Escape stops that."""
    if not transcript.unseen_fallbacks:
        return None
    latest = transcript.unseen_fallbacks[-1]
    served = f"Now {latest.to_target}, not {latest.from_target}."
    if latest.to_target == transcript.given_up_at:
        served = f"{latest.to_target} was asked then, and did not answer either."
    more = latest.costs if isinstance(latest, Escalated) else f"Waited {fmt.seconds(latest.waited_s)}."
    brief = f"Now {latest.to_target}. {latest.costs if isinstance(latest, Escalated) else ''}".rstrip()
    if latest.to_target == transcript.given_up_at:
        brief = ""
    detail, others = f"{served} {more}".rstrip(), len(transcript.unseen_fallbacks) - 1
    return Alert(latest.why, detail, brief, others, can_be_dismissed=not is_busy)


def notice(notices: list[str], *, is_busy: bool = False) -> Alert | None:
    """The band for the oldest standing notice."""
    return Alert(notices[0], others=len(notices) - 1, can_be_dismissed=not is_busy) if notices else None
