"""A lock closes itself: when its time is up, or after so many requests."""

from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.lock import LOCKED, unlocked

NOW = 1_000_000.0


def test_it_begins_locked() -> None:
    assert not LOCKED.is_open(NOW)
    assert LOCKED.left_s(NOW) == 0.0
    assert LOCKED.after_request() == LOCKED


def test_it_is_open_until_its_time_is_up() -> None:
    lock = unlocked(NOW, for_s=900.0, requests=None)
    assert lock.is_open(NOW + 899.9)
    assert not lock.is_open(NOW + 900.0)


def test_any_number_of_requests_leaves_it_open_where_none_is_counted() -> None:
    lock = unlocked(NOW, for_s=900.0, requests=None)
    for _ in range(1_000):
        lock = lock.after_request()
    assert lock.is_open(NOW)


def test_the_countdown_is_over_with_the_last_request() -> None:
    lock = unlocked(NOW, for_s=900.0, requests=1)
    assert lock.left_s(NOW + 100) == 800.0
    assert lock.after_request().left_s(NOW + 100) == 0.0


@given(st.integers(1, 50), st.floats(0.1, 10_000), st.lists(st.floats(0, 200), max_size=80))
def test_never_more_requests_leave_than_were_unlocked_and_none_after_the_time(
    requests: int, for_s: float, pauses: list[float]
) -> None:
    lock, now, left = unlocked(NOW, for_s=for_s, requests=requests), NOW, 0
    for pause in pauses:
        now += pause
        if lock.is_open(now):
            assert now < NOW + for_s
            lock, left = lock.after_request(), left + 1
    assert left <= requests
