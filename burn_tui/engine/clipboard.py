"""Getting text onto a clipboard from within a terminal: the first way that works, and the truth about which it was.

    inside tmux ──> tmux load-buffer      the one place from where a paste is certain to work there
    otherwise   ──> a tool of this desktop, unless the terminal is somewhere else (ssh)
    none works  ──> the caller may send an OSC 52 sequence; no terminal says whether it obeyed

Nothing here touches the terminal itself.
"""

import asyncio
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

PATIENCE_S = 2.0
"""A tool that takes longer is given up."""


class Way(Struct, frozen=True):
    """One way to a clipboard."""

    name: str
    """As a person knows it."""
    command: tuple[str, ...]
    """Takes the text from its standard input."""


_TMUX = (
    Way("tmux", ("tmux", "load-buffer", "-w", "-")),  # -w: also to the terminal's clipboard, where tmux may
    Way("tmux", ("tmux", "load-buffer", "-")),  # tmux before 3.2
)


class Clipboard:
    """The clipboards that the terminal of this process can reach."""

    def __init__(self, environ: Mapping[str, str], *, platform: str = sys.platform) -> None:
        self._environ = environ
        self._platform = platform

    async def copy(self, text: str) -> str | None:
        """The name of the tool that took `text`; None = none did."""
        for way in self.ways():
            if shutil.which(way.command[0], path=self._environ.get("PATH")) and await self._run(way, text):
                return way.name
        return None

    def ways(self) -> list[Way]:
        """Those worth trying, in order, whether or not the tool is there."""
        if self._environ.get("TMUX"):
            return list(_TMUX)
        if self._environ.get("SSH_CONNECTION") or self._environ.get("SSH_TTY"):
            return []  # a tool over there would fill the clipboard of a machine that nobody sits at
        found = []
        if self._platform == "darwin":
            found.append(Way("pbcopy", ("pbcopy",)))
        if self._environ.get("WAYLAND_DISPLAY"):
            found.append(Way("wl-copy", ("wl-copy",)))
        if self._environ.get("DISPLAY"):
            found.append(Way("xclip", ("xclip", "-selection", "clipboard")))
            found.append(Way("xsel", ("xsel", "--clipboard", "--input")))
        if self._environ.get("WSL_DISTRO_NAME") or self._platform == "win32":
            found.append(Way("clip.exe", ("clip.exe",)))
        return found

    async def _run(self, way: Way, text: str) -> bool:
        """Whether the tool ended well. xclip and wl-copy go on in the background to serve what they took."""
        data = text.encode("utf-16-le" if way.name == "clip.exe" else "utf-8", "replace")
        try:
            process = await asyncio.create_subprocess_exec(
                *way.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=dict(self._environ),
            )
        except OSError:
            return False
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.communicate(data)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            return False
        return process.returncode == 0
