"""What other policies of auto would have cost, and the key that adopts one."""

from support.dashboard import Dashboard, dashboard
from support.scripted import NOW
from support.scripted_replaying import THRIFTY

from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.screens.replay import ReplayScreen


async def opened(running: Dashboard) -> None:
    await running.pilot.press("alt+x")
    await running.until(lambda: isinstance(running.app.screen, ReplayScreen) and running.app.screen.last)
    await running.until(lambda: "thrifty" in running.text() or "No policy" in running.text())


async def test_every_policy_is_shown_with_what_it_would_have_cost_beside_how_it_was() -> None:
    async with dashboard(size=(120, 40)) as running:
        await opened(running)
        shown = running.text()
        assert "412 requests  $18.40  2.1 s median" in shown
        assert "$9.28 less" in shown
        assert "$1.50 more" in shown
        assert "cheap 280, mid 91, strong 41" in shown
        assert "unreadable" in shown


async def test_the_marked_one_is_told_of_in_full() -> None:
    async with dashboard(size=(120, 40)) as running:
        await opened(running)
        await running.until(lambda: "17 requests would go where no duration was measured" in running.text())
        await running.pilot.press("down")
        await running.until(lambda: "2 rules ask for words of the prompt" in running.text())
        await running.pilot.press("down")
        await running.until(lambda: "is no YAML" in running.text())


async def test_one_key_adopts_the_marked_one_after_a_yes_to_the_lines_that_change() -> None:
    async with dashboard(size=(120, 40)) as running:
        replaying = running.runtime.replaying
        await opened(running)
        await running.pilot.press("down", "a")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.until(lambda: "+   strong_share: 0.1" in running.text())
        assert "-   strong_share: 0.3" in running.text()
        await running.pilot.press("n")
        await running.until(lambda: isinstance(running.app.screen, ReplayScreen))
        assert replaying.adopted == []
        await running.pilot.press("a")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        looks = len(replaying.since)
        for screen in running.app.screen_stack:
            if isinstance(screen, ReplayScreen):
                running.runtime.now += 60
                screen.refresh_report()
        await running.until(lambda: len(replaying.since) > looks)
        await running.pilot.press("y")
        await running.until(lambda: replaying.adopted == [THRIFTY])
        await running.until(lambda: any("config.yaml.before" in toast for toast in running.toasts))
        await running.pilot.press("a")
        await running.until(lambda: "The settings are as thrifty has them already." in running.toasts)


async def test_what_keeps_it_from_being_adopted_is_said() -> None:
    async with dashboard(size=(120, 40)) as running:
        running.runtime.replaying.trouble = "There is no settings file."
        await opened(running)
        await running.pilot.press("a")
        await running.until(lambda: any("There is no settings file." in toast for toast in running.toasts))
        assert running.runtime.replaying.adopted == []


async def test_without_a_policy_it_says_where_to_put_one_and_the_key_says_so_too() -> None:
    async with dashboard(size=(120, 40)) as running:
        running.runtime.replaying.candidates = ()
        await opened(running)
        assert "~/.config/burn-tui/policies" in running.text()
        await running.pilot.press("a")
        await running.until(lambda: "There is no policy here that could be adopted." in running.toasts)


async def test_one_key_looks_back_further() -> None:
    async with dashboard(size=(120, 40)) as running:
        await opened(running)
        await running.pilot.press("t")
        await running.until(lambda: "last 30 days" in running.text())
        days = [round((NOW - since) / 86_400) for since in running.runtime.replaying.since]
        assert (days[0], days[-1]) == (7, 30)
