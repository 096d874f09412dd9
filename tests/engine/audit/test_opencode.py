"""Messages of opencode, of both its stores."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.pieces import database, document, tokens

from burn_tui.core.money import nanousd
from burn_tui.engine.audit.opencode import DATABASE, DOCUMENTS
from burn_tui.engine.audit.reader import Reading

CREATED = 1_767_323_050_500

TABLE = """
    CREATE TABLE message (
        id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER NOT NULL, time_updated INTEGER NOT NULL,
        data TEXT NOT NULL
    )
"""


def answer(**fields: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "sessionID": "ses_1",
        "role": "assistant",
        "time": {"created": CREATED, "completed": CREATED + 4000},
        "modelID": "claude-sonnet-4-5",
        "providerID": "anthropic",
        "path": {"cwd": "/srv/someone/web", "root": "/srv/someone/web"},
        "agent": "build",
        "mode": "build",
        "cost": 0.0123,
        "tokens": counted(),
    } | fields


def counted(**counts: int) -> dict[str, Any]:
    read, write = counts.pop("read", 900), counts.pop("write", 80)
    return {"input": 20, "output": 100, "reasoning": 0, "cache": {"read": read, "write": write}} | counts


def row(number: int, data: Any, *, updated: int = CREATED) -> tuple[str, tuple[Any, ...]]:
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    return "INSERT INTO message VALUES (?, ?, ?, ?, ?)", (f"msg_{number}", "ses_1", CREATED, updated, text)


def in_database(*rows: Any, memory: bytes = b"") -> Reading:
    return database(DATABASE, [(TABLE, ()), *rows], memory)


def test_input_is_counted_with_what_was_read_from_and_written_to_a_cache() -> None:
    (found,) = DOCUMENTS.read(document(answer())).found
    assert tokens(found) == (1000, 100, 900, 80, 0, 0)


def test_a_message_says_when_where_by_whom_and_what_it_cost() -> None:
    (found,) = DOCUMENTS.read(document(answer())).found
    assert (found.at, found.duration_s) == (CREATED / 1000, 4.0)
    assert (found.provider_name, found.model, found.session_id) == ("anthropic", "claude-sonnet-4-5", "ses_1")
    assert (found.cwd, found.agent, found.cost_nanousd) == ("/srv/someone/web", "", nanousd("0.0123"))


def test_a_cost_of_nothing_is_an_unknown_cost() -> None:
    (found,) = DOCUMENTS.read(document(answer(cost=0))).found
    assert found.cost_nanousd is None


@pytest.mark.parametrize(
    ("counts", "provider", "output"),
    [
        ({"output": 100, "reasoning": 40, "total": 1140}, "openai", 140),
        ({"output": 100, "reasoning": 40, "total": 1100}, "openai", 100),
        ({"output": 100, "reasoning": 40}, "openai", 100),
        ({"output": 100, "reasoning": 40}, "google", 140),
    ],
    ids=["apart by the total", "within by the total", "within without a total", "apart for google"],
)
def test_reasoning_is_counted_once(counts: dict[str, int], provider: str, output: int) -> None:
    (found,) = DOCUMENTS.read(document(answer(providerID=provider, tokens=counted(**counts)))).found
    assert (found.output_tokens, found.reasoning_output_tokens) == (output, 40)


def test_both_stores_give_the_same_message_the_same_key() -> None:
    stored = {name: value for name, value in answer().items() if name not in {"id", "sessionID"}}
    assert in_database(row(1, stored)).found == DOCUMENTS.read(document(answer())).found


def test_a_copy_in_a_forked_session_is_a_twin_of_its_original() -> None:
    original, copy = in_database(row(1, answer()), row(2, answer())).found
    assert original.key != copy.key
    assert original.twin == copy.twin != ""


def test_messages_that_differ_in_anything_are_no_twins() -> None:
    others = [
        answer(time={"created": CREATED + 1, "completed": CREATED + 4000}),
        answer(modelID="claude-haiku-4-5"),
        answer(tokens=counted(input=21)),
    ]
    found = in_database(row(1, answer()), *(row(number, one) for number, one in enumerate(others, start=2))).found
    assert len({one.twin for one in found}) == 4


def test_an_answer_that_is_still_being_written_has_no_twin_yet() -> None:
    (found,) = DOCUMENTS.read(document(answer(time={"created": CREATED}))).found
    assert found.twin == ""


def test_a_subagent_is_called_by_its_name() -> None:
    (found,) = DOCUMENTS.read(document(answer(agent="explore"))).found
    (earlier,) = DOCUMENTS.read(document(answer(agent=None, mode="general"))).found
    assert (found.agent, earlier.agent) == ("explore", "general")


@pytest.mark.parametrize(
    "nothing",
    [answer(role="user"), answer(tokens=counted(input=0, output=0, read=0, write=0)), answer(tokens=None)],
    ids=["a prompt", "an answer that never began", "an answer without counts"],
)
def test_what_used_no_tokens_is_neither_found_nor_skipped(nothing: Any) -> None:
    assert DOCUMENTS.read(document(nothing)) == Reading([], [])


@pytest.mark.parametrize(
    "broken",
    ['{"role": "assis', answer(tokens=counted(output=-1)), answer(time=None), answer(cost=-1.0), '{"role": NaN}'],
    ids=["cut", "negative tokens", "no time", "negative cost", "no text"],
)
def test_a_broken_row_is_skipped_with_its_number_and_the_others_count(broken: Any) -> None:
    reading = in_database(row(1, answer()), row(2, broken), row(3, answer()))
    assert [one.key for one in reading.found] == ["msg_1", "msg_3"]
    assert [one.line for one in reading.skipped] == [2]


def test_a_database_is_read_on_from_what_had_changed_last() -> None:
    day_ms = 86_400_000
    old, new = row(1, answer(), updated=CREATED), row(2, answer(), updated=CREATED + day_ms)
    memory = in_database(old).memory
    assert [one.key for one in in_database(old, new, memory=memory).found] == ["msg_1", "msg_2"]
    memory = in_database(old, new).memory
    assert [one.key for one in in_database(old, new, memory=memory).found] == ["msg_2"]


@pytest.mark.parametrize(
    ("name", "is_database", "is_document"),
    [
        ("opencode.db", True, False),
        ("opencode-beta.db", True, False),
        ("opencode.db-wal", False, False),
        ("storage/message/ses_1/msg_1.json", False, True),
        ("project/home-someone-web/storage/session/message/ses_1/msg_1.json", False, True),
        ("storage/session/global/ses_1.json", False, False),
        ("storage/part/msg_1/prt_1.json", False, False),
    ],
)
def test_messages_are_read_and_other_files_are_not(name: str, is_database: bool, is_document: bool) -> None:
    assert (DATABASE.reads(name), DOCUMENTS.reads(name)) == (is_database, is_document)
    assert list(DATABASE.roots(Path("/h"))) == list(DOCUMENTS.roots(Path("/h"))) == [Path("/h/.local/share/opencode")]
