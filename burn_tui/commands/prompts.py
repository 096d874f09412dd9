"""`prompts`: the prompts of a project, their versions, and which of them a label stands for."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from burn_tui.commands import comparing
from burn_tui.commands.places import (
    Commands,
    Parser,
    add_places,
    config_file,
    ledger_dir,
    paid,
    working_directory,
)
from burn_tui.core.pins import PRODUCTION

if TYPE_CHECKING:
    from burn_tui.engine.prompts.library import Prompts

_ASKED = "NAME, NAME@LABEL or NAME@VERSION; NAME may be NAME.VARIANT"


def add(commands: Commands) -> None:
    """Put the parsers."""
    about = "the prompts of a project: versions, labels, and what they were used for"
    prompts = commands.add_parser("prompts", help=about, description=f"{about}.", allow_abbrev=False)
    add_places(prompts, is_again=True)
    prompts.set_defaults(run=_list, json=False)
    what = prompts.add_subparsers(title="commands", metavar="COMMAND")

    listed = _command(what, "list", "every prompt, with its version and the labels that stand for it", _list)
    listed.add_argument("--json", action="store_true", help="one JSON array")
    shown = _command(what, "show", "the text of a version", _show)
    shown.add_argument("asked", metavar="PROMPT", help=_ASKED)
    diff = _command(
        what, "diff", "what differs between two versions, word by word; exit code 1 if anything does", _diff
    )
    diff.add_argument("before", metavar="PROMPT", help=f"{_ASKED}; alone: production against the file")
    diff.add_argument("after", metavar="PROMPT", nargs="?", help="default: the file as it is now")
    pin = _command(what, "pin", "let a label stand for a version, in pins.yaml", _pin)
    pin.add_argument("asked", metavar="PROMPT", help=f"{_ASKED}; alone: the file as it is now")
    rollback = _command(what, "rollback", "let a label stand for what it stood for before", _rollback)
    rollback.add_argument("stem", metavar="PROMPT", help="NAME or NAME.VARIANT")
    for one in (pin, rollback):
        one.add_argument("--label", metavar="L", default=PRODUCTION, help=f"an environment; default: {PRODUCTION}")
    history = _command(what, "history", "every version, and what the labels stood for", _history)
    history.add_argument("name", metavar="NAME")
    history.add_argument("--json", action="store_true", help="one JSON array")
    _add_run(what)
    comparing.add(partial(_command, what))


def _add_run(what: Commands) -> None:
    run = _command(what, "run", "send a prompt, through the same router", _run)
    run.add_argument("asked", metavar="PROMPT", help=f"{_ASKED}; alone: what the environment stands for")
    run.add_argument("variables", metavar="NAME=VALUE", nargs="*", help="values of its variables")
    run.add_argument("--var", metavar="NAME=VALUE", action="append", default=[], help="one more of them")
    run.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    run.add_argument("--target", metavar="P/M", help="who is to answer; default: as the prompt says")
    run.add_argument("--yes", action="store_true", help="agree to a paid call where the environment asks first")
    run.add_argument("--local", action="store_true", help="nothing may leave this machine, not even by fallback")
    run.add_argument("--json", action="store_true", help="one JSON object on standard output instead of the text")


def _command(what: Commands, name: str, about: str, run: Callable[[argparse.Namespace], int]) -> Parser:
    command = what.add_parser(name, help=about, description=f"{about}.", allow_abbrev=False)
    add_places(command, is_again=True)
    command.set_defaults(run=run)
    return command


def _with_prompts(options: argparse.Namespace, work: "Callable[[Prompts], Awaitable[int]]") -> int:
    import asyncio

    from burn_tui.engine.prompts.command import prompts_in

    async def all_of_it() -> int:
        config = config_file(options).parent
        async with prompts_in(ledger_dir(options), directory=working_directory(), config_directory=config) as prompts:
            return await work(prompts)

    return asyncio.run(all_of_it())


def _list(options: argparse.Namespace) -> int:
    from burn_tui.engine.prompts.command import show_list

    return _with_prompts(
        options, lambda prompts: show_list(prompts, as_json=options.json, out=sys.stdout, narration=sys.stderr)
    )


def _show(options: argparse.Namespace) -> int:
    from burn_tui.engine.prompts.command import show_text

    return _with_prompts(
        options, lambda prompts: show_text(prompts, options.asked, out=sys.stdout, narration=sys.stderr)
    )


def _diff(options: argparse.Namespace) -> int:
    import os

    from burn_tui.engine.prompts.command import show_diff

    in_colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return _with_prompts(
        options,
        lambda prompts: show_diff(prompts, options.before, options.after, in_colour=in_colour, out=sys.stdout),
    )


def _pin(options: argparse.Namespace) -> int:
    from burn_tui.engine.prompts.command import pin

    return _with_prompts(options, lambda prompts: pin(prompts, options.asked, options.label, out=sys.stdout))


def _rollback(options: argparse.Namespace) -> int:
    from burn_tui.engine.prompts.command import rollback

    return _with_prompts(options, lambda prompts: rollback(prompts, options.stem, options.label, out=sys.stdout))


def _history(options: argparse.Namespace) -> int:
    from burn_tui.engine.prompts.command import show_history

    return _with_prompts(
        options, lambda prompts: show_history(prompts, options.name, as_json=options.json, out=sys.stdout)
    )


def _run(options: argparse.Namespace) -> int:

    from burn_tui.engine.ask import PromptCall, ask
    from burn_tui.engine.prompts.command import variables_of

    call = PromptCall(options.asked, variables_of([*options.variables, *options.var]))
    privacy = "local" if options.local else "any"
    return paid(options, ask, prompt=call, target=options.target, privacy=privacy)
