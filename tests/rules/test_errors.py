"""Everything that is raised on purpose says what is wrong and how to mend it, in whole sentences."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec import Struct
from support.checkout import ROOT

from burn_tui.core import errors
from burn_tui.core.errors import BurnError

PACKAGE = ROOT / "burn_tui"

MENDS_ITSELF = {"UnknownTargetError", "UnknownNameError"}
"""They make the mend out of what they are given."""

ENDS = (".", "?", "!")

BY_DOCUMENT = "SettingsError, by Document.error"

NO_WORD = object()
"""What cannot be known without running it."""


class Made(Struct, frozen=True):
    """A place where an error is made."""

    where: str
    error: str
    call: ast.Call
    function: ast.AST
    """What stands around it, where its names get their values."""

    def texts(self, part: ast.expr | None) -> list[str]:
        """What that argument may end in, as far as it can be read."""
        return [] if part is None else [text for text in _ends(part, self.function) if isinstance(text, str)]

    @property
    def mend(self) -> ast.expr | None:
        """None = it is given none."""
        return next((keyword.value for keyword in self.call.keywords if keyword.arg == "mend"), None)


@cache
def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def _kinds() -> frozenset[str]:
    """BurnError and all that are made from it, by name."""
    classes = [node for tree in _trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    kinds: set[str] = {BurnError.__name__}
    while new := {c.name for c in classes for base in c.bases if ast.unparse(base) in kinds} - kinds:
        kinds |= new
    return frozenset(kinds)


def _made() -> Iterator[Made]:
    for path, tree in _trees().items():
        for function, node in _with_functions(tree, tree):
            if isinstance(node, ast.Call) and (name := _error_of(node)):
                yield Made(f"{path.relative_to(PACKAGE)}:{node.lineno}", name, node, function)


def _error_of(call: ast.Call) -> str | None:
    """The error that a call makes; None = it makes none."""
    name = ast.unparse(call.func)
    if name in _kinds():
        return name
    is_document = name in {"document.error", "self._document.error"} or (name == "self.error" and len(call.args) == 2)
    return BY_DOCUMENT if is_document else None


def _with_functions(node: ast.AST, function: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Everything below `node`, each with the innermost function around it."""
    for below in ast.iter_child_nodes(node):
        around = below if isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield around, below
        yield from _with_functions(below, around)


def _ends(part: ast.expr, function: ast.AST) -> Iterator[object]:
    """The last words of everything that an expression may be."""
    match part:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(text))]):
            yield text
        case ast.BinOp(right=right):
            yield from _ends(right, function)
        case ast.IfExp(body=one, orelse=other):
            yield from _ends(one, function)
            yield from _ends(other, function)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _ends(value, function)
        case ast.Name(id=name):
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
                    yield from _ends(node.value, function)
        case _:
            yield NO_WORD


MADE = list(_made())


def test_there_is_something_to_look_at() -> None:
    assert len(MADE) > 80
    assert sum(made.error == BY_DOCUMENT for made in MADE) > 40
    assert sum(bool(made.texts(made.mend)) for made in MADE) > 60


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.where)
def test_every_error_is_given_a_mend(made: Made) -> None:
    if made.error in MENDS_ITSELF:
        return
    assert made.mend is not None, "no mend"
    says_itself = made.error == BY_DOCUMENT and not isinstance(made.call.args[0], ast.Constant | ast.JoinedStr)
    assert says_itself or "" not in made.texts(made.mend), "an empty mend"


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.where)
def test_no_message_ends_without_a_full_stop(made: Made) -> None:
    for text in made.texts(made.mend):
        # What is to be typed is not followed by a full stop where that could be typed along.
        assert text.endswith((*ENDS, "...")) or not text, text
    for text in made.texts(made.call.args[0]) if made.error not in MENDS_ITSELF else []:
        assert text.endswith((*ENDS, ":")), text


def test_the_drawing_at_the_top_has_every_error_and_no_other() -> None:
    drawn = {word for word in (errors.__doc__ or "").split() if word.endswith("Error")}
    assert drawn == _kinds()


def test_every_error_but_the_root_wants_a_mend_or_makes_one() -> None:
    """Those without a constructor of their own have that of what they are made from."""
    for tree in _trees().values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef) or node.name not in _kinds() - MENDS_ITSELF - {"BurnError"}:
                continue
            own = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
            if own is None:
                assert [ast.unparse(base) for base in node.bases] != ["BurnError"], node.name
            else:
                defaults = dict(zip([one.arg for one in own.args.kwonlyargs], own.args.kw_defaults, strict=True))
                assert defaults.get("mend", "missing") is None, node.name
