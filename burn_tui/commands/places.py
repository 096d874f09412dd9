"""What every sub-command shares: exit codes, where settings and ledger are, and how the runtime is made."""

import argparse
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NoReturn

from burn_tui.core.errors import WrongCallError

if TYPE_CHECKING:
    from pathlib import Path

    from burn_tui.engine.gateway_process import GatewayProcess
    from burn_tui.engine.runtime import Runtime
    from burn_tui.engine.settings import Settings

ANSWERED, NO_ANSWER, WRONG_CALL, REFUSED = 0, 1, 2, 3
"""Exit codes of `ask`; every sub-command uses WRONG_CALL for a wrong call or wrong settings."""


class Parser(argparse.ArgumentParser):
    """Complains in one sentence."""

    def error(self, message: str) -> NoReturn:
        """As argparse does it, with the place where help is to be had."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_CALL, f"burn-tui: {message}. See {self.prog} --help.\n")


# argparse has no other name for what add_subparsers() gives, and cannot subscript it while it runs.
if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]  # noqa: SLF001
else:
    Commands = argparse._SubParsersAction  # noqa: SLF001


def add_places(command: argparse.ArgumentParser, *, is_again: bool = False) -> None:
    """`is_again`: what stood before the sub-command holds unless it is said anew."""
    default = argparse.SUPPRESS if is_again else None
    command.add_argument(
        "--demo",
        action="store_true",
        default=argparse.SUPPRESS if is_again else False,
        help="simulated providers: no key, no network, nothing is kept",
    )
    command.add_argument("--config", metavar="FILE", default=default, help="settings file (BURN_TUI_CONFIG)")
    command.add_argument(
        "--data-dir", metavar="DIR", default=default, help="where the ledger is kept (BURN_TUI_DATA_DIR)"
    )


def paid(options: argparse.Namespace, work: "Callable[..., Coroutine[Any, Any, int]]", **more: object) -> int:
    """The exit code of what asks models: it gets the runtime and all that such sub-commands have in common."""
    import asyncio

    with ExitStack() as stack:
        return asyncio.run(
            work(
                boot=boot(options, stack),
                environment=options.env,
                confirmed=options.yes,
                as_json=options.json,
                out=sys.stdout,
                narration=sys.stderr,
                **more,
            )
        )


def config_file(options: argparse.Namespace) -> "Path":
    """The settings file, which need not exist."""
    from burn_tui.engine import paths

    return paths.config_file(options.config, os.environ)


def settings(options: argparse.Namespace) -> "Settings":
    """What the settings say; without a file, what the environment offers."""
    from burn_tui.engine.settings_file import settings_for

    return settings_for(config_file(options), os.environ, is_explicit=is_explicit(options))


def is_explicit(options: argparse.Namespace) -> bool:
    """Whether the person named a settings file, which must then exist."""
    return bool(options.config or os.environ.get("BURN_TUI_CONFIG"))


def data_dir(options: argparse.Namespace) -> "Path":
    """Where the ledger and the tokens are."""
    from burn_tui.engine import paths

    return paths.data_dir(options.data_dir, os.environ)


def ledger_dir(options: argparse.Namespace) -> "Path":
    """Where the ledger is, for commands that make sense only with one that stays."""
    if options.demo:
        raise WrongCallError("The demo keeps no ledger.", mend="Leave away --demo.")
    return data_dir(options)


def passing_dir(options: argparse.Namespace, stack: ExitStack) -> "Path":
    """Where tokens are kept; what is only a demonstration leaves nothing behind."""
    from burn_tui.engine.passing_place import passing_place

    if options.demo:
        return stack.enter_context(passing_place("gateway"))
    return data_dir(options)


def working_directory() -> "Path | None":
    """Where the person works; None if somebody has taken that directory away."""
    from pathlib import Path

    try:
        return Path.cwd()
    except OSError:
        return None


def gateway_process(options: argparse.Namespace) -> "GatewayProcess":
    """The gateway for these settings and this ledger, as a process of its own."""
    from burn_tui.engine.gateway_process import GatewayProcess

    given = (("--config", options.config), ("--data-dir", options.data_dir))
    places = [word for flag, value in given if value for word in (flag, value)]
    return GatewayProcess([sys.executable, "-m", "burn_tui", "gateway", *places], data_dir(options))


def boot(options: argparse.Namespace, stack: ExitStack) -> "Callable[[], Awaitable[Runtime]]":
    """How the runtime is made, when its time has come. What it needs around it ends with `stack`."""

    async def demo() -> "Runtime":
        from burn_tui.gateway.within import GatewayWithin
        from burn_tui.simulator.demo import Demo

        invented = stack.enter_context(Demo())
        runtime = await invented.boot()
        runtime.gateway = GatewayWithin(runtime, invented.data_dir)
        return runtime

    async def configured() -> "Runtime":
        from burn_tui.engine.runtime import Runtime

        runtime = await Runtime.open(
            settings(options), data_dir=data_dir(options), environ=os.environ, project=working_directory()
        )
        runtime.follow(config_file(options))
        runtime.gateway = gateway_process(options)
        return runtime

    return demo if options.demo else configured
