"""A process is taken for dead only where that is certain."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.engine.ownership import may_live, this_process

CODE = "from burn_tui.engine.ownership import this_process; print(this_process(), flush=True); input()"
HAS_PROC = os.path.exists(f"/proc/{os.getpid()}/stat")  # noqa: PTH110 - asked once, of the kernel

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="on Windows nobody can be asked whether he lives")
needs_proc = pytest.mark.skipif(not HAS_PROC, reason="this system does not say when a process was born")


def _other() -> tuple[subprocess.Popen[str], str]:
    """A process that lives until its stdin is closed, and what it calls itself."""
    process = subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_this_process_lives() -> None:
    assert may_live(this_process())


def test_a_process_calls_itself_the_same_for_as_long_as_it_lives() -> None:
    assert this_process() == this_process()
    assert this_process().startswith(f"pid:{os.getpid()}:")


@needs_signals
def test_another_process_lives_until_it_has_ended() -> None:
    process, owner = _other()
    with process:
        assert owner != this_process()
        assert may_live(owner)
        process.communicate("")
    assert not may_live(owner)


@needs_signals
@needs_proc
def test_a_process_that_is_dead_and_not_yet_buried_is_dead() -> None:
    process, owner = _other()
    with process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not may_live(owner)


@needs_signals
@needs_proc
def test_a_number_that_was_given_to_somebody_else_does_not_keep_its_former_owner_alive() -> None:
    number, _, host = this_process().partition("@")
    assert not may_live(f"{number}0@{host}")


@needs_signals
def test_where_nobody_knows_when_a_process_was_born_its_number_alone_counts() -> None:
    host = this_process().partition("@")[2]
    assert may_live(f"pid:{os.getpid()}:@{host}")


def test_a_process_of_another_machine_may_live() -> None:
    assert may_live(this_process() + ".example")


@needs_signals
def test_a_number_that_no_process_can_have_is_nobodys() -> None:
    host = this_process().partition("@")[2]
    assert not may_live(f"pid:{2**70}:1@{host}")


@pytest.mark.parametrize("owner", ["", "pid:", "pid:x:1@here", "somebody", "pid:-1:1", "@"])
def test_what_cannot_be_read_may_live(owner: str) -> None:
    assert may_live(owner)


@given(st.text())
def test_any_words_at_all_can_be_asked_about(owner: str) -> None:
    assert may_live(owner) in {True, False}
