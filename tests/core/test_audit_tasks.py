"""Tasks by the models that did them, and how much hangs on one provider."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.audits import API, CODEX, HAIKU, OPUS, SONNET, use

from burn_tui.core.audit_tasks import Task, TaskUse, concentration, in_words, ranked, short_name, without_branches

USES = st.lists(
    st.builds(
        use,
        st.sampled_from(["edit", "chat", "/review"]),
        st.sampled_from([SONNET, OPUS, CODEX]),
        branch=st.sampled_from(["", "next", "checkout"]),
        cost_nanousd=st.none() | st.integers(0, 10**12),
        input_tokens=st.integers(0, 10**9),
        attempts=st.integers(1, 1000),
    ),
    max_size=12,
)


def _cost(uses: tuple[TaskUse, ...]) -> int:
    return sum(one.cost_nanousd or 0 for one in uses)


@given(USES)
def test_putting_branches_together_changes_no_sum(uses: list[TaskUse]) -> None:
    before, after = ranked(uses), without_branches(uses)
    assert _cost(before) == _cost(after)
    assert sum(one.attempts for one in before) == sum(one.attempts for one in after)
    assert len({(one.task, one.target) for one in after}) == len(after)
    assert not any(one.task.branch for one in after)


@given(USES)
def test_the_shares_of_all_providers_make_a_whole(uses: list[TaskUse]) -> None:
    shares = concentration(uses)
    has_any = any(one.cost_nanousd or one.input_tokens + one.output_tokens for one in uses)
    assert sum(share.cost_share for share in shares) == pytest.approx(1.0 if has_any else 0.0)


def test_the_costliest_task_stands_first() -> None:
    dear, cheap, unknown = use(cost_nanousd=9), use("chat", cost_nanousd=1), use("plan", cost_nanousd=None)
    assert ranked([unknown, cheap, dear]) == (dear, cheap, unknown)


def test_costs_that_are_all_unknown_stay_unknown_when_branches_come_together() -> None:
    unknown, known = use(branch="a", cost_nanousd=None), use(branch="b", cost_nanousd=5)
    assert [one.cost_nanousd for one in without_branches([unknown, use(cost_nanousd=None)])] == [None]
    assert [one.cost_nanousd for one in without_branches([unknown, known])] == [5]


def test_a_task_that_only_one_provider_did_stops_when_it_does() -> None:
    shares = concentration([use("edit", SONNET), use("edit", HAIKU), use("chat", SONNET), use("chat", CODEX)])
    assert {share.provider_name: share.only_here for share in shares} == {
        "anthropic": ("edit in web",),
        "openai": (),
    }


def test_where_nothing_cost_anything_shares_are_of_tokens() -> None:
    free, other = use(target=SONNET, cost_nanousd=0), use(target=CODEX, cost_nanousd=0, input_tokens=112_000)
    assert [share.cost_share for share in concentration([free, other])] == [120_000 / 168_000, 48_000 / 168_000]


def test_a_provider_whose_costs_are_all_unknown_has_an_unknown_cost() -> None:
    (share,) = concentration([use(cost_nanousd=None)])
    assert share.cost_nanousd is None


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Task("/srv/someone/code/web", "", "edit"), "edit in web"),
        (Task("/srv/someone/code/web", "next", "/review"), "/review in web@next"),
        (Task("", "", "chat"), "chat"),
        (Task(API, "", "read"), "read in api"),
    ],
)
def test_a_task_is_named_by_what_was_done_and_where(task: Task, words: str) -> None:
    assert in_words(task) == words


@pytest.mark.parametrize(
    ("project", "name"), [("/srv/someone/web/", "web"), (r"C:\work\web", "web"), ("web", "web"), ("/", "/"), ("", "")]
)
def test_a_project_is_called_by_the_last_part_of_its_directory(project: str, name: str) -> None:
    assert short_name(project) == name
