"""What an action is: something that a person can do with a key."""

from typing import Literal

from msgspec import Struct

Place = Literal[
    "dashboard",
    "prompt",
    "conversation",
    "provider list",
    "session list",
    "past list",
    "neighbour list",
    "search",
    "comparison",
    "question",
    "name",
    "reading",
    "burn",
    "report",
    "request",
    "request list",
    "latency",
    "providers",
    "alerts",
    "audit",
    "replay",
    "prompt versions",
    "prompt comparison",
    "watched session",
    "gateway",
]
"""Where a key works. `conversation` is the chat pane with the focus on it, `reading` a screen that is only read,
`burn` the panels on the whole screen, `report` every screen about burning and waiting, those after it single ones of
them, `watched session` the tab of another program's session."""


class Action(Struct, frozen=True, kw_only=True):
    """Something the person can do."""

    id: str
    """Also the id of its binding, by which a keymap can move it to another key."""
    keys: tuple[str, ...]
    """As Textual names them. All of them must survive tmux, so no ctrl+b/a/s, ctrl+h/j/k/l or ctrl+tab."""
    shown: str
    """The keys as a person reads them."""
    label: str
    """One or two words for the footer."""
    tooltip: str
    """One sentence for help and README."""
    place: Place
    handler: str
    """The Textual action that does it; a numbered one is given the position of the key, from 1."""
    palette: str | None = None
    """What the command palette calls it; None = it makes no sense there."""
    is_numbered: bool = False
    in_footer: bool = False
