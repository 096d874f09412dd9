"""README says what the code does. BURN_TUI_ACCEPT_README=1 brings its generated parts up to date."""

import os
import re
import tomllib

import pytest
from support.checkout import ROOT
from support.readme import with_generated_parts

README = ROOT / "README.md"


def test_help_settings_and_keys_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = README.read_text()
    wanted = with_generated_parts(text)
    if os.environ.get("BURN_TUI_ACCEPT_README") == "1":
        README.write_text(wanted)
        return
    assert text == wanted, "run BURN_TUI_ACCEPT_README=1 pytest tests/rules/test_readme.py"


def test_every_picture_and_file_that_it_shows_is_there() -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert linked
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_every_file_and_folder_that_it_names_is_there() -> None:
    named = re.findall(r"`((?:core|providers|engine|tui|simulator)/[\w./]+)`", README.read_text())
    assert named
    assert [path for path in named if not (ROOT / "burn_tui" / path).exists()] == []


def test_every_dependency_is_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for extra in ("keyring", "team") for name in project["optional-dependencies"][extra]]
    wanted = {re.split(r"[^\w-]", name)[0] for name in [*project["dependencies"], *extras]}
    _, _, section = README.read_text().partition("### What it stands on")
    table, _, _ = section.partition("\n## ")
    told = {word for row in table.splitlines() if row.startswith("|") for word in re.findall(r"[\w-]+", row)}
    assert wanted
    assert wanted - told == set()
