"""What the decoders of all dialects share: cutting a body into JSON values, and what its end means.

    bytes ──SseParser / lines / whole──> JSON values ──the dialect's `read`──> wire events ──> Failure or the end

A stream may be cut in the middle of a character that JSON spells in two halves; they are joined here.

A decoder never raises for anything that a provider may send, and gives nothing after a Failure.
"""

from collections.abc import Callable, Iterable

from burn_tui.core.events import FinishSeen, Malformed, WireEvent
from burn_tui.core.failure import Failure, redacted
from burn_tui.core.sse import EventTooLargeError, SseEvent, SseParser
from burn_tui.providers.halves import Halves
from burn_tui.providers.reading import parsed, parsed_in_halves

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Of an answer that is not streamed."""

Read = Callable[[object, str], Iterable[WireEvent]]
"""What one JSON value means, given the name of its event ("" where the stream has no names)."""

ReadStray = Callable[[bytes], Failure]
"""What a text means that stands in a stream and is no event."""

ReadDone = Callable[[], Iterable[WireEvent]]
"""What the `[DONE]` of OpenAI's streams adds."""


class _Ending:
    """Passes events on and knows whether the model has said that it was done."""

    def __init__(self) -> None:
        self.is_over = False
        self.is_finished = False
        self.has_begun = False

    def passed(self, events: Iterable[WireEvent]) -> list[WireEvent]:
        """The events up to the first Failure."""
        passed: list[WireEvent] = []
        for event in events:
            passed.append(event)
            self.has_begun = True
            if isinstance(event, Failure):
                self.is_over = True
                break
            if isinstance(event, FinishSeen):
                self.is_finished = True
        return passed

    def at_end(self) -> list[WireEvent]:
        """What the end of the body adds."""
        if self.is_over or self.is_finished:
            return []
        self.is_over = True
        if not self.has_begun:
            return [Failure("bad_answer", "the body of the response holds no answer")]
        return [Failure("truncated", "the stream ended before the model said that it was done")]


class _Values:
    """Reads one JSON value after the other, also such as hold half a character."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._halves = Halves()

    def events(self, data: bytes, name: str) -> Iterable[WireEvent]:
        """What the value in `data` means. ValueError for what is no JSON."""
        value, has_halves = parsed_in_halves(data)
        events = self._read(value, name)
        # Nearly no stream ever has halves, so that none pays for them.
        return self._halves.joined(events) if has_halves or self._halves.is_waiting else events

    def rest(self) -> Iterable[WireEvent]:
        """What is still waiting for its other half when the stream ends."""
        return self._halves.rest()


class SseDecoder:
    """A stream of server-sent events whose data is JSON."""

    def __init__(self, read: Read, read_stray: ReadStray, *, read_done: ReadDone | None = None) -> None:
        self._values = _Values(read)
        self._read_stray = read_stray
        self._read_done = read_done
        self._parser = SseParser()
        self._ending = _Ending()

    def feed(self, data: bytes) -> list[WireEvent]:
        """The events that `data` completes."""
        if self._ending.is_over:
            return []
        try:
            return self._events(self._parser.feed(data))
        except EventTooLargeError as error:
            return self._ending.passed([Failure("bad_answer", str(error))])

    def finish(self) -> list[WireEvent]:
        """The events that were still waiting, and a Failure unless the model said that it was done."""
        if self._ending.is_over:
            return []
        try:
            events = self._events(self._parser.finish())
        except EventTooLargeError as error:
            return self._ending.passed([Failure("bad_answer", str(error))])
        if self._parser.stray and not self._ending.is_over:
            events += self._ending.passed(self._read_what_strayed())
        if not self._ending.is_over:
            events += self._ending.passed(self._values.rest())
        return events + self._ending.at_end()

    def _read_what_strayed(self) -> list[WireEvent]:
        """An error; but words that nobody can read do not spoil an answer that is complete."""
        failure = self._read_stray(self._parser.stray)
        return [] if self._ending.is_finished and failure.error_type == "bad_answer" else [failure]

    def _events(self, events: list[SseEvent]) -> list[WireEvent]:
        found: list[WireEvent] = []
        for event in events:
            if self._ending.is_over:
                break
            found += self._ending.passed(self._read_one(event))
        return found

    def _read_one(self, event: SseEvent) -> Iterable[WireEvent]:
        if event.data.strip() == b"[DONE]":
            return self._read_done() if self._read_done else ()
        try:
            events = self._values.events(event.data, event.name)
        except ValueError:
            return (malformed(event.data),) if event.data.strip() else ()
        self._ending.has_begun = True  # Also by an event that tells nothing: the body was an answer's.
        return events


class LineDecoder:
    """A stream of JSON values, one a line."""

    def __init__(self, read: Read) -> None:
        self._values = _Values(read)
        self._pieces: list[bytes] = []
        self._pending_bytes = 0
        self._ending = _Ending()

    def feed(self, data: bytes) -> list[WireEvent]:
        """The events that `data` completes."""
        whole, newline, rest = data.rpartition(b"\n")
        found: list[WireEvent] = []
        if newline:
            block = b"".join([*self._pieces, whole])
            self._pieces, self._pending_bytes = [], 0
            found = self._lines(block)
        self._pieces.append(rest)
        self._pending_bytes += len(rest)
        if self._pending_bytes > MAX_BODY_BYTES and not self._ending.is_over:
            self._pieces.clear()
            found += self._ending.passed([Failure("bad_answer", "one line of the stream is too long")])
        return found

    def finish(self) -> list[WireEvent]:
        """The events that were still waiting, and a Failure unless the model said that it was done."""
        last, self._pieces = b"".join(self._pieces), []
        events = self._lines(last)
        if not self._ending.is_over:
            events += self._ending.passed(self._values.rest())
        return events + self._ending.at_end()

    def _lines(self, block: bytes) -> list[WireEvent]:
        found: list[WireEvent] = []
        for line in block.split(b"\n"):
            if self._ending.is_over:
                break
            if line.strip():
                found += self._ending.passed(self._read_one(line))
        return found

    def _read_one(self, line: bytes) -> Iterable[WireEvent]:
        try:
            return self._values.events(line, "")
        except ValueError:
            return (malformed(line),)


class WholeDecoder:
    """One JSON value, read when it is complete."""

    def __init__(self, read: Callable[[object], Iterable[WireEvent]]) -> None:
        self._read = read
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._ending = _Ending()

    def feed(self, data: bytes) -> list[WireEvent]:
        """Nothing yet."""
        self._bytes += len(data)
        if self._bytes > MAX_BODY_BYTES:
            self._pieces.clear()
            too_long = [] if self._ending.is_over else [Failure("bad_answer", "the body of the response is too long")]
            return self._ending.passed(too_long)
        self._pieces.append(data)
        return []

    def finish(self) -> list[WireEvent]:
        """Everything, and a Failure unless it is a complete answer."""
        if self._ending.is_over:
            return []
        body = b"".join(self._pieces)
        try:
            value = parsed(body)
        except ValueError:
            words = redacted(body[:2000].decode("utf-8", "replace")) or "the body of the response is empty"
            return self._ending.passed([Failure("bad_answer", f"the body is no JSON: {words}")])
        return self._ending.passed(self._read(value)) + self._ending.at_end()


def malformed(data: bytes) -> Malformed:
    """The event that could not be read."""
    return Malformed(redacted(data[:400].decode("utf-8", "replace")))
