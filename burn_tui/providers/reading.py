"""Reading JSON that may be anything: whatever is not of the wanted type counts as absent, and nothing raises."""

from collections.abc import Iterator

import msgspec

_DECODER = msgspec.json.Decoder()
_LARGEST = 2**53
"""Counts above it are no counts."""


def parsed(data: bytes | str) -> object:
    """The JSON value; ValueError for what is no JSON or nested too deep."""
    try:
        return _DECODER.decode(data)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deep") from error


def mapping(value: object, *path: str) -> dict[str, object]:
    """The object at `path` inside `value`; {} where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: object, *path: str) -> list[object]:
    """The list at `path` inside `value`; [] where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def mappings(value: object, *path: str) -> Iterator[dict[str, object]]:
    """The objects in the list at `path`; other entries are left out."""
    return (item for item in items(value, *path) if isinstance(item, dict))


def text(value: object, *path: str) -> str:
    """The string at `path`; "" where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def count(value: object, *path: str) -> int | None:
    """The non-negative whole number at `path`; None where there is none. 12.0 counts as 12."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST
    return value if is_count and isinstance(value, int) else None


def number(value: object, *path: str) -> float | None:
    """The finite number at `path`; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return float(value) if is_number and isinstance(value, int | float) else None


def json_object(words: str) -> msgspec.Raw | None:
    """`words` as they are, to be put into a JSON document; None unless they are one JSON object."""
    try:
        return msgspec.Raw(words.encode()) if isinstance(parsed(words), dict) else None
    except ValueError:
        return None


def compact(value: object) -> str:
    """The JSON text of `value`, without white space; "{}" for what is nested so deep that only a parser reaches it."""
    try:
        return msgspec.json.encode(value).decode()
    except RecursionError:
        return "{}"
