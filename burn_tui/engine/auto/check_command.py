"""Runs a check of the user's on an answer: in an empty directory of its own, for a limited time, without any key.

The answer is a model's text and may be hostile. It is only written down; whether its code is executed is the business
of the command that the user has declared. What that starts is ended with it, as one group of processes.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from msgspec import Struct

from burn_tui.core.checks import CommandCheck, code_in
from burn_tui.core.failure import redacted

MOST_OUTPUT = 64_000
"""Bytes of the command's output that are kept, from its end; all of it is read, or the command would stand still."""

MOST_COPIED_BYTES, MOST_COPIED_FILES = 50_000_000, 5_000

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")
"""All that the command is told of the environment: keys and tokens stand in it."""

Word = Literal["passed", "failed", "cannot"]


class Judged(Struct, frozen=True, kw_only=True):
    """What the command said."""

    word: Word
    """cannot = it could not be run, which says nothing about the answer."""
    why: str = ""
    """In words; "" = it passed."""


async def judged(check: CommandCheck, answer: str, *, project: Path | None, environ: Mapping[str, str]) -> Judged:
    """Run the command on an answer. `project`: where the files it wants beside the answer are; None = nowhere."""
    with TemporaryDirectory(prefix="burn-tui-check-", ignore_cleanup_errors=True) as name:
        directory = await asyncio.to_thread(Path(name).resolve)
        problem = await asyncio.to_thread(_laid_out, check, answer, project, directory)
        if problem is not None:
            return Judged(word="cannot", why=f"check {check.name} cannot run: {problem}")
        return await _run(check, directory, _environment(environ, directory))


async def _run(check: CommandCheck, directory: Path, environment: dict[str, str]) -> Judged:
    try:
        process = await asyncio.create_subprocess_exec(
            *check.run,
            cwd=directory,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Judged(word="cannot", why=f"check {check.name} cannot run: {check.run[0]}: {_in_words(error)}")
    said = bytearray()
    try:
        async with asyncio.timeout(check.timeout_s):
            await _listen(process, said)
            code = await process.wait()
    except TimeoutError:
        return Judged(word="failed", why=f"did not pass check {check.name} within {check.timeout_s:g} s")
    finally:
        await _end(process)
    if code == 0:
        return Judged(word="passed")
    return Judged(word="failed", why=f"failed check {check.name}{_last_line(said)}")


async def _listen(process: asyncio.subprocess.Process, said: bytearray) -> None:
    assert process.stdout is not None
    while piece := await process.stdout.read(65_536):
        said += piece
        del said[:-MOST_OUTPUT]


async def _end(process: asyncio.subprocess.Process) -> None:
    """The whole group, also what the command has left running when it ended."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        process.kill()
    await asyncio.shield(process.wait())


def _laid_out(check: CommandCheck, answer: str, project: Path | None, directory: Path) -> str | None:
    """Put everything into the directory; why that cannot be, or None."""
    try:
        for name in check.copies:
            if project is None:
                return "there is no project to copy files from."
            problem = _copied(project.resolve(), name, directory)
            if problem is not None:
                return problem
        place = (directory / check.file).resolve()
        if not place.is_relative_to(directory):
            return f"{check.file} lies outside its directory."
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_text(code_in(answer), encoding="utf-8", errors="replace")
    except (OSError, shutil.Error) as error:
        return _in_words(error)
    return None


def _copied(project: Path, name: str, directory: Path) -> str | None:
    source = (project / name).resolve()
    if not source.is_relative_to(project) or not source.exists():
        return f"{name} is no file or folder of {project.name}."
    files = [source] if source.is_file() else [one for one in source.rglob("*") if one.is_file()]
    if len(files) > MOST_COPIED_FILES or sum(one.stat().st_size for one in files) > MOST_COPIED_BYTES:
        return f"{name} is too large to be copied for every answer."
    target = directory / source.relative_to(project)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copy2(source, target)
    else:
        # Links are copied as what they lead to, so that the command cannot write through them.
        shutil.copytree(source, target, dirs_exist_ok=True, ignore_dangling_symlinks=True)
    return None


def _environment(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    kept = {name: environ[name] for name in _PASSED_ON if name in environ}
    return {**kept, "HOME": str(directory), "TMPDIR": str(directory), "TERM": "dumb", "NO_COLOR": "1"}


def _last_line(said: bytearray) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {redacted(lines[-1])[:160]}" if lines else ""


def _in_words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).rstrip(".") + "."
