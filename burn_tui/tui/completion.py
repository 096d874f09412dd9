"""What the beginning of a prompt could become: a command after `/`, somebody to ask after `@`. Pure."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from burn_tui.core.prompt_line import COMMAND as CALL

COMMAND, NAME = "/", "@"


class Candidate(Struct, frozen=True):
    """One way to go on."""

    text: str
    """Sign and name."""
    about: str
    """What it does, or who that is."""


def called(begun: str, prompts: Iterable[str]) -> tuple[Candidate, ...]:
    """Which versioned prompts could be meant by `/prompt ` and the beginning of a name; () for any other text."""
    name = begun.removeprefix(f"{CALL} ")
    if name == begun or any(letter.isspace() for letter in name):
        return ()
    fitting = sorted(_fitting(prompts, name.lower()), key=lambda one: not one.lower().startswith(name.lower()))
    return tuple(Candidate(f"{CALL} {one}", "") for one in fitting)


def candidates(prompt: str, *, commands: Mapping[str, str], names: Mapping[str, str]) -> tuple[Candidate, ...]:
    """What `prompt`, a sign and the beginning of a name, could become, the likeliest first; () for any other text.

    `commands` and `names`: what there is, without the sign, and what it means.
    """
    sign, begun = prompt[:1], prompt[1:]
    offered = {COMMAND: commands, NAME: names}.get(sign)
    if offered is None or any(letter.isspace() for letter in begun):
        return ()
    fitting = sorted(_fitting(offered, begun.lower()), key=lambda name: not name.lower().startswith(begun.lower()))
    return tuple(Candidate(sign + name, offered[name]) for name in fitting)


def _fitting(offered: Iterable[str], begun: str) -> Iterable[str]:
    return [name for name in offered if begun in name.lower()]
