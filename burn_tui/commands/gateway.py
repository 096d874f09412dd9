"""`gateway`, its tokens, and `run`: other programs' questions through the same router."""

import argparse
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from burn_tui.commands.places import Commands, add_places, boot, data_dir, passing_dir, settings
from burn_tui.core.errors import WrongCallError

if TYPE_CHECKING:
    from burn_tui.gateway.tokens import TokenBook


def add(commands: Commands) -> None:
    """Put the parsers."""
    about = "serve OpenAI's, Anthropic's and Google's APIs on loopback, through the same router"
    gateway = commands.add_parser("gateway", help=about, description=f"{about}.", allow_abbrev=False)
    gateway.add_argument("--port", type=int, metavar="N", help="default: gateway.port in the settings, else 4141")
    gateway.add_argument("--host", metavar="H", help="an address that others reach, with TLS only; default: loopback")
    gateway.add_argument("--tls-cert", metavar="FILE", help="certificate chain (PEM)")
    gateway.add_argument("--tls-key", metavar="FILE", help="its private key (PEM)")
    add_places(gateway, is_again=True)
    gateway.set_defaults(run=_gateway)

    token = gateway.add_subparsers(title="commands", metavar="COMMAND").add_parser(
        "token", help="make, list and revoke the tokens that clients use as API key", allow_abbrev=False
    )
    token.add_argument("--env", metavar="E", help="the one environment it is for; default: any but production")
    token.add_argument("--label", metavar="L", default="unnamed", help="what it is called, and its session")
    token.add_argument("--yes", action="store_true", help="agree beforehand to paid calls where E asks first")
    add_places(token, is_again=True)
    token.set_defaults(run=_make_token)
    actions = token.add_subparsers(title="commands", metavar="COMMAND")
    listed = actions.add_parser("list", help="one line a token", allow_abbrev=False)
    add_places(listed, is_again=True)
    listed.set_defaults(run=_list_tokens)
    revoked = actions.add_parser("revoke", help="end a token", allow_abbrev=False)
    revoked.add_argument("name", metavar="TOKEN", help="its id, or the label of several")
    add_places(revoked, is_again=True)
    revoked.set_defaults(run=_revoke_token)


def add_run(commands: Commands) -> None:
    """Put the parser of `run`."""
    about = "run a command whose questions to models go through the gateway"
    run = commands.add_parser(
        "run",
        help=about,
        description=f"{about}.",
        usage="burn-tui run [--env E] [--session NAME] [--yes] -- COMMAND ...",
        allow_abbrev=False,
    )
    run.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    run.add_argument("--session", metavar="NAME", help="what its tab is called; default: named after the command")
    run.add_argument("--yes", action="store_true", help="agree to paid calls where the environment asks first")
    add_places(run, is_again=True)
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="and its arguments")
    run.set_defaults(run=_run)


def _gateway(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.gateway.command import Place, serve

    place = Place(host=options.host, port=options.port, certificate=options.tls_cert, key=options.tls_key)
    with ExitStack() as stack:
        made, kept_in = boot(options, stack), passing_dir(options, stack)
        return asyncio.run(serve(made, place, data_dir=kept_in, narration=sys.stderr))


def _make_token(options: argparse.Namespace) -> int:
    import time

    from burn_tui.gateway.command import make_token

    return make_token(
        settings(options),
        _tokens(options),
        label=options.label,
        environment=options.env,
        has_agreed=options.yes,
        now=time.time(),
        out=sys.stdout,
        narration=sys.stderr,
    )


def _list_tokens(options: argparse.Namespace) -> int:
    from burn_tui.gateway.command import list_tokens

    return list_tokens(_tokens(options), sys.stdout)


def _revoke_token(options: argparse.Namespace) -> int:
    from burn_tui.gateway.command import revoke_token

    return revoke_token(_tokens(options), options.name, sys.stdout)


def _tokens(options: argparse.Namespace) -> "TokenBook":
    from burn_tui.gateway.tokens import TokenBook

    return TokenBook(data_dir(options) / "tokens")


def _run(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.gateway.running import Errand, run

    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise WrongCallError("There is no command to run.", mend="Say which: burn-tui run -- COMMAND.")
    errand = Errand(command=command, environment=options.env, session=options.session, has_agreed=options.yes)
    with ExitStack() as stack:
        made, kept_in = boot(options, stack), passing_dir(options, stack)
        return asyncio.run(run(errand, made, data_dir=kept_in, environ=os.environ, narration=sys.stderr))
