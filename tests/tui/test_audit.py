"""The audit: tasks and their models, what could be otherwise, and what cannot be seen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec import structs
from support.audits import AUDIT, CODEX, PRICES, TASKS, use
from support.dashboard import Dashboard, dashboard
from support.scripted import FLASH, GPT, QWEN, SONNET, ScriptedRuntime, busy_day

from burn_tui.core.audit_savings import cache_uses
from burn_tui.core.audit_switches import Place, switches
from burn_tui.core.audit_tasks import concentration
from burn_tui.tui import audit_words as words
from burn_tui.tui.screens.audit import MOST_TASKS, PERIODS_DAYS, AuditScreen


@asynccontextmanager
async def audit(*, size: tuple[int, int] = (120, 120)) -> AsyncIterator[Dashboard]:
    """The screen, opened over a month of work."""
    runtime = ScriptedRuntime(burn=busy_day())
    runtime.lens.fill((SONNET, GPT, FLASH, QWEN))
    async with dashboard(runtime, size=size) as running:
        await running.pilot.press("alt+e")
        await running.until(lambda: isinstance(running.app.screen, AuditScreen) and running.app.screen.last)
        yield running


async def shown(running: Dashboard, *texts: str) -> str:
    await running.until(lambda: all(text in plain(running) for text in texts))
    return plain(running)


def plain(running: Dashboard) -> str:
    """Without the frame, which stands between the lines of a sentence."""
    return " ".join(running.text().translate(dict.fromkeys(map(ord, "│▁▂▃▄▅▆▇█"), " ")).split())


@pytest.mark.parametrize("size", [(160, 160), (80, 200), (40, 400)])
async def test_everything_an_audit_says_is_on_the_screen_at_any_width(size: tuple[int, int]) -> None:
    async with audit(size=size) as running:
        await shown(
            running,
            "edit in web",
            "anthropic/claude-opus-4-5",
            "$61.20",
            "where a cheaper model served as well",
            "$50.26 less",
            "310k of that for nothing ($0.0775)",
            "95 % hangs on anthropic",
            "22.0 changes of tab",
            "Let each run until it needs you",
            "another route",
            "$79.80",
            "5,422 calls, $139.30: by prices as of 2026-02-01 to 2026-03-02.",
            "35 calls, $16.60: by prices as of 2026-03-02, at the rates above 200000 input tokens",
            "31 calls: unknown, as their model has no known price.",
            "12 calls, $0.040: as the tool itself noted it (audit.trust_logged_costs).",
            "what cannot be seen",
            "The cost of 31 calls: their model has no known price.",
            "Claude Code deletes its own after 30 days",
        )


async def test_a_cost_that_is_not_known_is_unknown_and_not_nothing() -> None:
    async with audit() as running:
        text = await shown(running, "plan in web")
        assert "unknown/house-model 1 31 1.27M 21.7k unknown" in text


async def test_the_tools_whose_calls_are_in_it_are_named() -> None:
    async with audit() as running:
        await shown(running, "Claude Code 5.02k calls", "Codex 480 calls", "aider 12 calls", "burn-tui 1.11k calls")


async def test_a_key_looks_over_another_time() -> None:
    async with audit() as running:
        for days in (*PERIODS_DAYS[1:], PERIODS_DAYS[0]):
            await running.pilot.press("t")
            await shown(running, f"{days} days" if days else "all of it")


async def test_a_key_shows_branches_apart_and_together_again() -> None:
    async with audit() as running:
        await running.pilot.press("b")
        await shown(running, "edit in web@checkout")
        await running.pilot.press("b")
        await running.until(lambda: "edit in web@checkout" not in plain(running))


async def test_reading_logs_shows_how_far_it_is_and_then_what_it_came_to() -> None:
    async with audit() as running:
        await running.pilot.press("r")
        await shown(running, "reading logs 41 % of 2,146 MB, 410,000 new calls, 96 MB/s, 14 s left")
        running.runtime.log_import.progress = None
        running.runtime.log_import.said = "612 new calls in 9 logs."
        await shown(running, "The logs were read: 612 new calls in 9 logs.")


async def test_what_an_import_brought_is_seen_as_soon_as_it_is_over() -> None:
    async with audit() as running:
        running.runtime.lens.audited = structs.replace(AUDIT, tasks=(*TASKS, use("/ship", attempts=77)))
        running.runtime.log_import.said = "77 new calls in 1 log."
        await shown(running, "/ship in web")


async def test_of_many_tasks_the_costliest_are_listed_and_their_number_is_said() -> None:
    async with audit() as running:
        many = tuple(use(f"task-{number:02}", cost_nanousd=1_000 - number) for number in range(MOST_TASKS + 5))
        running.runtime.lens.audited = structs.replace(AUDIT, tasks=many)
        running.runtime.log_import.said = "new"
        text = await shown(running, f"the costliest {MOST_TASKS} of {MOST_TASKS + 5}")
        assert f"task-{MOST_TASKS - 1:02} in web" in text
        assert f"task-{MOST_TASKS:02} in web" not in text


def test_nothing_is_said_of_a_provider_that_others_could_replace() -> None:
    assert [words.dependence(share) for share in concentration([use(), use("edit", CODEX)])] == [None] * 2


def test_caches_without_waste_are_told_in_one_sentence() -> None:
    fine = use(cache_read_input_tokens=30_000, cache_creation_input_tokens=1_000)
    (said,) = words.caches(cache_uses([fine], PRICES.get))
    assert said.startswith("All caches were read again, and saved $")


def test_too_little_work_says_nothing_about_changes_of_place() -> None:
    seen = switches([(0, 1, 1)], {1: Place("anthropic", "web")})
    assert words.changes(seen) == "Too little was asked to say anything."


def test_the_findings_as_text_hold_the_sentences_of_the_screen() -> None:
    text = words.findings(AUDIT)
    assert words.cheaper(AUDIT.cheaper[0]) in text
    assert all(sentence in text for sentence in words.UNSEEN)
    assert "quick: about $79.80 instead of $155.90" in text
