"""`prompts compare` and `prompts import`: added to the prompts' own commands."""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack

from burn_tui.commands.places import Parser, boot, settings, working_directory

MakeCommand = Callable[[str, str, Callable[[argparse.Namespace], int]], Parser]
"""Name, one sentence, and what it does."""


def add(command: MakeCommand) -> None:
    """Put the parsers."""
    about = "ask versions and models of a prompt the cases of compare/NAME.yaml; new failures and new passes come first"
    compare = command("compare", about, _compare)
    compare.add_argument("name", metavar="NAME")
    compare.add_argument("--models", metavar="A,B", default="", help="who is to answer; default: as the file says")
    compare.add_argument(
        "--versions",
        metavar="A,B",
        default="",
        help="labels or digits; default: production, and the file if it differs",
    )
    compare.add_argument("--repeats", metavar="N", type=_repeats, help="ask everything so often; default: 1")
    compare.add_argument("--env", metavar="E", help="the environment to ask from; default: the least guarded one")
    compare.add_argument("--yes", metavar="E", help="agree to more than 20 calls, by the environment's name")
    compare.add_argument("--json", action="store_true", help="one JSON object on standard output instead of the text")
    taken = command(
        "import", "take over prompts and tests from a promptfooconfig.yaml; nothing is overwritten", _import
    )
    taken.add_argument("file", metavar="FILE")


def _repeats(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("expected a whole number from 1 to 100")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _compare(options: argparse.Namespace) -> int:
    import asyncio

    from burn_tui.engine.comparing.command import compare
    from burn_tui.engine.comparing.running import Wish

    wish = Wish(
        name=options.name,
        models=_names(options.models),
        versions=_names(options.versions),
        repeats=options.repeats,
    )
    with ExitStack() as stack:
        return asyncio.run(
            compare(
                wish,
                boot=boot(options, stack),
                environment=options.env,
                yes=options.yes,
                asked=_asked if sys.stdin.isatty() and sys.stderr.isatty() else None,
                as_json=options.json,
                out=sys.stdout,
                narration=sys.stderr,
            )
        )


def _asked(question: str) -> str:
    """What whoever sits there types; nothing for the end of input."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _import(options: argparse.Namespace) -> int:
    from pathlib import Path

    from burn_tui.engine.comparing.command import take_over
    from burn_tui.engine.prompts.files import FOLDER, folders

    here = working_directory() or Path()
    folder = next(iter(folders(here, None)), here / FOLDER)
    catalog = settings(options).catalog
    return take_over(Path(options.file), folder, catalog, out=sys.stdout, narration=sys.stderr)
