"""Builds everything once and hands it on by argument; there are no globals."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Self

from burn_tui.core.budget import Budget, period_of
from burn_tui.core.burn import BurnView, burn_view
from burn_tui.core.catalog import Catalog
from burn_tui.core.environment import find
from burn_tui.core.errors import LedgerError, SettingsError
from burn_tui.engine.admission import Admission
from burn_tui.engine.clock import Clock
from burn_tui.engine.discovery import from_environment, local_servers
from burn_tui.engine.keys import Keys
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.prices import PriceBook
from burn_tui.engine.router import Router
from burn_tui.engine.session import Session
from burn_tui.engine.settings import Settings, load
from burn_tui.engine.transport import Limits, Transport


class Runtime:
    """Everything that a dashboard, a command or a gateway works with."""

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger,
        environ: Mapping[str, str],
        clock: Clock,
        limits: Limits | None = None,
        label: str | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.ledger = ledger
        self.label = label
        """A word that must stay on screen, such as DEMO; None = nothing."""
        self.notices: list[str] = []
        """What the person must know as long as it lasts, each with its mend."""
        self._transport = Transport(limits)
        keys = Keys(settings.keys, environ)
        prices = PriceBook(settings.prices, settings.catalog, today=datetime.fromtimestamp(clock.now(), UTC).date())
        self.router = Router(
            catalog=settings.catalog,
            routes=settings.routes,
            admission=Admission(budgets=settings.budgets, keys=keys, prices=prices, books=ledger),
            keys=keys,
            prices=prices,
            books=ledger,
            transport=self._transport,
            clock=clock,
        )
        self._prices = prices
        self._loading = asyncio.create_task(prices.ready())

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        data_dir: Path,
        environ: Mapping[str, str],
        clock: Clock | None = None,
        limits: Limits | None = None,
        label: str | None = None,
    ) -> Self:
        """A runtime over the ledger in `data_dir`. An unusable ledger is a notice: the rest keeps working."""
        clock = clock or Clock()
        notices: list[str] = []
        try:
            ledger = await Ledger.open(data_dir / "ledger.sqlite3", now=clock.now())
        except LedgerError as error:
            ledger = await Ledger.in_memory()
            notices.append(f"What you spend now is NOT kept. {error}")
        runtime = cls(settings, ledger=ledger, environ=environ, clock=clock, limits=limits, label=label)
        runtime.notices += notices
        return runtime

    async def close(self) -> None:
        """Close connections and the ledger."""
        self._loading.cancel()
        with suppress(asyncio.CancelledError):
            await self._loading
        await self._transport.aclose()
        await self.ledger.close()

    def session(self, name: str, environment: str | None = None) -> Session:
        """A new session; without an environment in the least guarded one that is configured."""
        return Session(name, find(environment, self.settings.environments), router=self.router, clock=self.clock)

    def opening_sessions(self) -> list[Session]:
        """What stands in the tabs at the start: one session for each environment."""
        if not self.settings.environments:
            return [self.session("main")]
        return [self.session("main", name) for name in self.settings.environments]

    async def discover(self) -> list[str]:
        """Look for model servers on this machine and offer them from now on; the names of those that were new.

        Only without a settings file: who has written one has said which providers there are.
        """
        if self.settings.is_written:
            return []
        servers = await local_servers(self._transport)
        known = self.router.catalog.providers
        found = {server.name: server for server in servers if server.name not in known}
        if found:
            self.adopt(Catalog({**known, **found}))
        return list(found)

    def adopt(self, catalog: Catalog) -> None:
        """Use another catalog from the next request on."""
        self.router.adopt(catalog)
        self._prices.adopt(catalog)

    async def burn(self) -> BurnView:
        """What the burn panel shows, now."""
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        budget = self._daily_budget()
        start, end = period_of(budget, now)
        spending = await self.ledger.spending(day_start=start.timestamp(), now=now.timestamp())
        return burn_view(
            spending,
            now=now.timestamp(),
            day_start=start.timestamp(),
            day_end=end.timestamp(),
            limit_nanousd=budget.limit_nanousd or None,
        )

    def _daily_budget(self) -> Budget:
        """The budget that the panel measures the day against; without one, the local day and no limit."""
        daily = (b for b in self.settings.budgets if b.period == "day" and b.scope == "all")
        return next(daily, Budget(name="day", limit_nanousd=0, timezone=local_timezone()))


def settings_for(path: Path, environ: Mapping[str, str], *, is_explicit: bool) -> Settings:
    """The settings in `path`, or what the environment offers where there is no such file.

    `is_explicit`: the person named this file, so its absence is an error.
    """
    if path.exists():
        return load(path)
    if is_explicit:
        raise SettingsError("does not exist.", file=str(path), mend="Check --config or BURN_TUI_CONFIG.")
    return from_environment(environ, wanted_file=str(path))


def local_timezone() -> tzinfo:
    """This machine's time zone, as it is now."""
    timezone = datetime.now().astimezone().tzinfo
    assert timezone is not None
    return timezone
