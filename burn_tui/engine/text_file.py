"""Reads the text of a file that a person wrote, or says what is wrong with it."""

from pathlib import Path

from burn_tui.core.errors import SettingsError

MOST_BYTES = 5_000_000
"""Nobody writes more by hand, and reading it would take long."""


def text_of(path: Path, *, mend: str | None = None, missing: str | None = None) -> str:
    """What is in the file, without a byte order mark; SettingsError if it cannot be read, is no text, or is too much.

    `mend`: of a file that cannot be read; None = the usual one. `missing`: what one that is not there is taken for;
    None = that is an error.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SettingsError("is longer than 5 MB.", file=str(path), mend="Make it shorter.")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        if missing is not None:
            return missing
        raise _unreadable(path, error, mend or "Is the name right?") from error
    except OSError as error:
        raise _unreadable(path, error, mend or "Check its permissions.") from error
    except UnicodeDecodeError as error:
        raise SettingsError("is not UTF-8 text.", file=str(path), mend="Save it as UTF-8.") from error


def _unreadable(path: Path, error: OSError, mend: str) -> SettingsError:
    return SettingsError(f"cannot be read: {error.strerror or error}.", file=str(path), mend=mend)
