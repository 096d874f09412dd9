"""One call to one target: request out, bytes in, events up, and its row settled whatever happens."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from burn_tui.core.assembly import AnswerBuilder
from burn_tui.core.catalog import Provider, Target
from burn_tui.core.chat import CHARS_PER_TOKEN, ChatRequest, FinishReason, estimate_tokens
from burn_tui.core.events import (
    AttemptFailed,
    AttemptFinished,
    AttemptStarted,
    Event,
    FinishSeen,
    Malformed,
    ModelSeen,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Truncated,
    UsageSeen,
    WireEvent,
)
from burn_tui.core.failure import Failure, without_key
from burn_tui.core.money import Price, cost
from burn_tui.core.policy import TimeLimits
from burn_tui.core.rate_limits import Headroom, headroom
from burn_tui.core.usage import AttemptOpened, CostSource, Usage, UsageRecord
from burn_tui.engine.books import Books
from burn_tui.engine.clock import Clock
from burn_tui.engine.network import Network, TransportError
from burn_tui.engine.setup import Setup
from burn_tui.providers import DIALECTS
from burn_tui.providers.dialect import Decoder
from burn_tui.providers.tool_names import ToolNames

if TYPE_CHECKING:
    from burn_tui.engine.transport import Response

CANCELLED = Failure("cancelled", "stopped before the answer was complete")


Watch = Callable[[Provider, bool, Decoder], Decoder]
"""Given who answers, whether in a stream, and the decoder of the answer, the decoder that is used: for whoever wants to
pass on the bytes themselves."""


class Way(Struct, frozen=True, kw_only=True):
    """How one target is reached, as the settings were when the attempt began."""

    target: Target
    provider: Provider
    """At the address of the lane."""
    lane: int
    api_key: str | None
    price: Price | None
    limits: TimeLimits


def way_to(target: Target, lane: int, setup: Setup) -> Way:
    """How `target` is reached by this lane now."""
    return Way(
        target=target,
        provider=setup.catalog.provider(target).at(lane),
        lane=lane,
        api_key=setup.keys.key(target.provider_name, lane),
        price=setup.prices.price(target),
        limits=setup.limits,
    )


class Attempt:
    """An attempt whose row is open already. After `events` is exhausted or closed, `record` is settled."""

    def __init__(
        self,
        opened: AttemptOpened,
        request: ChatRequest,
        way: Way,
        *,
        transport: Network,
        books: Books,
        clock: Clock,
        watch: Watch | None = None,
    ) -> None:
        self.way = way
        self.failure: Failure | None = None
        """None = answered (or not over yet)."""
        self.headroom: tuple[Headroom, ...] = ()
        """Limits that the response stated."""
        self.answer = AnswerBuilder()
        """What has come of the answer."""
        self._opened = opened
        self._request = request
        self._dialect = DIALECTS[way.provider.dialect]
        self._tool_names = ToolNames(request.tools, self._dialect.naming)
        self._transport = transport
        self._books = books
        self._clock = clock
        self._watch = watch
        self._sent_at = clock.monotonic()
        self._first_chunk_s: float | None = None
        self._http_status: int | None = None
        self._was_sent = False
        self._response_model: str | None = None
        self._finish_reason: FinishReason | None = None
        self._has_called = False
        self._usage = Usage()
        self._text_characters = 0
        self._unseen_characters = 0
        """Of reasoning and tool arguments: billed, but not shown as answer."""
        self._malformed = 0
        self.record = UsageRecord(opened=opened, duration_s=0.0)

    @property
    def has_begun(self) -> bool:
        """Whether anything of an answer has come."""
        return self._first_chunk_s is not None

    @property
    def was_cut(self) -> bool:
        """Whether text was shown that is not the whole answer."""
        return self.failure is not None and self._text_characters > 0

    async def events(self, notices: Iterable[Event] = ()) -> AsyncGenerator[Event]:
        """`notices`, then everything from AttemptStarted to AttemptFinished; a cut answer is followed by Truncated.

        The row is settled when they are at their end: whoever waits for the answer need not wait for the disk.
        """
        target = self.way.target
        try:
            for notice in notices:
                yield notice
            is_free = self._opened.cost_estimate_nanousd == 0
            yield AttemptStarted(self._opened.event_id, self._opened.attempt, target, self.way.lane, is_free)
            async with aclosing(self._call()) as wire:
                async for event in wire:
                    yield event
        except TransportError as error:
            self._was_sent = error.was_sent
            self.failure = self._cut(error.failure)
        except BaseException as error:
            is_cancelled = isinstance(error, asyncio.CancelledError | GeneratorExit)
            self.failure = CANCELLED if is_cancelled else Failure("unknown", f"burn-tui failed: {type(error).__name__}")
            await self._settled()
            raise
        if self.failure is not None:
            self.failure = without_key(self.failure, self.way.api_key)
        settling = self._settled()
        try:
            if self.failure is not None:
                yield AttemptFailed(self._opened.attempt, target, self.failure)
            yield AttemptFinished(self.record)
            if self.was_cut and self.failure is not None:
                yield Truncated(target, self._text_characters, self.failure.message)
        finally:
            await settling

    async def _call(self) -> AsyncGenerator[Event]:
        way = self.way
        request = self._tool_names.sent(self._request)
        outgoing = self._dialect.encode_request(
            request, model=way.target.model, provider=way.provider, api_key=way.api_key
        )
        self._opened = _as_sent(self._opened, outgoing.body)
        self._sent_at = self._clock.monotonic()
        self._was_sent = True
        try:
            async with asyncio.timeout(self._first_chunk_limit_s):
                response = await self._transport.send(outgoing, connect_s=way.limits.connect_s)
        except TimeoutError as late:
            raise _late("no response", self._first_chunk_limit_s) from late
        try:
            self._http_status = response.status
            self.headroom = headroom(response.headers, now=self._clock.now())
            if not response.is_success:
                await self._refused(response)
                return
            async with aclosing(self._decode(response)) as decoded:
                async for event in decoded:
                    if isinstance(event, Failure):
                        self.failure = self._cut(event)
                        return
                    yield event
            self.failure = self._shortcoming()
        finally:
            await response.aclose()

    async def _refused(self, response: "Response") -> None:
        try:
            async with asyncio.timeout(self.way.limits.idle_s):
                body = await response.read()
        except TimeoutError as late:
            raise _late("no reason for the refusal", self.way.limits.idle_s) from late
        self.failure = self._dialect.decode_error(response.status, response.headers, body, now=self._clock.now())

    async def _decode(self, response: "Response") -> AsyncGenerator[WireEvent]:
        is_streamed = self._request.stream and "application/json" not in response.headers.get("content-type", "")
        decoder = self._dialect.decoder(streamed=is_streamed, provider=self.way.provider)
        if self._watch is not None:
            decoder = self._watch(self.way.provider, is_streamed, decoder)
        async with aclosing(response.chunks()) as chunks:
            while (chunk := await self._next(chunks)) is not None:
                for event in self._taken(decoder.feed(chunk)):
                    yield event
        for event in self._taken(decoder.finish()):
            yield event

    async def _next(self, chunks: AsyncGenerator[bytes]) -> bytes | None:
        """The next piece of the body, None at its end; TransportError if it does not come in time."""
        limits, age_s = self.way.limits, self._clock.monotonic() - self._sent_at
        left_s, what = (
            (limits.idle_s, "nothing more") if self.has_begun else (self._first_chunk_limit_s - age_s, "no first word")
        )
        if limits.total_s - age_s < left_s:
            left_s, what = limits.total_s - age_s, "no end of the answer"
        try:
            async with asyncio.timeout(left_s):
                return await anext(chunks, None)
        except TimeoutError as late:
            raise _late(what, left_s) from late

    @property
    def _first_chunk_limit_s(self) -> float:
        """An answer that is not streamed has its first word when it is complete."""
        return self.way.limits.first_chunk_s if self._request.stream else self.way.limits.total_s

    def _taken(self, events: list[WireEvent]) -> Iterator[WireEvent]:
        """What is passed on: a tool call that calls nothing (Snowflake sends them) is for nobody."""
        for event in events:
            if isinstance(event, ToolCallDelta) and event == ToolCallDelta(event.index):
                continue
            given = self._tool_names.given(event)
            self._take(given)
            yield given

    def _take(self, event: WireEvent) -> None:
        self.answer.take(event)
        match event:
            case TextDelta(text):
                self._text_characters += len(text)
                self._mark_first_chunk()
            case ReasoningDelta(text) | ToolCallDelta(arguments=text):
                self._has_called |= isinstance(event, ToolCallDelta)
                self._unseen_characters += len(text)
                self._mark_first_chunk()
            case UsageSeen(usage):
                self._usage = self._usage.updated(usage)
            case ModelSeen(model):
                self._response_model = model
            case FinishSeen(reason):
                self._finish_reason = reason
            case Malformed():
                self._malformed += 1
            case _:
                pass

    def _mark_first_chunk(self) -> None:
        if self._first_chunk_s is None:
            self._first_chunk_s = self._clock.monotonic() - self._sent_at

    def _cut(self, failure: Failure) -> Failure:
        """An answer lost in the middle is a truncated one, whatever the network or the provider calls it.

        But a blocked one stays blocked: that must not be carried to the next provider as if by accident.
        """
        if not self._text_characters or failure.error_type == "content_filter":
            return failure
        return structs.replace(failure, error_type="truncated")

    def _shortcoming(self) -> Failure | None:
        """Why a 200 that came to its end is no answer: a filter stopped it, or it says nothing without a reason."""
        if self._finish_reason == "content_filter":
            return Failure("content_filter", "the provider blocked the answer", self._http_status)
        if self._text_characters or self._has_called or self._finish_reason in {"length", "pause", "pending"}:
            return None
        return Failure("bad_answer", "the answer is empty", self._http_status)

    def _settled(self) -> Awaitable[None]:
        """Completes `record`, and gives what settles its row."""
        usage, cost_nanousd, source = self._bill()
        price = self.way.price
        self.record = UsageRecord(
            opened=self._opened,
            duration_s=self._clock.monotonic() - self._sent_at,
            time_to_first_chunk_s=self._first_chunk_s,
            response_model=self._response_model,
            usage=usage,
            cost_nanousd=cost_nanousd,
            cost_source=source,
            price_as_of=price.as_of if price and source in {"price", "estimated"} else None,
            finish_reason=self._finish_reason,
            error_type=self.failure.error_type if self.failure else None,
            http_status=self._http_status,
            malformed_events=self._malformed,
        )
        # The row must be settled even while the task that asked is being cancelled.
        return asyncio.shield(self._books.settle(self.record))

    def _bill(self) -> tuple[Usage, int | None, CostSource | None]:
        """Tokens, cost and where the cost comes from. A call that was turned away costs nothing."""
        if self._was_turned_away():
            return Usage(input_tokens=0, output_tokens=0), 0, None
        usage = self._counted()
        if usage.cost_nanousd is not None:
            return usage, usage.cost_nanousd, "provider"
        if self.way.price is None:
            return usage, None, None
        return usage, cost(usage, self.way.price), "estimated" if usage.estimated else "price"

    def _counted(self) -> Usage:
        """What the provider counted, with estimates for what it did not.

        Of an answer that never came to its end the counts are from its beginning, where some state 0 or 1 for what is
        still to be written: then the greater of count and estimate holds.
        """
        prompt = self._opened.input_tokens_estimate
        written = estimate_tokens(self.answer.text) + self._unseen_characters // CHARS_PER_TOKEN
        counted = self._usage
        if self.failure is not None and self._finish_reason is None:
            counted = structs.replace(
                counted,
                input_tokens=counted.input_tokens or prompt,
                output_tokens=max(counted.output_tokens or 0, written),
                estimated=True,
            )
        return counted.completed(input_estimate=prompt, output_estimate=written)

    def _was_turned_away(self) -> bool:
        """What reached the provider and got no answer may be billed all the same, so only a clear no is free."""
        if self.failure is None:
            return False
        return not self._was_sent or (self._http_status is not None and self._http_status >= 300)


def _as_sent(opened: AttemptOpened, body: bytes) -> AttemptOpened:
    """With the hash of what a prompt has become on its way."""
    if opened.prompt is None:
        return opened
    return structs.replace(opened, prompt=structs.replace(opened.prompt, rendered_hash=sha256(body).hexdigest()))


def _late(what: str, seconds: float) -> TransportError:
    """What is said of a limit that has passed."""
    return TransportError(Failure("timeout", f"{what} within {max(seconds, 0):.0f} s"))
