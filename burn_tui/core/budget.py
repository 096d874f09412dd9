"""Limits on spending: which requests a budget covers, over which period, and whether one more fits."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo
from typing import Literal

from msgspec import Struct

Period = Literal["day", "week", "month"]

WhenFull = Literal["refuse", "queue"]
"""What becomes of a request that does not fit now but might once calls in flight are settled."""

WARN_SHARE = 0.8
"""Above this share of a limit each request says so."""


class Budget(Struct, frozen=True, kw_only=True):
    """How much may be spent, by whom, per period."""

    name: str
    limit_nanousd: int
    """0 = nothing may be spent."""
    period: Period = "day"
    timezone: tzinfo
    """Whose midnight starts the period."""
    scope: str = "all"
    """"all", or "provider:NAME", "environment:NAME", "session:NAME", "project:NAME"."""
    when_full: WhenFull = "refuse"

    def covers(self, *, provider_name: str, environment: str, session_id: str | None, project: str | None) -> bool:
        """Whether a request with these labels counts against this budget."""
        kind, _, name = self.scope.partition(":")
        labels = {"provider": provider_name, "environment": environment, "session": session_id, "project": project}
        return kind == "all" or labels.get(kind) == name


def period_of(budget: Budget, now: datetime) -> tuple[datetime, datetime]:
    """The start (inclusive) and end (exclusive) of the budget's period around `now`, an aware time.

    Both are local midnights, so a day has 23 or 25 hours when the clocks change: subtract them in UTC.
    """
    today = now.astimezone(budget.timezone).date()
    match budget.period:
        case "day":
            first, after = today, today + timedelta(days=1)
        case "week":
            first = today - timedelta(days=today.weekday())
            after = first + timedelta(days=7)
        case "month":
            first = today.replace(day=1)
            after = (first + timedelta(days=31)).replace(day=1)
    midnight = time(tzinfo=budget.timezone)
    return datetime.combine(first, midnight), datetime.combine(after, midnight)


def daily(budgets: Iterable[Budget], timezone: tzinfo) -> Budget:
    """The budget that a day is measured against; without one that covers everything, `timezone`'s day and no limit."""
    of_all = (budget for budget in budgets if budget.period == "day" and budget.scope == "all")
    return next(of_all, Budget(name="day", limit_nanousd=0, timezone=timezone))


class Spent(Struct, frozen=True):
    """A budget and what its period has cost up to now, reservations of calls in flight included."""

    budget: Budget
    spent_nanousd: int


class Fits(Struct, frozen=True):
    """One more request is within every budget."""

    warnings: tuple[Spent, ...] = ()
    """Those above WARN_SHARE once it is reserved."""


class Exceeds(Struct, frozen=True):
    """One more request would pass a limit."""

    spent: Spent


def reserve(estimate_nanousd: int | None, budgets: Iterable[Spent]) -> Fits | Exceeds:
    """Whether a request of this estimated cost fits.

    0 = free: it always fits. None = unknown price: it fits while anything is left.
    """
    if estimate_nanousd == 0:
        return Fits()
    near: list[Spent] = []
    for spent in budgets:
        limit = spent.budget.limit_nanousd
        with_this = spent.spent_nanousd + (estimate_nanousd or 0)
        if spent.spent_nanousd >= limit or with_this > limit:
            return Exceeds(spent)
        if with_this >= WARN_SHARE * limit:
            near.append(spent)
    return Fits(tuple(near))
