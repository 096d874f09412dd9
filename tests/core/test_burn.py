"""What the burn panel says, from what the ledger knows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.burn import (
    FIRST_JUDGEMENT,
    WINDOW_MINUTES,
    BurnView,
    MinuteSample,
    ProviderSpending,
    Spending,
    Trend,
    burn_view,
)
from burn_tui.core.expectation import LEARNED_DAYS, Expectation, HourSum, learn
from burn_tui.core.latency import bucket_of, seconds_of
from burn_tui.core.minutes import minute_of

HOUR = 3600.0
DAY_START = 20_000 * 24 * HOUR
LIMIT = 24_000

BERLIN = ZoneInfo("Europe/Berlin")


def _spent(nanousd: int) -> Spending:
    return Spending(providers=(ProviderSpending(provider_name="openai", cost_nanousd=nanousd),))


UNKNOWN = learn([], timezone=UTC, now=DAY_START)
EVENLY = [HourSum(int(DAY_START // HOUR) - 24 * day + hour, 1_000) for day in range(1, 40) for hour in range(24)]
LEARNED = learn(EVENLY, timezone=UTC, now=DAY_START)
"""Every day costs 24_000."""


def _live(now: float, *stretches: tuple[int, int, int]) -> dict[int, int]:
    """Stretches of minutes before now (from, to, each minute's nano-USD)."""
    last = minute_of(now)
    return {last - age: amount for start, end, amount in stretches for age in range(end, start)}


def _view(
    spending: Spending,
    *,
    hours: float,
    limit_nanousd: int | None = LIMIT,
    expectation: Expectation = UNKNOWN,
    live: dict[int, int] | None = None,
) -> BurnView:
    """The panel so many hours after midnight."""
    now = DAY_START + hours * HOUR
    return burn_view(spending, now=now, expectation=expectation, limit_nanousd=limit_nanousd, live=live or {})


@pytest.mark.parametrize(("hours", "expected"), [(0, 0), (0.25, 250), (1, 1_000), (6, 6_000), (24, 24_000)])
def test_until_usual_days_are_known_the_even_share_of_the_budget_is_expected(hours: float, expected: int) -> None:
    view = _view(_spent(6_000), hours=hours)
    assert (view.expected_nanousd, view.expected_by, view.days_learned) == (expected, "budget", 0)


def test_once_enough_days_are_known_they_are_what_is_expected_whatever_the_budget() -> None:
    view = _view(_spent(6_000), hours=12, limit_nanousd=1_000_000, expectation=LEARNED)
    assert view.expected_by == "learned"
    assert view.days_learned >= LEARNED_DAYS
    assert view.expected_nanousd == round(LEARNED.by(DAY_START + 12 * HOUR))
    assert 8_000 < view.expected_nanousd < 12_000


def test_without_budget_and_usual_days_nothing_is_expected_and_the_day_end_is_projected_all_the_same() -> None:
    view = _view(_spent(6_000), hours=6, limit_nanousd=None)
    assert (view.limit_nanousd, view.expected_nanousd, view.expected_by, view.ratio) == (None, None, None, None)
    assert (view.share_of_limit, view.trend) == (None, None)
    assert view.projected_day_end_nanousd == 6_000


def test_the_ratio_is_of_the_last_hour_and_not_of_the_day() -> None:
    now = DAY_START + 12 * HOUR - 1
    busy = _view(_spent(90_000), hours=12 - 1 / HOUR, live=_live(now, (60, 0, 50)))
    quiet = _view(_spent(90_000), hours=12 - 1 / HOUR, live=_live(now, (120, 60, 50)))
    assert busy.ratio == pytest.approx(3.0, rel=0.01)
    assert quiet.ratio == 0.0


def test_late_rows_are_in_what_was_spent_and_not_in_the_ratio() -> None:
    minutes = (MinuteSample(minute_of(DAY_START + 6 * HOUR), 50_000, 0),)
    view = _view(structs.replace(_spent(50_000), minutes=minutes), hours=6, live={})
    assert (view.spent_nanousd, view.ratio) == (50_000, 0.0)


@pytest.mark.parametrize(
    ("stretches", "trend"),
    [
        (((60, 0, 20),), "steady"),
        (((60, 15, 10), (15, 0, 40)), "rising"),
        (((60, 15, 40), (15, 0, 10)), "falling"),
        ((), "steady"),
    ],
    ids=["even", "a hot quarter", "a cool quarter", "nothing at all"],
)
def test_the_arrow_tells_the_last_quarter_from_the_hour(
    stretches: tuple[tuple[int, int, int], ...], trend: Trend
) -> None:
    view = _view(_spent(1), hours=12 - 1 / HOUR, live=_live(DAY_START + 12 * HOUR - 1, *stretches))
    assert view.trend == trend


def test_shortly_after_midnight_nothing_is_inferred_from_the_first_prompt() -> None:
    first = FIRST_JUDGEMENT * 24
    early, judged = (_view(_spent(5_000), hours=hours) for hours in (first - 0.01, first))
    assert (early.ratio, early.trend, early.projected_day_end_nanousd) == (None, None, None)
    assert judged.ratio is not None
    assert judged.projected_day_end_nanousd is not None


def test_a_budget_of_nothing_has_no_ratio() -> None:
    view = _view(_spent(6_000), hours=6, limit_nanousd=0)
    assert (view.expected_nanousd, view.ratio, view.share_of_limit) == (0, None, None)


def test_a_usual_morning_projects_a_usual_day() -> None:
    usual = round(LEARNED.by(DAY_START + 12 * HOUR))
    view = _view(_spent(usual), hours=12, expectation=LEARNED)
    assert view.projected_day_end_nanousd == pytest.approx(24_000, rel=0.02)


def test_a_dear_morning_projects_a_dear_rest_of_the_day_but_not_in_full_proportion() -> None:
    usual = round(LEARNED.by(DAY_START + 12 * HOUR))
    view = _view(_spent(3 * usual), hours=12, expectation=LEARNED)
    rest = 24_000 - usual
    assert view.projected_day_end_nanousd is not None
    assert 3 * usual + rest < view.projected_day_end_nanousd < 3 * 24_000


def test_the_share_of_the_limit_is_that_of_the_whole_day() -> None:
    assert _view(_spent(18_000), hours=6).share_of_limit == 0.75
    assert _view(_spent(36_000), hours=6).share_of_limit == 1.5


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_on_the_day_that_the_clocks_change_half_of_it_is_half_of_its_real_hours(day: str, hours: int) -> None:
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=BERLIN).timestamp()
    noon = midnight + hours / 2 * HOUR
    expectation = learn([], timezone=BERLIN, now=noon)
    view = burn_view(_spent(6_000), now=noon, expectation=expectation, limit_nanousd=LIMIT, live={})
    assert view.expected_nanousd == LIMIT // 2


def test_the_series_is_the_last_hour_with_the_running_minute_at_its_end() -> None:
    now_minute = minute_of(DAY_START + 6 * HOUR)
    ages = {61: 7, 60: 5, 59: 1, 30: 2, 0: 3, -1: 9}
    samples = tuple(MinuteSample(now_minute - age, cost, 10 * cost) for age, cost in ages.items())
    view = _view(Spending(minutes=samples), hours=6)
    assert len(view.nanousd_per_minute) == len(view.tokens_per_minute) == WINDOW_MINUTES
    assert {60 - at: cost for at, cost in enumerate(view.nanousd_per_minute, 1) if cost} == {59: 1, 30: 2, 0: 3}
    assert {60 - at: count for at, count in enumerate(view.tokens_per_minute, 1) if count} == {59: 10, 30: 20, 0: 30}


@pytest.mark.parametrize("seconds", [0, 1, 30, 59])
def test_steady_work_has_a_steady_rate_although_the_last_minute_is_still_running(seconds: int) -> None:
    now_minute = minute_of(DAY_START + 6 * HOUR)
    minutes = [MinuteSample(now_minute - age, 600, 1_200) for age in range(1, WINDOW_MINUTES)]
    running = MinuteSample(now_minute, 10 * seconds, 20 * seconds)
    spending = structs.replace(_spent(6_000), minutes=(*minutes, running))
    view = _view(spending, hours=6 + seconds / HOUR)
    assert (view.current_nanousd_per_minute, view.current_tokens_per_minute) == (600, 1_200)
    assert view.projected_day_end_nanousd == 6_000 + 600 * 18 * 60 - 10 * seconds


def test_the_current_rate_is_of_five_minutes_and_the_projection_of_an_hour() -> None:
    now_minute = minute_of(DAY_START + 23 * HOUR)
    long_ago = MinuteSample(now_minute - 40, 59, 0)
    view = _view(Spending(minutes=(long_ago,)), hours=23)
    assert view.current_nanousd_per_minute == 0
    assert view.projected_day_end_nanousd == 60


def test_at_the_end_of_the_day_the_projection_is_what_was_spent() -> None:
    spending = structs.replace(_spent(6_000), minutes=(MinuteSample(minute_of(DAY_START + 24 * HOUR), 600, 0),))
    assert _view(spending, hours=24).projected_day_end_nanousd == 6_000


def test_a_quiet_hour_projects_no_further_spending() -> None:
    assert _view(_spent(6_000), hours=6).projected_day_end_nanousd == 6_000


@pytest.mark.parametrize(
    ("cost", "unpriced", "shown"),
    [(0, 0, 0), (0, 2, None), (7, 2, 7), (7, 0, 7)],
    ids=["free", "nothing known", "a lower bound", "all known"],
)
def test_a_provider_of_which_no_cost_is_known_has_no_cost_rather_than_zero(
    cost: int, unpriced: int, shown: int | None
) -> None:
    provider = ProviderSpending(
        provider_name="x", cost_nanousd=cost, unpriced_requests=unpriced, unpriced_tokens=30, attempts=3
    )
    view = _view(Spending(providers=(provider,)), hours=6)
    assert (view.providers[0].cost_nanousd, view.providers[0].unpriced_requests) == (shown, unpriced)
    assert (view.spent_nanousd, view.unpriced_requests) == (cost, unpriced)


def test_the_costliest_provider_stands_first_and_then_the_busiest() -> None:
    providers = (
        ProviderSpending(provider_name="ollama", output_tokens=10),
        ProviderSpending(provider_name="llama-cpp", input_tokens=90),
        ProviderSpending(provider_name="lm-studio", input_tokens=10),
        ProviderSpending(provider_name="openai", cost_nanousd=5),
        ProviderSpending(provider_name="anthropic", cost_nanousd=9),
    )
    names = [row.provider_name for row in _view(Spending(providers=providers), hours=6).providers]
    assert names == ["anthropic", "openai", "llama-cpp", "lm-studio", "ollama"]


def test_times_to_the_first_chunk_are_read_off_the_histogram() -> None:
    fast, slow = bucket_of(0.4), bucket_of(9.0)
    spending = Spending(providers=(ProviderSpending(provider_name="x", first_chunk={fast: 9, slow: 1}),))
    (row,) = _view(spending, hours=6).providers
    assert (row.p50_first_chunk_s, row.p95_first_chunk_s) == (seconds_of(fast), seconds_of(slow))


def test_a_provider_without_a_first_chunk_has_no_percentiles() -> None:
    (row,) = _view(_spent(5), hours=6).providers
    assert (row.p50_first_chunk_s, row.p95_first_chunk_s) == (None, None)


spendings = st.lists(
    st.builds(
        ProviderSpending,
        provider_name=st.text("abc", min_size=1),
        cost_nanousd=st.integers(0, 10**12),
        unpriced_requests=st.integers(0, 9),
        unpriced_tokens=st.integers(0, 10**6),
        input_tokens=st.integers(0, 10**6),
        output_tokens=st.integers(0, 10**6),
        attempts=st.integers(0, 99),
        failures=st.integers(0, 9),
        open_attempts=st.integers(0, 9),
    ),
    max_size=5,
    unique_by=lambda provider: provider.provider_name,
).map(lambda providers: Spending(providers=tuple(providers)))


@given(spendings, st.floats(0, 25), st.none() | st.integers(0, 10**12))
def test_the_totals_are_the_sums_of_the_rows(spending: Spending, hours: float, limit_nanousd: int | None) -> None:
    view = _view(spending, hours=hours, limit_nanousd=limit_nanousd)
    assert view.spent_nanousd == sum(row.cost_nanousd or 0 for row in view.providers)
    assert view.tokens == sum(row.tokens for row in view.providers)
    assert view.unpriced_requests == sum(row.unpriced_requests for row in view.providers)
    assert view.unpriced_tokens == sum(provider.unpriced_tokens for provider in spending.providers)
    assert view.open_attempts == sum(row.open_attempts for row in view.providers)
    assert {row.provider_name for row in view.providers} == {each.provider_name for each in spending.providers}


@given(st.dictionaries(st.integers(0, 80), st.integers(0, 10**9), max_size=20), st.floats(0, 25))
def test_the_projection_is_never_less_than_what_was_spent(by_age: dict[int, int], hours: float) -> None:
    now_minute = minute_of(DAY_START + hours * HOUR)
    samples = tuple(MinuteSample(now_minute - age, cost, 0) for age, cost in by_age.items())
    view = _view(structs.replace(_spent(6_000), minutes=samples), hours=hours)
    assert view.projected_day_end_nanousd is None or view.projected_day_end_nanousd >= view.spent_nanousd


def test_until_days_are_learned_the_strain_is_that_of_the_whole_day_and_then_that_of_the_hour() -> None:
    now = DAY_START + 12 * HOUR - 1
    hot_hour = _live(now, (60, 0, 50))
    new = _view(_spent(12_000), hours=12 - 1 / HOUR, live=hot_hour)
    learned = _view(_spent(12_000), hours=12 - 1 / HOUR, live=hot_hour, expectation=LEARNED)
    assert new.strain == pytest.approx(1.0, rel=0.01)
    assert learned.ratio is not None
    assert learned.strain == learned.ratio
    assert _view(_spent(5), hours=0.1).strain is None
