"""Budgets of a team are asked last, and whatever comes of it the row of the attempt is not left open."""

import asyncio
from datetime import UTC

import pytest
from msgspec import structs
from support.attempts import opened
from support.ledgers import ledger_with

from burn_tui.core.budget import Budget, Exceeds, Fits, Spent
from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.environment import DEVELOPMENT
from burn_tui.core.events import Refused
from burn_tui.core.money import Price
from burn_tui.core.usage import AttemptOpened
from burn_tui.engine.admission import Admission, Caller
from burn_tui.engine.keys import Keys
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.setup import Setup

TARGET = Target("openai", "gpt-5")
CALLER = Caller(environment=DEVELOPMENT)
OPENED = structs.replace(opened(), cost_estimate_nanousd=10)
NEAR = Spent(Budget(name="team", limit_nanousd=100, timezone=UTC), 90)


class NoPrices:
    async def ready(self) -> None:
        """At once."""

    def price(self, target: Target) -> Price | None:
        return None

    def context_window(self, target: Target) -> int | None:
        return None


class Shared:
    """Says what it was told to say, once it may."""

    def __init__(self, answer: Fits | Refused) -> None:
        self.answer = answer
        self.asked: list[AttemptOpened] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def reserve(self, opened: AttemptOpened) -> Fits | Refused:
        self.asked.append(opened)
        await self.may_answer.wait()
        return self.answer


def admission(ledger: Ledger, shared: Shared, *budgets: Budget) -> Admission:
    provider = Provider(name="openai", dialect="openai-chat", base_url="http://127.0.0.1", models=(Model("gpt-5"),))
    catalog = Catalog({"openai": provider})
    setup = Setup(catalog=catalog, keys=Keys({}, {}), prices=NoPrices(), budgets=budgets, shared_budgets=shared)
    return Admission(setup, ledger)


async def test_a_refusal_of_the_team_closes_the_row() -> None:
    async with ledger_with([], []) as ledger:
        refused = Refused("budget", "The team's budget is full.", "Wait.")
        assert await admission(ledger, Shared(refused)).admit(OPENED, TARGET, CALLER) == refused
        (record,) = await ledger.records()
        assert (record.error_type, record.cost_nanousd) == ("refused", 0)
        assert await ledger.open_attempts() == 0


async def test_warnings_of_the_team_stand_beside_those_of_this_machine() -> None:
    own = Budget(name="own", limit_nanousd=11, timezone=UTC)
    async with ledger_with([], []) as ledger:
        admitted = await admission(ledger, Shared(Fits((NEAR,))), own).admit(OPENED, TARGET, CALLER)
        assert isinstance(admitted, Fits)
        assert [warned.budget.name for warned in admitted.warnings] == ["own", "team"]
        assert await ledger.open_attempts() == 1


async def test_what_this_machine_cannot_afford_is_not_asked_of_the_team() -> None:
    async with ledger_with([], []) as ledger:
        shared = Shared(Fits())
        own = Budget(name="own", limit_nanousd=1, timezone=UTC)
        assert isinstance(await admission(ledger, shared, own).admit(OPENED, TARGET, CALLER), Exceeds)
        assert shared.asked == []


async def test_who_is_cancelled_while_the_team_is_asked_leaves_no_open_row() -> None:
    async with ledger_with([], []) as ledger:
        shared = Shared(Fits())
        shared.may_answer.clear()
        asking = asyncio.create_task(admission(ledger, shared).admit(OPENED, TARGET, CALLER))
        while not shared.asked:  # noqa: ASYNC110 - whoever asks does not know that it is waited for
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        (record,) = await ledger.records()
        assert record.error_type == "cancelled"
        assert await ledger.open_attempts() == 0
