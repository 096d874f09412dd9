"""`tmux`: panes that say where they are."""

import argparse
import os
import sys

from burn_tui.commands.places import ANSWERED, Commands, add_places, config_file

_WORDS = {
    "install": "write a marked block into tmux's configuration; panes then show their environment",
    "uninstall": "take exactly that out again",
    "show": "print what would be written",
    "switch": "list the panes that run ssh, containers and scripts, and go to one",
}


def add(commands: Commands) -> None:
    """Put the parsers."""
    tmux = commands.add_parser("tmux", help="panes that say where they are, and a list of them", allow_abbrev=False)
    doings = tmux.add_subparsers(title="what", metavar="WHAT", required=True)
    for name, words in _WORDS.items():
        doing = doings.add_parser(name, help=words, allow_abbrev=False)
        if name in {"install", "show"}:
            doing.add_argument("--key", default="B", help="after the prefix it opens the list; default: B")
        add_places(doing, is_again=True)
        doing.set_defaults(run=_tmux, doing=name)


def _tmux(options: argparse.Namespace) -> int:
    if options.doing == "switch":
        from burn_tui.tui.switch import SwitchApp

        return SwitchApp(config_file(options)).run() or ANSWERED
    from burn_tui.engine.tmux import command as tmux_command
    from burn_tui.engine.tmux.client import program_in_words

    if options.doing == "uninstall":
        tmux_command.uninstall(environ=os.environ, out=sys.stdout)
        return ANSWERED
    do = tmux_command.install if options.doing == "install" else tmux_command.show
    do(program=program_in_words(sys.argv[0], os.environ), key=options.key, environ=os.environ, out=sys.stdout)
    return ANSWERED
