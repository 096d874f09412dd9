"""The last gate before an attempt: guard, budgets, and the ledger row that reserves its cost."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from msgspec import Struct

from burn_tui.core.budget import Budget, Exceeds, Fits, Spent, period_of, reserve
from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, estimate_input_tokens
from burn_tui.core.environment import Denied, Environment, NeedsConfirmation, Verdict, guard
from burn_tui.core.events import Confirmation, Refused
from burn_tui.core.money import NANOUSD, Price, cost
from burn_tui.core.usage import AttemptOpened, Source, Usage, UsageRecord
from burn_tui.engine.keys import Keys

EXPECTED_OUTPUT_TOKENS = 500
"""Assumed for estimates before an answer exists; a request's own max_output_tokens may lower it."""


class Books(Protocol):
    """What routing needs of a ledger."""

    async def open_attempt(self, opened: AttemptOpened) -> None:
        """Write the row before the call leaves."""

    async def settle(self, record: UsageRecord) -> None:
        """Complete the row."""

    async def record(self, records: list[UsageRecord]) -> None:
        """Write rows that are complete from the start."""

    async def spent(
        self,
        *,
        since: float,
        until: float,
        provider_name: str | None = None,
        environment: str | None = None,
        session_id: str | None = None,
        project: str | None = None,
    ) -> int:
        """Nano-USD between two times (seconds since the epoch), reservations of open rows included."""
        ...


class Prices(Protocol):
    """What routing needs of a price book."""

    async def ready(self) -> None:
        """Returns once prices are known as well as they ever will be."""

    def price(self, target: Target) -> Price | None:
        """None = unknown."""
        ...


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, from where, for what."""

    environment: Environment
    session_id: str | None = None
    conversation_id: str | None = None
    operation_name: str = "chat"
    project: str | None = None
    source: Source = "router"
    confirmed: bool = False
    """True = a person has said yes to this very request."""


class Admission:
    """Decides, for one attempt after another, whether it may leave; if so its row is open."""

    def __init__(self, *, budgets: tuple[Budget, ...], keys: Keys, prices: Prices, books: Books) -> None:
        self._budgets = budgets
        self._keys = keys
        self._prices = prices
        self._books = books
        self._reserving = asyncio.Lock()

    def estimate(self, request: ChatRequest, target: Target) -> int | None:
        """Nano-USD that `request` will roughly cost at `target`; None = the price is unknown."""
        price = self._prices.price(target)
        if price is None:
            return None
        output = min(request.max_output_tokens or EXPECTED_OUTPUT_TOKENS, EXPECTED_OUTPUT_TOKENS)
        return cost(Usage(input_tokens=estimate_input_tokens(request.messages), output_tokens=output), price)

    def verdict(self, target: Target, caller: Caller, estimate_nanousd: int | None) -> Verdict:
        """The guard's word on this attempt."""
        return guard(caller.environment, target, is_free=estimate_nanousd == 0, confirmed=caller.confirmed)

    async def admit(self, opened: AttemptOpened, target: Target, caller: Caller) -> Fits | Refused:
        """Open the attempt's row if guard and budgets let it pass; otherwise nothing is written."""
        match self.verdict(target, caller, opened.cost_estimate_nanousd):
            case Denied(why, mend):
                return Refused("guard", why, mend)
            case NeedsConfirmation(why):
                mend = "Say yes in the dashboard, or pass --yes."
                return Refused("confirmation", why, mend, self._facts(opened, target, caller))
            case _:
                return await self._reserve(opened)

    async def _reserve(self, opened: AttemptOpened) -> Fits | Refused:
        # Looking at what is spent and adding to it must be one step, or two requests share the last cent.
        async with self._reserving:
            fits = reserve(
                opened.cost_estimate_nanousd, [await self._spent(budget, opened) for budget in self._covering(opened)]
            )
            if isinstance(fits, Exceeds):
                return _over_budget(fits, opened)
            await self._books.open_attempt(opened)
            return fits

    def _covering(self, opened: AttemptOpened) -> list[Budget]:
        return [
            budget
            for budget in self._budgets
            if budget.covers(
                provider_name=opened.provider_name,
                environment=opened.environment,
                session_id=opened.session_id,
                project=opened.project,
            )
        ]

    async def _spent(self, budget: Budget, opened: AttemptOpened) -> Spent:
        start, end = period_of(budget, datetime.fromtimestamp(opened.started_at, UTC))
        kind, _, name = budget.scope.partition(":")
        label: Mapping[str, str] = {} if kind == "all" else {_LABELS[kind]: name}
        spent = await self._books.spent(since=start.timestamp(), until=end.timestamp(), **label)
        return Spent(budget, spent)

    def _facts(self, opened: AttemptOpened, target: Target, caller: Caller) -> Confirmation:
        return Confirmation(
            target=target,
            environment=caller.environment.name,
            key_variable=self._keys.place(target.provider_name),
            input_tokens_estimate=opened.input_tokens_estimate,
            cost_estimate_nanousd=opened.cost_estimate_nanousd,
        )


_LABELS = {"provider": "provider_name", "environment": "environment", "session": "session_id", "project": "project"}


def _over_budget(exceeds: Exceeds, opened: AttemptOpened) -> Refused:
    budget = exceeds.spent.budget
    spent, limit = exceeds.spent.spent_nanousd / NANOUSD, budget.limit_nanousd / NANOUSD
    return Refused(
        "budget",
        f"Budget {budget.name} has ${spent:.4f} of ${limit:.2f} spent or reserved, "
        f"and a call to {opened.provider_name}/{opened.request_model} does not fit.",
        f"Raise budgets.{budget.name}.limit_usd in the settings, wait for the next {budget.period}, "
        "or use a free local model.",
    )
