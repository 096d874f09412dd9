"""`completion`: what lets a shell finish commands and options at the tab key."""

import argparse
from collections.abc import Iterator
from functools import partial

from burn_tui.commands.places import ANSWERED, Commands, add_places

_SHELLS = ("bash", "zsh", "fish")


def add(commands: Commands, top: argparse.ArgumentParser) -> None:
    """Put the parser; `top` is the whole that will be completed."""
    where = "bash: >> ~/.bash_completion; zsh: > a directory of $fpath, named _burn-tui; fish: > its completions/"
    completion = commands.add_parser(
        "completion", help="print what makes a shell complete", description=where, allow_abbrev=False
    )
    completion.add_argument("shell", choices=_SHELLS, help="the shell")
    add_places(completion, is_again=True)
    completion.set_defaults(run=partial(_completion, top))


def _completion(top: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    import shtab

    paths = {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY}
    for action in _actions(top):
        if action.metavar in paths:
            action.complete = paths[action.metavar]  # type: ignore[attr-defined]
    print(shtab.complete(top, options.shell))
    return ANSWERED


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Of the parser and of all below it."""
    for action in parser._actions:  # noqa: SLF001 - argparse keeps them to itself
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in action.choices.values():
                yield from _actions(below)
