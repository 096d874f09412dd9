"""What routing needs of a ledger and of a price book: narrow enough for a test to stand in for both."""

from typing import Protocol

from burn_tui.core.breaker import Breaker
from burn_tui.core.budget import Budget, Exceeds, Fits, Spent
from burn_tui.core.catalog import Target
from burn_tui.core.events import Refused
from burn_tui.core.health import Scope
from burn_tui.core.latency import Histogram
from burn_tui.core.money import Price
from burn_tui.core.usage import AttemptOpened, GuardOverride, UsageRecord


class Books(Protocol):
    """The ledger, as routing sees it."""

    async def reserve(self, opened: AttemptOpened, budgets: tuple[Budget, ...]) -> Fits | Exceeds:
        """Write the row before the call leaves if its estimate fits into all these budgets, else nothing.

        Looking and writing are one step, also among processes: two requests never share the last cent.
        """
        ...

    async def settle(self, record: UsageRecord) -> None:
        """Complete the row."""

    async def record(self, records: list[UsageRecord]) -> None:
        """Write rows that are complete from the start."""

    async def spent_in_period(self, budget: Budget, *, at: float) -> Spent:
        """What the budget's period around `at` has cost, reservations included."""
        ...

    async def note_override(self, override: GuardOverride) -> None:
        """Write down that a person overruled a guard."""

    async def open_attempts(self, budget: Budget, *, at: float) -> int:
        """Calls in flight, in all processes, that hold a part of the budget's period around `at`."""
        ...

    async def first_chunks(self, target: Target, *, now: float) -> Histogram:
        """The target's times to the first chunk over the last 24 hours; {} = it was not asked."""
        ...

    async def rests(self) -> dict[Scope, tuple[Breaker, str | None]]:
        """The rests that were kept, each with the fingerprint of the key that it was learned with."""
        ...

    async def keep_rest(self, scope: Scope, breaker: Breaker, fingerprint: str | None) -> None:
        """Remember the rest, also after a restart."""


class SharedBudgets(Protocol):
    """The budgets of a whole team, as routing sees them."""

    async def reserve(self, opened: AttemptOpened) -> Fits | Refused:
        """Hold the attempt's estimate until its row arrives; refused where it does not fit, or nobody can be asked."""
        ...


class Prices(Protocol):
    """A price book."""

    async def ready(self) -> None:
        """Returns once prices are known as well as they ever will be."""

    def price(self, target: Target) -> Price | None:
        """None = unknown."""
        ...

    def context_window(self, target: Target) -> int | None:
        """Tokens of prompt and answer together; None = unknown."""
        ...
