"""The last gate before an attempt: guard, budgets, and the ledger row that reserves its cost."""

import asyncio

from msgspec import Struct

from burn_tui.core.budget import Budget, Exceeds, Fits, Spent, reserve
from burn_tui.core.cascade import Earlier
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, estimate_request_tokens
from burn_tui.core.environment import (
    Allowed,
    Denied,
    Environment,
    NeedsConfirmation,
    Privacy,
    Standing,
    Verdict,
    forbidden,
    guard,
)
from burn_tui.core.events import Confirmation, Refused
from burn_tui.core.money import cost, in_cents, in_dollars
from burn_tui.core.prompt_variants import Wordings
from burn_tui.core.usage import AttemptOpened, GuardOverride, Source, Usage, unsent
from burn_tui.engine.books import Books
from burn_tui.engine.setup import Setup

EXPECTED_OUTPUT_TOKENS = 500
"""Assumed for estimates before an answer exists; a request's own max_output_tokens may lower it."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, from where, for what."""

    environment: Environment
    session_id: str | None = None
    conversation_id: str | None = None
    operation_name: str = "chat"
    project: str | None = None
    source: Source = "router"
    privacy: Privacy = "any"
    is_confirmed: bool = False
    """A person has agreed to paid calls of this session."""
    is_confirmed_now: bool = False
    """A person has agreed to this very request."""
    is_unlocked: bool = False
    """The session has unlocked its environment."""
    test_mark: str | None = None
    """What marks the request as a test; None = nothing does."""
    instead_of: Earlier | None = None
    """The answer in whose place a person wants one of the strong tier; None = it is a question like any other."""
    check: str | None = None
    """The name of the user's command that judges the answer; None = rules and class decide."""
    prompt: Wordings | None = None
    """How the last question reads at each target; None = it is no versioned prompt, and reads alike everywhere."""


class Admission:
    """Decides, for one attempt after another, whether it may leave; if so its row is open."""

    def __init__(self, setup: Setup, books: Books) -> None:
        self.setup = setup
        """What holds for the requests that are admitted here."""
        self.hesitates: str | None = None
        """Why a person has to agree to whatever is asked; None = only environments ask."""
        self._books = books
        self._counted: tuple[ChatRequest, int] | None = None
        """The last request whose tokens were counted: every target's price asks for the same ones."""

    def estimate(self, request: ChatRequest, target: Target) -> int | None:
        """Nano-USD that `request` will roughly cost at `target`; None = the price is unknown."""
        price = self.setup.prices.price(target)
        if price is None:
            return None
        output = min(request.max_output_tokens or EXPECTED_OUTPUT_TOKENS, EXPECTED_OUTPUT_TOKENS)
        return cost(Usage(input_tokens=self._input_tokens(request), output_tokens=output), price)

    def _input_tokens(self, request: ChatRequest) -> int:
        if self._counted is None or self._counted[0] is not request:
            self._counted = request, estimate_request_tokens(request)
        return self._counted[1]

    def forbidden(self, request: ChatRequest, target: Target, caller: Caller) -> Denied | None:
        """Why no yes would help `request` to reach `target`; None where it might."""
        standing = self._standing(target, caller, self.estimate(request, target))
        return forbidden(caller.environment, target, standing)

    def verdict(self, target: Target, caller: Caller, estimate_nanousd: int | None) -> Verdict:
        """The guard's word on this attempt."""
        word = guard(caller.environment, target, self._standing(target, caller, estimate_nanousd))
        is_undecided = isinstance(word, Allowed) and self.hesitates is not None and not caller.is_confirmed_now
        return NeedsConfirmation(self.hesitates or "") if is_undecided else word

    async def admit(self, opened: AttemptOpened, target: Target, caller: Caller) -> Fits | Exceeds | Refused:
        """Open the attempt's row if guard and budgets let it pass; otherwise nothing is written."""
        match self.verdict(target, caller, opened.cost_estimate_nanousd):
            case Denied(why, mend):
                return Refused("guard", why, mend)
            case NeedsConfirmation(why, unlocks):
                mend = "Say yes in the dashboard, or pass --yes."
                return Refused("confirmation", why, mend, await self._facts(opened, target, caller, unlocks=unlocks))
            case _:
                reserved = await self._books.reserve(opened, self._covering(opened))
                if not isinstance(reserved, Fits):
                    return reserved
                try:
                    shared = await self._reserve_shared(opened)
                    if isinstance(shared, Fits) and caller.is_confirmed_now:
                        await self._note_override(opened, target, caller)
                except BaseException:
                    # Nobody else knows yet that the row is open.
                    await asyncio.shield(self._books.settle(unsent(opened, "cancelled")))
                    raise
                if isinstance(shared, Refused):
                    await self._books.settle(unsent(opened, "refused"))
                    return shared
                return Fits(reserved.warnings + shared.warnings)

    async def _reserve_shared(self, opened: AttemptOpened) -> Fits | Refused:
        """After this machine's own budgets, which cost nothing to ask: the team's, where there is one."""
        shared = self.setup.shared_budgets
        return Fits() if shared is None else await shared.reserve(opened)

    def fits_beside(self, full: Spent, request: ChatRequest, target: Target, *, caller: Caller) -> bool:
        """Whether a call to `target` is no matter of this full budget, or cheap enough for what is left of it."""
        is_covered = full.budget.covers(
            provider_name=target.provider_name,
            environment=caller.environment.name,
            session_id=caller.session_id,
            project=caller.project,
        )
        return not is_covered or isinstance(reserve(self.estimate(request, target), [full]), Fits)

    def _standing(self, target: Target, caller: Caller, estimate_nanousd: int | None) -> Standing:
        return Standing(
            is_local=self.setup.is_local(target),
            estimate_nanousd=estimate_nanousd,
            privacy=caller.privacy,
            is_confirmed=caller.is_confirmed,
            is_confirmed_now=caller.is_confirmed_now,
            is_unlocked=caller.is_unlocked,
            test_mark=caller.test_mark,
            working_prompt=caller.prompt.working_at(target) if caller.prompt else None,
        )

    def _covering(self, opened: AttemptOpened) -> tuple[Budget, ...]:
        return tuple(
            budget
            for budget in self.setup.budgets
            if budget.covers(
                provider_name=opened.provider_name,
                environment=opened.environment,
                session_id=opened.session_id,
                project=opened.project,
            )
        )

    async def _note_override(self, opened: AttemptOpened, target: Target, caller: Caller) -> None:
        """A yes that made the difference is a row, so that it can be told later who let what pass."""
        hesitant = Caller(environment=caller.environment, privacy=caller.privacy, test_mark=caller.test_mark)
        verdict = self.verdict(target, hesitant, opened.cost_estimate_nanousd)
        if isinstance(verdict, NeedsConfirmation):
            override = GuardOverride(
                event_id=opened.event_id,
                at=opened.started_at,
                environment=opened.environment,
                session_id=opened.session_id,
                why=verdict.why,
                unlocked=verdict.unlocks,
            )
            await self._books.note_override(override)

    async def _facts(self, opened: AttemptOpened, target: Target, caller: Caller, *, unlocks: bool) -> Confirmation:
        spent = [await self._books.spent_in_period(budget, at=opened.started_at) for budget in self._covering(opened)]
        fullest = max(spent, key=_share, default=None)
        keys = self.setup.keys
        return Confirmation(
            target=target,
            environment=caller.environment.name,
            key_variable=keys.place(target.provider_name, opened.lane),
            key_fingerprint=keys.fingerprint(target.provider_name, opened.lane),
            input_tokens_estimate=opened.input_tokens_estimate,
            cost_estimate_nanousd=opened.cost_estimate_nanousd,
            budget=fullest.budget.name if fullest else None,
            budget_spent_nanousd=fullest.spent_nanousd if fullest else 0,
            budget_limit_nanousd=fullest.budget.limit_nanousd if fullest else 0,
            unlocks_for_s=caller.environment.unlock_s if unlocks else None,
        )


def _share(spent: Spent) -> float:
    return spent.spent_nanousd / spent.budget.limit_nanousd if spent.budget.limit_nanousd else 1.0


def over_budget(exceeds: Exceeds, target: Target) -> Refused:
    """The refusal of a request that does not fit."""
    budget = exceeds.spent.budget
    spent, limit = in_dollars(exceeds.spent.spent_nanousd), in_cents(budget.limit_nanousd)
    return Refused(
        "budget",
        f"Budget {budget.name} has {spent} of {limit} spent or reserved, and a call to {target} does not fit.",
        f"Raise budgets.{budget.name}.limit_usd in the settings, wait for the next {budget.period}, "
        "or use a free local model.",
    )
