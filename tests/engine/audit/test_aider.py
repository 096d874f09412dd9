"""aider's analytics log, and its chat history where there is no log."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pieces import in_two, piece, tokens

from burn_tui.core.money import nanousd
from burn_tui.engine.audit.aider import ANALYTICS, CHAT_HISTORY, DEEPEST, HISTORY, _as_written, _count
from burn_tui.engine.audit.reader import Found

STARTED = 1_767_323_045

SONNET = "anthropic/claude-sonnet-4-5"


@pytest.fixture(autouse=True)
def _universal_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def event(name: str, at: int = STARTED, **properties: Any) -> dict[str, Any]:
    return {"event": name, "properties": properties, "user_id": "u", "time": at}


def sent(
    prompt: int = 12_345, completion: int = 340, *, cost: float = 0.0421, total: float = 0.0421, model: str = SONNET
) -> dict[str, Any]:
    return event(
        "message_send",
        STARTED + 20,
        main_model=model,
        edit_format="diff",
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        cost=cost,
        total_cost=total,
    )


HEAD = (
    "",
    "# aider chat started at 2026-01-02 03:04:05",
    "",
    "> Aider v0.86.2  ",
    f"> Main model: {SONNET} with diff edit format, infinite output  ",
    "",
)
REPORT = "> Tokens: 12k sent, 340 received. Cost: $0.04 message, $0.04 session.  "


def history(*lines: str, path: str = "/srv/someone/web/.aider.chat.history.md") -> list[Found]:
    reading = CHAT_HISTORY.read(piece(*lines, path=path))
    assert reading.skipped == []
    return reading.found


def test_the_log_says_exactly_what_was_sent_received_and_paid() -> None:
    (found,) = ANALYTICS.read(piece(event("launched"), sent())).found
    assert tokens(found)[:2] == (12_345, 340)
    assert (found.provider_name, found.model, found.cost_nanousd) == (
        "anthropic",
        "claude-sonnet-4-5",
        nanousd("0.0421"),
    )
    assert (found.at, found.session_id, found.is_estimated) == (STARTED + 20, f"aider-{STARTED}", False)


def test_a_model_that_aider_does_not_name_is_unknown_and_its_tokens_are_kept() -> None:
    redacted, unnamed = ANALYTICS.read(piece(sent(model="openai/REDACTED"), sent(model="None"))).found
    assert (redacted.provider_name, redacted.model) == ("openai", "")
    assert (unnamed.provider_name, unnamed.model, unnamed.input_tokens) == ("", "", 12_345)


def test_a_message_without_a_price_has_an_unknown_cost() -> None:
    (found,) = ANALYTICS.read(piece(sent(cost=0, total=0))).found
    assert found.cost_nanousd is None


def test_a_slash_command_belongs_to_the_next_message_only() -> None:
    lines = (event("launched"), event("command_ask"), sent(), sent(total=0.09))
    assert [one.command for one in ANALYTICS.read(piece(*lines)).found] == ["/ask", ""]


def test_the_log_may_be_cut_between_two_readings_anywhere() -> None:
    lines = (event("launched"), event("command_ask"), sent(), sent(total=0.09), event("exit"))
    whole = ANALYTICS.read(piece(*lines))
    for cut in in_two(ANALYTICS, *lines):
        assert cut.found == whole.found


@pytest.mark.parametrize(
    "broken", ['{"event": "message_se', sent(prompt=-1), sent(cost=-0.5)], ids=["cut", "negative tokens", "a refund"]
)
def test_a_broken_line_of_the_log_is_skipped_with_its_number(broken: Any) -> None:
    reading = ANALYTICS.read(piece(event("launched"), broken, sent()))
    assert [one.line for one in reading.skipped] == [2]
    assert len(reading.found) == 1


def test_the_history_is_an_estimate_that_never_exceeds_what_it_was_rounded_from() -> None:
    (found,) = history(*HEAD, "#### /ask why?  ", "", "Because.", "", REPORT)
    assert tokens(found)[:2] == (11_500, 340)
    assert (found.provider_name, found.model, found.cost_nanousd) == ("anthropic", "claude-sonnet-4-5", nanousd("0.04"))
    assert (found.is_estimated, found.cwd, found.command) == (True, "/srv/someone/web", "/ask")
    assert round(found.at) == STARTED


@given(st.integers(0, 5_000_000))
def test_rounding_down_a_printed_number_never_exceeds_what_was_printed(count: int) -> None:
    assert count - 1_000 <= _count(_as_written(count)) <= count


def test_cache_counts_of_the_history_are_read() -> None:
    report = "> Tokens: 2.1k sent, 1.2k cache write, 8.0k cache hit, 340 received.  "
    (found,) = history(*HEAD, report, "Cost: $0.0021 message, $0.01 session.  ")
    assert tokens(found)[:4] == (2_050 + 7_950, 340, 7_950, 1_150)
    assert found.cost_nanousd == nanousd("0.0021")


def test_a_message_of_the_history_is_the_twin_of_the_same_in_the_log() -> None:
    (logged,) = ANALYTICS.read(piece(event("launched"), sent())).found
    (told,) = history(*HEAD, REPORT)
    assert logged.twin == told.twin


def test_messages_without_a_cost_are_twins_by_their_place_in_the_chat() -> None:
    free = "> Tokens: 12k sent, 340 received.  "
    logged = ANALYTICS.read(piece(event("launched"), *[sent(cost=0, total=0)] * 2)).found
    told = history(*HEAD, free, "", free)
    assert [one.twin for one in logged] == [one.twin for one in told]
    assert len({one.twin for one in told}) == 2


def test_each_chat_of_a_history_is_a_session_of_its_own() -> None:
    later = "# aider chat started at 2026-01-03 03:04:05"
    found = history(*HEAD, REPORT, later, "> Model: gpt-5-mini with whole edit format", REPORT)
    assert len({one.session_id for one in found}) == len({one.key for one in found}) == 2
    assert [one.model for one in found] == ["claude-sonnet-4-5", "gpt-5-mini"]


def test_a_copied_history_has_the_same_keys() -> None:
    assert [one.key for one in history(*HEAD, REPORT)] == [one.key for one in history(*HEAD, REPORT, path="/copy.md")]


def test_a_report_before_any_chat_is_nobodys() -> None:
    assert history(REPORT) == []


def test_what_only_looks_like_a_report_is_text() -> None:
    assert history(*HEAD, "#### > Tokens: 12k sent, 340 received.", "It says Tokens: 12k sent, 340 received.") == []


def test_the_log_that_the_settings_name_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / ".aider.conf.yml").write_text("model: sonnet\nanalytics-log: ~/logs/aider.jsonl  # all of it\n")
    assert tmp_path / "logs" / "aider.jsonl" in list(ANALYTICS.roots(tmp_path))


def test_histories_are_found_near_the_home_directory(tmp_path: Path) -> None:
    near = tmp_path.joinpath(*"abc"[:DEEPEST])
    for directory in (near, near / "too-deep", tmp_path / ".hidden", tmp_path / "node_modules" / "x"):
        directory.mkdir(parents=True)
    (tmp_path / "loop").symlink_to(tmp_path)
    roots = list(CHAT_HISTORY.roots(tmp_path))
    assert {tmp_path / HISTORY, near / HISTORY} <= set(roots)
    assert not any({"too-deep", ".hidden", "node_modules", "loop"} & set(root.parts) for root in roots)
