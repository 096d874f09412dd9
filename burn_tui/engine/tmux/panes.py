"""What runs in the foreground of tmux's panes, read from /proc, or from ps where there is none.

A pane's foreground is the process group that its terminal belongs to (proc_pid_stat(5), tpgid), and what those
processes started that works on another terminal, as sudo does. What runs in the background of a shell is not in it.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from burn_tui.core.neighbours import Pane
from burn_tui.core.place import Process
from burn_tui.engine.tmux.client import PATIENCE_S, Tmux

PROC = Path("/proc")

_LIST = "#{pane_id} #{pane_pid} #{window_index}.#{pane_index} #{session_name}"
"""The session's name last, since it may have spaces in it."""

_DEEPEST = 40
"""Directories that are gone up in search of a repository."""

_CONTEXT = re.compile(r"^current-context:[ \t]*[\"']?([^\"'\n#]+?)[\"']?[ \t]*$", re.MULTILINE)


class Entry(Struct, frozen=True, kw_only=True):
    """A process as the system lists it."""

    pid: int
    parent: int
    group: int
    session: str
    """Whatever tells one from another: a number on Linux, an address elsewhere."""
    foreground_group: int
    """Of the terminal that it works on; -1 = it works on none."""
    argv: tuple[str, ...] | None = None
    """None = it is read when it is wanted."""


def panes(tmux: Tmux) -> list[Pane]:
    """Every pane of the server but the one that this process runs in; TmuxError if there is no server."""
    listed = tmux.run("list-panes", "-a", "-F", _LIST).splitlines()
    entries = {entry.pid: entry for entry in (_from_proc() if (PROC / "self").exists() else _from_ps())}
    found = []
    for line in listed:
        pane, pid, position, session = line.split(" ", 3)
        if pane != tmux.own_pane:
            foreground = tuple(_process(entry) for entry in _foreground(int(pid), entries))
            found.append(Pane(id=pane, where=f"{session}:{position}", foreground=foreground))
    return found


def _foreground(pid: int, entries: Mapping[int, Entry]) -> list[Entry]:
    """The processes in the foreground of the terminal that the process `pid` works on."""
    first = entries.get(pid)
    if first is None:
        return []
    children: dict[int, list[Entry]] = {}
    for entry in entries.values():
        children.setdefault(entry.parent, []).append(entry)
    found: list[Entry] = []
    waiting = [entry for entry in entries.values() if entry.group == first.foreground_group]
    while waiting:
        entry = waiting.pop(0)
        if entry not in found:
            found.append(entry)
            # A shell's background jobs are in its session and in another group.
            waiting += [child for child in children.get(entry.pid, ()) if child.session != entry.session]
    return found


def _process(entry: Entry) -> Process:
    argv = entry.argv if entry.argv is not None else _argv(entry.pid)
    directory = _directory(entry.pid)
    return Process(
        argv=argv,
        directory=directory,
        branch=git_branch(Path(directory)) if directory else "",
        context=_kubernetes_context(entry.pid) if any("kubectl" in word or word == "oc" for word in argv[:2]) else "",
    )


# --- /proc ------------------------------------------------------------------------------------------


def _from_proc() -> Iterator[Entry]:
    for directory in PROC.iterdir():
        if directory.name.isdigit():
            try:
                stat = (directory / "stat").read_text(errors="replace")
            except OSError:  # It has ended meanwhile.
                continue
            # The name stands in parentheses and may have any in it.
            _, parent, group, session, _, foreground, *_ = stat.rpartition(")")[2].split()
            yield Entry(
                pid=int(directory.name),
                parent=int(parent),
                group=int(group),
                session=session,
                foreground_group=int(foreground),
            )


def _argv(pid: int) -> tuple[str, ...]:
    try:
        text = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(word.decode(errors="replace") for word in text.removesuffix(b"\0").split(b"\0")) if text else ()


def _directory(pid: int) -> str:
    try:
        return str((PROC / str(pid) / "cwd").readlink())
    except OSError:  # Of another user, or there is no /proc.
        return ""


def _variable(pid: int, name: str) -> str | None:
    try:
        variables = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    found = (entry for entry in variables if entry.startswith(name.encode() + b"="))
    return next((entry.partition(b"=")[2].decode(errors="replace") for entry in found), None)


# --- ps ---------------------------------------------------------------------------------------------


def _from_ps() -> Iterator[Entry]:
    command = ["ps", "-axwwo", "pid=,ppid=,pgid=,sess=,tpgid=,command="]
    done = subprocess.run(  # noqa: S603 - no shell, and nothing in it comes from elsewhere
        command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False
    )
    return entries_of_ps(done.stdout)


def entries_of_ps(listing: str) -> Iterator[Entry]:
    """The processes in what ps printed, whose words can only be told apart by their spaces."""
    for line in listing.splitlines():
        pid, parent, group, session, foreground, *argv = line.split()
        yield Entry(
            pid=int(pid),
            parent=int(parent),
            group=int(group),
            session=session,
            foreground_group=int(foreground),
            argv=tuple(argv),
        )


# --- what belongs to a directory or a person ----------------------------------------------------------


def git_branch(directory: Path) -> str:
    """The branch of the repository around `directory` (gitrepository-layout(5)); "" without one, or off any branch."""
    for place in [directory, *directory.parents][:_DEEPEST]:
        git = place / ".git"
        try:
            if git.is_file():  # a worktree or a submodule
                git = place / git.read_text().removeprefix("gitdir:").strip()
            head = (git / "HEAD").read_text().strip()
        except (OSError, UnicodeDecodeError):
            continue
        return head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else ""
    return ""


def _kubernetes_context(pid: int) -> str:
    named = _variable(pid, "KUBECONFIG")
    home = _variable(pid, "HOME") or "~"
    file = (named or "").split(os.pathsep)[0] or f"{home}/.kube/config"
    try:
        found = _CONTEXT.search(Path(file).expanduser().read_text(errors="replace"))
    except OSError:
        return ""
    return found.group(1) if found else ""
