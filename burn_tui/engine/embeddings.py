"""Embeddings: passed on as they are to one provider, behind the same guard, budgets and ledger as everything else.

OpenAI's format (developers.openai.com/api/reference/resources/embeddings), which is nearly everybody's. Nobody else is
asked after a failure: vectors of two models cannot be compared, so that a fallback would spoil an index in silence.
"""

import asyncio
from collections.abc import Mapping

import msgspec
from msgspec import Struct, structs

from burn_tui.core.budget import Exceeds
from burn_tui.core.catalog import Target
from burn_tui.core.chat import estimate_tokens
from burn_tui.core.events import Refused
from burn_tui.core.failure import ErrorType
from burn_tui.core.money import cost
from burn_tui.core.usage import AttemptOpened, Usage, UsageRecord
from burn_tui.engine.admission import Admission, Caller, over_budget
from burn_tui.engine.network import TransportError
from burn_tui.engine.router import Router
from burn_tui.engine.transport import Response
from burn_tui.providers import DIALECTS
from burn_tui.providers.dialect import HttpRequest
from burn_tui.providers.reading import count, mapping, parsed

CAPABLE = frozenset({"openai-chat", "openai-responses"})
"""Dialects whose providers have OpenAI's embeddings beside them."""


class Embedded(Struct, frozen=True):
    """What the provider answered."""

    status: int
    content_type: str
    body: bytes
    record: UsageRecord


async def embed(router: Router, asked: Mapping[str, object], target: Target, caller: Caller) -> Embedded | Refused:
    """Send the request in `asked` to `target`, whatever its model is called there. TransportError if nobody answers."""
    setup, clock = router.setup, router.clock
    provider, price = setup.catalog.provider(target), setup.prices.price(target)
    tokens = estimate_tokens(msgspec.json.encode(asked.get("input", "")).decode())
    opened = AttemptOpened(
        event_id=clock.new_id(),
        request_id=clock.new_id(),
        attempt=1,
        started_at=clock.now(),
        provider_name=target.provider_name,
        request_model=target.model,
        requested=str(target),
        input_tokens_estimate=tokens,
        cost_estimate_nanousd=None if price is None else cost(Usage(input_tokens=tokens, output_tokens=0), price),
        operation_name=caller.operation_name,
        conversation_id=caller.conversation_id,
        session_id=caller.session_id,
        environment=caller.environment.name,
        project=caller.project,
        route_reason="embeddings go to one provider",
        source=caller.source,
    )
    admitted = await Admission(setup, router.books).admit(opened, target, caller)
    if isinstance(admitted, Exceeds):
        return over_budget(admitted, target)
    if isinstance(admitted, Refused):
        return admitted
    headers = {"content-type": "application/json"}
    if (key := setup.keys.key(target.provider_name)) is not None:
        headers["authorization"] = f"Bearer {key}"
    body = msgspec.json.encode({**asked, "model": target.model})
    call = _Call(router, opened)
    return await call.made(HttpRequest(f"{provider.base_url}/embeddings", headers, body), target)


class _Call:
    """A call whose row is open already, and settled whatever happens."""

    def __init__(self, router: Router, opened: AttemptOpened) -> None:
        self._router = router
        self._opened = opened
        self._began = router.clock.monotonic()

    async def made(self, outgoing: HttpRequest, target: Target) -> Embedded:
        router, limits = self._router, self._router.setup.limits
        record = self._record("cancelled", None, Usage(input_tokens=0, output_tokens=0), 0)
        try:
            async with asyncio.timeout(limits.total_s):
                response = await router.transport.send(outgoing, connect_s=limits.connect_s)
                try:
                    body = await response.read()
                finally:
                    await response.aclose()
            record = self._settled(response, body, target)
            return Embedded(response.status, response.headers.get("content-type", "application/json"), body, record)
        except (TransportError, TimeoutError):
            record = structs.replace(record, error_type="transient")
            raise
        finally:
            await asyncio.shield(router.books.settle(record))

    def _settled(self, response: Response, body: bytes, target: Target) -> UsageRecord:
        setup, now = self._router.setup, self._router.clock.now()
        if not response.is_success:
            dialect = DIALECTS[setup.catalog.provider(target).dialect]
            failure = dialect.decode_error(response.status, response.headers, body, now=now)
            return self._record(failure.error_type, response.status, Usage(input_tokens=0, output_tokens=0), 0)
        usage = Usage(input_tokens=_counted(body), output_tokens=0)
        usage = usage.completed(input_estimate=self._opened.input_tokens_estimate, output_estimate=0)
        price = setup.prices.price(target)
        spent = None if price is None else cost(usage, price)
        return self._record(None, response.status, usage, spent)

    def _record(
        self, error_type: ErrorType | None, status: int | None, usage: Usage, cost_nanousd: int | None
    ) -> UsageRecord:
        is_priced = cost_nanousd is not None and error_type is None
        return UsageRecord(
            opened=self._opened,
            duration_s=self._router.clock.monotonic() - self._began,
            response_model=self._opened.request_model if error_type is None else None,
            usage=usage,
            cost_nanousd=cost_nanousd,
            cost_source=("estimated" if usage.estimated else "price") if is_priced else None,
            error_type=error_type,
            http_status=status,
        )


def _counted(body: bytes) -> int | None:
    try:
        return count(mapping(parsed(body)), "usage", "prompt_tokens")
    except ValueError:
        return None
