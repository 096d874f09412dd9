"""pins.yaml: one line changes and everything else stays, in one step or not at all."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burn_tui.core.errors import SettingsError
from burn_tui.core.prompt_form import WORKING
from burn_tui.engine.prompts.pins_file import change_pins, read_pins

A, B, C = "a" * 64, "b" * 64, "c" * 64

BLOCK = f"""\
# the ones that customers see
triage:
  staging: working      # always
  production: sha256:{A}

review-diff:
  production: sha256:{B}
"""

COMMENTS = st.lists(st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=20), max_size=3)
ENTRIES = st.dictionaries(
    st.sampled_from(["triage", "triage.anthropic", "review-diff", "no", "12", "production"]),
    st.dictionaries(
        st.sampled_from(["production", "staging", "previous", "on"]), st.sampled_from([WORKING, A, B]), min_size=1
    ),
    max_size=4,
)

PINNED = st.tuples(st.sampled_from(["production", "staging", "on"]), st.sampled_from([A, B, C]))


def written(folder: Path, text: str) -> Path:
    path = folder / "pins.yaml"
    path.write_bytes(text.encode())
    return path


def test_without_a_file_nothing_is_pinned_and_the_first_pin_makes_it(tmp_path: Path) -> None:
    assert read_pins(tmp_path).pins == {}
    change_pins(tmp_path, "triage", {"production": A})
    assert (tmp_path / "pins.yaml").read_text() == f"triage: {{production: sha256:{A}}}\n"


def test_a_label_in_a_block_is_changed_in_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, BLOCK)
    change_pins(tmp_path, "triage", {"production": C})
    assert path.read_text() == BLOCK.replace(A, C)


def test_a_new_label_of_a_block_stands_below_the_prompt(tmp_path: Path) -> None:
    path = written(tmp_path, BLOCK)
    change_pins(tmp_path, "triage", {"production": C, "previous": A})
    changed = BLOCK.replace(A, C).replace("triage:\n", f"triage:\n  previous: sha256:{A}\n")
    assert path.read_text() == changed


def test_line_ends_of_another_system_stay(tmp_path: Path) -> None:
    path = written(tmp_path, BLOCK.replace("\n", "\r\n"))
    change_pins(tmp_path, "review-diff", {"production": C})
    assert path.read_bytes().decode() == BLOCK.replace(B, C).replace("\n", "\r\n")


@given(ENTRIES, COMMENTS, st.booleans(), PINNED)
def test_whatever_the_file_says_only_the_wanted_pin_changes(
    tmp_path_factory: pytest.TempPathFactory,
    entries: dict[str, dict[str, str]],
    comments: list[str],
    is_block: bool,
    pinned: tuple[str, str],
) -> None:
    folder, (label, pin) = tmp_path_factory.mktemp("pins"), pinned
    path = written(folder, "".join(f"# {comment}\n" for comment in comments) + _text(entries, is_block=is_block))
    before = path.read_text().splitlines()
    stem = next(iter(entries), "triage")
    change_pins(folder, stem, {label: pin})
    wanted = {**entries, stem: {**entries.get(stem, {}), label: pin}}
    assert {name: dict(labels) for name, labels in read_pins(folder).pins.items()} == wanted
    after = path.read_text().splitlines()
    gone = [line for line in before if line not in after]
    assert len(gone) <= 1
    assert len(after) - len(before) in {0, 1}


def _text(entries: dict[str, dict[str, str]], *, is_block: bool) -> str:
    rows = []
    for stem, labels in entries.items():
        pairs = [f'"{label}": {pin if pin == WORKING else f"sha256:{pin}"}' for label, pin in labels.items()]
        rows += (
            [f'"{stem}":', *(f"    {pair}  # why" for pair in pairs)]
            if is_block
            else [f'"{stem}": {{{", ".join(pairs)}}}']
        )
    return "\n".join(rows) + "\n" if rows else ""


def test_a_file_that_cannot_be_changed_in_one_line_stays_as_it_is(tmp_path: Path) -> None:
    text = f"triage: {{\n  production:\n    sha256:{A}}}\n"
    path = written(tmp_path, text)
    with pytest.raises(SettingsError, match="Write each prompt on a line of its own"):
        change_pins(tmp_path, "triage", {"production": B})
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("value", "mend"),
    [
        ("sha256:123", "Write sha256: and at least 8 digits"),
        ("workin", "Did you mean 'working'"),
        ("latest", "Write sha256:"),
    ],
)
def test_a_pin_that_is_no_version_names_its_line(tmp_path: Path, value: str, mend: str) -> None:
    path = written(tmp_path, f"# pins\ntriage: {{production: {value}}}\n")
    with pytest.raises(SettingsError, match=mend) as caught:
        read_pins(tmp_path)
    assert str(caught.value).startswith(f"{path}, line 2: triage.production: ")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, BLOCK)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="cannot be written: No space left on device"):
        change_pins(tmp_path, "triage", {"production": C})
    assert path.read_text() == BLOCK
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_the_file_keeps_its_permissions(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    written(real, BLOCK).chmod(0o640)
    (tmp_path / "pins.yaml").symlink_to(real / "pins.yaml")
    change_pins(tmp_path, "triage", {"production": C})
    assert (tmp_path / "pins.yaml").is_symlink()
    assert (real / "pins.yaml").read_text() == BLOCK.replace(A, C)
    assert (real / "pins.yaml").stat().st_mode & 0o777 == 0o640
