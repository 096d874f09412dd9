"""What was told, in one sentence and in its evidence."""

import pytest
from msgspec import structs
from support.watching import DEARER, HALF_SPENT, NOW, RUNAWAY, told

from burn_tui.core.alerts import Alert, Measured, Notification
from burn_tui.core.inspection import Which
from burn_tui.core.model_changes import ModelChange
from burn_tui.core.money import nanousd
from burn_tui.tui.telling import News, cause, evidence, headline

NEW_HOUR = structs.replace(RUNAWAY, days_learned=4, rule="new_hour")
NEW_DAY = structs.replace(
    RUNAWAY, days_learned=4, rule="new_day", burn=71.0, windows=(Measured(None, nanousd("2.49"), nanousd("0.41")),)
)
UNLEARNED = structs.replace(RUNAWAY, days_learned=4)
AT_NIGHT = structs.replace(RUNAWAY, burn=109.0)
AGAIN = structs.replace(RUNAWAY, again_at=8.0, burn=9.3)
UPGRADED = ModelChange(
    provider_name="openai",
    request_model="gpt-5-mini",
    before="gpt-5-mini-2025-08-07",
    after="gpt-5-mini-2026-02-01",
)
TOKENS = structs.replace(RUNAWAY, measure="tokens")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (RUNAWAY, "Burning 4.2x the usual hour: nightly-eval $1.87 of $2.49 in 30 min."),
        (UNLEARNED, "Burning 4.2x the expected hour: nightly-eval $1.87 of $2.49 in 30 min."),
        (NEW_HOUR, "Burning 41 % of an expected day within an hour: nightly-eval $1.87 of $2.49 in 30 min."),
        (NEW_DAY, "Burning 6.1x the pace of an expected day: nightly-eval $1.87 of $2.49 today."),
        (AT_NIGHT, "Burning over 20x the usual hour: nightly-eval $1.87 of $2.49 in 30 min."),
        (AGAIN, "Still burning 9.3x the usual hour: nightly-eval $1.87 of $2.49 in 30 min."),
        (
            TOKENS,
            "Burning 4.2x the usual hour in unpriced tokens: nightly-eval 1.87G tokens of 2.49G tokens in 30 min.",
        ),
        (HALF_SPENT, "50 % of the budget daily is spent: $10.08 of $20 today."),
        (
            DEARER,
            (
                "openai/gpt-5-mini has become dearer: "
                "the last 30 days cost $31.40 at the old price, $37.68 at the new one."
            ),
        ),
        (UPGRADED, "openai answers gpt-5-mini with another model now: gpt-5-mini-2026-02-01."),
    ],
    ids=[
        "runaway",
        "before it is learned",
        "new hour",
        "new day",
        "at night",
        "again",
        "tokens",
        "budget",
        "price",
        "model",
    ],
)
def test_the_sentence_says_what_happened(what: Notification, sentence: str) -> None:
    assert headline(what) == sentence


@pytest.mark.parametrize("what", [RUNAWAY, UNLEARNED, NEW_HOUR, NEW_DAY, AGAIN, TOKENS, HALF_SPENT, DEARER, UPGRADED])
def test_every_sentence_has_its_evidence(what: Notification) -> None:
    facts = dict(evidence(what))
    assert all(facts.values())
    if isinstance(what, Alert):
        assert facts["rule"].startswith(what.rule.replace("_", " "))
        assert [one.contributor in facts[f"{place}."] for place, one in enumerate(what.contributors, 1)] == [True] * 3
        windows = ["today" if window.window is None else f"in {window.window} min" for window in what.windows]
        assert all(f"spent {window}" in facts for window in windows)


def test_nothing_is_called_usual_before_it_is_learned() -> None:
    assert "usual day" in dict(evidence(RUNAWAY))
    assert "expected day" in dict(evidence(UNLEARNED))
    assert "$2.49, expected $0.41: 6.1x" in dict(evidence(UNLEARNED))["spent in 30 min"]
    assert "$2.49, expected $0.41: 6.1x" in dict(evidence(NEW_DAY))["spent today"]


@pytest.mark.parametrize(
    ("what", "which"),
    [
        (RUNAWAY, Which(since=RUNAWAY.since, until=NOW + 60, operation_name="nightly-eval")),
        (HALF_SPENT, Which(since=HALF_SPENT.period_start, until=NOW + 60)),
        (
            structs.replace(HALF_SPENT, scope="environment:production"),
            Which(since=HALF_SPENT.period_start, until=NOW + 60, environment="production"),
        ),
        (
            structs.replace(HALF_SPENT, scope="session:a:b"),
            Which(since=HALF_SPENT.period_start, until=NOW + 60, session_id="a:b"),
        ),
        (DEARER, Which(since=NOW - 30 * 86_400, until=NOW + 60, provider_name="openai")),
    ],
    ids=["contributor", "everything", "an environment", "a session", "a provider"],
)
def test_each_leads_to_the_requests_that_caused_it(what: Notification, which: Which) -> None:
    (one,) = told(what)
    assert cause(one) == which


def test_news_is_what_came_after_the_first_look_once_and_the_oldest_first() -> None:
    news = News()
    first, second, third = reversed(told(RUNAWAY, HALF_SPENT, DEARER))
    assert news.among((first,)) == []
    assert news.among((third, second, first)) == [second, third]
    assert news.among((third, second)) == []


def test_on_a_quiet_start_the_first_alert_is_news() -> None:
    news = News()
    (one,) = told(RUNAWAY)
    assert news.among(()) == []
    assert news.among((one,)) == [one]
