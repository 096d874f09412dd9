"""Text from outside, made safe to show: nothing in it can move the cursor, talk to the terminal or hide. Pure."""

import unicodedata

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F


class _Replacements(dict[int, str | None]):
    """What stands for each character in the output, worked out when it is first met; None = nothing."""

    def __missing__(self, code: int) -> str | None:
        self[code] = replacement = _replacement(chr(code))
        return replacement


_REPLACEMENTS = _Replacements({ord("\n"): "\n", ord("\t"): "\t", ord("\r"): None})


def legible(text: str) -> str:
    """`text` with every control character shown as a sign and every invisible one left out; newline and tab stay.

    A bidi override shows as a replacement character, since what it does is to make text lie about its order.
    Carriage returns go, so that lines end in one way.
    """
    return text if text.isascii() and text.isprintable() else text.translate(_REPLACEMENTS)


def _replacement(character: str) -> str | None:
    match unicodedata.category(character):
        case "Cc":
            return _picture(ord(character))
        case "Cf" if unicodedata.bidirectional(character) not in {"BN", "AN", "ON", "L"}:
            return _REPLACEMENT
        case "Cf":
            return None
        case "Cs":
            return _REPLACEMENT
        case "Zl" | "Zp":
            return "\n"
        case "Mn" if "VARIATION SELECTOR" in unicodedata.name(character, ""):
            # Terminals do not agree on how wide these make the character before them.
            return None
        case _:
            return character


def _picture(code: int) -> str:
    if code < ord(" "):
        return chr(_CONTROL_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else _REPLACEMENT
