"""The end of a stream of the Gemini API, with a field in it that Google does not have.

Google's own clients read a comment in a stream as data, so what a gateway adds cannot stand in one. Fields that they do
not know they leave out (google-genai: BaseModel._from_response; @google/genai takes the ones that it knows).
"""

from collections.abc import Mapping

import msgspec

FIELD = "burn"
"""Beside `candidates` and `usageMetadata`, or beside `error`."""


def said_beside(events: bytes, words: Mapping[str, str]) -> bytes:
    """Whole server-sent events, byte by byte as they are, with `words` added to the last response in them.

    Unchanged where they do not end with a response.
    """
    body = events.rstrip()
    if not body.endswith(b"}"):
        return events
    beginning, blank_lines = body[:-1], events[len(body) :]
    comma = b"" if beginning.rstrip().endswith(b"{") else b","
    return beginning + comma + msgspec.json.encode({FIELD: words})[1:] + blank_lines
