"""Sends requests to whichever target may, can and should serve them, and remembers who is well.

What one request goes through is told in journey.py and verified_journey.py; here is what all of them share.
"""

import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

from msgspec import Struct

from burn_tui.core.auto import AutoDecision
from burn_tui.core.breaker import State
from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.chat import ChatRequest, estimate_request_tokens
from burn_tui.core.environment import NeedsConfirmation
from burn_tui.core.events import AttemptFinished, Event, Refused, RequestFinished, RouteDecided
from burn_tui.core.health import Health, Scope, scope_of
from burn_tui.core.model_names import AUTO
from burn_tui.core.rate_limits import Headroom
from burn_tui.core.routing import DEFAULT_ROUTE, Plan, Route
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.admission import Admission, Caller
from burn_tui.engine.attempt import Watch
from burn_tui.engine.auto.cascades import Cascades
from burn_tui.engine.auto.choosing import Auto
from burn_tui.engine.auto.retries import Retries
from burn_tui.engine.auto.verified_journey import VerifiedJourney
from burn_tui.engine.books import Books
from burn_tui.engine.clock import Clock
from burn_tui.engine.git import UNKNOWN, Git, GitFacts
from burn_tui.engine.network import Network
from burn_tui.engine.planning import decide
from burn_tui.engine.setup import Setup


class Preview(Struct, frozen=True, kw_only=True):
    """What would happen if a request were sent now."""

    route: str
    target: Target | None
    """None = nobody may be asked; `why` says for what reason."""
    why: str
    input_tokens_estimate: int
    cost_estimate_nanousd: int | None
    """None = the price is unknown."""
    asks_first: bool
    """True = a person will be asked to confirm."""
    auto: AutoDecision | None = None
    """How auto came to the target; None = it was not asked."""
    is_escalated: bool = False
    """True = the target is asked in place of an earlier answer to the same question."""


class Router:
    """Every method may be called by many tasks at once."""

    def __init__(
        self,
        setup: Setup,
        *,
        books: Books,
        transport: Network,
        clock: Clock,
        chance: Callable[[], float] = random.random,
        git: Git | None = None,
        on_served: Callable[[UsageRecord], Awaitable[None]] | None = None,
    ) -> None:
        """`git`: of the working directory; None = there is none. `on_served`: awaited after every attempt."""
        self.setup = setup
        self.clock = clock
        self.books = books
        self.transport = transport
        self.chance = chance
        """From 0 to 1, for the jitter of retries."""
        self.git = git
        self._on_served = on_served
        self.auto = Auto(books, clock.now)
        self.cascades = Cascades()
        self.retries = Retries(clock.now)
        self.directory: Path | None = None
        """Where the files are that checks want beside an answer; None = nowhere."""
        self.health = Health()
        self.uses: Counter[Scope] = Counter()
        """Requests by key, so that they are spread."""
        self.lifted: set[Scope] = set()
        """Rests that new settings ended and that are still kept for after a restart."""

    @property
    def catalog(self) -> Catalog:
        """What may be called."""
        return self.setup.catalog

    @property
    def routes(self) -> Mapping[str, Route]:
        """By name."""
        return self.setup.routes

    async def remember(self) -> None:
        """Take over the rests that were kept when burn-tui ran before; a new key starts with a clean sheet."""
        for scope, (breaker, fingerprint) in (await self.books.rests()).items():
            if fingerprint == self.setup.keys.fingerprint(scope.provider_name, scope.lane):
                self.health = Health({**self.health.breakers, scope: breaker}, self.health.measured)

    def adopt(self, setup: Setup, *, is_edited: bool = True) -> None:
        """Work by `setup` from the next request on. Rests end where the key or the address changed.

        `is_edited`: a person changed the settings, so keys that were refused get another chance, too.
        """
        old, self.setup = self.setup, setup
        lifted = [
            scope
            for scope in self.health.breakers
            if (is_edited and self.health.rests_for(scope) == "auth")
            or old.keys.fingerprint(scope.provider_name, scope.lane)
            != setup.keys.fingerprint(scope.provider_name, scope.lane)
            or _address(old, scope) != _address(setup, scope)
        ]
        self.lifted.update(lifted)
        self.health = self.health.without(lifted)

    def state(self, target: Target) -> tuple[State, float]:
        """Whether the target may be asked, and for how many seconds more it rests (0 unless resting).

        Of several lanes the one that is best off speaks.
        """
        now = self.clock.now()
        scopes = [scope_of(target, lane) for lane in self.catalog.provider(target).lanes]
        best = min(scopes, key=lambda scope: self.health.rests_until(scope) or 0.0)
        return self.health.state(best, now), max((self.health.rests_until(best) or now) - now, 0.0)

    def limits(self, target: Target) -> tuple[Headroom, ...]:
        """The rate limits that the target's provider stated last, of its first lane; () = it states none."""
        return self.health.limits(scope_of(target, 0))[1]

    def decide(
        self, request: ChatRequest, caller: Caller, admission: Admission, *, chance: float = 1.0
    ) -> Plan | Refused:
        """The plan of `request` as things stand now, or why there is none; `chance` as for Auto.decide."""
        now = self.clock.now()
        return decide(
            request,
            caller,
            admission=admission,
            health=self.health,
            now=now,
            auto=self.auto,
            cascades=self.cascades,
            retries=self.retries,
            chance=chance,
        )

    def preview(self, request: ChatRequest, caller: Caller) -> Preview:
        """Where `request` would go if it were sent now. Nothing is sent or written."""
        admission = Admission(self.setup, self.books)
        decided = self.decide(request, caller, admission)
        tokens = estimate_request_tokens(request)
        if isinstance(decided, Refused):
            return Preview(
                route=request.model or (DEFAULT_ROUTE if DEFAULT_ROUTE in self.setup.routes else AUTO),
                target=None,
                why=decided.reason,
                input_tokens_estimate=tokens,
                cost_estimate_nanousd=None,
                asks_first=False,
            )
        target = decided.targets[0]
        estimate = admission.estimate(request, target)
        verdict = admission.verdict(target, caller, estimate)
        return Preview(
            route=decided.route,
            target=target,
            why=", ".join(decided.why),
            input_tokens_estimate=tokens,
            cost_estimate_nanousd=estimate,
            asks_first=isinstance(verdict, NeedsConfirmation),
            auto=decided.auto,
            is_escalated=decided.earlier is not None,
        )

    async def send(
        self,
        request: ChatRequest,
        caller: Caller,
        *,
        watch: Watch | None = None,
        is_out: Callable[[], bool] | None = None,
    ) -> AsyncGenerator[Event]:
        """Serve one request. The first event is RouteDecided, Waiting or Refused, the last is RequestFinished.

        Close the iterator to abort: the connection is closed and the attempt recorded as cancelled.
        `watch`: is given the decoder of every answer, and gives the one that is used. `is_out`: says whether anything
        of the answer has gone where it cannot be taken back; None = it never does.
        """
        await self.setup.prices.ready()
        await self.auto.prepare(self.setup)
        if self.git is not None:
            await self.git.ready()
        async with aclosing(VerifiedJourney(self, request, caller, watch=watch, is_out=is_out).events()) as events:
            async for event in events:
                await self._let_auto_learn(event, request, caller)
                yield event
                if isinstance(event, AttemptFinished) and self._on_served is not None:
                    await self._on_served(event.record)

    async def _let_auto_learn(self, event: Event, request: ChatRequest, caller: Caller) -> None:
        match event:
            case RouteDecided(request_id=request_id, auto=decided):
                await self.auto.took(request_id, request, caller, decided)
                self.retries.took(request_id, request, caller, decided)
            case AttemptFinished(record=record):
                self.retries.answered(record)
            case RequestFinished():
                self.auto.finished(event)
            case _:
                pass

    def git_of(self, caller: Caller) -> GitFacts:
        """Where the caller works. A client of the gateway may be at home anywhere."""
        return self.git.facts() if self.git is not None and caller.source == "router" else UNKNOWN


def _address(setup: Setup, scope: Scope) -> str | None:
    provider = setup.catalog.providers.get(scope.provider_name)
    return provider.at(scope.lane).base_url if provider else None
