"""The world's time and chance, in one argument: tests pass their own."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct


def uuid7(unix_ms: int, entropy: bytes) -> str:
    """A version 7 UUID (RFC 9562, section 5.7): sorts by time. `entropy` is 10 random bytes."""
    value = (unix_ms & (2**48 - 1)) << 80 | int.from_bytes(entropy)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _new_id() -> str:
    return uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))


class Clock(Struct, frozen=True):
    """Where time and identifiers come from."""

    now: Callable[[], float] = time.time
    """Seconds since the epoch, UTC."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds that never jump, for durations."""
    new_id: Callable[[], str] = _new_id
    """A fresh UUIDv7."""


def local_timezone(environ: Mapping[str, str] = os.environ, file: Path = Path("/etc/localtime")) -> tzinfo:
    """This machine's time zone with its changes of the clock: TZ, else the system's own.

    Where neither can be read (Windows), the offset of this moment. As long as the system's stays as it is, this is one
    and the same object: zones that were read from a file equal nothing but themselves.
    """
    with suppress(ZoneInfoNotFoundError, ValueError):
        if name := environ.get("TZ", "").removeprefix(":"):
            return ZoneInfo(name)
    with suppress(OSError, ValueError):
        found = file.stat()
        return _zone_in(file, (found.st_dev, found.st_ino, found.st_mtime_ns))
    offset = datetime.now().astimezone().tzinfo
    assert offset is not None
    return offset


@lru_cache(maxsize=1)
def _zone_in(file: Path, stamp: tuple[int, int, int]) -> ZoneInfo:  # noqa: ARG001 - who stamps, reads another file anew
    with file.open("rb") as system:
        return ZoneInfo.from_file(system)
