"""How often the alarms about spending are wrong, and how much a runaway burns before they find it.

    python tests/bench/burn_alarms.py [SEED]
    python tests/bench/burn_alarms.py curve

What is simulated. The rules' thresholds were given before anything was measured and were not tuned. Of what was left
open, the way in which E is taken (core.expectation) was chosen by how it did here, so the figures flatter that.

How much users differ from themselves decides everything, so there are two populations, and the first of them twice more
with nothing changed but the spread of its days. "Regular" users are as the rules suppose them: each class of days has
its hours, and days differ moderately. "Restless" users are what the rules were not made for. `Habits` says how they
differ; all else is common to them:

- 12 users, 8 weeks each, after 6 weeks that are only learned from. Four time zones (one of them half an hour off), two
  of which change their clocks within those weeks.
- A usual working day costs $6, give or take (log-normal, 0.8), and grows by 0 to 5 % a week. It lasts 8 to 9.5 hours
  with three quarters of an hour of pause, from about nine (0.75 h between users, 0.3 h between days).
- The money flows from 3 to 6 panes, as DESIGN.md imagines its user. Each is in use and idle in turns of 40 minutes on
  average and calls every 90 seconds on average, at log-normal cost (1.0); "contrast" is how much less the idle ones
  spend: 0 = the panes flow evenly, 1 = an idle one spends nothing.
- Weekends: of ten users seven work on 15 % of their weekend days, for about 2 hours; two on 50 %, for 4 hours; one on
  90 %, for 7 hours, each day 0.6 to 1.4 times as long. Regular users begin at an hour of their own, from 9 to 13, give
  or take one; restless ones at any time from 9 to 15.
- A burst is 10 to 30 minutes at 1.5 to 3 times the usual rate on top of the rest. What is hotter than three times is
  called a runaway.
- A quarter of the users works on into some evenings, for an hour or two.
- 4 % of the working days are taken off, and a third of the users is away for a whole week.
- A runaway is a loop that adds 3 to 10 times the usual rate of a working hour. In every user-week one begins on a
  weekday from nine to six, and another one, counted apart, at night from 22 to 5. It runs until ten minutes after it
  was told of, or for eight hours: then it counts as missed.
- A budget exists, at 1.5 to 3 usual days. It matters only on the first day, when nothing else is known.

                 days differ (log-normal)   contrast   bursts a day   evenings worked on
    regular      0.25                       0.5        0.05           15 %
    restless     0.35                       1.0        0.10           30 %

A false alarm is every episode that begins in the weeks without a runaway, however unusual the day really was. "Burnt"
is what the runaway alone has cost when it is told of, as a share of what the user's working days cost on average by
then; delays are minutes. "Named" is how often the first alert names the runaway before all others, "twice" how many
were told of in more than one episode.

The rows: "learned" is the application as it runs after six weeks (weekends of which it has not seen ten days are judged
by the rules for that, as they would be); "unlearned" is the application on the same weeks if it knew nothing but the
last 12 days, which are eight or nine working days; "first weeks" is the application in its first two weeks, 48 fresh
starts.

Since no rules can be both, the last rows show what fewer false alarms would cost, with E taken for more than it is.
The reference's users are not known but for this much; its figures stand above for comparison.

Where the limit lies, by `curve` (seeds 1 to 3, nothing changed but the spread of the days; false alarms a week, and
what a runaway by day had burnt when it was told of):

    working days differ by      11 %   18 %   28 %   38 %   48 %    burnt
    regular     learned         0.01   0.06   0.13   0.31   0.56    0.24 to 0.25
                unlearned       0.00   0.03   0.17   0.40   0.62    0.33 to 0.35
    working days differ by      15 %   21 %   29 %   39 %   48 %
    restless    learned         0.04   0.07   0.21   0.45   0.66    0.25 to 0.26
                unlearned       0.01   0.05   0.19   0.47   0.67    0.34 to 0.35

So it is the spread of days that decides, and little else: where days differ by up to a fifth both columns of the
reference are met, at two fifths there is a false alarm every second or third week. Whoever spends that unevenly has no
usual day; a runaway is found as early as with others.
"""

import random
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from statistics import fmean, median, pstdev, quantiles
from time import perf_counter
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from burn_tui.core.alerts import LONGEST_MIN, Alert, AlertState, DaySpending, MinuteSpending, Samples, next_state
from burn_tui.core.expectation import Expectation, HourSum, learn
from burn_tui.core.money import nanousd

USERS = 12
HISTORY_WEEKS = 6
WEEKS = 8
FRESH_WEEKS = 2
FEW_DAYS = 12
FIRST_DAY = date(2026, 8, 17)
"""A Monday."""
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")]


class Habits(Struct, frozen=True, kw_only=True):
    """How much users differ from themselves."""

    day_spread: float
    """Of the log-normal size of days."""
    contrast: float
    """0 = idle panes spend as much as the others, 1 = they spend nothing."""
    bursts_a_day: float
    evenings: float
    """Share of the evenings on which those work on who do so at all."""
    has_weekend_hours: bool
    """False = a weekend's work begins at any time."""


REGULAR = Habits(day_spread=0.25, contrast=0.5, bursts_a_day=0.05, evenings=0.15, has_weekend_hours=True)
RESTLESS = Habits(day_spread=0.35, contrast=1.0, bursts_a_day=0.1, evenings=0.3, has_weekend_hours=False)
POPULATIONS = {
    "regular": REGULAR,
    "regular, days 0.15": structs.replace(REGULAR, day_spread=0.15),
    "regular, days 0.35": structs.replace(REGULAR, day_spread=0.35),
    "restless": RESTLESS,
}
MARGINS = (1.25, 1.5)
CURVE_SPREADS = (0.05, 0.15, 0.25, 0.35, 0.45)
CURVE_SEEDS = (1, 2, 3)
CALL_EVERY_H = 1.5 / 60
STRETCH_H = 40 / 60
PAUSE_H = 0.75
WEEKENDS = [(0.15, 2.0)] * 7 + [(0.5, 4.0)] * 2 + [(0.9, 7.0)]
"""Share of the weekend days with work, and its hours."""

RUNAWAY_TIMES = (3.0, 10.0)
RUNAWAY_LASTS_MIN = 480
REACTION_MIN = 10
AFTERMATH_MIN = 360
"""So long after its end a runaway may still be told of a second time."""

HEADER = """\
                       false alarms a week  runaway by day                     at night
                       all   on weekdays    burnt p50  p90  delay p50  p90     burnt p50  p90  delay p50  p90
reference learned      0.07                 0.31                               0.10
reference unlearned    0.04                 0.38"""

Kind = Literal["learned", "unlearned", "first weeks"]


class User:
    """Somebody's habits, and what they spend in all those weeks."""

    def __init__(self, number: int, chance: random.Random, habits: Habits) -> None:
        self.habits = habits
        self.timezone = ZONES[number % len(ZONES)]
        self.usual = nanousd(6) * chance.lognormvariate(0.0, 0.8)
        self.growth = chance.uniform(0.0, 0.05)
        self.starts_at = chance.gauss(9.0, 0.75)
        self.works_h = chance.uniform(8.0, 9.5)
        self.has_evenings = chance.random() < 0.25
        self.weekend_share, self.weekend_h = chance.choice(WEEKENDS)
        self.weekend_starts_at = chance.uniform(9.0, 13.0)
        self.limit = round(self.usual * chance.uniform(1.5, 3.0))
        self.week_off = chance.randrange(HISTORY_WEEKS + WEEKS) if chance.random() < 1 / 3 else None
        weights = [chance.uniform(0.5, 1.5) for _ in range(chance.randint(3, 6))]
        self.panes = [weight / sum(weights) for weight in weights]
        self.amounts: defaultdict[int, float] = defaultdict(float)
        for number_of_day in range(7 * (HISTORY_WEEKS + WEEKS)):
            self._live(FIRST_DAY + timedelta(days=number_of_day), chance)
        self.spendings = [MinuteSpending(m, "usual", round(a)) for m, a in sorted(self.amounts.items())]
        self.hours = _hours(self.spendings)
        self.days = _days(self.hours, self.timezone)
        self.expectations: dict[tuple[date, float], Expectation] = {}

    def usual_on(self, day: date) -> float:
        """What a working day costs by then, without bursts and evenings."""
        return self.usual * (1.0 + self.growth) ** ((day - FIRST_DAY).days // 7)

    def working_days(self) -> list[float]:
        """What the working days really cost, over `usual_on` each."""
        return [amount / self.usual_on(day) for day, amount in self.days.items() if day.weekday() < 5]

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
        spread = self.habits.day_spread
        rate = self.usual_on(day) / self.works_h
        size = chance.lognormvariate(-spread * spread / 2.0, spread)
        for start, end in spans:
            for weight in self.panes:
                self._use(midnight_h + start, midnight_h + end, rate * size * weight, chance)
        if chance.random() < self.habits.bursts_a_day:
            first = int((midnight_h + chance.uniform(*spans[0])) * 60)
            times = chance.uniform(1.5, 3.0)
            for minute in range(first, first + chance.randint(10, 30)):
                self.amounts[minute] += times * rate / 60.0

    def _spans(self, day: date, chance: random.Random) -> Iterator[tuple[float, float]]:
        """Hours of work, counted from midnight."""
        if day.weekday() >= 5:
            if chance.random() < self.weekend_share:
                own = self.weekend_starts_at + chance.gauss(0.0, 1.0)
                start = own if self.habits.has_weekend_hours else chance.uniform(9.0, 15.0)
                yield start, start + self.weekend_h * chance.uniform(0.6, 1.4)
        elif (day - FIRST_DAY).days // 7 != self.week_off and chance.random() > 0.04:
            start = self.starts_at + chance.gauss(0.0, 0.3)
            yield start, start + 3.5
            yield start + 3.5 + PAUSE_H, start + PAUSE_H + self.works_h
            if self.has_evenings and chance.random() < self.habits.evenings:
                start = chance.uniform(20.0, 21.5)
                yield start, start + chance.uniform(1.0, 2.0)

    def _use(self, start_h: float, end_h: float, rate: float, chance: random.Random) -> None:
        """One pane over one span, in use and idle in turns."""
        contrast = self.habits.contrast
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


def _days(hours: list[HourSum], timezone: ZoneInfo) -> Counter[date]:
    sums: Counter[date] = Counter()
    for spent in hours:
        sums[datetime.fromtimestamp(spent.hour * 3600.0, timezone).date()] += spent.amount
    return sums


class Runaway:
    """A loop that adds its spending from a minute on until it is stopped."""

    def __init__(self, first: int, a_minute: float, chance: random.Random) -> None:
        self.first = first
        self.stops_before = first + RUNAWAY_LASTS_MIN
        self.is_over_at = self.stops_before + AFTERMATH_MIN
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
            self.is_over_at = self.stops_before + AFTERMATH_MIN


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
        if runaway is not None and minute >= runaway.is_over_at:
            break
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
    margin: float
    """E is taken for this many times what it is."""

    def expect(self, day: date) -> Expectation:
        known = self.user.expectation(day, self._known_since(day))
        usual, stake = known.usual or 0.0, known.stake or 0.0
        return structs.replace(known, usual=self.margin * usual, stake=self.margin * stake)

    def _known_since(self, day: date) -> float:
        match self.kind:
            case "learned":
                return 0.0
            case "unlearned":
                return self.user.midnight(day - timedelta(days=FEW_DAYS))
            case "first weeks":
                return self.user.midnight(self.first)

    def false_alarms(self) -> list[tuple[date, Alert]]:
        start, end = (self.user.midnight(self.first + timedelta(weeks=weeks)) for weeks in (0, self.weeks))
        told = watch(self.user, int(start // 60), int(end // 60), self.expect)
        return [(_day(self.user, minute), alert) for minute, alert in told if alert.again_at is None]

    def found(self, week: int, starts: tuple[float, float], chance: random.Random) -> "Found | None":
        """A runaway of that week; None = it was missed."""
        day = self.first + timedelta(weeks=week, days=chance.randrange(5))
        midnight = int(self.user.midnight(day) // 60)
        first = midnight + int(60 * chance.uniform(*starts))
        usual = self.user.usual_on(day)
        runaway = Runaway(first, chance.uniform(*RUNAWAY_TIMES) * usual / self.user.works_h / 60.0, chance)
        told = watch(self.user, midnight, first + RUNAWAY_LASTS_MIN + AFTERMATH_MIN, self.expect, runaway)
        if runaway.found is None:
            return None
        minute, burnt = runaway.found
        alerts = [alert for at, alert in told if at >= first]
        return Found(
            burnt=burnt / (usual * fmean(self.user.working_days())),
            delay_min=minute + 1 - first,
            is_named=alerts[0].contributors[0].contributor == "runaway",
            is_twice=sum(alert.again_at is None for alert in alerts) > 1,
        )


class Found(Struct, frozen=True):
    """How a runaway was found."""

    burnt: float
    delay_min: int
    is_named: bool
    is_twice: bool


def spans(users: list[User], kind: Kind, margin: float = 1.0) -> list[Span]:
    begin = FIRST_DAY + timedelta(weeks=HISTORY_WEEKS)
    length = FRESH_WEEKS if kind == "first weeks" else WEEKS
    starts = [begin + timedelta(weeks=week) for week in range(0, WEEKS, length)]
    return [Span(user, kind, start, length, margin) for user in users for start in starts]


def print_row(name: str, tried: list[Span], seed: int) -> None:
    false = [told for span in tried for told in span.false_alarms()]
    weekdays = sum(day.weekday() < 5 for day, _ in false)
    by_day = _runaways(tried, (9.0, 18.0), seed)
    at_night = _runaways(tried, (22.0, 29.0), seed)
    a_week = f"{len(false) / (USERS * WEEKS):.2f}  {weekdays / (USERS * WEEKS):.2f}"
    print(f"{name:<22} {a_week:<20} {_burnt_and_delay(by_day)}    {_burnt_and_delay(at_night)}")
    rules = ", ".join(f"{count} {rule}" for rule, count in Counter(alert.rule for _, alert in false).most_common())
    print(f"{'':<22} false: {rules or 'none'}; {_evidence(by_day)}; {_evidence(at_night)}")


def _runaways(tried: list[Span], starts: tuple[float, float], seed: int) -> list[Found | None]:
    chance = random.Random(seed)
    return [span.found(week, starts, chance) for span in tried for week in range(span.weeks)]


def _burnt_and_delay(runaways: list[Found | None]) -> str:
    found = [runaway for runaway in runaways if runaway is not None]
    burnt, delays = [runaway.burnt for runaway in found], [float(runaway.delay_min) for runaway in found]
    return f"{median(burnt):9.2f} {_p90(burnt):4.2f} {median(delays):10.0f} {_p90(delays):4.0f}"


def _evidence(runaways: list[Found | None]) -> str:
    found = [runaway for runaway in runaways if runaway is not None]
    named, twice = fmean(runaway.is_named for runaway in found), sum(runaway.is_twice for runaway in found)
    return f"{len(runaways) - len(found)} missed, {named:.0%} named, {twice} twice"


def _p90(numbers: list[float]) -> float:
    return quantiles(numbers, n=10)[-1]


def print_curve() -> None:
    for name, habits in {"regular": REGULAR, "restless": RESTLESS}.items():
        for spread in CURVE_SPREADS:
            tried = [_on_the_curve(structs.replace(habits, day_spread=spread), seed) for seed in CURVE_SEEDS]
            differ, *figures = (fmean(column) for column in zip(*tried, strict=True))
            learned, burnt, unlearned, burnt_unlearned = figures
            print(
                f"{name:<9} days differ by {differ:.0%}: learned {learned:.2f} false a week, burnt {burnt:.2f}; "
                f"unlearned {unlearned:.2f}, {burnt_unlearned:.2f}"
            )


def _on_the_curve(habits: Habits, seed: int) -> list[float]:
    """How much days differ; false alarms a week and what was burnt, learned and unlearned."""
    chance = random.Random(seed)
    users = [User(number, chance, habits) for number in range(USERS)]
    figures = [median(pstdev(user.working_days()) / fmean(user.working_days()) for user in users)]
    kinds: tuple[Kind, ...] = ("learned", "unlearned")
    for kind in kinds:
        tried = spans(users, kind)
        figures.append(sum(len(span.false_alarms()) for span in tried) / (USERS * WEEKS))
        figures.append(median(one.burnt for one in _runaways(tried, (9.0, 18.0), seed) if one is not None))
    return figures


def main() -> None:
    if sys.argv[1:] == ["curve"]:
        print_curve()
        return
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    began = perf_counter()
    print(f"{USERS * WEEKS} user-weeks, seed {seed}\n{HEADER}")
    for name, habits in POPULATIONS.items():
        chance = random.Random(seed)
        users = [User(number, chance, habits) for number in range(USERS)]
        spread = median(pstdev(user.working_days()) / fmean(user.working_days()) for user in users)
        print(f"{name}: working days differ by {spread:.0%}")
        print_row("  learned", spans(users, "learned"), seed)
        print_row("  unlearned", spans(users, "unlearned"), seed)
        if habits in {REGULAR, RESTLESS}:
            print_row("  first weeks", spans(users, "first weeks"), seed)
            for margin in MARGINS:
                print_row(f"  learned, E x {margin}", spans(users, "learned", margin), seed)
    print(f"{perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
