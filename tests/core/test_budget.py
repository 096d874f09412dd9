"""A limit holds to the nano-dollar, over days that are not always 24 hours long."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.budget import Budget, Exceeds, Fits, Period, Spent, period_of, reserve

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = Budget(name="daily", limit_nanousd=1_000, timezone=BERLIN)


def test_a_request_that_fills_the_limit_exactly_fits() -> None:
    assert isinstance(reserve(400, [Spent(DAILY, 600)]), Fits)


def test_one_nanodollar_more_does_not_fit() -> None:
    assert isinstance(reserve(401, [Spent(DAILY, 600)]), Exceeds)


def test_a_free_request_fits_even_when_nothing_is_left() -> None:
    assert isinstance(reserve(0, [Spent(DAILY, 5_000)]), Fits)


def test_an_unknown_price_fits_only_while_something_is_left() -> None:
    assert isinstance(reserve(None, [Spent(DAILY, 999)]), Fits)
    assert isinstance(reserve(None, [Spent(DAILY, 1_000)]), Exceeds)


def test_the_last_fifth_of_a_budget_is_warned_about() -> None:
    assert reserve(1, [Spent(DAILY, 799)]) == Fits((Spent(DAILY, 799),))
    assert reserve(1, [Spent(DAILY, 700)]) == Fits()


@given(st.lists(st.integers(1, 400), max_size=40))
def test_what_is_admitted_never_passes_the_limit(estimates: list[int]) -> None:
    spent = 0
    for estimate in estimates:
        if isinstance(reserve(estimate, [Spent(DAILY, spent)]), Fits):
            spent += estimate
    assert spent <= DAILY.limit_nanousd


def test_a_day_in_autumn_has_25_hours_and_one_in_spring_23() -> None:
    assert _length(DAILY, datetime(2026, 10, 25, 12, tzinfo=BERLIN)) == timedelta(hours=25)
    assert _length(DAILY, datetime(2026, 3, 29, 12, tzinfo=BERLIN)) == timedelta(hours=23)


def test_a_week_starts_on_monday_and_a_month_on_the_first() -> None:
    now = datetime(2026, 11, 26, 9, tzinfo=BERLIN)
    assert period_of(_with_period("week"), now)[0] == datetime(2026, 11, 23, tzinfo=BERLIN)
    assert period_of(_with_period("month"), now)[0] == datetime(2026, 11, 1, tzinfo=BERLIN)


moments = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))

# In the last three the clocks change at midnight itself.
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Santiago", "America/Havana", "Asia/Beirut"]
)


@given(
    moments,
    st.sampled_from(["day", "week", "month"]),
    zones,
)
def test_now_always_lies_within_its_own_period(now: datetime, period: Period, zone: str) -> None:
    budget = Budget(name="b", limit_nanousd=1, period=period, timezone=ZoneInfo(zone))
    start, end = period_of(budget, now)
    assert start.astimezone(UTC) <= now < end.astimezone(UTC)


@given(moments, st.sampled_from(["day", "week", "month"]), zones)
def test_each_period_ends_where_the_next_one_starts(now: datetime, period: Period, zone: str) -> None:
    budget = Budget(name="b", limit_nanousd=1, period=period, timezone=ZoneInfo(zone))
    _, end = period_of(budget, now)
    assert period_of(budget, end.astimezone(UTC))[0].timestamp() == end.timestamp()


@given(st.dates(date(2020, 1, 1), date(2034, 12, 31)))
def test_a_day_in_berlin_runs_from_midnight_to_midnight_whatever_the_clocks_do(day: date) -> None:
    noon = datetime.combine(day, time(12), BERLIN)
    start, end = period_of(DAILY, noon)
    assert start.astimezone(BERLIN) == datetime.combine(day, time(0), BERLIN)
    assert end.astimezone(BERLIN) == datetime.combine(day + timedelta(days=1), time(0), BERLIN)
    hours = (end.timestamp() - start.timestamp()) / 3600
    changes = noon.utcoffset() != start.utcoffset() or noon.utcoffset() != end.utcoffset()
    assert hours in ({23, 25} if changes else {24})


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=4),
    st.lists(st.integers(0, 200), max_size=40),
)
def test_no_budget_is_ever_passed_by_what_was_admitted(limits: list[int], estimates: list[int]) -> None:
    budgets = [Budget(name=f"b{n}", limit_nanousd=limit, timezone=UTC) for n, limit in enumerate(limits)]
    reserved = 0
    for estimate in estimates:
        if isinstance(reserve(estimate, [Spent(budget, reserved) for budget in budgets]), Fits):
            reserved += estimate
        assert reserved <= min(limits)


@given(st.integers(0, 2_000), st.integers(0, 2_000), st.none() | st.integers(1, 2_000))
def test_what_does_not_fit_is_said_with_the_budget_that_it_would_pass(
    limit: int, spent: int, estimate: int | None
) -> None:
    tight = Spent(Budget(name="tight", limit_nanousd=limit, timezone=UTC), spent)
    ample = Spent(Budget(name="ample", limit_nanousd=10**9, timezone=UTC), spent)
    verdict = reserve(estimate, [ample, tight])
    if spent >= limit or spent + (estimate or 0) > limit:
        assert verdict == Exceeds(tight)
    else:
        assert isinstance(verdict, Fits)


def test_a_scope_covers_its_own_label_only() -> None:
    budget = Budget(name="b", limit_nanousd=1, timezone=UTC, scope="provider:openai")
    assert budget.covers(provider_name="openai", environment="production", session_id=None, project=None)
    assert not budget.covers(provider_name="anthropic", environment="production", session_id=None, project=None)


def _with_period(period: Period) -> Budget:
    return Budget(name="b", limit_nanousd=1, period=period, timezone=BERLIN)


def _length(budget: Budget, now: datetime) -> timedelta:
    start, end = period_of(budget, now)
    return end.astimezone(UTC) - start.astimezone(UTC)
