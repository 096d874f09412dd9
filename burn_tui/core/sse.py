"""Server-sent events from bytes, however they are cut into pieces.

Follows the HTML standard (html.spec.whatwg.org, section 9.2.6) with two exceptions that providers make necessary: an
event without its blank line is given at the end of the body, and text that is no event is kept, because it is where
a gateway puts the reason for a broken stream.
"""

from msgspec import Struct

MAX_EVENT_BYTES = 32 * 1024 * 1024
"""Longer lines or events are refused: a stream without line ends must not fill the memory."""

MAX_STRAY_BYTES = 64 * 1024
"""Of text that is no event so much is kept."""

_BOM = b"\xef\xbb\xbf"
_FIELDS = frozenset({b"data", b"event", b"id", b"retry"})


class SseEvent(Struct, frozen=True):
    """One event."""

    data: bytes
    """The data lines, joined by newlines; UTF-8 as far as the sender is to be trusted."""
    name: str = ""
    """The `event:` field; "" = there was none."""


class EventTooLargeError(ValueError):
    """The stream holds an event of more than MAX_EVENT_BYTES; nothing after it can be read."""


class SseParser:
    """Takes the body in pieces. Work is proportional to its length, whatever the pieces are."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        """An unfinished line; joined only when its end comes, so that a long one is copied once."""
        self._pending_bytes = 0
        self._ended_with_cr = False
        self._is_at_start = True
        self._name = ""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._stray: list[bytes] = []
        self._stray_bytes = 0

    @property
    def stray(self) -> bytes:
        """The lines that belong to no event, in order, b"" if there are none; comments are not among them."""
        return b"\n".join(self._stray).strip()

    def feed(self, data: bytes) -> list[SseEvent]:
        """The events that `data` completes. EventTooLargeError if one is too large to be true."""
        if self._ended_with_cr and data:
            # The CR has ended its line already, so the LF of a CRLF that was cut in two ends nothing.
            data, self._ended_with_cr = data.removeprefix(b"\n"), False
        if data.endswith(b"\r"):
            self._ended_with_cr = True
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        whole, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._keep(rest)
            return []
        if self._pieces:
            whole = b"".join([*self._pieces, whole])
            self._pieces.clear()
        self._pending_bytes = 0
        events = self._lines(whole)
        self._keep(rest)
        return events

    def finish(self) -> list[SseEvent]:
        """The event that was still waiting when the body ended, if there is one."""
        last, self._pieces = b"".join(self._pieces), []
        # Half the name of a field is no text of anybody's, but where the stream was cut.
        is_cut = any(field.startswith(last) and field != last for field in _FIELDS)
        events = [] if is_cut else self._lines(last)
        return events + self._dispatch()

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._pending_bytes += len(piece)
        if self._pending_bytes > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"one line of the stream is longer than {MAX_EVENT_BYTES} bytes")

    def _lines(self, block: bytes) -> list[SseEvent]:
        """Every line of `block`, which is complete."""
        if self._is_at_start:
            self._is_at_start = False
            block = block.removeprefix(_BOM)
        events: list[SseEvent] = []
        for line in block.split(b"\n"):
            if line.startswith(b"data:"):
                self._keep_data(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line:
                events += self._dispatch()
            elif not line.startswith(b":"):
                self._field(line)
        return events

    def _field(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field not in _FIELDS:
            self._keep_stray(line)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif field == b"data":
            self._keep_data(value)

    def _keep_data(self, value: bytes) -> None:
        self._data.append(value)
        self._data_bytes += len(value)
        if self._data_bytes > MAX_EVENT_BYTES:
            raise EventTooLargeError(f"one event of the stream is longer than {MAX_EVENT_BYTES} bytes")

    def _keep_stray(self, line: bytes) -> None:
        if self._stray_bytes < MAX_STRAY_BYTES:
            self._stray.append(line[:MAX_STRAY_BYTES])
            self._stray_bytes += len(line)

    def _dispatch(self) -> list[SseEvent]:
        name, self._name = self._name, ""
        if not self._data:
            return []
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data, self._data_bytes = [], 0
        return [SseEvent(data, name)]
