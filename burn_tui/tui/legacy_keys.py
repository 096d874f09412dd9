"""Keys as terminals without an extended keyboard protocol send them, tmux among them.

There alt is a leading escape byte. Textual reads escape-and-digit as the sign that a Mac types with option-and-digit,
and drops alt from alt+Enter, which would send a prompt where a new line was wanted.
"""

from enum import StrEnum
from typing import cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS


class _LegacyKey(StrEnum):
    """Shaped like textual.keys.Keys, which has no such members."""

    ALT_ENTER = "alt+enter"
    ALT_1 = "alt+1"
    ALT_2 = "alt+2"
    ALT_3 = "alt+3"
    ALT_4 = "alt+4"
    ALT_5 = "alt+5"
    ALT_6 = "alt+6"
    ALT_7 = "alt+7"
    ALT_8 = "alt+8"
    ALT_9 = "alt+9"


def understand_legacy_alt() -> None:
    """Make Textual's parser give alt+Enter and alt+digit their names, in the whole process."""
    # Textual has no public way to name a sequence; a test reads these bytes through its parser.
    table = cast("dict[str, tuple[_LegacyKey, ...]]", ANSI_SEQUENCES_KEYS)
    for key in _LegacyKey:
        last = key.value.removeprefix("alt+")
        table["\x1b\r" if last == "enter" else f"\x1b{last}"] = (key,)
