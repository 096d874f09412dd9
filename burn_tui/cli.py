"""The command line: understands what is wanted, opens the dashboard or hands over to a command."""

import argparse
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from functools import partial
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from burn_tui import __version__
from burn_tui.commands import reports
from burn_tui.commands.places import ANSWERED, NO_ANSWER, WRONG_CALL, Commands, Parser, add_places, boot, data_dir
from burn_tui.core.errors import BurnError, WrongCallError, nearest

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime

INTERRUPTED = 130
"""Exit code after ctrl+c, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    sys.stdout, sys.stderr = _harmless(sys.stdout), _harmless(sys.stderr)
    try:
        options = _understood(arguments)
        sys.excepthook = lambda _type, error, _traceback: print(_farewell(options, error), file=sys.stderr)
        code = options.run(options)
    except BurnError as error:
        print(f"burn-tui: {error}", file=sys.stderr)
        code = WRONG_CALL
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read the answer has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = NO_ANSWER
    sys.exit(code)


def _harmless(stream: TextIO) -> TextIO:
    """What is printed to it cannot fail, and, where it is a terminal, cannot act on it."""
    if not isinstance(stream, TextIOWrapper):
        return stream
    # An old terminal that lacks a letter gets another one, not a traceback.
    stream.reconfigure(errors="replace")
    if not stream.isatty():
        return stream
    from burn_tui.tui.legible_terminal import LegibleTerminal

    return LegibleTerminal(stream.buffer, stream.encoding, "replace", line_buffering=True)


def parser(first: str | None = None) -> argparse.ArgumentParser:
    """What burn-tui understands.

    `first`: the first word of the call, "" where there is none, None = whatever it may be. Making all commands takes
    longer than what `status` has to say, which a status line asks for every few seconds, and the dashboard's first
    frame need not wait for them either.
    """
    top = Parser(
        prog="burn-tui",
        description="Routes prompts over your AI providers and shows what they burn. "
        "Without a command it opens the dashboard.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"burn-tui {__version__}")
    top.add_argument("--continue", action="store_true", help="open the sessions of last time, drafts and all")
    top.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    add_places(top)
    top.set_defaults(run=_dashboard)
    if first == "":
        return top
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    if first == "status":
        reports.add_status(commands)
    else:
        _add_all(commands, top)
    return top


def _add_all(commands: Commands, top: argparse.ArgumentParser) -> None:
    from burn_tui.commands import ask, audit, completion, doctor, gateway, prompts, route, team, tmux, workflow

    for add in (
        ask.add,
        reports.add_status,
        tmux.add,
        gateway.add,
        gateway.add_run,
        reports.add,
        audit.add,
        prompts.add,
        route.add,
        workflow.add,
        team.add,
        team.add_trust,
        doctor.add,
    ):
        add(commands)
    completion.add(commands, top)


def _understood(arguments: Sequence[str] | None) -> argparse.Namespace:
    words = sys.argv[1:] if arguments is None else arguments
    options, unknown = _parsed(words)
    if unknown:
        raise WrongCallError(f"{unknown[0]!r} is one too many.", mend=_mend(unknown[0], options))
    if options.demo and (options.config or options.data_dir):
        raise WrongCallError(
            "--demo has settings and a ledger of its own.", mend="Leave away --demo, or --config and --data-dir."
        )
    return options


def _parsed(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """What is understood and what is not. The dashboard's options are understood without making any command."""
    if not words or (words[0].startswith("-") and not {"-h", "--help"} & set(words)):
        options, unknown = parser("").parse_known_args(words)
        if not unknown:
            return options, unknown
    return parser(words[0] if words else "").parse_known_args(words)


def _mend(unknown: str, options: argparse.Namespace) -> str:
    if "=" in unknown and "var" in options:
        return f"Put it right behind the prompt's name, or write --var {unknown}."
    if not unknown.startswith("-"):
        return 'Put the whole prompt into quotes: burn-tui ask "PROMPT".'
    flags = ["--" + name.replace("_", "-") for name in vars(options) if name not in {"run", "prompt"}]
    match = next((flag for flag in flags if flag.startswith(unknown)), None) or nearest(unknown, flags)
    return f"Did you mean {match}?" if match else "See burn-tui --help."


def _dashboard(options: argparse.Namespace) -> int:
    if not (_is_terminal(sys.__stdin__) and _is_terminal(sys.__stderr__)):
        raise WrongCallError("The dashboard needs a terminal.", mend='Without one: burn-tui ask "PROMPT".')
    import gc

    # What a start makes stays, and to look through it for garbage again and again takes an eighth of its time. The
    # dashboard has it looked for once it stands.
    gc.disable()
    from burn_tui.tui.app import BurnApp

    with ExitStack() as stack:
        farewell = partial(_farewell, options)
        app = BurnApp(
            boot=boot(options, stack),
            once_it_stands=_once_it_stands(options),
            continues=getattr(options, "continue"),
            farewell=farewell,
        )
        code = app.run(mouse=not options.no_mouse) or ANSWERED
    if app.continued and _is_terminal(sys.stdout):
        print(_way_back(app.continued, options))
    return code


def _way_back(sessions: int, options: argparse.Namespace) -> str:
    """How to go on where the dashboard was left, with the same settings and the same ledger."""
    places = [("--config", options.config), ("--data-dir", options.data_dir)]
    named = [f" {option} {shlex.quote(str(place))}" for option, place in places if place]
    kept = "1 session kept." if sessions == 1 else f"{sessions} sessions kept."
    return f"{kept} burn-tui{''.join(named)} --continue opens {'it' if sessions == 1 else 'them'} again."


def _once_it_stands(options: argparse.Namespace) -> "Callable[[Runtime], Awaitable[None]]":
    """What can wait until the dashboard is on screen. The demo knows nothing of this machine, and follows no logs."""

    async def catch_up(runtime: "Runtime") -> None:
        import asyncio

        await asyncio.to_thread(runtime.warm_up)
        if not options.demo:
            runtime.log_import.follow()

    return catch_up


def _farewell(options: argparse.Namespace, error: BaseException) -> str:
    """The last words after a fault of our own. The demo leaves nothing behind, not even a report."""
    import time

    from burn_tui.engine.crash import farewell

    return farewell(error, None if options.demo else data_dir(options) / "crashes", now=time.time())


def _is_terminal(stream: TextIO | None) -> bool:
    """Textual reads the keys from standard input and draws on standard error. A stream that was closed is None."""
    return stream is not None and stream.isatty()
