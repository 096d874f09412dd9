"""Asks a provider for one word, to see whether it answers: through the router, so guarded, budgeted and recorded."""

from contextlib import aclosing

from msgspec import Struct

from burn_tui.core.catalog import Provider
from burn_tui.core.chat import ChatRequest, said
from burn_tui.core.environment import Environment
from burn_tui.core.events import AttemptFinished, Refused
from burn_tui.core.usage import UsageRecord
from burn_tui.engine.admission import Caller
from burn_tui.engine.router import Router

OPERATION = "provider test"
"""What its rows are called in the ledger."""

QUESTION = "Reply with the word OK."

_MOST_TOKENS = 16


class Probed(Struct, frozen=True):
    """What came of it: one of the two, or nothing at all."""

    record: UsageRecord | None = None
    """Of the first attempt."""
    refused: Refused | None = None
    """Why nobody was asked."""


async def probe(router: Router, provider: Provider, environment: Environment) -> Probed:
    """Ask the provider's first model. A person has pressed a key for it, so a paid call is agreed to; what the
    environment forbids stays forbidden, and nobody else is asked in its place.
    """
    if not provider.models:
        return Probed()
    request = ChatRequest(
        messages=(said("user", QUESTION),),
        model=f"{provider.name}/{provider.models[0].name}",
        max_output_tokens=_MOST_TOKENS,
    )
    caller = Caller(environment=environment, operation_name=OPERATION, is_confirmed_now=True)
    async with aclosing(router.send(request, caller)) as events:
        async for event in events:
            match event:
                case AttemptFinished(record=record):
                    return Probed(record)
                case Refused():
                    return Probed(refused=event)
                case _:
                    pass
    return Probed()
