"""One call to one target: request out, bytes in, events up, and its row settled whatever happens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import structs

from burn_tui.core.catalog import Provider, Target
from burn_tui.core.chat import ChatRequest, FinishReason, estimate_tokens
from burn_tui.core.events import (
    AttemptFailed,
    AttemptFinished,
    AttemptStarted,
    Event,
    FinishSeen,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Truncated,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import Failure
from burn_tui.core.money import Price, cost
from burn_tui.core.usage import AttemptOpened, CostSource, Usage, UsageRecord
from burn_tui.engine.admission import Books
from burn_tui.engine.clock import Clock
from burn_tui.engine.transport import Response, Transport, TransportError
from burn_tui.providers import DIALECTS

CANCELLED = Failure("cancelled", "stopped before the answer was complete")


class Attempt:
    """An attempt whose row is open already. After `events` is exhausted or closed, `record` is settled."""

    def __init__(
        self,
        opened: AttemptOpened,
        request: ChatRequest,
        *,
        provider: Provider,
        api_key: str | None,
        price: Price | None,
        transport: Transport,
        books: Books,
        clock: Clock,
    ) -> None:
        self.target = Target(provider.name, opened.request_model)
        self.failure: Failure | None = None
        """None = answered (or not over yet)."""
        self._opened = opened
        self._request = request
        self._provider = provider
        self._dialect = DIALECTS[provider.dialect]
        self._api_key = api_key
        self._price = price
        self._transport = transport
        self._books = books
        self._clock = clock
        self._sent_at = clock.monotonic()
        self._first_chunk_s: float | None = None
        self._http_status: int | None = None
        self._response_model: str | None = None
        self._finish_reason: FinishReason | None = None
        self._usage = Usage()
        self._text: list[str] = []
        self._unseen_output = 0  # characters of reasoning and tool arguments: billed, but not shown as answer
        self.record = UsageRecord(opened=opened, duration_s=0.0)

    async def events(self) -> AsyncGenerator[Event]:
        """Everything from AttemptStarted to AttemptFinished; a cut answer is followed by Truncated."""
        try:
            yield AttemptStarted(self._opened.event_id, self._opened.attempt, self.target)
            async with aclosing(self._call()) as wire:
                async for event in wire:
                    yield event
        except TransportError as error:
            self.failure = self._cut(error.failure)
        except (asyncio.CancelledError, GeneratorExit):
            self.failure = CANCELLED
            raise
        finally:
            await self._settle()
        if self.failure is not None:
            yield AttemptFailed(self._opened.attempt, self.target, self.failure)
        yield AttemptFinished(self.record)
        if self.failure is not None and self._text:
            yield Truncated(self.target, sum(map(len, self._text)), self.failure.message)

    async def _call(self) -> AsyncGenerator[Event]:
        outgoing = self._dialect.encode_request(
            self._request, model=self._opened.request_model, provider=self._provider, api_key=self._api_key
        )
        self._sent_at = self._clock.monotonic()
        async with self._transport.stream(outgoing) as response:
            self._http_status = response.status
            if not response.is_success:
                body = await response.read()
                self.failure = self._dialect.decode_error(
                    response.status, response.headers, body, now=self._clock.now()
                )
                return
            async with aclosing(self._decode(response)) as decoded:
                async for event in decoded:
                    if isinstance(event, Failure):
                        self.failure = event
                        return
                    yield event

    async def _decode(self, response: Response) -> AsyncGenerator[WireEvent]:
        decoder = self._dialect.decoder(streamed=self._request.stream, provider=self._provider)
        async with aclosing(response.chunks()) as chunks:
            async for chunk in chunks:
                for event in decoder.feed(chunk):
                    self._take(event)
                    yield event
        for event in decoder.finish():
            self._take(event)
            yield event

    def _take(self, event: WireEvent) -> None:
        match event:
            case TextDelta(text):
                self._text.append(text)
                self._mark_first_chunk()
            case ReasoningDelta(text) | ToolCallDelta(arguments=text):
                self._unseen_output += len(text)
                self._mark_first_chunk()
            case UsageSeen(usage):
                self._usage = self._usage.updated(usage)
            case ModelSeen(model):
                self._response_model = model
            case FinishSeen(reason):
                self._finish_reason = reason
            case _:
                pass

    def _mark_first_chunk(self) -> None:
        if self._first_chunk_s is None:
            self._first_chunk_s = self._clock.monotonic() - self._sent_at

    def _cut(self, failure: Failure) -> Failure:
        """A connection lost in mid-answer is a truncated answer, whatever the network calls it."""
        return structs.replace(failure, error_type="truncated") if self._text else failure

    async def _settle(self) -> None:
        usage, cost_nanousd, source = self._bill()
        self.record = UsageRecord(
            opened=self._opened,
            duration_s=self._clock.monotonic() - self._sent_at,
            time_to_first_chunk_s=self._first_chunk_s,
            response_model=self._response_model,
            usage=usage,
            cost_nanousd=cost_nanousd,
            cost_source=source,
            price_as_of=self._price.as_of if self._price and source in {"price", "estimated"} else None,
            finish_reason=self._finish_reason,
            error_type=self.failure.error_type if self.failure else None,
            http_status=self._http_status,
        )
        # The row must be settled even while the task that asked is being cancelled.
        await asyncio.shield(self._books.settle(self.record))

    def _bill(self) -> tuple[Usage, int | None, CostSource | None]:
        """Tokens, cost and where the cost comes from. A call that was turned away costs nothing."""
        if self._was_turned_away():
            return Usage(input_tokens=0, output_tokens=0), 0, None
        written = estimate_tokens("".join(self._text)) + self._unseen_output // 4
        usage = self._usage.completed(input_estimate=self._opened.input_tokens_estimate, output_estimate=written)
        if usage.cost_nanousd is not None:
            return usage, usage.cost_nanousd, "provider"
        if self._price is None:
            return usage, None, None
        return usage, cost(usage, self._price), "estimated" if usage.estimated else "price"

    def _was_turned_away(self) -> bool:
        if self.failure is None:
            return False
        never_connected = self._http_status is None and self.failure.error_type != "timeout"
        return never_connected or (self._http_status is not None and self._http_status >= 300)
