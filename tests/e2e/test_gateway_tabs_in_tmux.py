"""Scripts that ask the gateway are tabs in a dashboard that is another process, and neither needs the other to live."""

import http.client
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from support import gateway_client
from support.checkout import console_script
from support.command import World, as_a_shell_has_it, burn_tui, two_providers
from support.tmux import Terminal, terminal

from burn_tui.engine.notice_board import Running
from burn_tui.engine.ownership import may_live, process_number
from burn_tui.simulator.script import Answer

SCRIPTS = {"lint-bot": "development", "nightly": "local", "deploy": "development"}


def token(world: World, label: str, environment: str) -> str:
    made = burn_tui("gateway", "token", "--label", label, "--env", environment, *world.places, environ=world.environ)
    return made.out.strip()


def note(world: World) -> Running | None:
    """What the gateway says of itself."""
    try:
        return msgspec.json.decode((world.data_dir / "gateway.json").read_bytes(), type=Running)
    except OSError:
        return None


@contextmanager
def scripts(world: World, url: str) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Three processes that each ask two questions."""
    file = str(Path(gateway_client.__file__))
    asking = [
        subprocess.Popen([sys.executable, file, url, token(world, label, place), "2"])
        for label, place in SCRIPTS.items()
    ]
    try:
        yield asking
    finally:
        for one in asking:
            one.kill()
            one.wait()


def end_what_is_left(world: World) -> None:
    running = note(world)
    number = process_number(running.owner) if running and may_live(running.owner) else None
    if number is not None:
        os.kill(number, signal.SIGKILL)


def asked(url: str, secret: str) -> urllib.request.Request:
    body = {"model": "primary/big", "stream": True, "messages": [{"role": "user", "content": "go on"}]}
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    return urllib.request.Request(f"{url}/v1/chat/completions", msgspec.json.encode(body), headers)


def started_by_key(running: Terminal, world: World) -> Running:
    """The gateway, once the dashboard has it running."""
    running.until_seen("primary/big")
    running.press("M-g")
    running.until_seen("running, started here")
    running.press("Escape")
    served = note(world)
    assert served is not None
    return served


def kill(running: Terminal) -> None:
    os.kill(int(running.tmux("display-message", "-p", "#{pane_pid}")), signal.SIGKILL)


def test_three_scripts_are_three_tabs_and_the_gateway_outlives_the_dashboard(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        world.add("gateway: {port: 0}\n")
        command = [console_script("burn-tui"), *world.places]
        environ = as_a_shell_has_it(world.environ)
        try:
            with terminal(command, size=(230, 40), cwd=tmp_path, environ=environ) as running:
                served = started_by_key(running, world)
                with scripts(world, served.url) as asking:
                    for label in SCRIPTS:
                        running.until_seen(f"⇄ {label}")
                    assert [one.wait(60) for one in asking] == [0, 0, 0]
                running.press("M-4")
                running.until_seen("requests 2")
                running.until_seen("client of the gateway")
                kill(running)

            assert may_live(served.owner)
            with terminal(command, size=(230, 40), cwd=tmp_path, environ=environ) as running:
                for label in SCRIPTS:
                    running.until_seen(f"⇄ {label}")
                running.press("M-g")
                running.until_seen("it ran already, so this one is used")
                running.press("M-g")
                running.until_seen("not running")
                assert note(world) is None
        finally:
            end_what_is_left(world)


def test_a_gateway_that_is_killed_in_mid_stream_leaves_the_dashboard_and_a_row_and_the_key_starts_the_next(
    tmp_path: Path,
) -> None:
    endless = Answer(text="and on " * 10_000, chunk_s=0.02)
    with two_providers(tmp_path, endless) as world:
        world.add("gateway: {port: 0}\n")
        secret = token(world, "nightly", "development")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        command, environ = [console_script("burn-tui"), *world.places], as_a_shell_has_it(world.environ)
        try:
            with terminal(command, size=(230, 40), cwd=tmp_path, environ=environ) as running:
                served = started_by_key(running, world)
                number = process_number(served.owner)
                assert number is not None
                with direct.open(asked(served.url, secret), timeout=60) as answer:
                    assert answer.readline().startswith(b"data: ")
                    running.until_seen("⇄ nightly")
                    os.kill(number, signal.SIGKILL)
                    with suppress(OSError, http.client.HTTPException):
                        answer.read()
                running.until(lambda: "gateway on" not in running.words, "no gateway any more")
                running.press("M-g")
                running.until_seen("running, started here")
                running.until(lambda: world.rows[0]["settled_at_us"], "its row settled")
                (row,) = world.rows
        finally:
            end_what_is_left(world)
    assert row["error_type"] == "interrupted"
    assert row["cost_nanousd"] == row["cost_estimate_nanousd"] > 0
