"""The life of sessions: opening, naming, closing, and going from one to the other."""

from typing import TYPE_CHECKING

from textual import on, work

from burn_tui.tui import views
from burn_tui.tui.messages import TabChosen
from burn_tui.tui.screens.asking import Asking
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.question import QuestionScreen, about_closing
from burn_tui.tui.screens.sessions import SessionsScreen, Wish

if TYPE_CHECKING:
    from burn_tui.engine.session import Session


class Tabs(Asking):
    """What can be done with sessions as a whole."""

    @on(TabChosen)
    def _go_to_clicked(self, message: TabChosen) -> None:
        self._go_to(message.position)

    def action_go_to_tab(self, number: int) -> None:
        """The session of that number, from 1."""
        self._go_to(number - 1)

    def _go_to(self, position: int) -> None:
        self._keep_draft()
        if self.deck.go_to(position):
            self._bind()

    @work
    async def action_new_session(self) -> None:
        """Ask for a name and an environment."""
        await self._open_session()

    @work
    async def action_rename_session(self) -> None:
        """Ask for another name."""
        await self._rename(self.deck.active)

    @work
    async def action_close_session(self) -> None:
        """Ask first if anything would be lost."""
        await self._close(self.deck.active)

    @work
    async def action_list_sessions(self) -> None:
        """Stay in the list until the person leaves it or goes to a session."""
        marked = self.deck.position
        while (wish := await self._wish(marked)) is not None:
            marked = wish.position
            session = self.deck.sessions[marked]
            match wish.what:
                case "go":
                    self._go_to(marked)
                    return
                case "new":
                    await self._open_session()
                    return
                case "rename":
                    await self._rename(session)
                case "close":
                    await self._close(session)
                    marked = min(marked, len(self.deck.sessions) - 1)

    async def _wish(self, marked: int) -> Wish | None:
        tabs = views.tabs(self.deck, self._palette, by_provider=self._is_by_provider, label=None)
        rows = views.rows(self.deck, tabs, self._runtime.clock.now())
        return await self.app.push_screen_wait(SessionsScreen(rows, marked=marked, palette=self._palette))

    async def _open_session(self) -> None:
        environments = tuple(self._runtime.settings.environments.values())
        safest = min(range(len(environments)), key=lambda at: environments[at].confirm, default=0)
        dialog = NameSessionScreen(
            "New session", self.deck.fresh_name(), palette=self._palette, environments=environments, marked=safest
        )
        named = await self.app.push_screen_wait(dialog)
        if named is not None:
            self._keep_draft()
            self.deck.open(named.name, named.environment)
            self._bind()

    async def _rename(self, session: "Session") -> None:
        dialog = NameSessionScreen("Rename session", session.name, palette=self._palette)
        named = await self.app.push_screen_wait(dialog)
        if named is not None:
            session.name = named.name
            self._refresh()

    async def _close(self, session: "Session") -> None:
        lost = self.deck.unfinished([session])
        if session.transcript.entries:
            lost.append("Its conversation is not kept.")
        if lost and await self.app.push_screen_wait(QuestionScreen(about_closing(session, lost))) != "yes":
            return
        self._stop(session)
        self.deck.close(session)
        self._bind()
