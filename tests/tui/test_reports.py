"""Screens about burning and waiting: one key opens each, and each says what it is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from msgspec import structs
from support.dashboard import Dashboard, dashboard
from support.scripted import FLASH, GPT, QWEN, RATE_LIMITED, SONNET, ScriptedRuntime, busy_day, quiet_day, settled
from support.watching import ANSWERED, DEARER, HALF_SPENT, NOW, REFUSED, RUNAWAY, record, told
from textual.screen import Screen

from burn_tui.core.events import AttemptFinished, Refused
from burn_tui.core.inspection import Attempted
from burn_tui.core.routing import Route
from burn_tui.tui.screens.budgets import BudgetsScreen
from burn_tui.tui.screens.inspector import InspectorScreen
from burn_tui.tui.screens.report import Listing
from burn_tui.tui.screens.reports import REPORTS
from burn_tui.tui.screens.requests import RequestsScreen

TARGETS = (SONNET, GPT, FLASH, QWEN)
OPENERS = {"alt+i": "request", "f6": "slow", "alt+w": "latency", "alt+p": "providers", "alt+m": "budgets"}
OPENERS |= {"alt+r": "pressure", "alt+e": "audit", "alt+o": "team", "f7": "prompts", "alt+v": "diversity"}


@asynccontextmanager
async def afternoon(*, size: tuple[int, int] = (120, 40), is_empty: bool = False) -> AsyncIterator[Dashboard]:
    """A dashboard on the afternoon on which everything happens, or on one on which nothing did."""
    runtime = ScriptedRuntime(burn=quiet_day() if is_empty else busy_day())
    if not is_empty:
        runtime.lens.fill(TARGETS)
        runtime.watch.kept = told(RUNAWAY, HALF_SPENT, DEARER)
    async with dashboard(runtime, size=size) as running:
        yield running


async def shown(running: Dashboard, *texts: str) -> str:
    """The screen on top, once all of `texts` are on it."""
    await running.until(lambda: all(text in " ".join(running.text().split()) for text in texts))
    return running.text()


def on_top(running: Dashboard, kind: type[Screen[None]]) -> bool:
    return isinstance(running.app.screen, kind)


@pytest.mark.parametrize(("key", "name"), OPENERS.items())
async def test_one_key_opens_each_report_and_escape_leaves_it(key: str, name: str) -> None:
    async with afternoon() as running:
        await running.pilot.press(key)
        await running.until(lambda: on_top(running, REPORTS[name]))
        await running.pilot.press("escape")
        await running.until(lambda: running.app.screen is running.main)


@pytest.mark.parametrize("name", REPORTS)
async def test_a_report_on_a_day_without_anything_says_so_and_does_not_stay_empty(name: str) -> None:
    async with afternoon(is_empty=True) as running:
        running.main.action_show_report(name)
        await running.until(lambda: on_top(running, REPORTS[name]))
        await shown(
            running,
            {"request": "No request", "slow": "Nothing was asked", "latency": "Nothing was asked"}.get(
                name,
                {
                    "providers": "No provider",
                    "budgets": "None is set",
                    "pressure": "Nobody",
                    "audit": "Nothing was asked",
                    "team": "This machine is in no team",
                    "prompts": "There is no prompt here",
                    "diversity": "Nothing was asked yet",
                }.get(name, ""),
            ),
        )


async def test_a_digit_goes_from_report_to_report_and_escape_back_to_the_dashboard() -> None:
    async with afternoon() as running:
        await running.pilot.press("f6")
        for digit, kind in zip("1234567890", REPORTS.values(), strict=True):
            await running.pilot.press(digit)
            await running.until(partial(on_top, running, kind))
        await running.pilot.press("escape")
        await running.until(lambda: running.app.screen is running.main)


@pytest.mark.parametrize("name", REPORTS)
async def test_every_report_says_at_the_smallest_size_which_keys_lead_to_the_others(name: str) -> None:
    async with afternoon(size=(40, 15)) as running:
        running.main.action_show_report(name)
        await running.until(lambda: on_top(running, REPORTS[name]))
        text = await shown(running, "0…9 reports", "Escape back")
        assert "1 request" not in text


async def test_a_click_on_the_name_of_a_report_goes_there() -> None:
    async with afternoon(size=(80, 24)) as running:
        await running.pilot.press("f6")
        await shown(running, "0 diversity")
        lines = running.text().splitlines()
        row = next(number for number, line in enumerate(lines) if "9 prompts" in line)
        await running.pilot.click(offset=(lines[row].index("9 prompts") + 3, row))
        await running.until(lambda: on_top(running, REPORTS["prompts"]))


async def test_what_is_burnt_leads_on_to_reports_to_the_costliest_and_to_the_alert() -> None:
    async with afternoon() as running:
        ways: dict[str, type[Screen[None]]] = {
            "5": REPORTS["budgets"],
            "0": REPORTS["diversity"],
            "c": RequestsScreen,
        }
        for key, kind in ways.items():
            await running.pilot.press("f5", key)
            await running.until(partial(on_top, running, kind))
            await running.pilot.press("escape")
            await running.until(lambda: running.app.screen is running.main)
        await running.pilot.press("f5", "alt+a")
        await shown(running, "Burning 4.2x the usual")


async def test_two_keys_lead_to_the_request_that_cost_most_of_all_sessions() -> None:
    async with afternoon() as running:
        await running.pilot.press("alt+s")
        await shown(running, "The costliest of 24 hours.", "all operations")
        (which, *_) = running.runtime.lens.asked_for
        assert which.operation_name is None
        assert which.until - which.since >= 86_400.0
        await running.pilot.press("enter")
        await running.until(lambda: on_top(running, InspectorScreen))
        await running.pilot.press("c")
        await running.until(lambda: on_top(running, RequestsScreen))


async def test_a_bottleneck_has_its_time_its_parts_and_one_advice() -> None:
    async with afternoon() as running:
        await running.pilot.press("f6")
        text = await shown(running, "SLOW p50 18.2 s n 31", "2 failed", "Ask groq: the same takes 4.1 s there (n 12)")
        assert text.index("review-diff") < text.index("summarise") < text.index("scratch")
        assert "median of at least 5 answers is above 15.0 s" in text


async def test_latencies_are_grouped_by_another_thing_with_every_press() -> None:
    async with afternoon() as running:
        await running.pilot.press("alt+w")
        await shown(running, "anthropic", "whole answers", "to the first chunk", "tokens a second", "p99", "failed")
        for expected in ("anthropic/claude-sonnet-4-5", "review-diff", "14:00", "ollama"):
            await running.pilot.press("g")
            await shown(running, expected)


async def test_a_provider_shows_its_state_its_limits_its_key_and_its_last_error() -> None:
    async with afternoon() as running:
        await running.pilot.press("alt+p")
        text = await shown(
            running,
            "resting 43 s (refused: rate limited)",
            "12 % left",
            "cannot be asked",
            "key 9f2c1a from ANTHROPIC_API_KEY",
            "GEMINI_API_KEY is not set",
            "on this machine",
        )
        assert "claude-sonnet-4-5 refused: rate limited (429)" in text


async def test_the_marked_provider_is_tested_and_says_what_came_of_it() -> None:
    async with afternoon() as running:
        await running.pilot.press("alt+p")
        await shown(running, "anthropic")
        running.runtime.router.scripts.append([AttemptFinished(settled(GPT))])
        await running.pilot.press("down", "t")
        await shown(running, "test: answered in 1.9 s for $0.0121.")
        request, caller = running.runtime.router.requests[-1]
        assert (request.model, caller.operation_name) == (str(GPT), "provider test")
        running.runtime.router.scripts.append([AttemptFinished(settled(GPT, failure=RATE_LIMITED))])
        await running.pilot.press("t")
        await shown(running, "test: refused: rate limited")
        running.runtime.router.scripts.append([Refused("guard", "local calls only ollama.", "Ask from staging.")])
        await running.pilot.press("t")
        await shown(running, "test: not asked. local calls only ollama. Ask from staging.")


async def test_budgets_stand_beside_the_formula_of_the_tension_and_the_alerts_with_their_evidence() -> None:
    async with afternoon(size=(160, 50)) as running:
        await running.pilot.press("alt+m")
        await shown(
            running,
            "$16.90 of $20",
            "resets in 9 h 58 min",
            "tension = the highest level",
            "Burning 4.2x the usual hour: nightly-eval $1.87 of $2.49 in 30 min.",
            "fast: three times the usual for half an hour",
            "$2.49, usual $0.41: 6.1x, $2.08 above",
            "$6.10, learned from 18 days like this",
            "nightly-eval $1.87 75 %",
            "50 % of the budget daily is spent",
        )


async def test_one_key_leads_from_an_alert_to_the_requests_that_caused_it_and_on_to_one_of_them() -> None:
    async with afternoon() as running:
        await running.pilot.press("alt+a")
        await running.until(lambda: on_top(running, RequestsScreen))
        await shown(running, "Burning 4.2x the usual", "nightly-eval", "12 attempts", "$0.41")
        (which, *_) = running.runtime.lens.asked_for
        assert (which.since, which.until, which.operation_name) == (RUNAWAY.since, NOW + 60, "nightly-eval")
        await running.pilot.press("enter")
        await running.until(lambda: on_top(running, InspectorScreen))
        await running.pilot.press("escape")
        await running.until(lambda: on_top(running, RequestsScreen))


async def test_the_list_of_requests_shows_the_others_of_that_time_as_well() -> None:
    async with afternoon() as running:
        await running.pilot.press("alt+a")
        await shown(running, "12 attempts")
        await running.pilot.press("o")
        await shown(running, "all operations")
        assert running.runtime.lens.asked_for[-1].operation_name is None


async def test_without_an_alert_the_key_says_so() -> None:
    async with afternoon(is_empty=True) as running:
        await running.pilot.press("alt+a")
        await shown(running, "Nothing out of the usual was found yet.")


async def test_an_alert_is_dismissed_and_stays_in_the_list() -> None:
    async with afternoon(size=(120, 60)) as running:
        await running.pilot.press("alt+m")
        await shown(running, "⚠ 02 Mar 14:02 Burning")
        running.app.screen.query_one(Listing).focus()
        await running.pilot.press("d")
        await shown(running, "· 02 Mar 14:02 Burning")


async def test_an_alert_that_is_marked_leads_to_its_own_requests() -> None:
    async with afternoon(size=(120, 60)) as running:
        await running.pilot.press("alt+m")
        await shown(running, "50 % of the budget")
        running.app.screen.query_one(Listing).focus()
        await running.pilot.press("down", "enter")
        await running.until(lambda: on_top(running, RequestsScreen))
        await shown(running, "50 % of the budget daily is spent", "all operations")
        assert isinstance(running.app.screen_stack[-2], BudgetsScreen)


async def test_a_request_is_taken_apart_into_its_attempts_its_bill_and_its_reasons() -> None:
    async with afternoon(size=(120, 60)) as running:
        await running.pilot.press("alt+i")
        text = await shown(
            running,
            "7.8 s in all",
            "prompt grade 3f9a1c77 (production)",
            "refused: rate limited, HTTP 429",
            "took over from openai/gpt-5-mini",
            "waited 1.4 s, first chunk 0.90 s, generating 5.5 s, 220 tok/s",
            "read from cache 12k $0.30 $0.0036",
            "served claude-sonnet-4-5-20250929",
            "requests: 6 of 50 left, full 41 s later",
        )
        first, second = (line for line in text.splitlines() if "1 openai" in line or "2 anthropic" in line)
        assert "░" in first
        assert second.index("·") < second.index("█") < second.index("▓")


async def test_one_turns_from_request_to_request() -> None:
    older = record("e0", request_id="q", started_at=NOW - 500, operation_name="long-ago")
    async with afternoon() as running:
        running.runtime.lens.requests = {
            "q": (Attempted(older, (), ()),),
            "r": (Attempted(REFUSED, (), ()), Attempted(ANSWERED, (), ())),
        }
        await running.pilot.press("alt+i")
        await shown(running, "nightly-eval")
        await running.pilot.press("left_square_bracket")
        await shown(running, "long-ago")
        await running.pilot.press("right_square_bracket")
        await shown(running, "nightly-eval")


async def test_pressure_counts_down_rests_limits_and_context_windows() -> None:
    async with afternoon() as running:
        await running.pilot.press("alt+r")
        await shown(
            running,
            "anthropic/claude-sonnet-4-5 refused: rate limited",
            "back in 43 s",
            "6 of 50 left full in 41 s",
            "api-refactor anthropic/claude-sonnet-4-5",
            "of 200k tokens",
        )
        running.runtime.lens.resting = [structs.replace(running.runtime.lens.resting[0], left_s=12.0)]
        await shown(running, "back in 12 s")


async def test_what_is_told_is_a_toast_and_a_band_that_stays_and_what_stood_there_at_the_start_is_neither() -> None:
    runtime = ScriptedRuntime(burn=structs.replace(quiet_day(), told=told(HALF_SPENT, now=NOW - 3600)))
    async with dashboard(runtime, size=(120, 40)) as running:
        await shown(running, "50 % of the budget daily is spent")
        assert not running.main.query_one("#notice").display
        runtime.figures = structs.replace(quiet_day(), told=(*told(RUNAWAY), *told(HALF_SPENT, now=NOW - 3600)))
        said = "Burning 4.2x the usual hour: nightly-eval $1.87 of $2.49 in 30 min. alt+a shows the requests."
        # It is on display before it is drawn.
        await running.until(lambda: said in " ".join(running.text("#notice").replace("▌", " ").split()))
        assert len(running.app._notifications) == 1


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (40, 15), (30, 8)])
@pytest.mark.parametrize("name", [*REPORTS, "cause"])
async def test_no_report_is_wider_than_the_terminal(name: str, size: tuple[int, int]) -> None:
    async with afternoon(size=size) as running:
        if name == "cause":
            running.main.action_show_cause()
        else:
            running.main.action_show_report(name)
        await running.until(lambda: running.app.screen is not running.main)
        await running.settled()
        widest = max(len(line.rstrip()) for line in running.text().splitlines())
        assert widest <= size[0]
        scrolls = [each for each in running.app.screen.query("VerticalScroll, Listing") if each.max_scroll_x]
        assert scrolls == []


async def test_what_hangs_on_each_provider_is_told_by_its_share_and_by_the_routes_that_stop() -> None:
    async with afternoon() as running:
        running.runtime.router.routes = {
            route.name: route for route in (Route("deep", (SONNET,)), Route("quick", (GPT, QWEN)))
        }
        await running.pilot.press("alt+v")
        text = await shown(
            running, "anthropic", "1 route stops", "deep in production, staging stops", "goes on with ollama"
        )
        assert text.index("staging stops") < text.index("goes on with")


async def test_without_anything_asked_the_routes_are_told_all_the_same() -> None:
    async with afternoon(is_empty=True) as running:
        running.runtime.router.routes = {"deep": Route("deep", (SONNET,))}
        await running.pilot.press("alt+v")
        await shown(running, "Nothing was asked yet", "deep", "stops")
