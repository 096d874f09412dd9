"""Versioned prompts on the dashboard: `/prompt NAME variable=value` sends one, and one key shows them all."""

from typing import TYPE_CHECKING

from msgspec import structs
from textual import work

from burn_tui.core.errors import BurnError
from burn_tui.core.prompt_line import COMMAND, Called, called, variables
from burn_tui.core.prompt_rendering import declared
from burn_tui.core.shorthand import Addressed
from burn_tui.tui import views
from burn_tui.tui.messages import Delivery
from burn_tui.tui.screens.asking import Asking
from burn_tui.tui.screens.reporting import Reporting
from burn_tui.tui.widgets.prompt import Prompt
from burn_tui.tui.widgets.route_line import Fact, RouteLine

if TYPE_CHECKING:
    from burn_tui.engine.prompts.library import Prepared
    from burn_tui.engine.session import Session
    from burn_tui.tui.screens.report import Desk


class Prompting(Asking, Reporting):
    """What is typed behind the command is a prompt's name and the values of its variables."""

    def _desk(self) -> "Desk":
        return structs.replace(super()._desk(), call=self.call_prompt)

    def action_show_prompt_comparison(self) -> None:
        """What their versions and models were compared by."""
        from burn_tui.tui.screens.comparison import PromptComparisonScreen  # noqa: PLC0415 - not needed to paint

        self.app.push_screen(PromptComparisonScreen(self._desk()))

    def action_use_prompt(self) -> None:
        """The command stands in the prompt, its name to be typed."""
        self.call_prompt("")

    def call_prompt(self, asked: str) -> None:
        """Let the command stand in the prompt; what was typed before is put behind it."""
        session = self.deck.active
        self._keep_draft()
        self._put_draft(session, f"{COMMAND} {asked}{session.draft}")
        self.query_one(Prompt).focus()

    def _show_route(self) -> None:
        call = called(self.deck.active.draft)
        if call is None or not call.asked or self.deck.watched is not None or self.query_one(Prompt).offered:
            super()._show_route()
            return
        self._preview_timer.pause()
        self._show_route_of(call)

    @work(exclusive=True, group="previewing a prompt")
    async def _show_route_of(self, call: Called) -> None:
        """Which text would go where, or why none."""
        session = self.deck.active
        try:
            facts = await self._facts_of(session, call)
        except BurnError as error:
            facts = (Fact(str(error), tone="attention"),)
        if session is self.deck.active and called(session.draft) == call:
            self.query_one(RouteLine).show(facts)

    async def _facts_of(self, session: "Session", call: Called) -> tuple[Fact, ...]:
        prepared = await self._runtime.prompts.drafted(
            call.asked, await self._variables(session, call), session.environment
        )
        version, label = prepared.chosen.version, prepared.chosen.label
        named = Fact(f"{version.stem} {version.shown}" + (f" ({label})" if label else ""), version.shown)
        burn, now = self._facts.burn if self._facts else None, self._runtime.clock.now()
        preview = session.preview_of(prepared)
        return (named, *views.route(session, Addressed(prepared.question), preview, burn, now))

    def _send(self, session: "Session", prompt: str) -> None:
        if (call := called(prompt)) is None:
            super()._send(session, prompt)
        else:
            self.run_worker(self._send_called(session, call, prompt))

    async def _send_called(self, session: "Session", call: Called, prompt: str) -> None:
        """What is wrong is said before anything is sent, and the words stay where they were typed."""
        try:
            prepared = await self._prepared(session, call)
        except BurnError as error:
            self.notify(str(error), severity="warning")
            return
        if session.is_busy or session not in self.deck.sessions:
            return
        self._dispatch(session, Delivery(text=prepared.question, prompt=prompt, prepared=prepared))

    async def _prepared(self, session: "Session", call: Called) -> "Prepared":
        values = await self._variables(session, call)
        return await self._runtime.prompts.prepare(call.asked, values, session.environment)

    async def _variables(self, session: "Session", call: Called) -> dict[str, object]:
        chosen = await self._runtime.prompts.choose(call.asked, session.environment)
        return variables(call.rest, declared(chosen.version.prompt))
