"""`burn-tui ask`: one prompt through the router, without a terminal."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import TextIO

import msgspec
from msgspec import Struct, structs

from burn_tui.core.catalog import Target
from burn_tui.core.chat import ChatRequest, FinishReason, said
from burn_tui.core.environment import DEVELOPMENT, Privacy
from burn_tui.core.errors import UnknownNameError
from burn_tui.core.events import (
    AttemptStarted,
    BudgetWarned,
    ContextReduced,
    Escalated,
    Event,
    FellBack,
    Hedged,
    NotEscalated,
    Refused,
    RequestFinished,
    TextDelta,
    Truncated,
    Waiting,
)
from burn_tui.core.failure import IN_WORDS, ErrorType
from burn_tui.core.money import NANOUSD
from burn_tui.core.usage import Usage, UsageRecord
from burn_tui.engine.admission import Caller
from burn_tui.engine.planning import route_of
from burn_tui.engine.runtime import Runtime

ANSWERED, NO_ANSWER, REFUSED = 0, 1, 3

_REFUSALS = {"guard", "confirmation", "budget"}
"""What was held back on purpose; for all else there was nobody who could have answered."""


class AttemptReport(Struct, frozen=True):
    """One attempt in `--json`. null = unknown."""

    provider: str
    """"" for a request that was refused before it had a target."""
    model: str
    outcome: str
    """answered, failed or refused"""
    error_type: ErrorType | None
    status: int | None
    duration_s: float
    cost_nanousd: int | None
    reason: str
    """Why this target was asked."""
    fell_back_from: str | None
    """"provider/model" that failed before; null for a first attempt."""
    waited_s: float
    """From the request's start to this attempt's."""
    response_model: str | None
    """What the provider says served; null = it did not say."""


class Escalation(Struct, frozen=True):
    """An answer that failed a check, and who was asked after it. null = unknown."""

    from_target: str
    to_target: str
    why: str
    from_cost_nanousd: int | None
    to_cost_nanousd: int | None


class Report(Struct, frozen=True):
    """What `--json` prints."""

    text: str
    served: dict[str, str] | None
    """{provider, model} of what really answered; null = nobody did."""
    requested: str | None
    """What was asked for; null = the default route."""
    attempts: list[AttemptReport]
    usage: dict[str, int | bool | None] | None
    """Of the answer; null without one. Names as in OpenTelemetry's GenAI conventions."""
    cost_nanousd: int | None
    """Of all attempts together; null as soon as one of them is unknown."""
    finish_reason: FinishReason | None
    error: str | None = None
    """Why there is no answer, with the mend; null with one."""
    escalated: Escalation | None = None
    """A first answer that failed a check; null = there was none."""


class PromptCall(Struct, frozen=True):
    """A versioned prompt that is to be sent, in place of a text."""

    asked: str
    """As Prompts.choose takes it."""
    variables: Mapping[str, object]


async def ask(
    prompt: str | PromptCall,
    *,
    boot: Callable[[], Awaitable[Runtime]],
    environment: str | None,
    target: str | None,
    privacy: Privacy,
    confirmed: bool,
    as_json: bool,
    out: TextIO,
    narration: TextIO,
) -> int:
    """Ask, print, and return the exit code: 0 answered, 1 no answer, 3 refused by a guard or budget.

    BurnError for a wrong call or wrong settings.
    """
    runtime = await boot()
    try:
        await _prepare(runtime, environment, target)
        if runtime.label is not None:
            print(f"burn-tui: {runtime.label}: no real provider is asked", file=narration)
        for notice in runtime.notices:
            print(f"burn-tui: {notice}", file=narration)
        caller = Caller(
            environment=runtime.environment(environment),
            operation_name="ask",
            privacy=privacy,
            is_confirmed=confirmed,
            is_confirmed_now=confirmed,
            is_unlocked=confirmed,
            test_mark=runtime.test_mark,
        )
        request, caller = await _request(runtime, prompt, target, caller)
        telling = Telling(out=None if as_json else out, narration=narration)
        async with aclosing(runtime.router.send(request, caller)) as events:
            async for event in events:
                telling.tell(event)
        if runtime.ledger.trouble is not None:
            print(f"burn-tui: {runtime.ledger.trouble}", file=narration)
    finally:
        await runtime.close()
    if as_json:
        out.write(msgspec.json.encode(telling.report()).decode() + "\n")
    return telling.exit_code


async def _prepare(runtime: Runtime, environment: str | None, target: str | None) -> None:
    """Find what may be asked, and refuse names that mean nothing before anything is sent."""
    await runtime.discover()
    known = runtime.settings.environments or [DEVELOPMENT.name]
    if environment is not None and environment not in known:
        raise UnknownNameError("environment", environment, known)
    route_of(ChatRequest(messages=(), model=target), runtime.router.setup)


async def _request(
    runtime: Runtime, prompt: str | PromptCall, target: str | None, caller: Caller
) -> tuple[ChatRequest, Caller]:
    """What is asked, and who asks it."""
    if isinstance(prompt, str):
        return ChatRequest(messages=(said("user", prompt),), model=target), caller
    prepared = await runtime.prompts.prepare(prompt.asked, prompt.variables, caller.environment)
    name = prepared.chosen.version.name
    return prepared.request(model=target), structs.replace(caller, prompt=prepared.after(()), operation_name=name)


class Telling:
    """Turns events into text for people, and keeps what the report needs."""

    def __init__(self, *, out: TextIO | None, narration: TextIO) -> None:
        self._out = out
        self._narration = narration
        self._text: list[str] = []
        self._refused: Refused | None = None
        self._finished: RequestFinished | None = None
        self._escalated: Escalated | None = None

    @property
    def exit_code(self) -> int:
        """0 answered, 1 no answer, 3 refused."""
        if self._refused is not None and self._refused.kind in _REFUSALS:
            return REFUSED
        return ANSWERED if self._finished and self._finished.served else NO_ANSWER

    @property
    def request_id(self) -> str:
        """Of the request, once it is over."""
        return self._finished.request_id if self._finished else ""

    def tell(self, event: Event) -> None:
        """Print what a person wants to know of one event."""
        match event:
            case TextDelta(text):
                self._text.append(text)
                self._print(text)
            case AttemptStarted(target=target):
                self._say(f"asking {target}")
            case Truncated(why=why):
                self._print("\n")
                self._say(f"the answer above is incomplete: {why}")
            case FellBack(to_target=following, why=why, waited_s=waited_s, continues=continues):
                if not continues:
                    self._text.clear()
                goes_on = ", which goes on from there" if continues else ""
                self._say(f"{why} Now {following}{goes_on} (waited {waited_s:.2f} s).")
            case Escalated(to_target=following, why=why):
                self._escalated = event
                self._text.clear()
                self._print("\n")
                self._say(f"{why} Now {following}. {event.costs}".rstrip())
            case NotEscalated(why=why):
                self._say(why)
            case Hedged(also_target=other, why=why):
                self._say(f"{why} {other} is asked as well.")
            case Waiting(seconds=seconds, why=why):
                self._say(f"waiting {seconds:.1f} s: {why}")
            case ContextReduced(target=target, what=what):
                self._say(f"not sent to {target.provider_name}: {', '.join(what)}")
            case BudgetWarned(budget, spent, limit):
                self._say(f"budget {budget}: ${spent / NANOUSD:.2f} of ${limit / NANOUSD:.2f} used")
            case Refused(reason=reason, mend=mend):
                self._refused = event
                self._say(f"{reason} {mend}")
            case RequestFinished():
                self._finished = event
                self._finish(event)
            case _:
                pass

    def report(self) -> Report:
        """The whole story as `--json` prints it."""
        finished = self._finished
        assert finished is not None, "a request always finishes"
        answer = finished.records[-1] if finished.served else None
        costs = [record.cost_nanousd for record in finished.records]
        return Report(
            text="".join(self._text),
            served=_named(finished.served) if finished.served else None,
            requested=finished.requested,
            attempts=[_attempt(record) for record in finished.records],
            usage=_usage(answer.usage) if answer else None,
            cost_nanousd=None if None in costs else sum(cost for cost in costs if cost is not None),
            finish_reason=answer.finish_reason if answer else None,
            error=self._error(finished),
            escalated=self._escalation(finished),
        )

    def _escalation(self, finished: RequestFinished) -> Escalation | None:
        if (said := self._escalated) is None:
            return None
        spent = {_model(record): record.cost_nanousd for record in finished.records}
        first, second = str(said.from_target), str(said.to_target)
        return Escalation(first, second, said.why, spent.get(first, said.from_nanousd), spent.get(second))

    def _error(self, finished: RequestFinished) -> str | None:
        if self._refused is not None:
            return f"{self._refused.reason} {self._refused.mend}"
        if finished.failure is None:
            return None
        who = finished.records[-1].opened.provider_name
        return f"{who} {IN_WORDS[finished.failure.error_type]}: {finished.failure.message}"

    def _finish(self, finished: RequestFinished) -> None:
        if finished.served is None:
            if self._refused is None:
                self._say(f"no answer: {self._error(finished)}")
            return
        self._print("\n")
        record = finished.records[-1]
        cost = "cost unknown" if record.cost_nanousd is None else f"${record.cost_nanousd / NANOUSD:.6f}"
        self._say(f"{finished.served} answered in {record.duration_s:.2f} s, {cost}")

    def _print(self, text: str) -> None:
        if self._out is not None:
            self._out.write(text)
            self._out.flush()

    def _say(self, sentence: str) -> None:
        print(f"burn-tui: {sentence}", file=self._narration)


def _named(target: Target) -> dict[str, str]:
    return {"provider": target.provider_name, "model": target.model}


def _model(record: UsageRecord) -> str:
    return f"{record.opened.provider_name}/{record.opened.request_model}"


def _attempt(record: UsageRecord) -> AttemptReport:
    outcome = "refused" if record.error_type == "refused" else record.outcome
    return AttemptReport(
        record.opened.provider_name,
        record.opened.request_model,
        outcome,
        record.error_type,
        record.http_status,
        round(record.duration_s, 6),
        record.cost_nanousd,
        record.opened.route_reason,
        record.opened.fell_back_from,
        round(record.opened.waited_s, 6),
        record.response_model,
    )


def _usage(usage: Usage) -> dict[str, int | bool | None]:
    names = (
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "reasoning_output_tokens",
        "estimated",
    )
    return {name: getattr(usage, name) for name in names}
