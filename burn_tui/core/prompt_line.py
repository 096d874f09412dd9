"""A prompt that is called by its name where a person types: `/prompt triage ticket=the printer burns team=it`. Pure."""

import re
from collections.abc import Iterable

from msgspec import Struct

from burn_tui.core.errors import PromptError, mend_by_name

COMMAND = "/prompt"

_QUOTES = ('"', "'")


class Called(Struct, frozen=True):
    """What stands behind the command."""

    asked: str
    """As Prompts.choose takes it; "" = nothing is named yet."""
    rest: str
    """Variables and their values, as they were typed."""


def called(text: str) -> Called | None:
    """What is called; None = the text is no call of a prompt."""
    if text != COMMAND and not (text.startswith(COMMAND) and text[len(COMMAND)].isspace()):
        return None
    asked, *rest = text[len(COMMAND) :].split(maxsplit=1) or [""]
    return Called(asked, "".join(rest))


def variables(rest: str, names: Iterable[str]) -> dict[str, object]:
    """The values of the variables called so. Each goes on to the next name=, so blanks and lines need no quotes.

    PromptError for words that belong to no variable.
    """
    known = sorted(names, key=len, reverse=True)
    if not known:
        _refuse_words(rest, known)
        return {}
    pattern = re.compile(rf"(?:^|(?<=\s))({'|'.join(map(re.escape, known))})=")
    found = list(pattern.finditer(rest))
    _refuse_words(rest[: found[0].start()] if found else rest, known)
    values: dict[str, object] = {}
    for mark, following in zip(found, [*found[1:], None], strict=False):
        if mark[1] in values:
            raise PromptError(f"Variable {mark[1]} is given twice.", mend="Leave one of them away.")
        values[mark[1]] = _unquoted(rest[mark.end() : following.start() if following else len(rest)].strip())
    return values


def _refuse_words(words: str, known: list[str]) -> None:
    if not words.strip():
        return
    name, sign, _ = words.split(maxsplit=1)[0].partition("=")
    if sign:
        raise PromptError(f"The prompt has no variable {name!r}.", mend=mend_by_name(name, sorted(known)))
    mend = f"Write {min(known)}=… before it." if known else "It has no variables: leave them away."
    raise PromptError(f"{words.split(maxsplit=1)[0]!r} belongs to no variable.", mend=mend)


def _unquoted(value: str) -> str:
    is_quoted = len(value) >= 2 and value[0] in _QUOTES and value[-1] == value[0]
    return value[1:-1] if is_quoted else value
