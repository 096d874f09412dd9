"""A watch and a lens that show what a test wrote down: one afternoon on which everything happens at once."""

from collections.abc import Iterable, Sequence
from datetime import UTC

from msgspec import structs
from support.audits import AUDIT

from burn_tui.core.alerts import Alert, BudgetAlert, Contribution, Measured, Notification, Told
from burn_tui.core.audit import Audit
from burn_tui.core.bottlenecks import Advice, Bottleneck
from burn_tui.core.budget import Budget
from burn_tui.core.catalog import Target
from burn_tui.core.health import Scope
from burn_tui.core.inspection import Attempted, BudgetStanding, Group, LastError, Limit, ProviderState, Rest, Which
from burn_tui.core.latency import Histogram, Latency, bucket_of
from burn_tui.core.money import Price, Rates, nanousd
from burn_tui.core.price_changes import PriceChange
from burn_tui.core.price_lines import price_lines
from burn_tui.core.rate_limits import Headroom
from burn_tui.core.tension import Drift, Tension, tension
from burn_tui.core.usage import AttemptOpened, PromptUse, Usage, UsageRecord

NOW = 1_772_460_120.0
"""2026-03-02 14:02 UTC."""

MIDNIGHT = NOW - 14 * 3600 - 120

SONNET_PRICE = Price(
    rates=Rates(input_rate=nanousd(3), output_rate=nanousd(15), cache_read_rate=nanousd("0.3")), as_of="2026-03-02"
)

RUNAWAY = Alert(
    rule="fast",
    measure="nanousd",
    burn=4.2,
    windows=(Measured(30, nanousd("2.49"), nanousd("0.41")), Measured(10, nanousd("0.92"), nanousd("0.14"))),
    since=NOW - 1740,
    usual=nanousd("6.1"),
    days_learned=18,
    contributors=(
        Contribution("nightly-eval", nanousd("1.87")),
        Contribution("review-diff", nanousd("0.4")),
        Contribution("api-refactor", nanousd("0.22")),
    ),
)
HALF_SPENT = BudgetAlert(
    name="daily",
    scope="all",
    period="day",
    period_start=MIDNIGHT,
    mark=0.5,
    spent_nanousd=nanousd("10.08"),
    limit_nanousd=nanousd(20),
)
DEARER = PriceChange(
    provider_name="openai",
    request_model="gpt-5-mini",
    before=Price(rates=Rates(input_rate=nanousd("0.25"), output_rate=nanousd(2))),
    after=Price(rates=Rates(input_rate=nanousd("0.3"), output_rate=nanousd("2.4"))),
    requests=4_210,
    before_nanousd=nanousd("31.4"),
    after_nanousd=nanousd("37.68"),
)


def told(*whats: Notification, now: float = NOW) -> tuple[Told, ...]:
    """As if they had been told a few minutes apart, the first one last."""
    times = [now - 240.0 * place for place in range(len(whats))]
    return tuple(Told(id=round(at * 1e6), at=at, what=what) for at, what in zip(times, whats, strict=True))


def warm() -> Tension:
    """Twice the usual, and errors."""
    drift = Drift("openai/gpt-5-mini", 1.3)
    return tension(ratio=2.1, share_left=("anthropic", 0.12), attempts=120, failures=7, drift=drift)


BOTTLENECKS = (
    Bottleneck(
        operation_name="review-diff",
        provider_name="anthropic",
        answers=31,
        failures=2,
        p50_s=18.2,
        waiting_s=61.0,
        generating_s=460.0,
        retrying_s=38.0,
        is_slow=True,
        advice=Advice(kind="same elsewhere", instead="groq", call_s=4.1, saved_s=437.0, known_from=12),
    ),
    Bottleneck(
        operation_name="summarise",
        provider_name="openai",
        answers=9,
        failures=0,
        p50_s=22.5,
        waiting_s=12.0,
        generating_s=190.0,
        retrying_s=0.0,
        is_slow=True,
        advice=Advice(kind="shorter answers", call_s=12.9, saved_s=95.0, known_from=9),
    ),
    Bottleneck(
        operation_name="api-refactor",
        provider_name="anthropic",
        answers=40,
        failures=5,
        p50_s=3.6,
        waiting_s=38.0,
        generating_s=101.0,
        retrying_s=22.0,
        is_slow=False,
    ),
    Bottleneck(
        operation_name="scratch",
        provider_name="ollama",
        answers=88,
        failures=0,
        p50_s=1.1,
        waiting_s=19.0,
        generating_s=74.0,
        retrying_s=0.0,
        is_slow=False,
    ),
)


def _spread(median: float, count: int) -> Histogram:
    """Samples round a median, with a tail."""
    shares = ((0.6, 0.2), (0.9, 0.3), (1.0, 0.2), (1.5, 0.2), (3.0, 0.08), (5.0, 0.02))
    return {bucket_of(median * times): max(round(count * share), 1) for times, share in shares}


def _latency(name: str, *, total_s: float, first_s: float, speed: float, count: int, failures: int = 0) -> Latency:
    return Latency(
        name=name,
        first_chunk=_spread(first_s, count),
        duration=_spread(total_s, count),
        speed=_spread(speed, count),
        attempts=count + failures,
        failures=failures,
    )


_HOUR = int(NOW // 3600)

LATENCIES: dict[Group, list[Latency]] = {
    "provider": [
        _latency("anthropic", total_s=4.3, first_s=0.9, speed=72, count=120, failures=7),
        _latency("openai", total_s=3.1, first_s=0.6, speed=95, count=96),
        _latency("gemini", total_s=2.2, first_s=0.45, speed=140, count=64, failures=1),
        _latency("ollama", total_s=1.1, first_s=0.2, speed=48, count=88),
    ],
    "model": [
        _latency("anthropic/claude-sonnet-4-5", total_s=4.3, first_s=0.9, speed=72, count=120, failures=7),
        _latency("openai/gpt-5-mini", total_s=3.1, first_s=0.6, speed=95, count=96),
    ],
    "operation": [
        _latency("review-diff", total_s=18.2, first_s=1.4, speed=60, count=31, failures=2),
        _latency("scratch", total_s=1.1, first_s=0.2, speed=48, count=88),
    ],
    "hour": [
        _latency(str(_HOUR - 5 + at), total_s=2.0 + at, first_s=0.5 + at / 5, speed=80 - 5 * at, count=20 + 9 * at)
        for at in range(6)
    ],
}


def record(event_id: str, **fields: object) -> UsageRecord:
    """One attempt of `nightly-eval` that was answered."""
    opening = {name: fields.pop(name) for name in list(fields) if name in AttemptOpened.__struct_fields__}
    opened = AttemptOpened(
        event_id=event_id,
        request_id="r",
        attempt=1,
        started_at=NOW - 95,
        provider_name="anthropic",
        request_model="claude-sonnet-4-5",
        operation_name="nightly-eval",
        environment="staging",
        route="default",
        route_reason="first choice",
        prompt=PromptUse(name="grade", version="3f9a1c77" + "0" * 56, label="production"),
    )
    plain = UsageRecord(
        opened=structs.replace(opened, **opening),
        duration_s=6.4,
        time_to_first_chunk_s=0.9,
        response_model="claude-sonnet-4-5-20250929",
        usage=Usage(18_400, 1_210, cache_read_input_tokens=12_000),
        cost_nanousd=40_950_000,
        cost_source="price",
        price_as_of="2026-03-02",
        finish_reason="stop",
        http_status=200,
    )
    return structs.replace(plain, **fields)


REFUSED = record(
    "e1",
    provider_name="openai",
    request_model="gpt-5-mini",
    duration_s=0.31,
    time_to_first_chunk_s=None,
    response_model=None,
    usage=Usage(0, 0),
    cost_nanousd=0,
    cost_source=None,
    price_as_of=None,
    finish_reason=None,
    error_type="rate_limited",
    http_status=429,
)
ANSWERED = record(
    "e2",
    attempt=2,
    waited_s=1.35,
    fell_back_from="openai/gpt-5-mini",
    route_reason="next of the route",
    started_at=NOW - 94,
)
LIMITS = (
    Headroom(name="requests", limit=50, remaining=6, reset_s=41.0),
    Headroom(name="input_tokens", limit=40_000, remaining=12_400, reset_s=18.0),
)


class ScriptedWatch:
    """Remembers what was dismissed."""

    def __init__(self) -> None:
        self.kept: tuple[Told, ...] = ()

    async def told(self, *, standing_only: bool = False) -> tuple[Told, ...]:
        """As BurnWatch.told."""
        return tuple(one for one in self.kept if not (standing_only and one.is_dismissed))

    async def dismiss(self, one: Told, *, now: float) -> None:
        """As BurnWatch.dismiss."""
        self.kept = tuple(structs.replace(each, is_dismissed=True) if each == one else each for each in self.kept)


class ScriptedLens:
    """Nothing happened yet, unless `fill` was called."""

    def __init__(self) -> None:
        self.standings: list[BudgetStanding] = []
        self.slow: tuple[Bottleneck, ...] = ()
        self.measured: dict[Group, list[Latency]] = {}
        self.requests: dict[str, tuple[Attempted, ...]] = {}
        self.listed: list[UsageRecord] = []
        self.asked_for: list[Which] = []
        self.states: list[ProviderState] = []
        self.resting: list[Rest] = []
        self.stated: list[Limit] = []
        self.windows: dict[Target, int] = {}
        self.audited = Audit(since=0.0, until=NOW)

    def fill(self, targets: Iterable[Target]) -> None:
        """The afternoon on which everything happens."""
        daily = Budget(name="daily", limit_nanousd=nanousd(20), timezone=UTC)
        evals = Budget(name="evals", limit_nanousd=nanousd(40), timezone=UTC, scope="project:evals", period="week")
        self.standings = [
            BudgetStanding(daily, nanousd("16.9"), MIDNIGHT, MIDNIGHT + 86_400),
            BudgetStanding(evals, nanousd("9.2"), MIDNIGHT, MIDNIGHT + 7 * 86_400),
        ]
        self.slow = BOTTLENECKS
        self.measured = LATENCIES
        answered = Attempted(ANSWERED, price_lines(ANSWERED.usage, SONNET_PRICE), LIMITS)
        self.requests = {"r": (Attempted(REFUSED, (), ()), answered)}
        self.listed = [
            record(f"e{number}", started_at=NOW - 60 * number, cost_nanousd=410_000_000 - 23_000_000 * number)
            for number in range(12)
        ]
        self.states = [_state(target) for target in targets]
        self.resting = [
            Rest(Scope("anthropic", 0, "claude-sonnet-4-5"), "rate_limited", 43.0),
            Rest(Scope("openai", 0), "auth", 31_500_000.0),
        ]
        self.stated = [
            Limit("anthropic", LIMITS[0], 41.0),
            Limit("anthropic", LIMITS[1], 18.0),
            Limit("openai", Headroom(name="tokens", limit=200_000, remaining=164_000, reset_s=6.0), 6.0),
        ]
        self.windows = dict(zip(targets, (200_000, 400_000, 1_000_000, 32_768), strict=False))
        self.audited = AUDIT

    async def request(self, request_id: str) -> tuple[Attempted, ...]:
        """As Lens.request."""
        return self.requests.get(request_id, ())

    async def earlier(self, before: float | None = None, *, session_id: str | None = None) -> str | None:
        """As Lens.earlier: requests stand in the order of their time."""
        known = [name for name, attempts in self.requests.items() if before is None or _start(attempts) < before]
        return known[-1] if known else None

    async def later(self, after: float, *, session_id: str | None = None) -> str | None:
        """As Lens.later."""
        return next((name for name, attempts in self.requests.items() if _start(attempts) > after), None)

    async def costliest(self, which: Which) -> list[UsageRecord]:
        """As Lens.costliest."""
        self.asked_for.append(which)
        return self.listed

    async def latencies(self, group: Group) -> list[Latency]:
        """As Lens.latencies."""
        return self.measured.get(group, [])

    async def bottlenecks(self, slow_s: float) -> tuple[Bottleneck, ...]:
        """As Lens.bottlenecks."""
        return self.slow

    async def audit(self, since: float) -> Audit:
        """As Lens.audit."""
        return structs.replace(self.audited, since=since)

    async def providers(self) -> list[ProviderState]:
        """As Lens.providers."""
        return self.states

    async def budgets(self, budgets: Sequence[Budget]) -> list[BudgetStanding]:
        """As Lens.budgets."""
        return self.standings

    def rests(self) -> list[Rest]:
        """As Lens.rests."""
        return self.resting

    def limits(self) -> list[Limit]:
        """As Lens.limits."""
        return self.stated

    def context_window(self, target: Target) -> int | None:
        """As Lens.context_window."""
        return self.windows.get(target)


def _start(attempts: tuple[Attempted, ...]) -> float:
    return attempts[0].record.opened.started_at


def _state(target: Target) -> ProviderState:
    well = ProviderState(
        name=target.provider_name,
        models=(target.model,),
        base_url=f"https://api.{target.provider_name}.example",
        is_local=target.provider_name == "ollama",
        state="closed",
        left_s=0.0,
        why=None,
        share_left=None,
        key_place=f"{target.provider_name.upper()}_API_KEY",
        key_fingerprint="9f2c1a",
        last_error=None,
    )
    match target.provider_name:
        case "anthropic":
            error = LastError("rate_limited", 429, target.model, NOW - 17)
            rest = {"state": "resting", "left_s": 43.0, "why": "rate_limited", "share_left": 0.12, "last_error": error}
            return structs.replace(well, **rest)
        case "openai":
            return structs.replace(well, share_left=0.82)
        case "gemini":
            return structs.replace(well, key_fingerprint=None)
        case _:
            return structs.replace(well, base_url="http://127.0.0.1:11434", key_place=None, key_fingerprint=None)
