"""Looks at the answer of one request, and says who is asked instead where it is none.

flaw ──none──> that was the answer
  └── following ──nobody dearer, or no room──> it stays the answer, and learning hears of it
            └── Escalated: once, never a second time
"""

import os
from typing import TYPE_CHECKING

from msgspec import structs

from burn_tui.core.budget import Exceeds
from burn_tui.core.cascade import Cascade, following, stronger
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest
from burn_tui.core.checks import Flaw, flaw
from burn_tui.core.environment import Allowed
from burn_tui.core.events import Escalated, NotEscalated, Refused, Waiting
from burn_tui.core.money import cost
from burn_tui.core.routing import Plan
from burn_tui.core.usage import AttemptOpened, UsageRecord
from burn_tui.engine.admission import Admission, Caller, over_budget
from burn_tui.engine.attempt import Attempt
from burn_tui.engine.auto.cascades import CascadeRow
from burn_tui.engine.auto.check_command import judged
from burn_tui.engine.auto.retries import ESCALATED
from burn_tui.engine.choice import Choice

if TYPE_CHECKING:
    from burn_tui.engine.router import Router


class Verification:
    """Of one answer."""

    def __init__(
        self, router: "Router", plan: Plan, request: ChatRequest, caller: Caller, admission: Admission
    ) -> None:
        self._router = router
        self._plan = plan
        self._request = request
        self._caller = caller
        self._admission = admission

    def waiting(self, attempt: Attempt) -> Waiting | None:
        """What is said before the user's command runs; None = none will."""
        command = None if self._passes(attempt) else self._cascade.wanted.command
        if command is None:
            return None
        return Waiting(attempt.way.target, command.timeout_s, f"Check {command.name} runs, at most that long.")

    async def flaw(self, attempt: Attempt, *, runs_command: bool = True) -> Flaw | None:
        """What is wrong with the answer; None = nothing is, or it calls tools, or nothing is checked."""
        if self._passes(attempt):
            return None
        wanted, text = self._cascade.wanted, attempt.answer.text
        found = flaw(wanted, text, attempt.record.finish_reason)
        if found is not None or wanted.command is None or not runs_command:
            return found
        said = await judged(wanted.command, text, project=self._router.directory, environ=os.environ)
        if said.word == "cannot":
            self._router.cascades.tell_once(f"{said.why} Answers pass unchecked; look at checks: in the settings.")
        return Flaw("command", said.why) if said.word == "failed" else None

    def following(self, failed: Target, choice: Choice) -> Target | None:
        """Who is asked instead; None = nobody, and the answer stays."""
        if (decided := self._plan.auto) is None:
            return None
        open_now = [target for target in self._plan.targets if choice.admits(target)]
        return following(decided, self._cascade, failed, open_now, self._estimate)

    async def hindrance(self, opened: AttemptOpened, target: Target) -> str | None:
        """What keeps the stronger target from being asked without a question; None = nothing, and its row is open."""
        decided = self._plan.auto
        if decided is not None and decided.tiers.get(target) == "strong":
            capped = self._router.auto.over_cap(self._admission.setup.auto, is_counted=True)
            if capped is not None:
                return f"{capped}."
        verdict = self._admission.verdict(target, self._caller, opened.cost_estimate_nanousd)
        if not isinstance(verdict, Allowed):
            return verdict.why
        match await self._admission.admit(opened, target, self._caller):
            case Exceeds() as exceeds:
                return over_budget(exceeds, target).reason
            case Refused(reason=reason):
                return reason
            case _:
                return None

    def escalated(self, found: Flaw, record: UsageRecord, following: Target) -> Escalated:
        """What is said of it, with both costs."""
        first = Target(record.opened.provider_name, record.opened.request_model)
        return Escalated(
            first,
            following,
            f"{first} was asked first, and its answer {found.why}.",
            from_nanousd=record.cost_nanousd,
            to_nanousd=self._estimate(following),
        )

    async def failed(self, request_id: str, target: Target, *, is_escalated: bool) -> None:
        """Let auto learn that an answer was none."""
        await self._router.auto.failed(request_id, target, "escalated" if is_escalated else "failed_check")

    async def note(
        self, first: UsageRecord, found: Flaw | None, following: Target | None, second: UsageRecord | None
    ) -> None:
        """Measure what the check was worth: not where no price is known, nor where nothing strict was checked."""
        decided = self._plan.auto
        target = Target(first.opened.provider_name, first.opened.request_model)
        if decided is None or self._plan.cascade is None or self._cascade.is_off or first.cost_nanousd is None:
            return
        if found is None and not self._cascade.wanted.is_strict:
            return
        if following is None:
            following = stronger(decided, target, self._plan.targets, self._estimate, ratio=self._cascade.ratio)
        if following is None:
            return
        price = self._admission.setup.prices.price(following)
        usage = structs.replace(first.usage, cost_nanousd=None)
        strong = cost(usage, price) if price is not None else None
        if second is not None and second.error_type is None and second.cost_nanousd is not None:
            strong = second.cost_nanousd
        if strong is None:
            return
        row = CascadeRow(
            at_us=int(self._router.clock.now() * 1e6),
            request_id=first.opened.request_id,
            task=decided.task,
            event_id=first.opened.event_id,
            target=str(target),
            cheap_nanousd=first.cost_nanousd,
            strong_event_id=second.opened.event_id if second else None,
            strong_target=str(following),
            strong_nanousd=strong,
            has_failed=found is not None,
            why=found.why if found else "",
        )
        await self._router.cascades.note(row)

    def _passes(self, attempt: Attempt) -> bool:
        """Whether nothing of it is checked."""
        return self._plan.cascade is None or attempt.answer.has_calls

    @property
    def _cascade(self) -> Cascade:
        assert self._plan.cascade is not None, "asked only where something is checked"
        return self._plan.cascade

    def _estimate(self, target: Target) -> int | None:
        return self._admission.estimate(self._request, target)


def left_standing(found: Flaw, target: Target, following_: Target, hindrance: str) -> NotEscalated:
    """What is said where the stronger target is not asked."""
    why = f"The answer of {target} {found.why}, and {following_} is not asked: {hindrance}"
    return NotEscalated(target, following_, why)


def row_reason(escalated: Escalated) -> str:
    """Why the stronger target was asked, for its row in the ledger."""
    return f"{ESCALATED}{escalated.why} {escalated.costs}".strip()
