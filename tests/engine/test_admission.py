"""Nothing leaves that guard and budgets do not let pass, and whatever may leave has its row first."""

import asyncio
from datetime import UTC

import pytest
from msgspec import structs
from support.attempts import NOW, opened

from burn_tui.core.breaker import Breaker
from burn_tui.core.budget import Budget, Exceeds, Fits, Spent, reserve
from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import Environment
from burn_tui.core.events import Refused
from burn_tui.core.health import Scope
from burn_tui.core.latency import Histogram
from burn_tui.core.money import FREE, Price, Rates
from burn_tui.core.usage import AttemptOpened, GuardOverride, UsageRecord
from burn_tui.engine.admission import EXPECTED_OUTPUT_TOKENS, Admission, Caller, over_budget
from burn_tui.engine.keys import KeyReference, Keys
from burn_tui.engine.setup import Setup

PAID, LOCAL, UNPRICED = Target("openai", "gpt"), Target("ollama", "qwen"), Target("nobody", "new")
DAILY = Budget(name="daily", limit_nanousd=30, timezone=UTC)

ANYWHERE = Caller(environment=Environment(name="development", hue="violet"))
ASKING = Caller(environment=Environment(name="production", hue="blue", confirm=True))
LOCKED = Caller(environment=Environment(name="vault", hue="blue", lock=True, unlock_s=60.0))
NARROW = Caller(environment=Environment(name="local", hue="yellow", allow=("ollama",)))


class FakePrices:
    """A price book of three lines."""

    async def ready(self) -> None:
        """At once."""

    def price(self, target: Target) -> Price | None:
        """A nano-USD a token, nothing, or unknown."""
        paid = Price(rates=Rates(input_rate=1_000_000, output_rate=1_000_000))
        return {PAID: paid, LOCAL: FREE}.get(target)

    def context_window(self, target: Target) -> int | None:
        """Unknown."""
        return None


class FakeBooks:
    """Books in memory, which do one thing at a time and let others in between."""

    def __init__(self) -> None:
        self.rows: list[AttemptOpened] = []
        self.overrides: list[GuardOverride] = []
        self._lock = asyncio.Lock()

    async def reserve(self, opened: AttemptOpened, budgets: tuple[Budget, ...]) -> Fits | Exceeds:
        """As the ledger does, with a pause at the dangerous moment."""
        async with self._lock:
            spent = [await self.spent_in_period(budget, at=opened.started_at) for budget in budgets]
            await asyncio.sleep(0)
            verdict = reserve(opened.cost_estimate_nanousd, spent)
            if isinstance(verdict, Fits):
                self.rows.append(opened)
            return verdict

    async def spent_in_period(self, budget: Budget, *, at: float) -> Spent:
        """What is reserved."""
        return Spent(budget, sum(row.cost_estimate_nanousd or 0 for row in self.rows))

    async def note_override(self, override: GuardOverride) -> None:
        """Remember it."""
        self.overrides.append(override)

    async def settle(self, record: UsageRecord) -> None:
        """Not of interest here."""

    async def record(self, records: list[UsageRecord]) -> None:
        """Not of interest here."""

    async def open_attempts(self, budget: Budget, *, at: float) -> int:
        """All rows."""
        return len(self.rows)

    async def first_chunks(self, target: Target, *, now: float) -> Histogram:
        """None."""
        return {}

    async def rests(self) -> dict[Scope, tuple[Breaker, str | None]]:
        """None."""
        return {}

    async def keep_rest(self, scope: Scope, breaker: Breaker, fingerprint: str | None) -> None:
        """Not of interest here."""


@pytest.fixture
def books() -> FakeBooks:
    return FakeBooks()


def _admission(books: FakeBooks, *budgets: Budget) -> Admission:
    providers = {
        target.provider_name: Provider(
            name=target.provider_name,
            dialect="openai-chat",
            base_url="http://127.0.0.1",
            models=(Model(target.model),),
            is_local=target is LOCAL,
        )
        for target in (PAID, LOCAL, UNPRICED)
    }
    keys = Keys({"openai": (KeyReference("environment", "OPENAI_API_KEY"),)}, {"OPENAI_API_KEY": "sk-0123456789"})
    setup = Setup(catalog=Catalog(providers), keys=keys, prices=FakePrices(), budgets=budgets)
    return Admission(setup, books)


def _attempt(target: Target, estimate: int | None, caller: Caller = ANYWHERE) -> AttemptOpened:
    return opened(
        provider_name=target.provider_name,
        request_model=target.model,
        cost_estimate_nanousd=estimate,
        environment=caller.environment.name,
        input_tokens_estimate=12,
    )


async def test_of_thirty_two_that_ask_at_once_a_budget_for_three_lets_exactly_three_through(books: FakeBooks) -> None:
    admission = _admission(books, DAILY)
    verdicts = await asyncio.gather(*(admission.admit(_attempt(PAID, 10), PAID, ANYWHERE) for _ in range(32)))
    assert sum(isinstance(verdict, Fits) for verdict in verdicts) == 3
    assert sum(isinstance(verdict, Exceeds) for verdict in verdicts) == 29
    assert len(books.rows) == 3


async def test_only_the_budgets_that_cover_a_request_are_asked(books: FakeBooks) -> None:
    nothing_left = Budget(name="theirs", limit_nanousd=0, timezone=UTC, scope="provider:anthropic")
    assert isinstance(await _admission(books, nothing_left).admit(_attempt(PAID, 10), PAID, ANYWHERE), Fits)
    ours = structs.replace(nothing_left, scope="provider:openai")
    assert isinstance(await _admission(books, ours).admit(_attempt(PAID, 10), PAID, ANYWHERE), Exceeds)


async def test_an_unknown_price_is_admitted_while_anything_is_left(books: FakeBooks) -> None:
    admission = _admission(books, DAILY)
    assert isinstance(await admission.admit(_attempt(UNPRICED, None), UNPRICED, ANYWHERE), Fits)
    await admission.admit(_attempt(PAID, 30), PAID, ANYWHERE)
    assert isinstance(await admission.admit(_attempt(UNPRICED, None), UNPRICED, ANYWHERE), Exceeds)


async def test_what_is_free_is_admitted_even_when_nothing_is_left(books: FakeBooks) -> None:
    admission = _admission(books, structs.replace(DAILY, limit_nanousd=0))
    assert isinstance(await admission.admit(_attempt(LOCAL, 0), LOCAL, ANYWHERE), Fits)


async def test_what_the_guard_denies_leaves_no_row_whatever_anybody_says(books: FakeBooks) -> None:
    caller = structs.replace(NARROW, is_confirmed=True, is_confirmed_now=True, is_unlocked=True)
    verdict = await _admission(books).admit(_attempt(PAID, 10, caller), PAID, caller)
    assert isinstance(verdict, Refused)
    assert (verdict.kind, verdict.reason) == ("guard", "local may not call openai.")
    assert "environments.local.allow" in verdict.mend
    assert books.rows == []


@pytest.mark.parametrize(("target", "estimate", "asks"), [(PAID, 10, True), (UNPRICED, None, True), (LOCAL, 0, False)])
async def test_what_may_cost_something_is_asked_about_first(
    books: FakeBooks, target: Target, estimate: int | None, asks: bool
) -> None:
    verdict = await _admission(books).admit(_attempt(target, estimate, ASKING), target, ASKING)
    assert isinstance(verdict, Refused if asks else Fits)
    assert len(books.rows) == (0 if asks else 1)


async def test_the_question_names_the_key_the_cost_and_the_fullest_budget(books: FakeBooks) -> None:
    roomy = Budget(name="roomy", limit_nanousd=1_000, timezone=UTC)
    admission = _admission(books, roomy, DAILY)
    await admission.admit(_attempt(PAID, 20), PAID, ANYWHERE)
    verdict = await admission.admit(_attempt(PAID, 7, ASKING), PAID, ASKING)
    assert isinstance(verdict, Refused)
    assert verdict.kind == "confirmation"
    facts = verdict.confirmation
    assert facts is not None
    assert (facts.target, facts.environment, facts.key_variable) == (PAID, "production", "OPENAI_API_KEY")
    assert (facts.input_tokens_estimate, facts.cost_estimate_nanousd) == (12, 7)
    assert (facts.budget, facts.budget_spent_nanousd, facts.budget_limit_nanousd) == ("daily", 20, 30)
    assert facts.key_fingerprint is not None
    assert facts.key_fingerprint not in "sk-0123456789"
    assert facts.unlocks_for_s is None


async def test_a_question_about_a_locked_environment_says_for_how_long_a_yes_unlocks_it(books: FakeBooks) -> None:
    verdict = await _admission(books).admit(_attempt(PAID, 7, LOCKED), PAID, LOCKED)
    assert isinstance(verdict, Refused)
    assert verdict.confirmation is not None
    assert verdict.confirmation.unlocks_for_s == 60.0


async def test_a_yes_that_made_the_difference_is_written_down(books: FakeBooks) -> None:
    confirmed = structs.replace(ASKING, is_confirmed_now=True)
    attempt = _attempt(PAID, 7, confirmed)
    assert isinstance(await _admission(books).admit(attempt, PAID, confirmed), Fits)
    assert books.rows == [attempt]
    (override,) = books.overrides
    assert (override.event_id, override.at, override.unlocked) == (attempt.event_id, NOW, False)
    assert "asks before paid calls" in override.why


async def test_a_yes_that_nobody_had_asked_for_is_not_written_down(books: FakeBooks) -> None:
    confirmed = structs.replace(ANYWHERE, is_confirmed_now=True)
    await _admission(books).admit(_attempt(PAID, 7), PAID, confirmed)
    assert len(books.rows) == 1
    assert books.overrides == []


async def test_a_yes_does_not_stretch_a_budget(books: FakeBooks) -> None:
    confirmed = structs.replace(ASKING, is_confirmed_now=True)
    assert isinstance(await _admission(books, DAILY).admit(_attempt(PAID, 31, confirmed), PAID, confirmed), Exceeds)
    assert (books.rows, books.overrides) == ([], [])


def test_an_estimate_is_of_the_prompt_and_a_usual_answer(books: FakeBooks) -> None:
    admission = _admission(books)
    request = ChatRequest(messages=(said("user", "x" * 400),))
    frame = 4
    assert admission.estimate(request, PAID) == 100 + frame + EXPECTED_OUTPUT_TOKENS
    assert admission.estimate(structs.replace(request, max_output_tokens=10), PAID) == 100 + frame + 10
    assert admission.estimate(request, LOCAL) == 0
    assert admission.estimate(request, UNPRICED) is None


def test_a_refusal_for_money_names_the_budget_and_what_to_do() -> None:
    budget = Budget(name="daily", limit_nanousd=20_000_000_000, timezone=UTC)
    refused = over_budget(Exceeds(Spent(budget, 19_995_000_000)), PAID)
    assert refused.kind == "budget"
    assert refused.reason == (
        "Budget daily has $19.9950 of $20.00 spent or reserved, and a call to openai/gpt does not fit."
    )
    assert "budgets.daily.limit_usd" in refused.mend


def test_a_budget_of_less_than_a_cent_is_told_with_the_digits_that_it_has() -> None:
    budget = Budget(name="daily", limit_nanousd=4_200_000, timezone=UTC)
    assert "has $0.000021 of $0.004200 spent" in over_budget(Exceeds(Spent(budget, 21_000)), PAID).reason
    assert "has $0.000000500 of $0.004200 spent" in over_budget(Exceeds(Spent(budget, 500)), PAID).reason
