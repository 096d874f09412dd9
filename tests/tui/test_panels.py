"""What is burnt, beside the conversation, above it, and on the whole screen."""

from msgspec import structs
from support.dashboard import Dashboard, dashboard
from support.scripted import SONNET, ScriptedRuntime, quiet_day

from burn_tui.core.burn import BurnView
from burn_tui.tui.screens.burn import BurnScreen


async def shows(running: Dashboard, selector: str, figures: BurnView, *texts: str) -> None:
    running.runtime.figures = figures
    await running.until(lambda: all(text in running.text(selector) for text in texts))


async def test_spending_stands_against_budget_expectation_and_day_end() -> None:
    async with dashboard(size=(160, 45)) as running:
        day = structs.replace(quiet_day(), projected_day_end_nanousd=11_200_000_000)
        await shows(running, "#column", day, "$4.82 of $20", "24 %", "2.1x", "$2.30", "day end ~ $11.20")


async def test_without_a_budget_there_is_no_bar_and_no_share() -> None:
    async with dashboard(size=(160, 45)) as running:
        await shows(running, "#column", structs.replace(quiet_day(), limit_nanousd=None), "no budget")
        assert "%" not in running.text("#column BurnPanel")
        assert "budget" not in running.text("#route")


async def test_calls_in_flight_and_calls_without_a_price_are_counted() -> None:
    async with dashboard(size=(160, 45)) as running:
        assert "unpriced" not in running.text("#column")
        day = structs.replace(quiet_day(), unpriced_requests=3, unpriced_tokens=41_200, open_attempts=2)
        await shows(running, "#column", day, "2 calls open", "unpriced: 3 requests, 41.2k tokens")


async def test_every_provider_has_its_state_even_if_it_was_not_asked_today() -> None:
    async with dashboard(size=(160, 45)) as running:
        running.runtime.router.states[SONNET] = ("resting", 43.0)
        await running.until(lambda: "resting 43 s" in running.text("#column"))
        rows = running.text("#column ProvidersPanel")
        assert all(name in rows for name in ("anthropic", "openai", "gemini", "ollama"))


async def test_a_target_that_lets_one_request_through_is_said_to_be_probed() -> None:
    async with dashboard(size=(160, 45)) as running:
        running.runtime.router.states[SONNET] = ("half_open", 0.0)
        await running.until(lambda: "probing" in running.text("#column"))


async def test_the_strip_has_four_lines_of_the_most_important() -> None:
    async with dashboard(size=(80, 24)) as running:
        await running.until(lambda: "$4.82 of $20" in running.text("#strip"))
        strip = running.text("#strip").splitlines()
        assert len(strip) == 4
        assert "$/min" in strip[2]
        assert "tok/min" in strip[3]


async def test_f5_shows_everything_where_there_is_no_room_beside_the_conversation() -> None:
    async with dashboard(size=(60, 30)) as running:
        await running.pilot.press("f5")
        await running.until(lambda: isinstance(running.app.screen, BurnScreen) and "$4.82" in running.text())
        assert "anthropic" in running.text()
        await running.pilot.press("f5")
        await running.until(lambda: running.app.screen is running.main)


async def test_the_whole_screen_follows_the_figures() -> None:
    async with dashboard(size=(60, 30)) as running:
        await running.pilot.press("f5")
        running.runtime.figures = structs.replace(quiet_day(), spent_nanousd=9_990_000_000)
        await running.until(lambda: "$9.99" in running.text())


async def test_figures_that_did_not_change_are_not_painted_again() -> None:
    async with dashboard(size=(160, 45)) as running:
        await running.until(lambda: "$4.82" in running.text("#column"))
        painted: list[object] = []
        screen = running.main
        original = screen._compositor.update_widgets
        screen._compositor.update_widgets = lambda widgets: (painted.extend(widgets), original(widgets))[1]  # type: ignore[method-assign]
        looks = running.runtime.looks
        await running.until(lambda: running.runtime.looks >= looks + 2)
        assert painted == []


async def test_without_any_provider_the_panels_say_so() -> None:
    runtime = ScriptedRuntime(targets=(), environments={}, burn=quiet_day())
    async with dashboard(runtime, size=(160, 45)) as running:
        await running.until(lambda: "No provider is configured." in running.text("#column"))
