"""What the doctor finds in the terminal: colours, tmux, where copied text goes, and keys that cannot work."""

import shutil
from collections.abc import Iterator, Mapping

from burn_tui.engine.clipboard import Clipboard
from burn_tui.engine.doctor import Finding
from burn_tui.engine.settings import Settings
from burn_tui.engine.tmux.client import Tmux, TmuxError
from burn_tui.engine.tmux.conf import configuration_file, is_installed, read
from burn_tui.tui.actions import own_keys
from burn_tui.tui.keymap import keymap, prefix_of_tmux
from burn_tui.tui.terminal_colours import colours_of

_ESCAPE_MS = 100
"""tmux waits so long after Escape for the rest of a key: with more, Escape and alt keys lag."""


def terminal(environ: Mapping[str, str]) -> Iterator[Finding]:
    """What can be shown."""
    term = environ.get("TERM", "unknown")
    match colours_of(environ):
        case "all":
            yield Finding("terminal", f"{term}, all colours")
        case "sixteen":
            hint = "if it can show more, set COLORTERM=truecolor; else the theme ansi16 suits it"
            yield Finding("terminal", f"{term}, sixteen colours; {hint}")
        case "none":
            yield Finding("terminal", f"{term}, no colours: words and glyphs carry everything")


def clipboard(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where copied text will go."""
    found = [way.name for way in Clipboard(environ).ways() if shutil.which(way.command[0], path=environ.get("PATH"))]
    if found:
        yield Finding("clipboard", f"copies with {found[0]}")
    else:
        mend = "Install wl-copy, xclip or xsel, or work inside tmux; many terminals also have to allow OSC 52."
        yield Finding("clipboard", "no tool is there: only the terminal itself can be asked, by OSC 52", mend)


def tmux(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The options of tmux that make a difference; nothing outside tmux."""
    server = Tmux(environ)
    if server.own_pane is None:
        return
    try:
        escape_ms = int(server.run("show-options", "-sv", "escape-time").strip() or 0)
        to_terminal = server.run("show-options", "-sv", "set-clipboard").strip()
    except (TmuxError, ValueError) as error:
        yield Finding("tmux", "cannot be asked", str(error))
        return
    if escape_ms > _ESCAPE_MS:
        mend = "Write into tmux.conf: set -sg escape-time 20"
        yield Finding("tmux", f"waits {escape_ms} ms after Escape", mend)
    if to_terminal == "off":
        mend = "Write into tmux.conf: set -s set-clipboard on"
        yield Finding("tmux", "keeps copied text to itself", mend)
    if is_installed(read(configuration_file(environ))):
        yield Finding("tmux", "panes show their environment")
    else:
        yield Finding("tmux", "does not show environments; burn-tui tmux install would change that")


def keys(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Keys of the settings that cannot work, and whether tmux's prefix is one that the dashboard needs."""
    prefix = prefix_of_tmux(environ)
    found = keymap(settings.key_changes, own_keys(), file=settings.origin, prefix=prefix)
    for problem in found.problems:
        yield Finding("key bindings", "one cannot work", str(problem))
    taken = [action for action in own_keys().values() if prefix in found.keys.get(action.id, action.keys)]
    for action in taken:
        mend = f"Move it in the settings, as keys: {{{action.id}: f12}}, or press {prefix} twice."
        yield Finding("key bindings", f"tmux takes {prefix} ({action.label}) as its prefix", mend)
    if not found.problems and not taken:
        yield Finding("key bindings", "no clash")
