"""How often the alarms about spending are wrong, and how much a runaway burns before they find it.

    python tests/bench/burn_alarms.py [SEED]

What is simulated, decided before anything was measured and not tuned afterwards:

- 12 users, 8 weeks each, after 6 weeks that are only learned from. Four time zones (one of them half an hour off), two
  of which change their clocks within those weeks.
- A usual working day costs $6, give or take (log-normal, 0.8), and grows by 0 to 5 % a week. It lasts 8 to 9.5 hours
  with three quarters of an hour of pause, from about nine (0.75 h between users, 0.3 h between days).
- The money flows from 3 to 6 panes, as DESIGN.md imagines its user. Each is in use and idle in turns of 40 minutes on
  average; in use it calls every 90 seconds on average, at log-normal cost (1.0).
- Days differ: log-normal, 0.35. On every tenth there is a burst: 10 to 30 minutes at 1.5 to 3 times the usual rate on
  top of the rest. What is hotter than three times is called a runaway.
- A quarter of the users works on into 30 % of the evenings for an hour or two.
- Weekends: of ten users seven work on 15 % of their weekend days, for about 2 hours; two on 50 %, for 4 hours; one on
  90 %, for 7 hours. Hours of the day are irregular there.
- 4 % of the working days are taken off, and a third of the users is away for a whole week.
- A runaway is a loop that adds 3 to 10 times the usual rate of a working hour. In every user-week one begins on a
  weekday from nine to six, and another one, counted apart, at night from 22 to 5. It runs until ten minutes after it was
  told of, or for eight hours: then it counts as missed.
- A budget exists, at 1.5 to 3 usual days. It matters only on the first day, when nothing else is known.

A false alarm is every episode that begins in the weeks without a runaway, however unusual the day really was. "Burnt" is
what the runaway alone has cost when it is told of, in usual working days; the delay is counted in minutes.

Rows: "learned" is the application as it runs after six weeks (weekends of which it has not seen ten are judged by the
rules for that, as they would be); "unlearned" is the rules for fewer than ten days on the same weeks and the same E;
"first weeks" is the application in its first two weeks, 48 fresh starts, with whatever E it has by then.

How much days and panes differ decides everything, so the first two rows are also run for steadier users: `unsteadiness`
scales the spread of the days, how much a pane's use differs from its idling, and the number of bursts.
"""

import random
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import fmean, median, pstdev, quantiles
from time import perf_counter
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from burn_tui.core.alerts import LONGEST_MIN, Alert, AlertState, DaySpending, MinuteSpending, Samples, next_state
from burn_tui.core.expectation import LEARNED_DAYS, Expectation, HourSum, learn
from burn_tui.core.money import nanousd

USERS = 12
HISTORY_WEEKS = 6
WEEKS = 8
FRESH_WEEKS = 2
FIRST_DAY = date(2026, 8, 17)
"""A Monday."""
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")]

UNSTEADINESS = {"steady": 0.25, "middling": 0.5, "ordinary": 1.0}
DAY_SPREAD = 0.35
CALL_EVERY_H = 1.5 / 60
STRETCH_H = 40 / 60
PAUSE_H = 0.75
BURSTS_A_DAY = 0.1
WEEKENDS = [(0.15, 2.0)] * 7 + [(0.5, 4.0)] * 2 + [(0.9, 7.0)]
"""Share of the weekend days with work, and its hours."""

RUNAWAY_TIMES = (3.0, 10.0)
RUNAWAY_LASTS_MIN = 480
REACTION_MIN = 10

REFERENCE = "reference   learned 0.07 a week, 0.31 burnt (0.10 at night); unlearned 0.04 a week, 0.38 burnt"

Kind = Literal["learned", "unlearned", "first weeks"]


class User:
    """Somebody's habits, and what they spend in all those weeks."""

    def __init__(self, number: int, chance: random.Random, unsteadiness: float) -> None:
        self.unsteadiness = unsteadiness
        self.timezone = ZONES[number % len(ZONES)]
        self.usual = nanousd(6) * chance.lognormvariate(0.0, 0.8)
        self.growth = chance.uniform(0.0, 0.05)
        self.starts_at = chance.gauss(9.0, 0.75)
        self.works_h = chance.uniform(8.0, 9.5)
        self.has_evenings = chance.random() < 0.25
        self.weekend_share, self.weekend_h = chance.choice(WEEKENDS)
        self.limit = round(self.usual * chance.uniform(1.5, 3.0))
        self.week_off = chance.randrange(HISTORY_WEEKS + WEEKS) if chance.random() < 1 / 3 else None
        weights = [chance.uniform(0.5, 1.5) for _ in range(chance.randint(3, 6))]
        self.panes = [weight / sum(weights) for weight in weights]
        self.amounts: defaultdict[int, float] = defaultdict(float)
        for number_of_day in range(7 * (HISTORY_WEEKS + WEEKS)):
            self._live(FIRST_DAY + timedelta(days=number_of_day), chance)
        self.spendings = [MinuteSpending(m, "usual", round(a)) for m, a in sorted(self.amounts.items())]
        self.hours = _hours(self.spendings)
        self.expectations: dict[tuple[date, float], Expectation] = {}

    def usual_on(self, day: date) -> float:
        """What a working day costs by then."""
        return self.usual * (1.0 + self.growth) ** ((day - FIRST_DAY).days // 7)

    def midnight(self, day: date) -> float:
        return datetime.combine(day, time(tzinfo=self.timezone)).timestamp()

    def expectation(self, day: date, since: float) -> Expectation:
        """What the application knows on the morning of `day` if it was installed at `since`."""
        if (day, since) not in self.expectations:
            now = self.midnight(day)
            known = (spent for spent in self.hours if since <= spent.hour * 3600.0 < now)
            self.expectations[day, since] = learn(known, timezone=self.timezone, now=now, day_limit=self.limit)
        return self.expectations[day, since]

    def _live(self, day: date, chance: random.Random) -> None:
        spans = list(self._spans(day, chance))
        if not spans:
            return
        midnight_h = self.midnight(day) / 3600.0
        spread = DAY_SPREAD * self.unsteadiness
        rate = self.usual_on(day) / self.works_h
        size = chance.lognormvariate(-spread * spread / 2.0, spread)
        for start, end in spans:
            for weight in self.panes:
                self._use(midnight_h + start, midnight_h + end, rate * size * weight, chance)
        if chance.random() < BURSTS_A_DAY * self.unsteadiness:
            first = int((midnight_h + chance.uniform(*spans[0])) * 60)
            times = chance.uniform(1.5, 3.0)
            for minute in range(first, first + chance.randint(10, 30)):
                self.amounts[minute] += times * rate / 60.0

    def _spans(self, day: date, chance: random.Random) -> Iterator[tuple[float, float]]:
        """Hours of work, counted from midnight."""
        if day.weekday() >= 5:
            if chance.random() < self.weekend_share:
                start = chance.uniform(9.0, 15.0)
                yield start, start + self.weekend_h * chance.uniform(0.6, 1.4)
        elif (day - FIRST_DAY).days // 7 != self.week_off and chance.random() > 0.04:
            start = self.starts_at + chance.gauss(0.0, 0.3)
            yield start, start + 3.5
            yield start + 3.5 + PAUSE_H, start + PAUSE_H + self.works_h
            if self.has_evenings and chance.random() < 0.3:
                start = chance.uniform(20.0, 21.5)
                yield start, start + chance.uniform(1.0, 2.0)

    def _use(self, start_h: float, end_h: float, rate: float, chance: random.Random) -> None:
        """One pane over one span, in use and idle in turns."""
        contrast = min(self.unsteadiness, 1.0)
        is_used, turn_ends, at = chance.random() < 0.5, start_h + chance.expovariate(1 / STRETCH_H), start_h
        while (at := at + chance.expovariate(1 / CALL_EVERY_H)) < end_h:
            while at > turn_ends:
                is_used, turn_ends = not is_used, turn_ends + chance.expovariate(1 / STRETCH_H)
            share = 1.0 + contrast if is_used else 1.0 - contrast
            self.amounts[int(at * 60)] += share * rate * CALL_EVERY_H * chance.lognormvariate(-0.5, 1.0)


def _hours(spendings: list[MinuteSpending]) -> list[HourSum]:
    sums: Counter[int] = Counter()
    for spending in spendings:
        sums[spending.minute // 60] += spending.live
    return [HourSum(hour, amount) for hour, amount in sums.items()]


class Runaway:
    """A loop that adds its spending from a minute on until it is stopped."""

    def __init__(self, first: int, a_minute: float, chance: random.Random) -> None:
        self.first = first
        self.stops_before = first + RUNAWAY_LASTS_MIN
        self.a_minute = a_minute
        self.chance = chance
        self.burnt = 0
        self.found: tuple[int, int] | None = None
        """Minute, and what was burnt by then; None = not yet."""

    def at(self, minute: int) -> int:
        if not self.first <= minute < self.stops_before:
            return 0
        amount = round(self.a_minute * self.chance.lognormvariate(-0.045, 0.3))
        self.burnt += amount
        return amount

    def tell(self, minute: int) -> None:
        if self.found is None and self.first <= minute < self.stops_before:
            self.found = (minute, self.burnt)
            self.stops_before = min(self.stops_before, minute + 1 + REACTION_MIN)


def watch(
    user: User, start: int, end: int, expect: Callable[[date], Expectation], runaway: Runaway | None = None
) -> list[tuple[int, Alert]]:
    """Every alert from minute `start` to `end`, looked for at the end of each minute as the application does."""
    state, told = AlertState(), []
    position = bisect_left(user.spendings, start, key=lambda spending: spending.minute)
    recent: list[MinuteSpending] = []
    expectation, today, wild = expect(_day(user, start)), 0, 0
    for minute in range(start, end):
        now = 60.0 * minute + 59.0
        if now >= expectation.day_end:
            expectation, today, wild = expect(_day(user, minute)), 0, 0
        if position < len(user.spendings) and user.spendings[position].minute == minute:
            recent.append(user.spendings[position])
            today += recent[-1].live
            position += 1
        if runaway is not None and (amount := runaway.at(minute)):
            recent.append(MinuteSpending(minute, "runaway", amount))
            wild += amount
        while recent and recent[0].minute <= minute - LONGEST_MIN:
            del recent[0]
        if not recent and state.episode is None:
            continue  # Nothing was spent in any window, so no rule can hold.
        samples = Samples(tuple(recent), (DaySpending("usual", today), DaySpending("runaway", wild)))
        state, alert = next_state(state, samples, expectation, now)
        if alert is not None:
            told.append((minute, alert))
            if runaway is not None:
                runaway.tell(minute)
    return told


def _day(user: User, minute: int) -> date:
    return datetime.fromtimestamp(60.0 * minute, user.timezone).date()


class Span(Struct, frozen=True):
    """Weeks of one user that one kind of knowledge is tried on."""

    user: User
    kind: Kind
    first: date
    weeks: int

    def expect(self, day: date) -> Expectation:
        if self.kind == "first weeks":
            return self.user.expectation(day, self.user.midnight(self.first))
        known = self.user.expectation(day, 0.0)
        return (
            known
            if self.kind == "learned"
            else structs.replace(known, days_learned=min(known.days_learned, LEARNED_DAYS - 1))
        )

    def alerts(self) -> list[tuple[int, Alert]]:
        after = self.first + timedelta(weeks=self.weeks)
        return watch(
            self.user, int(self.user.midnight(self.first) // 60), int(self.user.midnight(after) // 60), self.expect
        )

    def runaway(
        self, week: int, starts: tuple[float, float], chance: random.Random
    ) -> tuple[Runaway, float, list[Alert]]:
        """One that begins in that week, a usual day's spend, and what was told from its day's midnight to six hours after it."""
        day = self.first + timedelta(weeks=week, days=chance.randrange(5))
        usual = self.user.usual_on(day)
        midnight = int(self.user.midnight(day) // 60)
        first = midnight + int(60 * chance.uniform(*starts))
        runaway = Runaway(first, chance.uniform(*RUNAWAY_TIMES) * usual / self.user.works_h / 60.0, chance)
        told = watch(self.user, midnight, first + RUNAWAY_LASTS_MIN + 360, self.expect, runaway)
        return runaway, usual, [alert for minute, alert in told if minute >= first]


def spans(users: list[User], kind: Kind) -> list[Span]:
    begin = FIRST_DAY + timedelta(weeks=HISTORY_WEEKS)
    weeks = FRESH_WEEKS if kind == "first weeks" else WEEKS
    return [Span(user, kind, begin + timedelta(weeks=week), weeks) for user in users for week in range(0, WEEKS, weeks)]


def print_row(name: str, users: list[User], kind: Kind, seed: int) -> None:
    tried = spans(users, kind)
    rules = Counter(alert.rule for span in tried for _, alert in span.alerts() if alert.again_at is None)
    print(f"{name:<9} {kind:<11} {rules.total() / (USERS * WEEKS):5.2f} a week ", end="")
    for time_of_day, starts in (("day", (9.0, 18.0)), ("night", (22.0, 29.0))):
        chance = random.Random(seed)
        print_found(time_of_day, [span.runaway(week, starts, chance) for span in tried for week in range(span.weeks)])
    print("  " + ", ".join(f"{rule} {count}" for rule, count in rules.most_common()))


def print_found(time_of_day: str, runaways: list[tuple[Runaway, float, list[Alert]]]) -> None:
    found = [(*runaway.found, runaway, usual, told) for runaway, usual, told in runaways if runaway.found is not None]
    shares = [burnt / usual for _, burnt, _, usual, _ in found]
    delays = [minute + 1 - runaway.first for minute, _, runaway, _, _ in found]
    named = sum(told[0].contributors[0].contributor == "runaway" for *_, told in found)
    twice = sum(sum(alert.again_at is None for alert in told) > 1 for *_, told in found)
    print(
        f"| {time_of_day:<5} {median(shares):.2f} {_p90(shares):.2f} burnt {median(delays):3.0f} {_p90(delays):3.0f} min, "
        f"{len(runaways) - len(found)} missed, {named / len(found):4.0%} named, {twice} twice ",
        end="",
    )


def _p90(numbers: list[float] | list[int]) -> float:
    return quantiles(numbers, n=10)[-1]


def unevenness(users: list[User]) -> float:
    """Standard deviation of the working days over their mean, of the median user: what a ledger would show."""
    return median(_unevenness(user) for user in users)


def _unevenness(user: User) -> float:
    days: Counter[date] = Counter()
    for spent in user.hours:
        days[datetime.fromtimestamp(spent.hour * 3600.0, user.timezone).date()] += spent.amount
    amounts = [amount / user.usual_on(day) for day, amount in days.items() if day.weekday() < 5]
    return pstdev(amounts) / fmean(amounts)


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    began = perf_counter()
    print(f"{USERS * WEEKS} user-weeks, seed {seed}. Burnt in usual days and delay: median, 90th percentile.")
    print(REFERENCE)
    for name, unsteadiness in UNSTEADINESS.items():
        chance = random.Random(seed)
        users = [User(number, chance, unsteadiness) for number in range(USERS)]
        print(f"\n{name}: working days differ by {unevenness(users):.0%}")
        kinds: tuple[Kind, ...] = ("learned", "unlearned", "first weeks")
        for kind in kinds if name == "ordinary" else kinds[:2]:
            print_row(name, users, kind, seed)
    print(f"\n{perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
