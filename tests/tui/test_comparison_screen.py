"""Versions and models of a prompt against each other, on screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.dashboard import Dashboard, dashboard
from support.scripted import ScriptedRuntime, quiet_day
from support.scripted_comparing import NEW, OLD

from burn_tui.core.prompt_diff import Piece
from burn_tui.tui.comparison_text import Pair, pair_lines
from burn_tui.tui.screens.choose_provider import ChooseProviderScreen
from burn_tui.tui.screens.comparison import PromptComparisonScreen
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.prompts import PromptsScreen
from burn_tui.tui.screens.question import QuestionScreen


@asynccontextmanager
async def on_screen(*, is_empty: bool = False, size: tuple[int, int] = (140, 40)) -> AsyncIterator[Dashboard]:
    """The screen, reached from the prompts, on the prompt that has cases."""
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.prompts.fill()
    if not is_empty:
        runtime.comparing.fill()
    async with dashboard(runtime, size=size) as running:
        await running.pilot.press("f7")
        await running.until(lambda: isinstance(running.app.screen, PromptsScreen) and running.app.screen.last)
        await running.pilot.press("left_square_bracket")
        await shown(running, "triage 3 of 3")
        await running.pilot.press("c")
        await running.until(lambda: isinstance(running.app.screen, PromptComparisonScreen) and running.app.screen.last)
        yield running


async def shown(running: Dashboard, *texts: str) -> str:
    """The screen on top, once all of `texts` are on it."""
    await running.until(lambda: all(text in words(running) for text in texts))
    return running.text()


def words(running: Dashboard) -> str:
    return " ".join(running.text().replace("│", " ").split())


def order(running: Dashboard, *texts: str) -> list[int]:
    return [words(running).index(text) for text in texts]


async def test_new_failures_come_first_then_new_passes(tmp_path: object) -> None:
    async with on_screen() as running:
        await shown(running, "against the previous run", "NEW FAILURE")
        found = order(running, "✗ NEW FAILURE an invoice", "✓ NEW PASS an angry customer", "✗ fails a lost", "✓ passes")
    assert found == sorted(found)


async def test_the_answers_of_both_runs_stand_side_by_side_with_what_differs_and_what_was_checked() -> None:
    async with on_screen() as running:
        await shown(running, "before", "✗ icontains “billing”: “billing” is missing", "✓ icontains “billing”")
        rows = running.text().splitlines()
    (line,) = [row for row in rows if "Billing has to look" in row]
    assert "Support has to look" in line.partition("Billing has")[2]


async def test_contenders_have_their_medians_and_the_n_of_them() -> None:
    async with on_screen() as running:
        await shown(running, f"{OLD} 4 of 4 8 $0.000242 1.4 s", f"{NEW} 2 of 4 8")


async def test_p_measures_by_the_first_contender_and_by_the_previous_run() -> None:
    async with on_screen() as running:
        await shown(running, "against the previous run")
        await running.pilot.press("p")
        await shown(running, f"against {OLD}", "NEW FAILURE a lost password")
        assert "NEW PASS" not in running.text()
        await running.pilot.press("p")
        await shown(running, "against the previous run", "NEW PASS")


async def test_another_model_behind_the_same_name_is_told() -> None:
    async with on_screen() as running:
        await shown(running, f"{NEW} is now gpt-5.5-mini-0302, and was gpt-5.5-mini.")


async def test_a_run_is_asked_about_with_its_cost_and_shows_how_far_it_is() -> None:
    async with on_screen(is_empty=True) as running:
        await shown(running, "Nothing was compared yet.")
        await running.pilot.press("r")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await shown(running, "calls 16", "environment production", "estimate $0.0045")
        await running.pilot.press("y")
        await shown(running, "3 of 16 answers, $0.000861 so far")
        running.runtime.comparing.go.set()
        await shown(running, "16 answers, $")
    assert running.runtime.comparing.confirmed == [False]


async def test_s_stops_a_run_and_what_is_done_stays_on_screen() -> None:
    async with on_screen(is_empty=True) as running:
        await running.pilot.press("r")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("y")
        await shown(running, "3 of 16 answers")
        await running.pilot.press("s")
        await shown(running, "Stopped: somebody stopped it")
        assert "3 of 16 answers" in words(running)
        assert running.toasts[-1] == "Stopped: 3 of 16 are done and kept."


async def test_more_than_twenty_calls_take_the_environments_name() -> None:
    async with on_screen() as running:
        comparing = running.runtime.comparing
        comparing.calls = 48
        comparing.go.set()
        for typed in ("staging", "production"):
            await running.pilot.press("r")
            await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
            await shown(running, "ask them all, after typing production")
            await running.pilot.press("y")
            await running.until(lambda: isinstance(running.app.screen, NameSessionScreen))
            await shown(running, "Type production to send 48 calls")
            await running.type(typed)
            await running.pilot.press("enter")
            await running.until(lambda: isinstance(running.app.screen, PromptComparisonScreen))
            await running.until(lambda: running.toasts or comparing.confirmed)
        await running.until(lambda: comparing.confirmed)
    assert comparing.confirmed == [True]


async def test_m_puts_another_model_beside_the_usual_one() -> None:
    async with on_screen() as running:
        await running.pilot.press("m")
        await running.until(lambda: isinstance(running.app.screen, ChooseProviderScreen))
        await running.pilot.press("3")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("n")
        await running.until(lambda: isinstance(running.app.screen, PromptComparisonScreen))
        wish = running.runtime.comparing.wishes[-1]
    assert wish.models[0] == OLD
    assert len(wish.models) == 2
    assert wish.versions == ("production",)


async def test_a_prompt_without_cases_says_so() -> None:
    async with on_screen() as running:
        await shown(running, "against the previous run")
        await running.pilot.press("right_square_bracket")
        await shown(running, "has no cases to compare it by. Write some.")
        await running.pilot.press("r")
        await running.until(lambda: running.toasts)
        assert "has no cases" in running.toasts[-1]


async def test_the_dashboard_opens_it_by_a_key_of_its_own() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.prompts.fill()
    async with dashboard(runtime) as running:
        await running.pilot.press("alt+c")
        await running.until(lambda: isinstance(running.app.screen, PromptComparisonScreen))
        await shown(running, "Prompts compared", "review-diff 1 of 3")


def test_in_little_room_the_new_answer_stands_above_the_old_one() -> None:
    from support.scripted_comparing import answer

    pair = Pair(
        case="an invoice", before=answer(1, 1), before_title="old", now=answer(1, 1, passed=False), now_title="new"
    )
    narrow = [line.plain for line in pair_lines(pair, 40)]
    assert narrow.index(next(line for line in narrow if line.startswith("new"))) < narrow.index(
        next(line for line in narrow if line.startswith("old"))
    )
    assert all(len(line) <= 40 for line in narrow)
    wide = [line.plain for line in pair_lines(pair, 100)]
    assert any(line.startswith("old") and "new" in line for line in wide)


def test_a_stretch_over_several_lines_stays_on_several_lines() -> None:
    from burn_tui.tui.comparison_text import _marked

    assert "".join(text for text, _ in _marked(Piece("new", "one\ntwo\n"))) == "one\ntwo\n"


def test_what_differs_is_marked_unless_hardly_anything_is_the_same() -> None:
    from burn_tui.tui.comparison_text import _marked_texts

    alike = _marked_texts("Billing has to look at this.", "Support has to look at this.")
    assert [[piece.kind for piece in side] for side in alike] == [["gone", "same"], ["new", "same"]]
    unlike = _marked_texts("Billing has to look at this.", "1. Yes; 2. no")
    assert [[piece.kind for piece in side] for side in unlike] == [["same"], ["same"]]
