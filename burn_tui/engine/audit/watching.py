"""Notices that logs change, by asking the file system seldom: whoever follows ten thousand files asks about a few.

    5 times a second   files that were written within two minutes, where there are any
    every second   files that changed lately, and directories where a new one is likely: the top ones and the newest,
                   and those of a tool that has never run yet
    every minute   all of them

Only stat and list are used. A tool that writes is never in the way of another one.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence

from burn_tui.engine.audit.logs import Log, Root, looked_at
from burn_tui.engine.audit.readers import READERS

LATELY_S = 900.0
"""A log that was quiet for longer is asked about with all the others."""

JUST_NOW_S = 120.0
"""Who has written so lately will write again in a moment."""

MOST_FILES, MOST_DIRECTORIES = 128, 256
"""That are asked about each second, the newest of all."""


class Watch:
    """Of some roots. Not for several threads at once."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self._roots = roots
        self._logs: dict[str, Log] = {}
        self._directories: dict[str, tuple[int, str, int]] = {}
        """Of each directory the reader, its path from the root, and when it was changed, in nanoseconds."""
        self._absent: list[Root] = []
        self._near: list[str] = []
        self._warm: list[str] = []

    def look_everywhere(self, now: float) -> list[Log]:
        """Logs that are new or changed since the last look, after walking all roots."""
        before, self._logs, self._directories = self._logs, {}, {}
        for root in self._roots:
            self._walk(root.reader, root.path, "")
        self._absent = [root for root in self._roots if not self._is_known(root)]
        self._choose(now)
        return [log for path, log in self._logs.items() if before.get(path) != log]

    def just_written(self, now: float) -> list[str]:
        """Logs that somebody is writing."""
        since_ns = int((now - JUST_NOW_S) * 1e9)
        return [path for path in self._warm if self._logs[path].changed_ns >= since_ns]

    def glance(self, now: float) -> list[Log]:
        """Of the logs that somebody is writing those that changed since the last look."""
        found = (self._seen(self._logs[path].reader, path) for path in self.just_written(now))
        return [log for log in found if log is not None]

    def look_nearby(self, now: float) -> list[Log]:
        """The same for what changed lately."""
        changed = [log for path in self._warm if (log := self._seen(self._logs[path].reader, path)) is not None]
        logs, directories = set(self._logs), len(self._directories)
        for root in self._absent:
            self._walk(root.reader, root.path, "")
        self._absent = [root for root in self._absent if not self._is_known(root)]
        for path in self._near:
            reader, name, changed_ns = self._directories[path]
            found = _changed_ns(path)
            if found is not None and found != changed_ns:
                self._walk(reader, path, name)
        changed += [self._logs[new] for new in self._logs.keys() - logs]
        # A directory may be there a moment before its first log.
        if changed or len(self._directories) > directories:
            self._choose(now)
        return changed

    def _is_known(self, root: Root) -> bool:
        return root.path in self._directories or root.path in self._logs

    def _seen(self, reader: int, path: str) -> Log | None:
        """The log if it is another one than before."""
        log = looked_at(reader, path)
        if log is None or log == self._logs.get(path):
            return None
        self._logs[path] = log
        return log

    def _walk(self, reader: int, path: str, name: str) -> None:
        """Take in a directory and what is in it; below it only directories that are not known yet."""
        below = [(path, name)]
        while below:
            directory, name = below.pop()
            changed_ns = _changed_ns(directory)
            if changed_ns is None:
                self._take_file(reader, directory)
                continue
            self._directories[directory] = (reader, name, changed_ns)
            for entry in _entries(directory):
                if entry.is_dir(follow_symlinks=False):
                    if entry.path not in self._directories:
                        below.append((entry.path, f"{name}{entry.name}/"))
                elif entry.path not in self._logs and READERS[reader].reads(f"{name}{entry.name}"):
                    self._take_file(reader, entry.path)

    def _take_file(self, reader: int, path: str) -> None:
        log = looked_at(reader, path)
        if log is not None:
            self._logs[path] = log

    def _choose(self, now: float) -> None:
        """What is asked about each second from now on."""
        since_ns = int((now - LATELY_S) * 1e9)
        lately = (log for log in self._logs.values() if log.changed_ns >= since_ns)
        self._warm = [log.path for log in sorted(lately, key=lambda log: -log.changed_ns)[:MOST_FILES]]
        # New sessions appear near the top (a project, a year), and beside the newest ones (a day, a subagent).
        by_nearness = sorted(self._directories.items(), key=lambda item: (item[1][1].count("/") > 1, -item[1][2]))
        newest = sorted(self._directories.items(), key=lambda item: -item[1][2])[: MOST_DIRECTORIES // 2]
        near = dict.fromkeys(path for path, _ in (*newest, *by_nearness[: MOST_DIRECTORIES // 2]))
        self._near = list(near)


def _entries(directory: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            yield from entries
    except OSError:
        return


def _changed_ns(directory: str) -> int | None:
    """None = it is no directory."""
    try:
        found = os.lstat(directory)
    except OSError:
        return None
    return found.st_mtime_ns if stat.S_ISDIR(found.st_mode) else None


def lately(logs: Iterable[Log], now: float) -> list[Log]:
    """Those that somebody may be writing."""
    return [log for log in logs if log.changed_ns >= (now - LATELY_S) * 1e9]
