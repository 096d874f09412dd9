"""How much hangs on each provider: its share of what is spent, and what stops if it is down."""

from typing import ClassVar

from msgspec import Struct
from textual.content import Content

from burn_tui.core.audit_tasks import ProviderShare
from burn_tui.core.catalog import Target
from burn_tui.core.diversity import Outage, Reliance, reliances
from burn_tui.core.environment import DEVELOPMENT, Environment
from burn_tui.core.model_names import AUTO
from burn_tui.core.routing import Route
from burn_tui.tui import format as fmt
from burn_tui.tui.blocks import meter
from burn_tui.tui.legible import legible
from burn_tui.tui.screens.report import ReportScreen, heading, level_style
from burn_tui.tui.widgets.packing import packed, spread

DAYS = 30
"""So far back spending is looked at."""

_DAY_S = 86_400.0
_AGAIN_S = 30.0
"""Shares of a month do not change within a second."""


class Diversity(Struct, frozen=True):
    """What is on screen."""

    shares: tuple[ProviderShare, ...]
    """The largest first."""
    reliances: tuple[Reliance, ...]
    """In the order of the settings."""


class DiversityScreen(ReportScreen[Diversity]):
    """Who carries how much."""

    name_of: ClassVar[str] = "diversity"
    title_of: ClassVar[str] = "Diversity: what hangs on whom"
    _shares: tuple[ProviderShare, ...] = ()
    _looked_at: float = float("-inf")

    async def look(self) -> Diversity:
        """Shares from the ledger, outages from the routes as they are now."""
        now = self.desk.now
        if now - self._looked_at >= _AGAIN_S:
            self._shares = (await self.desk.runtime.lens.audit(now - DAYS * _DAY_S)).providers
            self._looked_at = now
        router = self.desk.runtime.router
        targets = router.catalog.targets
        routes = tuple(router.routes.values()) or ((Route(AUTO, targets),) if targets else ())
        names = dict.fromkeys(target.provider_name for target in targets)
        places = tuple((self.desk.runtime.settings.environments or {DEVELOPMENT.name: DEVELOPMENT}).values())
        return Diversity(self._shares, reliances(names, routes, places, self._can_be_asked))

    def _can_be_asked(self, target: Target, place: Environment) -> bool:
        provider = self.desk.runtime.router.catalog.provider(target)
        is_walled = place.privacy == "local" and not provider.is_local
        return place.allows(target.provider_name) and not is_walled and bool(self._lanes(target))

    def _lanes(self, target: Target) -> list[int]:
        """Those that have their key."""
        return self.desk.runtime.router.setup.lanes(target)

    def lines(self, view: Diversity, width: int) -> list[Content]:
        """First what was spent, then what would stop."""
        note = f"last {DAYS} days" if view.shares else "Nothing was asked yet."
        lines = [heading("share of spend", note)]
        for share in view.shares:
            lines += _share(share, width)
        lines += [Content(), heading("if it is down", "" if view.reliances else "No provider is known.")]
        for one in sorted(view.reliances, key=lambda reliance: -len(reliance.stops)):
            lines += _reliance(one, width)
        return lines


def _share(share: ProviderShare, width: int) -> list[Content]:
    name = Content.styled(legible(share.provider_name), "bold")
    cost = "cost unknown" if share.cost_nanousd is None else fmt.money(share.cost_nanousd)
    style = level_style(share.cost_share - 0.34)
    figures = Content.assemble((f"{cost} ", "$foreground"), (f"{fmt.share(share.cost_share):>5}", f"bold {style}"))
    full, empty = meter(share.cost_share, width)
    return [*_beside(name, figures, width), Content.assemble((full, style), (empty, "$panel"))]


def _reliance(one: Reliance, width: int) -> list[Content]:
    name = Content.styled(legible(one.provider_name), "bold")
    if not one.outages:
        return _beside(name, Content.styled("nothing changes", "$text-success"), width)
    count = len(one.stops)
    word = f"{count} {'route stops' if count == 1 else 'routes stop'}" if count else "everything goes on"
    lines = _beside(name, Content.styled(word, "bold $text-error" if count else "bold $text-success"), width)
    return lines + [line for outage in one.outages for line in _outage(outage, width)]


def _outage(outage: Outage, width: int) -> list[Content]:
    where = f" in {', '.join(outage.environments)}" if outage.environments else ""
    then = "stops" if outage.then is None else f"goes on with {outage.then}"
    words = Content.assemble(
        (f"  {legible(outage.route)}{legible(where)} ", "$foreground-muted"),
        (legible(then), "$text-error" if outage.then is None else "$foreground"),
    )
    return [line.rstrip() for line in words.wrap(width)]


def _beside(name: Content, figures: Content, width: int) -> list[Content]:
    if name.cell_length + figures.cell_length + 2 <= width:
        return [spread(name, figures, width)]
    return packed([name, figures], width).split("\n")
