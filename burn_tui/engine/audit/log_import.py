"""Reads the logs of other tools beside the dashboard: all of them when a person asks for it, and from then on what is
written into them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from burn_tui.core.audit_progress import Progress
from burn_tui.core.errors import LedgerError
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings import Settings

if TYPE_CHECKING:
    from burn_tui.engine.audit.filing import Filed
    from burn_tui.engine.audit.importing import Importer


class LogImport:
    """At most one import at a time; it can be ended at any moment, and the next one goes on where it was."""

    def __init__(
        self, ledger: Ledger, settings: Callable[[], Settings], environ: Mapping[str, str], clock: Clock
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._environ = environ
        self._clock = clock
        self._running: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self.on_late: Callable[[], None] = lambda: None
        """Called when what was found changes the past."""
        self.progress: Progress | None = None
        """How far it is; None = none is running."""
        self.said = ""
        """What the last one came to, or why it ended; "" = there was none."""
        self.unread: Mapping[str, int] = {}
        """Logs, by tool, with something in them that the ledger had not when this began to follow; {} = there are none,
        or nobody has looked."""

    def start(self) -> None:
        """Begin, unless one is running; needs a running event loop."""
        if self._running is None or self._running.done():
            self.progress = Progress(files=0, bytes=0)
            self._running = asyncio.create_task(self._run())

    def follow(self) -> None:
        """Take over from now on what is written into the logs, if the settings allow it."""
        if self._following is None and self._settings().audit.follow:
            self._following = asyncio.create_task(self._follow())

    async def aclose(self) -> None:
        """End it where it is."""
        for task in (self._running, self._following):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        from burn_tui.engine.audit.following import Follower  # noqa: PLC0415 - the dashboard opens without it

        importer = await asyncio.to_thread(self._importer)
        with suppress(LedgerError):  # who cannot read it now has been told so
            wanted = await importer.wanted(await asyncio.to_thread(importer.logs))
            self.unread = Counter(log.tool for log, _ in wanted)
        await Follower(importer, self._ledger, clock=self._clock, told=self._note).run()

    def _note(self, filed: "Filed") -> None:
        if filed.late_rows:
            self.on_late()

    async def _run(self) -> None:
        importer = await asyncio.to_thread(self._importer)
        try:
            imported = await importer.run(self._tell)
            self.said = _said(imported.new_rows, len(imported.logs))
            self.unread = {}
            if imported.new_rows:
                self.on_late()
        except LedgerError as error:
            self.said = str(error)
        finally:
            self.progress = None

    def _importer(self) -> "Importer":
        """It looks through directories, so this may take a moment."""
        from burn_tui.engine.audit.importing import Importer  # noqa: PLC0415 - the dashboard opens without it
        from burn_tui.engine.audit.pricing import prices_of  # noqa: PLC0415

        settings = self._settings()
        homes = [Path(home).expanduser() for home in settings.audit.homes]
        return Importer(
            self._ledger,
            prices_of(settings, self._clock),
            homes=homes,
            environ=self._environ if homes else {},
            clock=self._clock,
        )

    def _tell(self, progress: Progress) -> None:
        self.progress = progress


def _said(calls: int, logs: int) -> str:
    if not logs:
        return "No logs were found."
    return f"{calls:,} new call{'' if calls == 1 else 's'} in {logs:,} log{'' if logs == 1 else 's'}."
