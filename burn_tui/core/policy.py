"""What the user has decided about failures and waiting: for all routes, or for one."""

from typing import Literal

from msgspec import Struct

OnCut = Literal["continue", "restart", "ask"]
"""When a stream is cut in mid-answer. continue: the next target goes on from the text that came. restart: it begins
anew. ask: nobody else is asked, the text stays as it is, and the person decides."""

OnFilter = Literal["stop", "fall_back"]
"""When a provider blocks the content."""


class Policy(Struct, frozen=True, kw_only=True):
    """How far the router goes for an answer."""

    on_cut: OnCut = "continue"
    on_filter: OnFilter = "stop"
    hedge: bool = False
    """True = when the first target is far slower than it usually is, the next is asked as well."""
    patience_s: float = 0.0
    """How long a request may wait for the first resting target when all of them rest; 0 = not at all."""


DEFAULT_POLICY = Policy()


class TimeLimits(Struct, frozen=True, kw_only=True):
    """How long a provider may take, in seconds."""

    connect_s: float = 5.0
    first_chunk_s: float = 60.0
    """From sending the request to the first word of text, thinking or a tool call."""
    idle_s: float = 20.0
    """Between two pieces of a stream that has begun."""
    total_s: float = 600.0
    """Of the whole attempt."""
