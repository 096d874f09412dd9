"""The tree keeps its own habits. No exceptions list: a rule that needs one is changed for all."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support.checkout import ROOT, console_script

MODULE_LINES = 500
FUNCTION_LINES = 60
APP_LINES = 250

MODULES = sorted((ROOT / "burn_tui").rglob("*.py"))
BANNED_NAMES = {"utils.py", "helpers.py", "types.py", "manager.py"}


def test_ruff_finds_nothing() -> None:
    _passes(console_script("ruff"), "check", "burn_tui", "tests")


def test_every_file_is_formatted() -> None:
    _passes(console_script("ruff"), "format", "--check", "burn_tui", "tests")


def test_mypy_is_strict_about_package_and_tests() -> None:
    _passes(sys.executable, "-m", "mypy")


def _passes(*command: str) -> None:
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_and_its_functions_stay_under_the_ceiling(module: Path) -> None:
    text = module.read_text()
    lines = len(text.splitlines())
    assert lines <= (APP_LINES if module.match("tui/app.py") else MODULE_LINES)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


def test_no_module_is_named_after_nothing_in_particular() -> None:
    assert not [module for module in MODULES if module.name in BANNED_NAMES]
