"""The parts of README that are made from the code."""

import ast
import inspect
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from io import StringIO
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

from msgspec import NODEFAULT, Struct, UnsetType
from msgspec.structs import FieldInfo, fields

from burn_tui.cli import parser
from burn_tui.core import routing_rules
from burn_tui.core.routing_rules import Rule
from burn_tui.engine import settings_schema
from burn_tui.engine.settings_schema import (
    AuditSettings,
    AutoSettings,
    BudgetSettings,
    CheckSettings,
    EnvironmentSettings,
    FileSettings,
    GatewaySettings,
    NeighbourSettings,
    PriceSettings,
    ProviderSettings,
    RouteSettings,
    TeamSettings,
    TerminalSettings,
    TimeoutSettings,
)
from burn_tui.tui.actions import key_table_markdown

_SECTIONS: dict[str, type[Struct]] = {
    "": FileSettings,
    "providers.NAME": ProviderSettings,
    "prices.PROVIDER/MODEL": PriceSettings,
    "environments.NAME": EnvironmentSettings,
    "routes[]": RouteSettings,
    "budgets[]": BudgetSettings,
    "gateway": GatewaySettings,
    "timeouts": TimeoutSettings,
    "terminal": TerminalSettings,
    "neighbours[]": NeighbourSettings,
    "team": TeamSettings,
    "audit": AuditSettings,
    "auto": AutoSettings,
    "rules[]": Rule,
    "checks.NAME": CheckSettings,
}

_OWN_ROWS = {section.partition(".")[0].removesuffix("[]") for section in _SECTIONS}
"""Keys whose content says what they are."""

_WORDS: dict[object, str] = {list: "list", dict: "mapping", float: "number", int: "number", bool: "true or false"}


def generated_parts() -> dict[str, str]:
    """Marker -> what must stand between it and its end."""
    return {"help": _help(), "settings": _settings_reference(), "keys": key_table_markdown()}


def with_generated_parts(readme: str) -> str:
    """`readme` with every generated part brought up to date."""
    for marker, part in generated_parts().items():
        start = f"<!-- {marker}: made by the tests -->\n"
        before, found, rest = readme.partition(start)
        assert found, f"README has no marker {marker}"
        _, end, after = rest.partition("<!-- end -->")
        assert end, f"README has no end of {marker}"
        readme = f"{before}{start}\n{part.strip()}\n\n{end}{after}"
    return readme


def _help() -> str:
    return f"```\n{_help_of()}\n```\n\n```\n{_help_of('ask')}\n```"


def _help_of(*command: str) -> str:
    with redirect_stdout(StringIO()) as out, suppress(SystemExit):
        parser().parse_args([*command, "--help"])
    return out.getvalue().strip()


def _settings_reference() -> str:
    docs = _field_docs()
    rows = [
        (f"{section}.{field.encode_name}".lstrip("."), _kind(field), docs[struct.__name__, field.name])
        for section, struct in _SECTIONS.items()
        for field in fields(struct)
        if section or field.encode_name not in _OWN_ROWS or docs[struct.__name__, field.name]
    ]
    lines = [f"| `{key}` | {kind} | {meaning} |" for key, kind, meaning in rows]
    return "\n".join(["| Key | Value | Meaning |", "| --- | --- | --- |", *lines])


def _field_docs() -> dict[tuple[str, str], str]:
    """(class, field) -> the docstring that stands below the field."""
    found = {}
    sources = [inspect.getsource(module) for module in (settings_schema, routing_rules)]
    for node in [node for source in sources for node in ast.parse(source).body]:
        if isinstance(node, ast.ClassDef):
            for field, below in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    found[node.name, field.target.id] = _string(below)
    return found


def _string(node: ast.stmt) -> str:
    match node:
        case ast.Expr(ast.Constant(str(text))):
            return " ".join(text.split())
        case _:
            return ""


def _kind(field: FieldInfo) -> str:
    needed = "" if field.default is not NODEFAULT or field.default_factory is not NODEFAULT else ", needed"
    return " or ".join(dict.fromkeys(_names(field.type))) + needed


def _names(type_: object) -> Iterator[str]:
    """What a person would call a value of this type; several for a union."""
    match type_:
        case _ if get_origin(type_) in {Union, UnionType}:
            for one in get_args(type_):
                yield from _names(one)
        case GenericAlias() if type_.__origin__ in _WORDS:
            yield _WORDS[type_.__origin__]
        case _ if get_origin(type_) is Annotated:
            yield from _names(get_args(type_)[0])
        case type() if issubclass(type_, Struct):
            yield "mapping"
        case type() if type_ in {UnsetType, NoneType}:
            pass
        case type() if type_ in _WORDS:
            yield _WORDS[type_]
        case _:
            yield "text"
