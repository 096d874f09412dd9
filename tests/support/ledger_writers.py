"""Processes that write into a ledger until they are killed, and what they have said up to then."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import ledger_writer


class Writers:
    """Made by `writers`."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._answers = server.makefile()

    def start(self, file: Path, name: str, *, dies_at: int = 0) -> "Writer":
        """One more. `dies_at`: the number of the database statement that it does not live to run; 0 = it lives."""
        ears, mouth = os.pipe()
        number = self._told(f"start\t{file}\t{name}\t{dies_at}", mouth)
        os.close(mouth)
        return Writer(self, number, ears)

    def kill(self, number: int, after_s: float) -> None:
        """End a writer as the kernel does when memory runs out; returns when it is dead."""
        self._told(f"kill\t{number}\t{after_s}")

    def bury(self, number: int) -> None:
        """Wait until it is dead."""
        self._told(f"bury\t{number}")

    def _told(self, line: str, *pipes: int) -> int:
        socket.send_fds(self._server, [f"{line}\n".encode()], pipes)
        return int(self._answers.readline())


class Writer:
    """One process."""

    def __init__(self, writers: Writers, number: int, ears: int) -> None:
        self.opened: set[str] = set()
        self.settled: set[str] = set()
        self._writers = writers
        self._number = number
        self._words = os.fdopen(ears)

    def listen(self, announcements: int) -> None:
        """Hear so many of them. Meanwhile it goes on, so that nobody knows where it is when they have been heard."""
        for _ in range(announcements):
            self._hear(self._words.readline())

    def kill(self, after_s: float = 0.0) -> None:
        """End it so long after this moment; what it said before is heard to the end."""
        self._writers.kill(self._number, after_s)
        self._hear_the_rest()

    def bury(self) -> None:
        """Wait for its end by its own hand, and hear all it has said."""
        self._writers.bury(self._number)
        self._hear_the_rest()

    def _hear_the_rest(self) -> None:
        with self._words:
            for line in self._words:
                self._hear(line)

    def _hear(self, line: str) -> None:
        if not line.endswith("\n"):
            return  # it was killed in mid-word, so it had not said it yet
        what, _, event_id = line.rstrip("\n").partition(" ")
        assert what in {"starting", "open", "settled"}, line
        if what == "open":
            self.opened.add(event_id)
        elif what == "settled":
            self.settled.add(event_id)


@contextmanager
def writers() -> Iterator[Writers]:
    """Somebody who starts and kills them."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen([sys.executable, ledger_writer.__file__], stdin=theirs.fileno()) as server:
        theirs.close()
        try:
            yield Writers(ours)
        finally:
            ours.shutdown(socket.SHUT_RDWR)
            server.wait()
