"""A runaway is told of once and again only when it grows, with its evidence; an import is never taken for one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.alerts import (
    AGAIN_AT,
    BUDGET_MARKS,
    CLEAR_AFTER_S,
    LONGEST_MIN,
    Alert,
    AlertState,
    BudgetAlert,
    BudgetState,
    Contribution,
    DaySpending,
    MinuteSpending,
    Samples,
    next_budget_state,
    next_state,
)
from burn_tui.core.budget import Budget, period_of
from burn_tui.core.expectation import Expectation, learn

E = 1_000_000
"""A usual day. By the prior profile an hour of the office is expected to cost 0.086 E and one of the night 0.004 E."""

MIDNIGHT = datetime(2026, 7, 15, tzinfo=UTC).timestamp()
"""A Wednesday's."""

UNKNOWN = learn([], timezone=UTC, now=MIDNIGHT)
LEARNED = structs.replace(UNKNOWN, usual=float(E), days_learned=10)
NEW = structs.replace(LEARNED, days_learned=9)


def _at(hour: float) -> float:
    """The last moment of the minute before that hour of the day, so that windows are whole minutes long."""
    return MIDNIGHT + hour * 3600 - 0.01


def _spent(now: float, *stretches: tuple[int, int, float], day: float = 0.0) -> Samples:
    """Stretches of minutes before now (from, to, share of E), evenly spent; `day` was spent before all of them."""
    last = int(now // 60)
    minutes = [
        MinuteSpending(last - before + 1, "loop", round(share * E / (start - end)))
        for start, end, share in stretches
        for before in range(start, end, -1)
    ]
    today = sum(spending.live for spending in minutes if spending.minute * 60 >= MIDNIGHT)
    return Samples(tuple(minutes), (DaySpending("loop", today), DaySpending("work", round(day * E))))


def _silence(samples: Samples, now: float, expectation: Expectation = LEARNED) -> bool:
    return next_state(AlertState(), samples, expectation, now) == (AlertState(), None)


def _look(samples: Samples, now: float, expectation: Expectation = LEARNED) -> Alert:
    """The alert there must be."""
    _, alert = next_state(AlertState(), samples, expectation, now)
    assert alert is not None
    return alert


def test_what_is_little_against_a_usual_day_of_any_class_is_no_alarm() -> None:
    now = _at(14)
    samples = _spent(now, (30, 0, 0.5))
    assert _look(samples, now).rule == "fast"
    assert _silence(samples, now, structs.replace(LEARNED, stake=3.0 * E))


def test_with_few_days_an_alarm_needs_as_much_more_as_is_at_stake() -> None:
    now = _at(14)
    samples = _spent(now, (60, 0, 0.45))
    assert _look(samples, now, NEW).rule == "new_hour"
    assert _silence(samples, now, structs.replace(NEW, stake=1.2 * E))


@pytest.mark.parametrize(
    ("rule", "expectation", "hour", "minutes", "enough", "too_little", "before"),
    [
        pytest.param("fast", LEARNED, 14, 30, 0.295, 0.285, 0.0, id="fast: by a quarter of E"),
        pytest.param("long", LEARNED, 14, 120, 0.575, 0.565, 0.0, id="long: by four tenths of E"),
        pytest.param("day", LEARNED, 14, 60, 0.100, 0.070, 1.03, id="day: while it goes on"),
        pytest.param("day", LEARNED, 14, 60, 0.100, 0.090, 1.005, id="day: twice the usual"),
        pytest.param("day", LEARNED, 10, 60, 0.100, 0.090, 0.61, id="day: by half of E"),
        pytest.param("night", LEARNED, 3, 30, 0.101, 0.099, 0.0, id="night: a tenth of E"),
        pytest.param("new_hour", NEW, 14, 60, 0.401, 0.399, 0.0, id="new hour: four tenths of E"),
        pytest.param("new_day", NEW, 2, 60, 0.050, 0.040, 0.12, id="new day: twice the even share"),
        pytest.param("new_day", NEW, 0.5, 30, 0.051, 0.049, 0.0, id="new day: a twentieth of E"),
    ],
)
def test_each_rule_holds_from_its_threshold_on(
    *, rule: str, expectation: Expectation, hour: float, minutes: int, enough: float, too_little: float, before: float
) -> None:
    now = _at(hour)
    assert _look(_spent(now, (minutes, 0, enough), day=before), now, expectation).rule == rule
    assert _silence(_spent(now, (minutes, 0, too_little), day=before), now, expectation)


@pytest.mark.parametrize(
    ("stretch", "why"),
    [((30, 10, 0.4), "the last ten minutes are quiet"), ((120, 15, 0.7), "the last quarter of an hour is quiet")],
)
def test_what_is_over_already_alarms_nobody(stretch: tuple[int, int, float], why: str) -> None:
    assert _silence(_spent(_at(14), stretch), _at(14)), why


def test_a_tenth_of_a_day_in_half_an_hour_is_normal_by_day() -> None:
    assert _silence(_spent(_at(14), (30, 0, 0.101)), _at(14))


def test_the_tenth_day_changes_the_rules() -> None:
    steady = _spent(_at(14), (60, 0, 0.45))
    assert _look(steady, _at(14), NEW).rule == "new_hour"
    assert _silence(steady, _at(14), LEARNED)


def test_while_nothing_is_known_nothing_is_unusual() -> None:
    assert _silence(_spent(_at(3), (30, 0, 5.0)), _at(3), UNKNOWN)


# --- episodes ------------------------------------------------------------------------------------


class Ledger:
    """Minutes of spending, looked at once a minute by the state machine."""

    def __init__(self, hour: float, expectation: Expectation = LEARNED) -> None:
        self.minute = int(MIDNIGHT + hour * 3600) // 60 - 1
        """The last one that was looked at."""
        self.expectation = expectation
        self.state = AlertState()
        self.spendings: list[MinuteSpending] = []
        self.alerts: list[Alert] = []

    def is_quiet(self) -> bool:
        return self.state.episode is None

    def calm_since(self) -> float | None:
        return self.state.episode.calm_since if self.state.episode is not None else None

    def live(self, minutes: int, share_an_hour: float) -> list[Alert]:
        """Spend for some minutes at a rate in E an hour; the alerts of those minutes."""
        before = len(self.alerts)
        for _ in range(minutes):
            self.minute += 1
            self.spendings.append(MinuteSpending(self.minute, "loop", round(share_an_hour * E / 60)))
            self.state, alert = next_state(self.state, self.samples(), self.expectation, self.now())
            if alert is not None:
                self.alerts.append(alert)
        return self.alerts[before:]

    def now(self) -> float:
        return self.minute * 60 + 59.99

    def samples(self) -> Samples:
        midnight = self.expectation.day_start // 60
        today = sum(spending.live for spending in self.spendings if spending.minute >= midnight)
        recent = tuple(spending for spending in self.spendings if spending.minute > self.minute - LONGEST_MIN)
        return Samples(recent, (DaySpending("loop", today),))


def test_an_episode_is_told_once_however_long_it_lasts() -> None:
    ledger = Ledger(10)
    assert [alert.rule for alert in ledger.live(240, 0.3)] == ["long"]


def test_an_episode_that_grows_is_told_again_at_four_and_at_eight_times() -> None:
    ledger = Ledger(9)
    first, *again = ledger.live(120, 0.3) + ledger.live(120, 0.5) + ledger.live(120, 1.0)
    assert first.again_at is None
    assert [alert.again_at for alert in again] == [4.0, 8.0]
    assert all(alert.burn >= (alert.again_at or 0.0) for alert in again)


def test_what_was_passed_at_the_beginning_is_not_told_again() -> None:
    ledger = Ledger(3)
    first, *again = ledger.live(180, 0.9)
    assert first.rule == "night"
    assert first.burn >= max(AGAIN_AT)
    assert again == []


def test_an_episode_is_over_after_half_an_hour_of_calm() -> None:
    ledger = Ledger(3)
    ledger.live(20, 0.6)
    ledger.live(29, 0.0)  # Calm begins with the next minute: only then has the last half hour cost nothing.
    assert ledger.calm_since() is None
    ledger.live(30, 0.0)
    assert ledger.calm_since() == ledger.now() - 29 * 60
    assert not ledger.is_quiet()
    ledger.live(1, 0.0)
    assert ledger.is_quiet()


def test_a_stir_begins_the_half_hour_anew() -> None:
    ledger = Ledger(3)
    ledger.live(20, 0.6)
    ledger.live(50, 0.0)
    ledger.live(1, 0.6)
    ledger.live(59, 0.0)
    assert not ledger.is_quiet()
    ledger.live(1, 0.0)
    assert ledger.is_quiet()
    assert len(ledger.alerts) == 1


def test_a_quiet_half_hour_is_no_calm_while_the_last_hour_cost_too_much() -> None:
    ledger = Ledger(9)
    ledger.live(30, 0.8)
    ledger.live(35, 0.0)
    assert ledger.calm_since() is None
    ledger.live(20, 0.0)
    assert ledger.calm_since() is not None


def test_a_busy_quarter_of_an_hour_does_not_bring_back_a_runaway_that_was_told() -> None:
    ledger = Ledger(9)
    assert [alert.rule for alert in ledger.live(28, 0.9) if alert.again_at is None] == ["fast"]
    ledger.live(78, 0.1)
    assert ledger.is_quiet()
    assert ledger.live(12, 0.2) == []
    assert _look(ledger.samples(), ledger.now()).rule == "long"


def test_a_second_runaway_of_the_day_is_a_second_episode() -> None:
    ledger = Ledger(9)
    ledger.live(30, 0.8)
    ledger.live(120, 0.086)
    assert ledger.is_quiet()
    ledger.live(30, 0.8)
    assert [alert.rule for alert in ledger.alerts if alert.again_at is None] == ["fast", "fast"]


@pytest.mark.parametrize("expectation", [LEARNED, NEW], ids=["learned", "new"])
def test_what_was_told_is_not_found_again_by_longer_windows(expectation: Expectation) -> None:
    ledger = Ledger(9, expectation)
    assert len(ledger.live(60, 1.5)) >= 1
    assert ledger.live(180, 0.1) == []
    assert ledger.is_quiet()


def test_the_next_day_owes_nothing_to_what_was_told_before() -> None:
    ledger = Ledger(20)
    ledger.live(60, 1.5)
    ledger.live(120, 0.0)
    assert ledger.state.told_excess > 0
    ledger.expectation = structs.replace(learn([], timezone=UTC, now=MIDNIGHT + 86400), usual=float(E), days_learned=9)
    ledger.minute = int(ledger.expectation.day_start) // 60 - 1
    assert [alert.rule for alert in ledger.live(5, 0.7)] == ["new_day"]


def test_without_an_expectation_an_episode_is_forgotten() -> None:
    burning, _ = next_state(AlertState(), _spent(_at(3), (30, 0, 1.0)), LEARNED, _at(3))
    assert burning.episode is not None
    assert next_state(burning, Samples(), UNKNOWN, _at(3)) == (AlertState(), None)


# --- evidence ------------------------------------------------------------------------------------


def test_an_alert_carries_its_evidence() -> None:
    alert = _look(_spent(_at(14), (30, 0, 0.3)), _at(14))
    long, short = alert.windows
    assert (long.window, short.window) == (30, 10)
    assert (long.spent, short.spent) == (300_000, 100_000)
    assert long.expected == pytest.approx(LEARNED.expected(_at(13.5), _at(14)), abs=E * 1e-5)
    assert long.excess == long.spent - long.expected
    assert (alert.usual, alert.days_learned, alert.measure) == (E, 10, "nanousd")
    assert alert.since == MIDNIGHT + 13.5 * 3600


def test_the_day_of_an_unlearned_class_is_measured_by_its_even_share() -> None:
    (day,) = _look(_spent(_at(6), (60, 0, 0.1), day=0.5), _at(6), NEW).windows
    assert day.window is None
    assert day.expected == pytest.approx(E / 4, rel=1e-4)


def test_the_three_costliest_of_the_window_are_named() -> None:
    now = _at(3)
    last = int(now // 60)
    spent = {"script": 90_000, "pane": 50_000, "eval": 10_000, "chat": 5_000}
    minutes = (
        MinuteSpending(last - 45, "long ago", 150_000),
        *(MinuteSpending(last - 5, name, amount) for name, amount in spent.items()),
        MinuteSpending(last, "pane", 50_000),
    )
    alert = _look(Samples(minutes), now)
    assert alert.rule == "night"
    assert alert.contributors == (
        Contribution("pane", 100_000),
        Contribution("script", 90_000),
        Contribution("eval", 10_000),
    )


def test_a_rule_about_the_day_names_those_of_the_day() -> None:
    alert = _look(_spent(_at(14), (60, 0, 0.1), day=1.03), _at(14))
    assert alert.contributors == (Contribution("work", 1_030_000), Contribution("loop", 100_020))
    assert alert.since == MIDNIGHT


def test_requests_without_a_price_alarm_on_their_tokens() -> None:
    tokens = structs.replace(LEARNED, measure="tokens")
    assert _look(_spent(_at(3), (30, 0, 0.2)), _at(3), tokens).measure == "tokens"


def test_what_another_clock_dates_ahead_waits_for_its_minute() -> None:
    now = _at(3)
    ahead = Samples((MinuteSpending(int(now // 60) + 2, "loop", E),))
    assert _silence(ahead, now)
    assert _look(ahead, now + 120).rule == "fast"


# --- late rows -----------------------------------------------------------------------------------


def test_late_rows_are_in_the_total_of_the_day() -> None:
    assert Samples(day=(DaySpending("codex", 5, 70), DaySpending("chat", 20))).total == 95


@given(
    st.floats(0.1, 23.9),
    st.lists(st.tuples(st.integers(1, 120), st.integers(0, 100 * E)), max_size=30),
    st.sampled_from([LEARNED, NEW]),
)
def test_late_rows_alone_never_alarm(hour: float, rows: list[tuple[int, int]], expectation: Expectation) -> None:
    now = _at(hour)
    minutes = tuple(
        MinuteSpending(int(now // 60) - ago + 1, "codex", 0, late) for ago, late in sorted(rows, reverse=True)
    )
    day = (DaySpending("codex", 0, sum(late for _, late in rows)),)
    assert next_state(AlertState(), Samples(minutes, day), expectation, now) == (AlertState(), None)


@given(st.floats(0.1, 23.9), st.floats(0, 2), st.integers(0, 10**12), st.sampled_from([LEARNED, NEW]))
def test_late_rows_change_no_decision(hour: float, share: float, late: int, expectation: Expectation) -> None:
    now = _at(hour)
    live = _spent(now, (60, 0, share))
    corrected = Samples(
        tuple(structs.replace(spending, late=late) for spending in live.minutes),
        tuple(structs.replace(spending, late=late) for spending in live.day),
    )
    assert next_state(AlertState(), corrected, expectation, now) == next_state(AlertState(), live, expectation, now)


# --- invariants ----------------------------------------------------------------------------------

rates = st.lists(st.tuples(st.integers(1, 90), st.sampled_from([0.0, 0.0, 0.05, 0.1, 0.3, 0.6, 1.5])), max_size=8)
"""Minutes and what is spent in them, in E an hour."""


@given(st.integers(0, 12), rates, st.sampled_from([LEARNED, NEW]))
def test_an_episode_has_one_first_word_and_each_further_one_is_about_more(
    hour: int, stretches: list[tuple[int, float]], expectation: Expectation
) -> None:
    ledger = Ledger(hour, expectation)
    for minutes, rate in stretches:
        for _ in range(minutes):
            was = ledger.state.episode
            for alert in ledger.live(1, rate):
                assert (was is None) == (alert.again_at is None)
                assert was is None or (alert.again_at or 0.0) > was.told
            assert ledger.state.episode is not None or was is None or was.calm_since is not None


@given(st.integers(0, 12), rates)
def test_between_two_episodes_there_is_half_an_hour_of_calm(hour: int, stretches: list[tuple[int, float]]) -> None:
    ledger = Ledger(hour)
    began: list[int] = []
    for minutes, rate in stretches:
        for _ in range(minutes):
            began += [ledger.minute for alert in ledger.live(1, rate) if alert.again_at is None]
    assert all(later - earlier > CLEAR_AFTER_S / 60 for earlier, later in pairwise(began))


@given(st.floats(0.05, 23.95), st.integers(1, 1000), st.floats(0, 2), st.sampled_from([LEARNED, NEW]))
def test_the_size_of_the_unit_does_not_matter(hour: float, times: int, share: float, expectation: Expectation) -> None:
    now = _at(hour)
    samples = _spent(now, (60, 0, share))
    larger = Samples(
        tuple(structs.replace(spending, live=spending.live * times) for spending in samples.minutes),
        tuple(structs.replace(spending, live=spending.live * times) for spending in samples.day),
    )
    _, alert = next_state(AlertState(), samples, expectation, now)
    _, other = next_state(AlertState(), larger, structs.replace(expectation, usual=float(E * times)), now)
    assert (alert and alert.rule) == (other and other.rule)


@given(st.integers(0, 22), st.integers(10, 120))
def test_a_day_as_expected_is_quiet(hour: int, minutes: int) -> None:
    ledger = Ledger(hour)
    for _ in range(minutes):
        start = (ledger.minute + 1) * 60
        usual = floor(LEARNED.expected(start, start + 60))
        ledger.live(1, usual * 60 / E)
    assert ledger.alerts == []


# --- budgets -------------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = Budget(name="daily", limit_nanousd=100, timezone=BERLIN)
MORNING = datetime(2026, 7, 15, 9, tzinfo=BERLIN).timestamp()


def _marks(spendings: list[tuple[int, int]], budget: Budget = DAILY, now: float = MORNING) -> Iterator[float | None]:
    """What is told after each pair of what was spent and how much of it live; None = nothing."""
    state = BudgetState()
    for spent, live in spendings:
        state, alert = next_budget_state(state, budget, spent_nanousd=spent, live_nanousd=live, now=now)
        yield alert.mark if alert is not None else None


def test_a_budget_is_told_of_at_half_at_four_fifths_and_when_it_is_spent() -> None:
    spent = [10, 49, 50, 79, 80, 99, 100, 140]
    assert list(_marks([(amount, amount) for amount in spent])) == [None, None, 0.5, None, 0.8, None, 1.0, None]


def test_of_marks_passed_together_the_highest_is_told() -> None:
    assert list(_marks([(30, 30), (85, 85), (86, 86)])) == [None, 0.8, None]


def test_an_import_passes_a_mark_in_silence_until_somebody_spends() -> None:
    assert list(_marks([(30, 30), (85, 30), (86, 31)])) == [None, None, 0.8]


def test_a_budget_alert_says_what_was_spent() -> None:
    _, alert = next_budget_state(BudgetState(), DAILY, spent_nanousd=85, live_nanousd=25, now=MORNING)
    assert alert == BudgetAlert(
        name="daily",
        scope="all",
        period="day",
        period_start=period_of(DAILY, datetime.fromtimestamp(MORNING, BERLIN))[0].timestamp(),
        mark=0.8,
        spent_nanousd=85,
        limit_nanousd=100,
    )


def test_a_budget_of_nothing_is_spent_by_anything() -> None:
    assert list(_marks([(0, 0), (1, 1)], structs.replace(DAILY, limit_nanousd=0))) == [None, 1.0]


def test_a_new_period_begins_with_the_midnight_of_the_budgets_zone() -> None:
    evening = datetime(2026, 7, 15, 23, 59, tzinfo=BERLIN).timestamp()
    state, first = next_budget_state(BudgetState(), DAILY, spent_nanousd=60, live_nanousd=60, now=MORNING)
    state, same = next_budget_state(state, DAILY, spent_nanousd=70, live_nanousd=70, now=evening)
    _, next_day = next_budget_state(state, DAILY, spent_nanousd=55, live_nanousd=55, now=evening + 61)
    assert first is not None
    assert same is None
    assert next_day is not None


def test_a_raised_limit_is_told_of_anew() -> None:
    state, _ = next_budget_state(BudgetState(), DAILY, spent_nanousd=100, live_nanousd=100, now=MORNING)
    raised = structs.replace(DAILY, limit_nanousd=200)
    _, alert = next_budget_state(state, raised, spent_nanousd=101, live_nanousd=101, now=MORNING)
    assert alert is not None
    assert alert.mark == 0.5


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=20))
def test_each_mark_is_told_at_most_once_a_period_and_never_by_an_import(steps: list[tuple[int, bool]]) -> None:
    spent = live = 0
    looks = []
    for amount, is_live in steps:
        spent, live = spent + amount, live + amount * is_live
        looks.append((spent, live))
    told = list(_marks(looks))
    marks = [mark for mark in told if mark is not None]
    assert marks == sorted(set(marks))
    assert set(marks) <= set(BUDGET_MARKS)
    assert all(is_live for (_, is_live), mark in zip(steps, told, strict=True) if mark is not None)
