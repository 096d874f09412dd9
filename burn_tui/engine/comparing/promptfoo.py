"""Taking over a promptfooconfig.yaml that somebody else wrote: its prompts become prompt files, its tests the cases to
compare them by. Nothing of it is run, no file is overwritten, and whatever cannot be taken is said with its line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from burn_tui.core.assertions import Assertion, named, problem
from burn_tui.core.errors import PromptError, SettingsError
from burn_tui.core.prompt_values import in_words
from burn_tui.core.promptfoo import NotTakenError, renamed, target_of, template
from burn_tui.engine.comparing import files as compare_files
from burn_tui.engine.comparing.promptfoo_files import Prompt, Remark, prompts_of, slug, table_of
from burn_tui.engine.comparing.promptfoo_writing import cases_text, prompt_text
from burn_tui.engine.prompts.files import SUFFIX
from burn_tui.engine.prompts.files import parsed as parsed_prompt
from burn_tui.engine.text_file import text_of
from burn_tui.engine.yaml_source import Document, Key, parse

MOST_CASES = 2000
"""Lists of values are multiplied out; more than so many cases are a mistake."""

_KNOWN = (
    "description",
    "prompts",
    "providers",
    "targets",
    "tests",
    "defaultTest",
    "evaluateOptions",
    "assertionTemplates",
    "$schema",
)
_OPTIONS: Mapping[str, str] = {
    "temperature": "temperature",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "max_output_tokens": "max_output_tokens",
    "maxOutputTokens": "max_output_tokens",
    "top_p": "top_p",
    "seed": "seed",
}
"""promptfoo's name -> a prompt's."""

_JUDGES = ("llm-rubric",)


class Imported(Struct, frozen=True, kw_only=True):
    """What has come of it."""

    written: tuple[Path, ...]
    remarks: tuple[Remark, ...]
    """What could not be taken, in the order of the file."""


class Test(Struct, frozen=True, kw_only=True):
    """One case, as our file has it."""

    description: str | None
    variables: dict[str, str]
    asserts: tuple[dict[str, Any], ...]


def import_config(path: Path, folder: Path, *, is_known: Callable[[str], bool]) -> Imported:
    """Write the prompts of a configuration into the folder `prompts`, and their cases beside them.

    `is_known`: whether the settings have such a target. SettingsError or PromptError if it cannot be read at all, holds
    nothing that could be taken, or would overwrite a file; then nothing is written.
    """
    reading = _Reading(path, is_known)
    prompts = reading.prompts()
    models, options, unknown = reading.providers()
    tests = reading.tests()
    if not prompts:
        reasons = " ".join(remark.sentence for remark in reading.remarks)
        raise PromptError(f"{path} holds no prompt that could be taken.", mend=reasons or "Add `prompts:`.")
    files: dict[Path, str] = {}
    for prompt in prompts:
        files[folder / f"{prompt.name}{SUFFIX}"] = prompt_text(prompt.body, path.name, options)
        if tests:
            files[folder / compare_files.FOLDER / f"{prompt.name}.yaml"] = cases_text(
                tests, source=path.name, models=models, unknown=unknown, repeats=reading.repeats, judge=reading.judge
            )
    _check(files)
    for file, text in files.items():
        _write(file, text)
    return Imported(written=tuple(files), remarks=tuple(sorted(reading.remarks, key=lambda one: (one.file, one.line))))


def _check(files: Mapping[Path, str]) -> None:
    """Whatever is written can be read, and takes the place of nothing."""
    for file, text in files.items():
        if file.exists():
            raise PromptError(f"{file} is there already.", mend="Rename it, or the prompt's label.")
        if file.name.endswith(SUFFIX):
            parsed_prompt(text, path=file, name=file.name.removesuffix(SUFFIX))
        else:
            compare_files.parsed(text, file)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    except OSError as error:
        raise SettingsError(
            f"cannot be written: {error.strerror}.", file=str(file), mend="Check the folder's permissions."
        ) from error


class _Reading:
    """One walk over the file."""

    def __init__(self, path: Path, is_known: Callable[[str], bool]) -> None:
        self.remarks: list[Remark] = []
        self.judge: str | None = None
        self._path = path
        self._is_known = is_known
        self._document = parse(text_of(path), file=str(path), refuses_traps=False)
        for key in self._document.mapping(()):
            if key not in _KNOWN:
                self._say((key,), f"`{key}` is not taken.")
        for key in self._document.mapping(("evaluateOptions",)):
            if key != "repeat":
                self._say(("evaluateOptions", key), f"`{key}` is not taken: calls are made one after the other.")

    @property
    def repeats(self) -> int:
        """How often each case is asked."""
        value = self._document.at(("evaluateOptions", "repeat"))
        return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100 else 1

    # --- prompts and providers ----------------------------------------------------------------------

    def prompts(self) -> list[Prompt]:
        """All that could be taken, under names of their own."""
        usual = (
            slug(str(self._document.at(("description",)) or "")) or slug(self._path.resolve().parent.name) or "prompt"
        )
        found = list(prompts_of(self._document, self._path.parent, self.remarks))
        taken: dict[str, Prompt] = {}
        for prompt in found:
            wanted = prompt.name or usual
            numbers = ("" if number == 1 else f"-{number}" for number in range(1, len(found) + 2))
            name = next(name for number in numbers if (name := f"{wanted}{number}") not in taken)
            taken[name] = Prompt(name=name, body=prompt.body)
        return list(taken.values())

    def providers(self) -> tuple[list[str], dict[str, Any], list[str]]:
        """Who is asked, with which options, and who is not in the settings."""
        key = "providers" if self._document.at(("providers",)) is not None else "targets"
        known: list[str] = []
        unknown: list[str] = []
        options: dict[str, dict[str, Any]] = {}
        for place, name, config in self._each_provider(key):
            target = self._target(place, name)
            if target is not None:
                (known if self._is_known(target) else unknown).append(target)
                options[target] = self._options(place, config)
        counted = [options[target] for target in known or unknown]
        shared = counted[0] if counted and all(one == counted[0] for one in counted) else {}
        if not shared and any(counted):
            self._say((key,), "the providers have different options, and a prompt has its own: none are taken.")
        return list(dict.fromkeys(known)), shared, list(dict.fromkeys(unknown))

    def _each_provider(self, key: str) -> Iterator[tuple[tuple[Key, ...], str, Mapping[str, Any]]]:
        """Where it stands, its name, and its options; however it was written."""
        listed = self._document.at((key,))
        entries = listed if isinstance(listed, list) else [listed] if listed is not None else []
        for number, entry in enumerate(entries):
            place: tuple[Key, ...] = (key, number) if isinstance(listed, list) else (key,)
            if isinstance(entry, str):
                yield place, entry, {}
            elif isinstance(entry, dict) and isinstance(entry.get("id"), str):
                for more in set(entry) - {"id", "label", "config"}:
                    self._say((*place, more), f"`{more}` of a provider is not taken.")
                yield place, entry["id"], entry.get("config") or {}
            elif isinstance(entry, dict):
                for name, config in entry.items():
                    inner = config if isinstance(config, dict) else {}
                    yield (*place, name), str(inner.get("id", name)), inner.get("config", {}) or {}

    def _target(self, place: tuple[Key, ...], name: str) -> str | None:
        target = target_of(name)
        if target is None:
            self._say(place, f"provider {name} is none that burn-tui can ask.")
        elif not self._is_known(target):
            self._say(place, f"{target} is not in your settings, so it is not compared until you add it there.")
        return target

    def _options(self, place: tuple[Key, ...], config: Mapping[str, Any]) -> dict[str, Any]:
        options = {_OPTIONS[key]: value for key, value in config.items() if key in _OPTIONS and value is not None}
        for key in config:
            if key not in _OPTIONS:
                where = (*place, "config", key)
                self._say(where if where in self._document.lines else (*place, key), f"option `{key}` is not taken.")
        return options

    # --- tests --------------------------------------------------------------------------------------

    def tests(self) -> list[Test]:
        """Every case with everything that holds for all of them."""
        usual, usual_asserts = self._default()
        found: list[Test] = []
        for document, place in self._each_test():
            for variables in self._combinations(document, place):
                given = {**usual, **variables}
                own = self._asserts(document, (*place, "assert"))
                is_alone = document.at((*place, "options", "disableDefaultAsserts")) is True
                asserts = (*(() if is_alone else usual_asserts), *own)
                said = document.at((*place, "description"))
                composed = {name: _composed(value, given) for name, value in given.items()}
                found.append(Test(description=None if said is None else str(said), variables=composed, asserts=asserts))
                if len(found) > MOST_CASES:
                    raise PromptError(f"{self._path} has more than {MOST_CASES} cases.", mend="Leave values out.")
        return _told_apart(found)

    def _default(self) -> tuple[dict[str, str], tuple[dict[str, Any], ...]]:
        place: tuple[Key, ...] = ("defaultTest",)
        if isinstance(self._document.at(place), str):
            self._say(place, "a `defaultTest` in another file is not taken.")
            return {}, ()
        self._about(self._document, place)
        first = next(iter(self._combinations(self._document, place)), {})
        return first, tuple(self._asserts(self._document, (*place, "assert")))

    def _each_test(self) -> Iterator[tuple[Document, tuple[Key, ...]]]:
        """Where each test stands: in this file, or in one that it names."""
        tests = self._document.at(("tests",))
        entries = tests if isinstance(tests, list) else [tests] if tests is not None else []
        for number, entry in enumerate(entries):
            place: tuple[Key, ...] = ("tests", number) if isinstance(tests, list) else ("tests",)
            if isinstance(entry, str):
                for document in table_of(entry, self._path.parent, self._document, place, self.remarks):
                    rows = document.value if isinstance(document.value, list) else []
                    yield from ((document, (row,)) for row in range(len(rows)))
            elif isinstance(entry, dict):
                self._about(self._document, place)
                yield self._document, place

    def _about(self, document: Document, place: tuple[Key, ...]) -> None:
        """What else a test says."""
        for key in document.mapping(place):
            if key not in {"description", "vars", "assert", "options"}:
                self._say((*place, key), f"`{key}` of a test is not taken.", document)
        for key, value in document.mapping((*place, "options")).items():
            if key == "provider" and isinstance(value, str | dict):
                self._take_judge((*place, "options", key), value if isinstance(value, str) else value.get("id"))
            elif key != "disableDefaultAsserts":
                self._say((*place, "options", key), f"option `{key}` of a test is not taken.", document)

    def _take_judge(self, place: tuple[Key, ...], name: object) -> None:
        target = self._target(place, str(name))
        if target is not None and self._is_known(target):
            self.judge = self.judge or target

    def _combinations(self, document: Document, place: tuple[Key, ...]) -> Iterator[dict[str, str]]:
        """Its variables; a list of values is one case for each of them."""
        given = document.at((*place, "vars"))
        if isinstance(given, str):
            self._say((*place, "vars"), "variables in another file are not taken.", document)
            given = {}
        choices: dict[str, list[str]] = {}
        for name in given if isinstance(given, dict) else {}:
            where = (*place, "vars", name)
            if renamed(name) != name:
                self._say(where, f"the variable {name} is called {renamed(name)} here.", document)
            values = document.at(where)
            several = isinstance(values, list)
            places = (
                [(*where, number) for number in range(len(values))] if isinstance(values, list) and several else [where]
            )
            choices[renamed(name)] = [text for one in places if (text := self._value(document, one)) is not None]
        names = list(choices)
        for values_of_one in product(*choices.values()):
            yield dict(zip(names, values_of_one, strict=True))

    def _value(self, document: Document, place: tuple[Key, ...]) -> str | None:
        value: Any = document.at(place)
        if value is None:
            return None
        if isinstance(value, str) and value.startswith("file://"):
            file = self._path.parent / value.removeprefix("file://")
            if file.suffix.lower() in {".txt", ".md", ".json", ".yaml", ".yml"}:
                try:
                    return text_of(file)
                except SettingsError as error:
                    self._say(place, str(error), document)
                    return None
            self._say(place, f"{value} would run a program or needs one, so the variable is left out.", document)
            return None
        return str(document.written.get(place, in_words(value)))

    # --- assertions ---------------------------------------------------------------------------------

    def _asserts(self, document: Document, place: tuple[Key, ...]) -> list[dict[str, Any]]:
        listed = document.at(place)
        if not isinstance(listed, list):
            return []
        return [one for number in range(len(listed)) for one in self._assertion(document, (*place, number))]

    def _assertion(self, document: Document, place: tuple[Key, ...]) -> Iterator[dict[str, Any]]:
        reference = document.at((*place, "$ref"))
        if isinstance(reference, str) and reference.startswith("#/"):
            yield from self._assertion(document, tuple(reference.removeprefix("#/").split("/")))
            return
        said = document.at(place)
        if not isinstance(said, dict) or not isinstance(said.get("type"), str):
            self._say(place, "an assertion without a type is not taken.", document)
            return
        if said["type"] == "assert-set" and said.get("threshold") is None:
            yield from self._asserts(document, (*place, "assert"))
            return
        try:
            yield self._taken(document, place, said)
        except NotTakenError as error:
            self._say(place, f"assertion {said['type']} is not taken: {error}.", document)

    def _taken(self, document: Document, place: tuple[Key, ...], said: Mapping[str, Any]) -> dict[str, Any]:
        if "transform" in said or "contextTransform" in said:
            raise NotTakenError("it changes the answer with a program first")
        kind, is_negated = named(said["type"])
        here = (*place, "value")
        value = said.get("value")
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            value = self._expected(kind, str(document.written.get(here, value)))
        wrong = problem(Assertion(type=kind, value=value, threshold=said.get("threshold")))
        if wrong is not None:
            raise NotTakenError(wrong.removesuffix("."))
        for key in set(said) - {"type", "value", "threshold", "provider"}:
            self._say((*place, key), f"`{key}` of an assertion is not taken: each counts alike.", document)
        taken: dict[str, Any] = {"type": f"not-{kind}" if is_negated else kind}
        taken |= {key: one for key, one in (("value", value), ("threshold", said.get("threshold"))) if one is not None}
        if kind in _JUDGES and (judge := said.get("provider")) is not None:
            target = self._target((*place, "provider"), judge if isinstance(judge, str) else str(judge.get("id")))
            taken |= {"provider": target} if target is not None and self._is_known(target) else {}
        return taken

    def _expected(self, kind: str, text: str) -> Any:
        if text.startswith("file://"):
            file = self._path.parent / text.removeprefix("file://")
            if file.suffix.lower() not in {".json", ".txt", ".md"}:
                raise NotTakenError(f"{text} would run a program")
            try:
                content = text_of(file)
                return msgspec.json.decode(content) if file.suffix.lower() == ".json" else content
            except (SettingsError, msgspec.DecodeError) as error:
                raise NotTakenError(str(error).removesuffix(".")) from error
        if kind in {"is-json", "contains-json"}:
            return parse(text, file=str(self._path), refuses_traps=False).value
        if kind.endswith(("-any", "-all")):
            return [one.strip() for one in text.split(",")]
        return template(text)

    def _say(self, place: tuple[Key, ...], text: str, document: Document | None = None) -> None:
        within = document or self._document
        line = next((within.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in within.lines), 1)
        remark = Remark(file=within.file, line=line, text=text)
        if remark not in self.remarks:
            self.remarks.append(remark)


def _composed(value: str, variables: Mapping[str, str]) -> str:
    """promptfoo's variables may name each other."""
    for name, other in variables.items():
        if name in value:
            value = value.replace(f"{{{{{name}}}}}", other).replace(f"{{{{ {name} }}}}", other)
    return value


def _told_apart(tests: Sequence[Test]) -> list[Test]:
    """Each under a name of its own, those that have one."""
    seen: dict[str, int] = {}
    found: list[Test] = []
    for test in tests:
        name = test.description or compare_files.name_by(test.variables, len(found))
        seen[name] = seen.get(name, 0) + 1
        shown = name if seen[name] == 1 else f"{name} ({seen[name]})"
        found.append(msgspec.structs.replace(test, description=shown if shown != name or test.description else None))
    return found
