"""Where the gateway of a data directory says that it runs, for `burn-tui run` and the dashboard."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from burn_tui.engine.ownership import may_live, this_process


class Running(Struct, frozen=True):
    """A gateway that may be used from this machine."""

    url: str
    """Without a version."""
    owner: str
    """Its process."""


class NoticeBoard:
    """The note in one data directory. Whoever started last has the word."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "gateway.json"

    def put_up(self, url: str) -> None:
        """Say that this process serves at `url`."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._path.with_name(f".gateway-{os.getpid()}")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(msgspec.json.encode(Running(url, this_process())))
        unfinished.replace(self._path)

    def take_down(self) -> None:
        """Unless another process has put up its own by now."""
        note = self._read()
        if note is not None and note.owner == this_process():
            self._path.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """The gateway whose process may live; None = there is none."""
        note = self._read()
        return note if note is not None and may_live(note.owner) else None

    def _read(self) -> Running | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError):
            return None
