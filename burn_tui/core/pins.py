"""Which version a label stands for, as `pins.yaml` beside the prompts says it, and how one line of that is changed.

    triage: {production: sha256:3f9a..., staging: working, previous: sha256:77c0...}
    triage.anthropic: {production: sha256:b21d...}

Labels are the names of environments. `previous` is what production stood for before, `previous-staging` what staging
did: that is what a rollback goes back to.
"""

import re
from collections.abc import Mapping

from burn_tui.core.prompt_form import WORKING, is_beginning_of_version

PRODUCTION = "production"
"""The label whose history is called just `previous`."""

SCHEME = "sha256:"

Pins = Mapping[str, Mapping[str, str]]
"""Name (and variant) -> label -> a version's digits, or `working`."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TRAPS = re.compile(r"y|n|yes|no|on|off|true|false|null|[-+.0-9_:]+|[0-9]+e[0-9]+", re.IGNORECASE)


def previous_of(label: str) -> str:
    """The label under which the version before is kept."""
    return "previous" if label == PRODUCTION else f"previous-{label}"


def pin_of(value: object) -> str | None:
    """What a value in the file stands for: the beginning of a version, or `working`; None = neither."""
    text = str(value)
    if text == WORKING:
        return WORKING
    digits = text.removeprefix(SCHEME)
    return digits if text.startswith(SCHEME) and is_beginning_of_version(digits) else None


def written(pin: str) -> str:
    """As it stands in the file."""
    return pin if pin == WORKING else f"{SCHEME}{pin}"


def with_pin(text: str, stem: str, label: str, pin: str, lines: Mapping[tuple[str | int, ...], int]) -> str:
    """The file's text with one label of one prompt changed, and every other character as it was.

    `lines`: where keys stand, from 1, as `text` was read. A label that is new goes into the prompt's own line, or below
    it; a prompt that is new gets a line at the end.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    if (stem,) not in lines:
        before = text if not text or text.endswith("\n") else text + newline
        return f"{before}{_key(stem)}: {{{_key(label)}: {written(pin)}}}{newline}"
    rows, first = text.split(newline), lines[stem,] - 1
    if (at := lines.get((stem, label))) is not None:
        rows[at - 1] = _changed(rows[at - 1], label, pin, is_inside=at - 1 == first)
    elif "{" in _uncommented(rows[first]):
        rows[first] = _with_label_inside(rows[first], label, pin)
    else:
        below = next((line for path, line in lines.items() if len(path) == 2 and path[0] == stem), None)
        indent = _indent(rows[below - 1]) if below is not None else "  "
        rows.insert(first + 1, f"{indent}{_key(label)}: {written(pin)}")
    return newline.join(rows)


def _changed(line: str, label: str, pin: str, *, is_inside: bool) -> str:
    start = line.index("{") if is_inside else 0
    pattern = re.compile(rf"""((?:^|[{{,\s])["']?{re.escape(label)}["']?\s*:\s*)("[^"]*"|'[^']*'|[^\s,}}#]+)""")
    changed, count = pattern.subn(lambda found: found[1] + written(pin), line[start:], count=1)
    return line[:start] + changed if count else line


def _with_label_inside(line: str, label: str, pin: str) -> str:
    end = len(_uncommented(line).rstrip()) - 1
    inside = line[:end].rstrip()
    comma = "" if inside.endswith("{") else "," if not inside.endswith(",") else ""
    space = "" if inside.endswith("{") else " "
    return f"{inside}{comma}{space}{_key(label)}: {written(pin)}{line[end:]}"


def _uncommented(line: str) -> str:
    return re.split(r"\s#", line, maxsplit=1)[0]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and not _TRAPS.fullmatch(name) else f'"{name}"'
