"""The command line. Every import that costs time is made where it is needed."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from burn_tui import __version__
from burn_tui.core.errors import BurnError

if TYPE_CHECKING:
    from burn_tui.engine.runtime import Runtime

ANSWERED, NO_ANSWER, WRONG_CALL, REFUSED = 0, 1, 2, 3
"""Exit codes of `ask`; every sub-command uses WRONG_CALL for a wrong call or wrong settings."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    options = parser().parse_args(arguments)
    try:
        code = options.run(options)
    except BurnError as error:
        print(f"burn-tui: {error}", file=sys.stderr)
        code = WRONG_CALL
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def parser() -> argparse.ArgumentParser:
    """What burn-tui understands."""
    top = argparse.ArgumentParser(
        prog="burn-tui",
        description="Routes prompts over your AI providers and shows what they burn. "
        "Without a command it opens the dashboard.",
    )
    top.add_argument("--version", action="version", version=f"burn-tui {__version__}")
    top.add_argument("--demo", action="store_true", help="simulated providers: no key, no network, nothing is kept")
    _add_places(top)
    top.set_defaults(run=_dashboard)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    ask = commands.add_parser("ask", help="send one prompt without a terminal, through the same router")
    ask.add_argument("prompt", help="the prompt; - reads it from standard input")
    ask.add_argument("--env", metavar="E", help="the environment to ask from")
    ask.add_argument(
        "--target", metavar="P/M", help="a provider/model, a provider or a route; default: the default route"
    )
    ask.add_argument("--yes", action="store_true", help="agree to a paid call where the environment asks first")
    ask.add_argument("--local", action="store_true", help="nothing may leave this machine, not even by fallback")
    ask.add_argument("--json", action="store_true", help="one JSON object on standard output instead of the text")
    _add_places(ask, default=argparse.SUPPRESS)
    ask.set_defaults(run=_ask)
    return top


def _add_places(command: argparse.ArgumentParser, default: str | None = None) -> None:
    command.add_argument("--config", metavar="FILE", default=default, help="settings file (BURN_TUI_CONFIG)")
    command.add_argument(
        "--data-dir", metavar="DIR", default=default, help="where the ledger is kept (BURN_TUI_DATA_DIR)"
    )


def _boot(options: argparse.Namespace) -> Callable[[], Awaitable["Runtime"]]:
    async def boot() -> "Runtime":
        from burn_tui.engine import paths
        from burn_tui.engine.runtime import Runtime
        from burn_tui.engine.settings_file import settings_for

        path = paths.config_file(options.config, os.environ)
        is_explicit = bool(options.config or os.environ.get("BURN_TUI_CONFIG"))
        settings = settings_for(path, os.environ, is_explicit=is_explicit)
        data_dir = paths.data_dir(options.data_dir, os.environ)
        runtime = await Runtime.open(settings, data_dir=data_dir, environ=os.environ)
        runtime.follow(path)
        return runtime

    return boot


def _dashboard(options: argparse.Namespace) -> int:
    from burn_tui.tui.app import BurnApp

    if not options.demo:
        return BurnApp(boot=_boot(options)).run() or ANSWERED
    from contextlib import ExitStack

    with ExitStack() as stack:

        async def boot() -> "Runtime":
            from burn_tui.simulator.demo import Demo

            return await stack.enter_context(Demo()).boot()

        return BurnApp(boot=boot).run() or ANSWERED


def _ask(options: argparse.Namespace) -> int:
    from burn_tui.engine.ask import ask

    prompt = sys.stdin.read() if options.prompt == "-" else options.prompt
    return asyncio.run(
        ask(
            prompt,
            boot=_boot(options),
            environment=options.env,
            target=options.target,
            privacy="local" if options.local else "any",
            confirmed=options.yes,
            as_json=options.json,
            out=sys.stdout,
            narration=sys.stderr,
        )
    )
