"""Reads logs piece by piece: what runs in the worker processes, and for a few files in a thread.

    Wanted ──open, is it still the file that was read before?──> Piece ──reader──> merged ──> ReadPiece
             └── no: from its beginning

Nothing is ever written to the place where the logs are. A device or a pipe that took a log's place since is not read.
"""

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import blake2b
from pathlib import Path

import msgspec
from msgspec import Struct

from burn_tui.core.usage import TOKEN_COUNTS
from burn_tui.engine.audit.reader import DatabaseReader, Found, LogReader, Piece, Reading, Skipped
from burn_tui.engine.audit.readers import READERS

PIECE_BYTES = 8 << 20
"""Read at once, or as much more as the line takes."""

LONGEST_LINE = 32 << 20
"""Bytes. A longer line is no record of anything, and is passed over in parts of this size."""

LARGEST_DOCUMENT = 64 << 20
"""Bytes of a file that is read as a whole."""

FINGERPRINTED = 1024
"""Bytes at the beginning and at the end of what was read, by which a file is known again."""

_NOT_FOLLOWED = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Wanted(Struct, array_like=True):
    """A log that is to be read, and what is known of it."""

    reader: int
    path: bytes
    offset: int = 0
    """Where to go on; 0 = at the beginning."""
    fingerprint: bytes = b""
    memory: bytes = b""


class Place(Struct, frozen=True, array_like=True, gc=False):
    """How far a log was read, and by what it is known again."""

    inode: int
    size: int
    """Bytes of the file then, read or not."""
    changed_ns: int
    offset: int
    """What was read, in bytes from the beginning of the file."""
    fingerprint: bytes
    memory: bytes
    """The reader's own."""


class Head(Struct, array_like=True):
    """What is to be noted of a piece, whatever was found in it."""

    reader: int
    path: bytes
    goes_on: bool
    """False = it is the beginning of the file, and what was known of it before does not hold any more."""
    place: Place
    skipped: list[Skipped]
    unfinished_line: int = 0
    """The number of the last line, if it has no end yet: it is not read yet either. 0 = there is none."""


class ReadPiece(Struct):
    """What a piece of a log held, and where it ended."""

    head: Head
    event_ids: list[bytes]
    """16 bytes each, as long as `found`; a piece holds each response once."""
    twins: list[bytes]
    """The same for second keys; b"" = it has none."""
    found: list[Found]
    """Their keys are left out."""


def read_log(wanted: Wanted) -> Iterator[ReadPiece]:
    """All pieces of a log. One that cannot be opened has none."""
    reader = READERS[wanted.reader]
    try:
        file = os.open(wanted.path, _NOT_FOLLOWED)
    except OSError:
        return
    try:
        seen = os.fstat(file)
        if not stat.S_ISREG(seen.st_mode):
            return
        if isinstance(reader, DatabaseReader):
            yield from _read_database(reader, wanted, seen)
        elif reader.grows:
            yield from _read_lines(reader, wanted, file, seen)
        else:
            yield _read_document(reader, wanted, file, seen)
    except OSError as error:
        yield _piece(wanted, Reading([], [Skipped(0, error.strerror or str(error))]), seen, goes_on=False)
    finally:
        os.close(file)


def _read_lines(reader: LogReader, wanted: Wanted, file: int, seen: os.stat_result) -> Iterator[ReadPiece]:
    offset, memory = wanted.offset, wanted.memory
    goes_on = 0 < offset <= seen.st_size and _fingerprint(file, offset) == wanted.fingerprint
    if not goes_on:
        offset, memory = 0, b""
    is_whole = True
    while is_whole and (offset < seen.st_size or not goes_on):
        data, is_whole = _whole_lines(file, offset, seen.st_size)
        if len(data) > LONGEST_LINE:
            reading = Reading([], [Skipped(1, "longer than any record")], memory)
        else:
            reading = reader.read(Piece(os.fsdecode(wanted.path), data, memory=memory))
        # The number of a line is worth reading what is before it only where a line is to be named.
        before = _lines_before(file, offset) if reading.skipped or not is_whole else 0
        for one in reading.skipped:
            one.line += before
        offset, memory = offset + len(data), reading.memory
        yield _piece(
            wanted,
            reading,
            seen,
            goes_on=goes_on,
            offset=offset,
            fingerprint=_fingerprint(file, offset),
            unfinished_line=0 if is_whole else before + data.count(b"\n") + 1,
        )
        goes_on = True


def _lines_before(file: int, offset: int) -> int:
    lines, place = 0, 0
    while place < offset:
        data = os.pread(file, min(PIECE_BYTES, offset - place), place)
        if not data:
            break
        lines, place = lines + data.count(b"\n"), place + len(data)
    return lines


def _whole_lines(file: int, offset: int, size: int) -> tuple[bytes, bool]:
    """Whole lines from there; False = all there are, and there is half a line behind them."""
    data = os.pread(file, min(PIECE_BYTES, size - offset), offset)
    while (end := data.rfind(b"\n") + 1) == 0 and offset + len(data) < size:
        if len(data) > LONGEST_LINE:
            return data, True
        more = os.pread(file, min(PIECE_BYTES, size - offset - len(data)), offset + len(data))
        if not more:
            break
        data += more
    if offset + len(data) < size or end == len(data):
        return data[:end], True
    # A last line without an end: whole if it makes sense, else somebody is still writing it.
    try:
        msgspec.json.decode(data[end:], type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return data[:end], False
    return data, True


def _read_document(reader: LogReader, wanted: Wanted, file: int, seen: os.stat_result) -> ReadPiece:
    if seen.st_size > LARGEST_DOCUMENT:
        return _piece(wanted, Reading([], [Skipped(0, "too large to be a log")]), seen, goes_on=False)
    data = b"".join(iter(lambda: os.read(file, PIECE_BYTES), b""))
    reading = reader.read(Piece(os.fsdecode(wanted.path), data))
    return _piece(wanted, reading, seen, goes_on=False, offset=len(data))


def _read_database(reader: DatabaseReader, wanted: Wanted, seen: os.stat_result) -> Iterator[ReadPiece]:
    """From a copy: reading a database that is being written would write beside it."""
    memory, goes_on = wanted.memory, bool(wanted.offset)
    with tempfile.TemporaryDirectory(prefix="burn-tui-audit-") as directory:
        copy = Path(directory) / "copy.sqlite3"
        shutil.copyfile(os.fsdecode(wanted.path), copy, follow_symlinks=False)
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{os.fsdecode(wanted.path)}-wal", f"{copy}-wal", follow_symlinks=False)
        try:
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.execute("PRAGMA query_only = ON")
                for reading in reader.read_database(connection, memory):
                    memory = reading.memory
                    yield _piece(wanted, reading, seen, goes_on=goes_on, offset=1)
                    goes_on = True
        except sqlite3.Error as error:
            skipped = [Skipped(0, f"not a database that can be read: {error}")]
            yield _piece(wanted, Reading([], skipped, memory), seen, goes_on=goes_on)


def _piece(
    wanted: Wanted,
    reading: Reading,
    seen: os.stat_result,
    *,
    goes_on: bool,
    offset: int = 0,
    fingerprint: bytes = b"",
    unfinished_line: int = 0,
) -> ReadPiece:
    tool = READERS[wanted.reader].tool
    merged: dict[str, Found] = {}
    for one in reading.found:
        known = merged.setdefault(one.key, one)
        if known is not one:
            add(known, one)
    found = list(merged.values())
    event_ids = [identifier(f"{tool} {one.key}") for one in found]
    twins = [identifier(f"{tool} {one.twin}") if one.twin else b"" for one in found]
    for one in found:
        one.key = one.twin = ""
    return ReadPiece(
        head=Head(
            reader=wanted.reader,
            path=wanted.path,
            goes_on=goes_on,
            place=Place(seen.st_ino, seen.st_size, seen.st_mtime_ns, offset, fingerprint, reading.memory),
            skipped=reading.skipped,
            unfinished_line=unfinished_line,
        ),
        event_ids=event_ids,
        twins=twins,
        found=found,
    )


def add(known: Found, other: Found) -> None:
    """Make `known` say the most of both: they are the same response. Early lines of one have only part of its output,
    and a copy may be cut before the last one.
    """
    for name in TOKEN_COUNTS:
        theirs = getattr(other, name)
        if theirs is not None and theirs > (getattr(known, name) or 0):
            setattr(known, name, theirs)
    known.at = min(known.at, other.at)
    known.duration_s = max(known.duration_s, other.duration_s)
    if other.cost_nanousd is not None:
        known.cost_nanousd = max(known.cost_nanousd or 0, other.cost_nanousd)
    if other.tools and other.tools != known.tools:
        known.tools = ",".join(sorted({*known.tools.split(","), *other.tools.split(",")} - {""}))
    if known.agent and not other.agent:
        # What a sidechain repeats was said in the session itself.
        known.agent, known.session_id, known.command = "", other.session_id, other.command


def identifier(key: str) -> bytes:
    """The 16 bytes of a UUID (version 8, RFC 9562) that is always the same for a key."""
    digest = bytearray(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def _fingerprint(file: int, offset: int) -> bytes:
    length = min(FINGERPRINTED, offset)
    ends = os.pread(file, length, 0) + os.pread(file, length, offset - length)
    return blake2b(ends, digest_size=16).digest()
