"""The loop: ask core what to do, do it, report it. Every request becomes a stream of Events.

    plan ──> admit ──> attempt ──answered──> RequestFinished
               ^          │ failed
               │          v
               └─ FellBack ── next_step ── gives up ──> RequestFinished(failure)

The target changes in one place only, right after FellBack has been said.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from msgspec import Struct, structs

from burn_tui.core.breaker import Breaker, State
from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.chat import ChatRequest, estimate_input_tokens
from burn_tui.core.environment import Environment, NeedsConfirmation
from burn_tui.core.errors import UnknownTargetError
from burn_tui.core.events import BudgetWarned, Event, FellBack, Refused, RequestFinished, RouteDecided
from burn_tui.core.failure import Failure
from burn_tui.core.routing import GiveUp, Plan, Route, candidates, next_step, plan
from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.core.wording import failure_sentence
from burn_tui.engine.admission import Admission, Books, Caller, Prices
from burn_tui.engine.attempt import Attempt
from burn_tui.engine.clock import Clock
from burn_tui.engine.keys import Keys
from burn_tui.engine.transport import Transport


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


class Router:
    """Sends requests to whichever target may, can and should serve them."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        routes: Mapping[str, Route],
        admission: Admission,
        keys: Keys,
        prices: Prices,
        books: Books,
        transport: Transport,
        clock: Clock,
    ) -> None:
        self.catalog = catalog
        self.routes = routes
        self._admission = admission
        self._keys = keys
        self._prices = prices
        self._books = books
        self._transport = transport
        self._clock = clock
        self._breakers: dict[Target, Breaker] = {}

    def adopt(self, catalog: Catalog) -> None:
        """Use `catalog` from the next request on."""
        self.catalog = catalog

    def state(self, target: Target) -> tuple[State, float]:
        """Whether the target may be asked, and for how many seconds more it rests (0 unless resting)."""
        now = self._clock.now()
        breaker = self._breakers.get(target, Breaker())
        return breaker.state(now), max((breaker.resting_until or now) - now, 0.0)

    def preview(self, request: ChatRequest, caller: Caller) -> Preview:
        """Where `request` would go if it were sent now. Nothing is sent or written."""
        decided = self._decide(request, caller.environment)
        tokens = estimate_input_tokens(request.messages)
        if isinstance(decided, Refused):
            return Preview(
                route=request.model or "default",
                target=None,
                why=decided.reason,
                input_tokens_estimate=tokens,
                cost_estimate_nanousd=None,
                asks_first=False,
            )
        target = decided.targets[0]
        estimate = self._admission.estimate(request, target)
        verdict = self._admission.verdict(target, caller, estimate)
        return Preview(
            route=decided.route,
            target=target,
            why=", ".join(decided.why),
            input_tokens_estimate=tokens,
            cost_estimate_nanousd=estimate,
            asks_first=isinstance(verdict, NeedsConfirmation),
        )

    async def send(self, request: ChatRequest, caller: Caller) -> AsyncGenerator[Event]:
        """Serve one request. The first event is RouteDecided or Refused, the last is RequestFinished.

        Close the iterator to abort: the connection is closed and the attempt recorded as cancelled.
        """
        await self._prices.ready()
        request_id = self._clock.new_id()
        decided = self._decide(request, caller.environment)
        if isinstance(decided, Refused):
            yield decided
            yield await self._refused(decided, self._opened(request, request_id, caller), [])
            return
        yield RouteDecided(request_id, decided.route, decided.targets, decided.why, decided.skipped)
        records: list[UsageRecord] = []
        target, fell_back_from = decided.targets[0], None
        while True:
            opened = self._opened(
                request, request_id, caller, decided, target, attempt=len(records) + 1, fell_back_from=fell_back_from
            )
            admission = await self._admission.admit(opened, target, caller)
            if isinstance(admission, Refused):
                yield admission
                yield await self._refused(admission, opened, records)
                return
            for near in admission.warnings:
                yield BudgetWarned(near.budget.name, near.spent_nanousd, near.budget.limit_nanousd)
            attempt = self._attempt(opened, request, target)
            try:
                async with aclosing(attempt.events()) as events:
                    async for event in events:
                        yield event
            finally:
                self._learn(target, attempt.failure)
            records.append(attempt.record)
            if attempt.failure is None:
                yield RequestFinished(request_id, request.model, target, tuple(records))
                return
            step = next_step(
                attempt.failure,
                failed=target,
                targets=decided.targets,
                attempts=len(records),
                admits=self._admits,
            )
            if isinstance(step, GiveUp):
                yield RequestFinished(request_id, request.model, None, tuple(records), attempt.failure)
                return
            yield self._fell_back(target, step.target, attempt)
            fell_back_from, target = target, step.target

    def _decide(self, request: ChatRequest, environment: Environment) -> Plan | Refused:
        try:
            route = candidates(request.model, self.routes, self.catalog)
        except UnknownTargetError as error:
            return Refused("no_target", str(error), "Choose one with F2, or with --target.")
        decided = plan(
            route,
            environment=environment,
            breakers=self._breakers,
            missing_keys=self._keys.missing(self.catalog),
            now=self._clock.now(),
        )
        return decided if decided.targets else _nobody(decided)

    def _admits(self, target: Target) -> bool:
        return self._breakers.get(target, Breaker()).admits(self._clock.now())

    def _learn(self, target: Target, failure: Failure | None) -> None:
        breaker = self._breakers.get(target, Breaker())
        learned = breaker.on_success() if failure is None else breaker.on_failure(self._clock.now(), failure)
        self._breakers[target] = learned

    def _attempt(self, opened: AttemptOpened, request: ChatRequest, target: Target) -> Attempt:
        self._breakers[target] = self._breakers.get(target, Breaker()).on_start(self._clock.now())
        return Attempt(
            opened,
            request,
            provider=self.catalog.provider(target),
            api_key=self._keys.key(target.provider_name),
            price=self._prices.price(target),
            transport=self._transport,
            books=self._books,
            clock=self._clock,
        )

    def _opened(
        self,
        request: ChatRequest,
        request_id: str,
        caller: Caller,
        decided: Plan | None = None,
        target: Target | None = None,
        *,
        attempt: int = 0,
        fell_back_from: Target | None = None,
    ) -> AttemptOpened:
        """The row of one attempt; without a target, of a request that never got one."""
        return AttemptOpened(
            event_id=self._clock.new_id(),
            request_id=request_id,
            attempt=attempt,
            started_at=self._clock.now(),
            provider_name=target.provider_name if target else "",
            request_model=target.model if target else request.model or "",
            requested=request.model,
            input_tokens_estimate=estimate_input_tokens(request.messages),
            cost_estimate_nanousd=self._admission.estimate(request, target) if target else 0,
            operation_name=caller.operation_name,
            conversation_id=caller.conversation_id,
            session_id=caller.session_id,
            environment=caller.environment.name,
            project=caller.project,
            route=decided.route if decided else None,
            route_reason=", ".join(decided.why) if decided else "",
            fell_back_from=str(fell_back_from) if fell_back_from else None,
            source=caller.source,
        )

    def _fell_back(self, target: Target, following: Target, attempt: Attempt) -> FellBack:
        assert attempt.failure is not None
        why = failure_sentence(target, attempt.failure, self._keys.place(target.provider_name))
        return FellBack(target, following, attempt.failure.error_type, why, attempt.record.duration_s)

    async def _refused(self, refused: Refused, opened: AttemptOpened, records: list[UsageRecord]) -> RequestFinished:
        """A refusal is a row too, free of charge; a question to the person is not yet a refusal."""
        if refused.kind != "confirmation":
            row = UsageRecord(
                opened=structs.replace(opened, route_reason=refused.reason),
                duration_s=0.0,
                usage=Usage(input_tokens=0, output_tokens=0),
                cost_nanousd=0,
                error_type="refused",
            )
            await self._books.record([row])
            records = [*records, row]
        return RequestFinished(opened.request_id, opened.requested, None, tuple(records))


def _nobody(decided: Plan) -> Refused:
    """Why none of the planned targets may be asked."""
    reasons = " ".join(f"{skipped.target}: {skipped.why}" for skipped in decided.skipped)
    if decided.denied is not None:
        return Refused("guard", decided.denied.why, decided.denied.mend)
    if not decided.skipped:
        return Refused(
            "no_target",
            "No provider is configured.",
            "Export a key such as ANTHROPIC_API_KEY, start Ollama, or try burn-tui --demo.",
        )
    mend = "Wait, choose another provider, or set the key that is missing."
    return Refused("no_target", f"Nobody on route {decided.route} may be asked now. {reasons}", mend)
