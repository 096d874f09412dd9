"""Programs that nobody here wrote: found where they are installed, started, and run to their end on loopback."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from msgspec import Struct

GIVE_UP_S = 240.0
"""Some take a minute to start on a busy machine."""

LOOK_S = 0.05
"""Between two looks at whether one has started; they do not say so."""

NO_WAY_OUT = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}
"""Programs in other languages than Python are kept on loopback by a proxy that does not exist."""


class Ended(Struct, frozen=True):
    """A program that is over."""

    code: int
    out: str
    errors: str


def command(name: str) -> str:
    """Where the command is; skips the test that wants it where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"the command {name} is not installed")
    return found


def python_with(module: str, *, beside: str) -> str:
    """A Python that imports `module`: this one, or that beside a command which comes with it; else skips the test."""
    if _is_here(module):
        return sys.executable
    if (found := shutil.which(beside)) is not None:
        return str(Path(found).resolve().parent / "python")
    pytest.skip(f"the Python package {module} is not installed")


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False  # nor the package that it is in


def beyond(environ: Mapping[str, str]) -> dict[str, str]:
    """The surroundings of such a program: what it needs of ours, no way out, and what is given."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "NODE_PATH", "PYTHONPATH", "TERM")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **NO_WAY_OUT, **environ}


async def run(command_line: Sequence[str], environ: Mapping[str, str], *, within: Path) -> Ended:
    """Run it to its end in the directory `within`, with nothing to read."""
    process = await asyncio.create_subprocess_exec(
        *command_line,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ),
        cwd=within,
    )
    try:
        async with asyncio.timeout(GIVE_UP_S):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def serving(
    command_line: Sequence[str], port: int, *, health: str, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of a server that listens on `port`, once it answers at the path `health`."""
    address = f"http://127.0.0.1:{port}"
    surroundings = {**os.environ, **(environ or {})}
    with (
        log.open("wb") as output,
        subprocess.Popen(command_line, stdout=output, stderr=output, env=surroundings) as process,
    ):
        try:
            _wait_until_it_answers(address + health, process, log)
            yield address
        finally:
            process.terminate()


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(LOOK_S)
    pytest.fail(f"{process.args!r} did not start:\n{log.read_text()}")
