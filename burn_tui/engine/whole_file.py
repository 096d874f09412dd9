"""Writes a person's file whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from burn_tui.core.errors import SettingsError


def replace(path: Path, text: str, *, like: Path | None = None) -> None:
    """In one step: whoever reads meanwhile sees the old file or the new one, and a full disk leaves the old one.

    A link stays one. The rights are those of `like`, absent those that the file has, else the usual ones.
    """
    real = path.resolve()
    model = like or real
    try:
        mode = model.stat().st_mode & 0o777 if model.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(prefix=f".{real.name}-", dir=real.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(real)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise SettingsError(
            f"cannot be written: {error.strerror}.", file=str(path), mend="Check the folder's permissions."
        ) from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
