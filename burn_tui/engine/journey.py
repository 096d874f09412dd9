"""One request on its way: ask core what to do, do it, report it.

    decide ──> admit ──> attempt ──answered──> RequestFinished
      │          ^          │ failed
      │ all rest │          v
      v          ├── quick retry: Waiting, the same target once more; or its next key or address
    Waiting      ├── FellBack: the next target
                 ├── all rest, but not for long: Waiting, and decide anew
                 └── nobody is left ──> RequestFinished(failure)

The target changes in one place only, right after FellBack has been said.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from burn_tui.core.auto import profiled
from burn_tui.core.budget import Exceeds, Fits
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, estimate_request_tokens
from burn_tui.core.context import going_on, left_out
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
from burn_tui.core.failure import ErrorType, Failure
from burn_tui.core.prompt_variants import worded
from burn_tui.core.routing import Plan, Step, Try, next_step, quick_retry_s
from burn_tui.core.usage import AttemptOpened, UsageRecord, unsent
from burn_tui.core.wording import failure_sentence
from burn_tui.engine.admission import Admission, Caller, over_budget
from burn_tui.engine.attempt import Attempt, Watch, way_to
from burn_tui.engine.choice import Choice
from burn_tui.engine.last_words import both_counts, first_back, followed_by
from burn_tui.engine.patience import LOOK_AGAIN_S, Patience
from burn_tui.engine.planning import route_of
from burn_tui.providers import DIALECTS

if TYPE_CHECKING:
    from burn_tui.engine.router import Router


class Journey:
    """Holds what was true when the request came: new settings are for the requests after it."""

    def __init__(self, router: "Router", request: ChatRequest, caller: Caller, *, watch: Watch | None = None) -> None:
        self._router = router
        self._watch = watch
        self._setup = router.setup
        self._admission = Admission(router.setup, router.books)
        self._request = request
        self._caller = caller
        self._id = router.clock.new_id()
        self._chance = 1 - router.chance()
        self._began = router.clock.monotonic()
        self._records: list[UsageRecord] = []
        self._choice = Choice(router, router.setup)
        self._attempt: Attempt
        self._patience = Patience()
        self._is_over = False

    async def events(self) -> AsyncGenerator[Event]:
        """Everything up to RequestFinished."""
        try:
            async with aclosing(self._decide_patiently()) as deciding:
                async for event in deciding:
                    yield event
            if isinstance(self._decided, Refused):
                yield self._decided
                yield await self._refused(self._decided, self._opened(self._request))
                return
            self._begin(self._decided)
            yield self._route_decided()
            while not self._is_over:
                async with aclosing(self._one_attempt()) as attempt:
                    async for event in attempt:
                        yield event
                if not self._is_over:
                    async with aclosing(self._after_failure()) as after:
                        async for event in after:
                            yield event
        finally:
            self._choice.leave()

    async def _decide_patiently(self) -> AsyncGenerator[Event]:
        """Decides, and as long as the route's patience lasts waits for whoever is back first."""
        self._decided = self._decide()
        while isinstance(self._decided, Refused) and (seconds := self._patience_s(self._decided)) is not None:
            if not self._patience.used_s or seconds > LOOK_AGAIN_S:
                yield Waiting(None, seconds, self._decided.reason)
            self._patience.used_s += seconds
            await asyncio.sleep(seconds)
            self._decided = self._decide()

    def _begin(self, decided: Plan) -> None:
        self._plan = decided
        self._policy = route_of(self._request, self._setup).policy
        self._fell_back_from: Target | None = None
        self._reason = ", ".join(decided.why)
        """Why the present target is asked."""
        self._sending = self._request
        """As it is sent to the present target: longer than the request where it goes on from a cut answer."""
        self._since = self._began
        """Since when the present target has kept the person waiting."""
        self._choice.take(decided.targets[0])

    def _route_decided(self) -> RouteDecided:
        decided = self._plan
        route, why, skipped = decided.route, decided.why, decided.skipped
        return RouteDecided(self._id, route, decided.targets, why, skipped, decided.auto, decided.cascade)

    @property
    def _target(self) -> Target:
        return self._choice.target

    # --- one attempt -------------------------------------------------------------------------------

    async def _one_attempt(self) -> AsyncGenerator[Event]:
        async with aclosing(self._admit()) as admission:
            async for event in admission:
                yield event
        if self._is_over:
            return
        try:
            async with aclosing(self._answer()) as events:
                async for event in events:
                    yield event
        finally:
            await self._note(self._attempt)
        if self._attempt.failure is None:
            async with aclosing(self._answered()) as answered:
                async for event in answered:
                    yield event

    async def _answered(self) -> AsyncGenerator[Event]:
        """Somebody has answered: the end, unless the answer is looked at (verified_journey.py)."""
        yield self._finished(self._target)

    def _answer(self) -> AsyncGenerator[Event]:
        """The attempt's events; where two may run at once see hedged_journey.py."""
        return self._attempt.events(self._notices())

    # --- before an attempt -------------------------------------------------------------------------

    async def _admit(self) -> AsyncGenerator[Event]:
        """Opens the row of the attempt, or ends the request with a refusal. Who cannot be paid is no backup."""
        while True:
            async with aclosing(self._queue()) as queue:
                async for event in queue:
                    yield event
            if self._is_over:
                return
            if not isinstance(self._admitted, Exceeds) or (following := self._affordable(self._admitted)) is None:
                break
            yield self._pass_over(following, over_budget(self._admitted, self._target).reason)
        if isinstance(admitted := self._admitted, Fits):
            self._warnings, self._attempt = admitted.warnings, self._call(self._row, self._target)
            return
        refused = over_budget(admitted, self._target) if isinstance(admitted, Exceeds) else admitted
        yield refused
        yield await self._refused(refused, self._row)

    def _affordable(self, full: Exceeds) -> Target | None:
        """Who may be asked in spite of that full budget; None for a request's own first: the budget's policy holds."""
        targets = self._plan.targets
        is_second = self._fell_back_from or self._plan.earlier
        after = targets[targets.index(self._target) + 1 :] if is_second else ()
        fits = partial(self._admission.fits_beside, full.spent, self._sending, caller=self._caller)
        return next((target for target in after if self._choice.admits(target) and fits(target)), None)

    def _pass_over(self, following: Target, why: str) -> FellBack:
        """The target was not asked after all; a cut answer that it was to go on from still stands."""
        self._choice.leave()
        sending = self._sending
        event = self._fall_back(following, "refused", why, continues=False)
        self._sending = sending
        return structs.replace(event, continues=sending is not self._request)

    async def _queue(self) -> AsyncGenerator[Event]:
        """Asks to be admitted. A full budget may be worth a wait."""
        has_told, before = False, None
        while True:
            opened = self._row = self._opened(self._sending, self._target)
            admitted = self._admitted = await self._admission.admit(opened, self._target, self._caller)
            if not isinstance(admitted, Exceeds) or admitted.spent.budget.when_full != "queue":
                return
            # Calls in flight may turn out cheaper than what they have reserved. None may be left by now because all
            # of them have just ended and made room: it is over only when nothing has moved since the look before.
            full, spent_nanousd = admitted.spent.budget, admitted.spent.spent_nanousd
            are_open = await self._router.books.open_attempts(full, at=opened.started_at) > 0
            if not are_open and spent_nanousd == before:
                return
            before = spent_nanousd
            if not are_open:
                continue
            if not has_told:
                has_told = True
                yield Waiting(self._target, LOOK_AGAIN_S, f"budget {full.name} is full of calls in flight.")
            await asyncio.sleep(LOOK_AGAIN_S)
            if self._choice.rests:
                async with aclosing(self._choose_anew()) as choosing:
                    async for event in choosing:
                        yield event
                if self._is_over:
                    return

    async def _choose_anew(self) -> AsyncGenerator[Event]:
        rested_for = self._router.health.rests_for(self._choice.scope) or "unknown"
        self._choice.leave()
        decided = self._decide()
        if isinstance(decided, Refused):
            yield decided
            yield await self._refused(decided, self._opened(self._request))
            return
        self._plan = decided
        if decided.targets[0] == self._target:
            self._choice.take(self._target)
        else:
            why = f"{self._target} began to rest while this request waited."
            yield self._fall_back(decided.targets[0], rested_for, why, continues=False)

    def _call(self, opened: AttemptOpened, target: Target) -> Attempt:
        router = self._router
        return Attempt(
            opened,
            profiled(worded(self._sending, self._caller.prompt, target), self._plan.auto, target),
            way_to(target, opened.lane, self._setup),
            transport=router.transport,
            books=router.books,
            clock=router.clock,
            watch=self._watch,
        )

    def _notices(self) -> list[Event]:
        """What is to be said before the call leaves."""
        notices: list[Event] = [
            BudgetWarned(near.budget.name, near.spent_nanousd, near.budget.limit_nanousd) for near in self._warnings
        ]
        provider = self._setup.catalog.provider(self._target)
        if reduced := left_out(self._sending, provider, DIALECTS[provider.dialect].sight):
            notices.append(ContextReduced(self._target, reduced))
        return notices

    async def _note(self, attempt: Attempt) -> None:
        """What is known after an attempt, however it ended."""
        self._records.append(attempt.record)
        self._retry_s = self._pause_before_retry(attempt.failure) if attempt.failure else None
        await self._choice.learn(attempt.failure, attempt.headroom, is_forgiven=self._retry_s is not None)

    def _pause_before_retry(self, failure: Failure) -> float | None:
        if self._choice.is_probe:  # a provider that was resting gets no second chance at once
            return None
        earlier = [record for record in self._records[:-1] if _target_of(record) == self._target]
        return quick_retry_s(
            failure,
            earlier_attempts=len(earlier),
            was_cut=self._attempt.was_cut,
            chance=self._router.chance(),
        )

    # --- after a failure ---------------------------------------------------------------------------

    async def _after_failure(self) -> AsyncGenerator[Event]:
        if self._retry_s is not None:
            yield Waiting(self._target, self._retry_s, self._sentence)
            await asyncio.sleep(self._retry_s)
            if self._choice.admits(self._target):
                self._choice.take(self._target)
                return
        step = self._next_step()
        if isinstance(step, Try):
            if step.target == self._target:
                self._choice.take(step.target)
            else:
                yield self._fall_back_after_failure(step.target)
            return
        if not step.is_final and self._all_rest():
            async with aclosing(self._decide_patiently()) as deciding:
                async for event in deciding:
                    yield event
            if not isinstance(self._decided, Refused):
                self._plan = self._decided
                if self._plan.targets[0] == self._target:
                    self._choice.take(self._target)
                else:
                    yield self._fall_back_after_failure(self._plan.targets[0])
                return
        yield self._finished(None, self._explained(self._failure))

    def _next_step(self) -> Step:
        return next_step(
            self._failure,
            failed=self._target,
            targets=self._plan.targets,
            attempts=len(self._records),
            admits=self._choice.admits,
            fits=self._has_larger_window,
            policy=self._policy,
            was_cut=self._attempt.was_cut,
            has_other_address=self._choice.has_other_address(),
        )

    def _fall_back_after_failure(self, following: Target) -> FellBack:
        attempt, error_type = self._attempt, self._failure.error_type
        # A blocked answer is not carried on by somebody else, and a blank beginning is none.
        is_worth_it = error_type != "content_filter" and bool(attempt.answer.text.strip())
        continues = attempt.was_cut and is_worth_it and self._policy.on_cut == "continue"
        return self._fall_back(following, error_type, self._sentence, continues=continues)

    def _fall_back(
        self,
        following: Target,
        error_type: ErrorType,
        why: str,
        *,
        continues: bool,
        choice: Choice | None = None,
    ) -> FellBack:
        """The one place where the target changes. `choice`: it was taken already; None = it is taken here."""
        now = self._router.clock.monotonic()
        event = FellBack(self._target, following, error_type, why, now - self._since, continues)
        self._sending = going_on(self._sending, self._attempt.answer.text) if continues else self._request
        self._fell_back_from, self._reason, self._since = self._target, why, now
        if choice is None:
            self._choice.take(following)
        else:
            self._choice = choice
        return event

    def _all_rest(self) -> bool:
        """Whether only waiting can help: a target that could be asked now has just failed, so it is not asked again."""
        return not self._attempt.was_cut and isinstance(self._decide(), Refused)

    def _has_larger_window(self, target: Target) -> bool:
        failed = self._failure.limit_tokens or self._setup.context_window(self._target) or 0
        window = self._setup.context_window(target)
        return window is not None and window > max(failed, estimate_request_tokens(self._sending))

    def _explained(self, failure: Failure) -> Failure:
        """With what a person needs to go on: both token counts, or when somebody will be back."""
        if failure.error_type == "context_length":
            window = failure.limit_tokens or self._setup.context_window(self._target)
            words = both_counts(self._target, estimate_request_tokens(self._sending), window)
        else:
            words = first_back(self._decide(), self._router.clock.now())
        return structs.replace(failure, message=followed_by(failure.message, words))

    # --- the ledger's side -------------------------------------------------------------------------

    @property
    def _failure(self) -> Failure:
        assert self._attempt.failure is not None, "asked only after a failure"
        return self._attempt.failure

    @property
    def _sentence(self) -> str:
        key_variable = self._setup.keys.place(self._target.provider_name, self._attempt.way.lane)
        return failure_sentence(self._target, self._failure, key_variable)

    def _decide(self) -> Plan | Refused:
        return self._router.decide(self._request, self._caller, self._admission, chance=self._chance)

    def _patience_s(self, refused: Refused) -> float | None:
        patience_s = route_of(self._request, self._setup).policy.patience_s
        return self._patience.next_s(refused, now=self._router.clock.now(), patience_s=patience_s)

    def _opened(self, request: ChatRequest, target: Target | None = None, lane: int | None = None) -> AttemptOpened:
        """The row of one attempt; without a target, of a request that never got one. `lane` None = the chosen one."""
        clock, caller, prompt = self._router.clock, self._caller, self._caller.prompt
        git = self._router.git_of(caller)
        return AttemptOpened(
            event_id=clock.new_id(),
            request_id=self._id,
            attempt=len(self._records) + 1 if target else 0,
            started_at=clock.now(),
            provider_name=target.provider_name if target else "",
            request_model=target.model if target else self._request.model or "",
            requested=self._request.model,
            input_tokens_estimate=estimate_request_tokens(request),
            cost_estimate_nanousd=self._admission.estimate(request, target) if target else 0,
            operation_name=caller.operation_name,
            conversation_id=caller.conversation_id,
            session_id=caller.session_id,
            environment=caller.environment.name,
            project=caller.project,
            route=self._plan.route if target else None,
            route_reason=self._reason if target else "",
            fell_back_from=str(self._fell_back_from) if target and self._fell_back_from else None,
            source=caller.source,
            lane=(self._choice.lane if lane is None else lane) if target else 0,
            waited_s=clock.monotonic() - self._began,
            prompt=prompt.use(target) if prompt else None,
            git_commit=git.commit,
            git_is_dirty=git.is_dirty,
        )

    async def _refused(self, refused: Refused, opened: AttemptOpened) -> RequestFinished:
        """A refusal is a row too, free of charge; a question to the person is not yet a refusal."""
        if refused.kind != "confirmation":
            row = unsent(structs.replace(opened, route_reason=refused.reason), "refused")
            await self._router.books.record([row])
            self._records.append(row)
        return self._finished(None)

    def _finished(self, served: Target | None, failure: Failure | None = None) -> RequestFinished:
        self._is_over = True
        return RequestFinished(self._id, self._request.model, served, tuple(self._records), failure)


def _target_of(record: UsageRecord) -> Target:
    return Target(record.opened.provider_name, record.opened.request_model)
