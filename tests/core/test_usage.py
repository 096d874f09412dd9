"""Counts are cumulative: the last word holds, silence says nothing, and a guess is marked as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.attempts import opened

from burn_tui.core.usage import Usage, UsageRecord

counts = st.none() | st.integers(0, 10**9)
usages = st.builds(Usage, counts, counts, counts, counts, counts, counts, counts, st.booleans())


def test_what_is_said_later_replaces_what_was_said_before() -> None:
    started = Usage(input_tokens=2_068, output_tokens=1)
    assert started.updated(Usage(input_tokens=22_397, output_tokens=512)) == Usage(22_397, 512)


def test_what_is_not_said_again_stays() -> None:
    started = Usage(input_tokens=100, cache_read_input_tokens=40)
    assert started.updated(Usage(output_tokens=7)) == Usage(100, 7, 40)


def test_a_zero_is_a_statement() -> None:
    assert Usage(output_tokens=5).updated(Usage(output_tokens=0)).output_tokens == 0


@given(usages)
def test_hearing_the_same_twice_changes_nothing(usage: Usage) -> None:
    assert usage.updated(usage) == usage


@given(usages)
def test_hearing_nothing_changes_nothing(usage: Usage) -> None:
    assert usage.updated(Usage()) == usage


@given(usages, usages, usages)
def test_it_does_not_matter_how_reports_are_grouped(first: Usage, second: Usage, third: Usage) -> None:
    assert first.updated(second).updated(third) == first.updated(second.updated(third))


@given(usages, usages)
def test_a_guess_stays_marked(first: Usage, second: Usage) -> None:
    assert first.updated(second).estimated == (first.estimated or second.estimated)


@given(usages, st.integers(0, 10**6), st.integers(0, 10**6))
def test_completing_fills_in_missing_totals_only_and_marks_them(usage: Usage, given_input: int, output: int) -> None:
    completed = usage.completed(input_estimate=given_input, output_estimate=output)
    assert completed.is_complete
    assert completed.input_tokens == (given_input if usage.input_tokens is None else usage.input_tokens)
    assert completed.output_tokens == (output if usage.output_tokens is None else usage.output_tokens)
    assert completed.estimated == (usage.estimated or not usage.is_complete)


def test_a_reported_zero_is_no_missing_total() -> None:
    reported = Usage(input_tokens=0, output_tokens=0)
    assert reported.completed(input_estimate=9, output_estimate=9) == reported


@pytest.mark.parametrize(("usage", "complete"), [(Usage(1, 1), True), (Usage(1), False), (Usage(None, 1), False)])
def test_usage_is_complete_when_both_directions_were_counted(usage: Usage, complete: bool) -> None:
    assert usage.is_complete == complete


def test_an_attempt_without_an_error_has_answered() -> None:
    assert UsageRecord(opened=opened(), duration_s=1.0).outcome == "answered"
    assert UsageRecord(opened=opened(), duration_s=1.0, error_type="timeout").outcome == "failed"
