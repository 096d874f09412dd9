"""Scripts that ask the gateway are tabs in a dashboard that is another process, and neither needs the other to live."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from support import gateway_client
from support.checkout import console_script
from support.command import World, as_a_shell_has_it, burn_tui, two_providers
from support.tmux import Terminal, terminal

from burn_tui.engine.notice_board import Running
from burn_tui.engine.ownership import may_live, process_number

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


def kill(running: Terminal) -> None:
    os.kill(int(running.tmux("display-message", "-p", "#{pane_pid}")), signal.SIGKILL)


def test_three_scripts_are_three_tabs_and_the_gateway_outlives_the_dashboard(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        world.add("gateway: {port: 0}\n")
        command = [console_script("burn-tui"), *world.places]
        environ = as_a_shell_has_it(world.environ)
        try:
            with terminal(command, size=(230, 40), cwd=tmp_path, environ=environ) as running:
                running.until_seen("primary/big")
                running.press("M-g")
                running.until_seen("running, started here")
                running.press("Escape")
                served = note(world)
                assert served is not None
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
