"""The first frame: painted before anything is read or connected, and ready to be typed into."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static

from burn_tui.tui.widgets.prompt import Prompt
from burn_tui.tui.widgets.too_small import TooSmall


class StartingScreen(Screen[None]):
    """Looks like the dashboard without its figures, so that nothing jumps when they come."""

    AUTO_FOCUS = "Prompt"

    def compose(self) -> ComposeResult:
        """The frame, and a prompt whose text is handed on."""
        yield Static(" starting…", id="tabs")
        yield Static("", id="status")
        with Horizontal(id="body"):
            with Vertical(id="session"):
                yield Static("", id="welcome")
                with Horizontal(id="asking"):
                    yield Static("❯ ", id="sign")
                    yield Prompt(id="prompt")
                yield Static("", id="route")
            yield Vertical(id="column")
        yield Static("", id="keys")
        yield TooSmall()

    @property
    def typed(self) -> str:
        """What the person has typed meanwhile."""
        return self.query_one(Prompt).whole_text
