"""The user's own keys: which of them can work, how they are written, and what Textual has to know of them.

A change that cannot work is left out and said, with file, line and key, as everything else in the settings is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from textual.keys import Keys

from burn_tui.core.errors import SettingsError, mend_by_name
from burn_tui.engine.settings_terminal import KeyChange
from burn_tui.engine.tmux.client import Tmux, TmuxError
from burn_tui.tui.action import Action, Place

_KEY = re.compile(r"(?P<modifiers>(?:(?:ctrl|alt|shift)\+)*)(?P<last>[a-z0-9_]+|[^\s\w+])")

_NAMED = {key.value for key in Keys if not key.value.startswith("<")} | {f"f{number}" for number in range(1, 25)}

_SAME_BYTE = {"h": "backspace", "i": "tab", "j": "enter", "m": "enter", "left_square_bracket": "escape"}
"""With ctrl, and what terminals send for them all the same."""

_WITH_OTHERS: Mapping[Place, tuple[Place, ...]] = {
    "dashboard": ("dashboard", "prompt", "conversation"),
    "prompt": ("dashboard", "prompt"),
    "conversation": ("dashboard", "conversation"),
}
"""Places whose keys work at the same time; all others work alone."""

_TYPED: tuple[Place, ...] = ("dashboard", "prompt", "search", "name")
"""Where letters are text."""


class Keymap(Struct, frozen=True):
    """What is made of the changes that the settings ask for."""

    keys: Mapping[str, tuple[str, ...]]
    """By the id of an action, for those that are moved."""
    problems: tuple[SettingsError, ...]
    """What is wrong with the others."""


def keymap(
    changes: Sequence[KeyChange], actions: Mapping[str, Action], *, file: str, prefix: str | None = None
) -> Keymap:
    """The changes that can work, and why the others cannot.

    `actions`: all of them with their own keys. `prefix`: tmux's, as Textual names it; None = there is no tmux.
    """
    moved: dict[str, tuple[str, ...]] = {}
    problems = []
    wanted = {change.action: change.keys for change in changes}
    for change in changes:
        trouble = _trouble(change, actions, wanted, prefix)
        if trouble is None:
            moved[change.action] = change.keys
        else:
            problem, mend = trouble
            where = f"keys.{change.action}"
            problems.append(SettingsError(problem, file=file, line=change.line, key=where, mend=mend))
    return Keymap(moved, tuple(problems))


def prefix_of_tmux(environ: Mapping[str, str]) -> str | None:
    """The key that tmux keeps for itself, as Textual names it; None outside tmux."""
    tmux = Tmux(environ)
    if tmux.own_pane is None:
        return None
    try:
        return textual_key(tmux.run("show-options", "-gv", "prefix").strip())
    except TmuxError:
        return None


def textual_key(tmux_key: str) -> str:
    """A key as tmux writes it, such as "C-b" or "M-Left", as Textual names it."""
    text = tmux_key.replace("C-", "ctrl+").replace("M-", "alt+").replace("S-", "shift+")
    return text.lower()


def shown(keys: Iterable[str]) -> str:
    """Keys as a person reads them."""
    return " or ".join(_shown(key) for key in keys)


def _shown(key: str) -> str:
    *modifiers, last = key.split("+") if key != "+" else ["+"]
    if len(last) > 1:
        last = last.replace("_", " ").capitalize() if not modifiers or not last.isalpha() else last.capitalize()
    return "+".join([*modifiers, last])


def _trouble(
    change: KeyChange, actions: Mapping[str, Action], wanted: Mapping[str, tuple[str, ...]], prefix: str | None
) -> tuple[str, str] | None:
    """What is wrong, and how to mend it; None = nothing."""
    action = actions.get(change.action)
    if action is None:
        return "there is no such action.", mend_by_name(change.action, actions)
    if action.is_numbered:
        return "its keys are one for each number and cannot be moved.", "Leave it out."
    if not change.keys:
        return "it has no key.", "Name one, such as f6."
    for key in change.keys:
        trouble = _unusable(key, action.place) or _clash(key, action, actions, wanted)
        if trouble is not None:
            return trouble
        if key == prefix:
            return f"tmux takes {key} for itself, as its prefix.", "Take another one, or press it twice."
    return None


def _unusable(key: str, place: Place) -> tuple[str, str] | None:
    found = _KEY.fullmatch(key)
    last = found["last"] if found else ""
    if found is None or not (len(last) == 1 or last in _NAMED):
        return f"{key!r} is no key.", "Write it as f6, alt+x, ctrl+x, pageup or x."
    modifiers = found["modifiers"].split("+")[:-1]
    if "ctrl" in modifiers and last in _SAME_BYTE:
        return f"terminals send {_SAME_BYTE[last]} for {key}.", "Take another one."
    if "ctrl" in modifiers and (last in {"tab", "enter", "space"} or last.isdigit() or "shift" in modifiers):
        return f"most terminals and tmux cannot send {key}.", "Take another one."
    if not modifiers and len(last) == 1 and place in _TYPED:
        return f"{key} is a letter to type there.", f"Take it with alt: alt+{key}."
    return None


def _clash(
    key: str, action: Action, actions: Mapping[str, Action], wanted: Mapping[str, tuple[str, ...]]
) -> tuple[str, str] | None:
    together = _WITH_OTHERS.get(action.place, (action.place,))
    for other in actions.values():
        if other.id != action.id and other.place in together and key in wanted.get(other.id, other.keys):
            return (
                f"{key} means {other.label!r} already ({other.id}).",
                f"Take another one, or move {other.id} as well.",
            )
    return None
