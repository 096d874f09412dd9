"""A directory that lasts as long as its process: what a killed one has left behind goes when the next one comes."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from burn_tui.engine.ownership import may_live, this_process

_OWNER = "owner"
"""The file that says whose it is."""


@contextmanager
def passing_place(purpose: str) -> Iterator[Path]:
    """A new directory for its owner only, gone afterwards; `purpose` is part of its name."""
    prefix = f"burn-tui-{purpose}-"
    _clear_away(prefix)
    place = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        (place / _OWNER).write_text(this_process(), encoding="utf-8")
        yield place
    finally:
        _remove(place)


def _clear_away(prefix: str) -> None:
    """Remove those whose process is dead."""
    for place in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        if _is_left_behind(place):
            _remove(place)


def _remove(place: Path) -> None:
    """Its owner last: who is killed over it leaves what the next one still knows for left behind."""
    with suppress(OSError):  # another may be at it
        for entry in place.iterdir():
            if entry.name != _OWNER and entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != _OWNER:
                entry.unlink()
    shutil.rmtree(place, ignore_errors=True)


def _is_left_behind(place: Path) -> bool:
    """Others may put what they like beside ours: only a directory of ours that names a dead process is meant."""
    try:
        is_ours = not place.is_symlink() and place.stat().st_uid == os.getuid()
        return is_ours and not may_live((place / _OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
