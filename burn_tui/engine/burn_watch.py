"""Watches what is burnt: learns what is usual, decides what is worth an interruption, and remembers what it has told.

    ledger ──> who spent what ──┬── core.alarms ──> new states, what to tell ──> the ledger's file
    hours ──> the usual day ────┘

A look that finds nothing written since the last one, within the same minute, costs one tiny query.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from sqlite3 import Connection

from msgspec import Struct

from burn_tui.core.alarms import BudgetSpending, States, next_prices, next_states
from burn_tui.core.alerts import Notification, Samples, Told
from burn_tui.core.bottlenecks import Bottleneck, bottlenecks
from burn_tui.core.budget import Budget, period_of
from burn_tui.core.catalog import Target
from burn_tui.core.errors import LedgerUnavailableError
from burn_tui.core.expectation import Expectation, Measure
from burn_tui.core.minutes import minute_of
from burn_tui.core.money import Price
from burn_tui.core.tension import Drift
from burn_tui.engine import burn_memory as memory
from burn_tui.engine import burn_queries as queries
from burn_tui.engine.burn_reading import Expectations, by_minute, learned
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.ledger_rows import microseconds

Step = Callable[[Connection, States], tuple[States, list[Notification]]]
"""From what is remembered to what is remembered next, and what must be told."""


class Waiting(Struct, frozen=True):
    """How the waiting is. It changes slowly, so it is looked at once a minute."""

    attempts: int
    """Within the last hour."""
    failures: int
    drift: Drift | None
    slowest: tuple[Bottleneck, ...]


class Seen(Struct, frozen=True, kw_only=True):
    """What one look saw."""

    expectation: Expectation
    """Of money."""
    live: Mapping[int, int]
    """Nano-USD by minute, of live rows and calls in flight."""
    told: tuple[Told, ...]
    """What nobody has dismissed yet, the latest first."""
    waiting: Waiting
    version: tuple[int, ...]
    """Of the ledger, as it was looked at."""


class BurnWatch:
    """One for a process. All processes that share a ledger share what it remembers."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._daily: Budget | None = None
        """The budget that the expectations were learned for."""
        self._expectations: Expectations = {}
        self._states = States()
        """After the last look."""
        self._unkept: States | None = None
        """What should have been written and could not be; None = everything is."""
        self._untold: list[Told] = []
        self._seen: tuple[object, Seen] | None = None
        self._waiting: tuple[object, Waiting] | None = None

    async def look(self, now: float, *, daily: Budget, budgets: Sequence[Budget], slow_s: float) -> Seen:
        """What is burnt at `now`, seconds since the epoch; whatever is worth it is told.

        `daily`: the budget whose days are learned; a limit of 0 = there is none, only a time zone. `slow_s`: the
        median above which an operation is slow.
        """
        await self._learn(now, daily)
        version = await self._ledger.data_version()
        key = (version, minute_of(now), daily, tuple(budgets), slow_s)
        if self._seen is None or self._seen[0] != key:
            waiting = await self._waiting_at(now, slow_s)
            samples = await self._alarm(now, budgets)
            seen = Seen(
                expectation=self._expectations["nanousd"],
                live=by_minute(samples["nanousd"]),
                told=await self.told(standing_only=True),
                waiting=waiting,
                version=version,
            )
            self._seen = (key, seen)
        return self._seen[1]

    def relearn(self) -> None:
        """Learn anew at the next look: an import has changed the past."""
        self._daily = None

    async def note_prices(self, prices: Mapping[Target, Price], *, now: float) -> None:
        """Remember what models cost now, and tell of those in use that have become dearer or cheaper."""
        used = await self._ledger.reading(partial(queries.used, now=now))
        await self._step(now, lambda _, states: next_prices(states, prices, used))

    async def told(self, *, standing_only: bool = False) -> tuple[Told, ...]:
        """What was told, the latest first, dismissed or not."""
        kept = await self._ledger.reading(partial(memory.told, standing_only=standing_only))
        return (*reversed(self._untold), *kept)

    async def dismiss(self, told: Told, *, now: float) -> None:
        """A person has seen it; it does not stand on screen any more."""
        self._untold = [one for one in self._untold if one.id != told.id]
        await self._ledger.writing(partial(memory.dismiss, told_id=told.id, at_us=microseconds(now)))
        self._seen = None

    # --- how ----------------------------------------------------------------------------------------

    async def _learn(self, now: float, daily: Budget) -> None:
        known = self._expectations.get("nanousd")
        if self._daily == daily and known is not None and now < known.day_end:
            return
        # In the database's thread: half a year of hours takes longer than the event loop may wait.
        self._expectations = await self._ledger.reading(partial(learned, daily=daily, now=now))
        self._daily = daily
        self._seen = None

    async def _waiting_at(self, now: float, slow_s: float) -> Waiting:
        key = (minute_of(now), slow_s)
        if self._waiting is None or self._waiting[0] != key:
            self._waiting = (key, await self._ledger.reading(partial(_waiting, now=now, slow_s=slow_s)))
        return self._waiting[1]

    async def _alarm(self, now: float, budgets: Sequence[Budget]) -> Mapping[Measure, Samples]:
        expectations = self._expectations
        day_start = expectations["nanousd"].day_start
        found: Mapping[Measure, Samples] = {}

        def step(connection: Connection, states: States) -> tuple[States, list[Notification]]:
            nonlocal found
            spendings = [_budget_spending(connection, budget, now) for budget in budgets]
            # Nearly always there is nothing to tell, and then it does not matter whose spending it is.
            for by_operation in (False, True):
                found = queries.burnt(connection, day_start=day_start, now=now, by_operation=by_operation)
                after, news = next_states(states, samples=found, expectations=expectations, budgets=spendings, now=now)
                if not news:
                    break
            return after, news

        await self._step(now, step)
        return found

    async def _step(self, now: float, step: Step) -> None:
        """Go from the states that are remembered to the next ones, and keep those that matter.

        Nearly always nothing has to be written, so that is found out first; who writes decides again, because another
        process may have told of it meanwhile.
        """
        before, after, news = await self._ledger.reading(lambda connection: self._next(connection, step))
        if news or self._unkept or after.is_worth_keeping_after(before):
            try:
                after = await self._ledger.writing(lambda connection: self._kept(connection, step, now))
                self._unkept, self._untold = None, []
            except LedgerUnavailableError:
                # The ledger says so itself (Ledger.trouble); the person is told all the same.
                self._unkept = after
                self._untold += _told(news, now)
        self._states = after

    def _next(self, connection: Connection, step: Step) -> tuple[States, States, list[Notification]]:
        before = (self._unkept or memory.states(connection)).with_live_of(self._states)
        return before, *step(connection, before)

    def _kept(self, connection: Connection, step: Step, now: float) -> States:
        _, after, news = self._next(connection, step)
        memory.keep(connection, after)
        memory.tell(connection, [*self._untold, *_told(news, now)])
        return after


def _told(news: Sequence[Notification], now: float) -> list[Told]:
    return [Told(id=microseconds(now) + place, at=now, what=what) for place, what in enumerate(news)]


def _waiting(connection: Connection, *, now: float, slow_s: float) -> Waiting:
    attempts, failures = queries.last_hour(connection, now=now)
    works, speeds = queries.works(connection, now=now, slow_s=slow_s)
    drift = queries.worst_drift(connection, now=now)
    return Waiting(attempts, failures, drift, bottlenecks(works, speeds, slow_s=slow_s))


def _budget_spending(connection: Connection, budget: Budget, now: float) -> BudgetSpending:
    start, end = period_of(budget, datetime.fromtimestamp(now, UTC))
    spent, live = queries.budget_spent(connection, budget, since=start.timestamp(), until=end.timestamp())
    return BudgetSpending(budget, spent, live)
