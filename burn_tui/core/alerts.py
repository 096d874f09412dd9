"""When spending is worth an interruption.

                 a rule holds: one Alert                    still burning: another Alert at 4x and at 8x
    quiet ─────────────────────────────────> episode ──────────────────────────────────────────────> episode
      ^                                         │
      └── calm for CLEAR_AFTER_S, in silence ───┘

The rules look at windows that end now: s = spent in a window, e = expected in it (core.expectation), E = a usual day,
burn = s / e, excess = s - e. Late rows are in no window: an import makes the past dearer, not the present.
Budgets are told of beside that, by the share of their limit that is spent.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from math import inf
from typing import Literal

from msgspec import Struct, structs

from burn_tui.core.budget import Budget, Period, period_of
from burn_tui.core.expectation import Expectation, Measure
from burn_tui.core.minutes import MINUTE_S, minute_of
from burn_tui.core.model_changes import ModelChange
from burn_tui.core.price_changes import PriceChange

# Learned rules: from LEARNED_DAYS on, any of four. Windows are in minutes, burns are spent over expected, shares are
# of E, the usual day; on a class of days that costs less than others (a weekend) of what any active day costs.

FAST_MIN, FAST_CHECK_MIN = 30, 10
FAST_BURN = 3.0
FAST_EXCESS_SHARE = 0.25
"""Fast: both windows burn this hot, and the longer one has cost so much more than usual."""

LONG_MIN, LONG_CHECK_MIN = 120, 15
LONG_BURN = 2.0
LONG_EXCESS_SHARE = 0.40
"""Long: not as hot, for longer."""

DAY_BURN = 2.0
DAY_EXCESS_SHARE = 0.50
DAY_CHECK_MIN = 60
DAY_CHECK_BURN = 1.0
"""Day: all of today up to now, while it still goes on."""

NIGHT_MIN = 60
NIGHT_EXPECTED_SHARE = 0.01
NIGHT_SPENT_MIN = 30
NIGHT_SPENT_SHARE = 0.10
"""Night: nearly nothing is expected in an hour, and so much was spent in half of one."""

# Before that, either of two.

NEW_DAY_BURN = 2.0
NEW_DAY_SHARE = 0.05
"""New day: so many times what an even spread over the day would have cost by now, and not just the first prompt."""

NEW_HOUR_MIN = 60
NEW_HOUR_SHARE = 0.40
"""New hour: so much of a day in one hour."""

# What follows.

CALM_MIN, CALM_BURN = 30, 1.25
CALM_EXCESS_MIN, CALM_EXCESS_SHARE = 60, 0.2
CLEAR_AFTER_S = 1800.0
"""An episode is over once the burn and the excess have stayed below these for so long."""

AGAIN_MIN = 60
AGAIN_AT = (4.0, 8.0)
"""Burns of the last hour, the ratio that is on screen, at which an episode that goes on is told again."""

BUDGET_MARKS = (0.5, 0.8, 1.0)
"""Shares of a budget's limit that are told, once each a period."""

LONGEST_MIN = LONG_MIN
"""How far back the rules look, apart from the day."""

CONTRIBUTORS = 3
"""So many are named in an alert."""

MOST_BURN = 9_999.0
"""A burn where next to nothing is expected is no number that a person can use."""

Rule = Literal["fast", "long", "day", "night", "new_day", "new_hour"]

Window = int | None
"""Minutes up to now, the running one included; None = since the start of the day."""


class MinuteSpending(Struct, frozen=True):
    """What somebody spent in one minute. Several may share a minute, and minutes without any have none."""

    minute: int
    """Whole minutes since the epoch."""
    contributor: str
    """Whose it was, by the label that alerts name: a session, an operation, a provider."""
    live: int
    """Of rows that were written as they happened. Only these can alarm."""
    late: int = 0
    """Of rows that came long after their calls, by an import or a sync: in the totals, never an alarm."""


class DaySpending(Struct, frozen=True):
    """What somebody spent since the start of the day."""

    contributor: str
    live: int
    late: int = 0


class Samples(Struct, frozen=True):
    """What the ledger knows at one moment, in the measure of the expectation that it is judged by."""

    minutes: tuple[MinuteSpending, ...] = ()
    """Of the last LONGEST_MIN, also from before midnight; oldest first."""
    day: tuple[DaySpending, ...] = ()

    @property
    def total(self) -> int:
        """Spent since the start of the day, late rows included: the figure that a person is shown."""
        return sum(spending.live + spending.late for spending in self.day)


class Measured(Struct, frozen=True):
    """One window of a rule."""

    window: Window
    spent: int
    """s: late rows are not in it, nor what an earlier episode of the day has told already."""
    expected: float
    """e. Of the day before it is learned: the even share of it that has passed."""

    @property
    def burn(self) -> float:
        """s / e; infinite where nothing is expected."""
        return self.spent / self.expected if self.expected > 0 else inf if self.spent > 0 else 0.0

    @property
    def excess(self) -> float:
        """s - e; negative = less than usual."""
        return self.spent - self.expected


class Contribution(Struct, frozen=True):
    """One contributor's part in an alert."""

    contributor: str
    spent: int


class Alert(Struct, frozen=True, kw_only=True, tag="burn"):
    """Spending is out of the usual. It carries its evidence."""

    rule: Rule
    """The one that began the episode."""
    again_at: float | None = None
    """None = the first word of an episode; else the mark of AGAIN_AT that was passed."""
    measure: Measure
    burn: float
    """Of the last hour, at most MOST_BURN."""
    windows: tuple[Measured, ...]
    """Those of the rule as they stand now; the first is the one that it is about, the others confirm it."""
    since: float
    """When the first of them begins, in seconds since the epoch: the requests from then on are to blame."""
    usual: float
    """E."""
    days_learned: int
    contributors: tuple[Contribution, ...]
    """The costliest in the first window, at most CONTRIBUTORS."""


class Episode(Struct, frozen=True):
    """An alert that is not over. Times are seconds since the epoch."""

    rule: Rule
    told: float
    """The highest burn of AGAIN_AT that was told or already passed at the beginning; 0 = none."""
    calm_since: float | None = None
    """None = it still burns."""


class AlertState(Struct, frozen=True):
    """What is remembered from one look to the next."""

    episode: Episode | None = None
    """None = quiet."""
    told_until: float | None = None
    """When the last episode became calm, in seconds since the epoch; None = there was none. What was spent up to then
    has been told, and no window reaches back to it: a runaway that is over would be found again by the longer ones.
    """
    told_excess: float = 0.0
    """For the same reason: how far above the usual the day of `told_until` was when its last episode was over."""


def next_state(
    state: AlertState, samples: Samples, expectation: Expectation, now: float
) -> tuple[AlertState, Alert | None]:
    """The state after a look at `now` (seconds since the epoch), and what a person must be told, None = nothing.

    Money and the tokens of unpriced requests are two states, each with samples and an expectation of its own measure.
    `expectation` is that of the day of `now`, or still that of the day before.
    """
    if not expectation.usual:
        return AlertState(), None
    look = _Look(state, samples, expectation, now)
    if state.episode is None:
        return _quiet(state, look)
    return _burning(state, state.episode, look)


class _Look:
    """The live spending in every window at one moment."""

    def __init__(self, state: AlertState, samples: Samples, expectation: Expectation, now: float) -> None:
        self.samples = samples
        self.expectation = expectation
        self.usual = expectation.usual or 0.0
        self.now = now
        self.minute = minute_of(now)
        self.told_until = -inf if state.told_until is None else state.told_until
        self.told_excess = state.told_excess if self.told_until >= expectation.day_start else 0.0

    def since(self, window: Window) -> float:
        """When it begins: on a full minute, as samples do, the running one being the last."""
        if window is None:
            return self.expectation.day_start
        begins = MINUTE_S * (self.minute - window + 1)
        if begins > self.told_until:
            return begins
        return MINUTE_S * min(minute_of(self.told_until) + 1, self.minute)

    def __getitem__(self, window: Window) -> Measured:
        return Measured(window, self.spent(window), self.expected(window))

    def spent(self, window: Window) -> int:
        spent = sum(spending.live for spending in self.spendings(window))
        return spent if window is not None else max(spent - round(self.told_excess), 0)

    def expected(self, window: Window) -> float:
        if window is None and not self.expectation.is_learned:
            return self.costs(self.expectation.elapsed(self.now))
        return self.expectation.expected(self.since(window), self.now)

    def spendings(self, window: Window) -> Sequence[MinuteSpending | DaySpending]:
        if window is None:
            return self.samples.day
        minutes = self.samples.minutes
        first = bisect_left(minutes, minute_of(self.since(window)), key=_minute)
        return minutes[first : bisect_right(minutes, self.minute, lo=first, key=_minute)]

    def costs(self, share: float) -> float:
        """This share of a usual day."""
        return share * self.usual

    def matters(self, share: float) -> float:
        """The least that is worth an interruption, for a rule that names this share of E."""
        return share * (self.expectation.stake or self.usual)


def _minute(spending: MinuteSpending) -> int:
    return spending.minute


def _fast(look: _Look) -> bool:
    hot = look[FAST_MIN].burn >= FAST_BURN and look[FAST_CHECK_MIN].burn >= FAST_BURN
    return hot and look[FAST_MIN].excess >= look.matters(FAST_EXCESS_SHARE)


def _long(look: _Look) -> bool:
    hot = look[LONG_MIN].burn >= LONG_BURN and look[LONG_CHECK_MIN].burn >= LONG_BURN
    return hot and look[LONG_MIN].excess >= look.matters(LONG_EXCESS_SHARE)


def _day(look: _Look) -> bool:
    day = look[None]
    hot = day.burn >= DAY_BURN and day.excess >= look.matters(DAY_EXCESS_SHARE)
    return hot and look[DAY_CHECK_MIN].burn >= DAY_CHECK_BURN


def _night(look: _Look) -> bool:
    is_night = look.expected(NIGHT_MIN) < look.costs(NIGHT_EXPECTED_SHARE)
    return is_night and look.spent(NIGHT_SPENT_MIN) >= look.matters(NIGHT_SPENT_SHARE)


def _new_day(look: _Look) -> bool:
    spent, elapsed = look.spent(None), look.expectation.elapsed(look.now)
    return spent >= NEW_DAY_BURN * look.matters(elapsed) and spent >= look.matters(NEW_DAY_SHARE)


def _new_hour(look: _Look) -> bool:
    return look.spent(NEW_HOUR_MIN) >= look.matters(NEW_HOUR_SHARE)


class _RuleOf(Struct, frozen=True):
    windows: tuple[Window, ...]
    """The first is the one that it is about."""
    holds: Callable[[_Look], bool]


_LEARNED_RULES: dict[Rule, _RuleOf] = {
    "fast": _RuleOf((FAST_MIN, FAST_CHECK_MIN), _fast),
    "long": _RuleOf((LONG_MIN, LONG_CHECK_MIN), _long),
    "day": _RuleOf((None, DAY_CHECK_MIN), _day),
    "night": _RuleOf((NIGHT_SPENT_MIN, NIGHT_MIN), _night),
}
_NEW_RULES: dict[Rule, _RuleOf] = {
    "new_day": _RuleOf((None,), _new_day),
    "new_hour": _RuleOf((NEW_HOUR_MIN,), _new_hour),
}
_RULES = _LEARNED_RULES | _NEW_RULES


def _quiet(state: AlertState, look: _Look) -> tuple[AlertState, Alert | None]:
    rules = _LEARNED_RULES if look.expectation.is_learned else _NEW_RULES
    rule = next((name for name, rule in rules.items() if rule.holds(look)), None)
    if rule is None:
        return state, None
    return structs.replace(state, episode=Episode(rule, _mark(AGAIN_AT, look[AGAIN_MIN].burn))), _alert(rule, look)


def _burning(state: AlertState, episode: Episode, look: _Look) -> tuple[AlertState, Alert | None]:
    if _is_calm(look):
        calm_since = look.now if episode.calm_since is None else episode.calm_since
        if look.now - calm_since >= CLEAR_AFTER_S:
            return _cleared(look, calm_since), None
        return structs.replace(state, episode=structs.replace(episode, calm_since=calm_since)), None
    passed = _mark(AGAIN_AT, look[AGAIN_MIN].burn)
    alert = _alert(episode.rule, look, again_at=passed) if passed > episode.told else None
    return structs.replace(state, episode=Episode(episode.rule, max(passed, episode.told))), alert


def _is_calm(look: _Look) -> bool:
    return look[CALM_MIN].burn < CALM_BURN and look[CALM_EXCESS_MIN].excess < look.costs(CALM_EXCESS_SHARE)


def _cleared(look: _Look, calm_since: float) -> AlertState:
    return AlertState(None, calm_since, look.told_excess + max(look[None].excess, 0.0))


def _mark(marks: tuple[float, ...], reached: float) -> float:
    """The highest of `marks` that is reached; 0 = none."""
    return max((mark for mark in marks if reached >= mark), default=0.0)


def _alert(rule: Rule, look: _Look, *, again_at: float | None = None) -> Alert:
    windows = _RULES[rule].windows
    return Alert(
        rule=rule,
        again_at=again_at,
        measure=look.expectation.measure,
        burn=min(look[AGAIN_MIN].burn, MOST_BURN),
        windows=tuple(look[window] for window in windows),
        since=look.since(windows[0]),
        usual=look.usual,
        days_learned=look.expectation.days_learned,
        contributors=_costliest(look.spendings(windows[0])),
    )


def _costliest(spendings: Sequence[MinuteSpending | DaySpending]) -> tuple[Contribution, ...]:
    sums: Counter[str] = Counter()
    for spending in spendings:
        sums[spending.contributor] += spending.live
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Contribution(name, spent) for name, spent in ranked[:CONTRIBUTORS] if spent > 0)


class BudgetState(Struct, frozen=True):
    """What was told about one budget."""

    period_start: float | None = None
    """Of the period it was told in, in seconds since the epoch; None = never looked at."""
    limit_nanousd: int | None = None
    """The limit at that time: another one is another budget, and is told of anew."""
    told: float = 0.0
    """The highest of BUDGET_MARKS that was told in it; 0 = none."""
    live_nanousd: int = 0
    """What live rows had spent at the last look."""


class BudgetAlert(Struct, frozen=True, kw_only=True, tag="budget"):
    """So much of a budget is spent."""

    name: str
    """Of the budget."""
    scope: str
    period: Period
    period_start: float
    """Seconds since the epoch: the requests from then on are to blame."""
    mark: float
    """Of BUDGET_MARKS."""
    spent_nanousd: int
    """Late rows included."""
    limit_nanousd: int


Notification = Alert | BudgetAlert | PriceChange | ModelChange
"""Whatever a person is interrupted for."""


class Told(Struct, frozen=True, kw_only=True):
    """A notification that was given, and that stays until a person has dismissed it."""

    id: int
    """The later, the greater."""
    at: float
    """Seconds since the epoch."""
    what: Notification
    is_dismissed: bool = False


def next_budget_state(
    state: BudgetState, budget: Budget, *, spent_nanousd: int, live_nanousd: int, now: float
) -> tuple[BudgetState, BudgetAlert | None]:
    """The state after a look at `now` (seconds since the epoch), and the highest mark newly passed, None = none.

    `spent_nanousd` is what the period's settled rows have cost, `live_nanousd` the part of it without late rows. An
    import that passes a mark says nothing by itself: the next live spending does, because then it matters.
    """
    start = period_of(budget, datetime.fromtimestamp(now, budget.timezone))[0].timestamp()
    if (state.period_start, state.limit_nanousd) != (start, budget.limit_nanousd):
        state = BudgetState(start, budget.limit_nanousd)
    passed = _mark(BUDGET_MARKS, _share(spent_nanousd, budget.limit_nanousd))
    is_news = passed > state.told and live_nanousd > state.live_nanousd
    after = structs.replace(state, told=passed if is_news else state.told, live_nanousd=live_nanousd)
    if not is_news:
        return after, None
    return after, BudgetAlert(
        name=budget.name,
        scope=budget.scope,
        period=budget.period,
        period_start=start,
        mark=passed,
        spent_nanousd=spent_nanousd,
        limit_nanousd=budget.limit_nanousd,
    )


def _share(spent: int, limit: int) -> float:
    """Of a limit of 0 nothing may be spent, so anything is too much."""
    return spent / limit if limit > 0 else inf if spent > 0 else 0.0
