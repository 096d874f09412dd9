"""The settings file while burn-tui runs: looked at twice a second, taken over when it changed and is whole."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from burn_tui.core.errors import SettingsError
from burn_tui.engine.base_file import TrustBook, nearest, under
from burn_tui.engine.beat import beat
from burn_tui.engine.discovery import from_environment
from burn_tui.engine.settings import Settings, load

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime

LOOK_S = 0.5
"""Between two looks at the file: a change is live within a second."""

Stamp = tuple[int, int, int] | None
"""What differs as soon as a file was written or replaced; None = there is none."""


def settings_for(path: Path, environ: Mapping[str, str], *, is_explicit: bool) -> Settings:
    """The settings in `path`, or what the environment offers where there is no such file.

    `is_explicit`: the person named this file, so its absence is an error.
    """
    if os.path.exists(path):  # noqa: PTH110 - Path's own raises where a name is impossible or a directory is closed
        return under(load(path, environ), _here(), environ)
    if is_explicit:
        raise SettingsError("does not exist.", file=str(path), mend="Check --config or BURN_TUI_CONFIG.")
    return under(from_environment(environ, wanted_file=path), _here(), environ)


def _here() -> Path | None:
    """Where the person works; None where that is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def stamp(path: Path) -> Stamp:
    """What identifies the content of `path` for now, without reading it."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _base_stamps(trusted: Path) -> tuple[Stamp, Stamp]:
    """Of the repository's settings and of the book of what is trusted."""
    here = _here()
    base = nearest(here) if here is not None else None
    return (stamp(base) if base is not None else None), stamp(trusted)


async def follow(
    path: Path,
    runtime: "Runtime",
    *,
    seen: Stamp,
    look_s: float = LOOK_S,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Give `runtime` every new version of the file, until cancelled. `seen` is the one that it began with.

    A version that cannot be taken leaves the settings as they are and stands as a notice until one that can. A file
    that goes away leaves them, too: an editor may only be about to write it. What the repository asks is followed as
    well, and whether it is trusted.
    """
    problem: str | None = None
    trusted = TrustBook.of(environ).file
    seen_base = _base_stamps(trusted)
    while True:
        await beat(look_s)
        now, base = stamp(path), _base_stamps(trusted)
        if now is None or (now, base) == (seen, seen_base):
            continue
        seen, seen_base = now, base
        if problem in runtime.notices:
            runtime.notices.remove(problem)
        try:
            runtime.use(under(load(path, environ), _here(), environ))
            await runtime.discover()
            problem = None
        except SettingsError as error:
            problem = f"The settings as they were still hold. {error}"
            runtime.notices.append(problem)
