"""Sessions of other programs, as a dashboard finds them in the ledger."""

from typing import Any

from msgspec import structs
from support.scripted import FLASH, GPT, NOW, SONNET, ScriptedRuntime
from support.watching import record

from burn_tui.core.usage import AttemptOpened, Usage
from burn_tui.engine.foreign_sessions import ForeignSession


def foreign(name: str, **fields: Any) -> ForeignSession:
    """One that was answered a moment ago."""
    plain = ForeignSession(
        name=name,
        source="gateway",
        environment="staging",
        project=None,
        operation_name="OpenAI/Python",
        last_route=GPT,
        fell_back_from=None,
        requests=57,
        errors=0,
        in_flight=0,
        tokens=812_000,
        cost_nanousd=1_230_000_000,
        unpriced=0,
        nanousd_per_minute=43_000_000,
        last_at=NOW - 8,
    )
    return structs.replace(plain, **fields)


NIGHTLY = foreign("nightly-eval", in_flight=1, errors=2, fell_back_from=str(SONNET), last_at=NOW)
CODING = foreign(
    "claude-code@web", environment="production", operation_name="claude-cli", last_route=SONNET, project="web"
)
LOGGED = foreign("fix-login", source="codex", environment="local", operation_name="codex", last_at=NOW - 130)

IN_FLIGHT = AttemptOpened(
    event_id="open",
    request_id="open",
    attempt=2,
    started_at=NOW - 3,
    provider_name=GPT.provider_name,
    request_model=GPT.model,
    operation_name="OpenAI/Python",
    fell_back_from=str(SONNET),
)


def full() -> ScriptedRuntime:
    """A dashboard's world with three of them."""
    from support.scripted import busy_day

    runtime = ScriptedRuntime(label="DEMO", burn=busy_day())
    runtime.foreign.sessions = (CODING, NIGHTLY, LOGGED)
    runtime.foreign.asked[NIGHTLY.name] = [
        IN_FLIGHT,
        record("e9", started_at=NOW - 4, error_type="rate_limited", http_status=429, usage=Usage(0, 0), cost_nanousd=0),
        *(
            record(
                f"e{number}",
                started_at=NOW - 11 * number - 20,
                provider_name=(GPT if number % 3 else FLASH).provider_name,
                request_model=(GPT if number % 3 else FLASH).model,
                operation_name="OpenAI/Python",
                fell_back_from=None if number % 3 else str(GPT),
                cost_nanousd=9_300_000 + 310_000 * number,
            )
            for number in range(30)
        ),
    ]
    return runtime
