"""`burn-tui tmux install`, `uninstall` and `show`."""

from collections.abc import Mapping
from typing import TextIO

from burn_tui.core.errors import WrongCallError
from burn_tui.engine.tmux.client import Tmux
from burn_tui.engine.tmux.conf import (
    configuration_file,
    is_installed,
    key_in_block,
    lines,
    read,
    taken,
    with_block,
    without_block,
    write,
)

_BORDERS = "Panes show it in their borders where these have text: set -g pane-border-status top"


def install(*, program: str, key: str, environ: Mapping[str, str], out: TextIO) -> None:
    """Write the block, or bring it up to date, and let a running server have it at once."""
    tmux, path = Tmux(environ), configuration_file(environ)
    tmux.check_version()
    text = read(path)
    is_running = tmux.is_running()
    bound = tmux.bound(key) if is_running else ""
    if taken(text, key) or (bound and "burn-tui" not in bound):
        raise WrongCallError(f"After the prefix, {key} does something else already.", mend="Name another: --key KEY.")
    change = with_block(text, lines(program, key=key), file=str(path))
    write(path, change)
    print("Nothing to do:" if change.after == change.before else "Written:", path, file=out)
    if is_running:
        tmux.source(lines(program, key=key))
        print("The running tmux has it too.", file=out)
    print(f"After the prefix, {key} lists the panes. {_BORDERS}", file=out)


def uninstall(*, environ: Mapping[str, str], out: TextIO) -> None:
    """Take the block out of the file, and what it did out of a running server."""
    tmux, path = Tmux(environ), configuration_file(environ)
    text = read(path)
    change = without_block(text, file=str(path))
    write(path, change)
    print("Nothing to do:" if change.after == change.before else "Taken out of:", path, file=out)
    if tmux.is_running():
        tmux.take_back(key_in_block(text))
        print("The running tmux is as it was, too.", file=out)


def show(*, program: str, key: str, environ: Mapping[str, str], out: TextIO) -> None:
    """Say what would be written where, and whether it is."""
    path = configuration_file(environ)
    where = "stand in" if is_installed(read(path)) else "would be written into"
    print(f"# These lines {where} {path}. {_BORDERS}", file=out)
    print("\n".join(lines(program, key=key)), file=out)
