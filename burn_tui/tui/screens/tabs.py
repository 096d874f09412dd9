"""The life of sessions: opening, naming, closing, and going from one to the other."""

from typing import TYPE_CHECKING

from textual import on, work

from burn_tui.tui import views
from burn_tui.tui.actions import ACTIONS
from burn_tui.tui.messages import TabChosen
from burn_tui.tui.screens.asking import Asking
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.question import QuestionScreen, about_closing
from burn_tui.tui.screens.sessions import SessionsScreen, Wish

if TYPE_CHECKING:
    from burn_tui.engine.session import Session


ONLY_WATCHED = "This session is another program's: it can only be watched. Escape goes back to yours."


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

    def action_move_session(self, by: int) -> None:
        """Its tab changes places with its neighbour's."""
        if not self.deck.move(self.deck.active, by):
            self.app.bell()
        self._refresh()

    def action_duplicate_session(self) -> None:
        """The same conversation once more, on screen."""
        self._duplicate(self.deck.active)

    def action_reopen_session(self) -> None:
        """The session that was closed last, as it was."""
        session = self.deck.reopen()
        if session is None:
            self.notify("No session was closed.", severity="warning")
        else:
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
        """Ask first if an answer would be cut off; all else can be brought back."""
        await self._close(self.deck.active)

    @work
    async def action_list_sessions(self) -> None:
        """Stay in the list until the person leaves it or goes to a session."""
        marked: int | None = self.deck.shown_position
        while marked is not None:
            wish = await self._wish(marked)
            marked = None if wish is None else await self._fulfil(wish)

    async def _wish(self, marked: int) -> Wish | None:
        rows = views.rows(self.deck, self._tabs(label=None), self._runtime.clock.now())
        return await self.app.push_screen_wait(SessionsScreen(rows, marked=marked, palette=self._palette))

    async def _fulfil(self, wish: Wish) -> int | None:
        """Which session the list marks afterwards; None = the list is left."""
        if wish.what == "gateway":
            await self.run_action("show_gateway")
            return None
        if wish.position >= len(self.deck.sessions):
            return await self._fulfil_foreign(wish)
        session = self.deck.sessions[wish.position]
        match wish.what:
            case "go":
                self._go_to(wish.position)
                return None
            case "new":
                await self._open_session()
                return None
            case "duplicate":
                self._duplicate(session)
                return None
            case "reopen":
                self.action_reopen_session()
            case "rename":
                await self._rename(session)
            case "close":
                await self._close(session)
            case "up" | "down":
                self.deck.move(session, -1 if wish.what == "up" else 1)
                self._refresh()
                return self.deck.sessions.index(session)
        return min(wish.position, len(self.deck.sessions) - 1)

    async def _fulfil_foreign(self, wish: Wish) -> int | None:
        """Of a session of another program only the tab is ours."""
        match wish.what:
            case "go":
                self._go_to(wish.position)
                return None
            case "new":
                await self._open_session()
                return None
            case "reopen":
                self.action_reopen_session()
            case "close":
                self.deck.dismiss(wish.position)
                self._bind()
            case _:
                self.notify(ONLY_WATCHED, severity="warning")
        return min(wish.position, len(self.deck.sessions) + len(self.deck.foreign) - 1)

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

    def _duplicate(self, session: "Session") -> None:
        self._keep_draft()
        self.deck.duplicate(session)
        self._bind()

    async def _close(self, session: "Session") -> None:
        if session.is_busy and await self.app.push_screen_wait(QuestionScreen(about_closing(session))) != "yes":
            return
        self._keep_draft()
        self._stop(session)
        self.deck.close(session)
        self._bind()
        if session.draft.strip() or session.transcript.entries:
            self.notify(f"Closed {session.name}. {ACTIONS['reopen'].shown} brings it back.")
        await self._put_away(session)
