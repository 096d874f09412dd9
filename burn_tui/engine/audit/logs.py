"""Finds the logs below a home directory. Nothing is opened here.

Links are not followed below a root, so that no loop and no way out of it exists; what is no regular file is left alone.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from burn_tui.engine.audit.reader import Reader
from burn_tui.engine.audit.readers import IS_DATABASE, READERS

ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "CLAUDE_CONFIG_DIR": ("claude_code", "projects"),
    "CODEX_HOME": ("codex", "sessions"),
    "GEMINI_CLI_HOME": ("gemini_cli", ".gemini/tmp"),
    "XDG_DATA_HOME": ("opencode", "opencode"),
    "AIDER_ANALYTICS_LOG": ("aider", ""),
    "LLM_USER_PATH": ("llm", ""),
}
"""Variables by which people move the directory of a tool, the tool, and where its logs are in it. Several directories
are separated by commas."""


class Root(Struct, frozen=True):
    """A directory or a file to look at."""

    reader: int
    """Its place in READERS."""
    path: str


class Log(Struct, frozen=True, gc=False):
    """A log as it is on disk now."""

    reader: int
    path: str
    inode: int
    size: int
    """Bytes; of a database with what waits in its write-ahead log."""
    changed_ns: int

    @property
    def tool(self) -> str:
        """Whose it is."""
        return READERS[self.reader].tool


def roots(homes: Iterable[Path], environ: Mapping[str, str], readers: tuple[Reader, ...] = READERS) -> list[Root]:
    """Where to look: below each home, and where the environment says. Each place once."""
    found = {
        (number, os.path.realpath(path)): None
        for number, reader in enumerate(readers)
        for path in (*(path for home in homes for path in reader.roots(home)), *_moved(reader.tool, environ))
    }
    return [Root(number, path) for number, path in found]


def _moved(tool: str, environ: Mapping[str, str]) -> Iterator[Path]:
    for variable, (of_tool, below) in ELSEWHERE.items():
        if of_tool == tool:
            yield from (Path(one.strip()) / below for one in environ.get(variable, "").split(",") if one.strip())


def logs_below(root: Root) -> Iterator[Log]:
    """All logs of a root; a directory that cannot be read has none."""
    reader = READERS[root.reader]
    below = [(root.path, "")]
    while below:
        directory, name = below.pop()
        try:
            entries = os.scandir(directory)
        except NotADirectoryError:
            log = looked_at(root.reader, directory)
            if log is not None and reader.reads(os.path.basename(directory)):  # noqa: PTH119 - paths are text here
                yield log
            continue
        except OSError:
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below.append((entry.path, f"{name}{entry.name}/"))
                elif entry.is_file(follow_symlinks=False) and reader.reads(f"{name}{entry.name}"):
                    log = looked_at(root.reader, entry.path)
                    if log is not None:
                        yield log


def looked_at(reader: int, path: str) -> Log | None:
    """The log as it is now; None if it is none, or gone."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    size, changed_ns = found.st_size, found.st_mtime_ns
    if IS_DATABASE[reader]:
        try:
            waiting = os.lstat(f"{path}-wal")
            size, changed_ns = size + waiting.st_size, max(changed_ns, waiting.st_mtime_ns)
        except OSError:
            pass
    return Log(reader, path, found.st_ino, size, changed_ns)
