"""One key starts and ends the gateway, and shows how it stands."""

from support.dashboard import Dashboard, dashboard
from support.scripted import ScriptedGateway, ScriptedRuntime, quiet_day

from burn_tui.engine.notice_board import Running
from burn_tui.tui.screens.gateway import GatewayScreen


def runtime(gateway: ScriptedGateway | None) -> ScriptedRuntime:
    made = ScriptedRuntime(burn=quiet_day())
    made.gateway = gateway
    return made


async def opened(running: Dashboard, *words: str) -> None:
    await running.pilot.press("alt+g")
    await running.until(lambda: isinstance(running.app.screen, GatewayScreen))
    await running.until(lambda: all(word in " ".join(running.text().split()) for word in words))


async def test_one_key_starts_it_and_shows_its_addresses_and_how_to_get_a_token() -> None:
    gateway = ScriptedGateway()
    async with dashboard(runtime(gateway)) as running:
        await opened(
            running,
            "running, started here",
            "OPENAI_BASE_URL=http://127.0.0.1:4141/v1",
            "ANTHROPIC_BASE_URL=http://127.0.0.1:4141",
            "burn-tui gateway token --label NAME",
        )
        assert gateway.serving is not None


async def test_the_same_key_ends_it_and_escape_leaves_it_as_it_is() -> None:
    gateway = ScriptedGateway()
    async with dashboard(runtime(gateway)) as running:
        await opened(running, "running, started here")
        await running.pilot.press("escape")
        assert gateway.serving is not None
        await opened(running, "running, started here")
        await running.pilot.press("alt+g")
        await running.until(lambda: "not running" in running.text())
        assert gateway.serving is None


async def test_one_that_runs_already_is_used() -> None:
    gateway = ScriptedGateway(trouble="It must not be started.")
    gateway.serving = Running("http://127.0.0.1:5000", "pid:1:@here")
    async with dashboard(runtime(gateway)) as running:
        await opened(running, "it ran already, so this one is used", "http://127.0.0.1:5000/v1")


async def test_what_keeps_it_from_starting_stands_on_the_screen() -> None:
    trouble = "The gateway did not start. Port 4141 of 127.0.0.1 cannot be used: Address already in use."
    async with dashboard(runtime(ScriptedGateway(trouble=trouble))) as running:
        await opened(running, "not running", "The gateway did not start.", "Address already in use.")


async def test_where_none_can_be_started_it_says_where_one_can() -> None:
    async with dashboard(runtime(None)) as running:
        await opened(running, "In another terminal: burn-tui gateway")


async def test_that_of_the_demo_shows_its_token_since_nobody_pays_for_it_and_says_that_it_ends_with_the_demo() -> None:
    async with dashboard(runtime(ScriptedGateway(secret="sk-burn-of-the-demo"))) as running:
        await opened(running, "running, started here", "key sk-burn-of-the-demo", "ends with this demo.")
        assert "burn-tui run" not in running.text()


async def test_while_it_runs_the_line_below_the_tabs_says_where() -> None:
    gateway = ScriptedGateway()
    async with dashboard(runtime(gateway), size=(160, 45)) as running:
        await opened(running, "running, started here")
        await running.pilot.press("escape")
        await running.until(lambda: "gateway on 127.0.0.1:4141" in running.text("#status"))
