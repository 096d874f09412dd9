"""Which process has an attempt open, and whether that process still lives."""

import os
import platform
from pathlib import Path

_PREFIX = "pid:"


def this_process() -> str:
    """The owner of the rows that this process opens: "pid:NUMBER:BIRTH@HOST".

    A number alone would not do: a container's first process has the same one after every restart.
    """
    pid = os.getpid()
    return f"{_PREFIX}{pid}:{_birth(pid) or ''}@{platform.node()}"


def process_number(owner: str) -> int | None:
    """The number of the owner's process; None = it is not on this machine."""
    process, _, host = owner.removeprefix(_PREFIX).partition("@")
    number = process.partition(":")[0]
    return int(number) if owner.startswith(_PREFIX) and number.isdecimal() and host == platform.node() else None


def may_live(owner: str) -> bool:
    """Whether the owner's process may still be running.

    False only where that is certain. True for what cannot be found out from here: another host's process on a shared
    disk, any process on Windows (where asking by signal would end it), and, on systems without /proc, a dead
    process whose number was given to a new one. Whoever asks must bound how long True is believed.
    """
    process, _, host = owner.removeprefix(_PREFIX).partition("@")
    number, _, birth = process.partition(":")
    if not owner.startswith(_PREFIX) or not number.isdecimal() or host != platform.node() or os.name == "nt":
        return True
    return _exists(int(number)) and (not birth or birth == _birth(int(number)))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # somebody else's, but alive
    return True


def _birth(pid: int) -> str | None:
    """When the process started, in the kernel's ticks; None without /proc, and for a process that is only unburied."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]
