"""Following the sessions of other programs: a tab each as long as they are active, whichever process carries them."""

from contextlib import suppress
from typing import TYPE_CHECKING

from textual import on, work
from textual.widgets import OptionList

from burn_tui.core.errors import LedgerError
from burn_tui.core.inspection import Which
from burn_tui.core.usage import AttemptOpened
from burn_tui.engine.beat import beat
from burn_tui.tui.conversation_keys import CONVERSATION_ACTIONS
from burn_tui.tui.screens.reporting import Reporting
from burn_tui.tui.screens.tabs import ONLY_WATCHED, Tabs
from burn_tui.tui.screens.watched import Watched, WatchedPane

if TYPE_CHECKING:
    from burn_tui.engine.foreign_sessions import ForeignSession

BRISK_S = 0.15
"""Between two looks while somebody calls or did so lately: a red lamp may not outlive its call by 200 ms."""

CALM_S = 1.0
"""Between two looks while nobody does."""

_LATELY_S = 60.0

_DAY_S = 86_400.0


_OF_OWN_SESSIONS = {action.handler.partition("(")[0] for action in CONVERSATION_ACTIONS} - {"go_to_tab"} | {
    "choose_provider",
    "close_session",
    "duplicate_session",
    "edit",
    "move_session",
    "rename_session",
    "toggle_privacy",
}
"""What cannot be done with a session that is only watched."""


class Watching(Tabs, Reporting):
    """A look without news costs one tiny query."""

    def on_mount(self) -> None:
        """Look from the first frame on."""
        self.call_after_refresh(self._follow)

    def _bind(self) -> None:
        super()._bind()
        if self.deck.watched is not None:
            self._show_watched()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is meant for a session of the dashboard does nothing here, and says so."""
        if self.deck.watched is not None and action in _OF_OWN_SESSIONS:
            self.call_later(self.notify, ONLY_WATCHED, severity="warning")
            return False
        return super().check_action(action, parameters)

    def _is_lively(self) -> bool:
        now = self._runtime.clock.now()
        return any(seen.is_calling or now - seen.last_at < _LATELY_S for seen in self.deck.foreign)

    @work(group="following")
    async def _follow(self) -> None:
        while True:
            with suppress(LedgerError):  # the panels, which ask the same file, tell of it
                await self._look_beyond()
            await beat(BRISK_S if self._is_lively() else CALM_S)

    async def _look_beyond(self) -> None:
        """At what other programs do, once."""
        found = await self._runtime.foreign.look(self._runtime.clock.now())
        if self.deck.follow(found):
            self._refresh()
            await self._show_attempts()

    async def _show_attempts(self) -> None:
        """Of the session on screen."""
        seen = self.deck.watched
        if seen is None:
            return
        attempts = tuple(await self._runtime.foreign.attempts(seen.name))
        if self.deck.watched is not None and self.deck.watched.name == seen.name and self.is_mounted:
            self.query_one(WatchedPane).show(Watched(seen, attempts))

    @work(group="watching", exclusive=True)
    async def _show_watched(self) -> None:
        """Read what stands in the tab that was gone to."""
        try:
            await self._show_attempts()
        except LedgerError as error:
            self._warn(str(error))

    @on(OptionList.OptionSelected, "WatchedPane Listing")
    def action_inspect_attempt(self) -> None:
        """Everything about the request of the marked attempt."""
        from burn_tui.tui.screens.inspector import InspectorScreen  # noqa: PLC0415 - not needed to paint

        marked = self.query_one(WatchedPane).marked
        if marked is None or self.deck.watched is None:
            self.app.bell()
        elif isinstance(marked, AttemptOpened):
            self.notify("It is still being answered.")
        else:
            self.app.push_screen(InspectorScreen(self._desk(), marked.opened.request_id))

    def action_list_requests(self) -> None:
        """The costliest of the session on screen."""
        from burn_tui.tui.screens.requests import RequestsScreen  # noqa: PLC0415 - not needed to paint

        seen = self.deck.watched
        if seen is None:
            return
        now = self._runtime.clock.now()
        which = Which(since=now - _DAY_S, until=now + 1, session_id=seen.name)
        self.app.push_screen(RequestsScreen(self._desk(), which, _called(seen)))

    def action_show_report(self, name: str) -> None:
        """The report of that name; of a watched session, its latest request."""
        if name == "request" and self.deck.watched is not None:
            self.query_one(WatchedPane).listing.highlighted = 0
            self.action_inspect_attempt()
        else:
            super().action_show_report(name)

    def action_show_gateway(self) -> None:
        """Start the gateway if none runs, and show how it stands."""
        from burn_tui.tui.screens.gateway import GatewayScreen  # noqa: PLC0415 - not needed to paint

        self.app.push_screen(GatewayScreen(self._runtime))

    def action_stop_watching(self) -> None:
        """Back to the session that was on screen before."""
        self.deck.stop_watching()
        self._bind()

    def action_dismiss_watched(self) -> None:
        """Close the tab."""
        seen = self.deck.watched
        if seen is not None:
            self.deck.dismiss(self.deck.shown_position)
            self._bind()
            self.notify(f"{seen.name} goes on without a tab.")


def _called(seen: "ForeignSession") -> str:
    return f"What {seen.name} asked within a day, the costliest first."
