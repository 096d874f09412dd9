"""The block that burn-tui writes into tmux's configuration: exactly one, marked, and taken out without a trace.

It works on bytes, since a configuration may be in any encoding, and adds nothing that has to be guessed at when it
goes: what was done to the file around the block stands in the block's first line.
"""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkstemp

from msgspec import Struct

from burn_tui.core.errors import SettingsError

OPENING = b"# >>> burn-tui >>>"
CLOSING = b"# <<< burn-tui <<<"

_MADE_FILE = b" (the file was made for it)"
_ENDED_LINE = b" (the line before had no end)"

_BLOCK = re.compile(rb"^# >>> burn-tui >>>([^\n]*)\n(.*?)^# <<< burn-tui <<<[^\n]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)

LABEL_CELLS = 40
"""What status-right is given more room by."""

DEFAULT_KEY = "B"

MARK = "#{?@burn_env, #[fg=#{@burn_hue}#,bold]#{@burn_env}#[default],}"
"""What a pane says of itself, in its environment's colour, and nothing for a pane that says nothing."""


class Change(Struct, frozen=True):
    """What becomes of a file."""

    before: bytes | None
    """None = there is none."""
    after: bytes | None
    """None = it goes."""


def configuration_file(environ: Mapping[str, str]) -> Path:
    """The user's own configuration, as tmux(1) looks for it; where it would be made if there is none."""
    home = Path(environ.get("HOME") or "~").expanduser()
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = (home / ".tmux.conf", config / "tmux" / "tmux.conf", home / ".config" / "tmux" / "tmux.conf")
    return next((place for place in places if place.exists()), places[0])


def lines(program: str, *, key: str = DEFAULT_KEY) -> list[str]:
    """What is written, for tmux 3.2 and later. `program` is what a shell starts burn-tui with.

    Formats are added to, never replaced, and only once however often the file is sourced. The border's colour is left
    alone: tmux has one for all panes of a window.
    """
    return [
        _added("window-status-format", "setw", MARK, "*@burn_env*"),
        _added("window-status-current-format", "setw", MARK, "*@burn_env*"),
        _added("pane-border-format", "setw", MARK, "*@burn_env*"),
        _added("status-right-length", "", f"#{{e|+:#{{status-right-length}},{LABEL_CELLS}}}", ""),
        _added("status-right", "set", status_of(program), "*status --tmux*"),
        f"bind-key -N {_quoted('burn-tui: go to a pane')} {key} display-popup -E -w 90% -h 80% "
        + _quoted(f"{program} tmux switch"),
    ]


def status_of(program: str) -> str:
    """What is put at the end of status-right."""
    # status-right goes through strftime and through tmux's own formats before the shell sees it.
    return f" #({program.replace('#', '##').replace('%', '%%')} status --tmux)"


def taken(text: bytes | None, key: str) -> bool:
    """Whether the configuration binds `key` after the prefix, outside the block."""
    outside = _BLOCK.sub(b"", text or b"").decode(errors="replace")
    return any(_bound_key(line) == key for line in outside.splitlines())


def _bound_key(line: str) -> str | None:
    """The key that a line of a configuration binds after the prefix (tmux(1), bind-key); None = it binds none."""
    try:
        command, *words = shlex.split(line, comments=True)
    except ValueError:  # no words, or a quote that goes on in the next line
        return None
    if command not in {"bind", "bind-key"}:
        return None
    while words and words[0].startswith("-") and len(words[0]) > 1:
        flag = words.pop(0)
        if "n" in flag or ("T" in flag and words and words[0] != "prefix"):
            return None
        if flag[-1] in "NT" and words:
            words.pop(0)
    return words[0] if words else None


def _added(option: str, command: str, what: str, sign: str) -> str:
    if not command:
        # Before status-right itself, whose sign tells whether all this was done already.
        unless = "#{m:*status --tmux*,#{status-right}}"
        return f"if-shell -F {_quoted(unless)} '' {_quoted(f'set-option -gF {option} {_quoted(what)}')}"
    unless = f"#{{m:{sign},#{{{option}}}}}"
    adding = f"{'set-window-option' if command == 'setw' else 'set-option'} -ga {option} {_quoted(what)}"
    return f"if-shell -F {_quoted(unless)} '' {_quoted(adding)}"


def _quoted(text: str) -> str:
    """As tmux's own parser takes it (tmux(1), PARSING SYNTAX): nothing is expanded in double quotes once escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def with_block(text: bytes | None, block_lines: list[str], *, file: str) -> Change:
    """The file with the block in it: in the place where one stands already, else at its end."""
    body = "\n".join(block_lines).encode() + b"\n"
    found = _only_block(text or b"", file)
    if found is not None:
        assert text is not None
        block = OPENING + found[1] + b"\n" + body + CLOSING + b"\n"
        return Change(text, text[: found.start()] + block + text[found.end() :])
    note = _MADE_FILE if text is None else _ENDED_LINE if text and not text.endswith(b"\n") else b""
    before = (text or b"") + (b"\n" if note == _ENDED_LINE else b"")
    return Change(text, before + OPENING + note + b"\n" + body + CLOSING + b"\n")


def without_block(text: bytes | None, *, file: str) -> Change:
    """The file as it was before the block came into it, whatever was written around the block since."""
    found = _only_block(text or b"", file)
    if found is None:
        return Change(text, text)
    assert text is not None
    before, after = text[: found.start()], text[found.end() :]
    if found[1] == _ENDED_LINE and not after:
        before = before.removesuffix(b"\n")
    rest = before + after
    return Change(text, None if found[1] == _MADE_FILE and not rest else rest)


def without_status(status_right: str) -> str:
    """An option's value without what the block put at its end."""
    return re.sub(r" #\((?:(?! #\().)* status --tmux\)", "", status_right)


def key_in_block(text: bytes | None) -> str | None:
    """The key that the block binds; None if it is not there."""
    found = _BLOCK.search(text or b"")
    bound = (_bound_key(line) for line in found[2].decode(errors="replace").splitlines()) if found else ()
    return next((key for key in bound if key), None)


def is_installed(text: bytes | None) -> bool:
    """Whether the block is there."""
    return bool(text and _BLOCK.search(text))


def _only_block(text: bytes, file: str) -> re.Match[bytes] | None:
    """The block, None if there is none; SettingsError for what cannot be taken out without guessing."""
    found = _BLOCK.search(text)
    openings, closings = text.count(OPENING), text.count(CLOSING)
    if found is None and not openings and not closings:
        return None
    if found is None or openings > 1 or closings > 1:
        line = 1 + text[: max(text.find(OPENING), 0)].count(b"\n")
        mend = f"Leave one pair of lines {OPENING.decode()!r} and {CLOSING.decode()!r}, or none."
        raise SettingsError("the block of burn-tui is not whole.", file=file, line=line, mend=mend)
    return found


def read(path: Path) -> bytes | None:
    """The file, None if there is none; SettingsError if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}."
        raise SettingsError(problem, file=str(path), mend="Check its permissions.") from error


def write(path: Path, change: Change) -> None:
    """Make it so, at once and for the whole file or not at all. A link stays a link, and permissions stay."""
    if change.after == change.before:
        return
    target = path.resolve()
    try:
        if change.after is None:
            target.unlink()
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as beside:
                beside.write(change.after)
                beside.flush()
                os.fsync(beside.fileno())
            Path(name).chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o644)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        problem = f"cannot be written: {error.strerror or error}."
        raise SettingsError(
            problem, file=str(path), mend="Check the permissions of the file and its folder."
        ) from error
