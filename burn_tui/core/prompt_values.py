"""The values of a prompt's variables: each is made what its prompt declared it to be, or refused. Never guessed."""

import math
import re
import unicodedata
from typing import Any, Literal, TypeAlias

import msgspec

InputType = Literal["string", "integer", "number", "boolean", "array", "object"]
"""As JSON Schema names them."""

Value: TypeAlias = str | int | float | bool | list[Any] | dict[str, Any]

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

_EXAMPLES: dict[InputType, str] = {
    "string": "some text",
    "integer": "42",
    "number": "0.5",
    "boolean": "true or false",
    "array": '["one", "two"]',
    "object": '{"key": "value"}',
}

_LARGEST = 2**63
"""Whole numbers from here on are a mistake, and no JSON reader takes them."""

_DIGITS_OF_A_NUMBER = 400
"""A longer number is one, too, and would take long to read."""


class WrongValueError(Exception):
    """A value that is not of the type; the message is a sentence with the mend."""


def coerced(value: object, type_: InputType, *, written: str | None = None) -> Value:
    """`value` as a `type_`; WrongValueError where that would change it.

    `written`: what stands in the file, where YAML read something else in it: text is taken as it was written, so that
    `0123` and `1e3` keep their digits.
    """
    found = _of_type(value if written is None else written, type_)
    if found is None:
        raise WrongValueError(f"{_cut(value if written is None else written)} is no {type_}. Write {_EXAMPLES[type_]}.")
    return found


def in_words(value: Value) -> str:
    """As it stands in the rendered prompt."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case _:
            return msgspec.json.encode(value).decode()


def _of_type(value: object, type_: InputType) -> Value | None:
    match type_:
        case "string":
            return _string(value)
        case "integer":
            return _integer(value)
        case "number":
            return _number(value)
        case "boolean":
            return value if isinstance(value, bool) else _WORDS.get(str(value).strip().lower())
        case "array":
            return _structure(value, list)
        case _:
            return _structure(value, dict)


def _string(value: object) -> str | None:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    return in_words(value) if isinstance(value, bool | int | float) else None


def _integer(value: object) -> int | None:
    whole: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        whole = value
    elif (isinstance(value, float) and value.is_integer()) or (
        isinstance(value, str) and _INTEGER.fullmatch(value.strip()) and len(value) <= _DIGITS_OF_A_NUMBER
    ):
        whole = int(value)
    return whole if whole is not None and abs(whole) < _LARGEST else None


def _number(value: object) -> float | int | None:
    if (whole := _integer(value)) is not None:
        return whole
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = value.strip() if isinstance(value, str) else ""
    number = float(text) if _NUMBER.fullmatch(text) and len(text) <= _DIGITS_OF_A_NUMBER else math.inf
    return number if math.isfinite(number) else None


def _structure(value: object, kind: type[list[Any]] | type[dict[str, Any]]) -> Value | None:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return None
    return _composed(value) if isinstance(value, kind) else None


def _composed(value: Any) -> Any:
    """With every text in Unicode's composed form."""
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case list():
            return [_composed(item) for item in value]
        case dict():
            return {_composed(key): _composed(item) for key, item in value.items()}
        case _:
            return value


def _cut(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
