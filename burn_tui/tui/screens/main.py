"""The dashboard: tabs, one session view that is re-bound when the tab changes, prompt, and the burn panels."""

from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.css.types import EdgeType
from textual.screen import Screen
from textual.widgets import Static, TextArea

from burn_tui.core.errors import BurnError
from burn_tui.core.events import Confirmation, ReasoningDelta, Refused, RequestFinished, TextDelta
from burn_tui.core.transcript import Answer
from burn_tui.tui import views
from burn_tui.tui.actions import ACTIONS, Action, bindings
from burn_tui.tui.deck import Deck
from burn_tui.tui.messages import Dismissed, PromptSubmitted, RouterSaid, SendEnded, TabChosen
from burn_tui.tui.panels import PANELS
from burn_tui.tui.panels.panel import Panel, PanelFacts
from burn_tui.tui.screens.burn import BurnScreen
from burn_tui.tui.screens.choose_provider import ChooseProviderScreen, Chosen, choices
from burn_tui.tui.screens.help import HelpScreen
from burn_tui.tui.screens.name_session import NameSessionScreen
from burn_tui.tui.screens.question import QuestionScreen, about_closing, about_paid_call
from burn_tui.tui.screens.sessions import SessionsScreen, Wish
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.alert import AlertBand
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.prompt import Prompt
from burn_tui.tui.widgets.route_line import RouteLine
from burn_tui.tui.widgets.session_tabs import SessionTabs
from burn_tui.tui.widgets.status_line import StatusLine
from burn_tui.tui.widgets.too_small import TooSmall
from burn_tui.tui.widgets.transcript_view import TranscriptView
from burn_tui.tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.session import Session

PREVIEW_DELAY_S = 0.1
"""After the last key before the route line is worked out again."""

FRAMED_WIDTH = 80
"""Columns from which the session has a frame: below, every column is needed for text."""

RULED_HEIGHT = 12
"""Rows from which a line stands between conversation and prompt."""

TICK_S = 1.0
"""Between two looks at the ledger and the breakers."""


class MainScreen(Screen[None]):
    """Shows what the engine says and passes on what the person does."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dashboard"), *bindings("conversation")]
    AUTO_FOCUS = "Prompt"

    def __init__(self, runtime: "Runtime", palette: Palette, *, draft: str = "") -> None:
        super().__init__()
        self.deck = Deck(runtime)
        self.deck.active.draft = draft
        self._runtime = runtime
        self._palette = palette
        self._facts: PanelFacts | None = None
        """The latest figures; None until the ledger was read."""
        self._drawn_frame: object = None
        """Border of the session and rule above the prompt, as they are on screen."""
        self._is_by_provider = False
        self._is_looking = False

    # --- what stands where -----------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Two forms of the panels are there; the width decides which is shown."""
        yield SessionTabs(id="tabs")
        yield StatusLine(id="status")
        with Horizontal(id="strip"):
            for panel in PANELS:
                yield panel("strip")
        with Horizontal(id="body"):
            with Vertical(id="session"):
                yield Welcome(id="welcome")
                yield TranscriptView(id="transcript")
                yield AlertBand("notice", id="notice")
                yield AlertBand("fallback", id="fallback")
                with Horizontal(id="asking"):
                    yield Static("❯ ", id="sign")
                    yield Prompt(id="prompt")
                yield RouteLine(id="route")
            with Vertical(id="column"):
                for panel in PANELS:
                    yield panel("full")
        yield KeyLine(id="keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Show the first session; look at the ledger now and from then on."""
        self._preview_timer = self.set_interval(PREVIEW_DELAY_S, self._show_route, pause=True)
        self._bind()
        self._tick()
        self.set_interval(TICK_S, self._tick)

    def dress(self, palette: Palette) -> None:
        """Use the colours of another theme."""
        self._palette = palette
        self._refresh()

    def _bind(self) -> None:
        """Put the active session into the one view there is."""
        session = self.deck.active
        self.query_one(TranscriptView).bind(session.transcript)
        self.query_one(Prompt).put(session.id, session.draft)
        self._refresh()

    def _refresh(self) -> None:
        """Everything about sessions but the text of the conversation. What did not change is not painted."""
        session = self.deck.active
        is_empty = not session.transcript.entries
        self.query_one(Welcome).display = is_empty
        self.query_one(TranscriptView).display = not is_empty
        self.query_one(Welcome).show(views.start(self._runtime, self._palette))
        self.query_one("#fallback", AlertBand).show(views.fallback(session.transcript))
        self.query_one("#notice", AlertBand).show(views.notice(self._runtime.notices))
        self.query_one(KeyLine).show(_footer(is_busy=session.is_busy))
        self._show_tabs()
        self._show_route()

    def _show_tabs(self) -> None:
        session, burn = self.deck.active, self._facts.burn if self._facts else None
        tabs = views.tabs(self.deck, self._palette, by_provider=self._is_by_provider, label=self._runtime.label)
        now = self._runtime.clock.now()
        self.query_one(SessionTabs).show(tabs)
        self.query_one(StatusLine).show(
            views.status(session, self._palette, by_provider=self._is_by_provider, burn=burn, now=now)
        )
        self._frame(tabs.tabs[tabs.active].colour)

    def _frame(self, colour: str) -> None:
        """Round the session where there is room, above the prompt nearly everywhere."""
        size = self.app.size
        frame: tuple[EdgeType, str] = ("round" if size.width >= FRAMED_WIDTH else "none", colour)
        rule: tuple[EdgeType, str] = ("solid" if size.height >= RULED_HEIGHT else "none", colour)
        # Textual paints a border anew even if it is set to what it was.
        if (frame, rule) != self._drawn_frame:
            self._drawn_frame = (frame, rule)
            self.query_one("#session").styles.border = frame
            self.query_one("#asking").styles.border_top = rule
            self.query_one("#sign").styles.color = colour

    def on_resize(self) -> None:
        """The frame depends on the width."""
        self._show_tabs()

    def _show_route(self) -> None:
        self._preview_timer.pause()
        session, burn = self.deck.active, self._facts.burn if self._facts else None
        preview = session.preview(session.draft)
        self.query_one(RouteLine).show(views.route(session, preview, burn, self._runtime.clock.now()))

    # --- what it burns ---------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.deck.active.is_busy:
            self._show_tabs()
        if not self._is_looking:
            self._look()

    @work
    async def _look(self) -> None:
        """Read the ledger and the breakers, once."""
        self._is_looking = True
        try:
            burn = await self._runtime.burn()
        except BurnError as error:
            self._warn(str(error))
            return
        finally:
            self._is_looking = False
        self._facts = PanelFacts(burn=burn, health=views.health(self._runtime.router, self._palette))
        for panel in self.query(Panel):
            panel.show(self._facts)
        if isinstance(self.app.screen, BurnScreen):
            self.app.screen.show(self._facts)
        self._show_tabs()
        self._show_route()

    def _warn(self, problem: str) -> None:
        """Let a problem stand above the prompt until it is dismissed."""
        if problem not in self._runtime.notices:
            self._runtime.notices.append(problem)
        self._refresh()

    # --- asking and answering --------------------------------------------------------------------

    @on(TextArea.Changed, "#prompt")
    def _keep_draft(self) -> None:
        prompt = self.query_one(Prompt)
        if (session := self.deck.find(prompt.owner)) is not None:
            session.draft = prompt.text
        self._preview_timer.reset()
        self._preview_timer.resume()

    @on(PromptSubmitted)
    def _submit(self, message: PromptSubmitted) -> None:
        session = self.deck.find(message.session_id)
        if session is None:
            return
        if session.is_busy:
            self.notify("An answer is still being written. Escape stops it.", severity="warning")
            return
        self._send(session, message.text, confirmed=False)

    def _send(self, session: "Session", text: str, *, confirmed: bool) -> None:
        self._put_draft(session, "")
        self.run_worker(self._deliver(session, text, confirmed=confirmed), group=_group(session))

    async def _deliver(self, session: "Session", text: str, *, confirmed: bool) -> None:
        """Post what the router says, then that it has ended, however it did."""
        last: Refused | RequestFinished | None = None
        problem = ""
        try:
            async with aclosing(session.send(text, confirmed=confirmed)) as events:
                async for event in events:
                    if isinstance(event, Refused) or (isinstance(event, RequestFinished) and last is None):
                        last = event
                    self.post_message(RouterSaid(session.id, event))
        except BurnError as error:
            problem = str(error)
        finally:
            self.post_message(SendEnded(session.id, text, last=last, problem=problem))

    @on(RouterSaid)
    def _hear(self, message: RouterSaid) -> None:
        if message.session_id == self.deck.active.id:
            self.query_one(TranscriptView).notice_change()
        if not isinstance(message.event, TextDelta | ReasoningDelta):
            self._refresh()

    @on(SendEnded)
    def _settle(self, message: SendEnded) -> None:
        """A prompt that nobody answered goes back to where it was typed."""
        self._tick()
        if message.problem:
            self._warn(message.problem)
        session = self.deck.find(message.session_id)
        if session is None:
            return
        is_free_to_ask = self.app.screen is self and session is self.deck.active and not session.draft
        if _is_unanswered(session, message):
            self._give_back(session, message.prompt, is_withdrawn=isinstance(message.last, Refused))
        self._refresh()
        if session is self.deck.active:
            self.query_one(TranscriptView).notice_change()
        if isinstance(message.last, Refused) and message.last.confirmation is not None:
            # A dialog that opened while the person types elsewhere would take the next letter for its answer.
            if is_free_to_ask:
                self._ask_to_pay(session, message.last.confirmation)
            else:
                self.notify(f"{session.name} asks before paid calls. Its prompt waits unsent.", severity="warning")

    def _give_back(self, session: "Session", prompt: str, *, is_withdrawn: bool) -> None:
        if not session.draft.strip():
            self._put_draft(session, prompt)
        elif is_withdrawn:
            self._put_draft(session, f"{prompt}\n\n{session.draft}")

    def _put_draft(self, session: "Session", text: str) -> None:
        session.draft = text
        if session is self.deck.active:
            self.query_one(Prompt).put(session.id, text)

    @work
    async def _ask_to_pay(self, session: "Session", asked: Confirmation) -> None:
        colour = self._palette.environment(session.environment.hue)
        if await self.app.push_screen_wait(QuestionScreen(about_paid_call(asked, session), colour=colour)):
            self._send(session, session.draft, confirmed=True)

    def action_stop(self) -> None:
        """The running answer; else the banner, else the notice."""
        session = self.deck.active
        if session.is_busy:
            self.workers.cancel_group(self, _group(session))
        elif session.transcript.unseen_fallbacks:
            self._dismiss(Dismissed("fallback"))
        elif self._runtime.notices:
            self._dismiss(Dismissed("notice"))
        else:
            self.query_one(Prompt).focus()

    def action_dismiss_banner(self) -> None:
        """The banner."""
        self._dismiss(Dismissed("fallback"))

    @on(Dismissed)
    def _dismiss(self, message: Dismissed) -> None:
        if message.what == "fallback":
            self.deck.active.transcript.dismiss_fallbacks()
        else:
            del self._runtime.notices[:1]
        self._refresh()

    @on(Prompt.ScrollWanted)
    def _scroll(self, message: Prompt.ScrollWanted) -> None:
        transcript = self.query_one(TranscriptView)
        transcript.scroll_relative(y=message.pages * max(transcript.size.height - 1, 1), animate=False)

    # --- sessions --------------------------------------------------------------------------------

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

    def action_help(self) -> None:
        """Every key."""
        self.app.push_screen(HelpScreen())

    def action_show_burn(self) -> None:
        """The panels on the whole screen."""
        self.app.push_screen(BurnScreen(self._facts))

    def action_toggle_colours(self) -> None:
        """Tabs by environment or by provider."""
        self._is_by_provider = not self._is_by_provider
        self._refresh()

    def action_choose_provider(self) -> None:
        """The list of who could serve this session."""
        session = self.deck.active

        def take(chosen: Chosen | None) -> None:
            if chosen is not None:
                session.requested = chosen.requested
                self._refresh()

        offered = choices(self._runtime.router, session.environment)
        self.app.push_screen(ChooseProviderScreen(offered, current=session.requested, palette=self._palette), take)

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
        if lost and not await self.app.push_screen_wait(QuestionScreen(about_closing(session, lost))):
            return
        self.workers.cancel_group(self, _group(session))
        self.deck.close(session)
        self._bind()


def _group(session: "Session") -> str:
    return f"send-{session.id}"


def _footer(*, is_busy: bool) -> tuple[Action, ...]:
    shown = tuple(action for action in ACTIONS.values() if action.place == "dashboard" and action.in_footer)
    return (ACTIONS["stop"], *shown) if is_busy else shown


def _is_unanswered(session: "Session", ended: SendEnded) -> bool:
    """A stopped answer of which some text came is an answer; one that was cut by its provider is not."""
    match ended.last:
        case RequestFinished(served=served):
            return served is None
        case Refused():
            return True
        case None:
            return bool(ended.problem) or not _has_text(session)


def _has_text(session: "Session") -> bool:
    last = session.transcript.entries[-1] if session.transcript.entries else None
    return isinstance(last, Answer) and bool(last.text)
