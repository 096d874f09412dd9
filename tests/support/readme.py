"""The parts of README that are made from the code."""

import ast
import inspect
from typing import get_args

from msgspec import NODEFAULT, Struct, UnsetType
from msgspec.structs import FieldInfo, fields

from burn_tui.cli import parser
from burn_tui.engine import settings_schema
from burn_tui.engine.settings_schema import (
    BudgetSettings,
    EnvironmentSettings,
    FileSettings,
    PriceSettings,
    ProviderSettings,
    RouteSettings,
)
from burn_tui.tui.actions import key_table_markdown

_SECTIONS: dict[str, type[Struct]] = {
    "": FileSettings,
    "providers.NAME": ProviderSettings,
    "prices.PROVIDER/MODEL": PriceSettings,
    "environments.NAME": EnvironmentSettings,
    "routes[]": RouteSettings,
    "budgets[]": BudgetSettings,
}


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
    return f"```\n{parser().format_help().strip()}\n```"


def _settings_reference() -> str:
    docs = _field_docs()
    rows = [
        f"| `{section}{'.' if section else ''}{field.encode_name}` | {_kind(field)} | {docs[struct.__name__, field.name]} |"
        for section, struct in _SECTIONS.items()
        for field in fields(struct)
    ]
    return "\n".join(["| Key | Value | Meaning |", "| --- | --- | --- |", *rows])


def _field_docs() -> dict[tuple[str, str], str]:
    """(class, field) -> the docstring that stands below the field."""
    found = {}
    for node in ast.parse(inspect.getsource(settings_schema)).body:
        if isinstance(node, ast.ClassDef):
            for field, below in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    found[node.name, field.target.id] = _string(below)
    return found


def _string(node: ast.stmt) -> str:
    is_string = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return " ".join(str(node.value.value).split()) if is_string else ""


def _kind(field: FieldInfo) -> str:
    needed = "" if field.default is not NODEFAULT or field.default_factory is not NODEFAULT else ", needed"
    names = {_name(one) for one in (get_args(field.type) or (field.type,))}
    for kind in ("list", "mapping", "number", "true or false"):
        if kind in names or _name(field.type) == kind:
            return kind + needed
    return "text" + needed


def _name(type_: object) -> str:
    origin = getattr(type_, "__origin__", type_)
    if type_ in (UnsetType, type(None)):
        return ""
    return {list: "list", dict: "mapping", float: "number", int: "number", bool: "true or false"}.get(origin, "text")  # type: ignore[call-overload,no-any-return]
