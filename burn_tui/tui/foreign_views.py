"""What is shown of a session of another program: its tab, its line below the tabs, its figures. Pure."""

from typing import TYPE_CHECKING

from msgspec import Struct

from burn_tui.core.environment import Environment, unknown
from burn_tui.tui import format as fmt
from burn_tui.tui.badges import badge
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.sessions import Row
from burn_tui.tui.theme import Palette
from burn_tui.tui.widgets.session_tabs import Tab
from burn_tui.tui.widgets.status_line import Status

if TYPE_CHECKING:
    from burn_tui.engine.foreign_sessions import ForeignSession
    from burn_tui.engine.runtime import Runtime

CLIENT, LOG = "⇄", "≡"
"""The glyphs of what is watched: a client of the gateway, a tool whose log is read."""

_QUIET_S = 5.0
"""After a call before a session is called quiet."""


class Look(Struct, frozen=True):
    """How things are drawn."""

    palette: Palette
    by_provider: bool
    now: float
    """Seconds since the epoch."""


def place_of(seen: "ForeignSession", runtime: "Runtime") -> Environment:
    """Its environment as the settings have it; one that they do not have is unknown, and so the most dangerous."""
    place = runtime.environment(seen.environment)
    return place if place.name == seen.environment else unknown(seen.environment)


def kind_of(seen: "ForeignSession") -> tuple[str, str]:
    """Glyph and words."""
    if seen.source == "gateway":
        return CLIENT, "client of the gateway"
    return LOG, f"read from the log of {seen.source}"


def colour_of(seen: "ForeignSession", place: Environment, look: Look) -> str:
    """As of any other session."""
    if not look.by_provider:
        return look.palette.environment(place.hue)
    route = seen.last_route
    return look.palette.provider(route.provider_name) if route else look.palette.environment("grey")


def tab(seen: "ForeignSession", place: Environment, look: Look) -> Tab:
    """In the row of tabs."""
    return Tab(
        badge=badge(place),
        name=legible(seen.name),
        colour=colour_of(seen, place, look),
        is_calling=seen.is_calling,
        has_unseen_fallback=False,
        kind=kind_of(seen)[0],
    )


def row(seen: "ForeignSession", shown: Tab, now: float) -> Row:
    """In the list of sessions."""
    burning = f"{fmt.money(round(seen.nanousd_per_minute))}/min, {fmt.money(seen.cost_nanousd)} in all"
    served_by = f"{seen.last_route or 'nobody was asked'}  {burning}"
    return Row(tab=shown, served_by=served_by, state=state_of(seen, now)[0], draft="")


def status(seen: "ForeignSession", place: Environment, look: Look, spent: tuple[str, ...]) -> Status:
    """The line below the tabs. `spent`: today's spending, as for any other session."""
    state, short_state = state_of(seen, look.now)
    return Status(
        badge=badge(place),
        colour=colour_of(seen, place, look),
        served_by=str(seen.last_route or ""),
        state=state,
        short_state=short_state,
        is_calling=seen.is_calling,
        calling_colour=look.palette.calling,
        spent=spent,
        note=f"{kind_of(seen)[1]}, only watched",
    )


def state_of(seen: "ForeignSession", now: float) -> tuple[str, str]:
    """What it does, in words, and shorter."""
    if seen.is_calling:
        words = "calling" if seen.in_flight == 1 else f"{seen.in_flight} calls"
        return words, words
    quiet_s = now - seen.last_at
    if quiet_s < _QUIET_S:
        return "just answered", "answered"
    quiet = fmt.countdown(quiet_s)
    return f"quiet for {quiet}", "quiet"


def figures(seen: "ForeignSession") -> list[tuple[str, str, str]]:
    """Label, figure and style of each."""
    unpriced = f" and {seen.unpriced} without a price" if seen.unpriced else ""
    found = [
        ("now", f"{fmt.money(round(seen.nanousd_per_minute))}/min", "bold"),
        ("cost", f"{fmt.money(seen.cost_nanousd)}{unpriced}", "bold"),
        ("requests", f"{seen.requests:,}", "$foreground"),
        ("tokens", fmt.tokens(seen.tokens), "$foreground"),
        ("errors", f"{seen.errors:,}", "bold $text-error" if seen.errors else "$foreground"),
        ("last route", str(seen.last_route or "nobody was asked"), "$foreground"),
    ]
    if seen.fell_back_from is not None:
        found.append(("fell back from", seen.fell_back_from, "bold $text-warning"))
    if seen.project is not None:
        found.append(("project", seen.project, "$foreground"))
    return found
