"""Reads the text of a file that a person wrote, or says what is wrong with it."""

from pathlib import Path

from burn_tui.core.errors import SettingsError


def text_of(path: Path, *, mend: str = "Check its permissions.", missing: str | None = None) -> str:
    """What is in the file, to the letter; SettingsError if it cannot be read or is no text.

    `mend`: of a file that cannot be read. `missing`: what one that is not there is taken for; None = that is an error.
    """
    try:
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        if missing is not None:
            return missing
        raise _unreadable(path, error, mend) from error
    except OSError as error:
        raise _unreadable(path, error, mend) from error
    except UnicodeDecodeError as error:
        raise SettingsError("is not UTF-8 text.", file=str(path), mend="Save it as UTF-8.") from error


def _unreadable(path: Path, error: OSError, mend: str) -> SettingsError:
    return SettingsError(f"cannot be read: {error.strerror or error}.", file=str(path), mend=mend)
