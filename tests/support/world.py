"""A runtime over simulated providers on loopback: the real router, ledger and wire, with scripted faults and a clock
that can be put forward.
"""

import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, structs

from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import DEVELOPMENT, Environment
from burn_tui.core.events import AttemptStarted, Event, FellBack, Refused, RequestFinished, TextDelta, Waiting
from burn_tui.core.money import Price, Rates
from burn_tui.core.policy import DEFAULT_POLICY
from burn_tui.core.routing import Route
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.settings import Settings
from burn_tui.simulator.host import Host
from burn_tui.simulator.script import Action, Answer, Script, always
from burn_tui.simulator.server import SimulatedProvider

PRIMARY, BACKUP, THIRD = Target("primary", "big"), Target("backup", "big"), Target("third", "big")

INPUT_NANOUSD, OUTPUT_NANOUSD = 1_000, 5_000
"""A token's price at every provider that is not local."""

PRICE = Price(rates=Rates(input_rate=INPUT_NANOUSD * 1_000_000, output_rate=OUTPUT_NANOUSD * 1_000_000))

FINE = Answer(text="All is well, says the simulated provider.")
"""What a provider says to which nothing happens."""

Scripts = Mapping[str, Script | Action]
"""What each provider does, by name."""

E = TypeVar("E")


class Story(Struct, frozen=True):
    """Everything that one request gave."""

    events: tuple[Event, ...]

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def asked(self) -> list[Target]:
        """Who was called, in order."""
        return [event.target for event in self.of(AttemptStarted)]

    @property
    def text(self) -> str:
        """All visible text that came, of whomever."""
        return "".join(delta.text for delta in self.of(TextDelta))

    @property
    def finished(self) -> RequestFinished:
        """The last event."""
        last = self.events[-1]
        assert isinstance(last, RequestFinished)
        return last

    @property
    def served(self) -> Target | None:
        """Who answered."""
        return self.finished.served

    @property
    def banner(self) -> FellBack:
        """The one fallback that there was."""
        (fell_back,) = self.of(FellBack)
        return fell_back

    @property
    def refused(self) -> Refused:
        """The one refusal that there was."""
        (refused,) = self.of(Refused)
        return refused

    @property
    def waits(self) -> list[Waiting]:
        """All pauses."""
        return self.of(Waiting)

    @property
    def errors(self) -> list[str | None]:
        """How each attempt ended; None = answered."""
        return [record.error_type for record in self.finished.records]


class World:
    """Made by `world`."""

    def __init__(self, providers: list[SimulatedProvider], settings: Settings, data_dir: Path) -> None:
        self.providers = {provider.name: provider for provider in providers}
        self.settings = settings
        self.environ = {
            reference.name: f"key-of-{reference.name}" for keys in settings.keys.values() for reference in keys
        }
        self.runtime: Runtime
        self.project: Path | None = None
        """Where the person works; None = nowhere."""
        self.ahead_s = 0.0
        """How far the clock on the wall was put forward."""
        self._data_dir = data_dir
        # To the microsecond, as the ledger keeps times, so that records can be compared with rows.
        self.clock = Clock(now=lambda: round(time.time() + self.ahead_s, 6))

    async def start(self) -> None:
        """A runtime as a new process would have it."""
        self.runtime = await Runtime.open(
            self.settings, data_dir=self._data_dir, environ=self.environ, clock=self.clock, project=self.project
        )
        self.runtime.router.chance = lambda: 0.0

    async def restart(self) -> None:
        """End the process, and begin anew with what is on disk."""
        await self.runtime.close()
        await self.start()

    def calls(self, name: str = "primary") -> int:
        """Requests that a provider ever got."""
        return len(self.providers[name].seen)

    def script(self, name: str, script: Script | Action) -> None:
        """What a provider does from now on."""
        self.providers[name].script = _script(script)

    def state(self, target: Target = PRIMARY) -> tuple[str, int]:
        """Whether the target may be asked, and for how many more seconds it rests."""
        state, seconds = self.runtime.router.state(target)
        return state, round(seconds)

    async def ask(
        self,
        prompt: str | ChatRequest = "Is all well?",
        *,
        model: str | None = None,
        each: Callable[[Event], None] | None = None,
        **caller: Any,
    ) -> Story:
        """Send one request and keep its events; `each` is shown every event as it comes."""
        request = ChatRequest(messages=(said("user", prompt),), model=model) if isinstance(prompt, str) else prompt
        events: list[Event] = []
        async with aclosing(self.runtime.router.send(request, caller_of(**caller))) as sent:
            async for event in sent:
                events.append(event)
                if each is not None:
                    each(event)
        return Story(tuple(events))

    async def rows(self) -> list[UsageRecord]:
        """All settled attempts, oldest first."""
        return await self.runtime.ledger.records(limit=10_000)


def as_kept(records: Iterable[UsageRecord]) -> list[UsageRecord]:
    """Records as the ledger keeps them: durations to the microsecond."""
    return [
        structs.replace(
            record,
            opened=structs.replace(record.opened, waited_s=round(record.opened.waited_s, 6)),
            duration_s=round(record.duration_s, 6),
            time_to_first_chunk_s=None
            if record.time_to_first_chunk_s is None
            else round(record.time_to_first_chunk_s, 6),
        )
        for record in records
    ]


def caller_of(environment: Environment = DEVELOPMENT, **fields: Any) -> Caller:
    """Somebody who asks."""
    return Caller(environment=environment, **fields)


@asynccontextmanager
async def world(
    data_dir: Path,
    scripts: Scripts,
    *,
    dialects: Mapping[str, str] | None = None,
    shapes: Mapping[str, Mapping[str, Any]] | None = None,
    more_addresses: Mapping[str, tuple[str, ...]] | None = None,
    project: Path | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """Providers by name, in the default route's order, and a runtime that knows them.

    `dialects` by provider, openai-chat where it says nothing. `shapes`: fields of Provider that differ.
    `more_addresses`: further simulated providers that are only other addresses of one. `project`: where the
    person works. `clock`: None = the time as it is. `settings`: of Settings.
    """
    dialects, shapes, more_addresses = dialects or {}, shapes or {}, more_addresses or {}
    simulated = [
        SimulatedProvider(name, dialects.get(name, "openai-chat"), _script(script)) for name, script in scripts.items()
    ]
    with Host(simulated) as host:
        catalog = _catalog(host, simulated, shapes, more_addresses)
        running = World(simulated, _settings(catalog, settings), data_dir)
        running.project = project
        running.clock = clock or running.clock
        await running.start()
        try:
            yield running
        finally:
            await running.runtime.close()


def _catalog(
    host: Host,
    simulated: list[SimulatedProvider],
    shapes: Mapping[str, Mapping[str, Any]],
    more_addresses: Mapping[str, tuple[str, ...]],
) -> Catalog:
    only_addresses = {name for names in more_addresses.values() for name in names}
    return Catalog(
        {
            one.name: structs.replace(
                Provider(
                    name=one.name,
                    dialect=one.dialect,
                    base_url=host.base_url(one.name),
                    models=(Model("big"),),
                    more_base_urls=tuple(host.base_url(name) for name in more_addresses.get(one.name, ())),
                ),
                **shapes.get(one.name, {}),
            )
            for one in simulated
            if one.name not in only_addresses
        }
    )


def _settings(catalog: Catalog, fields: Mapping[str, Any]) -> Settings:
    paid = [provider for provider in catalog.providers.values() if not provider.is_local]
    plain = Settings(
        origin="a test",
        catalog=catalog,
        keys={one.name: _references(one) for one in paid},
        prices={Target(one.name, model.name): PRICE for one in paid for model in one.models},
        routes={"default": Route("default", catalog.targets, fields.get("policy", DEFAULT_POLICY))},
    )
    return structs.replace(plain, **fields)


def _references(provider: Provider) -> tuple[KeyReference, ...]:
    names = [f"{provider.name.upper()}_KEY", *(f"{provider.name.upper()}_KEY_{n}" for n in range(2, provider.keys + 1))]
    return tuple(KeyReference("environment", name) for name in names)


def _script(script: Script | Action) -> Script:
    return script if callable(script) else always(script)


def nobody_home() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"
