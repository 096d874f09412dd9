"""Going back to what was said: searching all sessions, and taking up those of the past."""

from typing import TYPE_CHECKING

from textual import work

from burn_tui.core.errors import LedgerError
from burn_tui.tui import views
from burn_tui.tui.screens.past import PastScreen, PastWish
from burn_tui.tui.screens.question import QuestionScreen, about_erasing
from burn_tui.tui.screens.search import Hit, SearchScreen
from burn_tui.tui.screens.tabs import Tabs
from burn_tui.tui.widgets.transcript_view import TranscriptView

if TYPE_CHECKING:
    from burn_tui.engine.session import Session


class Finding(Tabs):
    """Open sessions are searched as they are now, those of the past as they were kept."""

    @work
    async def action_search(self) -> None:
        """Every session by its words."""
        await self._search()

    @work
    async def action_list_past(self) -> None:
        """Stay in the list until the person leaves it or takes up a session."""
        try:
            while (wish := await self._wish_from_the_past()) is not None:
                match wish.what:
                    case "open":
                        await self._take_up(wish.session_id)
                        return
                    case "search":
                        await self._search()
                        return
                    case "erase":
                        await self._erase(wish.session_id)
        except LedgerError as error:
            self._warn(str(error))

    async def _wish_from_the_past(self) -> PastWish | None:
        conversations = self._runtime.conversations
        rows = [views.past_row(past, self._runtime, self._palette) for past in await conversations.past()]
        return await self.app.push_screen_wait(PastScreen(rows, is_kept=conversations.keeps_text))

    async def _search(self) -> None:
        hit = await self.app.push_screen_wait(SearchScreen(self._look_for))
        if hit is None:
            return
        session = self.deck.find(hit.session_id) or await self._take_up(hit.session_id)
        if session is not None:
            self._go_to(self.deck.sessions.index(session))
            self.query_one(TranscriptView).show_entry(hit.position)

    async def _look_for(self, words: str) -> list[Hit]:
        try:
            found = await self._runtime.conversations.search(words, among=self.deck.sessions)
        except LedgerError as error:
            self._warn(str(error))
            return []
        return [views.hit(one, self._runtime, self._palette) for one in found]

    async def _take_up(self, session_id: str) -> "Session | None":
        try:
            kept = await self._runtime.conversations.load(session_id)
        except LedgerError as error:
            self._warn(str(error))
            return None
        if kept is None:
            self.notify("That session is gone.", severity="warning")
            return None
        self._keep_draft()
        session = self.deck.open_kept(kept)
        self._bind()
        return session

    async def _erase(self, session_id: str) -> None:
        kept = await self._runtime.conversations.load(session_id)
        if kept is not None and await self.app.push_screen_wait(QuestionScreen(about_erasing(kept))) == "yes":
            self.deck.forget_closed(session_id)
            await self._runtime.conversations.forget(session_id)
