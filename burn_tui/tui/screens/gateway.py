"""The gateway for other programs: whether it runs, where, and what a client of it needs."""

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from burn_tui.core.errors import BurnError
from burn_tui.tui.actions import actions_of, bindings
from burn_tui.tui.widgets.drawn import Drawn
from burn_tui.tui.widgets.key_line import KeyLine
from burn_tui.tui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime

AGAIN_S = 0.5
"""Between two looks."""

_LABEL_CELLS = 11

_OUTLIVES = "It is a process of its own: it goes on when this dashboard ends."
_ENDS_WITH_IT = "It asks simulated providers only, and it ends with this demo."

_ROOMY_CELLS = 52
"""Below it an address with its variable does not fit into a line."""


class Standing(Struct, frozen=True, kw_only=True):
    """How it stands."""

    state: str
    style: str
    url: str | None
    """None = it does not run."""
    tokens: int
    sessions: int
    """Active ones of its clients."""
    secret: str | None = None
    """A token that may be shown; None = none may."""
    outlives: bool = True
    """Whether it goes on when the dashboard ends."""
    trouble: str = ""
    """Why it did not start or end; "" = nothing went wrong."""


class GatewayScreen(ModalScreen[None]):
    """Starts it when it is opened, unless one runs; the key that opened it ends it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("gateway")

    def __init__(self, runtime: "Runtime") -> None:
        super().__init__()
        self._runtime = runtime
        self._doing = ""
        """What is under way, in a word; "" = nothing."""
        self._trouble = ""

    def compose(self) -> ComposeResult:
        """A framed page."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = "Gateway"
            with VerticalScroll():
                yield GatewayPage()
            yield KeyLine(max_lines=2)
        yield TooSmall()

    def on_mount(self) -> None:
        """Start it now."""
        self.query_one(KeyLine).show(tuple(actions_of("gateway")))
        gateway = self._runtime.gateway
        if gateway is not None and gateway.running() is None:
            self.action_start_or_end()
        self._look()
        self.set_interval(AGAIN_S, self._look)

    @work(group="toggle", exclusive=True)
    async def action_start_or_end(self) -> None:
        """End the one that runs, else start one."""
        gateway = self._runtime.gateway
        if gateway is None or self._doing:
            self.app.bell()
            return
        is_running = gateway.running() is not None
        self._doing, self._trouble = "ending, once its answers are finished" if is_running else "starting", ""
        self._look()
        try:
            await (gateway.stop() if is_running else gateway.start())
        except BurnError as error:
            self._trouble = str(error)
        if not is_running or self._trouble:
            self._doing = ""
        self._look()

    def _look(self) -> None:
        if self.is_mounted:
            self.query_one(GatewayPage).show(self._standing())

    def _standing(self) -> Standing:
        gateway = self._runtime.gateway
        sessions = sum(seen.source == "gateway" for seen in self._runtime.foreign.latest)
        if gateway is None:
            state = "None can be started from here. In another terminal: burn-tui gateway"
            return Standing(state=state, style="$foreground", url=None, tokens=0, sessions=sessions)
        running = gateway.running()
        if running is None and self._doing.startswith("ending"):
            self._doing = ""
        if self._doing:
            state, style = f"{self._doing}…", "bold $text-warning"
        elif running is None:
            state, style = "not running", "bold $text-error"
        else:
            own = "started here" if gateway.is_own(running) else "it ran already, so this one is used"
            state, style = f"running, {own}", "bold $text-success"
        url = running.url if running else None
        return Standing(
            state=state,
            style=style,
            url=url,
            tokens=gateway.tokens(),
            sessions=sessions,
            secret=gateway.secret,
            outlives=gateway.outlives,
            trouble=self._trouble,
        )

    def action_cancel(self) -> None:
        """Back to the dashboard."""
        self.dismiss(None)


class GatewayPage(Drawn[Standing]):
    """Addresses and hints, each on lines of its own, so that they can be selected."""

    def draw(self, view: Standing, width: int) -> Content:
        """From the state to what to do next."""
        lines = [("state", view.state, view.style)]
        if view.trouble:
            lines.append(("trouble", view.trouble, "$text-error"))
        if view.url is not None:
            lines.append(("address", view.url, "bold"))
        if view.url is not None and width >= _ROOMY_CELLS:
            lines += [
                ("OpenAI", f"OPENAI_BASE_URL={view.url}/v1", "$foreground"),
                ("Anthropic", f"ANTHROPIC_BASE_URL={view.url}", "$foreground"),
                ("Google", f"GOOGLE_GEMINI_BASE_URL={view.url}", "$foreground"),
            ]
        if view.url is not None and view.secret is not None:
            lines.append(("key", view.secret, "$foreground"))
        elif view.url is not None:
            lines.append(("key", _about_tokens(view.tokens), "$foreground"))
            lines.append(("or simply", "burn-tui run -- COMMAND sets all of it", "$foreground"))
        if view.url is not None:
            lines.append(("sessions", _about_sessions(view.sessions), "$foreground"))
        lines.append(("", _OUTLIVES if view.outlives else _ENDS_WITH_IT, "$foreground-muted"))
        return Content("\n").join(line for row in lines for line in _row(*row, width))


def _about_tokens(count: int) -> str:
    made = "no token yet" if not count else f"{count} token{'' if count == 1 else 's'} made"
    return f"{made}; a new one: burn-tui gateway token --label NAME"


def _about_sessions(count: int) -> str:
    return f"{count} active, a tab each" if count else "none yet; each client becomes a tab"


def _row(label: str, text: str, style: str, width: int) -> list[Content]:
    wrapped = Content.styled(text, style).wrap(max(width - _LABEL_CELLS, 1))
    return [
        Content.assemble((label if not at else "", "$foreground-muted")).pad_right(
            _LABEL_CELLS - (len(label) if not at else 0)
        )
        + line.rstrip()
        for at, line in enumerate(wrapped)
    ]
