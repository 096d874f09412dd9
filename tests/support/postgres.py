"""A real PostgreSQL server for tests: made from its binaries in a directory of its own, on loopback, as a user without
any rights.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

GIVE_UP_S = 60.0

_PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")

OWNER = "keeper"
"""Not called as the schema is: a user of that name would find everything in it without saying where."""

_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB", "logging_collector=off")
"""Nothing here must outlive a power cut; that a killed server forgets nothing that it committed is another matter."""

_databases = count(1)


def binaries() -> Path | None:
    """The directory of `postgres` and `initdb`; None = there is none on this machine."""
    found = [Path(path).resolve().parent for name in ("postgres",) if (path := shutil.which(name))]
    for place in _PLACES:
        found += sorted(Path(place).glob("*/bin"), reverse=True)
    with suppress(ImportError):
        import pgserver  # type: ignore[import-not-found,import-untyped,unused-ignore]

        found.append(Path(pgserver.__file__).parent / "pginstall" / "bin")
    return next((place for place in found if (place / "initdb").exists() and (place / "postgres").exists()), None)


class Server:
    """Made by `running_server`."""

    def __init__(self, place: Path, directory: Path) -> None:
        self.directory = directory
        self.port = _free_port()
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None
        self._log = directory / "log"

    def make(self) -> None:
        """An empty cluster, whose only user may do everything without a password."""
        command: list[str | Path] = [self._place / "initdb", "-D", self.directory / "data", "-U", OWNER, "-A", "trust"]
        command += ["--no-sync", "--no-locale", "-E", "UTF8", "--no-instructions"]
        made = subprocess.run(command, capture_output=True, check=False, cwd=self.directory, **_nobody())
        assert made.returncode == 0, made.stderr.decode()

    def start(self) -> None:
        """Returns once it answers."""
        arguments: list[str | Path] = [
            "-D",
            self.directory / "data",
            "-k",
            self.directory,
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        arguments += [part for setting in _SETTINGS for part in ("-c", setting)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._place / "postgres", *arguments], stdout=log, stderr=log, cwd=self.directory, **_nobody()
            )
        self._wait_until_it_answers()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT = as a service manager does it; SIGQUIT = at once, with everything in flight lost."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(GIVE_UP_S)
            self._process = None

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """Of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}?connect_timeout=5"

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"team_{next(_databases)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, statement: str, url: str | None = None) -> list[Any]:
        """What it answers, as the owner of everything."""
        import psycopg

        with psycopg.connect(url or self.url(), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _wait_until_it_answers(self) -> None:
        import psycopg

        assert self._process is not None
        end = time.monotonic() + GIVE_UP_S
        while True:
            assert self._process.poll() is None, self._log.read_text()
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url()).close()
                return
            assert time.monotonic() < end, self._log.read_text()
            time.sleep(0.02)


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that is gone afterwards; skips the test where there are no binaries."""
    place = binaries()
    if place is None:
        pytest.skip("PostgreSQL's binaries are not on this machine (apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="psycopg is not installed (pip install 'burn-tui[team]')")
    # Not where pytest keeps its things: the path of a socket is short, and another user must be able to enter.
    directory = Path(tempfile.mkdtemp(prefix="burn-pg-"))
    if user := _nobody():
        os.chown(directory, user["user"], user["group"])
    server = Server(place, directory)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(directory, ignore_errors=True)


def _nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
