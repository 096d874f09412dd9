"""A stream of the Gemini API for clients that do not ask for server-sent events: one JSON array, piece by piece.

The same responses, as `[`, one after the other with `,` between, and `]`: what streamGenerateContent answers without
alt=sse (cloud.google.com/apis/docs/system-parameters).
"""

from urllib.parse import parse_qs

from burn_tui.core.sse import SseParser


def wants_array(target: str) -> bool:
    """Whether whoever asks for `target`, a path with its query, reads an array instead of server-sent events."""
    path, _, query = target.partition("?")
    asked = parse_qs(query)
    return path.endswith(":streamGenerateContent") and "sse" not in asked.get("alt", asked.get("$alt", []))


class ArrayWriter:
    """Turns server-sent events, however they are cut into pieces, into that array."""

    content_type = "application/json; charset=UTF-8"

    def __init__(self) -> None:
        self._events = SseParser()
        self._has_begun = False

    def written(self, data: bytes) -> bytes:
        """What `data` adds to the array."""
        return b"".join(self._element(event.data) for event in self._events.feed(data))

    def finish(self) -> bytes:
        """Its end. Of a stream that said nothing, all of it."""
        rest = b"".join(self._element(event.data) for event in self._events.finish())
        return rest + (b"\n]\n" if self._has_begun else b"[]\n")

    def _element(self, value: bytes) -> bytes:
        before = b",\r\n" if self._has_begun else b"["
        self._has_begun = True
        return before + value
