"""Lines of JSON, looked at as bytes first: only those that may be records are decoded."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from burn_tui.engine.audit.reader import Piece, Skipped

UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What decoding a line may raise, whatever the line is."""

Usd = Annotated[float, Meta(ge=0, le=1_000_000)]
"""The cost of one response, for the structs that a reader decodes into."""


def lines_with(needles: tuple[bytes, ...], piece: Piece, skipped: list[Skipped]) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each line that has one of the needles.

    Of the others those are skipped that cannot be an object, as they do not begin and end like one: what does not
    look like a record may be a damaged one, and whoever reads the sums must know. Empty lines are nothing.
    """
    for number, line in enumerate(piece.data.split(b"\n"), piece.line):
        for needle in needles:
            if needle in line:
                yield number, line
                break
        else:
            if not (line.endswith(b"}") and line.startswith(b"{")) and not _is_object(line.strip()):
                skipped.append(Skipped(number, "not a JSON object"))


def why(error: Exception) -> str:
    """Why a line is skipped."""
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _is_object(line: bytes) -> bool:
    return not line or (line.endswith(b"}") and line.startswith(b"{"))
