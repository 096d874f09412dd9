"""Chats of Gemini CLI, as lines and as documents."""

from pathlib import Path
from typing import Any

import pytest
from support.pieces import document, in_two, piece, tokens

from burn_tui.engine.audit.gemini_cli import DOCUMENTS, LINES

PATH = "/srv/someone/.gemini/tmp/web/chats/session-2026-01-02T03-04-1a2b3c4d.jsonl"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

START = {"sessionId": "s1", "projectHash": HASH, "startTime": "2026-01-02T03:04:05.000Z", "kind": "main"}
PROMPT = {"id": "u1", "timestamp": "2026-01-02T03:04:06.000Z", "type": "user", "content": [{"text": "/review now"}]}


def answer(message_id: str = "m1", **fields: Any) -> dict[str, Any]:
    counts = {"input": 1000, "output": 50, "cached": 600, "thoughts": 200, "tool": 0, "total": 1250}
    return {
        "id": message_id,
        "timestamp": "2026-01-02T03:04:10.500Z",
        "type": "gemini",
        "content": "Done.",
        "model": "gemini-2.5-pro",
        "tokens": counts,
    } | fields


def test_cached_tokens_are_within_input_and_thoughts_are_added_to_output() -> None:
    (found,) = LINES.read(piece(START, answer(), path=PATH)).found
    assert tokens(found) == (1000, 250, 600, 0, 0, 200)


def test_prompts_of_built_in_tools_are_input_beyond_the_prompt() -> None:
    counts = {"input": 100, "output": 10, "cached": 0, "thoughts": 0, "tool": 40, "total": 150}
    (found,) = LINES.read(piece(START, answer(tokens=counts), path=PATH)).found
    assert tokens(found)[:2] == (140, 10)


def test_a_response_says_when_where_and_by_which_model_it_was() -> None:
    calls = [{"id": "c", "name": "write_file"}, {"id": "d", "name": "glob"}, {"id": "e", "name": "glob"}]
    (found,) = LINES.read(piece(START, PROMPT, answer(toolCalls=calls), path=PATH)).found
    assert (found.provider_name, found.model, found.session_id) == ("gemini", "gemini-2.5-pro", "s1")
    assert (found.at, found.cwd, found.command, found.tools) == (1767323050.5, "web", "/review", "glob,write_file")


def test_a_project_that_is_only_a_hash_has_no_name() -> None:
    (found,) = LINES.read(piece(START, answer(), path=PATH.replace("/web/", f"/{HASH}/"))).found
    assert found.cwd == ""


def test_a_subagent_is_told_from_the_main_agent_and_knows_its_directory() -> None:
    start = START | {"kind": "subagent", "directories": ["/srv/someone/web"]}
    (found,) = LINES.read(piece(start, answer(), path=PATH)).found
    assert (found.agent, found.cwd) == ("subagent", "/srv/someone/web")


def test_the_same_message_in_several_lines_has_one_key() -> None:
    later = answer(toolCalls=[{"id": "c", "name": "glob"}])
    again = {"$set": {"messages": [PROMPT, later]}}
    found = LINES.read(piece(START, answer(tokens=None), answer(), later, again, path=PATH)).found
    assert [one.key for one in found] == ["m1", "m1", "m1"]


def test_what_was_rewound_was_burnt_all_the_same() -> None:
    found = LINES.read(piece(START, answer("m1"), {"$rewindTo": "m1"}, answer("m2"), path=PATH)).found
    assert [one.key for one in found] == ["m1", "m2"]


def test_a_document_and_the_lines_it_is_copied_into_have_the_same_keys() -> None:
    whole = START | {"messages": [PROMPT, answer("m1"), answer("m2")]}
    as_document = DOCUMENTS.read(document(whole, path=PATH.removesuffix("l")))
    as_lines = LINES.read(piece(START, PROMPT, answer("m1"), answer("m2"), path=PATH))
    assert as_document.found == as_lines.found
    assert len(as_lines.found) == 2


def test_lines_may_be_cut_between_two_readings_anywhere() -> None:
    lines = (START, PROMPT, answer("m1"), PROMPT | {"content": "thanks"}, answer("m2"))
    whole = LINES.read(piece(*lines, path=PATH))
    assert [one.command for one in whole.found] == ["/review", ""]
    for cut in in_two(LINES, *lines, path=PATH):
        assert cut.found == whole.found


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": "m3", "type": "gem',
        '{"id": "m3", "type": "gemini", "timestamp": "2026-01-02T03:04:10Z", "tokens": {"input": -5}}',
        '{"id": "m3", "type": "gemini", "timestamp": "2026-01-02T03:04:10Z", "tokens": {"input": 9223372036854775808}}',
        '{"id": "m3", "type": "gemini", "timestamp": "2026-01-02T03:04:10Z", "tokens": {"input": NaN}}',
        '{"id": "m3", "type": "gemini", "tokens": {"input": 5}}',
        '{"id": "m3", "type": "gemini", "x": ' + "[" * 100_000 + "}",
    ],
    ids=["cut", "negative", "too large", "no number", "no time", "deep"],
)
def test_a_broken_line_is_skipped_with_its_number_and_the_others_count(broken: str) -> None:
    reading = LINES.read(piece(START, broken, answer(), path=PATH))
    assert [one.key for one in reading.found] == ["m1"]
    assert [one.line for one in reading.skipped] == [2]


def test_broken_letters_in_what_was_said_do_no_harm() -> None:
    lines = piece(answer(content="here"), path=PATH)
    lines.data = lines.data.replace(b"here", b"\xff\xfe")
    assert [tokens(one)[0] for one in LINES.read(lines).found] == [1000]


def test_usage_within_a_prompt_is_only_text() -> None:
    text = '{"id": "x", "type": "gemini", "timestamp": "2026-01-02T03:04:10Z", "tokens": {"input": 5}}'
    assert LINES.read(piece(START, PROMPT | {"content": text}, path=PATH)).found == []


@pytest.mark.parametrize(
    ("name", "lines", "documents"),
    [
        ("web/chats/session-2026-01-02T03-04-1a2b3c4d.json", False, True),
        ("web/chats/session-2026-01-02T03-04-1a2b3c4d.jsonl", True, False),
        ("web/chats/s1/s2.jsonl", True, False),
        ("web/logs.json", False, False),
        ("web/checkpoints/session-1.json", False, False),
    ],
)
def test_chats_are_read_and_other_files_are_not(name: str, lines: bool, documents: bool) -> None:
    assert (LINES.reads(name), DOCUMENTS.reads(name)) == (lines, documents)
    assert list(LINES.roots(Path("/srv/someone"))) == [Path("/srv/someone/.gemini/tmp")]
