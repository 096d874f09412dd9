"""Which team this process belongs to, as the settings have it at the moment."""

import asyncio
from collections.abc import Mapping

from burn_tui.core.team import TeamView
from burn_tui.engine.clock import Clock
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.settings_schema import TeamSettings
from burn_tui.engine.team.sharing import Team


class Membership:
    """One for a process. Settings may change the team, or end it, at any time."""

    def __init__(self, ledger: Ledger, environ: Mapping[str, str], clock: Clock, notices: list[str]) -> None:
        self.team: Team | None = None
        """None = in none."""
        self._ledger = ledger
        self._environ = environ
        self._clock = clock
        self._notices = notices
        self._noticed: str | None = None
        """The notice among them that is the team's."""
        self._is_running = False
        self._leaving: set[asyncio.Task[None]] = set()

    def adopt(self, settings: TeamSettings | None) -> Team | None:
        """Belong to that team from now on; the one there is stays if nothing has changed."""
        if self.team is not None and self.team.settings != settings:
            if self._is_running:
                leaving = asyncio.create_task(self.team.close())
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)
            self.team = None
        if self.team is None and settings is not None and self._ledger.is_lasting:
            self.team = Team(settings, ledger=self._ledger, environ=self._environ, clock=self._clock)
            self.team.on_notice = self._note
            if self._is_running:
                self.team.start()
        self._note()
        return self.team

    def start(self) -> None:
        """Send what settles from now on."""
        self._is_running = True
        if self.team is not None:
            self.team.start()

    async def close(self) -> None:
        """Send what can be sent at once."""
        self._is_running = False
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self.team is not None:
            await self.team.close()

    async def view(self) -> TeamView:
        """What the team screen shows."""
        return await self.team.view() if self.team is not None else TeamView(where="")

    def _note(self) -> None:
        if self._noticed in self._notices:
            self._notices.remove(self._noticed)
        self._noticed = self.team.notice if self.team is not None else None
        if self._noticed is not None:
            self._notices.append(self._noticed)
