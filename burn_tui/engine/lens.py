"""What the screens look at when somebody opens them: single requests, waiting, providers, budgets, pressure.

Nothing here is kept: every question is answered by what the ledger and the router know at that moment.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from burn_tui.core.bottlenecks import Bottleneck, bottlenecks
from burn_tui.core.breaker import State
from burn_tui.core.budget import Budget, period_of
from burn_tui.core.catalog import Target
from burn_tui.core.health import Scope
from burn_tui.core.inspection import Attempted, BudgetStanding, Group, LastError, Limit, ProviderState, Rest, Which
from burn_tui.core.latency import Latency
from burn_tui.core.price_lines import price_lines
from burn_tui.core.usage import UsageRecord
from burn_tui.engine import burn_queries as queries
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.router import Router

if TYPE_CHECKING:
    from burn_tui.core.audit import Audit
    from burn_tui.engine.audit.looking import Looking


class Lens:
    """Every method may be called at any time; those that are awaited raise LedgerError."""

    def __init__(self, ledger: Ledger, router: Router, clock: Clock) -> None:
        self._ledger = ledger
        self._router = router
        self._clock = clock
        self._looking: Looking | None = None

    # --- requests -----------------------------------------------------------------------------------

    async def request(self, request_id: str) -> tuple[Attempted, ...]:
        """All settled attempts of a request, in their order; () = there are none (yet)."""
        records = await self._ledger.records(request_id=request_id)
        return tuple(self._attempted(record) for record in sorted(records, key=lambda one: one.opened.attempt))

    async def earlier(self, before: float | None = None, *, session_id: str | None = None) -> str | None:
        """The id of the latest request before that time (None = now), of that session (None = of all)."""
        at = self._clock.now() if before is None else before
        return await self._ledger.reading(partial(queries.request_before, before=at, session_id=session_id))

    async def later(self, after: float, *, session_id: str | None = None) -> str | None:
        """The id of the first request after that time, of that session (None = of all)."""
        return await self._ledger.reading(partial(queries.request_after, after=after, session_id=session_id))

    async def costliest(self, which: Which) -> list[UsageRecord]:
        """The attempts of a time and a contributor, the costliest first."""
        return await self._ledger.reading(partial(queries.costliest, which=which))

    def _attempted(self, record: UsageRecord) -> Attempted:
        target = Target(record.opened.provider_name, record.opened.request_model)
        price = self._router.setup.prices.price(target)
        is_known = target.provider_name in self._router.catalog.providers
        return Attempted(
            record=record,
            lines=price_lines(record.usage, price) if price else (),
            limits=self._router.limits(target) if is_known else (),
        )

    # --- waiting ------------------------------------------------------------------------------------

    async def latencies(self, group: Group) -> list[Latency]:
        """How long answers took within 24 hours."""
        return await self._ledger.reading(partial(queries.latencies, group=group, now=self._clock.now()))

    async def bottlenecks(self, slow_s: float) -> tuple[Bottleneck, ...]:
        """Operations by the time they take within 24 hours; `slow_s`: the median above which one is slow."""
        works, speeds = await self._ledger.reading(partial(queries.works, now=self._clock.now()))
        return bottlenecks(works, speeds, slow_s=slow_s)

    # --- audit --------------------------------------------------------------------------------------

    async def audit(self, since: float) -> "Audit":
        """Which tasks used which models since then, in seconds since the epoch, and what could be otherwise."""
        return await self._audits().look(since, self._clock.now())

    def _audits(self) -> "Looking":
        """By the routes and the prices of now."""
        from burn_tui.engine.audit.looking import Looking  # noqa: PLC0415 - the dashboard opens without it
        from burn_tui.engine.audit.pricing import Prices  # noqa: PLC0415

        setup = self._router.setup
        if self._looking is None or self._looking.made_for is not setup:
            prices = Prices(
                {},
                providers=setup.catalog.providers,
                today=lambda: datetime.fromtimestamp(self._clock.now(), UTC).date(),
            )
            self._looking = Looking(
                self._ledger,
                prices,
                routes=setup.routes.values(),
                targets=setup.catalog.targets,
                own_price=setup.prices.price,
                own_window=self._window_of,
                made_for=setup,
            )
        return self._looking

    def _window_of(self, target: Target) -> int | None:
        """Of a target that is set up; the ledger also knows models of others."""
        is_known = target.provider_name in self._router.catalog.providers
        return self._router.setup.context_window(target) if is_known else None

    # --- providers and limits -----------------------------------------------------------------------

    def shares_left(self) -> dict[str, float]:
        """What is left of the tightest rate limit of each provider that states any, 0 to 1."""
        shares = {name: self._share_left(name) for name in self._router.catalog.providers}
        return {name: share for name, share in shares.items() if share is not None}

    async def providers(self) -> list[ProviderState]:
        """All of them, in the order of the settings."""
        errors = await self._ledger.reading(partial(queries.last_errors, now=self._clock.now()))
        return [self._provider(name, errors) for name in self._router.catalog.providers]

    def rests(self) -> list[Rest]:
        """Everybody who rests now, the one who is back first at first."""
        now = self._clock.now()
        found = [
            Rest(scope, breaker.resting_for, breaker.resting_until - now)
            for scope, breaker in self._router.health.breakers.items()
            if breaker.resting_until is not None and breaker.resting_until > now
        ]
        return sorted(found, key=lambda rest: rest.left_s)

    def limits(self) -> list[Limit]:
        """Every rate limit that a provider has stated, in the order of the settings."""
        now = self._clock.now()
        return [
            Limit(name, limit, None if limit.reset_s is None else max(at + limit.reset_s - now, 0.0))
            for name in self._router.catalog.providers
            for at, limits in [self._router.health.limits(Scope(name, 0))]
            for limit in limits
        ]

    def context_window(self, target: Target) -> int | None:
        """Tokens of prompt and answer together; None = unknown."""
        return self._router.setup.context_window(target)

    def _share_left(self, name: str) -> float | None:
        now = self._clock.now()
        lanes = range(len(self._router.catalog.providers[name].lanes))
        shares = [self._router.health.share_left(Scope(name, lane), now) for lane in lanes]
        return min((share for share in shares if share is not None), default=None)

    def _provider(self, name: str, errors: Mapping[str, LastError]) -> ProviderState:
        provider, keys = self._router.catalog.providers[name], self._router.setup.keys
        states = [self._router.state(Target(name, model.name)) for model in provider.models]
        state, left_s = max(states, key=lambda one: (one[0] == "resting", one[0] == "half_open", one[1]), default=_WELL)
        return ProviderState(
            name=name,
            models=tuple(model.name for model in provider.models),
            base_url=provider.base_url,
            is_local=provider.is_local,
            state=state,
            left_s=left_s,
            why=next((rest.why for rest in self.rests() if rest.scope.provider_name == name), None),
            share_left=self._share_left(name),
            key_place=keys.place(name),
            key_fingerprint=keys.fingerprint(name),
            last_error=errors.get(name),
        )

    # --- budgets ------------------------------------------------------------------------------------

    async def budgets(self, budgets: Sequence[Budget]) -> list[BudgetStanding]:
        """How far each of them is used up."""
        now = self._clock.now()
        found = []
        for budget in budgets:
            start, end = period_of(budget, datetime.fromtimestamp(now, UTC))
            spent = await self._ledger.spent_in_period(budget, at=now)
            found.append(BudgetStanding(budget, spent.spent_nanousd, start.timestamp(), end.timestamp()))
        return found


_WELL: tuple[State, float] = ("closed", 0.0)
