"""Foreign logs as the tests of their readers write them."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import msgspec

from burn_tui.engine.audit.reader import DatabaseReader, Found, LogReader, Piece, Reading


def piece(*objects: Any, path: str = "log", line: int = 1, memory: bytes = b"") -> Piece:
    """Lines: text as it is, everything else as JSON."""
    written = [one.encode() if isinstance(one, str) else msgspec.json.encode(one) for one in objects]
    return Piece(path=path, data=b"".join(line + b"\n" for line in written), line=line, memory=memory)


def document(content: Any, path: str = "log") -> Piece:
    """A file that holds one JSON value."""
    return Piece(path=path, data=content if isinstance(content, bytes) else msgspec.json.encode(content))


def in_two(reader: LogReader, *objects: Any, path: str = "log") -> Iterable[Reading]:
    """The readings of every way to cut these lines in two, both halves as one."""
    for cut in range(len(objects) + 1):
        first = reader.read(piece(*objects[:cut], path=path))
        second = reader.read(piece(*objects[cut:], path=path, line=cut + 1, memory=first.memory))
        yield Reading([*first.found, *second.found], [*first.skipped, *second.skipped], second.memory)


def database(reader: DatabaseReader, statements: Iterable[tuple[str, tuple[Any, ...]]], memory: bytes = b"") -> Reading:
    """What the reader finds in a database that these statements made."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement, values in statements:
            connection.execute(statement, values)
        whole = Reading([], [], memory)
        for reading in reader.read_database(connection, memory):
            whole = Reading([*whole.found, *reading.found], [*whole.skipped, *reading.skipped], reading.memory)
        return whole


def tokens(found: Found) -> tuple[int | None, int | None, int, int, int, int]:
    """Input, output, read from a cache, written to one, written for an hour, reasoning."""
    return (
        found.input_tokens,
        found.output_tokens,
        found.cache_read_input_tokens,
        found.cache_creation_input_tokens,
        found.cache_creation_1h_input_tokens,
        found.reasoning_output_tokens,
    )
