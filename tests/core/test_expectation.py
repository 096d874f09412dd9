"""A usual day is learned from days like it, and spread over its hours as they were seen, whatever the clocks do."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from statistics import fmean, median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.expectation import (
    FEW_DAYS_MARGIN,
    FLOOR_SHARE,
    LEARNED_DAYS,
    REMEMBERED_DAYS,
    WINSOR_MEDIANS,
    Expectation,
    HourSum,
    learn,
)

BERLIN = ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")
KOLKATA = ZoneInfo("Asia/Kolkata")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")

WEDNESDAY = date(2026, 7, 15)
SATURDAY = date(2026, 7, 18)
AUTUMN = date(2026, 10, 25)
"""Berlin's 25 hours: two o'clock comes twice."""
SPRING = date(2026, 3, 29)
"""Berlin's 23 hours: two o'clock never comes."""

OFFICE_HOUR = 0.9 / 11 + 0.1 / 24
OTHER_HOUR = 0.1 / 24


def _at(day: date, hour: float, timezone: tzinfo = UTC) -> float:
    """Seconds since the epoch of a local hour of the day."""
    whole = int(hour)
    return datetime(day.year, day.month, day.day, whole, round((hour - whole) * 60), tzinfo=timezone).timestamp()


def _spent(day: date, amount: int, *, hour: int = 10, timezone: tzinfo = UTC) -> HourSum:
    return HourSum(int(_at(day, hour, timezone) // 3600), amount)


def _days_before(day: date, amounts: Iterable[int], *, weekend: bool = False) -> list[HourSum]:
    """One active day of the class for each amount, the last one being the nearest to `day`."""
    hours = []
    for amount in reversed(list(amounts)):
        day -= timedelta(days=1)
        while (day.weekday() >= 5) != weekend:
            day -= timedelta(days=1)
        hours.append(_spent(day, amount))
    return hours


def _on(day: date, hours: Iterable[HourSum] = (), *, timezone: tzinfo = UTC, limit: int | None = None) -> Expectation:
    return learn(hours, timezone=timezone, now=_at(day, 12, timezone), day_limit=limit)


def test_without_any_day_nothing_is_usual() -> None:
    unknown = _on(WEDNESDAY)
    assert unknown.usual is None
    assert unknown.days_learned == 0
    assert unknown.expected(unknown.day_start, unknown.day_end) == 0.0


def test_without_any_day_the_limit_stands_in() -> None:
    assert _on(WEDNESDAY, limit=500).usual == 500


def test_one_active_day_is_worth_more_than_the_limit() -> None:
    assert _on(WEDNESDAY, _days_before(WEDNESDAY, [80]), limit=500).usual == 80


@pytest.mark.parametrize(
    ("amounts", "usual"),
    [
        pytest.param([100, 200, 300], 200, id="the mean"),
        pytest.param([100, 0, 300], 200, id="of active days"),
        pytest.param([100, 100, 1000], (100 + 100 + 300) / 3, id="winsorised at three medians"),
        pytest.param([9_000] * 5 + [100] * 20, 100, id="of the last twenty"),
    ],
)
def test_a_usual_day_is(amounts: list[int], usual: float) -> None:
    assert _on(WEDNESDAY, _days_before(WEDNESDAY, amounts)).usual == pytest.approx(usual)


def test_today_teaches_nothing_about_itself() -> None:
    hours = [*_days_before(WEDNESDAY, [100]), _spent(WEDNESDAY, 900), _spent(WEDNESDAY + timedelta(days=1), 900)]
    assert _on(WEDNESDAY, hours).usual == 100


def test_a_learned_weekend_is_measured_by_weekends_alone() -> None:
    hours = _days_before(SATURDAY, [1000] * 30) + _days_before(SATURDAY, [100] * LEARNED_DAYS, weekend=True)
    learned = _on(SATURDAY, hours)
    assert learned.usual == 100
    assert learned.is_learned


def test_a_weekend_of_few_days_is_not_taken_for_less_than_all_days() -> None:
    hours = _days_before(SATURDAY, [1000] * 30) + _days_before(SATURDAY, [100], weekend=True)
    new = _on(SATURDAY, hours)
    assert new.usual == pytest.approx((19 * 1000 + 100) / 20)
    assert new.days_learned == 1


def test_quiet_weekends_do_not_make_a_new_weekday_cheaper() -> None:
    hours = _days_before(WEDNESDAY, [1000] * 3) + _days_before(WEDNESDAY, [10, 10], weekend=True)
    assert _on(WEDNESDAY, hours).usual == 1000


def test_a_first_saturday_is_measured_by_the_weekdays_and_counts_as_unlearned() -> None:
    first = _on(SATURDAY, _days_before(SATURDAY, [1000] * 15))
    assert first.usual == 1000
    assert first.days_learned == 0
    assert not first.is_learned


def test_at_stake_is_a_usual_day_and_on_cheap_weekends_one_of_any_class() -> None:
    weekdays, weekends = _days_before(SATURDAY, [1000] * 30), _days_before(SATURDAY, [100] * 10, weekend=True)
    assert _on(WEDNESDAY, _days_before(WEDNESDAY, [1000] * 10)).stake == 1000
    cheap = _on(SATURDAY, weekdays + weekends)
    assert (cheap.usual, cheap.is_learned) == (100, True)
    assert cheap.stake == pytest.approx((15 * 1000 + 5 * 100) / 20, rel=0.1)


def test_with_few_days_somewhat_more_is_at_stake_and_with_none_the_limit() -> None:
    few = _on(WEDNESDAY, _days_before(WEDNESDAY, [1000] * 9))
    assert (few.usual, few.stake) == (1000, 1000 * FEW_DAYS_MARGIN)
    assert _on(WEDNESDAY, limit=500).stake == 500
    assert _on(WEDNESDAY).stake is None


def test_the_tenth_day_makes_a_class_learned() -> None:
    assert not _on(WEDNESDAY, _days_before(WEDNESDAY, [5] * 9)).is_learned
    assert _on(WEDNESDAY, _days_before(WEDNESDAY, [5] * 10)).is_learned
    assert _on(WEDNESDAY, _days_before(WEDNESDAY, [5] * 40)).days_learned == REMEMBERED_DAYS


def test_an_unseen_day_is_nine_tenths_office_hours() -> None:
    profile = _on(WEDNESDAY).profile
    assert [profile[hour] for hour in (7, 8, 18, 19)] == pytest.approx(
        [OTHER_HOUR, OFFICE_HOUR, OFFICE_HOUR, OTHER_HOUR]
    )


def test_five_days_weigh_as_much_as_the_prior() -> None:
    profile = _on(WEDNESDAY, _days_before(WEDNESDAY, [100] * 5)).profile
    assert profile[10] == pytest.approx((1.0 + OFFICE_HOUR) / 2)
    assert profile[3] == pytest.approx(OTHER_HOUR / 2)


def test_a_dear_day_shapes_the_profile_no_more_than_a_cheap_one() -> None:
    tuesday, monday = WEDNESDAY - timedelta(days=1), WEDNESDAY - timedelta(days=2)
    profile = _on(WEDNESDAY, [_spent(tuesday, 9_000, hour=9), _spent(monday, 1, hour=15)]).profile
    assert profile[9] == pytest.approx(profile[15])


def test_the_profile_is_of_days_of_the_same_class() -> None:
    night = [_spent(day, 50, hour=3) for day in (date(2026, 7, 11), date(2026, 7, 12))]
    assert _on(WEDNESDAY, night).profile == _on(WEDNESDAY).profile


def test_an_hour_without_any_spending_is_expected_to_cost_the_floor() -> None:
    learned = _on(WEDNESDAY, _days_before(WEDNESDAY, [2400] * 20))
    floor = FLOOR_SHARE * 2400 / 24
    assert learned.profile[3] * 2400 < floor
    assert learned.expected(_at(WEDNESDAY, 3), _at(WEDNESDAY, 4)) == pytest.approx(floor)


def test_what_is_expected_by_now_grows_with_the_hours_of_the_day() -> None:
    new = _on(WEDNESDAY, limit=1_000)
    assert new.by(_at(WEDNESDAY, 0)) == 0.0
    assert new.by(_at(WEDNESDAY, 8)) == pytest.approx(8_000 * OTHER_HOUR)
    assert new.by(_at(WEDNESDAY, 8.5)) == pytest.approx(8_000 * OTHER_HOUR + 500 * OFFICE_HOUR)
    assert new.by(_at(WEDNESDAY, 12)) == pytest.approx(8_000 * OTHER_HOUR + 4_000 * OFFICE_HOUR)


def test_a_window_reaches_back_over_midnight() -> None:
    new = _on(WEDNESDAY, limit=1_000)
    assert new.expected(new.day_start - 3600, new.day_start + 3600) == pytest.approx(2_000 * OTHER_HOUR)


@pytest.mark.parametrize(("day", "hours"), [(AUTUMN, 25), (SPRING, 23), (WEDNESDAY, 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    expectation = _on(day, timezone=BERLIN, limit=1_000)
    assert expectation.day_end - expectation.day_start == hours * 3600
    assert expectation.elapsed(_at(day, 12, BERLIN)) == pytest.approx((hours - 12) / hours)
    whole = 11 * OFFICE_HOUR + (hours - 11) * OTHER_HOUR
    assert expectation.expected(expectation.day_start, expectation.day_end) == pytest.approx(1_000 * whole)


def test_the_hour_that_comes_twice_is_learned_and_expected_twice() -> None:
    before = AUTUMN - timedelta(days=7)
    hours = [_spent(before, 100, hour=2, timezone=BERLIN)]
    expectation = _on(AUTUMN, hours, timezone=BERLIN)
    one_o_clock = _at(AUTUMN, 1, BERLIN)
    both = expectation.expected(one_o_clock + 3600, one_o_clock + 3 * 3600)
    assert both == pytest.approx(2 * 100 * expectation.profile[2])
    assert _at(AUTUMN, 3, BERLIN) == one_o_clock + 3 * 3600


def test_a_clock_that_moves_by_half_an_hour_is_followed() -> None:
    shift = date(2026, 4, 5)
    expectation = _on(shift, timezone=LORD_HOWE, limit=1_000)
    assert expectation.day_end - expectation.day_start == 24.5 * 3600
    assert expectation.by(_at(shift, 12, LORD_HOWE)) == pytest.approx(8_500 * OTHER_HOUR + 4_000 * OFFICE_HOUR)


def test_a_day_without_a_midnight_begins_when_its_clocks_leap() -> None:
    leap = date(2026, 4, 24)
    expectation = _on(leap, timezone=CAIRO, limit=1_000)
    assert expectation.day_end - expectation.day_start == 23 * 3600
    assert expectation.by(_at(leap, 1, CAIRO)) == 0.0


def test_an_hour_of_utc_is_shared_by_the_two_local_hours_it_lies_in() -> None:
    at_ten_utc = _spent(WEDNESDAY - timedelta(days=1), 100, hour=10)
    profile = _on(WEDNESDAY, [at_ten_utc], timezone=KOLKATA).profile
    seen = [profile[hour] * 6 - 5 * _on(WEDNESDAY).profile[hour] for hour in (14, 15, 16, 17)]
    assert seen == pytest.approx([0.0, 0.5, 0.5, 0.0])


def test_a_day_belongs_to_the_date_of_the_budgets_zone() -> None:
    late_on_tuesday = HourSum(int(datetime(2026, 7, 14, 23, tzinfo=UTC).timestamp() // 3600), 100)
    assert _on(WEDNESDAY, [late_on_tuesday], timezone=UTC).days_learned == 1
    assert _on(WEDNESDAY, [late_on_tuesday], timezone=BERLIN).days_learned == 0


moments = st.integers(1_577_836_800, 2_051_222_400)
zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo"]
).map(ZoneInfo)
histories = st.lists(st.tuples(st.integers(1, 24 * 60), st.integers(0, 10**12)), max_size=60)
"""Hours before now, and what was spent in them."""


def _learned(now: int, zone: ZoneInfo, history: list[tuple[int, int]]) -> Expectation:
    hours = [HourSum(now // 3600 - before, amount) for before, amount in history]
    return learn(hours, timezone=zone, now=now)


@given(moments, zones, histories)
def test_the_shares_of_the_hours_sum_to_one_day(now: int, zone: ZoneInfo, history: list[tuple[int, int]]) -> None:
    assert sum(_learned(now, zone, history).profile) == pytest.approx(1.0)


@given(moments, zones)
def test_now_lies_within_its_own_day(now: int, zone: ZoneInfo) -> None:
    expectation = _learned(now, zone, [])
    assert expectation.day_start <= now < expectation.day_end
    assert 0.0 <= expectation.elapsed(now) < 1.0


@given(moments, zones)
def test_each_day_begins_when_the_one_before_it_ends(now: int, zone: ZoneInfo) -> None:
    expectation = _learned(now, zone, [])
    assert _learned(int(expectation.day_end), zone, []).day_start == expectation.day_end


@given(moments, zones, histories)
def test_a_usual_day_is_within_the_days_it_was_learned_from(
    now: int, zone: ZoneInfo, history: list[tuple[int, int]]
) -> None:
    usual = _learned(now, zone, history).usual
    total = sum(amount for _, amount in history)
    assert usual is None or 0 < usual <= total * (1 + 1e-9)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=REMEMBERED_DAYS))
def test_no_day_counts_for_more_than_three_median_days(amounts: list[int]) -> None:
    usual = _on(WEDNESDAY, _days_before(WEDNESDAY, amounts)).usual
    assert usual is not None
    assert usual <= min(WINSOR_MEDIANS * median(amounts), fmean(amounts)) * (1 + 1e-9)


@given(moments, zones, histories, st.lists(st.floats(-86_400, 2 * 86_400), min_size=3, max_size=3))
def test_what_is_expected_of_two_stretches_is_the_sum_of_both(
    now: int, zone: ZoneInfo, history: list[tuple[int, int]], offsets: list[float]
) -> None:
    expectation = _learned(now, zone, history)
    first, middle, last = (expectation.day_start + offset for offset in sorted(offsets))
    parts = [expectation.expected(first, middle), expectation.expected(middle, last)]
    assert min(parts) >= 0.0
    assert expectation.expected(first, last) == pytest.approx(sum(parts), abs=1e-3)


@given(moments, zones, histories)
def test_no_hour_of_the_day_is_expected_to_cost_less_than_the_floor(
    now: int, zone: ZoneInfo, history: list[tuple[int, int]]
) -> None:
    expectation = _learned(now, zone, history)
    usual = expectation.usual or 0.0
    for start in range(int(expectation.day_start), int(expectation.day_end) - 3599, 3600):
        assert expectation.expected(start, start + 3600) >= FLOOR_SHARE * usual / 24 * (1 - 1e-6)


@given(moments, zones, histories)
def test_the_order_of_the_hours_does_not_matter(now: int, zone: ZoneInfo, history: list[tuple[int, int]]) -> None:
    one, other = _learned(now, zone, history), _learned(now, zone, sorted(history))
    assert one.days_learned == other.days_learned
    assert one.usual == pytest.approx(other.usual)
