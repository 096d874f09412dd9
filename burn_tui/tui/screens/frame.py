"""What stands where on the dashboard, and how it is kept up to date."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import structs
from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.css.types import EdgeType
from textual.screen import Screen
from textual.widgets import Static

from burn_tui.core.alerts import Told
from burn_tui.core.environment import Environment
from burn_tui.core.errors import BurnError
from burn_tui.engine.beat import beat
from burn_tui.tui import foreign_views, views
from burn_tui.tui.action import Action, Place
from burn_tui.tui.actions import ACTIONS
from burn_tui.tui.deck import Deck
from burn_tui.tui.dressing import DressedApp
from burn_tui.tui.panels import PANELS
from burn_tui.tui.panels.panel import Panel, PanelFacts
from burn_tui.tui.screens.burn import BurnScreen
from burn_tui.tui.screens.watched import WatchedPane
from burn_tui.tui.telling import News, headline
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.alert import AlertBand
from burn_tui.tui.widgets.completions import Completions
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.prompt import Prompt
from burn_tui.tui.widgets.route_line import RouteLine
from burn_tui.tui.widgets.session_tabs import SessionTabs, Tabs
from burn_tui.tui.widgets.status_line import Status, StatusLine
from burn_tui.tui.widgets.too_small import TooSmall
from burn_tui.tui.widgets.transcript_reader import TranscriptReader
from burn_tui.tui.widgets.transcript_view import TranscriptView
from burn_tui.tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from burn_tui.engine.conversations import Kept
    from burn_tui.engine.foreign_sessions import ForeignSession
    from burn_tui.engine.runtime import Runtime

PREVIEW_DELAY_S = 0.1
"""After the last key before the route line is worked out again."""

FRAMED_WIDTH = 80
"""Columns from which the session has a frame: below, every column is needed for text."""

RULED_HEIGHT = 12
"""Rows from which a line stands between conversation and prompt."""

_BEFORE_ANSWERS = 3
"""Keys that are worth more than the one that leads to the answers."""

_NEVER_LEFT_OUT = ("help", "quit")
"""Where there is room for a few keys only: the way to all others, and the way out."""

TICK_S = 1.0
"""Between two looks at the ledger and the breakers."""


class Frame(Screen[None]):
    """Tabs, the one session view that is re-bound when the tab changes, and the panels."""

    AUTO_FOCUS = "Prompt"

    def __init__(self, runtime: "Runtime", palette: Palette, tabs_of_last_time: "Sequence[Kept]" = ()) -> None:
        super().__init__()
        self.deck = Deck(runtime, tabs_of_last_time)
        self._runtime = runtime
        self._palette = palette
        self._facts: PanelFacts | None = None
        """The latest figures; None until the ledger was read."""
        self._drawn_frame: object = None
        """Border of the session and rule above the prompt, as they are on screen."""
        self._is_by_provider = False
        self._is_looking = False
        self._news = News()
        self._gateway_address = ""
        """Host and port; "" = it does not run."""

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
                yield TranscriptReader(id="transcript")
                yield AlertBand("notice", id="notice")
                yield AlertBand("fallback", id="fallback")
                yield Completions(id="completions")
                with Horizontal(id="asking"):
                    yield Static("❯ ", id="sign")
                    yield Prompt(id="prompt")
                yield RouteLine(id="route")
            yield WatchedPane(id="watched")
            with Vertical(id="column"):
                for panel in PANELS:
                    yield panel("full")
        yield KeyLine(id="keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Show the first session; look at the ledger now and from then on."""
        self._preview_timer = self.set_interval(PREVIEW_DELAY_S, self._show_route, pause=True)
        prompt = self.query_one(Prompt)
        prompt.completions = self.query_one(Completions)
        prompt.candidates = lambda text: views.candidates(
            text, self._runtime.router, self.deck.active, self._runtime.prompts.file_names
        )
        prompt.sent_before = lambda: views.history(self.deck)
        self._bind()
        # The dashboard stands before its first figures: the ledger is asked behind the first frame.
        self.call_after_refresh(self._keep_up)
        self._count_on()

    def dress(self, palette: Palette) -> None:
        """Use the colours of another theme."""
        self._palette = palette
        self._refresh()

    def _bind(self) -> None:
        """Put the active session into the one view there is."""
        session = self.deck.active
        if self.deck.watched is None:
            self.deck.unread.discard(session.id)
            self.query_one(TranscriptView).bind(session.transcript)
            self.query_one(Prompt).put(session.id, session.draft)
        self._show_pane()
        self._refresh()

    def _show_pane(self) -> None:
        """The conversation, or what another program does."""
        pane, is_watching = self.query_one(WatchedPane), self.deck.watched is not None
        if pane.display != is_watching:
            pane.display, self.query_one("#session").display = is_watching, not is_watching
            (pane.listing if is_watching else self.query_one(Prompt)).focus()

    def _refresh(self) -> None:
        """Everything about sessions but the text of the conversation. What did not change is not painted."""
        if not self.is_running:
            return  # at the end the parts of a screen go before its workers do
        session = self.deck.active
        is_empty = not session.transcript.entries
        self.query_one(Welcome).display = is_empty
        self.query_one(TranscriptView).display = not is_empty
        self.query_one(Welcome).show(views.start(self._runtime, self._palette))
        self.query_one("#fallback", AlertBand).show(views.fallback(session.transcript, is_busy=session.is_busy))
        self.query_one("#notice", AlertBand).show(views.notice(self._runtime.notices, is_busy=session.is_busy))
        self._show_keys()
        self._show_tabs()
        self._show_route()

    @on(events.DescendantFocus)
    def _show_keys(self) -> None:
        place: Place = "conversation" if isinstance(self.focused, TranscriptView) else "dashboard"
        if self.deck.watched is not None:
            self.query_one(KeyLine).show(_footer("watched session", is_busy=False))
        else:
            session = self.deck.active
            is_narrow = self.app.size.width < FRAMED_WIDTH
            has_text = bool(session.transcript.entries)
            self.query_one(KeyLine).show(
                _footer(place, is_busy=session.is_busy, has_text=has_text, is_narrow=is_narrow)
            )

    def _show_tabs(self) -> None:
        if not self.is_running:
            return
        tabs = self._tabs(self._runtime.label)
        self.query_one(SessionTabs).show(tabs)
        self.query_one(StatusLine).show(self._status())
        shown = tabs.tabs[tabs.active]
        self._frame(shown.colour)
        if isinstance(self.app, DressedApp):
            self.app.mark(str(shown.badge), shown.colour)

    def _tabs(self, label: str | None) -> Tabs:
        foreign = [foreign_views.tab(seen, self._place(seen), self._look_of()) for seen in self.deck.foreign]
        return views.tabs(self.deck, self._palette, by_provider=self._is_by_provider, label=label, foreign=foreign)

    def _status(self) -> Status:
        burn = self._facts.burn if self._facts else None
        if (seen := self.deck.watched) is not None:
            return foreign_views.status(seen, self._place(seen), self._look_of(), views.spent(burn))
        session, now = self.deck.active, self._runtime.clock.now()
        status = views.status(session, self._palette, by_provider=self._is_by_provider, burn=burn, now=now)
        return structs.replace(status, gateway=self._gateway_address)

    def _place(self, seen: "ForeignSession") -> Environment:
        return foreign_views.place_of(seen, self._runtime)

    def _look_of(self) -> foreign_views.Look:
        return foreign_views.Look(self._palette, self._is_by_provider, self._runtime.clock.now())

    def _frame(self, colour: str) -> None:
        """Round the session where there is room, above the prompt nearly everywhere."""
        size = self.app.size
        frame: tuple[EdgeType, str] = ("round" if size.width >= FRAMED_WIDTH else "none", colour)
        rule: tuple[EdgeType, str] = ("solid" if size.height >= RULED_HEIGHT else "none", colour)
        # Textual paints a border anew even if it is set to what it was.
        if (frame, rule) != self._drawn_frame:
            self._drawn_frame = (frame, rule)
            self.query_one("#session").styles.border = frame
            self.query_one(WatchedPane).styles.border = frame
            self.query_one("#asking").styles.border_top = rule
            self.query_one("#sign").styles.color = colour

    def on_resize(self) -> None:
        """Frame and footer depend on the width."""
        self._show_tabs()
        self._show_keys()

    def _show_route(self) -> None:
        self._preview_timer.pause()
        if self.deck.watched is not None:
            return
        session, burn = self.deck.active, self._facts.burn if self._facts else None
        if offered := self.query_one(Prompt).offered:
            self.query_one(RouteLine).show(views.completing(offered))
            return
        addressed = views.names(self._runtime.router, session).addressed(session.draft)
        preview = session.preview(addressed.text, requested=addressed.requested)
        self.query_one(RouteLine).show(views.route(session, addressed, preview, burn, self._runtime.clock.now()))

    # --- what it burns ---------------------------------------------------------------------------

    @work(group="keeping up")
    async def _keep_up(self) -> None:
        """The figures, from now on. One worker for all looks: to start one costs more than most looks do."""
        while True:
            await self._look()
            await beat(TICK_S)

    @work(group="counting on")
    async def _count_on(self) -> None:
        """What counts seconds goes on while the ledger lets the figures wait."""
        while True:
            await beat(TICK_S)
            if self.deck.active.is_busy or self.deck.watched is not None:
                self._show_tabs()

    def _tick(self) -> None:
        """Look out of turn."""
        self.run_worker(self._look(), group="looking out of turn")

    async def _look(self) -> None:
        """Read the ledger and the breakers, once."""
        if self._is_looking:
            return
        self._is_looking = True
        gateway = self._runtime.gateway
        running = gateway.running() if gateway else None
        self._gateway_address = running.url.partition("://")[2] if running else ""
        try:
            burn = await self._runtime.burn()
        except BurnError as error:
            self._warn(str(error))
            return
        finally:
            self._is_looking = False
        if not self.is_running:
            return
        self._facts = PanelFacts(burn=burn, health=views.health(self._runtime.router, self._palette))
        for panel in self.query(Panel):
            panel.show(self._facts)
        if isinstance(self.app.screen, BurnScreen):
            self.app.screen.show(self._facts)
        self._tell(self._news.among(burn.told))
        self._refresh()

    def _tell(self, news: list[Told]) -> None:
        """A band for each that stays until it is dismissed, and one toast where that leaves the prompt in sight."""
        for told in news:
            # The latest first, because that is where the key leads.
            self._runtime.notices.insert(0, f"{headline(told.what)} {ACTIONS['cause'].shown} shows the requests.")
        if news and self.app.size.width >= FRAMED_WIDTH:
            others = f" And {len(news) - 1} more." if len(news) > 1 else ""
            self.notify(f"{headline(news[-1].what)}{others}", severity="warning")

    def _warn(self, problem: str) -> None:
        """Let a problem stand above the prompt until it is dismissed."""
        if problem not in self._runtime.notices:
            self._runtime.notices.append(problem)
        self._refresh()


def _footer(place: Place, *, is_busy: bool, has_text: bool = False, is_narrow: bool = False) -> tuple[Action, ...]:
    shown = [action for action in ACTIONS.values() if action.place == place and action.in_footer]
    if has_text and place == "dashboard":
        shown.insert(_BEFORE_ANSWERS, ACTIONS["to-conversation"])
    if is_narrow:
        shown.sort(key=lambda action: action.id not in _NEVER_LEFT_OUT)
    return (ACTIONS["stop"], *shown) if is_busy else tuple(shown)
