"""The team's screen: who burns what, what all may spend, and what holds while the server is away."""

from msgspec import structs
from support.dashboard import Dashboard, dashboard
from support.scripted import ScriptedRuntime, quiet_day
from support.scripted_team import AWAY, BUSY

from burn_tui.core.team import TeamView
from burn_tui.tui.screens.team import TeamScreen


async def shown(running: Dashboard, view: TeamView, *texts: str) -> str:
    """The screen, once all of `texts` are on it."""
    running.runtime.membership.seen = view
    await running.pilot.press("alt+o")
    await running.until(lambda: isinstance(running.app.screen, TeamScreen))
    await running.until(lambda: all(text in " ".join(running.text().split()) for text in texts))
    return running.text()


async def test_everybody_is_there_with_session_model_environment_and_spend() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day()), size=(160, 45)) as running:
        text = await shown(running, BUSY, "night-migration anthropic/claude-sonnet-4-5 ■ PROD $16.20 412")
        assert "burn at db.example.com" in text


async def test_who_burns_twice_the_usual_is_marked_with_a_word_and_nobody_else() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day()), size=(120, 40)) as running:
        text = await shown(running, BUSY, "burns high")
        (line,) = [line for line in text.splitlines() if "burns high" in line]
        assert "lee" in line
        assert "3.0x" in line


async def test_shared_budgets_tell_what_is_spent_and_what_is_reserved() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day()), size=(120, 40)) as running:
        await shown(running, BUSY, "whole team", "$23.53 of $30 $0.84 reserved 81 %", "per month of UTC")


async def test_while_the_server_is_away_the_rule_for_shared_budgets_stands_on_screen() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day()), size=(120, 40)) as running:
        await shown(
            running, AWAY, "Paid calls are refused meanwhile", "Rows of this machine that wait to leave: 1,204.", "lee"
        )


async def test_who_is_in_no_team_is_told_how_to_be_in_one() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day())) as running:
        await shown(running, TeamView(where=""), "This machine is in no team", "burn-tui team init")
        await running.pilot.press("escape")
        await running.until(lambda: running.app.screen is running.main)


async def test_a_name_of_somebody_else_cannot_act_on_the_terminal() -> None:
    line = structs.replace(BUSY.lines[0], member="\x1b[31mlee\x07", session="[bold]\u202eabc")
    async with dashboard(ScriptedRuntime(burn=quiet_day()), size=(160, 45)) as running:
        text = await shown(running, structs.replace(BUSY, lines=(line,)), "[bold]", "[31mlee")
        assert "\x1b" not in text
        assert "\u202e" not in text


async def test_what_others_burn_meanwhile_appears_by_itself() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day()), size=(160, 45)) as running:
        await shown(running, structs.replace(BUSY, lines=()), "who burns")
        running.runtime.membership.seen = BUSY
        await running.until(lambda: "night-migration" in running.text())


async def test_in_a_narrow_terminal_nothing_of_the_end_is_cut_off() -> None:
    async with dashboard(ScriptedRuntime(burn=quiet_day()), size=(40, 60)) as running:
        await shown(running, BUSY, "9f2c1a77b3d0 41 3", "77aa01c4e5f6 12 9")
