r"""Reading JSON that may be anything: whatever is not of the wanted type counts as absent, and nothing raises.

JSON spells a character beyond U+FFFF as two halves (\ud83d\ude00), and can spell one half alone, which UTF-8 cannot:
every API refuses a request that holds one. What is read here holds none, but for `parsed_in_halves`.
"""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

import msgspec

_DECODER = msgspec.json.Decoder()
_LARGEST = 2**53
"""Counts above it are no counts."""

_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def parsed(data: bytes | str) -> object:
    """The JSON value; ValueError for what is no JSON or nested too deep. A half without its other becomes U+FFFD."""
    value, has_halves = parsed_in_halves(data)
    try:
        return whole(value) if has_halves else value
    except RecursionError as error:
        raise ValueError("the JSON is nested too deep") from error


def body_of(data: bytes) -> object:
    """The JSON value of a client's request; ValueError in the sentence that the client is told."""
    try:
        return parsed(data)
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error


def parsed_in_halves(data: bytes | str) -> tuple[object, bool]:
    """The JSON value as it stands, and whether there may be half a character in it. ValueError as for `parsed`."""
    try:
        return _DECODER.decode(data), False
    except RecursionError as error:
        raise ValueError("the JSON is nested too deep") from error
    except ValueError:
        words = data if isinstance(data, str) else data.decode()
        if not _HALF.search(words):
            raise
    try:
        return json.loads(words, parse_constant=_refuse), True
    except RecursionError as error:
        raise ValueError("the JSON is nested too deep") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def whole(value: object) -> object:
    """`value` with pairs of halves joined and single ones replaced, in every text that it holds."""
    match value:
        case str():
            return whole_text(value)
        case list():
            return [whole(item) for item in value]
        case dict():
            return {whole_text(key) if isinstance(key, str) else key: whole(item) for key, item in value.items()}
        case _:
            return value


def whole_text(words: str) -> str:
    """`words` with pairs of halves joined and single ones replaced by U+FFFD."""
    return words if words.isascii() else words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


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
        value, has_halves = parsed_in_halves(words)
        if not isinstance(value, dict):
            return None
        return msgspec.Raw(json_bytes(value) if has_halves else words.encode())
    except (ValueError, RecursionError):
        return None


def json_bytes(value: object) -> bytes:
    """The JSON of `value`, which may hold what is no UTF-8: half a character becomes U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(whole(value))


def compact(value: object) -> str:
    """The JSON text of `value`, without white space; "{}" for what is nested so deep that only a parser reaches it."""
    try:
        return json_bytes(value).decode()
    except RecursionError:
        return "{}"
