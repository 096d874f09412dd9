"""`pins.yaml`, beside the prompts: read as a whole, written by changing one line of it, in one step."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from burn_tui.core.errors import SettingsError, mend_by_name
from burn_tui.core.pins import Pins, pin_of, with_pin
from burn_tui.core.prompt_form import WORKING
from burn_tui.engine.text_file import text_of
from burn_tui.engine.whole_file import replace
from burn_tui.engine.yaml_source import Document, parse

FILE = "pins.yaml"


class PinsFile(Struct, frozen=True):
    """The file as it was read."""

    path: Path
    text: str
    """"" where there is no such file."""
    document: Document
    pins: Pins

    def error(self, problem: str, stem: str, label: str, *, mend: str) -> SettingsError:
        """About one pin, at its line."""
        return self.document.error(problem, (stem, label), mend=mend)


def read_pins(folder: Path) -> PinsFile:
    """The pins of the prompts in `folder`; SettingsError with the line for whatever is wrong with them."""
    path = folder / FILE
    return _understood(path, text_of(path, missing=""))


def change_pins(folder: Path, stem: str, pins: Mapping[str, str]) -> None:
    """Let labels of one prompt stand for these versions. Comments and order of the file stay as they are.

    SettingsError if the file is written in a way in which one line cannot be changed alone; then it is as it was.
    """
    before = read_pins(folder)
    wanted = {**before.pins, stem: {**before.pins.get(stem, {}), **pins}}
    changed = before
    try:
        for label, pin in pins.items():
            text = with_pin(changed.text, stem, label, pin, changed.document.lines)
            changed = _understood(before.path, text)
        is_right = changed.pins == wanted
    except SettingsError:
        is_right = False
    if not is_right:
        label = next(iter(pins))
        raise before.error(
            "is written in a way that burn-tui cannot change without touching more of it.",
            stem,
            label,
            mend="Write each prompt on a line of its own, as in triage: {production: working}.",
        )
    replace(before.path, changed.text)


def _understood(path: Path, text: str) -> PinsFile:
    document = parse(text, file=str(path), refuses_traps=False)
    pins = {
        stem: {label: _pin(document, stem, label) for label in document.mapping((stem,))}
        for stem in document.mapping(())
    }
    return PinsFile(path, text, document, pins)


def _pin(document: Document, stem: str, label: str) -> str:
    value = document.at((stem, label))
    pin = pin_of(value)
    if pin is None:
        near = mend_by_name(str(value), [WORKING])
        is_near = len(str(value)) < 12 and "Did you mean" in near
        mend = near if is_near else "Write sha256: and at least 8 digits of a version, or working."
        raise document.error(f"{value!r} is no version.", (stem, label), mend=mend)
    return pin
