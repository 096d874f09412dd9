"""A policy of auto that did well in a replay becomes the settings' own: `auto:` and `rules:`, and nothing else.

The settings file is text that a person wrote. So its lines are exchanged, not its values: comments, order and spaces
of all other sections stay. What comes out is read before it is written.
"""

from pathlib import Path

from burn_tui.core.errors import WrongCallError
from burn_tui.engine.settings import read
from burn_tui.engine.whole_file import replace
from burn_tui.engine.yaml_source import Document, parse

SECTIONS = ("auto", "rules")


def adopt(policy_text: str, *, policy_file: str, settings_file: Path) -> Path:
    """Write the policy's sections into the settings file. Gives where the file is kept as it was before.

    WrongCallError where there is no such file, or where it is not written in lines; SettingsError where the outcome
    would not be taken.
    """
    real = settings_file.resolve()
    before = _text_of(settings_file)
    after = adopted(before, policy_text, file=str(settings_file), policy_file=policy_file)
    kept = real.with_name(f"{real.name}.before")
    replace(kept, before, like=real)
    replace(real, after)
    return kept


def changes(policy_text: str, *, policy_file: str, settings_file: Path) -> list[str]:
    """The lines that adopting it would take out of the settings file, with "- " before them, and those that it would
    put there, with "+ "; [] = none. Nothing is written; errors as for `adopt`.
    """
    from difflib import ndiff  # noqa: PLC0415 - the dashboard's start does without it

    before = _text_of(settings_file)
    after = adopted(before, policy_text, file=str(settings_file), policy_file=policy_file)
    lines = ndiff(before.splitlines(), after.splitlines())
    return [line.rstrip() for line in lines if line.startswith(("- ", "+ ")) and line[2:].strip()]


def _text_of(settings_file: Path) -> str:
    try:
        return settings_file.resolve().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        mend = "Make one first: what burn-tui found in the environment has no file to write to."
        raise WrongCallError(f"{settings_file} cannot be read: {error}.", mend=mend) from error


def adopted(settings_text: str, policy_text: str, *, file: str, policy_file: str) -> str:
    """The text of the settings with the policy's sections in place of their own."""
    settings, policy = parse(settings_text, file=file), parse(policy_text, file=policy_file)
    own, new = _sections(settings, settings_text), _sections(policy, policy_text)
    lines = settings_text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    appended: list[str] = []
    for name in SECTIONS:
        if name in new and name not in own:
            appended += ["\n", *new[name].text]
    for name in sorted((name for name in SECTIONS if name in own), key=lambda name: -own[name].first):
        lines[own[name].first : own[name].end] = new[name].text if name in new else []
    text = "".join([*lines, *appended])
    _check(parse(text, file=file), settings, policy)
    return text


class _Section:
    """The lines of one section, comments within it included and those before the next one not."""

    def __init__(self, lines: list[str], first: int, end: int) -> None:
        while end - 1 > first and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
        self.first, self.end = first, end
        """From 0; the end is the first line that is no longer its own."""
        self.text = [line if line.endswith("\n") else f"{line}\n" for line in lines[first:end]]


def _sections(document: Document, text: str) -> dict[str, _Section]:
    lines = text.splitlines(keepends=True)
    starts = sorted(line - 1 for path, line in document.lines.items() if len(path) == 1)
    found = {}
    for name in SECTIONS:
        if (line := document.lines.get((name,))) is None:
            continue
        if not lines[line - 1].startswith((name, f'"{name}"', f"'{name}'")):
            mend = "Give each section lines of its own, from the first column on."
            raise document.error("is not written in lines of its own.", (name,), mend=mend)
        end = next((start for start in starts if start >= line), len(lines))
        found[name] = _Section(lines, line - 1, end)
    return found


def _check(after: Document, settings: Document, policy: Document) -> None:
    """Nothing but the two sections differs, and burn-tui would start with it."""
    wanted = {key: value for key, value in settings.mapping(()).items() if key not in SECTIONS}
    wanted |= {key: value for key, value in policy.mapping(()).items() if key in SECTIONS}
    if after.mapping(()) != wanted:
        mend = "Copy auto: and rules: by hand."
        raise after.error("is written in a way that cannot be changed line by line.", (), mend=mend)
    read(after)
