"""The dashboard: what its keys do. What stands on it, what asking and what sessions are, is told in its bases."""

from typing import ClassVar

from textual import work
from textual.app import SuspendNotSupported
from textual.binding import BindingType

from burn_tui.core.errors import EditorError
from burn_tui.core.lock import LOCKED
from burn_tui.tui import format as fmt
from burn_tui.tui.actions import bindings
from burn_tui.tui.badges import badge
from burn_tui.tui.screens.burn import BurnScreen
from burn_tui.tui.screens.choose_provider import ChooseProviderScreen, Chosen, choices
from burn_tui.tui.screens.classing import Classing
from burn_tui.tui.screens.finding import Finding
from burn_tui.tui.screens.help import HelpScreen
from burn_tui.tui.screens.judging import Judging
from burn_tui.tui.screens.neighbours import NeighboursScreen
from burn_tui.tui.screens.prompting import Prompting
from burn_tui.tui.screens.watching import Watching
from burn_tui.tui.widgets.prompt import Prompt


class MainScreen(Classing, Finding, Judging, Prompting, Watching):
    """Shows what the engine says and passes on what the person does."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dashboard"), *bindings("conversation")]

    def action_help(self) -> None:
        """Every key."""
        self.app.push_screen(HelpScreen())

    def action_show_burn(self) -> None:
        """The panels on the whole screen."""

        async def go_on(action: str | None) -> None:
            if action is not None:
                await self.run_action(action)

        self.app.push_screen(BurnScreen(self._facts), go_on)

    def action_list_neighbours(self) -> None:
        """The panes of tmux beside this one."""
        around = self._runtime.neighbourhood
        self.app.push_screen(NeighboursScreen(around.look, around.go_to, self._palette))

    def action_toggle_colours(self) -> None:
        """Tabs by environment or by provider."""
        self._is_by_provider = not self._is_by_provider
        self._refresh()

    def action_toggle_privacy(self) -> None:
        """Whether anything of this session may leave the machine."""
        session = self.deck.active
        session.privacy = "any" if session.privacy == "local" else "local"
        self._refresh()
        if session.environment.privacy == "local":
            self.notify(f"{session.environment.name} keeps everything on this machine, whatever the session says.")

    def action_lock(self) -> None:
        """Paid calls are asked about again; where they are, the way to unlock them is told."""
        session = self.deck.active
        word = badge(session.environment).word
        if session.lock.is_open(self._runtime.clock.now()):
            session.lock = LOCKED
            self.notify(f"{word} is locked: the next paid call is asked about.")
        elif session.environment.lock:
            left = fmt.countdown(session.environment.unlock_s)
            self.notify(
                f"{word} is locked. Send the prompt: before it is paid for you are asked, and y unlocks {left}."
            )
        else:
            self.notify(f"{word} has no lock. lock: true gives an environment one, in the settings.")
        self._refresh()

    @work
    async def action_edit(self) -> None:
        """The draft, in the person's own editor."""
        session = self.deck.active
        self._keep_draft()
        try:
            # Nothing may be painted meanwhile, although answers go on: the terminal belongs to the editor.
            with self.app.batch_update(), self.app.suspend():
                text = await self._runtime.edited(session.draft)
        except (EditorError, SuspendNotSupported) as error:
            self.notify(str(error) or "This terminal cannot be lent to an editor.", severity="warning")
            return
        self._put_draft(session, text)
        self.query_one(Prompt).focus()

    def action_choose_provider(self) -> None:
        """The list of who could serve this session."""
        session = self.deck.active

        def take(chosen: Chosen | None) -> None:
            if chosen is not None:
                session.requested = chosen.requested
                self._refresh()

        offered = choices(self._runtime.router, session)
        self.app.push_screen(ChooseProviderScreen(offered, current=session.requested, palette=self._palette), take)
