"""Which commit the working directory is at, and whether it differs from it: so that an answer can be made again.

The commit is read from .git itself. Whether files differ only git can say, so it is asked in the background, at most
every few seconds and for a limited time; an attempt never waits for it but the first one, a little.
"""

import asyncio
import os
import re
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

AGAIN_S = 5.0
"""Between two looks at the files."""

LIMIT_S = 5.0
"""Git is given so long; in a repository that takes longer nobody knows whether it is dirty."""

FIRST_LIMIT_S = 1.0
"""The first attempt waits no longer."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class GitFacts(Struct, frozen=True):
    """As AttemptOpened has them."""

    commit: str | None = None
    """None = there is no repository, or nothing in it."""
    is_dirty: bool | None = None
    """Whether tracked files differ from it; None = unknown."""


UNKNOWN = GitFacts()


class Git:
    """Of one working directory; None = there is none, and nothing is ever asked."""

    def __init__(self, directory: Path | None) -> None:
        self._folder = _git_folder(directory) if directory is not None else None
        self._directory = directory
        self._is_dirty: bool | None = None
        self._seen_commit: str | None = None
        self._looked_at: float | None = None
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look at the files in the background, so that the first attempt need not wait for all of it."""
        if self._folder is not None and self._looked_at is None:
            self._look_again()

    async def ready(self) -> None:
        """Returns once the files were looked at, or that takes too long."""
        if self._folder is None or self._looked_at is not None:
            return
        self.start()
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=FIRST_LIMIT_S)

    def facts(self) -> GitFacts:
        """The commit as it is now, the rest as it was at the last look."""
        if self._folder is None:
            return UNKNOWN
        commit = commit_of(self._folder)
        if commit != self._seen_commit or self._is_old:
            self._seen_commit = commit
            self._look_again()
        return GitFacts(commit, self._is_dirty if commit else None)

    async def close(self) -> None:
        """End what is being asked."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    @property
    def _is_old(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self._looked_at is None or now - self._looked_at > AGAIN_S

    def _look_again(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        assert self._directory is not None, "without a directory nothing is asked"
        self._is_dirty = await _is_dirty(self._directory)
        self._looked_at = asyncio.get_running_loop().time()


def commit_of(folder: Path) -> str | None:
    """The commit that HEAD stands for, read from the repository's own files; None = there is none, or not so."""
    head = _line(folder / "HEAD")
    if not head.startswith("ref: "):
        return head if _COMMIT.fullmatch(head) else None
    name = head.removeprefix("ref: ").strip()
    shared = folder / _line(folder / "commondir") if (folder / "commondir").exists() else folder
    for place in (folder, shared):
        if _COMMIT.fullmatch(found := _line(place / name)):
            return found
    return _packed(shared / "packed-refs", name)


def _git_folder(directory: Path) -> Path | None:
    """The folder that holds HEAD; None outside of a repository."""
    for place in (directory, *directory.parents):
        dot_git = place / ".git"
        if dot_git.is_dir():
            return dot_git
        if dot_git.is_file() and (pointer := _line(dot_git)).startswith("gitdir: "):
            return place / pointer.removeprefix("gitdir: ").strip()
    return None


def _packed(path: Path, name: str) -> str | None:
    try:
        rows = path.read_text(errors="replace").splitlines()
    except OSError:
        return None
    pairs = (row.split(" ", 1) for row in rows if " " in row)
    return next((commit for commit, packed in pairs if packed == name and _COMMIT.fullmatch(commit)), None)


def _line(path: Path) -> str:
    """The first line of a file; "" if it cannot be read."""
    try:
        with path.open(errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""


async def _is_dirty(directory: Path) -> bool | None:
    """Whether any tracked file differs. What a repository's own settings would have git run is not run."""
    command = ("git", "-c", "core.fsmonitor=false", "status", "--porcelain", "--untracked-files=no")
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    silent = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=directory, env=environ, stdin=silent, stdout=asyncio.subprocess.PIPE, stderr=silent
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(LIMIT_S):
            out, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return bool(out.strip()) if process.returncode == 0 else None
