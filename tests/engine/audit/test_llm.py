"""The log of Simon Willison's llm."""

import json
from typing import Any

import pytest
from support.pieces import database, tokens

from burn_tui.engine.audit.llm import DATABASE
from burn_tui.engine.audit.reader import Reading

RESPONSES = """
    CREATE TABLE responses (
        id TEXT PRIMARY KEY, model TEXT, prompt TEXT, response TEXT, conversation_id TEXT, duration_ms INTEGER,
        datetime_utc TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT
    )
"""
OLDEST = """
    CREATE TABLE responses (
        id TEXT PRIMARY KEY, model TEXT, prompt TEXT, response TEXT, conversation_id TEXT, duration_ms INTEGER,
        datetime_utc TEXT
    )
"""
TURNS = """
    CREATE TABLE turns (
        id TEXT PRIMARY KEY, thread_id TEXT, model TEXT, resolved_model TEXT, input_tokens INTEGER,
        output_tokens INTEGER, token_details TEXT, duration_ms INTEGER, datetime_utc TEXT
    )
"""
AT = "2026-01-02T03:04:10.500000+00:00"


def response(number: int, **fields: Any) -> tuple[str, tuple[Any, ...]]:
    values = {
        "id": f"r{number}",
        "model": "gpt-4o-mini",
        "conversation_id": "c1",
        "duration_ms": 1500,
        "datetime_utc": AT,
        "input_tokens": 100,
        "output_tokens": 20,
        "token_details": None,
    } | fields
    return _insert("responses", values)


def turn(number: int, **fields: Any) -> tuple[str, tuple[Any, ...]]:
    values = {
        "id": f"t{number}",
        "thread_id": "c2",
        "model": "claude-sonnet-4.5",
        "resolved_model": "claude-sonnet-4-5-20250929",
        "input_tokens": 100,
        "output_tokens": 20,
        "duration_ms": 1500,
        "datetime_utc": AT,
    } | fields
    return _insert("turns", values)


def _insert(table: str, values: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", (*values.values(),)


def read(*rows: tuple[str, tuple[Any, ...]], memory: bytes = b"") -> Reading:
    return database(DATABASE, [(RESPONSES, ()), (TURNS, ()), *rows], memory)


def test_responses_and_turns_say_when_by_whom_and_how_long() -> None:
    first, second = read(response(1), turn(1)).found
    assert (first.provider_name, first.model, first.session_id) == ("openai", "gpt-4o-mini", "c1")
    assert (first.at, first.duration_s, tokens(first)[:2]) == (1767323050.5, 1.5, (100, 20))
    assert (second.provider_name, second.model, second.session_id) == ("anthropic", "claude-sonnet-4-5-20250929", "c2")


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (
            {"prompt_tokens_details": {"cached_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 8}},
            (100, 20, 64, 0, 0, 8),
        ),
        (
            {"input_tokens_details": {"cached_tokens": 64}, "output_tokens_details": {"reasoning_tokens": 8}},
            (100, 20, 64, 0, 0, 8),
        ),
        (
            {
                "cache_read_input_tokens": 1000,
                "cache_creation_input_tokens": 300,
                "cache_creation": {"ephemeral_1h_input_tokens": 200},
            },
            (1400, 20, 1000, 300, 200, 0),
        ),
        ({"cachedContentTokenCount": 64, "candidatesTokenCount": 12, "thoughtsTokenCount": 8}, (100, 20, 64, 0, 0, 8)),
    ],
    ids=["openai", "openai's responses", "anthropic", "gemini"],
)
def test_details_are_within_the_counts_except_for_anthropics_caches(details: Any, expected: tuple[int, ...]) -> None:
    (found,) = read(response(1, token_details=json.dumps(details))).found
    assert tokens(found) == expected


def test_a_time_without_a_zone_is_universal_time() -> None:
    (found,) = read(response(1, datetime_utc="2026-01-02T03:04:10.500000")).found
    assert found.at == 1767323050.5


def test_a_log_from_before_tokens_were_counted_holds_nothing_to_add_up() -> None:
    columns = "id, model, conversation_id, duration_ms, datetime_utc"
    old = (f"INSERT INTO responses ({columns}) VALUES (?, ?, ?, ?, ?)", ("r1", "gpt-4o-mini", "c1", 1500, AT))
    assert database(DATABASE, [(OLDEST, ()), old]).found == []


def test_a_log_is_read_on_from_its_last_row() -> None:
    memory = read(response(1), turn(1)).memory
    later = read(response(1), response(2), turn(1), turn(2), memory=memory)
    assert [one.key for one in later.found] == ["r2", "t2"]


@pytest.mark.parametrize(
    "broken",
    [
        {"input_tokens": -1},
        {"output_tokens": 2**62},
        {"input_tokens": "many"},
        {"datetime_utc": "yesterday"},
        {"token_details": "{"},
        {"token_details": '{"cache_read_input_tokens": -4}'},
    ],
    ids=["negative", "too many", "no number", "no time", "broken details", "negative details"],
)
def test_a_broken_row_is_skipped_with_its_number_and_the_others_count(broken: dict[str, Any]) -> None:
    reading = read(response(1), response(2, **broken), response(3))
    assert [one.key for one in reading.found] == ["r1", "r3"]
    assert [one.line for one in reading.skipped] == [2]


def test_only_the_log_is_read() -> None:
    assert DATABASE.reads("logs.db")
    assert not DATABASE.reads("embeddings.db")
