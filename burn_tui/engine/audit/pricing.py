"""Looks up what the models cost that the logs name. By which rules responses are priced is said in costs.py."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.money import Price
from burn_tui.engine.audit.costs import Costs, ModelPrice
from burn_tui.engine.catalog_file import known_providers
from burn_tui.engine.clock import Clock
from burn_tui.engine.prices import PriceBook
from burn_tui.engine.settings import Settings


class Prices:
    """Of models as the logs name them. Those not met before are looked up in one go, before a batch is filed."""

    def __init__(
        self,
        own: Mapping[Target, Price],
        *,
        providers: Mapping[str, Provider],
        today: Callable[[], date],
        trusts_logged_costs: bool = True,
        cache: Path | None = None,
    ) -> None:
        self._own = own
        self._providers = providers
        self._today = today
        self._cache = cache
        self._models: dict[tuple[str, str], ModelPrice] = {}
        self.costs = Costs(self._models, trusts_logged_costs)
        """By the prices that are known so far."""
        self._windows: dict[tuple[str, str], int | None] = {}

    async def know(self, found: Iterable[tuple[str, str]]) -> None:
        """Look up the prices of these providers and models, as far as they are not known yet."""
        new = {one: _target(*one) for one in found if one not in self._models}
        if not new:
            return
        book = PriceBook(self._own, self._catalog(new.values()), today=self._today, cache=self._cache)
        try:
            await book.ready()
            self._models |= {one: ModelPrice(book.price(target), book.dated(target)) for one, target in new.items()}
            self._windows |= {one: book.context_window(target) for one, target in new.items()}
        finally:
            await book.aclose()

    def price(self, target: Target) -> Price | None:
        """Of a model that was looked up; None = unknown."""
        known = self._models.get((target.provider_name, target.model))
        return known.price if known else None

    def window(self, target: Target) -> int | None:
        """Tokens that a model takes that was looked up; None = unknown."""
        return self._windows.get((target.provider_name, target.model))

    def _catalog(self, targets: Iterable[Target]) -> Catalog:
        models: dict[str, list[Model]] = {}
        for target in targets:
            models.setdefault(target.provider_name, []).append(Model(target.model))
        known = {name: self._provider(name) for name in models}
        return Catalog(
            {
                name: Provider(
                    name=name,
                    dialect=provider.dialect,
                    base_url=provider.base_url,
                    models=tuple(models[name]),
                    is_local=provider.is_local,
                )
                for name, provider in known.items()
                if provider is not None
            }
        )

    def _provider(self, name: str) -> Provider | None:
        """As the settings have it, else as everybody knows it."""
        if name in self._providers:
            return self._providers[name]
        known = known_providers().get(name)
        if known is None:
            return None
        return Provider(name=name, dialect=known.dialect, base_url=known.base_url or "", is_local=known.local)


def _target(provider_name: str, model: str) -> Target:
    """A context window that is asked for in brackets, as in claude-sonnet-4-5[1m], is no other model."""
    return Target(provider_name, model.partition("[")[0])


def prices_of(settings: Settings, clock: Clock, *, cache: Path | None = None) -> Prices:
    """As the settings say."""
    return Prices(
        settings.prices,
        providers=settings.catalog.providers,
        today=lambda: datetime.fromtimestamp(clock.now(), UTC).date(),
        trusts_logged_costs=settings.audit.trust_logged_costs,
        cache=cache,
    )
