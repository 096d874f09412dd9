"""A worker of the audit: `python -m` this. Orders on standard input, what their logs hold on standard output.

Each message is its length in four bytes and then MessagePack. An order is answered by its pieces, some to a message,
and an empty message; the end of the input ends the worker.
"""

import gc
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import msgspec
from msgspec import Struct

from burn_tui.engine.audit.costs import Costs
from burn_tui.engine.audit.pieces import Wanted, read_log
from burn_tui.engine.audit.prepared import Prepared, prepared

TOGETHER = 500
"""Responses to a message: each costs the writer as much as ten of them."""

PIPE_BYTES = 1 << 20
"""Between the worker and the writer: what Linux allows to everybody (pipe(7))."""

LENGTH = struct.Struct(">I")


try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Order(Struct, array_like=True):
    """What a worker is to read at once."""

    wanted: list[Wanted]
    costs: Costs
    """The prices that are known so far."""
    now: float
    """Seconds since the epoch."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Order).decode
_decode_pieces = msgspec.msgpack.Decoder(list[Prepared]).decode


def message(body: bytes) -> bytes:
    """As it goes through the pipe."""
    return LENGTH.pack(len(body)) + body


def encoded(order: Order) -> bytes:
    """For the worker."""
    return message(_encode(order))


def decoded(body: bytes) -> list[Prepared]:
    """From the worker."""
    return _decode_pieces(body)


def main() -> None:
    """Until nothing is wanted any more."""
    try:
        _work()
    except BrokenPipeError:
        # Whoever gave the orders was killed; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _work() -> None:
    _widen(sys.stdout.fileno())
    gc.disable()  # what is read goes in no circles, and the collector would look through all of it again and again
    for order in _orders(sys.stdin.buffer):
        some: list[Prepared] = []
        for one in order.wanted:
            for piece in read_log(one):
                some.append(prepared(piece, order.costs, now=order.now))
                if sum(piece.responses for piece in some) >= TOGETHER:
                    sys.stdout.buffer.write(message(_encode(some)))
                    some.clear()
        if some:
            sys.stdout.buffer.write(message(_encode(some)))
        sys.stdout.buffer.write(message(b""))
        sys.stdout.buffer.flush()


def _widen(pipe: int) -> None:
    """Let a whole message or more into the pipe, so that reading goes on while the writer has no time to take it."""
    if fcntl is not None and hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
        with suppress(OSError):  # as much as the system allows to a user
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _orders(pipe: BinaryIO) -> Iterator[Order]:
    while len(head := pipe.read(LENGTH.size)) == LENGTH.size:
        yield _decode(pipe.read(LENGTH.unpack(head)[0]))


if __name__ == "__main__":
    main()
