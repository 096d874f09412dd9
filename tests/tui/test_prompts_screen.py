"""Prompts on screen: their versions, what differs, one key to their answers, and how one is sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.dashboard import Dashboard, dashboard
from support.scripted import SONNET, ScriptedRuntime, answers, quiet_day
from support.scripted_prompts import FOR_CLAUDE, PINNED, TICKETS

from burn_tui.core.prompt_form import SHOWN_DIGITS
from burn_tui.tui.screens.prompts import PromptsScreen
from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.screens.report import Listing
from burn_tui.tui.screens.requests import RequestsScreen


@asynccontextmanager
async def prompts_on_screen(*, is_empty: bool = False) -> AsyncIterator[Dashboard]:
    """The screen, on the prompt that has a history."""
    runtime = ScriptedRuntime(burn=quiet_day())
    if not is_empty:
        runtime.prompts.fill()
    async with dashboard(runtime) as running:
        await running.pilot.press("f7")
        await running.until(lambda: isinstance(running.app.screen, PromptsScreen) and running.app.screen.last)
        if not is_empty:
            await running.pilot.press("left_square_bracket")
            await shown(running, TICKETS.shown, "temperature: 0.2")
        yield running


async def shown(running: Dashboard, *texts: str) -> str:
    """The screen on top, once all of `texts` are on it."""
    await running.until(lambda: all(text in " ".join(running.text().split()) for text in texts))
    return running.text()


def route(running: Dashboard) -> str:
    """The line below the prompt."""
    return " ".join(running.text("#route").split())


async def test_versions_have_their_labels_their_use_their_cost_their_time_and_their_thumbs() -> None:
    async with prompts_on_screen() as running:
        text = " ".join((await shown(running, "triage 3 of 3")).split())
    assert f"{PINNED.shown} production 1302 8 $3.87 $0.00297 2.4 s ▲21 ▼4" in text
    assert f"{FOR_CLAUDE.shown} anthropic working" in text


async def test_the_text_of_the_marked_version_stands_below_and_d_shows_what_differs() -> None:
    async with prompts_on_screen() as running:
        await shown(running, "You sort tickets for the team {{team}}.")
        await running.pilot.press("d")
        await shown(running, f"against production {PINNED.shown}", "temperature: 0.72", "tickets for the team·{{team}}")
        await running.pilot.press("down")
        await shown(running, f"{PINNED.shown} against the version before")


async def test_enter_shows_the_answers_that_came_from_the_marked_version() -> None:
    async with prompts_on_screen() as running:
        running.runtime.lens.fill((SONNET,))
        await running.pilot.press("down", "enter")
        await running.until(lambda: isinstance(running.app.screen, RequestsScreen))
        await shown(running, f"Answers from triage {PINNED.shown} (production)")
        (which,) = running.runtime.lens.asked_for[-1:]
        await running.pilot.press("escape")
        await running.until(lambda: isinstance(running.app.screen, PromptsScreen))
    assert (which.prompt_name, which.prompt_version) == ("triage", PINNED.version)
    assert which.until - which.since == 7 * 86_400


async def test_a_version_that_was_never_used_says_so() -> None:
    async with prompts_on_screen() as running:
        await running.pilot.press("down", "down", "down", "enter")
        await running.until(lambda: running.toasts)
        assert "was not used yet" in running.toasts[-1]
        assert isinstance(running.app.screen, PromptsScreen)


async def test_a_pin_is_asked_about_and_is_for_the_environment_of_the_session() -> None:
    async with prompts_on_screen() as running:
        for answer in ("n", "y"):
            await running.pilot.press("p")
            await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
            await shown(running, "label production", f"now {PINNED.shown}", f"then {TICKETS.shown}")
            await running.pilot.press(answer)
            await running.until(lambda: isinstance(running.app.screen, PromptsScreen))
        await running.until(lambda: running.toasts)
    assert running.runtime.prompts.changed == [("pin", f"triage@{TICKETS.version}", "production")]
    assert running.toasts[-1] == f"production pinned: {PINNED.shown} → {TICKETS.version[:SHOWN_DIGITS]}"


async def test_a_rollback_is_asked_about() -> None:
    async with prompts_on_screen() as running:
        await running.pilot.press("r")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await shown(running, "Roll triage back")
        await running.pilot.press("y")
        await running.until(lambda: running.runtime.prompts.changed)
    assert running.runtime.prompts.changed == [("rollback", "triage", "production")]


async def test_a_broken_prompt_says_what_is_wrong_with_it() -> None:
    async with prompts_on_screen() as running:
        await running.pilot.press("left_square_bracket")
        await shown(running, "prompts/sort.prompt.md, line 1: its head has no end. Put a line ---.")
        assert running.app.screen.query_one(Listing).option_count == 0


async def test_without_any_prompt_the_screen_says_how_to_write_one() -> None:
    async with prompts_on_screen(is_empty=True) as running:
        await shown(running, "There is no prompt here. Write prompts/NAME.prompt.md")


async def test_u_puts_the_marked_version_into_the_prompt() -> None:
    async with prompts_on_screen() as running:
        await running.pilot.press("down", "u")
        await running.until(lambda: running.app.screen is running.main)
        assert running.prompt == f"/prompt triage@{PINNED.shown} "


async def test_a_prompt_is_called_by_its_name_with_its_variables() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.prompts.fill()
    runtime.router.scripts.append(answers(SONNET, "Support has."))
    async with dashboard(runtime) as running:
        await running.pilot.press("alt+u")
        await running.until(lambda: running.prompt == "/prompt ")
        await running.type("tr")
        await shown(running, "▸ /prompt triage")
        await running.pilot.press("tab")
        await running.until(lambda: running.prompt == "/prompt triage ")
        await running.until(lambda: "needs ticket, which is not given. Add ticket=VALUE." in route(running))
        running.main.query_one("#prompt").insert("ticket=the printer burns")  # type: ignore[attr-defined]
        await running.until(lambda: f"triage {TICKETS.shown} (working) default > {SONNET}" in route(running))
        await running.pilot.press("enter")
        await running.until(lambda: "Support has." in running.text("#transcript"))
        assert "the printer burns" in running.text("#transcript")
        assert running.prompt == ""
        request, caller = runtime.router.requests[-1]
    assert [message.text for message in request.messages] == [
        "You sort tickets for the team support.",
        "Who has to look at this?\n\nthe printer burns",
    ]
    assert request.temperature == 0.2
    assert caller.prompt is not None
    assert caller.prompt.usual.use.version == TICKETS.version


async def test_a_call_without_its_variables_is_said_and_stays_in_the_prompt() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.prompts.fill()
    async with dashboard(runtime) as running:
        running.main.query_one("#prompt").insert("/prompt triage team=it")  # type: ignore[attr-defined]
        await running.pilot.press("escape", "enter")
        await running.until(lambda: running.toasts)
        assert running.toasts[-1] == "Prompt triage needs ticket, which is not given. Add ticket=VALUE."
        assert running.prompt == "/prompt triage team=it"
        assert runtime.router.requests == []
