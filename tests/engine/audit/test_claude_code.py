"""Logs of Claude Code: every way to count them wrongly that has burnt a tool."""

from typing import Any

import pytest
from support.homes import SONNET, USAGE, response, written
from support.pieces import in_two, piece, tokens

from burn_tui.engine.audit.claude_code import READER
from burn_tui.engine.audit.pieces import add
from burn_tui.engine.audit.reader import Found, Piece

USER = {"type": "user", "timestamp": "2026-03-02T12:59:00.000Z", "message": {"role": "user", "content": "Why?"}}


def found(*lines: Any) -> list[Found]:
    """What the lines hold, each response once."""
    merged: dict[str, Found] = {}
    for one in READER.read(piece(*lines)).found:
        known = merged.setdefault(one.key, one)
        if known is not one:
            add(known, one)
    return list(merged.values())


def test_cache_reads_and_writes_are_within_input() -> None:
    (one,) = found(response())
    assert tokens(one) == (1110, 50, 1000, 100, 0, 0)


def test_a_response_says_when_where_and_by_which_model_it_was() -> None:
    (one,) = found(response(gitBranch="next"))
    assert (one.provider_name, one.model, one.session_id) == ("anthropic", SONNET, "session-1")
    assert (one.at, one.cwd, one.branch) == (1_772_456_400.0, "/srv/someone/web", "next")


def test_the_final_line_counts_and_not_the_partial_ones_before_it() -> None:
    (one,) = found(response(output=1), response(output=4), response(output=900))
    assert one.output_tokens == 900


def test_the_final_line_counts_also_where_it_comes_first() -> None:
    (one,) = found(response(output=900), response(output=4))
    assert one.output_tokens == 900


def test_the_same_line_three_times_is_one_response() -> None:
    (one,) = found(response(), response(), response())
    assert tokens(one) == (1110, 50, 1000, 100, 0, 0)


def test_a_resumed_session_repeats_responses_under_the_keys_that_they_had() -> None:
    assert len(found(response(1), response(2), response(1, sessionId="session-2"), response(3))) == 3


def test_a_sidechain_that_repeats_a_response_with_another_request_id_is_no_other_response() -> None:
    (one,) = found(response(requestId="req_new", isSidechain=True, sessionId="side"), response())
    assert (one.agent, one.session_id) == ("", "session-1")


def test_a_response_without_a_request_id_is_the_one_with_it() -> None:
    assert len(found(response(requestId=None), response())) == 1


def test_a_sidechain_is_told_from_the_main_agent() -> None:
    assert [one.agent for one in found(response(1, isSidechain=True), response(2))] == ["subagent", ""]


def test_short_ids_that_a_proxy_counts_up_in_each_session_are_different_responses() -> None:
    short = {"id": "msg_1"}
    lines = [response(requestId=None, sessionId=session, message=short) for session in ("a", "b", "a")]
    assert len(found(*lines)) == 2


def test_without_any_id_a_copy_of_a_line_is_the_same_response() -> None:
    lines = [response(requestId=None, uuid=uuid, message={"id": None}) for uuid in ("a", "b", "a")]
    assert len(found(*lines)) == 2


def test_what_is_written_to_a_cache_for_an_hour_is_told_apart() -> None:
    split = {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70}
    (one,) = found(response(usage={**USAGE, "cache_creation": split}))
    assert (one.cache_creation_input_tokens, one.cache_creation_1h_input_tokens) == (100, 70)


def test_without_a_split_a_cache_is_written_for_five_minutes() -> None:
    (one,) = found(response(usage={name: USAGE[name] for name in USAGE if name != "cache_creation"}))
    assert (one.cache_creation_input_tokens, one.cache_creation_1h_input_tokens) == (100, 0)


def test_a_split_without_its_total_counts_as_well() -> None:
    split = {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70}
    (one,) = found(response(usage={"input_tokens": 10, "output_tokens": 5, "cache_creation": split}))
    assert tokens(one) == (110, 5, 0, 100, 70, 0)


def test_messages_of_claude_code_itself_are_no_responses() -> None:
    assert found(response(message={"model": "<synthetic>"})) == []


def test_models_of_others_keep_their_tokens_and_have_no_provider() -> None:
    (one,) = found(response(message={"model": "kimi-k2"}))
    assert (one.provider_name, one.model, one.input_tokens) == ("", "kimi-k2", 1110)


def test_a_cost_that_was_noted_is_kept_in_nano_usd() -> None:
    (one,) = found(response(costUSD=0.0123456))
    assert one.cost_nanousd == 12_345_600


def test_what_looks_like_usage_in_the_text_of_a_person_is_text() -> None:
    quoted = '{"type":"assistant","message":{"usage":{"input_tokens":999999,"output_tokens":999999}}}'
    in_a_result = {"toolUseResult": {"type": "assistant", "usage": {"input_tokens": 999_999}}}
    reading = READER.read(piece({**USER, "message": {"role": "user", "content": quoted}}, USER | in_a_result))
    assert (reading.found, reading.skipped) == ([], [])


def test_json_with_spaces_reads_like_json_without() -> None:
    spaced = (
        '{ "type" : "assistant", "timestamp" : "2026-03-02T13:00:00Z", "message" : { "id" : "msg_0123456789abcdef",'
        ' "model" : "claude-x", "usage" : { "input_tokens" : 7, "output_tokens" : 3 } } }'
    )
    (one,) = found(spaced)
    assert tokens(one) == (7, 3, 0, 0, 0, 0)


def test_lines_of_three_megabytes_are_read() -> None:
    (one,) = found(response(message={"content": [{"type": "text", "text": "x" * 3_000_000}]}))
    assert one.output_tokens == 50


def test_a_line_with_windows_ends_is_a_line() -> None:
    text = piece(response()).data.replace(b"\n", b"\r\n").decode()
    reading = READER.read(piece(text.rstrip("\n")))
    assert (len(reading.found), reading.skipped) == (1, [])


def test_content_of_an_unknown_kind_does_not_hide_the_usage() -> None:
    (one,) = found(response(message={"content": [{"type": "tool_use", "name": 7}]}))
    assert (one.output_tokens, one.tools) == (50, "")


def test_tools_of_all_lines_of_a_response_are_named_once() -> None:
    calls = [{"content": [{"type": "tool_use", "name": name}]} for name in ("Read", "Bash", "Read")]
    (one,) = found(*(response(message=call) for call in calls))
    assert one.tools == "Bash,Read"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"type":"assistant","message":{"usage":{"input_tok', "truncated"),
        ("\x00\x00\x00", "not a JSON object"),
        (response(usage={"input_tokens": -1, "output_tokens": 5}), ">= 0"),
        (response(usage={"input_tokens": 2**63, "output_tokens": 5}), "<= 1000000000"),
        (response(usage={"input_tokens": 900_000_000, "cache_read_input_tokens": 900_000_000}), "more tokens than any"),
        ('{"type":"assistant","message":{"usage":{"input_tokens":NaN}}}', "invalid character"),
        (response(usage={"input_tokens": "many"}), "int"),
        (response(9, timestamp=None), "no timestamp"),
        (response(costUSD=-1), ">= 0"),
        ('{"usage":' * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
    ],
)
def test_a_line_that_cannot_be_counted_is_skipped_with_its_number_and_reason(line: Any, words: str) -> None:
    reading = READER.read(piece(response(1), line, response(2)))
    ((number, why),) = [(one.line, one.why) for one in reading.skipped]
    assert (len(reading.found), number) == (2, 2)
    assert words in why


def test_bytes_that_are_no_text_do_not_stop_the_reading() -> None:
    odd = written(response(1)).replace(b"Fine.", b"\xff\xfe")
    lost = written(response(2)).replace(b"/srv/someone", b"\xff\xfe")
    reading = READER.read(Piece("log", odd + lost + written(response(3))))
    assert [one.line for one in reading.skipped] == [2]
    assert len(reading.found) == 2


def test_a_slash_command_is_what_the_responses_after_it_are_for_until_the_next_one() -> None:
    def said(command: str) -> dict[str, Any]:
        return USER | {"message": {"role": "user", "content": f"<command-name>{command}</command-name>"}}

    lines = [response(1), said("/review"), response(2), said("/clear"), response(3)]
    for reading in in_two(READER, *lines):
        assert [one.command for one in reading.found] == ["", "/review", ""]
