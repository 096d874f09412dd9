"""Bytes of a provider that speaks the client's own dialect, passed on as they are.

    chunk ──cut at blank lines──> whole events ──decoder──> wire events, for ledger and router
                                       └──────────────────> `taken`, for the client

An event that says that the answer failed is not passed on: somebody else may still answer, and if not, the gateway says
so itself. One that cannot be read is left out, as our own decoders do. What comes in the middle of an event waits for
its end, for the same reason. The event that says that the answer is done waits, with all behind it, until the answer
has held good: often it brings the last words as well.
"""

from burn_tui.core.events import FinishSeen, Malformed, UsageSeen, WireEvent
from burn_tui.core.failure import Failure
from burn_tui.core.sse import MAX_EVENT_BYTES
from burn_tui.providers.dialect import Decoder

_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")


class Passing:
    """A decoder around the dialect's own that keeps what it was fed until it is taken."""

    def __init__(self, decoder: Decoder, *, is_streamed: bool, with_usage: bool) -> None:
        self._decoder = decoder
        self._is_streamed = is_streamed
        self._with_usage = with_usage
        """False = events that only count tokens are for us alone: the client did not ask for them."""
        self._unfinished = b""
        self._ready: list[bytes] = []
        self._ending: list[bytes] = []
        self._is_done = False
        self._has_failed = False

    def taken(self) -> bytes:
        """What may be passed on while the answer goes on, and was not taken before."""
        ready, self._ready = b"".join(self._ready), []
        return ready

    def rest(self) -> bytes:
        """What may be passed on once the answer is complete, and was not taken before."""
        ending, self._ending = b"".join(self._ending), []
        return self.taken() + ending

    def feed(self, data: bytes) -> list[WireEvent]:
        """As the decoder it is around."""
        if not self._is_streamed:
            self._ready.append(data)
            return self._decoder.feed(data)
        # A chunk is an event, or a few, nearly always; the rest is put together until it is one.
        self._unfinished += data
        found: list[WireEvent] = []
        while (event := self._next_event()) and not self._has_failed:
            found += self._passed(event, self._decoder.feed(event))
        return found

    def finish(self) -> list[WireEvent]:
        """As the decoder it is around."""
        rest, self._unfinished = self._unfinished, b""
        found = self._passed(rest, self._decoder.feed(rest)) if rest and not self._has_failed else []
        return found + self._decoder.finish()

    def _next_event(self) -> bytes:
        """The first whole event of what has come, with its blank line; b"" if none is whole yet.

        One that is too large to be true is left to the decoder, which says so.
        """
        pending = self._unfinished
        ends = [place + len(blank) for blank in _BLANK_LINES if (place := pending.find(blank)) >= 0]
        if not ends and len(pending) <= MAX_EVENT_BYTES:
            return b""
        end = min(ends, default=len(pending))
        self._unfinished = pending[end:]
        return pending[:end]

    def _passed(self, event: bytes, meant: list[WireEvent]) -> list[WireEvent]:
        self._has_failed |= any(isinstance(one, Failure) for one in meant)
        if not self._has_failed and not self._is_for_us(meant):
            self._is_done |= any(isinstance(one, FinishSeen) for one in meant)
            (self._ending if self._is_done else self._ready).append(event)
        return meant

    def _is_for_us(self, meant: list[WireEvent]) -> bool:
        """Rubbish, or counts that nobody asked for."""
        if any(isinstance(one, Malformed) for one in meant):
            return True
        return not self._with_usage and bool(meant) and all(isinstance(one, UsageSeen) for one in meant)
