"""Killed at the worst moment, and started again: what stood on the screen stands there, but for the running tail."""

import os
import shlex
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from support.checkout import console_script
from support.command import World, as_a_shell_has_it, two_providers
from support.tmux import Terminal, terminal

from burn_tui.simulator.script import Answer

SLOW = Answer(text="The counter is re-read after the sleep. " + "And so on and on. " * 200, chunk_s=0.2)


def kill(running: Terminal) -> None:
    """As the kernel does when memory runs out: nobody is asked."""
    os.kill(int(running.tmux("display-message", "-p", "#{pane_pid}")), signal.SIGKILL)


def is_kept(world: World, words: str) -> bool:
    """Whether they are in the database, in what was said or in a draft."""
    question = "SELECT text FROM session_entries UNION ALL SELECT draft FROM sessions"
    with closing(sqlite3.connect(world.data_dir / "ledger.sqlite3")) as connection:
        return any(words in text for (text,) in connection.execute(question))


def test_a_killed_dashboard_goes_on_where_it_was(tmp_path: Path) -> None:
    with two_providers(tmp_path, primary=SLOW) as world:
        command = [console_script("burn-tui"), *world.places]
        environ = as_a_shell_has_it(world.environ)
        with terminal(command, size=(100, 30), cwd=tmp_path, environ=environ) as running:
            running.until_seen("primary/big")
            running.type("why does the retry loop never stop?")
            running.press("Enter")
            running.until_seen("re-read after the sleep.")
            running.type("and how would you test it?")
            running.until_seen("you test it?")
            running.until(lambda: is_kept(world, "re-read after") and is_kept(world, "you test it?"), "it on the disk")
            kill(running)

        with terminal([*command, "--continue"], size=(100, 30), cwd=tmp_path, environ=environ) as running:
            running.until_seen("why does the retry loop never stop?")
            running.until_seen("The counter is re-read after the sleep.")
            running.until_seen("burn-tui ended while it was being written")
            running.until_seen("❯ and how would you test it?")
            running.press("C-q")
            running.until(lambda: not running.screen.strip(), "the end of burn-tui")


def test_who_leaves_is_told_how_to_go_on(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        command = shlex.join([console_script("burn-tui"), *world.places])
        environ = as_a_shell_has_it(world.environ)
        with terminal(["sh", "-c", f"{command}; exec cat"], size=(240, 30), cwd=tmp_path, environ=environ) as running:
            running.until_seen("primary/big")
            running.type("and how would you test it?")
            running.until_seen("you test it?")
            running.press("C-q")
            running.until_seen("3 sessions kept. burn-tui --config")
            running.until_seen("--continue opens them again.")


def test_a_file_that_is_written_instead_of_the_terminal_is_not_told(tmp_path: Path) -> None:
    with two_providers(tmp_path) as world:
        command = shlex.join([console_script("burn-tui"), *world.places])
        environ = as_a_shell_has_it(world.environ)
        line = f"{command} > said; echo it has ended; exec cat"
        with terminal(["sh", "-c", line], size=(100, 30), cwd=tmp_path, environ=environ) as running:
            running.until_seen("primary/big")
            running.type("and how would you test it?")
            running.until_seen("you test it?")
            running.press("C-q")
            running.until_seen("it has ended")
        assert (tmp_path / "said").read_text() == ""
