"""Builds everything once and hands it on by argument; there are no globals."""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Self
from weakref import WeakSet

from msgspec import structs

from burn_tui.core.budget import Budget
from burn_tui.core.burn import BurnView, burn_view
from burn_tui.core.catalog import Provider
from burn_tui.core.environment import Environment, find, test_mark
from burn_tui.core.errors import LedgerError
from burn_tui.core.tension import tension
from burn_tui.engine.audit.log_import import LogImport
from burn_tui.engine.auto.replaying import Replaying
from burn_tui.engine.burn_watch import BurnWatch
from burn_tui.engine.catalog_file import KnownProvider, known_providers
from burn_tui.engine.clipboard import Clipboard
from burn_tui.engine.clock import Clock, local_timezone
from burn_tui.engine.comparing.running import Comparing
from burn_tui.engine.conversations import Conversations
from burn_tui.engine.discovery import beside, local_servers
from burn_tui.engine.editor import edited
from burn_tui.engine.foreign_sessions import ForeignWatch
from burn_tui.engine.gateway_process import GatewaySwitch
from burn_tui.engine.git import Git
from burn_tui.engine.keys import Keys, shared_keys
from burn_tui.engine.ledger import Ledger
from burn_tui.engine.lens import Lens
from burn_tui.engine.local_load import LoadGauge
from burn_tui.engine.network import LateNetwork
from burn_tui.engine.ownership import this_process
from burn_tui.engine.prices import PriceBook
from burn_tui.engine.prompts.library import Prompts
from burn_tui.engine.router import Router
from burn_tui.engine.served_models import ServedModels
from burn_tui.engine.session import Session
from burn_tui.engine.settings import Settings
from burn_tui.engine.settings_file import follow, stamp
from burn_tui.engine.setup import Setup
from burn_tui.engine.team.membership import Membership
from burn_tui.engine.tmux.neighbourhood import Neighbourhood

CALM_S = 5.0
"""Figures that change by nothing but the time stay as they are for so long: a dashboard that nobody touches has nothing
to paint in between."""


class Runtime:
    """Everything that a dashboard, a command or a gateway works with."""

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger,
        environ: Mapping[str, str],
        clock: Clock,
        label: str | None = None,
        price_cache: Path | None = None,
        project: Path | None = None,
    ) -> None:
        """`project`: where the person works; None = nowhere, and then there is neither git nor a project's prompt."""
        self.settings = settings
        self.clock = clock
        self.ledger = ledger
        self.label = label
        """A word that must stay on screen, such as DEMO; None = nothing."""
        self.notices: list[str] = []
        """What the person must know as long as it lasts, each with its mend."""
        self._trouble: str | None = None
        """The notice among them that is the ledger's."""
        ledger.on_trouble = self._note_trouble
        self._environ = environ
        self.neighbourhood = Neighbourhood(lambda: self.settings, environ)
        self.membership = Membership(ledger, environ, clock, self.notices)
        self._price_cache = price_cache
        self._transport = LateNetwork()
        self._price_books: WeakSet[PriceBook] = WeakSet()
        """Those that somebody still works with: what is in flight ends by the prices it began with."""
        self._following: asyncio.Task[None] | None = None
        self._servers: dict[str, Provider] = {}
        """Those that were found on this machine, by name."""
        self._sessions: WeakSet[Session] = WeakSet()
        """Those that are still in use somewhere: new settings concern them, too."""
        self._git = Git(project)
        self.router = self._router(settings)
        self.prompts = Prompts(ledger, clock, directory=project, config_directory=settings.directory)
        self.comparing = Comparing(self.router, self.prompts, ledger, clock, keeps_text=self._keeps_text)
        self.comparing.test_mark = self.test_mark
        self.watch = BurnWatch(ledger)
        self.foreign = ForeignWatch(ledger)
        self.load = LoadGauge(self._transport, clock)
        self.gateway: GatewaySwitch | None = None
        """Starts and ends the gateway; None = none can be started from here."""
        self.lens = Lens(ledger, self.router, clock)
        self.replaying = Replaying(ledger, lambda: self.router.setup, lambda: self.settings)
        self.log_import = LogImport(ledger, lambda: self.settings, environ, clock)
        self.log_import.on_late = self.watch.relearn
        self._noted: tuple[object, int] | None = None
        """The prices that were looked through last for changes."""
        self.clipboard = Clipboard(os.environ)
        """Of the terminal that this process runs in, whatever `environ` the rest is given."""
        self.edited = partial(edited, environ=os.environ)
        """Lets the person's editor change a text."""
        self.conversations = Conversations(ledger, owner=this_process(), clock=clock, keeps_text=settings.store_text)
        self.router.auto.keeps_text = settings.store_text
        self.router.directory = project
        self.router.cascades.tell = self.notices.append

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        data_dir: Path,
        environ: Mapping[str, str],
        clock: Clock | None = None,
        label: str | None = None,
        project: Path | None = None,
    ) -> Self:
        """A runtime over the ledger in `data_dir`. `project`: where the person works; None = nowhere.

        An unusable ledger is a notice: the rest keeps working.
        """
        clock = clock or Clock()
        ledger, notices = await _ledger_in(data_dir, now=clock.now())
        try:
            runtime = cls(
                settings,
                ledger=ledger,
                environ=environ,
                clock=clock,
                label=label,
                price_cache=data_dir / "prices.json",
                project=project,
            )
        except BaseException:
            await ledger.close()  # its thread would keep the process alive
            raise
        runtime._git.start()
        setup = runtime.router.setup
        runtime.notices += [
            *notices,
            *settings.remarks,
            *shared_keys(settings.environments.values(), setup.catalog, setup.keys),
        ]
        try:
            await runtime.router.remember()
            await runtime.router.auto.remember(ledger)
            await runtime.router.cascades.remember(ledger, now=clock.now())
        except LedgerError as error:  # without the rests of last time everybody is asked afresh
            runtime.notices.append(str(error))
        except BaseException:
            await runtime.close()  # for the same reason
            raise
        runtime.membership.start()
        return runtime

    def _keeps_text(self) -> bool:
        return self.settings.store_text

    def _note_trouble(self) -> None:
        if self._trouble in self.notices:
            self.notices.remove(self._trouble)
        self._trouble = self.ledger.trouble
        if self._trouble is not None:
            self.notices.append(self._trouble)

    async def close(self) -> None:
        """Close connections and the ledger."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self.gateway is not None:
            await self.gateway.close()
        for book in list(self._price_books):
            await book.aclose()
        await self.log_import.aclose()
        await self._git.close()
        await self._transport.aclose()
        await self.membership.close()
        await self.ledger.close()

    def session(self, name: str, environment: str | None = None) -> Session:
        """A new session; without an environment in the least guarded one that is configured."""
        place = self.environment(environment)
        session = Session(name, place, router=self.router, clock=self.clock, test_mark=self.test_mark)
        self._sessions.add(session)
        return session

    @property
    def keeps_conversations(self) -> bool:
        """Whether drafts and conversations will be there again after burn-tui has ended."""
        return self.conversations.keeps_text and self.ledger.is_lasting

    def environment(self, name: str | None) -> Environment:
        """The environment of that name as the settings have it now; None = the least guarded one."""
        return find(name, self.settings.environments)

    @property
    def test_mark(self) -> str | None:
        """What marks everything that this process asks as a test; None = nothing does."""
        return test_mark(self._environ)

    def opening_sessions(self) -> list[Session]:
        """What stands in the tabs at the start: one session for each environment."""
        if not self.settings.environments:
            return [self.session("main")]
        return [self.session("main", name) for name in self.settings.environments]

    def warm_up(self) -> None:
        """Load what the first call needs, in any thread, so that neither it nor the keys have to wait for that."""
        self._transport.warm_up()

    async def discover(self, wanted: Mapping[str, KnownProvider] | None = None) -> list[str]:
        """Look for model servers on this machine and offer them from now on; the names of those that were new.

        Only where no settings name the providers: else it was said which there are.
        `wanted`: what to look for, by name; None = every server that the catalog knows.
        """
        if not self.settings.finds_providers:
            return []
        servers = await local_servers(self._transport, known_providers() if wanted is None else wanted)
        self._servers |= {server.name: server for server in servers}
        before = self.router.catalog
        if beside(self.settings, servers).catalog != before:
            self.use(self.settings, is_edited=False)
        return [name for name in self.router.catalog.providers if name not in before.providers]

    def use(self, settings: Settings, *, is_edited: bool = True) -> None:
        """Work by other settings from the next request on; what is in flight ends as it began.

        `is_edited`: by a person, so keys that were refused get another chance.
        """
        settings = beside(settings, self._servers.values())
        self.notices[:] = [notice for notice in self.notices if notice not in self.settings.remarks]
        self.notices.extend(settings.remarks)
        self.settings = settings
        self.router.adopt(self._setup(settings), is_edited=is_edited)
        self.conversations.keeps_text = self.router.auto.keeps_text = settings.store_text
        for session in self._sessions:
            session.environment = self.environment(session.environment.name)

    def follow(self, path: Path) -> None:
        """Take over what is written into this settings file from now on, until the runtime is closed."""
        self._following = asyncio.create_task(follow(path, self, seen=stamp(path), environ=self._environ))

    def _router(self, settings: Settings) -> Router:
        return Router(
            self._setup(settings),
            books=self.ledger,
            transport=self._transport,
            clock=self.clock,
            git=self._git,
            on_served=ServedModels(self.ledger, self.clock.now).note,
        )

    def _setup(self, settings: Settings) -> Setup:
        prices = PriceBook(settings.prices, settings.catalog, today=self._today, cache=self._price_cache)
        prices.start_loading()
        self._price_books.add(prices)
        self._prices = prices
        return Setup(
            catalog=settings.catalog,
            keys=Keys(settings.keys, self._environ),
            prices=prices,
            routes=settings.routes,
            budgets=settings.budgets,
            shared_budgets=self.membership.adopt(settings.team),
            policy=settings.policy,
            limits=settings.limits,
            auto=settings.auto,
        )

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock.now(), UTC).date()

    async def _note_prices(self) -> None:
        """Tell of models that cost something else than when prices were looked up last, also before this start."""
        self._prices.start_loading()  # of a new day
        edition = (self._prices, self._prices.looked_up)
        if edition == self._noted or not self._prices.looked_up:
            return
        prices = {target: price for target in self.settings.catalog.targets if (price := self._prices.price(target))}
        await self.watch.note_prices(prices, now=self.clock.now())
        self._noted = edition

    async def burn(self) -> BurnView:
        """What the burn panel shows, now."""
        await self._note_prices()
        await self.router.auto.prepare(self.router.setup)
        now, daily = self.clock.now(), self._daily_budget()
        seen = await self.watch.look(now, daily=daily, budgets=self.settings.budgets, slow_s=self.settings.slow_s)
        day_start = seen.expectation.day_start
        spending = await self.ledger.spending(day_start=day_start, now=now, version=seen.version)
        limit = daily.limit_nanousd or None
        view = burn_view(
            spending, now=now - now % CALM_S, expectation=seen.expectation, limit_nanousd=limit, live=seen.live
        )
        headroom, waiting = self.lens.shares_left(), seen.waiting
        return structs.replace(
            view,
            slowest=waiting.slowest,
            headroom=headroom,
            told=seen.told,
            tension=tension(
                ratio=view.strain,
                share_left=min(headroom.items(), key=lambda item: item[1], default=None),
                attempts=waiting.attempts,
                failures=waiting.failures,
                drift=waiting.drift,
            ),
        )

    def _daily_budget(self) -> Budget:
        """The budget that the panel measures the day against; without one, the local day and no limit."""
        daily = (b for b in self.settings.budgets if b.period == "day" and b.scope == "all")
        return next(daily, Budget(name="day", limit_nanousd=0, timezone=local_timezone()))


async def _ledger_in(data_dir: Path, *, now: float) -> tuple[Ledger, list[str]]:
    """The ledger in `data_dir`; where that cannot be used one that is not kept, and the notice that says so."""
    try:
        return await Ledger.open(data_dir / "ledger.sqlite3", now=now), []
    except LedgerError as error:
        return await Ledger.in_memory(), [f"What you spend now is NOT kept. {error}"]
