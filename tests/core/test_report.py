"""Periods in words, local days, and the order of a report."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.errors import WrongCallError
from burn_tui.core.report import Row, local_days, ranked, since_of

NOW = 1_772_460_000.0
"""2026-03-02 14:00 UTC."""

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")]
HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("90m", 5_400), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("0d", 0)],
)
def test_a_period_is_counted_back_from_now(words: str, seconds: int) -> None:
    assert since_of(words, now=NOW, timezone=UTC) == NOW - seconds


def test_a_date_is_the_local_midnight_it_begins_with() -> None:
    assert since_of("2026-03-01", now=NOW, timezone=BERLIN) == datetime(2026, 3, 1, tzinfo=BERLIN).timestamp()


def test_a_time_with_its_own_zone_keeps_it() -> None:
    assert (
        since_of("2026-03-01T12:00+00:00", now=NOW, timezone=BERLIN) == datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    )


def test_a_period_longer_than_time_itself_begins_with_the_epoch() -> None:
    assert since_of("99999999w", now=NOW, timezone=UTC) == 0.0


@pytest.mark.parametrize("words", ["", "d", "7", "-7d", "7y", "٧d", "yesterday", "2026-13-01"])
def test_what_is_no_period_is_said_with_what_would_be(words: str) -> None:
    with pytest.raises(WrongCallError, match=r"is no period\. Say 90m, 24h"):
        since_of(words, now=NOW, timezone=UTC)


@given(
    st.floats(NOW - 400 * 24 * HOUR_S, NOW),
    st.floats(0, 40 * 24 * HOUR_S),
    st.sampled_from(ZONES),
)
def test_local_days_cover_a_period_without_gap_or_overlap(since: float, length: float, zone: ZoneInfo) -> None:
    days = list(local_days(since, since + length, zone))
    edges = [since, *(end for _, _, end in days)]
    assert [start for _, start, _ in days] == edges[:-1]
    assert edges[-1] == since + length or not days
    for day, start, end in days:
        middle = datetime.fromtimestamp((start + end) / 2, zone)
        assert middle.date().isoformat() == day
    assert len({day for day, _, _ in days}) == len(days)


def test_the_day_on_which_clocks_change_has_an_hour_less_or_more() -> None:
    start, end = (datetime(2026, month, 20, tzinfo=BERLIN).timestamp() for month in (3, 11))
    lengths = {day: (until - since) / HOUR_S for day, since, until in local_days(start, end, BERLIN)}
    assert (lengths["2026-03-29"], lengths["2026-10-25"]) == (23, 25)
    assert set(lengths.values()) == {23, 24, 25}


def test_the_costliest_comes_first_and_unknown_costs_by_their_tokens() -> None:
    rows = [
        Row(key="cheap", cost_nanousd=1),
        Row(key="unknown", cost_nanousd=None, input_tokens=9),
        Row(key="free", cost_nanousd=0, input_tokens=5),
        Row(key="dear", cost_nanousd=7),
    ]
    assert [row.key for row in ranked(rows, "model")] == ["dear", "cheap", "unknown", "free"]


def test_days_come_in_their_order_whatever_they_cost() -> None:
    rows = [Row(key="2026-03-02", cost_nanousd=9), Row(key="2026-03-01", cost_nanousd=1)]
    assert [row.key for row in ranked(rows, "day")] == ["2026-03-01", "2026-03-02"]
