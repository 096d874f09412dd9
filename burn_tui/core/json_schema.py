"""Whether a value follows a JSON Schema (2020-12). What cannot be checked here is refused, and never passed over."""

import re
from collections.abc import Callable, Iterator
from typing import Any

_ABOUT = {"$schema", "$id", "title", "description", "examples", "default", "$comment", "format"}
"""Keywords that only tell. `format` is one of them as long as nobody asks for more (section 7.2.1 there)."""

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "number": (int, float),
    "integer": (int, float),
}


def unknown_keyword(schema: Any) -> str | None:
    """The first keyword that cannot be checked, or what is no schema; None = all of it can be."""
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, dict):
        return str(schema)
    unknown = next((key for key in schema if key not in _ABOUT and key not in _RULES), None)
    return unknown or next((found for below in _below(schema) if (found := unknown_keyword(below))), None)


def problem(value: Any, schema: Any, path: str = "$") -> str | None:
    """What is wrong with the value, in words; None = nothing is."""
    if isinstance(schema, bool):
        return None if schema else f"{path} must not be there"
    for key, rule in schema.items():
        if key in _RULES and (found := _RULES[key](value, rule, schema, path)) is not None:
            return found
    return None


def _below(schema: dict[str, Any]) -> Iterator[Any]:
    for key in ("properties", "patternProperties"):
        yield from schema.get(key, {}).values() if isinstance(schema.get(key, {}), dict) else [schema[key]]
    for key in ("items", "additionalProperties", "not"):
        if key in schema:
            yield schema[key]
    for key in ("anyOf", "allOf", "oneOf"):
        yield from schema.get(key, [])


def _is(value: Any, name: str) -> bool:
    if name in {"number", "integer"} and isinstance(value, bool):
        return False
    is_whole = not isinstance(value, float) or value.is_integer()
    return isinstance(value, _TYPES.get(name, ())) and (name != "integer" or is_whole)


def _type(value: Any, rule: Any, _: Any, path: str) -> str | None:
    names = rule if isinstance(rule, list) else [rule]
    return None if any(_is(value, name) for name in names) else f"{path} is no {' or '.join(map(str, names))}"


def _enum(value: Any, rule: Any, _: Any, path: str) -> str | None:
    return None if any(same(value, one) for one in rule) else f"{path} is none of {rule}"


def _const(value: Any, rule: Any, _: Any, path: str) -> str | None:
    return None if same(value, rule) else f"{path} is not {rule!r}"


def same(one: Any, other: Any) -> bool:
    """As JSON sees it: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def _required(value: Any, rule: Any, _: Any, path: str) -> str | None:
    missing = [name for name in rule if name not in value] if isinstance(value, dict) else []
    return f"{path} lacks {', '.join(missing)}" if missing else None


def _properties(value: Any, rule: Any, _: Any, path: str) -> str | None:
    if not isinstance(value, dict):
        return None
    wrong = (problem(value[name], one, f"{path}.{name}") for name, one in rule.items() if name in value)
    return next((found for found in wrong if found), None)


def _pattern_properties(value: Any, rule: Any, _: Any, path: str) -> str | None:
    if not isinstance(value, dict):
        return None
    pairs = ((name, one) for pattern, one in rule.items() for name in value if re.search(pattern, name))
    return next((found for name, one in pairs if (found := problem(value[name], one, f"{path}.{name}"))), None)


def _additional(value: Any, rule: Any, schema: Any, path: str) -> str | None:
    if not isinstance(value, dict):
        return None
    patterns = schema.get("patternProperties", {})
    more = [
        name
        for name in value
        if name not in schema.get("properties", {}) and not any(re.search(pattern, name) for pattern in patterns)
    ]
    return next((found for name in more if (found := problem(value[name], rule, f"{path}.{name}"))), None)


def _items(value: Any, rule: Any, _: Any, path: str) -> str | None:
    if not isinstance(value, list):
        return None
    wrong = (problem(one, rule, f"{path}[{number}]") for number, one in enumerate(value))
    return next((found for found in wrong if found), None)


def _all_of(value: Any, rule: Any, _: Any, path: str) -> str | None:
    return next((found for one in rule if (found := problem(value, one, path))), None)


def _any_of(value: Any, rule: Any, _: Any, path: str) -> str | None:
    return None if any(problem(value, one, path) is None for one in rule) else f"{path} follows none of anyOf"


def _one_of(value: Any, rule: Any, _: Any, path: str) -> str | None:
    number = sum(problem(value, one, path) is None for one in rule)
    return None if number == 1 else f"{path} follows {number} of oneOf"


def _not(value: Any, rule: Any, _: Any, path: str) -> str | None:
    return f"{path} is what it must not be" if problem(value, rule, path) is None else None


Rule = Callable[[Any, Any, Any, str], str | None]


def _number(holds: Callable[[float, float], bool], words: str) -> Rule:
    def check(value: Any, rule: Any, _: Any, path: str) -> str | None:
        return None if not _is(value, "number") or holds(value, rule) else f"{path} is {value}, {words} {rule}"

    return check


def _size(kind: type[str] | type[list[Any]], holds: Callable[[int, int], bool], words: str) -> Rule:
    def check(value: Any, rule: Any, _: Any, path: str) -> str | None:
        is_fine = not isinstance(value, kind) or holds(len(value), rule)
        return None if is_fine else f"{path} has {len(value)}, {words} {rule}"

    return check


def _pattern(value: Any, rule: Any, _: Any, path: str) -> str | None:
    return None if not isinstance(value, str) or re.search(rule, value) else f"{path} does not match {rule}"


_RULES: dict[str, Rule] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "items": _items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "minimum": _number(lambda value, rule: value >= rule, "less than"),
    "maximum": _number(lambda value, rule: value <= rule, "more than"),
    "exclusiveMinimum": _number(lambda value, rule: value > rule, "not more than"),
    "exclusiveMaximum": _number(lambda value, rule: value < rule, "not less than"),
    "minLength": _size(str, lambda size, rule: size >= rule, "fewer than"),
    "maxLength": _size(str, lambda size, rule: size <= rule, "more than"),
    "minItems": _size(list, lambda size, rule: size >= rule, "fewer than"),
    "maxItems": _size(list, lambda size, rule: size <= rule, "more than"),
    "pattern": _pattern,
}
