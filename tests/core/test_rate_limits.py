"""Headers about limits are read in every notation, and nothing that stands in them is trusted too far."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.checkout import SHARED

from burn_tui.core.rate_limits import LONGEST_WAIT_S, Headroom, headroom, retry_after_s

NOW = 1_754_667_600.0
"""2025-08-08 15:40 UTC."""

WIRE = SHARED / "wire"


def _wait(**headers: str) -> float | None:
    return retry_after_s({name.replace("_", "-"): value for name, value in headers.items()}, now=NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("43", 43.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("Fri, 08 Aug 2025 15:41:00 GMT", 60.0),
        ("Fri, 08 Aug 2025 15:39:00 GMT", 0.0),
        ("2025-08-08T15:40:30Z", 30.0),
        ("2m59.56s", 179.56),
        ("1754667660", 60.0),
        ("-3", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("99999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_time(value: str, seconds: float | None) -> None:
    assert _wait(retry_after=value) == (None if seconds is None else pytest.approx(seconds))


def test_milliseconds_are_exacter_than_seconds() -> None:
    assert _wait(retry_after="2", retry_after_ms="1250") == 1.25


def test_zero_milliseconds_give_way_to_a_wait_in_seconds() -> None:
    assert _wait(retry_after="1", retry_after_ms="0") == 1.0


def test_a_reset_counts_as_a_wait_only_where_nothing_is_left() -> None:
    assert _wait(x_ratelimit_remaining_tokens="3", x_ratelimit_reset_tokens="6m0s") is None
    assert _wait(x_ratelimit_remaining_tokens="0", x_ratelimit_reset_tokens="6m0s") == 360.0


def test_of_two_limits_that_are_used_up_the_later_reset_counts() -> None:
    used_up = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "12ms",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1h2m3.5s",
    }
    assert retry_after_s(used_up, now=NOW) == pytest.approx(3723.5)


def test_the_providers_own_word_beats_the_resets() -> None:
    assert _wait(retry_after="5", x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="60s") == 5.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(
            {
                "x-ratelimit-limit-requests": "5000",
                "x-ratelimit-remaining-requests": "4999",
                "x-ratelimit-reset-requests": "12ms",
            },
            Headroom(name="requests", limit=5000, remaining=4999, reset_s=0.012),
            id="openai",
        ),
        pytest.param(
            {
                "anthropic-ratelimit-input-tokens-limit": "2000000",
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "2025-08-08T15:41:00Z",
            },
            Headroom(name="input_tokens", limit=2_000_000, remaining=0, reset_s=60.0),
            id="anthropic",
        ),
        pytest.param(
            {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1754667660000"},
            Headroom(name="requests", limit=1, remaining=0, reset_s=60.0),
            id="openrouter",
        ),
        pytest.param(
            {
                "x-ratelimit-limit-requests": "120",
                "x-ratelimit-reset-requests": "500",
                "x-ratelimit-renewalperiod-requests": "60",
            },
            Headroom(name="requests", limit=120, reset_s=60.0),
            id="azure",
        ),
        pytest.param(
            {"x-tokenlimit-limit": "1000", "x-tokenlimit-remaining": "10", "x-tokenlimit-reset": "1"},
            Headroom(name="tokens", limit=1000, remaining=10, reset_s=1.0),
            id="together",
        ),
        pytest.param(
            {"x-ratelimit-limit-tokens-prompt": "60000", "x-ratelimit-remaining-tokens-prompt": "100"},
            Headroom(name="input_tokens", limit=60000, remaining=100),
            id="fireworks",
        ),
        pytest.param(
            {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
            Headroom(name="requests", remaining=50, reset_s=30.0),
            id="ietf",
        ),
        pytest.param(
            {"ratelimit": "limit=100, remaining=7, reset=5"},
            Headroom(name="requests", limit=100, remaining=7, reset_s=5.0),
            id="ietf, older",
        ),
        pytest.param(
            {"ratelimit-limit": "100", "ratelimit-remaining": "7", "ratelimit-reset": "5"},
            Headroom(name="requests", limit=100, remaining=7, reset_s=5.0),
            id="ietf, oldest",
        ),
    ],
)
def test_the_limits_of_every_notation_are_read(headers: dict[str, str], expected: Headroom) -> None:
    assert headroom(headers, now=NOW) == (expected,)


def test_of_several_periods_the_one_with_the_least_left_is_told() -> None:
    mistral = {
        "x-ratelimit-limit-tokens-month": "1000",
        "x-ratelimit-remaining-tokens-month": "900",
        "x-ratelimit-limit-tokens-minute": "100",
        "x-ratelimit-remaining-tokens-minute": "5",
        "x-ratelimit-limit-req-10-second": "60",
        "x-ratelimit-remaining-req-10-second": "59",
    }
    assert headroom(mistral, now=NOW) == (
        Headroom(name="tokens", limit=100, remaining=5),
        Headroom(name="requests", limit=60, remaining=59),
    )


def test_headers_about_other_things_are_no_limits() -> None:
    others = {
        "x-ratelimit-limit-input-images": "3",
        "x-ratelimit-abusepenalty-active": "False",
        "x-ratelimit-limit-requests": "many",
        "ratelimit": "?1",
    }
    assert headroom(others, now=NOW) == ()


def test_recorded_headers_are_read_whole() -> None:
    if not WIRE.is_dir():
        pytest.skip("the recorded traffic is not beside this checkout")
    told = 0
    for file in WIRE.glob("*/*.json"):
        headers = {name.lower(): value for name, value in json.loads(file.read_text())["response"]["headers"].items()}
        if any(name.endswith(("remaining-requests", "requests-remaining")) for name in headers):
            told += 1
            limits = {limit.name: limit for limit in headroom(headers, now=NOW)}
            assert limits["requests"].remaining is not None, file.name
    assert told > 50


_HEADER = st.sampled_from(
    [
        "retry-after",
        "retry-after-ms",
        "ratelimit",
        "ratelimit-reset",
        "x-ratelimit-reset",
        "x-ratelimit-remaining",
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
        "anthropic-ratelimit-tokens-reset",
        "anthropic-ratelimit-tokens-remaining",
    ]
)
_VALUE = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(str),
    st.from_regex(r"(\d{1,3}(h|m|s|ms)){1,3}", fullmatch=True),
    st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d [+-]?\w{1,5}", fullmatch=True),
    st.just("0"),
)


@given(st.dictionaries(_HEADER | st.text(max_size=20), _VALUE, max_size=8), st.floats(0, 4e9))
@example({"retry-after": "Mon, 01 Jan 0000 00:00:00 GMT"}, 0.0)
@example({"retry-after": "0001-01-01T00:00:00+23:59"}, 0.0)
def test_whatever_stands_in_the_headers_a_wait_is_none_or_within_reason(headers: dict[str, str], now: float) -> None:
    wait = retry_after_s(headers, now=now)
    assert wait is None or 0.0 <= wait <= LONGEST_WAIT_S
    for limit in headroom(headers, now=now):
        assert limit.remaining is None or limit.remaining >= 0
        assert limit.reset_s is None or 0.0 <= limit.reset_s <= LONGEST_WAIT_S
