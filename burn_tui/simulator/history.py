"""An invented working day for `--demo`: rows as the router would have written them, of source "demo"."""

import random
from collections.abc import Iterator

from msgspec import Struct

from burn_tui.core.catalog import Target
from burn_tui.core.failure import ErrorType
from burn_tui.core.money import FREE, Price, Rates, cost, nanousd
from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.engine.clock import Clock
from burn_tui.simulator.demo_prompts import use_of

SONNET = Target("anthropic", "claude-sonnet-4-5")
GPT = Target("openai", "gpt-5-mini")
FLASH = Target("gemini", "gemini-2.5-flash")
QWEN = Target("ollama", "qwen3:8b")

PRICES = {
    SONNET: Price(rates=Rates(input_rate=nanousd(3), output_rate=nanousd(15))),
    GPT: Price(rates=Rates(input_rate=nanousd("0.25"), output_rate=nanousd(2))),
    FLASH: Price(rates=Rates(input_rate=nanousd("0.3"), output_rate=nanousd("2.5"))),
    QWEN: FREE,
}

FIRST_CHUNK_S = {SONNET: 0.9, GPT: 0.6, FLASH: 0.45, QWEN: 0.2}
"""Typical seconds to the first chunk."""

_HOUR_S = 3600.0
_CALLS_A_MINUTE = 1.6
_HOURS = 9
_FAILURES: tuple[tuple[ErrorType, int], ...] = (("rate_limited", 429), ("overloaded", 529), ("transient", 502))


class _Work(Struct, frozen=True):
    """Something a developer's programs do again and again."""

    operation: str
    environment: str
    target: Target
    input_tokens: int
    output_tokens: int
    weight: int


_DAY = (
    _Work("api-refactor", "production", SONNET, 3_800, 420, 22),
    _Work("review-diff", "staging", GPT, 5_200, 650, 26),
    _Work("nightly-eval", "staging", FLASH, 2_400, 300, 24),
    _Work("scratch", "local", QWEN, 900, 260, 28),
)


def history(clock: Clock, chance: random.Random) -> Iterator[UsageRecord]:
    """Settled attempts of the last nine hours, oldest first; busier towards now."""
    now = clock.now()
    age_s = _HOURS * _HOUR_S
    while age_s > 30.0:
        yield _attempt(clock, chance, started_at=now - age_s)
        busyness = 0.4 + 1.2 * (1.0 - age_s / (_HOURS * _HOUR_S)) + 0.6 * chance.random()
        age_s -= chance.expovariate(_CALLS_A_MINUTE * busyness / 60.0)


def _attempt(clock: Clock, chance: random.Random, *, started_at: float) -> UsageRecord:
    work = chance.choices(_DAY, weights=[work.weight for work in _DAY])[0]
    opened = AttemptOpened(
        event_id=clock.new_id(),
        request_id=clock.new_id(),
        attempt=1,
        started_at=started_at,
        provider_name=work.target.provider_name,
        request_model=work.target.model,
        operation_name=work.operation,
        session_id=work.operation,
        environment=work.environment,
        route="default",
        route_reason="history of the demo",
        source="demo",
        prompt=use_of(work.operation, clock.now() - started_at),
    )
    if chance.random() < 0.03:
        return _failed(opened, chance)
    usage = Usage(input_tokens=_around(work.input_tokens, chance), output_tokens=_around(work.output_tokens, chance))
    first_chunk_s = FIRST_CHUNK_S[work.target] * chance.lognormvariate(0.0, 0.5)
    return UsageRecord(
        opened=opened,
        duration_s=first_chunk_s + (usage.output_tokens or 0) / 120.0,
        time_to_first_chunk_s=first_chunk_s,
        response_model=work.target.model,
        usage=usage,
        cost_nanousd=cost(usage, PRICES[work.target]),
        cost_source="price",
        finish_reason="stop",
        http_status=200,
    )


def _failed(opened: AttemptOpened, chance: random.Random) -> UsageRecord:
    error_type, status = chance.choice(_FAILURES)
    return UsageRecord(
        opened=opened,
        duration_s=0.2,
        usage=Usage(input_tokens=0, output_tokens=0),
        cost_nanousd=0,
        error_type=error_type,
        http_status=status,
    )


def _around(tokens: int, chance: random.Random) -> int:
    return max(1, round(tokens * chance.lognormvariate(0.0, 0.6)))
