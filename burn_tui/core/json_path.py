"""Where something stands in JSON: the plain part of JSONPath (RFC 9535), without filters and slices.

$.team          $['a name']     $.lines[0]      $.lines[-1]     $.lines[*].price        $..price
"""

import re
from typing import Any

_STEP = re.compile(
    r"(?P<deep>\.\.)?(?:(?:(?<=\.\.)|\.)(?P<name>[\w-]+|\*)|\[(?:(?P<index>-?[0-9]+)|(?P<all>\*)"
    r"|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\")\])"
)


class JsonPathError(Exception):
    """No path, or one that says more than is understood here; the message is a sentence with the mend."""


def steps(path: str) -> list[tuple[bool, str | int]]:
    """The steps below the root: whether at any depth, and a key, an index, or "*" for all; JsonPathError."""
    rest = path.strip().removeprefix("$")
    if rest and rest[0] not in ".[":
        rest = f".{rest}"
    found: list[tuple[bool, str | int]] = []
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise JsonPathError(f"{path!r} is no path that can be followed. Write $.name, $.list[0] or $..name.")
        found.append((step["deep"] is not None, _key(step)))
        rest = rest[step.end() :]
    return found


def found_at(value: Any, path: str) -> list[Any]:
    """Everything that stands there; [] = nothing does. JsonPathError for what is no path."""
    here = [value]
    for is_deep, key in steps(path):
        places = [below for one in here for below in _all_of(one)] if is_deep else here
        here = [below for one in places for below in _below(one, key)]
    return here


def _key(step: re.Match[str]) -> str | int:
    if step["index"] is not None:
        return int(step["index"])
    quoted = step["single"] if step["single"] is not None else step["double"]
    return "*" if step["all"] else step["name"] if quoted is None else quoted


def _below(value: Any, key: str | int) -> list[Any]:
    match value:
        case dict():
            return list(value.values()) if key == "*" else [value[key]] if key in value else []
        case list() if key == "*":
            return value
        case list() if isinstance(key, int) and -len(value) <= key < len(value):
            return [value[key]]
        case _:
            return []


def _all_of(value: Any) -> list[Any]:
    """The value and everything in it."""
    found, at = [value], 0
    while at < len(found):
        found += _below(found[at], "*")
        at += 1
    return found
