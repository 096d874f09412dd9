"""Keeping what was said: on disk before it is on screen, so that nothing of it is lost, however burn-tui ends."""

from typing import TYPE_CHECKING

from textual import work

from burn_tui.core.errors import LedgerError
from burn_tui.engine.beat import beat
from burn_tui.tui.screens.frame import TICK_S, Frame

if TYPE_CHECKING:
    from burn_tui.engine.session import Session


class Keeping(Frame):
    """What the person types and where the tabs stand is kept within a second, what was said at once."""

    _keeping_problem = ""
    """Why sessions are not kept at the moment; "" = they are."""

    def on_mount(self) -> None:
        """Keep what stands in the tabs from now on, and drop what is too old."""
        self.call_after_refresh(self._keep_in_time)

    @work(group="keeping")
    async def _keep_in_time(self) -> None:
        await self.keep_all()
        try:
            await self._runtime.conversations.prune(keep_days=self._runtime.settings.keep_text_days)
        except LedgerError as error:
            self._say_why_not(str(error))
        while True:
            await beat(TICK_S)
            await self.keep_all()

    async def keep_all(self) -> None:
        """Every session, with what was typed a moment ago."""
        for session in list(self.deck.sessions):
            await self._keep(session)

    async def keep_all_at_the_end(self) -> int:
        """How many of them can be gone on with; 0 = none, or they could not be kept."""
        await self.keep_all()
        return 0 if self._keeping_problem else self.deck.continued()

    async def _keep(self, session: "Session") -> None:
        if session not in self.deck.sessions:
            return
        position = self.deck.sessions.index(session)
        is_on_screen = session is self.deck.active
        try:
            if await self._runtime.conversations.keep(session, position=position, is_on_screen=is_on_screen):
                self._say_why_not("")
        except LedgerError as error:
            self._say_why_not(str(error))

    async def _put_away(self, session: "Session") -> None:
        try:
            await self._runtime.conversations.close(session)
        except LedgerError as error:
            self._say_why_not(str(error))

    def _say_why_not(self, problem: str) -> None:
        """Once, until it changes or is over."""
        if problem == self._keeping_problem:
            return
        notices = self._runtime.notices
        if self._keeping_problem in notices:
            notices.remove(self._keeping_problem)
        self._keeping_problem = problem
        if problem and problem not in notices:
            notices.append(problem)
        if self.is_running:
            self._refresh()
