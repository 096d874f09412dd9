"""YAML that says where it is wrong: every value keeps its line. The only file that imports yaml.

Scalars follow YAML 1.2's core schema (yaml.org/spec/1.2.2, section 10.3). A plain scalar that older YAML reads as
something else (`no`, `12:30`, `0123`, a date) is refused rather than guessed at.
"""

import math
import re
from typing import TypeVar, cast, get_args, get_origin

import msgspec
import yaml
from msgspec import Struct
from msgspec.structs import fields

from burn_tui.core.errors import SettingsError, mend_by_name

T = TypeVar("T")
Key = str | int
Path = tuple[Key, ...]

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}

_TRAPS = (
    (re.compile(r"y|n|yes|no|on|off", re.IGNORECASE), "older YAML reads it as true or false"),
    (re.compile(r"[-+]?0[0-9_]+"), "older YAML reads it as an octal number"),
    (re.compile(r"[-+]?0b[01_]+|[-+]0x[0-9a-fA-F_]+"), "older YAML reads it as a number"),
    (
        re.compile(r"(?=.*_)[-+]?(?:0x[0-9a-fA-F_]+|[._]*[0-9][0-9._]*(?:[eE][-+]?[0-9]+)?)"),
        "older YAML reads it as a number",
    ),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9]*)?"), "older YAML reads it as a base-60 number"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?"), "older YAML reads it as a date"),
)

_IMPLIED_TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
}


_QUICK_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, which says less well what is wrong; not every platform has it."""


class Document(Struct):
    """A parsed file."""

    file: str
    """As the person knows it, for messages."""
    value: object
    """Dicts, lists and scalars; None for an empty file."""
    lines: dict[Path, int]
    """The line (from 1) of every key and list entry."""
    written: dict[Path, str] = {}
    """What stands in the file where a value is a number, true, false or null: for whoever wants it as text."""

    def error(self, problem: str, path: Path, *, mend: str) -> SettingsError:
        """A SettingsError about the value at `path`, at the nearest line that is known. `mend`: as SettingsError's."""
        known = next((path[:n] for n in range(len(path), -1, -1) if path[:n] in self.lines), ())
        return SettingsError(problem, file=self.file, line=self.lines.get(known), key=dotted(path), mend=mend)

    def at(self, path: Path) -> object:
        """The value at `path`; None where there is none."""
        value = self.value
        for key in path:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                return None
        return value

    def mapping(self, path: Path) -> dict[str, object]:
        """The mapping at `path`, {} where there is none; SettingsError for anything else."""
        value = self.at(path)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.error(f"expected a mapping, got {_kind(value)}.", path, mend="Write `name: value` lines.")
        return value

    def convert(self, path: Path, type_: type[T]) -> T:
        """The value at `path` as a `type_` (a msgspec Struct or plain type); SettingsError where it does not fit."""
        try:
            return msgspec.convert(self.at(path), type_)
        except msgspec.ValidationError as error:
            raise self._explained(error, path, type_) from error

    def _explained(self, error: msgspec.ValidationError, path: Path, type_: type) -> SettingsError:
        problem, _, where = str(error).partition(" - at `")
        before, is_in_mapping, _ = where.partition("[...]")
        if is_in_mapping:  # msgspec does not say in which entry
            self._look_into((*path, *_msgspec_path(before)), _value_type(_type_at(type_, _msgspec_path(before))))
            where = before
        full = (*path, *_msgspec_path(where))
        if unknown := re.search(r"contains unknown field `(.*)`", problem):
            known = _field_names(type_, _msgspec_path(where))
            key = unknown.group(1)
            return self.error("unknown key.", (*full, key), mend=mend_by_name(key, known))
        if missing := re.search(r"missing required field `(.*)`", problem):
            return self.error(f"{missing.group(1)!r} is missing.", full, mend=f"Add `{missing.group(1)}: ...` here.")
        if problem.startswith("Invalid enum value"):
            value = problem.removeprefix("Invalid enum value ").strip("'")
            mend = mend_by_name(value, _literals(_type_at(type_, _msgspec_path(where))))
            place = (*full, value) if where.startswith("key` in") else full
            return self.error(f"{value!r} means nothing here.", place, mend=mend)
        return self.error(_plainly(problem), full, mend=_mend(problem))

    def _look_into(self, path: Path, type_: object) -> None:
        """Raise the error of the first entry of the mapping at `path` that is no `type_`."""
        for name in self.mapping(path):
            self.convert((*path, name), cast("type[object]", type_))


def parse(text: str, *, file: str, refuses_traps: bool = True, is_ours: bool = False) -> Document:
    """`text` as a Document; SettingsError with the line for anything that is not plain, unambiguous YAML.

    `refuses_traps`: False = what older YAML reads as something else is the text that it is in the core schema's eyes.
    `is_ours`: it comes with burn-tui, so there will be nothing to explain, and the quick loader may read it.
    """
    try:
        node = yaml.compose(text, Loader=_QUICK_LOADER if is_ours else yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        mend = "Check the quotes, brackets and indentation there."
        raise SettingsError(f"not valid YAML: {error.problem}.", file=file, line=line, mend=mend) from error
    except (yaml.YAMLError, RecursionError) as error:
        mend = "Leave out control characters, and what is nested a hundred deep."
        raise SettingsError(f"not valid YAML: {' '.join(str(error).split())}.", file=file, mend=mend) from error
    document = Document(file, None, {(): 1})
    if node is not None:
        document.value = _Reading(document, refuses_traps=refuses_traps).value(node, ())
    return document


def dotted(path: Path) -> str:
    """A path as a person writes it: providers.primary.models[0]."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


class _Reading:
    """One walk over a composed node graph."""

    def __init__(self, document: Document, *, refuses_traps: bool) -> None:
        self._document = document
        self._refuses_traps = refuses_traps
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> object:
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if node.tag not in _IMPLIED_TAGS:
            raise self._document.error("tags (!name) are not supported.", path, mend="Write the value without it.")
        if not isinstance(node, yaml.ScalarNode):
            # A shared node is an alias; expanding aliases is how ten lines become a gigabyte.
            if id(node) in self._seen:
                raise self._document.error("aliases (*name) are not supported.", path, mend="Write the value out.")
            self._seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]
            case _:
                return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._document.error("a key must be a plain word.", path, mend="Write `name: value` lines.")
            key = str(key_node.value)
            here = (*path, key)
            first = self._document.lines.get(here)
            self._document.lines[here] = key_node.start_mark.line + 1
            if key in result:
                mend = f"Remove it here or in line {first}."
                raise self._document.error("this key stands here twice.", here, mend=mend)
            self._refuse_traps(key_node, here)
            result[key] = self.value(value_node, here)
        return result

    def _scalar(self, node: yaml.Node, path: Path) -> object:
        text = str(node.value)
        if not isinstance(node, yaml.ScalarNode) or node.style:
            return text
        self._refuse_traps(node, path)
        if any(pattern.fullmatch(text) for pattern, _ in _TRAPS):
            return text
        self._document.written[path] = text
        if text in _NULL:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _INT.fullmatch(text):
            return self._whole_number(text, path)
        if _FLOAT.fullmatch(text):
            return float(text)
        if (special := _SPECIAL_FLOAT.get(text.lower())) is not None:
            return special
        del self._document.written[path]
        return text

    def _whole_number(self, text: str, path: Path) -> int:
        try:
            return int(text, 0)
        except ValueError as error:  # Python's own limit, some thousand digits
            mend = "Put quotes around it if it is text."
            raise self._document.error("this number is too long.", path, mend=mend) from error

    def _refuse_traps(self, node: yaml.ScalarNode, path: Path) -> None:
        if node.style or not self._refuses_traps:
            return
        for pattern, reason in _TRAPS:
            if pattern.fullmatch(node.value):
                otherwise = "write true or false" if "true or false" in reason else "write it plainly"
                mend = f'Put quotes around it ("{node.value}") if it is text, or {otherwise}.'
                raise self._document.error(f"{node.value} is ambiguous: {reason}.", path, mend=mend)


def _kind(value: object) -> str:
    return {str: "text", list: "a list", bool: "true or false", int: "a number", float: "a number"}.get(
        type(value), type(value).__name__
    )


_PLAIN = {
    "array": "a list",
    "object": "a mapping",
    "str": "text",
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "null": "nothing",
}
"""msgspec's names of types, and those that a person who writes YAML knows."""

_MENDS = {
    "array": "Write `[one, other]`, or a line `- one` for each.",
    "object": "Write `name: value` lines.",
    "str": "Put quotes around it if it is text.",
    "bool": "Write true or false.",
    "int": "Write a whole number, without quotes.",
    "float": "Write a number, without quotes.",
}
"""By the type that was expected."""


def _plainly(problem: str) -> str:
    """msgspec's words with type names that a person who writes YAML knows."""
    problem = problem.replace(" | null", "").replace("Expected `int`", "Expected a whole number")
    problem = re.sub(r"`([a-z |]+)`", lambda named: " or ".join(_plain_names(named[1])), problem)
    return problem[0].lower() + problem[1:] + "."


def _plain_names(types: str) -> list[str]:
    return list(dict.fromkeys(_PLAIN.get(name, name) for name in types.split(" | ")))


def _mend(problem: str) -> str:
    """What helps where another type was expected; limits stand in the problem."""
    expected = re.match(r"Expected `(\w+).*, got", problem)
    return _MENDS.get(expected[1], "") if expected else ""


def _msgspec_path(where: str) -> Path:
    """The path in msgspec's message, `$.models[0].name`, without its root."""
    keys = re.findall(r"\.(\w+)|\[(\d+)\]", where)
    return tuple(name or int(index) for name, index in keys)


def _type_at(type_: object, path: Path) -> object:
    """The annotated type that `path` leads to inside the Struct `type_`."""
    for key in path:
        if isinstance(key, int):
            type_ = _value_type(type_)
        else:
            type_ = {field.encode_name: field.type for struct in _structs(type_) for field in fields(struct)}[key]
    return type_


def _value_type(type_: object) -> object:
    """Of the entries of a list or a mapping that may also be absent or stand alone."""
    one = next(one for one in (type_, *get_args(type_)) if get_origin(one) in {list, tuple, dict})
    return next(of for of in reversed(get_args(one)) if of is not Ellipsis)


def _structs(type_: object) -> list[type[Struct]]:
    return [t for t in (type_, *get_args(type_)) if isinstance(t, type) and issubclass(t, Struct)]


def _field_names(type_: object, path: Path) -> list[str]:
    return [field.encode_name for struct in _structs(_type_at(type_, path)) for field in fields(struct)]


def _literals(type_: object) -> list[str]:
    """The words that are allowed where it is one of a few, or absent."""
    inner = get_args(type_)
    return [word for one in inner for word in ([one] if isinstance(one, str) else _literals(one))]
