"""Starting and leaving."""

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

from msgspec import structs
from support.dashboard import dashboard
from support.scripted import ScriptedRuntime, quiet_day

from burn_tui.core.errors import SettingsError
from burn_tui.tui.app import WRONG_SETTINGS, BurnApp
from burn_tui.tui.screens.boot_error import BootErrorScreen
from burn_tui.tui.screens.main import MainScreen
from burn_tui.tui.screens.question import QuestionScreen
from burn_tui.tui.screens.starting import StartingScreen

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime

NOT_BEFORE_THE_FIRST_FRAME = (
    "httpx",
    "aiosqlite",
    "yaml",
    "starlette",
    "uvicorn",
    "genai_prices",
    "burn_tui.engine",
    "burn_tui.providers",
    "burn_tui.simulator",
    "rich.markdown",
    "pygments",
)


def test_nothing_that_is_not_painted_is_imported_before_the_first_frame() -> None:
    code = (
        "import sys, burn_tui.tui.app;"
        "print([m for m in sys.modules for late in sys.argv[1:] if m == late or m.startswith(late + '.')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *NOT_BEFORE_THE_FIRST_FRAME], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


NOT_BEFORE_THE_DASHBOARD = (
    "httpx",
    "markdown_it",
    "pygments",
    "genai_prices",
    "starlette",
    "uvicorn",
    "importlib.metadata",
)


def test_nothing_that_the_dashboard_can_do_without_is_imported_before_it_stands() -> None:
    code = (
        "import sys, burn_tui.tui.app, burn_tui.tui.screens.main, burn_tui.tui.wardrobe;"
        "import burn_tui.engine.runtime, burn_tui.engine.settings_file;"
        "print([m for m in sys.modules for late in sys.argv[1:] if m == late or m.startswith(late + '.')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *NOT_BEFORE_THE_DASHBOARD], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


async def test_the_frame_is_painted_before_anything_is_booted() -> None:
    runtime, go_on = ScriptedRuntime(burn=quiet_day()), asyncio.Event()

    async def boot() -> "Runtime":
        await go_on.wait()
        return await runtime.boot()

    app = BurnApp(boot=boot)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.screen, StartingScreen)
        assert "starting" in "".join(strip.text for strip in app.screen._compositor.render_strips())
        await pilot.press(*"typed", "space", *"early")
        go_on.set()
        async with asyncio.timeout(10):
            while not isinstance(app.screen, MainScreen):
                await pilot.pause()
        assert app.screen.deck.active.draft == "typed early"


async def test_wrong_settings_are_shown_with_their_mend_and_end_with_their_exit_code() -> None:
    async def boot() -> "Runtime":
        raise SettingsError("is not a number.", file="config.yaml", line=12, key="budgets.daily", mend="Write dollars.")

    app = BurnApp(boot=boot)
    async with app.run_test(size=(80, 24)) as pilot:
        async with asyncio.timeout(10):
            while not isinstance(app.screen, BootErrorScreen):
                await pilot.pause()
        await pilot.pause()
        shown = " ".join("".join(strip.text for strip in app.screen._compositor.render_strips()).split())
        assert "config.yaml, line 12: budgets.daily: is not a number. Write dollars." in shown
        await pilot.press("q")
    assert app.return_value == WRONG_SETTINGS


async def test_leaving_closes_the_runtime() -> None:
    async with dashboard() as running:
        await running.pilot.press("ctrl+q")
        await running.pilot.pause()
    assert running.runtime.is_closed
    assert running.app.return_value == 0


async def test_a_draft_is_not_left_behind_without_a_question() -> None:
    async with dashboard() as running:
        await running.type("unsent")
        await running.pilot.press("ctrl+q")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("n")
        await running.until(lambda: running.app.screen is running.main)
        assert not running.runtime.is_closed
        await running.pilot.press("ctrl+q")
        await running.until(lambda: isinstance(running.app.screen, QuestionScreen))
        await running.pilot.press("y")
        await running.pilot.pause()
    assert running.runtime.is_closed


async def test_standing_notices_of_the_runtime_are_shown_from_the_start() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.notices.append("What you spend now is NOT kept.")
    async with dashboard(runtime) as running:
        assert "What you spend now is NOT kept." in running.text("#notice")


async def test_a_server_found_on_this_machine_is_announced() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.found.append("lmstudio")
    async with dashboard(runtime) as running:
        await running.until(lambda: "lmstudio runs on this machine" in running.text())


async def test_without_any_provider_the_screen_says_how_to_get_one() -> None:
    async with dashboard(ScriptedRuntime(targets=(), environments={}, burn=quiet_day())) as running:
        shown = running.text("#welcome")
        assert all(way in shown for way in ("ANTHROPIC_API_KEY", "Ollama", "--demo"))


async def test_settings_that_name_no_provider_are_told_to_name_one() -> None:
    runtime = ScriptedRuntime(targets=(), environments={}, burn=quiet_day())
    runtime.settings = structs.replace(runtime.settings, finds_providers=False)
    async with dashboard(runtime) as running:
        shown = running.text("#welcome")
        assert "providers: {anthropic: {}}" in shown
        assert "ANTHROPIC_API_KEY" not in shown


async def test_the_help_screen_shows_every_key() -> None:
    async with dashboard(size=(160, 240)) as running:
        await running.pilot.press("f1")
        await running.until(lambda: "alt+Enter" in running.text())
        shown = running.text()
        assert all(key in shown for key in ("F1", "F2", "F8", "ctrl+t", "alt+1…9", "PageUp", "n or Escape"))


async def test_logs_that_were_not_read_yet_are_offered_with_the_keys_that_read_them() -> None:
    runtime = ScriptedRuntime(burn=quiet_day())
    runtime.log_import.unread = {"claude_code": 83, "codex": 9}
    async with dashboard(runtime) as running:
        await running.until(
            lambda: (
                "Logs are here of Claude Code (83) and Codex (9). alt+e, then r reads them"
                in " ".join(running.text("#welcome").split())
            )
        )
