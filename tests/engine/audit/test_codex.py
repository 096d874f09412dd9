"""Logs of Codex: counters that are told of twice, and forks that repeat their parent's."""

from typing import Any

import pytest
from support.homes import CODEX_MODEL, count, meta, turn
from support.pieces import in_two, piece, tokens

from burn_tui.engine.audit.codex import READER
from burn_tui.engine.audit.reader import Found


def found(*lines: Any) -> list[Found]:
    return READER.read(piece(*lines)).found


def keys(one: Found) -> set[str]:
    return {one.key, one.twin} - {""}


def shared(ours: list[Found], theirs: list[Found]) -> int:
    """How many of the one are also in the other."""
    return sum(any(keys(one) & keys(other) for other in theirs) for one in ours)


PARENT = [meta("parent"), turn(), count(1000, 1000, seconds=30), count(3000, 2000, seconds=60)]


def test_cached_tokens_are_within_input_and_reasoning_is_within_output() -> None:
    (one,) = found(meta("a"), turn(), count(1000, 1000, cached=600, reasoning=40))
    assert tokens(one) == (1000, 100, 600, 0, 0, 40)


def test_a_response_says_when_where_and_by_which_model_it_was() -> None:
    (one,) = found(meta("a", git={"branch": "next"}), turn(), count(1000, 1000))
    assert (one.provider_name, one.model, one.session_id) == ("openai", CODEX_MODEL, "a")
    assert (one.at, one.cwd, one.branch) == (1_772_456_430.0, "/srv/someone/api", "next")


def test_a_counter_that_is_told_of_again_is_no_response() -> None:
    lines = [meta("a"), turn(), count(1000, 1000), count(1000, 1000, seconds=31), count(3000, 2000, seconds=60)]
    assert [one.input_tokens for one in found(*lines)] == [1000, 2000]


def test_a_counter_that_is_told_of_again_is_none_also_where_a_log_is_read_on() -> None:
    lines = [meta("a"), turn(), count(1000, 1000), count(1000, 1000, seconds=31), count(3000, 2000, seconds=60)]
    for reading in in_two(READER, *lines):
        assert [(one.input_tokens, one.model) for one in reading.found] == [(1000, CODEX_MODEL), (2000, CODEX_MODEL)]


def test_a_counter_without_the_last_response_gives_it_by_difference() -> None:
    lines = [count(1000, 0), count(2500, 0, seconds=60)]
    for line in lines:
        del line["payload"]["info"]["last_token_usage"]
    assert [one.input_tokens for one in found(meta("a"), turn(), *lines)] == [1000, 1500]


def test_limits_without_counters_are_no_response() -> None:
    limits = {"timestamp": "2026-03-02T13:00:00Z", "type": "event_msg", "payload": {"type": "token_count"}}
    assert found(meta("a"), limits | {"payload": {"type": "token_count", "info": None}}) == []


def test_without_a_turn_the_model_is_not_known() -> None:
    (one,) = found(meta("a"), count(1000, 1000))
    assert (one.model, one.provider_name) == ("", "openai")


def test_a_fork_repeats_its_parent_under_the_time_of_the_fork_and_only_what_follows_is_new() -> None:
    replayed = [count(1000, 1000, seconds=600), count(3000, 2000, seconds=600)]
    own = count(7000, 4000, seconds=700)
    fork = found(meta("fork", seconds=600, forked_from_id="parent"), meta("parent"), turn(), *replayed, own)
    assert (len(fork), shared(fork, found(*PARENT))) == (3, 2)


def test_a_fork_of_a_fork_stands_under_the_first_parent() -> None:
    heads = [
        meta("third", seconds=900, forked_from_id="second"),
        meta("second", seconds=600, forked_from_id="parent"),
        meta("parent"),
    ]
    third = found(*heads, turn(), count(1000, 1000, seconds=900), count(3000, 2000, seconds=900))
    assert shared(third, found(*PARENT)) == 2


def test_a_copy_that_names_no_parent_but_keeps_its_times_is_the_same() -> None:
    copy = found(meta("copy", seconds=0), *PARENT[1:])
    assert shared(copy, found(*PARENT)) == 2


def test_a_subagent_that_begins_afresh_is_not_taken_for_its_parent_or_its_sister() -> None:
    source = {"subagent": {"thread_spawn": {"parent_thread_id": "parent"}}}
    first = found(meta("one", seconds=100, source=source), meta("parent"), turn(), count(1000, 1000, seconds=130))
    second = found(meta("two", seconds=200, source=source), meta("parent"), turn(), count(1000, 1000, seconds=230))
    assert first[0].agent == "subagent"
    assert shared(first, second) == shared(first, found(*PARENT)) == 0


def test_two_sessions_with_the_same_counts_are_two() -> None:
    ours = found(meta("a"), turn(), count(1000, 1000, seconds=30))
    theirs = found(meta("b"), turn(), count(1000, 1000, seconds=40))
    assert shared(ours, theirs) == 0


@pytest.mark.parametrize("tokens_told", [-1, 2**62, 2**64])
def test_a_counter_that_makes_no_sense_is_skipped_and_the_next_one_counts(tokens_told: int) -> None:
    odd = count(1000, 1000)
    odd["payload"]["info"]["total_token_usage"]["input_tokens"] = tokens_told
    reading = READER.read(piece(meta("a"), turn(), odd, count(3000, 2000, seconds=60)))
    assert [one.line for one in reading.skipped] == [3]
    assert [one.input_tokens for one in reading.found] == [2000]


def test_only_rollouts_are_read() -> None:
    assert READER.reads("2026/03/02/rollout-2026-03-02T13-00-00-a.jsonl")
    assert not READER.reads("session_index.jsonl")
