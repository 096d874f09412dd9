"""What a client of the gateway means by the name of a model: many have names built in that nobody here serves."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

AUTO = "auto"
"""Chosen for each prompt: see auto.py."""

USUAL_NAMES: Mapping[str, str] = {
    "claude-*": AUTO,
    "gpt-*": AUTO,
    "chatgpt-*": AUTO,
    "codex-*": AUTO,
    "o[0-9]*": AUTO,
    "gemini-*": AUTO,
}
"""Names that clients ask for by themselves. They mean auto where no provider serves them."""


def meant(name: str | None, written: Mapping[str, str] | None, is_known: Callable[[str], bool]) -> str | None:
    """The route or target that a client means; None = the default route.

    `written`: the user's mapping from names and patterns, which beats everything; None = there is none, and the usual
    names mean auto unless somebody serves them. A name that means nothing is given back as it is, to be
    refused by whoever knows all that are served.
    """
    if name is None or name == AUTO:
        return name
    mapped = _first_match(name, (written or {}).items())
    if mapped is None and written is None and not is_known(name):
        mapped = _first_match(name, USUAL_NAMES.items())
    return name if mapped is None else mapped


def _first_match(name: str, patterns: Iterable[tuple[str, str]]) -> str | None:
    return next((target for pattern, target in patterns if fnmatchcase(name, pattern)), None)
