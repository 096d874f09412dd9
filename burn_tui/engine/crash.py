"""What is written down when burn-tui itself is at fault: where it happened, and nothing that anybody has typed.

No message of an exception and no value of a variable is in a report: either may hold a prompt or a key. Lines of source
are burn-tui's own and those of its libraries.
"""

import os
import platform
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import burn_tui

_LIBRARIES = ("textual", "rich", "httpx", "aiosqlite", "msgspec")

_FRAMES = 40
"""The last of them: an endless recursion has a thousand."""


def farewell(error: BaseException, directory: Path | None, *, now: float) -> str:
    """Keep a report in `directory` and say so; where that cannot be done, the report itself. None = do not keep it."""
    written = report(error, now=now)
    path = None if directory is None else _kept(written, directory, now=now)
    if path is None:
        return f"burn-tui failed, and this is all that is known of it:\n\n{written}"
    return (
        f"burn-tui failed ({type(error).__name__}). What it had in the ledger and in sessions is kept: "
        f"burn-tui --continue opens them again.\nA report without prompts, answers and keys is in {path}"
    )


def report(error: BaseException, *, now: float) -> str:
    """Versions, and the way to the fault. `now`: seconds since the epoch."""
    when = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    lines = [
        f"burn-tui {burn_tui.__version__}, {when}",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
        f"TERM={os.environ.get('TERM', '')}, {'inside' if os.environ.get('TMUX') else 'outside'} tmux",
        "",
        *_ways(error),
    ]
    return "\n".join(lines) + "\n"


def _ways(error: BaseException) -> Iterator[str]:
    """The way to the fault, and before it the ways to those that led to it."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _ways(earlier)
        yield "which led to"
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]:
        yield f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
        yield f"    {frame.line}"
    for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield "one of which is"
        yield from _ways(one)


def _short(filename: str) -> str:
    """From the package on: what stands before it names the person's home."""
    path = Path(filename)
    for root in sorted(map(Path, filter(None, sys.path)), key=lambda root: -len(root.parts)):
        if path.is_relative_to(root):
            return str(path.relative_to(root))
    return path.name


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _kept(written: str, directory: Path, *, now: float) -> Path | None:
    path = directory / f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H-%M-%S}-{os.getpid()}.txt"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(written)
    except OSError:
        return None
    return path
