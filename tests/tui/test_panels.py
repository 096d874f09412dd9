"""What is burnt, beside the conversation, above it, and on the whole screen."""

import pytest
from msgspec import structs
from support.dashboard import Dashboard, dashboard
from support.scripted import SONNET, ScriptedRuntime, busy_day, quiet_day
from support.watching import HALF_SPENT, RUNAWAY, told
from textual.widget import Widget

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


async def test_a_target_that_lets_one_request_through_is_said_to_be_tried_again() -> None:
    async with dashboard(size=(160, 45)) as running:
        running.runtime.router.states[SONNET] = ("half_open", 0.0)
        await running.until(lambda: "trying again" in running.text("#column"))


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


async def test_figures_that_did_not_change_are_not_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with dashboard(size=(160, 45)) as running:
        await running.until(lambda: "$4.82" in running.text("#column"))
        painted: list[object] = []
        screen = running.main
        original = screen._compositor.update_widgets

        def update(widgets: set[Widget]) -> None:
            painted.extend(widgets)
            original(widgets)

        monkeypatch.setattr(screen._compositor, "update_widgets", update)
        looks = running.runtime.looks
        await running.until(lambda: running.runtime.looks >= looks + 2)
        assert painted == []


async def test_without_any_provider_the_panels_say_so() -> None:
    runtime = ScriptedRuntime(targets=(), environments={}, burn=quiet_day())
    async with dashboard(runtime, size=(160, 45)) as running:
        await running.until(lambda: "No provider is configured." in running.text("#column"))


async def test_the_ratio_has_an_arrow_and_says_what_it_is_of() -> None:
    async with dashboard(size=(160, 45)) as running:
        await shows(running, "#column", quiet_day(), "2.1x ▲ the usual", "usual by now $2.30", "18 days learned")
        budget = structs.replace(quiet_day(), expected_by="budget", days_learned=4, trend="falling")
        await shows(running, "#column", budget, "2.1x ▼ an even budget", "even share by now $2.30", "4 of 10 days")
        assert "an even budget" in running.text("#status")


async def test_while_the_day_is_too_young_or_nothing_is_known_there_is_no_ratio() -> None:
    async with dashboard(size=(160, 45)) as running:
        young = structs.replace(quiet_day(), ratio=None, trend=None, projected_day_end_nanousd=None)
        await shows(running, "#column", young, "-  of the usual")
        unknown = structs.replace(young, expected_by=None, expected_nanousd=None, days_learned=3)
        await shows(running, "#column", unknown, "usual day: 3 of 10 learned")


async def test_tension_headroom_and_what_is_slow_stand_on_the_panel() -> None:
    async with dashboard(ScriptedRuntime(burn=busy_day()), size=(160, 45)) as running:
        await running.until(lambda: "tension ▓▓▓▓▓▓░░ hot" in running.text("#column"))
        column = running.text("#column")
        assert "12 % left at anthropic" in column
        assert "82 %" in column
        assert "→ groq 4.1 s" in column


async def test_what_was_told_stays_on_the_panel_and_in_the_strip_with_its_key() -> None:
    day = structs.replace(quiet_day(), told=told(RUNAWAY, HALF_SPENT))
    async with dashboard(ScriptedRuntime(burn=day), size=(160, 45)) as running:
        await running.until(lambda: "⚠ Burning 4.2x the usual" in running.text("#column"))
        assert "1 more" in running.text("#column")
    async with dashboard(ScriptedRuntime(burn=day), size=(80, 24)) as running:
        await running.until(lambda: "⚠ 2 alerts: alt+a" in running.text("#strip"))


@pytest.mark.parametrize(
    ("ratio", "words"), [(2.14, "2.1x ▲ the usual, last hour"), (109.0, "over 20x ▲ the usual, last hour")]
)
async def test_the_ratio_says_of_what_time_it_is_and_stops_counting_at_twenty(ratio: float, words: str) -> None:
    async with dashboard(size=(160, 45)) as running:
        await shows(running, "#column", structs.replace(quiet_day(), ratio=ratio), words)
