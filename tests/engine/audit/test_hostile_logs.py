"""Whatever stands in a log, reading it raises nothing, and no count that is found is absurd."""

import sqlite3
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pieces import database, document, piece, tokens

from burn_tui.engine.audit.aider import ANALYTICS, CHAT_HISTORY
from burn_tui.engine.audit.gemini_cli import DOCUMENTS, LINES
from burn_tui.engine.audit.llm import DATABASE as LLM
from burn_tui.engine.audit.opencode import DATABASE as OPENCODE
from burn_tui.engine.audit.opencode import DOCUMENTS as OPENCODE_DOCUMENTS
from burn_tui.engine.audit.reader import MOST_TOKENS, LogReader, Reading

READERS = [LINES, DOCUMENTS, OPENCODE_DOCUMENTS, ANALYTICS, CHAT_HISTORY]
KEYS = [
    *("id", "type", "timestamp", "content", "tokens", "input", "output", "cached", "thoughts", "$set", "messages"),
    *("role", "time", "created", "completed", "cache", "read", "write", "cost", "modelID", "path", "cwd", "agent"),
    *("event", "properties", "main_model", "prompt_tokens", "completion_tokens", "total_cost", "token_details"),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["gemini", "assistant", "message_send", "2026-01-02T03:04:05Z", "0001-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=24,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=10)


def sane(reading: Reading) -> bool:
    """No count is negative or beyond what a response can have; what is kept can be written down."""
    msgspec.json.encode(reading.memory)
    counts = [count or 0 for one in reading.found for count in tokens(one)]
    costs = [one.cost_nanousd or 0 for one in reading.found]
    return all(0 <= count <= 3 * MOST_TOKENS for count in counts) and all(0 <= cost < 2**63 for cost in costs)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: type(reader).__name__)
@given(data=st.binary(max_size=300))
def test_any_bytes_can_be_read(reader: LogReader, data: bytes) -> None:
    given_ = piece(path="/srv/someone/x")
    given_.data = data
    assert sane(reader.read(given_))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: type(reader).__name__)
@given(objects=st.lists(OBJECTS, max_size=5))
def test_any_json_with_the_right_names_can_be_read(reader: LogReader, objects: list[dict[str, Any]]) -> None:
    given_ = piece(*objects) if reader.grows else document(objects[0] if objects else {})
    assert sane(reader.read(given_))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: type(reader).__name__)
@given(memory=st.binary(max_size=40))
def test_a_memory_of_another_version_is_as_good_as_none(reader: LogReader, memory: bytes) -> None:
    assert sane(reader.read(piece({}, memory=memory)))


@given(data=st.text(max_size=200) | OBJECTS.map(lambda one: msgspec.json.encode(one).decode()) | st.binary(max_size=20))
def test_any_row_of_opencode_can_be_read(data: str | bytes) -> None:
    table = "CREATE TABLE message (id TEXT, session_id TEXT, time_created, time_updated, data)"
    row = ("INSERT INTO message VALUES ('m', 's', 1, 1, ?)", (data,))
    assert sane(database(OPENCODE, [(table, ()), row]))


CELLS = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8) | st.binary(max_size=8) | st.floats()


@given(cells=st.lists(CELLS, min_size=8, max_size=8))
def test_any_row_of_llm_can_be_read(cells: list[Any]) -> None:
    columns = "id, model, conversation_id, duration_ms, datetime_utc, input_tokens, output_tokens, token_details"
    table = f"CREATE TABLE responses ({columns})"
    row = (f"INSERT INTO responses ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", tuple(cells))
    assert sane(database(LLM, [(table, ()), row]))


def test_a_database_of_something_else_says_why_or_holds_nothing() -> None:
    other = [("CREATE TABLE other (id)", ())]
    with pytest.raises(sqlite3.Error, match="message"):
        database(OPENCODE, other)
    assert database(LLM, other).found == []
