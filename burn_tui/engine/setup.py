"""What the router works by at one moment. New settings give a new Setup; calls in flight finish on the old one."""

from collections.abc import Mapping

from msgspec import Struct

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.budget import Budget
from burn_tui.core.capabilities import unable
from burn_tui.core.catalog import Catalog, Target
from burn_tui.core.chat import ChatRequest
from burn_tui.core.health import Health, scope_of
from burn_tui.core.policy import Policy, TimeLimits
from burn_tui.core.routing import Route
from burn_tui.engine.books import Prices, SharedBudgets
from burn_tui.engine.keys import Keys


class Setup(Struct, frozen=True, kw_only=True):
    """Settings, keys and prices as the router needs them."""

    catalog: Catalog
    keys: Keys
    prices: Prices
    routes: Mapping[str, Route] = {}
    budgets: tuple[Budget, ...] = ()
    shared_budgets: SharedBudgets | None = None
    """Those of a team; None = this machine is in none."""
    policy: Policy = Policy()
    """For pinned targets, and where no route is configured."""
    limits: TimeLimits = TimeLimits()
    auto: AutoPolicy = AutoPolicy()

    def is_local(self, target: Target) -> bool:
        """Whether the target's provider runs on this machine."""
        return self.catalog.provider(target).is_local

    def context_window(self, target: Target) -> int | None:
        """Tokens of prompt and answer together: the user's word, else the price data's; None = unknown."""
        return self.catalog.model(target).context_window or self.prices.context_window(target)

    def unable(self, target: Target, request: ChatRequest) -> str | None:
        """Why the target's model cannot do what the request asks for; None = nothing is known against it."""
        return unable(self.catalog.model(target).capabilities, request)

    def lanes(self, target: Target) -> list[int]:
        """The lanes to the target's provider that have their key."""
        lanes = self.catalog.provider(target).lanes
        return [lane for lane in lanes if not self.keys.is_missing(target.provider_name, lane)]

    def admits(self, target: Target, health: Health, now: float) -> bool:
        """Whether any lane to the target admits a request now."""
        return any(health.admits(scope_of(target, lane), now) for lane in self.lanes(target))
