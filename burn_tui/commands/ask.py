"""`ask`: one prompt through the same router, without a terminal."""

import argparse
import sys

from burn_tui.commands.places import Commands, add_places, paid
from burn_tui.core.errors import WrongCallError


def add(commands: Commands) -> None:
    """Put the parser."""
    ask = commands.add_parser(
        "ask", help="send one prompt without a terminal, through the same router", allow_abbrev=False
    )
    ask.add_argument("prompt", help="the prompt; - reads it from standard input")
    ask.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    ask.add_argument(
        "--target", metavar="P/M", help="a provider/model, a provider, a route or auto; default: the default route"
    )
    ask.add_argument("--yes", action="store_true", help="agree to a paid call where the environment asks first")
    ask.add_argument("--local", action="store_true", help="nothing may leave this machine, not even by fallback")
    ask.add_argument("--json", action="store_true", help="one JSON object on standard output instead of the text")
    add_places(ask, is_again=True)
    ask.set_defaults(run=_ask)


def _ask(options: argparse.Namespace) -> int:
    from burn_tui.engine.ask import ask

    privacy = "local" if options.local else "any"
    return paid(options, ask, prompt=_prompt(options.prompt), target=options.target, privacy=privacy)


def _prompt(given: str) -> str:
    try:
        prompt = sys.stdin.read() if given == "-" else given
        prompt.encode()  # what was no text on the command line is smuggled through as lone surrogates
    except UnicodeError as error:
        raise WrongCallError("The prompt is not UTF-8 text.", mend="Convert it first, as with iconv.") from error
    if not prompt.strip():
        raise WrongCallError("The prompt is empty.", mend='Say something: burn-tui ask "PROMPT".')
    return prompt
