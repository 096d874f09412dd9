"""A runtime whose router says what a test wrote down: no engine work, no address, and a clock that stands still."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count
from math import sin
from typing import TYPE_CHECKING, cast

from msgspec import structs
from support.audits import ScriptedImport
from support.database import MemoryDatabase
from support.scripted_auto import ScriptedAuto
from support.scripted_comparing import ScriptedComparing
from support.scripted_prompts import ScriptedPrompts
from support.scripted_replaying import ScriptedReplaying
from support.scripted_team import ScriptedMembership
from support.watching import BOTTLENECKS, ScriptedLens, ScriptedWatch, warm

from burn_tui.core.auto import AutoPolicy
from burn_tui.core.breaker import State
from burn_tui.core.burn import BurnView, ProviderBurn
from burn_tui.core.catalog import Catalog, Model, Provider, Target
from burn_tui.core.chat import ChatRequest
from burn_tui.core.environment import Environment, find
from burn_tui.core.errors import BurnError
from burn_tui.core.events import (
    AttemptFailed,
    AttemptFinished,
    AttemptStarted,
    Confirmation,
    Event,
    FellBack,
    Refused,
    RequestFinished,
    RouteDecided,
    TextDelta,
)
from burn_tui.core.failure import Failure
from burn_tui.core.inspection import LocalLoad, LocalServer
from burn_tui.core.money import Price, Rates
from burn_tui.core.neighbours import Neighbour
from burn_tui.core.routing import Route
from burn_tui.core.usage import AttemptOpened, Feedback, Outcome, Usage, UsageRecord
from burn_tui.engine.admission import Caller
from burn_tui.engine.clock import Clock
from burn_tui.engine.conversations import Conversations
from burn_tui.engine.foreign_sessions import Attempt, ForeignSession
from burn_tui.engine.gateway_process import GatewayError
from burn_tui.engine.notice_board import Running
from burn_tui.engine.ownership import this_process
from burn_tui.engine.router import Preview
from burn_tui.engine.session import Session
from burn_tui.engine.settings import Settings

if TYPE_CHECKING:
    from burn_tui.engine.router import Router
    from burn_tui.engine.runtime import Runtime

SONNET = Target("anthropic", "claude-sonnet-4-5")
GPT = Target("openai", "gpt-5-mini")
FLASH = Target("gemini", "gemini-2.5-flash")
QWEN = Target("ollama", "qwen3:8b")

NOW = 1_772_460_120.0
"""2026-03-02 14:02 UTC."""

ENVIRONMENTS = {
    "production": Environment(name="production", hue="blue", confirm=True, lock=True, is_production=True),
    "local": Environment(name="local", hue="yellow", allow=("ollama",)),
    "staging": Environment(name="staging", hue="green"),
}


def quiet_day() -> BurnView:
    """Figures of a day of which only the sums matter."""
    return structs.replace(
        empty_day(),
        spent_nanousd=4_820_000_000,
        limit_nanousd=20_000_000_000,
        expected_nanousd=2_300_000_000,
        expected_by="learned",
        days_learned=18,
        ratio=2.1,
        trend="rising",
    )


def empty_day() -> BurnView:
    """Nothing was spent, and nothing is known of other days."""
    return BurnView(nanousd_per_minute=(0,) * 60, tokens_per_minute=(0,) * 60)


def busy_day() -> BurnView:
    """Every figure there is."""
    wave = tuple(sin(minute / 6) + sin(minute / 2.3) / 2 + 1.4 for minute in range(60))
    return structs.replace(
        quiet_day(),
        nanousd_per_minute=tuple(0 if 30 <= at < 34 else round(40e6 * level) for at, level in enumerate(wave)),
        tokens_per_minute=tuple(0 if 30 <= at < 34 else round(6_000 * level) for at, level in enumerate(wave[::-1])),
        current_nanousd_per_minute=43_000_000,
        current_tokens_per_minute=12_400,
        projected_day_end_nanousd=11_200_000_000,
        unpriced_requests=3,
        unpriced_tokens=41_200,
        open_attempts=1,
        slowest=BOTTLENECKS,
        headroom={"anthropic": 0.12, "openai": 0.82},
        tension=warm(),
        providers=(
            _provider("anthropic", 3_100_000_000, 812_000, 0.9, 3.1, failures=7),
            _provider("openai", 1_400_000_000, 300_000, 0.6, 1.2),
            _provider("gemini", 320_000_000, 141_000, 0.45, 0.9),
            _provider("ollama", 0, 96_000, 0.2, 0.4),
        ),
    )


def _provider(
    name: str, cost_nanousd: int, tokens: int, p50_s: float, p95_s: float, *, failures: int = 0
) -> ProviderBurn:
    return ProviderBurn(
        provider_name=name,
        cost_nanousd=cost_nanousd,
        tokens=tokens,
        p50_first_chunk_s=p50_s,
        p95_first_chunk_s=p95_s,
        attempts=120,
        failures=failures,
    )


Step = Event | asyncio.Event | BurnError
"""What happens next in an answer: an event, a wait until the test goes on, or an error of ours."""


def settled(target: Target, *, cost_nanousd: int | None = 12_100_000, failure: Failure | None = None) -> UsageRecord:
    """A finished attempt."""
    opened = AttemptOpened(
        event_id="e",
        request_id="r",
        attempt=1,
        started_at=NOW,
        provider_name=target.provider_name,
        request_model=target.model,
    )
    return UsageRecord(
        opened=opened,
        duration_s=1.9,
        time_to_first_chunk_s=0.9,
        response_model=target.model,
        usage=Usage(input_tokens=840, output_tokens=212),
        cost_nanousd=0 if failure else cost_nanousd,
        finish_reason=None if failure else "stop",
        error_type=failure.error_type if failure else None,
    )


def begins(target: Target) -> list[Step]:
    """Routing and the start of the call."""
    return [RouteDecided("r", "default", (target,), ("first choice",)), AttemptStarted("e", 1, target)]


def answers(target: Target, *chunks: str) -> list[Step]:
    """A whole answer."""
    return [*begins(target), *(TextDelta(chunk) for chunk in chunks), *ends(target)]


def ends(target: Target) -> list[Step]:
    """The end of an answer that came."""
    return [AttemptFinished(settled(target)), RequestFinished("r", None, target, (settled(target),))]


RATE_LIMITED = Failure("rate_limited", "This request would exceed your rate limit.", 429, 43.0)


def falls_back(from_target: Target, to_target: Target) -> list[Step]:
    """A refusal and the switch to somebody else, who has not answered yet."""
    return [
        *begins(from_target),
        AttemptFailed(1, from_target, RATE_LIMITED),
        AttemptFinished(settled(from_target, failure=RATE_LIMITED)),
        FellBack(
            from_target,
            to_target,
            "rate_limited",
            f"{from_target.provider_name} refused: rate limited, back in 43 s.",
            0.03,
        ),
        AttemptStarted("f", 2, to_target),
    ]


def asks_first(target: Target, environment: str) -> list[Step]:
    """A paid call that a person has to agree to."""
    facts = Confirmation(
        target=target,
        environment=environment,
        key_variable="ANTHROPIC_API_KEY",
        key_fingerprint="9f2c1a",
        input_tokens_estimate=12,
        cost_estimate_nanousd=7_600_000,
        budget="daily",
        budget_spent_nanousd=4_820_000_000,
        budget_limit_nanousd=20_000_000_000,
        unlocks_for_s=900.0,
    )
    why = f"{environment} asks before paid calls, and {target} is one."
    return [
        RouteDecided("r", "default", (target,), ("first choice",)),
        Refused("confirmation", why, "Say yes in the dashboard, or pass --yes.", facts),
        RequestFinished("r", None, None, ()),
    ]


class ScriptedSetup:
    """Prices by which the cheapest and the dearest can be told."""

    auto = AutoPolicy()

    @property
    def prices(self) -> "ScriptedSetup":
        """As Setup.prices."""
        return self

    def lanes(self, target: Target) -> list[int]:
        """As Setup.lanes: nobody lacks a key."""
        return [0]

    def price(self, target: Target) -> Price | None:
        """The longer the name, the dearer; on this machine it is free."""
        rate = 0 if target == QWEN else len(str(target)) * 1_000_000
        return Price(rates=Rates(input_rate=rate, output_rate=rate))


class ScriptedClipboard:
    """Takes everything, or nothing where `tool` is None."""

    def __init__(self) -> None:
        self.tool: str | None = "xclip"
        self.text = ""

    async def copy(self, text: str) -> str | None:
        """As Clipboard.copy."""
        if self.tool is not None:
            self.text = text
        return self.tool


class ScriptedLedger:
    """Takes feedback, or breaks."""

    def __init__(self) -> None:
        self.heard: list[Feedback] = []
        self.outcomes: list[tuple[str, Outcome]] = []
        self.trouble: BurnError | None = None

    async def add_feedback(self, feedback: Feedback) -> None:
        """As Ledger.add_feedback."""
        if self.trouble is not None:
            raise self.trouble
        self.heard.append(feedback)

    async def note_outcome(self, event_id: str, outcome: Outcome, *, at: float) -> None:
        """As Ledger.note_outcome."""
        if self.trouble is not None:
            raise self.trouble
        self.outcomes.append((event_id, outcome))


class ScriptedRouter:
    """Serves each request from the next script. Without one left, everything is answered by "Fine."."""

    def __init__(self, targets: tuple[Target, ...], routes: dict[str, Route]) -> None:
        self.catalog = Catalog(
            {
                target.provider_name: Provider(
                    name=target.provider_name,
                    dialect="openai-chat",
                    base_url="http://127.0.0.1:1",
                    models=(Model(target.model),),
                    is_local=target.provider_name == "ollama",
                )
                for target in targets
            }
        )
        self.setup = ScriptedSetup()
        self.auto = ScriptedAuto()
        self.routes = routes
        self.scripts: list[list[Step]] = []
        self.requests: list[tuple[ChatRequest, Caller]] = []
        self.states: dict[Target, tuple[State, float]] = {}
        self.strong: Target | None = None
        """Who gives stronger answers; None = nobody does."""

    def state(self, target: Target) -> tuple[State, float]:
        """As Router.state."""
        return self.states.get(target, ("closed", 0.0))

    def preview(self, request: ChatRequest, caller: Caller) -> Preview:
        """The pinned target, or the first of the environment."""
        allowed = [target for target in self.catalog.targets if caller.environment.allows(target.provider_name)]
        pinned = [target for target in allowed if str(target) == request.model]
        costs = {target: 0 if target == QWEN else len(str(target)) ** 6 for target in allowed}
        auto = self.auto.decided(request, costs, {QWEN}) if request.model == "auto" else None
        target = auto.targets[0] if auto else next(iter(pinned or allowed), None)
        target = self.strong if self.strong and caller.instead_of else target
        return Preview(
            auto=auto,
            route="pinned" if pinned else request.model or "default",
            target=target,
            why="route default" if target else "No provider is configured.",
            input_tokens_estimate=12,
            cost_estimate_nanousd=0 if target == QWEN else 400_000,
            asks_first=caller.environment.confirm and not caller.is_confirmed,
            is_escalated=self.strong is not None and caller.instead_of is not None,
        )

    async def send(self, request: ChatRequest, caller: Caller) -> AsyncGenerator[Event]:
        """Say what is written."""
        self.requests.append((request, caller))
        for step in self.scripts.pop(0) if self.scripts else answers(QWEN, "Fine."):
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, BurnError):
                raise step
            else:
                yield step


class ScriptedNeighbourhood:
    """Panes that a test wrote down."""

    def __init__(self) -> None:
        self.panes: list[Neighbour] | BurnError = []
        self.gone_to: list[str] = []

    def look(self) -> list[Neighbour]:
        """As Neighbourhood.look."""
        if isinstance(self.panes, BurnError):
            raise self.panes
        return list(self.panes)

    def go_to(self, pane: str) -> None:
        """As Neighbourhood.go_to."""
        self.gone_to.append(pane)


class ScriptedForeign:
    """Other programs' sessions that a test wrote down."""

    def __init__(self) -> None:
        self.sessions: tuple[ForeignSession, ...] = ()
        self.asked: dict[str, list[Attempt]] = {}
        """By session, the latest first."""

    @property
    def latest(self) -> tuple[ForeignSession, ...]:
        """As ForeignWatch.latest."""
        return self.sessions

    async def look(self, now: float) -> tuple[ForeignSession, ...]:
        """As ForeignWatch.look."""
        return self.sessions

    async def attempts(self, name: str) -> list[Attempt]:
        """As ForeignWatch.attempts."""
        return list(self.asked.get(name, []))


class ScriptedLoad:
    """A machine with something to do."""

    async def look(self, catalog: Catalog) -> LocalLoad:
        """As LoadGauge.look."""
        servers = (LocalServer("ollama", 0.002, ("qwen3:8b",)), LocalServer("llama-cpp", None, None))
        return LocalLoad(cores=8, processes=6.2, servers=servers)


class ScriptedGateway:
    """A gateway that runs or does not."""

    def __init__(self, *, trouble: str = "", secret: str | None = None) -> None:
        self.outlives = secret is None
        self.secret = secret
        self.serving: Running | None = None
        self.trouble = trouble
        self.own = False

    def running(self) -> Running | None:
        """As GatewayProcess.running."""
        return self.serving

    def is_own(self, running: Running) -> bool:
        """As GatewayProcess.is_own."""
        return self.own

    def tokens(self) -> int:
        """As GatewayProcess.tokens."""
        return 2

    async def start(self) -> Running:
        """As GatewayProcess.start."""
        if self.trouble:
            raise GatewayError(self.trouble, mend="See its log.")
        self.own = True
        self.serving = Running("http://127.0.0.1:4141", "pid:1:@here")
        return self.serving

    async def stop(self) -> None:
        """As GatewayProcess.stop."""
        self.serving = None

    async def close(self) -> None:
        """As GatewayProcess.close."""


class ScriptedRuntime:
    """What the dashboard needs of a Runtime."""

    def __init__(
        self,
        *,
        environments: dict[str, Environment] | None = None,
        targets: tuple[Target, ...] = (SONNET, GPT, FLASH, QWEN),
        label: str | None = None,
        burn: BurnView,
    ) -> None:
        routes = {
            "default": Route("default", targets),
            "quick": Route("quick", (FLASH, GPT)),
        }
        self.router = ScriptedRouter(targets, routes if targets else {})
        self.settings = Settings(
            origin="config.yaml",
            finds_providers=not self.router.catalog.providers,
            catalog=self.router.catalog,
            keys={},
            environments=ENVIRONMENTS if environments is None else environments,
            routes=self.router.routes,
        )
        self.ids = count(1)
        self.clock = Clock(now=lambda: self.now, monotonic=lambda: self.now, new_id=lambda: f"id-{next(self.ids)}")
        self.now = NOW
        self.label = label
        self.notices: list[str] = []
        self.log_import = ScriptedImport()
        self.figures: BurnView | BurnError = burn
        self.looks = 0
        """How often the figures were asked for."""
        self.found: list[str] = []
        self.watch = ScriptedWatch()
        self.foreign = ScriptedForeign()
        self.load = ScriptedLoad()
        self.gateway: ScriptedGateway | None = None
        self.lens = ScriptedLens()
        self.membership = ScriptedMembership()
        self.neighbourhood = ScriptedNeighbourhood()
        self.prompts = ScriptedPrompts()
        self.comparing = ScriptedComparing()
        self.replaying = ScriptedReplaying()
        self.database = MemoryDatabase()
        self.conversations = Conversations(self.database, owner=this_process(), clock=self.clock)
        self.keeps_conversations = False
        self.clipboard = ScriptedClipboard()
        self.ledger = ScriptedLedger()
        self.edits: list[str] = []
        """What the editor makes of one text after the other."""
        self.is_closed = False

    def opening_sessions(self) -> list[Session]:
        """Three, or one where no environment is configured."""
        names = ("api-refactor", "scratch", "terraform")
        pairs = zip(names, self.settings.environments, strict=False)
        return [self.session(name, environment) for name, environment in pairs] or [self.session("main")]

    def environment(self, name: str | None) -> Environment:
        """As Runtime.environment."""
        return find(name, self.settings.environments)

    def session(self, name: str, environment: str | None = None) -> Session:
        """As Runtime.session."""
        place = find(environment, self.settings.environments)
        return Session(name, place, router=cast("Router", self.router), clock=self.clock)

    async def edited(self, text: str) -> str:
        """As Runtime.edited."""
        return self.edits.pop(0) if self.edits else text

    async def burn(self) -> BurnView:
        """The figures, or the error that stands in their place."""
        self.looks += 1
        if isinstance(self.figures, BurnError):
            raise self.figures
        return self.figures

    async def discover(self) -> list[str]:
        """Servers that a test put there."""
        return self.found

    async def close(self) -> None:
        """Remember it."""
        self.is_closed = True

    async def boot(self) -> "Runtime":
        """As the app wants it."""
        return cast("Runtime", self)
