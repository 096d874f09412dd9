"""One request on its way: ask core what to do, do it, report it.

    decide ──> admit ──> attempt ──answered──> RequestFinished
      │          ^          │ failed
      │ all rest │          v
      v          ├── quick retry: Waiting, the same target once more
    Waiting      ├── FellBack: the next target
                 └── nobody is left ──> RequestFinished(failure)

The target changes in one place only, right after FellBack has been said.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from msgspec import structs

from burn_tui.core.breaker import Breaker
from burn_tui.core.budget import Exceeds, Fits
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, estimate_input_tokens, said
from burn_tui.core.context import left_out
from burn_tui.core.events import (
    BudgetWarned,
    ContextReduced,
    Event,
    FellBack,
    Refused,
    RequestFinished,
    RouteDecided,
    Waiting,
)
from burn_tui.core.failure import Failure
from burn_tui.core.health import Scope, scope_of
from burn_tui.core.routing import GiveUp, Plan, next_step, quick_retry_s
from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.core.wording import failure_sentence
from burn_tui.engine.admission import Admission, Caller, over_budget
from burn_tui.engine.attempt import Attempt, Way
from burn_tui.engine.planning import decide, route_of

if TYPE_CHECKING:
    from burn_tui.engine.router import Router

GO_ON = (
    "Your answer was cut off by a network failure. Go on exactly where it stopped: "
    "do not repeat anything, do not comment on the interruption."
)
"""Said to the target that takes over in mid-answer; the first one's text stands before it as the assistant's turn."""

LOOK_AGAIN_S = 0.1
"""Between two looks at a full budget whose reservations may still shrink."""


class Journey:
    """Holds what was true when the request came: new settings are for the requests after it."""

    def __init__(self, router: "Router", request: ChatRequest, caller: Caller) -> None:
        self._router = router
        self._setup = router.setup
        self._admission = Admission(router.setup, router.books)
        self._request = request
        self._caller = caller
        self._id = router.clock.new_id()
        self._began = router.clock.monotonic()
        self._records: list[UsageRecord] = []
        self._is_over = False

    async def events(self) -> AsyncGenerator[Event]:
        """Everything up to RequestFinished."""
        decided = self._decide()
        if isinstance(decided, Refused) and (seconds := self._patience_s(decided)) is not None:
            yield Waiting(None, seconds, decided.reason)
            await asyncio.sleep(seconds)
            decided = self._decide()
        if isinstance(decided, Refused):
            yield decided
            yield await self._refused(decided, self._opened(self._request))
            return
        yield RouteDecided(self._id, decided.route, decided.targets, decided.why, decided.skipped)
        self._begin(decided)
        while not self._is_over:
            async with aclosing(self._one_attempt()) as attempt:
                async for event in attempt:
                    yield event
            if not self._is_over:
                async with aclosing(self._after_failure()) as after:
                    async for event in after:
                        yield event

    def _begin(self, decided: Plan) -> None:
        self._plan = decided
        self._policy = route_of(self._request, self._setup).policy
        self._target = decided.targets[0]
        self._fell_back_from: Target | None = None
        self._sending = self._request
        """As it is sent to the present target: longer than the request where it goes on from a cut answer."""

    # --- one attempt -------------------------------------------------------------------------------

    async def _one_attempt(self) -> AsyncGenerator[Event]:
        opened = self._opened(self._sending, self._target)
        async with aclosing(self._admit(opened)) as admission:
            async for event in admission:
                yield event
        if self._is_over:
            return
        if reduced := left_out(self._sending.messages, self._target.provider_name):
            yield ContextReduced(self._target, reduced)
        self._attempt = self._call(opened)
        try:
            async with aclosing(self._attempt.events()) as events:
                async for event in events:
                    yield event
        finally:
            self._note(self._attempt)
        if self._attempt.failure is None:
            await self._learn(None)
            yield self._finished(self._target)

    async def _admit(self, opened: AttemptOpened) -> AsyncGenerator[Event]:
        """Warnings and waits while the row is opened, or a refusal and the end."""
        admitted = await self._admission.admit(opened, self._target, self._caller)
        while isinstance(admitted, Exceeds) and await self._may_shrink(admitted):
            yield Waiting(
                self._target, LOOK_AGAIN_S, f"budget {admitted.spent.budget.name} is full of calls in flight."
            )
            await asyncio.sleep(LOOK_AGAIN_S)
            admitted = await self._admission.admit(opened, self._target, self._caller)
        match admitted:
            case Fits(warnings):
                for near in warnings:
                    yield BudgetWarned(near.budget.name, near.spent_nanousd, near.budget.limit_nanousd)
            case Exceeds():
                refused = over_budget(admitted, self._target)
                yield refused
                yield await self._refused(refused, opened)
            case Refused():
                yield admitted
                yield await self._refused(admitted, opened)

    async def _may_shrink(self, exceeds: Exceeds) -> bool:
        """Whether waiting may help: calls in flight may turn out cheaper than what they have reserved."""
        return exceeds.spent.budget.when_full == "queue" and await self._router.books.open_attempts() > 0

    def _call(self, opened: AttemptOpened) -> Attempt:
        router, setup, target = self._router, self._setup, self._target
        scope = scope_of(target, opened.lane)
        router.uses[scope.key] += 1
        self._was_probe = router.health.state(scope, router.clock.now()) == "half_open"
        router.health = router.health.on_start(scope, router.clock.now())
        way = Way(
            target=target,
            provider=setup.catalog.provider(target).at(opened.lane),
            lane=opened.lane,
            api_key=setup.keys.key(target.provider_name, opened.lane),
            price=setup.prices.price(target),
            limits=setup.limits,
        )
        return Attempt(opened, self._sending, way, transport=router.transport, books=router.books, clock=router.clock)

    def _note(self, attempt: Attempt) -> None:
        """What is known after an attempt, however it ended."""
        router, scope = self._router, self._scope
        self._records.append(attempt.record)
        router.health = router.health.on_headroom(scope, router.clock.now(), attempt.headroom)
        if attempt.failure is not None and attempt.failure.error_type == "cancelled":
            router.health = router.health.on_failure(scope, router.clock.now(), attempt.failure)

    # --- after a failure ---------------------------------------------------------------------------

    async def _after_failure(self) -> AsyncGenerator[Event]:
        failure, target = self._failure, self._target
        if (pause_s := self._pause_before_retry()) is not None:
            yield Waiting(target, pause_s, self._sentence)
            await asyncio.sleep(pause_s)
            return
        await self._learn(failure)
        step = next_step(
            failure,
            failed=target,
            targets=self._plan.targets,
            attempts=len(self._records),
            admits=lambda one: self._setup.admits(one, self._router.health, self._router.clock.now()),
            fits=self._has_larger_window,
            policy=self._policy,
            was_cut=self._attempt.was_cut,
        )
        if isinstance(step, GiveUp):
            yield self._finished(None, self._explained(failure))
        elif step.target != target:
            yield self._fall_back(step.target)

    def _pause_before_retry(self) -> float | None:
        if self._was_probe:  # a provider that was resting gets no second chance at once
            return None
        earlier = [record for record in self._records[:-1] if _target_of(record) == self._target]
        return quick_retry_s(
            self._failure,
            earlier_attempts=len(earlier),
            was_cut=self._attempt.was_cut,
            chance=self._router.chance(),
        )

    def _fall_back(self, following: Target) -> FellBack:
        """The one place where the target changes."""
        continues = self._attempt.was_cut and self._policy.on_cut == "continue"
        event = FellBack(
            self._target,
            following,
            self._failure.error_type,
            self._sentence,
            self._attempt.record.duration_s,
            continues,
        )
        self._sending = _going_on(self._sending, self._attempt.answer.text) if continues else self._request
        self._fell_back_from, self._target = self._target, following
        return event

    def _has_larger_window(self, target: Target) -> bool:
        failed = self._failure.limit_tokens or self._setup.context_window(self._target) or 0
        window = self._setup.context_window(target)
        return window is not None and window > max(failed, estimate_input_tokens(self._sending.messages))

    def _explained(self, failure: Failure) -> Failure:
        """With both token counts where the conversation was too long for everybody."""
        if failure.error_type != "context_length":
            return failure
        limit = failure.limit_tokens or self._setup.context_window(self._target)
        tokens = estimate_input_tokens(self._sending.messages)
        window = f"{limit:,} tokens" if limit else "an unknown number of tokens"
        words = f"The conversation has about {tokens:,} tokens, {self._target} takes {window}, and no larger model is "
        return structs.replace(failure, message=f"{words}on the route. {failure.message}")

    async def _learn(self, failure: Failure | None) -> None:
        """Remember how the target did; rests are kept for after a restart as well."""
        router, scope, now = self._router, self._scope, self._router.clock.now()
        before = router.health.breakers
        if failure is None:
            router.health = router.health.on_success(scope, now)
        else:
            router.health = router.health.on_failure(scope, now, failure)
        for one in (scope, scope.key):
            old, new = before.get(one, Breaker()), router.health.breakers.get(one, Breaker())
            if old.resting_until != new.resting_until:
                await router.books.keep_rest(one, new, self._setup.keys.fingerprint(one.provider_name, one.lane))

    # --- the ledger's side -------------------------------------------------------------------------

    @property
    def _failure(self) -> Failure:
        assert self._attempt.failure is not None, "asked only after a failure"
        return self._attempt.failure

    @property
    def _sentence(self) -> str:
        key_variable = self._setup.keys.place(self._target.provider_name, self._attempt.way.lane)
        return failure_sentence(self._target, self._failure, key_variable)

    @property
    def _scope(self) -> Scope:
        return scope_of(self._target, self._attempt.way.lane)

    def _decide(self) -> Plan | Refused:
        router = self._router
        return decide(
            self._request, self._caller, admission=self._admission, health=router.health, now=router.clock.now()
        )

    def _patience_s(self, refused: Refused) -> float | None:
        """Seconds to wait for the first target that is back; None = nobody will be, or not soon enough."""
        if refused.retry_at is None:
            return None
        seconds = max(refused.retry_at - self._router.clock.now(), 0.0)
        return seconds if seconds <= route_of(self._request, self._setup).policy.patience_s else None

    def _lane(self, target: Target) -> int:
        router = self._router
        lane = router.health.lane(target, self._setup.lanes(target), router.clock.now(), uses=router.uses)
        return lane or 0

    def _opened(self, request: ChatRequest, target: Target | None = None) -> AttemptOpened:
        """The row of one attempt; without a target, of a request that never got one."""
        clock, caller = self._router.clock, self._caller
        return AttemptOpened(
            event_id=clock.new_id(),
            request_id=self._id,
            attempt=len(self._records) + 1 if target else 0,
            started_at=clock.now(),
            provider_name=target.provider_name if target else "",
            request_model=target.model if target else self._request.model or "",
            requested=self._request.model,
            input_tokens_estimate=estimate_input_tokens(request.messages),
            cost_estimate_nanousd=self._admission.estimate(request, target) if target else 0,
            operation_name=caller.operation_name,
            conversation_id=caller.conversation_id,
            session_id=caller.session_id,
            environment=caller.environment.name,
            project=caller.project,
            route=self._plan.route if target else None,
            route_reason=", ".join(self._plan.why) if target else "",
            fell_back_from=str(self._fell_back_from) if target and self._fell_back_from else None,
            source=caller.source,
            lane=self._lane(target) if target else 0,
            waited_s=clock.monotonic() - self._began,
        )

    async def _refused(self, refused: Refused, opened: AttemptOpened) -> RequestFinished:
        """A refusal is a row too, free of charge; a question to the person is not yet a refusal."""
        if refused.kind != "confirmation":
            row = UsageRecord(
                opened=structs.replace(opened, route_reason=refused.reason),
                duration_s=0.0,
                usage=Usage(input_tokens=0, output_tokens=0),
                cost_nanousd=0,
                error_type="refused",
            )
            await self._router.books.record([row])
            self._records.append(row)
        return self._finished(None)

    def _finished(self, served: Target | None, failure: Failure | None = None) -> RequestFinished:
        self._is_over = True
        return RequestFinished(self._id, self._request.model, served, tuple(self._records), failure)


def _target_of(record: UsageRecord) -> Target:
    return Target(record.opened.provider_name, record.opened.request_model)


def _going_on(request: ChatRequest, text: str) -> ChatRequest:
    """The request with the cut answer's text as the assistant's turn, and the wish that it be finished."""
    if request.messages[-1:] == (said("user", GO_ON),):  # cut once more: what came before belongs to the same answer
        *messages, before, _ = request.messages
        return structs.replace(
            request, messages=(*messages, said("assistant", before.text + text), said("user", GO_ON))
        )
    return structs.replace(request, messages=(*request.messages, said("assistant", text), said("user", GO_ON)))
