"""The dashboard re-flows: at every size everything that is shown is shown whole."""

from contextlib import suppress

import pytest
from support.dashboard import Dashboard, dashboard
from support.scripted import GPT, SONNET, ScriptedRuntime, ends, falls_back, quiet_day

from burn_tui.tui.widgets.drawn import Drawn

SIZES = [(160, 45), (120, 30), (100, 30), (80, 24), (60, 20), (40, 15), (30, 8)]


async def after_a_fallback(running: Dashboard) -> None:
    running.runtime.router.scripts.append([*falls_back(SONNET, GPT), *ends(GPT)])
    await running.send("hello")
    await running.settled()
    await running.type("and now")
    await running.until(lambda: "est." in running.text("#route") or running.app.size.height < 10)


def cut_off(running: Dashboard) -> list[str]:
    """Parts whose lines have no room."""
    parts = [part for part in running.main.query(Drawn) if part.display and part.styles.is_auto_height]
    return [
        f"{part!r} has {part.content_size.height} of {lines} lines"
        for part in parts
        if part.region.area
        if (lines := part.get_content_height(part.size, part.size, part.content_size.width)) != part.content_size.height
        or not running.main.region.contains_region(part.region)
    ]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_part_has_room_for_all_its_lines(size: tuple[int, int]) -> None:
    async with dashboard(size=size) as running:
        if size != (30, 8):
            await after_a_fallback(running)
        with suppress(TimeoutError):
            await running.until(lambda: not cut_off(running))
        assert cut_off(running) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_environment_provider_state_burn_and_label_are_on_every_screen(size: tuple[int, int]) -> None:
    async with dashboard(ScriptedRuntime(label="DEMO", burn=quiet_day()), size=size) as running:
        await running.send("hello")
        await running.settled()
        await running.until(lambda: "$4.82" in running.text("#status"))
        top = running.text("#tabs") + running.text("#status")
        assert all(word in top for word in ("■ PROD", "ollama", "ready", "DEMO"))


@pytest.mark.parametrize(
    ("width", "is_beside", "is_strip"),
    [(160, True, False), (120, True, False), (119, False, True), (80, False, True), (79, False, False)],
)
async def test_the_panels_stand_beside_above_or_only_in_the_status_line(
    width: int, is_beside: bool, is_strip: bool
) -> None:
    async with dashboard(size=(width, 30)) as running:
        assert bool(running.main.query_one("#column").region.area) is is_beside
        assert bool(running.main.query_one("#strip").region.area) is is_strip


async def test_resizing_re_flows_a_running_dashboard() -> None:
    async with dashboard(size=(160, 45)) as running:
        await running.pilot.resize_terminal(60, 20)
        await running.until(lambda: not running.main.query_one("#column").region.area)
        await running.pilot.resize_terminal(160, 45)
        await running.until(lambda: running.main.query_one("#column").region.area)


@pytest.mark.parametrize("size", [(10, 3), (29, 20), (40, 7), (1, 1)], ids=str)
async def test_where_there_is_no_room_one_line_says_what_is_needed(size: tuple[int, int]) -> None:
    async with dashboard() as running:
        await running.pilot.resize_terminal(*size)
        await running.pilot.pause()
        words = "".join(running.text().split())
        assert words == "burn-tuineeds30x8"[: len(words)]
        assert words


async def test_a_dialog_makes_room_for_that_line_too() -> None:
    async with dashboard() as running:
        await running.pilot.press("f2")
        await running.pilot.resize_terminal(10, 3)
        await running.until(lambda: "burn-tuineeds30x8" in "".join(running.text().split()))


async def test_a_draft_survives_a_terminal_that_was_too_small_for_it() -> None:
    async with dashboard() as running:
        await running.type("kept")
        await running.pilot.resize_terminal(10, 3)
        await running.pilot.resize_terminal(100, 30)
        await running.until(lambda: "kept" in running.text("#prompt"))


async def test_where_few_keys_have_room_they_are_those_of_help_and_of_quitting() -> None:
    async with dashboard(size=(40, 15)) as running:
        assert running.text("KeyLine").split() == ["F1", "help", "ctrl+q", "quit", "ctrl+p", "palette"]
        await running.pilot.resize_terminal(80, 24)
        await running.until(lambda: "F8 sessions ctrl+q quit" in " ".join(running.text("KeyLine").split()))
