"""`route`: how auto decides, what another policy would have cost, and what it has learned."""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack

from burn_tui.commands.places import Commands, Parser, add_places, boot, config_file
from burn_tui.core.errors import WrongCallError


def add(commands: Commands) -> None:
    """Put the parsers."""
    about = "how auto decides, and what another policy would have cost"
    route = commands.add_parser("route", help=about, description=f"{about}.", allow_abbrev=False)
    add_places(route, is_again=True)
    what = route.add_subparsers(title="commands", metavar="COMMAND", required=True)

    explained = _command(what, "explain", "whom auto would ask, and why; nothing is sent", _explain)
    explained.add_argument("prompt", help="the prompt")
    explained.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    replayed = _command(what, "replay", "money and time of the past under another policy", _replay)
    replayed.add_argument("--since", metavar="S", default="7d", help="how far back: 90m, 24h, 7d, 2w or a date")
    replayed.add_argument("--policy", metavar="F", required=True, help="a YAML file with the sections auto: or rules:")
    replayed.add_argument("--adopt", action="store_true", help="then make it the policy of the settings file")
    for one in (explained, replayed):
        one.add_argument("--json", action="store_true", help="one JSON object")
    _command(what, "reset", "forget what was learned, and every correction", _reset)
    frozen = _command(what, "freeze", "learn nothing more", _freeze)
    frozen.add_argument("--off", action="store_true", help="go on learning")


def _command(what: Commands, name: str, about: str, run: Callable[[argparse.Namespace], int]) -> Parser:
    command = what.add_parser(name, help=about, description=f"{about}.", allow_abbrev=False)
    add_places(command, is_again=True)
    command.set_defaults(run=run)
    return command


def _explain(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.engine.auto.command import explain

    with ExitStack() as stack:
        booted = boot(options, stack)
        return asyncio.run(
            explain(options.prompt, boot=booted, environment=options.env, as_json=options.json, out=sys.stdout)
        )


def _replay(options: argparse.Namespace) -> int:
    import asyncio
    from pathlib import Path

    from burn_tui.engine.auto.command import replayed

    try:
        text = Path(options.policy).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        mend = "Name a YAML file with the sections auto: or rules:."
        raise WrongCallError(f"{options.policy} cannot be read: {error}.", mend=mend) from error
    if options.adopt and options.demo:
        raise WrongCallError("The demo has no settings file.", mend="Leave --demo or --adopt away.")
    with ExitStack() as stack:
        booted = boot(options, stack)
        code = asyncio.run(
            replayed(text, file=options.policy, boot=booted, since=options.since, as_json=options.json, out=sys.stdout)
        )
    if options.adopt:
        _adopt(text, options)
    return code


def _adopt(policy_text: str, options: argparse.Namespace) -> None:
    from burn_tui.engine.auto.adopting import adopt

    settings_file = config_file(options)
    kept = adopt(policy_text, policy_file=options.policy, settings_file=settings_file)
    told = sys.stderr if options.json else sys.stdout
    told.write(f"Adopted: auto: and rules: of {settings_file} are those of {options.policy}; {kept} is as it was.\n")


def _reset(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.engine.auto.command import reset

    with ExitStack() as stack:
        return asyncio.run(reset(boot=boot(options, stack), out=sys.stdout))


def _freeze(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.engine.auto.command import freeze

    with ExitStack() as stack:
        return asyncio.run(freeze(boot=boot(options, stack), is_frozen=not options.off, out=sys.stdout))
