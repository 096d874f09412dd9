"""Everything that an audit says, as the screen and --json show it."""

from msgspec import Struct

from burn_tui.core.audit_routes import Alternative
from burn_tui.core.audit_savings import CacheUse, ServedAsWell
from burn_tui.core.audit_switches import Switches
from burn_tui.core.audit_tasks import ProviderShare, TaskUse

LATELY_DAYS = 30
"""How far back changes of place and other routes are looked at: what was before is nobody's habit any more."""


class ToolSeen(Struct, frozen=True, kw_only=True):
    """Somebody whose calls the ledger holds: another tool, or a door of burn-tui's own."""

    name: str
    """The source of its rows: "claude_code", "router"."""
    attempts: int
    cost_nanousd: int | None
    """None = the cost of none is known."""


class Priced(Struct, frozen=True, kw_only=True):
    """Calls of other tools whose costs are known in the same way."""

    cost_source: str | None
    """"price" = by the price of their time, "logged" = as the tool noted it, "estimated" = by the price, of rounded
    tokens; None = unknown."""
    rule: str
    """What else the rows say of it, such as "at the rates above 200000 input tokens for the whole request"; "" =
    nothing."""
    calls: int
    cost_nanousd: int
    first_as_of: str | None
    last_as_of: str | None
    """The days of the first and the last price, ISO dates; None = none was used. A model of whose prices no change is
    known has today's for all of the past."""


class Audit(Struct, frozen=True, kw_only=True):
    """Who did what, and what could be otherwise. All of it can be reckoned anew from the ledger."""

    since: float
    until: float
    """Seconds since the epoch; `until` is when it was reckoned."""
    tasks: tuple[TaskUse, ...] = ()
    """The costliest first, branches apart."""
    tools: tuple[ToolSeen, ...] = ()
    """By name."""
    cheaper: tuple[ServedAsWell, ...] = ()
    caches: tuple[CacheUse, ...] = ()
    providers: tuple[ProviderShare, ...] = ()
    switches: Switches | None = None
    """Of the last LATELY_DAYS; None = not reckoned yet."""
    routes: tuple[Alternative, ...] = ()
    """Of the last LATELY_DAYS before `until`."""
    priced: tuple[Priced, ...] = ()
    """How the costs of other tools' calls are known, the most calls first."""
    estimated_attempts: int = 0
    """Whose tokens are rounded or guessed."""
    unpriced_attempts: int = 0

    @property
    def attempts(self) -> int:
        """All of them."""
        return sum(use.attempts for use in self.tasks)

    @property
    def cost_nanousd(self) -> int | None:
        """Known costs; None = the cost of none is known."""
        costs = [use.cost_nanousd for use in self.tasks if use.cost_nanousd is not None]
        return sum(costs) if costs or not self.tasks else None
