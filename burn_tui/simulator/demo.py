"""`--demo`: four simulated providers, a morning of invented history, and other programs that go on burning."""

import asyncio
import os
import random
from contextlib import ExitStack, aclosing
from pathlib import Path
from types import TracebackType
from typing import Self

from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.chat import ChatRequest, estimate_input_tokens, estimate_tokens, said
from burn_tui.core.environment import Environment
from burn_tui.core.money import NANOUSD
from burn_tui.core.routing import Route
from burn_tui.core.usage import Usage
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock, local_timezone
from burn_tui.engine.keys import KeyReference
from burn_tui.engine.passing_place import passing_place
from burn_tui.engine.runtime import Runtime
from burn_tui.engine.session import Session
from burn_tui.engine.settings import Settings
from burn_tui.engine.settings_schema import AuditSettings
from burn_tui.simulator.demo_prompts import remember, write_project
from burn_tui.simulator.history import FIRST_CHUNK_S, FLASH, GPT, PRICES, QWEN, SONNET, history
from burn_tui.simulator.host import Host
from burn_tui.simulator.prose import ANSWERS, OTHER_PROGRAMS
from burn_tui.simulator.script import Action, Answer, Script, overloaded, rate_limited
from burn_tui.simulator.server import SimulatedProvider

_DIALECTS = {
    "anthropic": "anthropic-messages",
    "openai": "openai-chat",
    "gemini": "gemini-generate",
    "ollama": "ollama-chat",
}
_KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY"}
_WINDOWS = {"anthropic": 200_000, "openai": 400_000, "gemini": 1_048_576, "ollama": 40_960}
"""Tokens that the models of these names take."""

_OF_THE_PANE = ("TMUX", "TMUX_PANE")
"""By these the panes beside are found. Of the person's other variables, and so of the real keys, the demo sees none."""

THOUGHT_TOKENS = {SONNET: 700, GPT: 5_200}
"""Billed and not shown, as reasoning models do it: one prompt moves the spend of the day by a cent."""

_REST_S = 43.0
_PAUSE_S = 4.0
"""Between two calls of the other programs."""


class Demo:
    """A context manager that runs the simulated providers; `boot` makes a runtime that talks to them."""

    def __init__(self, *, clock: Clock | None = None, seed: int = 7) -> None:
        self._clock = clock or Clock()
        self._chance = random.Random(seed)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.data_dir: Path = self._stack.enter_context(passing_place("demo"))
        """Where all that it makes is kept, until it ends."""
        self._host = self._stack.enter_context(Host(_providers()))
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._stack.close()

    async def boot(self) -> "DemoRuntime":
        """A runtime whose ledger already holds a day's history, with other programs calling beside it."""
        keys = {variable: f"demo-key-of-{name}" for name, variable in _KEY_VARIABLES.items()}
        pane = {variable: os.environ[variable] for variable in _OF_THE_PANE if variable in os.environ}
        project = self.data_dir / "project"
        write_project(project)
        runtime = await DemoRuntime.open(
            _settings(self._host),
            data_dir=self.data_dir,
            environ=keys | pane,
            clock=self._clock,
            label="DEMO",
            project=project,
        )
        runtime.notices.clear()  # all environments share the demo's keys, and nobody pays for any of them
        try:
            await remember(runtime.ledger, self._clock.now())
            await runtime.ledger.record(history(self._clock, self._chance))
        except BaseException:
            await runtime.close()  # the ledger's thread would keep the process alive
            raise
        runtime.start_other_programs(self._chance)
        return runtime


class DemoRuntime(Runtime):
    """A runtime with company: other programs that use the same providers while the person looks on."""

    _programs: asyncio.Task[None] | None = None

    @property
    def keeps_conversations(self) -> bool:
        """A demonstration leaves nothing behind."""
        return False

    def opening_sessions(self) -> list[Session]:
        """Three that show the three colours."""
        return [
            self.session("api-refactor", "production"),
            self.session("scratch", "local"),
            self.session("terraform", "staging"),
        ]

    def start_other_programs(self, chance: random.Random) -> None:
        """Let them call until the runtime is closed."""
        self._programs = asyncio.create_task(self._other_programs(chance))

    async def close(self) -> None:
        """Also ends the other programs."""
        if self._programs is not None:
            self._programs.cancel()
            await asyncio.gather(self._programs, return_exceptions=True)
        await super().close()

    async def _other_programs(self, chance: random.Random) -> None:
        while True:
            await asyncio.sleep(_PAUSE_S * chance.uniform(0.3, 1.7))
            operation, environment, target, prompt = chance.choice(OTHER_PROGRAMS)
            caller = Caller(
                environment=self.settings.environments[environment],
                session_id=operation,
                operation_name=operation,
                source="demo",
            )
            request = ChatRequest(messages=(said("user", prompt),), model=target)
            async with aclosing(self.router.send(request, caller)) as events:
                async for _ in events:
                    pass


def _settings(host: Host) -> Settings:
    targets = {target.provider_name: target for target in PRICES}
    providers = {
        name: Provider(
            name=name,
            dialect=dialect,
            base_url=host.base_url(name),
            models=(Model(targets[name].model, _WINDOWS[name]),),
            is_local=name == "ollama",
        )
        for name, dialect in _DIALECTS.items()
    }
    return Settings(
        origin="the demo's own settings",
        audit=AuditSettings(homes=(), follow=False),
        catalog=Catalog(providers),
        keys={name: (KeyReference("environment", variable),) for name, variable in _KEY_VARIABLES.items()},
        prices=PRICES,
        environments={
            "production": Environment(name="production", hue="blue", confirm=True, lock=True, is_production=True),
            "local": Environment(name="local", hue="yellow", allow=("ollama",)),
            "staging": Environment(name="staging", hue="green"),
        },
        routes={
            "default": Route("default", (SONNET, GPT, FLASH, QWEN)),
            "quick": Route("quick", (FLASH, GPT)),
        },
        budgets=(Budget(name="daily", limit_nanousd=20 * NANOUSD, timezone=local_timezone()),),
    )


def _providers() -> list[SimulatedProvider]:
    scripts = {target: _answering(target) for target in PRICES} | {SONNET: _sometimes_refusing()}
    return [
        SimulatedProvider(target.provider_name, _DIALECTS[target.provider_name], script, models=(target.model,))
        for target, script in scripts.items()
    ]


def _answering(target: Target) -> Script:
    def script(request: ChatRequest, count: int) -> Action:
        text = ANSWERS[count % len(ANSWERS)]
        thought = THOUGHT_TOKENS.get(target, 0)
        return Answer(
            text=text,
            usage=Usage(
                input_tokens=estimate_input_tokens(request.messages),
                output_tokens=estimate_tokens(text) + thought,
                reasoning_output_tokens=thought,
            ),
            first_chunk_s=FIRST_CHUNK_S[target],
            chunk_s=0.03,
        )

    return script


def _sometimes_refusing() -> Script:
    """The first request meets a rate limit, so that everybody sees a fallback; later ones now and then do."""
    answering = _answering(SONNET)

    def script(request: ChatRequest, count: int) -> Action:
        if count % 4 == 0:
            return rate_limited(_REST_S)
        return overloaded() if count % 4 == 3 else answering(request, count)

    return script
