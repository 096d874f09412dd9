"""What the readers of documents and lines have in common: typed decoding that tells what is wrong in a few words."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from burn_tui.engine.audit.reader import Piece, Skipped

T = TypeVar("T")


def lines(piece: Piece) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, each with its number in the file."""
    for number, line in enumerate(piece.data.split(b"\n"), piece.line):
        if line and not line.isspace():
            yield number, line


def decoded(data: bytes | msgspec.Raw, kind: type[T], number: int) -> T | Skipped:
    """The JSON as `kind`, or why it is not."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        return Skipped(number, str(error))
    except (ValueError, RecursionError) as error:  # broken JSON, broken UTF-8, brackets without an end
        return Skipped(number, "nested too deeply" if isinstance(error, RecursionError) else "not JSON")


def remembered(memory: bytes, kind: type[T]) -> T | None:
    """What a reader kept for itself; None at the beginning of a file."""
    try:
        return msgspec.json.decode(memory, type=kind) if memory else None
    except ValueError:  # of another version: the reader then knows as much as at a beginning
        return None
