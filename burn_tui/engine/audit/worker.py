"""A worker of the audit: `python -m` this. Lists of Wanted on standard input, what their logs hold on standard output.

Each message is its length in four bytes and then MessagePack. A list is answered by its pieces, one message each, and
an empty message; the end of the input ends the worker.
"""

import gc
import struct
import sys
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from burn_tui.engine.audit.pieces import ReadPiece, Wanted, read_log

LENGTH = struct.Struct(">I")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Wanted]).decode


def message(body: bytes) -> bytes:
    """As it goes through the pipe."""
    return LENGTH.pack(len(body)) + body


def encoded(wanted: list[Wanted]) -> bytes:
    """For the worker."""
    return message(_encode(wanted))


def decoded(body: bytes) -> ReadPiece:
    """From the worker."""
    return _decode_piece(body)


_decode_piece = msgspec.msgpack.Decoder(ReadPiece).decode


def main() -> None:
    """Until nothing is wanted any more."""
    gc.disable()  # what is read goes in no circles, and the collector would look through all of it again and again
    for wanted in _wanted(sys.stdin.buffer):
        for one in wanted:
            for piece in read_log(one):
                sys.stdout.buffer.write(message(_encode(piece)))
        sys.stdout.buffer.write(message(b""))
        sys.stdout.buffer.flush()


def _wanted(pipe: BinaryIO) -> Iterator[list[Wanted]]:
    while len(head := pipe.read(LENGTH.size)) == LENGTH.size:
        yield _decode(pipe.read(LENGTH.unpack(head)[0]))


if __name__ == "__main__":
    main()
