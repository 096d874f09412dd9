"""A comparison over simulated providers: what is asked in which order, what is kept, and what got worse."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from support.prompts import TRIAGE, prompt_of, write
from support.waiting import until
from support.world import World, world

from burn_tui.core.budget import Budget
from burn_tui.core.chat import ChatRequest
from burn_tui.core.comparison import Comparison, other_models, rows, summaries
from burn_tui.core.environment import DEVELOPMENT, Environment
from burn_tui.core.errors import PromptError, SettingsError, UnknownTargetError
from burn_tui.engine.comparing.running import STOPPED, Draft, Wish
from burn_tui.simulator.script import Answer, Script, overloaded

CASES = """\
defaultTest:
  assert:
    - {type: not-icontains, value: sorry}
tests:
  - description: a fire
    vars: {ticket: The printer burns.}
    assert:
      - {type: icontains, value: facilities}
  - description: an invoice
    vars: {ticket: The invoice is wrong.}
    assert:
      - {type: icontains, value: billing}
      - {type: cost, threshold: 0.01}
"""

PRODUCTION = Environment(name="production", hue="blue", is_production=True)

TEAMS = {"printer": "Facilities has to look.", "invoice": "Billing has to look.", "leak": "Facilities has to look."}


def sorts_well(request: ChatRequest, count: int = 0) -> Answer:
    """Names the right team."""
    question = request.messages[-1].text
    return Answer(text=next(team for word, team in TEAMS.items() if word in question))


def forgets_invoices(request: ChatRequest, count: int = 0) -> Answer:
    """The planted regression: one case of several goes wrong."""
    return Answer(text="I am sorry.") if "invoice" in request.messages[-1].text else sorts_well(request)


def write_cases(folder: Path, text: str = CASES, name: str = "triage") -> Path:
    """The cases of a prompt."""
    path = folder / "prompts" / "compare" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@asynccontextmanager
async def project(
    tmp_path: Path,
    *,
    primary: Script = sorts_well,
    backup: Script = sorts_well,
    cases: str = CASES,
    **settings: Any,
) -> AsyncIterator[World]:
    """Two providers, and a prompt with two cases."""
    write(tmp_path / "project")
    write_cases(tmp_path / "project", cases)
    scripts = {"primary": primary, "backup": backup}
    async with world(tmp_path / "data", scripts, project=tmp_path / "project", **settings) as running:
        yield running


async def compare(running: World, *models: str, **wish: Any) -> Comparison:
    """Draft it and run it to its end."""
    return await ran(running, await drafted(running, *models, **wish))


async def drafted(running: World, *models: str, environment: Environment = DEVELOPMENT, **wish: Any) -> Draft:
    asked = structs.replace(Wish(name="triage", models=models), **wish)
    return await running.runtime.comparing.draft(asked, environment)


async def ran(running: World, draft: Draft, until: Callable[[Comparison], bool] = lambda _: False) -> Comparison:
    last = draft.comparison
    async with aclosing(running.runtime.comparing.run(draft, confirmed=True)) as given:
        async for last in given:
            if until(last):
                break
    return last


async def kept(running: World) -> Comparison:
    found = await running.runtime.comparing.latest("triage")
    assert found is not None
    return found


def told(now: Comparison, previous: Comparison | None) -> list[tuple[str, str, str | None]]:
    """News, case and model of each row, in the order in which they are read."""
    base = "previous" if previous is not None else "first"
    return [
        (row.news, now.cases[row.case].name, now.contenders[row.contender].requested)
        for row in rows(now, previous, base)  # type: ignore[arg-type]
    ]


async def test_a_planted_regression_is_the_first_thing_that_the_next_run_tells(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        before = await compare(running, "primary/big", "backup/big")
        running.script("backup", forgets_invoices)
        now = await compare(running, "primary/big", "backup/big")
        assert await running.runtime.comparing.latest("triage", before=now.at) == before
    assert [news for news, _, _ in told(before, None)] == ["passes", "passes"]
    assert told(now, before)[0] == ("new failure", "an invoice", "backup/big")
    assert [news for news, _, _ in told(now, before)[1:]] == ["passes"] * 3
    wrong = rows(now, before, "previous")[0].cell.example
    assert wrong is not None
    assert [(tick.shown, tick.passed, tick.why) for tick in wrong.ticks] == [
        ("not-icontains “sorry”", False, "it is"),
        ("icontains “billing”", False, "“billing” is missing"),
        ("cost at most $0.01", True, ""),
    ]


async def test_what_was_mended_is_told_right_after_what_broke(tmp_path: Path) -> None:
    async with project(tmp_path, primary=forgets_invoices) as running:
        before = await compare(running, "primary/big", "backup/big")
        running.script("primary", sorts_well)
        running.script("backup", forgets_invoices)
        now = await compare(running, "primary/big", "backup/big")
    assert told(now, before)[:2] == [
        ("new failure", "an invoice", "backup/big"),
        ("new pass", "an invoice", "primary/big"),
    ]


async def test_the_old_and_the_new_model_are_measured_by_each_other_in_one_run(tmp_path: Path) -> None:
    async with project(tmp_path, backup=forgets_invoices) as running:
        now = await compare(running, "primary/big", "backup/big")
    assert told(now, None) == [("new failure", "an invoice", "backup/big"), ("passes", "a fire", "backup/big")]


async def test_an_edited_prompt_is_compared_with_what_production_stands_for(tmp_path: Path) -> None:
    def obeys(request: ChatRequest, count: int) -> Answer:
        return forgets_invoices(request) if "Never mind" in request.messages[0].text else sorts_well(request)

    async with project(tmp_path, primary=obeys) as running:
        await running.runtime.prompts.pin("triage", "production")
        write(tmp_path / "project", TRIAGE.replace("You sort", "Never mind invoices. You sort"))
        now = await compare(running)
    assert [one.asked for one in now.contenders] == ["triage@production", "triage@working"]
    assert now.contenders[0].version == prompt_of(TRIAGE).version.version
    assert [row.news for row in rows(now, None, "first")] == ["new failure", "passes"]


async def test_contenders_take_turns_and_every_row_carries_its_version(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        now = await compare(running, "primary/big", "backup/big", repeats=2)
        records = await running.rows()
    asked = [record.opened.provider_name for record in records]
    assert asked == ["primary", "backup", "backup", "primary", "backup", "primary", "primary", "backup"]
    assert {record.opened.prompt.version for record in records if record.opened.prompt} == {now.contenders[0].version}
    assert {record.opened.conversation_id for record in records} == {now.id}
    assert [(one.answers, one.passed, one.cases) for one in summaries(now)] == [(4, 2, 2), (4, 2, 2)]
    assert all(one.median_nanousd and one.median_s for one in summaries(now))


async def test_what_is_done_is_kept_when_somebody_stops_it(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        draft = await drafted(running, "primary/big", "backup/big", repeats=3)
        await ran(running, draft, until=lambda so_far: len(so_far.results) == 5)
        found = await kept(running)
        calls = running.calls("primary") + running.calls("backup")
    assert (len(found.results), found.planned, found.stopped) == (5, 12, STOPPED)
    assert calls == 5
    assert all(result.text and result.ticks for result in found.results)


async def test_a_task_that_is_cancelled_in_mid_call_leaves_what_is_done(tmp_path: Path) -> None:
    reached = asyncio.Event()

    def hangs(request: ChatRequest, count: int) -> Answer:
        return structs.replace(sorts_well(request), first_chunk_s=0.0 if count < 2 else 30.0)

    async with project(tmp_path, primary=hangs) as running:
        draft = await drafted(running, "primary/big", repeats=3)

        async def run() -> None:
            async with aclosing(running.runtime.comparing.run(draft, confirmed=True)) as given:
                async for so_far in given:
                    if len(so_far.results) == 2:
                        reached.set()

        task = asyncio.create_task(run())
        await reached.wait()
        await until(lambda: running.calls() == 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        found = await kept(running)
    assert (len(found.results), found.stopped) == (2, STOPPED)


async def test_a_whole_run_that_is_read_to_its_end_was_not_stopped(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        draft = await drafted(running, "primary/big")
        await ran(running, draft, until=lambda so_far: len(so_far.results) == so_far.planned)
        assert (await kept(running)).stopped == ""


async def test_a_file_that_is_replaced_during_a_run_changes_nothing_that_has_begun(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        draft = await drafted(running, "primary/big", repeats=2)

        def replace(so_far: Comparison) -> bool:
            write(tmp_path / "project", TRIAGE.replace("You sort", "You burn"))
            write_cases(tmp_path / "project", "tests: []\n")
            return False

        now = await ran(running, draft, until=replace)
        said = {seen.request.messages[0].text for seen in running.providers["primary"].seen}
    assert len(now.results) == 4
    assert said == {"You sort tickets for the team support."}


async def test_a_full_budget_stops_it_and_keeps_what_is_done(tmp_path: Path) -> None:
    budget = Budget(name="day", limit_nanousd=4_000_000, timezone=UTC)
    async with project(tmp_path, budgets=(budget,)) as running:
        now = await compare(running, "primary/big", repeats=20)
        found = await kept(running)
    assert 0 < len(now.results) < now.planned
    assert "Budget day has" in now.stopped
    assert found == now


async def test_a_provider_that_fails_is_no_regression(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        before = await compare(running, "primary/big", "backup/big")
        running.script("backup", lambda _request, _count: overloaded())
        now = await compare(running, "primary/big", "backup/big")
    assert {news for news, _, model in told(now, before) if model == "backup/big"} == {"no answer"}
    assert "overloaded" in next(one.problem for one in now.results if one.problem)


async def test_another_model_behind_the_same_name_is_told(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        before = await compare(running, "primary/big")
        running.script("primary", lambda request, _: structs.replace(sorts_well(request), response_model="big-0825"))
        now = await compare(running, "primary/big")
    assert other_models(now, before) == ["primary/big is now big-0825, and was big."]


async def test_a_case_that_was_changed_is_another_case(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        before = await compare(running, "primary/big")
        running.script("primary", forgets_invoices)
        write_cases(tmp_path / "project", CASES.replace("invoice is wrong", "invoice is late"))
        now = await compare(running, "primary/big")
    assert ("fails", "an invoice", "primary/big") in told(now, before)


async def test_a_judge_is_asked_and_its_cost_counts(tmp_path: Path) -> None:
    def judges(request: ChatRequest, count: int) -> Answer:
        is_rude = "Billing" in request.messages[-1].text
        return Answer(text=f'Well: {{"pass": {str(not is_rude).lower()}, "reason": "Too curt.", "score": 0.9}}')

    cases = CASES.replace("sorry}", "sorry}\n    - {type: llm-rubric, value: Is polite.}").replace(
        "defaultTest", "judge: backup/big\ndefaultTest"
    )
    async with project(tmp_path, backup=judges, cases=cases) as running:
        draft = await drafted(running, "primary/big")
        now = await ran(running, draft)
        records = await running.rows()
    assert draft.calls == 4
    judged = [tick for result in now.results for tick in result.ticks if tick.shown.startswith("llm-rubric")]
    assert [(tick.passed, tick.why) for tick in judged] == [(True, ""), (False, "Too curt.")]
    assert now.cost_nanousd == sum(record.cost_nanousd or 0 for record in records)
    assert [record.opened.operation_name for record in records] == ["triage", "judge"] * 2


async def test_nothing_is_sent_where_anything_is_wrong(tmp_path: Path) -> None:
    async with project(tmp_path) as running:
        with pytest.raises(UnknownTargetError):
            await drafted(running, "primary/small")
        write_cases(tmp_path / "project", CASES.replace("{ticket: The inv", "{tickt: The inv"))
        with pytest.raises(PromptError, match="Did you mean 'ticket'"):
            await drafted(running)
        path = write_cases(tmp_path / "project")
        with pytest.raises(PromptError, match="burn-tui prompts pin triage"):
            await drafted(running, environment=PRODUCTION, versions=("working",))
        path.write_text(CASES.replace("{type: icontains, value: fac", "{type: like, value: fac"))
        with pytest.raises(SettingsError, match=r"yaml, line 8: tests\[0\]\.assert\[0\]: there is no assertion 'like'"):
            await drafted(running)
        path.unlink()
        with pytest.raises(PromptError, match=r"Write prompts/compare/triage\.yaml"):
            await drafted(running)
        assert running.calls("primary") + running.calls("backup") == 0


async def test_more_than_twenty_calls_and_environments_that_ask_need_the_environments_name(tmp_path: Path) -> None:
    guarded = Environment(name="staging", hue="green", confirm=True)
    async with project(tmp_path) as running:
        assert not (await drafted(running, "primary/big", repeats=10)).needs_name
        assert (await drafted(running, "primary/big", repeats=11)).needs_name
        assert (await drafted(running, "primary/big", environment=guarded)).needs_name


async def test_without_store_text_not_a_word_of_it_is_kept_and_what_was_kept_before_is_forgotten(
    tmp_path: Path,
) -> None:
    async with project(tmp_path) as running:
        before = await compare(running, "primary/big")
        running.runtime.use(structs.replace(running.runtime.settings, store_text=False))
        running.script("primary", forgets_invoices)
        now = await compare(running, "primary/big")
        found = await kept(running)
        previous = await running.runtime.comparing.latest("triage", before=now.at)
        heads = await running.runtime.ledger.read("SELECT head FROM comparisons", {})
        results = await running.runtime.ledger.read("SELECT result FROM comparison_results", {})
    assert all(result.text for result in (*before.results, *now.results))
    assert previous is not None
    assert told(now, previous)[0] == ("new failure", "an invoice", "primary/big")
    assert [[tick.passed for tick in result.ticks] for result in found.results] == [[True, True], [False, False, True]]
    words = " ".join([*(row["head"] for row in heads), *(row["result"] for row in results)])
    assert not [word for word in ("printer", "invoice", "billing", "Billing", "Facilities", "sorry") if word in words]


async def test_variables_are_taken_as_they_were_written(tmp_path: Path) -> None:
    cases = "tests:\n  - {vars: {ticket: 0123}}\n  - {vars: {ticket: 1e3}}\n  - {vars: {ticket: no}}\n"
    async with project(tmp_path, primary=lambda _r, _c: Answer(text="fine"), cases=cases) as running:
        await compare(running, "primary/big")
        asked = [seen.request.messages[-1].text.split()[-1] for seen in running.providers["primary"].seen]
    assert asked == ["0123", "1e3", "no"]


async def test_assertions_may_name_variables_that_the_prompt_does_not_know(tmp_path: Path) -> None:
    cases = (
        "defaultTest:\n  assert:\n    - {type: contains, value: '{{team}} has'}\n"
        "tests:\n  - vars: {ticket: a leak, team: Facilities}\n"
    )
    async with project(tmp_path, cases=cases) as running:
        now = await compare(running, "primary/big")
    assert now.results[0].ticks[0].shown == "contains “Facilities has”"
    assert now.results[0].state == "passed"
