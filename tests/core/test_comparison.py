"""The order in which contenders are asked, and what is called worse or better than before."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from burn_tui.core.assertions import Tick
from burn_tui.core.comparison import (
    Call,
    Comparison,
    Contender,
    Result,
    case_of,
    interleaved,
    rows,
    summaries,
    without_text,
)

SIZES = st.integers(min_value=1, max_value=5)


def result(case: int, contender: int, passed: bool | None = True, *, repeat: int = 0, problem: str = "") -> Result:
    return Result(
        call=Call(case, contender, repeat),
        text="" if problem else "Billing.",
        ticks=(Tick(shown="contains “Billing”", passed=passed),),
        served=None if problem else "primary/big",
        answer_nanousd=(repeat + 1) * 1000,
        duration_s=None if problem else 1.0 + repeat,
        problem=problem,
    )


def comparison(*results: Result, contenders: int = 1, cases: int = 2) -> Comparison:
    return Comparison(
        id="1",
        name="triage",
        at=0.0,
        environment="development",
        cases=tuple(case_of(f"case {number}", {"n": number}, ()) for number in range(cases)),
        contenders=tuple(
            Contender(asked="triage@working", version="a" * 64, requested=f"p/{number}") for number in range(contenders)
        ),
        repeats=1,
        results=results,
    )


@given(SIZES, SIZES, SIZES)
def test_everything_is_asked_once(cases: int, contenders: int, repeats: int) -> None:
    calls = interleaved(cases, contenders, repeats)
    assert len(calls) == len(set(calls)) == cases * contenders * repeats


@given(SIZES, SIZES, SIZES)
def test_all_contenders_get_a_case_right_after_one_another(cases: int, contenders: int, repeats: int) -> None:
    calls = interleaved(cases, contenders, repeats)
    for start in range(0, len(calls), contenders):
        turn = calls[start : start + contenders]
        assert len({(call.case, call.repeat) for call in turn}) == 1
        assert {call.contender for call in turn} == set(range(contenders))


@given(SIZES, SIZES)
def test_nobody_is_always_first(contenders: int, rounds: int) -> None:
    firsts = Counter(call.contender for call in interleaved(contenders * rounds, contenders, 1)[::contenders])
    assert set(firsts.values()) == {rounds}


def test_new_failures_come_first_then_new_passes_then_what_fails_as_before() -> None:
    before = comparison(result(0, 0), result(1, 0, passed=False), result(2, 0, passed=False), result(3, 0), cases=5)
    now = comparison(
        result(3, 0),
        result(2, 0, passed=False),
        result(1, 0),
        result(0, 0, passed=False),
        result(4, 0, problem="overloaded"),
        cases=5,
    )
    told = [(row.case, row.news) for row in rows(now, before, "previous")]
    assert told == [(0, "new failure"), (1, "new pass"), (2, "fails"), (4, "no answer"), (3, "passes")]


def test_one_wrong_answer_of_several_is_a_failure_and_the_one_to_look_at() -> None:
    before = comparison(result(0, 0), result(0, 0, repeat=1))
    now = comparison(result(0, 0), result(0, 0, passed=False, repeat=1))
    (row,) = rows(now, before, "previous")
    assert row.news == "new failure"
    assert (row.cell.passed, row.cell.answers) == (1, 2)
    assert row.cell.example == result(0, 0, passed=False, repeat=1)


def test_an_assertion_that_could_not_be_told_fails_nothing() -> None:
    (row,) = rows(comparison(result(0, 0, passed=None)), None, "first")
    assert row.news == "passes"


def test_what_nobody_answered_before_is_no_news_now() -> None:
    before = comparison(result(0, 0, problem="overloaded"))
    (row,) = rows(comparison(result(0, 0, passed=False)), before, "previous")
    assert row.news == "fails"


def test_another_contender_is_measured_by_nothing() -> None:
    before = structs.replace(
        comparison(result(0, 0)), contenders=(Contender(asked="triage@working", version="a" * 64, requested="q"),)
    )
    (row,) = rows(comparison(result(0, 0, passed=False)), before, "previous")
    assert (row.news, row.before) == ("fails", None)


def test_another_text_under_the_same_label_is_measured_by_the_one_before() -> None:
    before = comparison(result(0, 0))
    edited = structs.replace(before.contenders[0], version="b" * 64)
    now = structs.replace(comparison(result(0, 0, passed=False)), contenders=(edited,))
    assert [row.news for row in rows(now, before, "previous")] == ["new failure"]


def test_medians_are_of_answers_and_say_of_how_many() -> None:
    now = comparison(*(result(0, 0, repeat=number) for number in range(4)), result(1, 0, problem="x"), contenders=2)
    first, second = summaries(now)
    assert (first.answers, first.median_nanousd, first.median_s) == (4, 2500, 2.5)
    assert (first.passed, first.cases) == (1, 1)
    assert (second.answers, second.median_nanousd, second.median_s) == (0, None, None)


def test_without_text_there_is_not_a_word_left() -> None:
    bare = without_text(comparison(result(0, 0)))
    assert bare.results[0].text == ""
    assert bare.results[0].ticks[0].shown == "contains"
    assert (bare.cases[0].name, bare.cases[0].variables) == ("case 1", {})
    assert [row.news for row in rows(bare, comparison(result(0, 0, passed=False)), "previous")] == ["new pass"]
